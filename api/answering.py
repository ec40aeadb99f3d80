"""From a request to an answer, the same way for every route: who, once, how fresh, then the route, then the headers."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from api import positions
from api.calls import Call
from api.context import Context
from api.deadline import Deadline
from api.problems import MEDIA_TYPE, Problem, invalid, unavailable
from api.remembered import Entry, check_same, kept_alive
from api.repeats import answer_again, made_before
from api.routes import READING, Answer, Route
from projections.away import StoreAway
from streams.producer import NeighbourAway

log = logging.getLogger("darkroom.api")

_STALE = "Darkroom-Stale"


async def answer_request(context: Context, route: Route, scope: Any, receive: Callable, params: dict[str, str]) -> Answer:
    """Return the answer to one request, its headers complete; a problem document for everything that goes wrong."""
    started = time.perf_counter()
    call = Call(context, route, scope, receive, params)
    try:
        answer = await _answer_once(call)
    except Problem as problem:
        answer = Answer(problem.status, problem.body(), MEDIA_TYPE, problem.headers)
        if problem.status != 503:
            # Under load nothing more is read: the server drops what comes.
            await call.incoming.drop_rest()
    except (StoreAway, NeighbourAway) as away:
        log.warning("%s %s cannot be answered: %s", route.method, route.path, away)
        problem = unavailable("A store that answers this is away; try again in a moment.")
        answer = Answer(503, problem.body(), MEDIA_TYPE, problem.headers)
    except Exception:
        # The one place where we are wrong and go on: the others who ask are not to blame.
        log.exception("%s %s failed", route.method, route.path)
        problem = Problem(500, "Darkroom made a mistake; it is written in the log.")
        answer = Answer(500, problem.body(), MEDIA_TYPE)
    finally:
        call.let_go()
    context.metrics.answered(route.method, route.path, answer.status, time.perf_counter() - started)
    return Answer(answer.status, answer.body, answer.media_type, {**answer.headers, **call.headers})


async def _answer_once(call: Call) -> Answer:
    """Answer a request, or give a remembered answer again when it carries a key that was used."""
    await call.identify()
    asker = f"person.{call.me}" if call.me else _address(call)
    key = call.header(b"idempotency-key") if call.route.method == "POST" else None
    if key is None:
        return await _answer_limited(call, asker)
    try:
        claim = await call.context.remembered.claim(asker, key)
    except Problem as problem:
        if problem.status != 422:
            raise
        call.deferred = problem
        return await _answer_limited(call, asker)
    if isinstance(claim, Entry):
        check_same(claim, await call.content())
        return Answer(claim.status, claim.body, headers=await _headers_again(call, claim))
    call.claim, call.key = claim, key
    return await _answer_claimed(call, asker)


def _address(call: Call) -> str:
    return f"address.{(call.scope.get('client') or ('unknown',))[0]}"


async def _headers_again(call: Call, entry: Entry) -> dict[str, str]:
    """Return a remembered answer's headers: the position covers what was sent along this time; that it was stale is past."""
    headers = {name: value for name, value in entry.headers.items() if name != _STALE}
    text = call.header(b"darkroom-after")
    # A remembered answer is given before anything else is looked at, so what cannot be read is no reason to refuse it.
    with contextlib.suppress(positions.Unreadable):
        if text is not None:
            sent = positions.read_position(text)
            said = positions.read_position(headers.get("Darkroom-Position", positions.NOWHERE))
            call.position = await _let_pass(call.context, positions.merge_into(said, sent), 0.0)
            await _make_room(call)
            headers["Darkroom-Position"] = positions.format_position(call.position)
    return headers


async def _answer_claimed(call: Call, asker: str) -> Answer:
    claim = call.claim
    try:
        async with kept_alive(claim):
            if claim.entry.intended_id:
                check_same(claim.entry, await call.content())
                answer = await _answer_limited(call, asker)
            else:
                answer = await _answer_again(call) or await _answer_limited(call, asker)
        await claim.remember(await call.content(), answer, {**answer.headers, **call.headers})
    except BaseException as problem:
        await claim.release(refused=isinstance(problem, Problem) and problem.status < 500)
        raise
    return answer


async def _answer_again(call: Call) -> Answer | None:
    """Answer what was done before and only Redis forgot; None for what is new. It costs as little as a remembered answer."""
    made = await made_before(call)
    return None if made is None else await _answer(call, partial(answer_again, call, made))


async def _answer_limited(call: Call, asker: str) -> Answer:
    """Answer, unless this person or address does this too often; a remembered answer costs nothing."""
    if call.route.limited:
        # Else each account that somebody opened could open as many again.
        await call.context.limits.take(call.route.limited, _address(call) if call.route.limited == "accounts" else asker)
    return await _answer(call, partial(call.route.answer, call))


async def _answer(call: Call, act: Callable[[], Awaitable[Answer]]) -> Answer:
    """Wait for what the client has seen, answer, and say how fresh that is, on refusals too."""
    if call.route.method not in READING:
        # Before the body is read, and before anybody waits.
        call.context.fuse.check()
    await _wait_for_position(call)
    try:
        if call.route.method not in READING:
            # Writes are not cut off: what they appended would stay untold.
            answer = await act()
        else:
            with Deadline(call.context.read_seconds):
                answer = await act()
        call.raise_deferred()
    finally:
        await _say_position(call)
    return answer


async def _wait_for_position(call: Call) -> None:
    text = call.header(b"darkroom-after")
    if text is None:
        return
    try:
        call.position = positions.read_position(text)
    except positions.Unreadable as wrong:
        call.deferred = call.deferred or invalid("Darkroom-After", str(wrong))
        return
    context = call.context
    writers = context.writers_of(call.route.reads)
    if not await context.freshness.wait(call.position, writers, context.wait_seconds):
        call.headers[_STALE] = "true"
    # Who asks may have become another by what was waited for: private, active, gone.
    await call.identify()
    call.position = await _let_pass(context, call.position, 0.0)
    if call.route.method not in READING:
        await _make_room(call)


async def _make_room(call: Call) -> None:
    """Wait until a write's position will fit: with its own place it must not pass 512 characters. 503 before the write."""
    context = call.context
    room = positions.MAX_CHARACTERS - 48
    if len(positions.format_position(call.position)) <= room:
        return
    call.position = await _let_pass(context, call.position, context.decision_seconds)
    if len(positions.format_position(call.position)) > room:
        raise unavailable("The projections are too far behind what you have seen; try again in a moment.")


async def _say_position(call: Call) -> None:
    if call.route.method not in READING:
        call.headers["Darkroom-Position"] = positions.format_position(call.position)
        return
    if not call.route.reads:
        return
    if not call.context.trust.complete(call.route.reads):
        call.lacks_something()
    seen = call.context.seen(call.route.reads)
    if seen is None:
        call.headers["Darkroom-Position"] = positions.format_position(call.position)
        return
    if seen.as_of is not None:
        call.headers["Darkroom-As-Of"] = seen.as_of
    if not call.position and len(seen.text) <= positions.MAX_CHARACTERS:
        call.headers["Darkroom-Position"] = seen.text
        return
    position = positions.merge_into(dict(seen.position), call.position)
    if len(positions.format_position(position)) > positions.MAX_CHARACTERS:
        position = await _let_pass(call.context, position, call.context.wait_seconds)
    call.headers["Darkroom-Position"] = positions.format_position(position)


async def _let_pass(context: Context, position: positions.Position, seconds: float) -> positions.Position:
    """Wait until every projection has passed a position, or so long; return what some have not passed."""
    await context.freshness.wait(position, context.all_writers(), seconds)
    snapshot = context.freshness.snapshot
    return position if snapshot is None else positions.without_passed(position, snapshot, context.all_writers())
