"""The 64-bit identifier: its layout, its arithmetic, and the shard that a user, a pair or a term belongs to.

An id is `milliseconds since EPOCH_MS (41 bits) | logical shard (13 bits) | sequence (10 bits)`, so ids sort by time and
carry their shard. Minting them is `streams.minter`'s work; the same layout is a PL/pgSQL function in every shard schema.
The layout is Instagram's: "Sharding & IDs at Instagram" (2012).
"""

import hashlib

# 2011-08-24T21:07:01.721Z. 2^41 ms after it is 2081; as a *signed* 64-bit number it holds until 2046.
EPOCH_MS = 1_314_220_021_721

SHARD_BITS = 13
SEQUENCE_BITS = 10
SHARD_SHIFT = SEQUENCE_BITS
TIME_SHIFT = SHARD_BITS + SEQUENCE_BITS
MAX_SHARDS = 1 << SHARD_BITS
MAX_SEQUENCE = 1 << SEQUENCE_BITS
MAX_ID = (1 << 63) - 1

# 32 lanes of 32 ids a millisecond and shard: 32 x 32 = 1,024, the ten sequence bits.
LANES = 32
IDS_PER_LANE = MAX_SEQUENCE // LANES
# Lane 0 belongs to the PL/pgSQL function; the minters lease lanes 1 to 31.
SQL_LANE = 0


def compose_id(time_ms: int, shard: int, sequence: int) -> int:
    """Return the id for a Unix time in ms, a logical shard and a sequence; ValueError when one does not fit."""
    since_epoch = time_ms - EPOCH_MS
    if not 0 <= since_epoch < 1 << (63 - TIME_SHIFT):
        raise ValueError(f"time_ms {time_ms} does not fit the 41 bits since {EPOCH_MS} (signed until 2046)")
    if not 0 <= shard < MAX_SHARDS:
        raise ValueError(f"shard {shard} is not in 0..{MAX_SHARDS - 1}")
    if not 0 <= sequence < MAX_SEQUENCE:
        raise ValueError(f"sequence {sequence} is not in 0..{MAX_SEQUENCE - 1}")
    return since_epoch << TIME_SHIFT | shard << SHARD_SHIFT | sequence


def time_of(id_: int) -> int:
    """Return the Unix time in ms at which an id was minted."""
    return (id_ >> TIME_SHIFT) + EPOCH_MS


def shard_of(id_: int) -> int:
    """Return the logical shard (0..8191) that an id carries."""
    return (id_ >> SHARD_SHIFT) & (MAX_SHARDS - 1)


def shard_of_text(text: str, shards: int) -> int:
    """Return the logical shard of a user name, a pair key or a term among `shards` in use; stable for ever."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % shards


def pair_key(one: int, other: int) -> str:
    """Return the key of the unordered pair of two users: the smaller id first."""
    low, high = (one, other) if one < other else (other, one)
    return f"{low}:{high}"


def partition_of(shard: int, shards: int, partitions: int) -> int:
    """Return the partition that holds a shard: each partition holds a contiguous range of the shards in use."""
    if not 0 <= shard < shards:
        raise ValueError(f"shard {shard} is not among the {shards} in use (0..{shards - 1})")
    return shard * partitions // shards


def shards_of_partition(partition: int, shards: int, partitions: int) -> range:
    """Return the contiguous range of shards that one partition holds."""
    first = -(-partition * shards // partitions)
    end = -(-(partition + 1) * shards // partitions)
    return range(first, end)
