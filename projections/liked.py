"""What a person likes, in Redis, in the person's shard: sets `{s0001}liked.1:<user>:<id of the target >> 54>`.

Answers: which of these photos and comments does this person like? A bucket covers the targets of 25 days (2^31 ms), so
that sets stay small and are kept by Redis as sorted integers of 8 bytes.
"""

import asyncio
from collections.abc import Iterable, Sequence

from projections.stores import Stores
from projections.structure import Members
from schemas.ids import shard_of

_BUCKET_SHIFT = 54

STRUCTURE = Members(
    "liked",
    family="liked",
    shard=lambda row, _shards: shard_of(row.user_id),
    suffix=lambda row: f"{row.user_id}:{row.target_id >> _BUCKET_SHIFT}",
    member=lambda row: row.target_id,
    gone=lambda row: not row.liked,
)


def questions(stores: Stores, user_id: int, target_ids: Iterable[int]) -> list[tuple[list[int], tuple]]:
    """Return which targets are asked about by which command: one SMISMEMBER for each bucket."""
    buckets: dict[int, list[int]] = {}
    for target in target_ids:
        buckets.setdefault(target >> _BUCKET_SHIFT, []).append(target)
    shard = shard_of(user_id)
    return [
        (targets, ("SMISMEMBER", stores.key(STRUCTURE, shard, f"{user_id}:{bucket}"), *targets))
        for bucket, targets in buckets.items()
    ]


async def among(stores: Stores, user_id: int, target_ids: Iterable[int]) -> set[int]:
    """Return those of the targets that a person likes: one SMISMEMBER for each bucket, all in one write."""
    asked = questions(stores, user_id, target_ids)
    answers = await asyncio.gather(*(stores.redis.call(*words) for _, words in asked))
    return chosen(asked, answers)


def chosen(asked: Sequence[tuple[list[int], tuple]], answers: Sequence[Sequence[int]]) -> set[int]:
    """Return the targets that the answers to `questions` say yes to."""
    found: set[int] = set()
    for (targets, _), answer in zip(asked, answers, strict=True):
        if 1 in answer:
            found.update(target for target, yes in zip(targets, answer, strict=True) if yes)
    return found
