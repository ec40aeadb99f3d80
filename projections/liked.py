"""What a person likes, in Redis, in the person's shard: sets `{s0001}liked.1:<user>:<id of the target >> 54>`.

Answers: which of these photos and comments does this person like? A bucket covers the targets of 25 days (2^31 ms), so
that sets stay small and are kept by Redis as sorted integers of 8 bytes.
"""

import asyncio
from collections.abc import Iterable

from projections.stores import Stores
from projections.structure import Members
from schemas.ids import shard_of

_BUCKET_SHIFT = 54

STRUCTURE = Members(
    "liked",
    family="liked",
    shard=lambda row, _shards: shard_of(row.user_id),
    suffix=lambda row: f"{row.user_id}:{bucket_of(row.target_id)}",
    member=lambda row: row.target_id,
    gone=lambda row: not row.liked,
)


def bucket_of(target_id: int) -> int:
    """Return the bucket of a target: 25 days of ids."""
    return target_id >> _BUCKET_SHIFT


async def among(stores: Stores, user_id: int, target_ids: Iterable[int]) -> set[int]:
    """Return those of the targets that a person likes: one SMISMEMBER for each bucket, all in one write."""
    buckets: dict[int, list[int]] = {}
    for target in target_ids:
        buckets.setdefault(bucket_of(target), []).append(target)
    shard = shard_of(user_id)
    answers = await asyncio.gather(
        *(
            stores.redis.call("SMISMEMBER", stores.key(STRUCTURE, shard, f"{user_id}:{bucket}"), *targets)
            for bucket, targets in buckets.items()
        )
    )
    pairs = zip(buckets.values(), answers, strict=True)
    return {target for targets, answer in pairs for target, yes in zip(targets, answer, strict=True) if yes}
