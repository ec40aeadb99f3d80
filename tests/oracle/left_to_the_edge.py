"""What the edge alone refuses, so that no history may hold it: the folds take it as it comes.

Each needs a projection that the folds do not read (I1): who blocks whom, whose a photo is, who has an account. Two that race (a
like and a block in the same moment) can bring it into the log; then it stands, is filtered at read, and is not compared here.
"""

from collections.abc import Callable, Iterator

from schemas import events as e
from tests.oracle.content import owner_of, refused
from tests.oracle.told import told
from tests.oracle.wanted import World

Rule = Callable[[World], Iterator[str]]


def nobody_is_refused_across_a_block(world: World) -> Iterator[str]:
    """Behaviour 9: across a block nobody likes or comments anew; what was there before is taken back at any time."""
    for topic in ("likes", "comments"):
        for _, _, event in told(world.log, topic):
            new = isinstance(event, e.CommentAdded) or getattr(event, "kind", None) is e.LikeKind.LIKED
            if new and refused(event, world.photos, world.ties):
                yield f"{type(event).__name__} by {event.actor_id} across a block"


def nobody_deletes_the_comments_of_others(world: World) -> Iterator[str]:
    """Behaviour 8: only its author and the owner of the photo may delete a comment; comments do not say whose photo it is."""
    for _, _, event in told(world.log, "comments"):
        if isinstance(event, e.CommentDeleted):
            comment = world.comments.get(event.comment_id)
            may = (comment.author_id if comment else None, owner_of(world.photos, event.photo_id))
            if event.actor_id not in may:
                yield f"comment {event.comment_id} deleted by {event.actor_id}"


def only_people_do_things(world: World) -> Iterator[str]:
    """Tokens are given to accounts that were opened and did not lose their name to an earlier claim."""
    known = {person.user_id for person in world.town.people.values() if person.state != "refused"}
    for topic in ("likes", "comments", "relations", "photos"):
        for _, _, event in told(world.log, topic):
            for person in (event.actor_id, getattr(event, "other_id", 0), getattr(event, "owner_id", 0)):
                if person not in known and person != 0:
                    yield f"{type(event).__name__} by or towards {person}, who has no account"


def comments_stand_where_they_were_put(world: World) -> Iterator[str]:
    """A comment that was never added, or was a second one of its submission, cannot be deleted: the edge says 404."""
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


def what_the_edge_refuses(world: World) -> list[str]:
    """Return what a log holds that no edge would have let in; nothing when every difference is a fault."""
    return [reason for rule in RULES for reason in rule(world)]
