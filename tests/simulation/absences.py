"""Which interesting things happened around people who left, hid and came back (behaviour 14), by what a history's log says."""

from collections.abc import Iterator
from dataclasses import replace

from schemas import events as e
from tests.oracle.content import comments_of, likes_of
from tests.oracle.people import Town
from tests.oracle.relations import Ties, follows_of, pulled_spans, ties_of
from tests.oracle.told import heard, told
from tests.oracle.wanted import World


def of_absences(world: World) -> Iterator[str]:
    """Yield the cases: what would stand had nobody left, of those who did."""
    town, ties = unchanged(world.town), ties_of(told(world.log, "relations"), Town())
    back, left_at = came_back(world), deleted_at(world)
    if not left_at and not back and all(person.is_here() for person in world.town.people.values()):
        return
    if len(left_at) > 1:
        yield "several accounts deleted"
    for (_, who), (at, _) in likes_of(told(world.log, "likes"), world.photos, town, ties).items():
        yield from of_deed("like by", who, at, world, back, left_at)
    for comment in comments_of(told(world.log, "comments"), world.photos, town, ties).values():
        if not comment.deleted:
            yield from of_deed("comment by", comment.author_id, 0, world, back, left_at)
    for (follower, followee), follow in follows_of(ties, town).items():
        kind = "follow" if follow.state == "FOLLOWING" else "request"
        yield from of_deed(f"{kind} by", follower, follow.since, world, back, left_at)
        yield from of_deed(f"{kind} of", followee, follow.since, world, back, left_at)
    yield from of_walls(world, ties)
    yield from of_fame(world, ties)


def unchanged(town: Town) -> Town:
    """Return a town as if nobody had ever left it."""
    people = town.people.values()
    return Town({one.user_id: one if one.state == "refused" else replace(one, state="active") for one in people})


def deleted_at(world: World) -> dict[int, int]:
    """Return when each person was deleted first."""
    found: dict[int, int] = {}
    for _, _, event in told(world.log, "accounts"):
        if isinstance(event, e.AccountDeleted) and world.town.is_gone(event.user_id):
            found.setdefault(event.user_id, event.occurred_at)
    return found


def came_back(world: World) -> set[int]:
    """Return who is here and was away once."""
    away = {event.user_id for _, _, event in told(world.log, "accounts") if isinstance(event, e.AccountDeactivated)}
    return {who for who in away if world.town.is_here(who)}


def of_deed(kind: str, who: int, at: int, world: World, back: set[int], left_at: dict[int, int]) -> Iterator[str]:
    """Yield what became of a deed by, or towards, somebody who left, hides, or came back."""
    if who in left_at:
        yield f"{kind} who is deleted" if at < left_at[who] else f"{kind} who was deleted before"
    elif who in back:
        yield f"{kind} who came back"
    elif who in world.town.people and world.town.people[who].state == "deactivated":
        yield f"{kind} who hides"


def of_walls(world: World, ties: Ties) -> Iterator[str]:
    for who, whom in ties.blocks:
        if world.town.is_gone(who):
            yield "block by who is deleted"
        if world.town.is_gone(whom):
            yield "block of who is deleted"
    if any(world.town.is_gone(person) for pair in ties.mutes for person in pair):
        yield "mute ended by a deletion"


def of_fame(world: World, ties: Ties) -> Iterator[str]:
    rules = (world.celebrity_up, world.celebrity_down)
    for author in pulled_spans(heard(world.log, "followers"), Town(), *rules):
        if world.town.is_gone(author):
            yield "celebrity deleted"
        elif any(whom == author and world.town.is_gone(who) for who, whom in ties.wishes):
            yield "celebrity whose follower is deleted"
