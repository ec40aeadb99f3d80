"""People towards each other: follows and requests, blocks, mutes, and the lists of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from api.calls import Call
from api.hydrate import show_people
from api.pages import fill_page, page_answer
from api.problems import forbidden, invalid, not_found
from api.routes import NO_CONTENT, OPTIONAL, PAGE, WHO_SEES, Answer, Route, as_json
from api.shapes import FollowAnswer, Mute, People
from api.sight import check_active, owner_of_lists
from api.times import read_time
from api.visibility import Account, Viewer, sees_person, sees_profile
from projections import barriers, followers, followings
from projections.rows import FollowerRow
from schemas.events import RelationKind

FOLLOWING, REQUESTED = "FOLLOWING", "REQUESTED"


async def follow(call: Call) -> Answer:
    """Follow somebody, or ask to; answers what it has become once the fold has decided."""
    person_id = call.id("user", "person")
    await _followable(call, person_id)
    written = await call.write(lambda edge: edge.relate(call.me, RelationKind.FOLLOW_WANTED, person_id))
    await call.decided(written, ("viewers",))
    known = await call.context.relations.viewer(call.me)
    state = "following" if person_id in known.following else "requested" if person_id in known.requested else "none"
    return as_json(FollowAnswer(state), 202)


async def _followable(call: Call, person_id: int) -> None:
    check_active(call)
    person = await call.context.people.one(person_id)
    viewer = await call.viewer()
    if person is None or person.hidden or person_id in viewer.blocked_by:
        raise not_found("person")
    if person_id in viewer.blocking:
        raise forbidden("You block this person; unblock them first.")
    if person_id == call.me:
        raise invalid("user", "nobody can follow themselves")


async def unfollow(call: Call) -> Answer:
    """Take back a follow or a request, whether or not there was one."""
    await _say(call, RelationKind.FOLLOW_WITHDRAWN)
    return as_json(FollowAnswer("none"), 202)


async def accept_request(call: Call) -> Answer:
    """Accept a request to follow; 404 when there is none."""
    person_id = call.id("user", "person")
    check_active(call)
    row = await _follower(call, person_id)
    if row is None:
        raise not_found("request")
    if row.state == REQUESTED:
        await call.write(lambda edge: edge.relate(call.me, RelationKind.FOLLOW_ACCEPTED, person_id))
    return NO_CONTENT


async def reject_request(call: Call) -> Answer:
    """Reject a request to follow, whether or not there is one; who follows already goes on following."""
    row = await _follower(call, call.id("user", "person"))
    if row is None or row.state != FOLLOWING:
        await _say(call, RelationKind.FOLLOW_REJECTED)
    return NO_CONTENT


async def _follower(call: Call, person_id: int) -> FollowerRow | None:
    """Return what a person is to the reader, who follows or asked to; None for nothing, 503 while that cannot be said."""
    row = await followers.one(call.context.stores, call.me, person_id)
    if row is None:
        call.context.trust.check_rows("followers", call.me)
    return row


async def remove_follower(call: Call) -> Answer:
    """Make somebody follow no more, whether or not they do."""
    return await _say(call, RelationKind.FOLLOW_REJECTED)


async def block(call: Call) -> Answer:
    """Block somebody: 422 for oneself, 404 for nobody."""
    await _known_other(call)
    return await _say(call, RelationKind.BLOCKED)


async def unblock(call: Call) -> Answer:
    """Take back a block, whether or not there was one."""
    return await _say(call, RelationKind.UNBLOCKED)


async def mute(call: Call) -> Answer:
    """Mute somebody, for ever or until a time; a second one replaces the first."""
    person_id = await _known_other(call)
    empty = call.header(b"content-type") is None and (call.header(b"content-length") or "0") == "0"
    body = Mute() if empty and call.header(b"transfer-encoding") is None else await call.json(Mute)
    until = None if body.until is None else _future(call, body.until)
    await call.write(lambda edge: edge.relate(call.me, RelationKind.MUTED, person_id, until))
    return NO_CONTENT


def _future(call: Call, text: str) -> int:
    try:
        until = read_time(text)
    except (ValueError, OverflowError) as cause:
        raise invalid("until", "wanted a time like 2030-01-31T12:00:00.000Z") from cause
    if until <= call.context.now_ms():
        raise invalid("until", "wanted a time in the future")
    return until


async def unmute(call: Call) -> Answer:
    """Take back a mute, whether or not there was one."""
    return await _say(call, RelationKind.UNMUTED)


async def _known_other(call: Call) -> int:
    """Return the person in the path: 404 when there is none, 422 when it is oneself."""
    person_id = call.id("user", "person")
    person = await call.context.people.one(person_id)
    if person is None or person.gone:
        raise not_found("person")
    if person_id == call.me:
        raise invalid("user", "nobody can do this to themselves")
    return person_id


async def _say(call: Call, kind: RelationKind) -> Answer:
    """Write what the reader does towards the person in the path; towards oneself there is nothing to take back."""
    person_id = call.id("user", "person")
    if person_id != call.me:
        await call.write(lambda edge: edge.relate(call.me, kind, person_id))
    return NO_CONTENT


# --- lists ---------------------------------------------------------------------------------------------------------------


async def list_followers(call: Call) -> Answer:
    """Answer who follows a person, the newest follow first."""
    owner = await owner_of_lists(call)
    fetch = _by_since(followers.page, call, owner.user_id)
    return await _people_page(call, f"followers.{owner.user_id}", fetch, lambda row: row.follower_id, lambda row: row.since)


async def list_following(call: Call) -> Answer:
    """Answer whom a person follows, the newest follow first."""
    owner = await owner_of_lists(call)
    fetch = _by_since(followings.page, call, owner.user_id)
    return await _people_page(call, f"following.{owner.user_id}", fetch, lambda row: row.followee_id, lambda row: row.since)


async def list_requests(call: Call) -> Answer:
    """Answer who asks to follow the reader, the newest first."""
    fetch = _by_since(followers.requests, call, call.me)
    return await _people_page(call, "requests", fetch, lambda row: row.follower_id, lambda row: row.since)


async def list_blocks(call: Call) -> Answer:
    """Answer whom the reader blocks, the newest first."""
    fetch = _by_since(barriers.blocks, call, call.me)
    return await _people_page(call, "blocks", fetch, lambda row: row.other_id, lambda row: row.blocking_since, _sees_blocked)


async def list_mutes(call: Call) -> Answer:
    """Answer whom the reader mutes, the newest first."""
    now_ms = call.context.now_ms()

    async def fetch(after: tuple | None, limit: int) -> Sequence:
        return await barriers.mutes(call.context.stores, call.me, now_ms, after, limit)

    return await _people_page(call, "mutes", fetch, lambda row: row.other_id, lambda row: row.muting_since, sees_profile)


def _sees_blocked(viewer: Viewer, account: Account | None) -> bool:
    """Return whether a person stands in one's own list of blocks: to be taken back, they must be seen, whomever they block."""
    return account is not None and not account.hidden


def _by_since(read: Callable[..., Awaitable[Sequence]], call: Call, user_id: int) -> Callable:
    async def fetch(after: tuple | None, limit: int) -> Sequence:
        return await read(call.context.stores, user_id, after, limit)

    return fetch


async def _people_page(
    call: Call,
    name: str,
    fetch: Callable[[tuple | None, int], Awaitable[Sequence]],
    person: Callable[..., int],
    since: Callable[..., int],
    visible: Callable[[Viewer, Account | None], bool] = sees_person,
) -> Answer:
    """Answer a page of people, ordered by a time and then by id."""
    page = call.page(name, int, int)

    async def show(rows: Sequence) -> Sequence[bytes | None]:
        return await show_people(call, (person(row) for row in rows), visible)

    items, next_key = await fill_page(fetch, show, lambda row: (since(row), person(row)), page.limit, page.after)
    return page_answer(name, items, next_key)


_FOLLOWED = ("followers", "accounts", *WHO_SEES)
_SIDES = ("barriers", *WHO_SEES)
_USER = "/v1/users/{user}"
_NONE: dict[int, type | None] = {204: None}

ROUTES = (
    Route("PUT", f"{_USER}/follow", follow, "Follow, or ask to", "people", reads=_FOLLOWED,
          answers={202: FollowAnswer}, limited="follows"),
    Route("DELETE", f"{_USER}/follow", unfollow, "Unfollow, or cancel the request", "people", reads=_FOLLOWED,
          answers={202: FollowAnswer}),
    Route("GET", f"{_USER}/followers", list_followers, "Who follows, newest first", "people", OPTIONAL, _FOLLOWED,
          query=PAGE, answers={200: People}),
    Route("GET", f"{_USER}/following", list_following, "Who is followed, newest first", "people", OPTIONAL,
          ("followings", *WHO_SEES), query=PAGE, answers={200: People}),
    Route("GET", "/v1/follow-requests", list_requests, "Who asks to follow", "people", reads=_FOLLOWED, query=PAGE,
          answers={200: People}),
    Route("PUT", "/v1/follow-requests/{user}", accept_request, "Accept a request", "people", reads=_FOLLOWED, answers=_NONE),
    Route("DELETE", "/v1/follow-requests/{user}", reject_request, "Reject a request", "people", reads=_FOLLOWED,
          answers=_NONE),
    Route("DELETE", "/v1/me/followers/{user}", remove_follower, "Remove a follower", "people", reads=_FOLLOWED,
          answers=_NONE),
    Route("PUT", f"{_USER}/block", block, "Block", "people", reads=_SIDES, answers=_NONE, limited="blocks"),
    Route("DELETE", f"{_USER}/block", unblock, "Unblock", "people", reads=_SIDES, answers=_NONE),
    Route("PUT", f"{_USER}/mute", mute, "Mute, for ever or until a time", "people", reads=_SIDES, body=Mute,
          answers=_NONE, limited="blocks"),
    Route("DELETE", f"{_USER}/mute", unmute, "Unmute", "people", reads=_SIDES, answers=_NONE),
    Route("GET", "/v1/me/blocks", list_blocks, "Who is blocked", "people", reads=_SIDES, query=PAGE, answers={200: People}),
    Route("GET", "/v1/me/mutes", list_mutes, "Who is muted", "people", reads=_SIDES, query=PAGE, answers={200: People}),
)  # fmt: skip
