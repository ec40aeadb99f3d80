"""Ids: their layout is in every stored row and every object's name, so it is pinned by values."""

import pytest

from schemas.ids import (
    EPOCH_MS,
    IDS_PER_LANE,
    LANES,
    MAX_ID,
    compose_id,
    pair_key,
    partition_of,
    shard_of,
    shard_of_text,
    shards_of_partition,
    time_of,
)


@pytest.mark.parametrize(
    ("time_ms", "shard", "sequence", "id_"),
    [
        (EPOCH_MS, 0, 0, 0),
        (EPOCH_MS, 0, 1, 1),
        (EPOCH_MS, 1, 0, 1 << 10),
        (EPOCH_MS + 1, 0, 0, 1 << 23),
        (EPOCH_MS + (1 << 40) - 1, 8_191, 1_023, MAX_ID),
    ],
)
def test_the_layout_is_41_bits_of_time_13_of_shard_10_of_sequence(time_ms, shard, sequence, id_):
    assert compose_id(time_ms, shard, sequence) == id_
    assert (time_of(id_), shard_of(id_)) == (time_ms, shard)


def test_the_epoch_and_the_published_formula_agree():
    assert EPOCH_MS == 1_314_220_021_721
    id_ = compose_id(1_763_721_021_000, 63, 1_023)
    assert (id_ >> 23) + 1_314_220_021_721 == 1_763_721_021_000


@pytest.mark.parametrize(
    ("time_ms", "shard", "sequence"),
    [
        (EPOCH_MS - 1, 0, 0),
        (EPOCH_MS + (1 << 40), 0, 0),
        (EPOCH_MS, -1, 0),
        (EPOCH_MS, 8_192, 0),
        (EPOCH_MS, 0, -1),
        (EPOCH_MS, 0, 1_024),
    ],
)
def test_what_does_not_fit_is_refused_never_cut(time_ms, shard, sequence):
    with pytest.raises(ValueError, match=r"time_ms|shard|sequence"):
        compose_id(time_ms, shard, sequence)


def test_the_lanes_fill_the_sequence():
    assert LANES * IDS_PER_LANE == 1_024


# Where people live. A value that changes here would lose every account that lives there.
GOLDEN = [
    ("anna", 12, 2_700),
    ("a.b_1", 6, 7_430),
    ("7:8", 57, 7_737),
    ("HASHTAGS:sunset", 58, 7_290),
    ("PLACES:wien", 32, 2_272),
    ("", 52, 4_788),
    ("東京", 48, 3_056),
    ("likes[3]", 38, 6_758),
]


@pytest.mark.parametrize(("text", "of_64", "of_8192"), GOLDEN)
def test_the_shard_of_a_text_is_for_ever(text, of_64, of_8192):
    assert (shard_of_text(text, 1), shard_of_text(text, 64), shard_of_text(text, 8_192)) == (0, of_64, of_8192)


def test_a_pair_has_one_key_from_both_sides():
    assert pair_key(7, 30) == pair_key(30, 7) == "7:30"


@pytest.mark.parametrize(("shards", "partitions"), [(64, 8), (8_192, 8), (64, 64), (64, 3), (1, 1), (8_192, 100)])
def test_partitions_hold_contiguous_ranges_that_cover_every_shard_once(shards, partitions):
    held = [shard for partition in range(partitions) for shard in shards_of_partition(partition, shards, partitions)]
    assert held == list(range(shards))
    for partition in range(partitions):
        for shard in shards_of_partition(partition, shards, partitions):
            assert partition_of(shard, shards, partitions) == partition


def test_a_shard_that_is_not_in_use_has_no_partition():
    with pytest.raises(ValueError, match="not among the 64 in use"):
        partition_of(64, 64, 8)
