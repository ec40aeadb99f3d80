"""The shard map holds every shard once, and cannot be built wrong."""

import pytest

from projections.shard_map import ShardMap, ShardRange
from projections.structure import GLOBAL


def test_shards_spread_contiguously_over_servers():
    spread = ShardMap.spread(64, 3)
    assert [spread.server_of(shard) for shard in range(64)] == [0] * 21 + [1] * 21 + [2] * 22


def test_more_servers_than_shards_leave_servers_empty():
    assert {ShardMap.spread(2, 5).server_of(shard) for shard in range(2)} <= set(range(5))


def test_what_belongs_to_no_shard_is_on_the_first_server():
    assert ShardMap.spread(8, 2).server_of(GLOBAL) == 0


def test_a_shard_that_is_not_in_use_is_refused():
    with pytest.raises(ValueError, match=r"shard 64 is not among the 64 in use \(0..63\)"):
        ShardMap.spread(64, 2).server_of(64)


@pytest.mark.parametrize(
    ("ranges", "why"),
    [
        ([(0, 4, 0), (5, 8, 1)], "gap or an overlap at shard 4"),
        ([(0, 4, 0), (3, 8, 1)], "gap or an overlap at shard 4"),
        ([(0, 4, 0), (4, 4, 1), (4, 8, 1)], "gap or an overlap at shard 4"),
        ([(0, 8, 2)], "names server 2; there are 2"),
        ([(0, 7, 0)], "ends at shard 7, but 8 are in use"),
        ([], "ends at shard 0, but 8 are in use"),
    ],
)
def test_a_map_that_loses_or_doubles_a_shard_cannot_be_built(ranges, why):
    with pytest.raises(ValueError, match=why):
        ShardMap(8, 2, tuple(ShardRange(*span) for span in ranges))


def test_rows_come_in_any_order():
    assert ShardMap.of_rows(8, 2, [(4, 8, 1), (0, 4, 0)]) == ShardMap.spread(8, 2)
