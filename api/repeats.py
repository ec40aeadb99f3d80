"""Requests that come again after Redis forgot their key: the log knows it, and `submissions` says what came of it.

A Redis that is new to this process may have forgotten keys. Whatever was said before it was new is folded after a moment,
and is waited for once. Where that takes too long, what is made a second time is taken back: of one submission folds keep the
first.
"""

from __future__ import annotations

import contextlib

from api.calls import Call
from api.positions import Snapshot, merge_into
from api.routes import Answer
from projections import submissions
from projections.away import StoreAway
from schemas.ids import partition_of, shard_of, time_of
from schemas.submissions import KEPT_MS


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
    """Wait until all is folded that was said before this process met this Redis; what was said later has its key there."""
    context, repeat = call.context, call.route.repeat

    def passed(snapshot: Snapshot) -> bool:
        since = context.keys_since.setdefault(snapshot.birth, context.now_ms())
        progress = snapshot.progress.get((repeat.agent, partition))
        return progress is not None and progress.complete_until.get(repeat.topic, 0) >= since

    await context.freshness.until(passed, context.wait_seconds)


def _partition(call: Call, shard: int) -> int:
    return partition_of(shard, call.context.shards, call.context.partitions)
