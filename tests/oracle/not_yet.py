"""What histories avoid, because Darkroom does not do it yet, or because the edge alone decides it; the one list of both.

The oracle states the full truth. A history that comes upon one of these would show a difference that is known, and hide others;
so those who make histories, or leave out parts of them, ask here.
"""

from collections.abc import Callable, Iterator

from schemas import events as e
from tests.oracle.content import owner_of, refused
from tests.oracle.told import told
from tests.oracle.wanted import World

Rule = Callable[[World], Iterator[str]]


def nobody_is_refused_across_a_block(world: World) -> Iterator[str]:
    """Behaviour 9: that a block refuses new likes and comments is decided at the edge only."""
    for topic in ("likes", "comments"):
        for _, _, event in told(world.log, topic):
            if not isinstance(event, e.CommentDeleted) and refused(event, world.photos, world.ties):
                yield f"{type(event).__name__} by {event.actor_id} across a block"


def nobody_deletes_the_comments_of_others(world: World) -> Iterator[str]:
    """Behaviour 8: that only its author and the owner of the photo may delete a comment is decided at the edge only."""
    for _, _, event in told(world.log, "comments"):
        if isinstance(event, e.CommentDeleted):
            comment = world.comments.get(event.comment_id)
            may = (comment.author_id if comment else None, owner_of(world.photos, event.photo_id))
            if event.actor_id not in may:
                yield f"comment {event.comment_id} deleted by {event.actor_id}"


def only_people_do_things(world: World) -> Iterator[str]:
    """That an account was opened, and did not lose its name to an earlier claim, is asked by the edge only."""
    known = {person.user_id for person in world.town.people.values() if person.state != "refused"}
    for topic in ("likes", "comments", "relations", "photos"):
        for _, _, event in told(world.log, topic):
            for person in (event.actor_id, getattr(event, "other_id", 0), getattr(event, "owner_id", 0)):
                if person not in known and person != 0:
                    yield f"{type(event).__name__} by or towards {person}, who has no account"


def comments_stand_where_they_were_put(world: World) -> Iterator[str]:
    """A comment is deleted before it was added: the edge says 404."""
    for _, _, event in told(world.log, "comments"):
        comment = world.comments.get(event.comment_id)
        if isinstance(event, e.CommentDeleted) and comment is not None and not comment.added:
            yield f"comment {event.comment_id} is deleted before it was added"


RULES: tuple[Rule, ...] = (
    nobody_is_refused_across_a_block,
    nobody_deletes_the_comments_of_others,
    only_people_do_things,
    comments_stand_where_they_were_put,
)


def what_is_not_yet(world: World) -> list[str]:
    """Return what a log says that Darkroom does not decide yet; nothing when every difference is a fault."""
    return [reason for rule in RULES for reason in rule(world)]
