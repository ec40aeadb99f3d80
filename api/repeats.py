"""Requests that come again after Redis forgot their key: the log knows it, and `submissions` says what came of it.

A Redis that is new may have forgotten keys, and says since when it is there. What was said before that is waited for until it
is folded; later keys are in that Redis. Whatever is made a second time all the same is taken back: of one submission folds
keep the first.
"""

from __future__ import annotations

import contextlib
import time
from functools import partial

from api.calls import Call
from api.positions import Snapshot, merge_into
from api.problems import unavailable
from api.routes import Answer
from projections import submissions
from projections.away import StoreAway
from schemas.ids import partition_of, shard_of, time_of
from schemas.submissions import KEPT_MS

# Set by whoever looks for a key first, and lost with all keys.
SINCE = "keys:since"


async def made_before(call: Call) -> int | None:
    """Return what a request with this key made within the last day, None when nothing is known of one."""
    repeat, submission = call.route.repeat, call.submission
    if repeat is None or submission is None:
        return None
    shard = repeat.shard(call)
    await _let_pass_what_redis_may_have_lost(call, _partition(call, shard))
    # While Postgres is away nothing is known: better a second one that the folds take back than no answer.
    with contextlib.suppress(StoreAway):
        row = await submissions.one(call.context.stores, shard, call.me, submission)
        if row is not None and call.context.now_ms() < time_of(row.target_id) + KEPT_MS:
            return row.target_id
    return None


async def answer_again(call: Call, made: int) -> Answer:
    """Answer what was made before; the position covers what was written then."""
    answer = await call.route.repeat.answer(call, made)
    seen = call.context.seen(("submissions",))
    if seen is not None:
        partition = _partition(call, shard_of(made))
        merge_into(call.position, {place: offset for place, offset in seen.position.items() if place[1] == partition})
    return answer


async def _let_pass_what_redis_may_have_lost(call: Call, partition: int) -> None:
    """Wait until all is folded that was said before there was this Redis: of the rest it has the keys. 503 after 5 s."""
    context = call.context
    until = time.monotonic() + context.decision_seconds
    while (left := until - time.monotonic()) > 0:
        looked = context.freshness.snapshot
        since = await _keys_since(call)
        if since is not None and await context.freshness.until(partial(_has_passed, call, partition, since), left):
            return
        # Redis is another one than the agents spoke of: they will speak of that one soon.
        await context.freshness.until(lambda snapshot, looked=looked: snapshot is not looked, until - time.monotonic())
    raise unavailable("What was made before Redis was lost is still being read; ask again with the same key.")


def _has_passed(call: Call, partition: int, since: int, snapshot: Snapshot) -> bool:
    repeat = call.route.repeat
    progress = snapshot.progress.get((repeat.agent, partition))
    return progress is not None and progress.complete_until.get(repeat.topic, 0) >= since


async def _keys_since(call: Call) -> int | None:
    """Return since when (Unix ms) Redis keeps keys; None while it is another one than the agents speak of."""
    redis, now_ms = call.context.stores.redis, call.context.now_ms()
    with contextlib.suppress(StoreAway):
        if (found := await redis.call("GET", SINCE)) is None:
            await redis.call("SET", SINCE, now_ms, "NX")
            found = await redis.call("GET", SINCE)
        return int(found or now_ms)
    return None


def _partition(call: Call, shard: int) -> int:
    return partition_of(shard, call.context.shards, call.context.partitions)
