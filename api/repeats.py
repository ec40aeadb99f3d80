"""Requests that come again after Redis forgot their key: the log knows it, and `submissions` says what came of it.

What is not folded yet is not found here. Such a repeat is made once more, and folds take it back: of one submission they
keep the first.
"""

from __future__ import annotations

import contextlib

from api.calls import Call
from api.positions import merge_into
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
    # While Postgres is away nothing is known: better a second one that the folds take back than no answer.
    with contextlib.suppress(StoreAway):
        row = await submissions.one(call.context.stores, repeat.shard(call), call.me, submission)
        if row is not None and call.context.now_ms() < time_of(row.target_id) + KEPT_MS:
            return row.target_id
    return None


async def answer_again(call: Call, made: int) -> Answer:
    """Answer what was made before; the position covers what was written then."""
    answer = await call.route.repeat.answer(call, made)
    seen = call.context.seen(("submissions",))
    if seen is not None:
        partition = partition_of(shard_of(made), call.context.shards, call.context.partitions)
        merge_into(call.position, {place: offset for place, offset in seen.position.items() if place[1] == partition})
    return answer
