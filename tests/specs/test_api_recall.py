"""Specification of what the API keeps: values that cannot have changed, and whether what Redis says is whole."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import pytest

from api.positions import Snapshot
from api.recall import Recall
from api.trust import BEHIND_MS, Trust
from projections.away import StoreAway
from schemas.ids import compose_id

NOW = 1_800_000_000_000
SHARDS, PARTITIONS = 64, 8
ANN = compose_id(NOW, 0, 0)
BOB = compose_id(NOW, 63, 0)
NOTHING: Mapping = MappingProxyType({})


class Said(NamedTuple):
    """What one agent published."""

    agent: str
    partition: int
    sources: Mapping
    ends: Mapping = NOTHING
    complete_until: Mapping = NOTHING
    emitted: Mapping = NOTHING


class Seen:
    """Freshness with a snapshot put in by hand."""

    def __init__(self, *said):
        self.now(*said)

    def now(self, *said):
        self.snapshot = Snapshot({(each.agent, each.partition): each for each in said}, frozenset())

    def away(self):
        self.snapshot = None


def accounts(offset, partition=0):
    return Said("accounts", partition, {"accounts": offset})


def kept(seen, size=10):
    recall = Recall(seen, "accounts", SHARDS, PARTITIONS, size)
    recall.keep(ANN, recall.stamp(ANN), "ann")
    return recall


def test_a_value_is_recalled_while_its_agent_has_not_moved():
    seen = Seen(accounts(5))
    recall = kept(seen)
    seen.now(accounts(5))
    assert recall.get(ANN) == "ann"


def test_a_value_is_forgotten_when_its_agent_has_moved_on_its_partition():
    seen = Seen(accounts(5), accounts(9, partition=7))
    recall = kept(seen)
    seen.now(accounts(5), accounts(10, partition=7))
    assert recall.get(ANN) == "ann"
    seen.now(accounts(6), accounts(10, partition=7))
    assert recall.get(ANN) is None


def test_a_value_that_was_read_before_a_move_is_not_taken_for_one_after_it():
    seen = Seen(accounts(5))
    recall = Recall(seen, "accounts", SHARDS, PARTITIONS, 10)
    stamp = recall.stamp(ANN)
    seen.now(accounts(6))
    recall.keep(ANN, stamp, "read at 5")
    assert recall.get(ANN) is None


def test_nothing_is_kept_or_recalled_while_nobody_knows_how_far_agents_are():
    seen = Seen(accounts(5))
    recall = kept(seen)
    seen.away()
    assert recall.get(ANN) is None
    recall.keep(ANN, recall.stamp(ANN), "later")
    seen.now(accounts(5))
    assert recall.get(ANN) == "ann"


def test_the_oldest_makes_room():
    seen = Seen(accounts(5), accounts(5, partition=7))
    recall = kept(seen, size=1)
    recall.keep(BOB, recall.stamp(BOB), "bob")
    assert recall.get(ANN) is None
    assert recall.get(BOB) == "bob"


def fanout(offset, end, until, partition=0):
    return Said("fanout", partition, {"photos": offset}, {"photos": end}, {"photos": until})


def trust(*said):
    return Trust(Seen(*said), SHARDS, PARTITIONS, lambda: NOW)


@pytest.mark.parametrize(
    ("said", "near"),
    [
        (fanout(9, 9, 0), True),
        (fanout(8, 9, NOW - 1_000), True),
        (fanout(8, 9_000, NOW - BEHIND_MS - 1), False),
    ],
    ids=["at its end", "a little behind", "folding history"],
)
def test_an_agent_is_trusted_near_its_end(said, near):
    assert trust(said).near("fanout", ANN) is near


def test_an_agent_that_was_never_heard_of_is_not_trusted():
    assert not trust().near("fanout", ANN)
    assert not trust(fanout(9, 9, 0)).near("fanout", BOB)


def test_rings_are_trusted_when_every_partition_is():
    whole = [fanout(9, 9, 0, partition) for partition in range(PARTITIONS)]
    assert trust(*whole).everywhere("fanout")
    assert not trust(*whole[1:]).everywhere("fanout")
    assert not trust(*whole[1:], fanout(0, 9, 0)).everywhere("fanout")


def test_a_redis_that_is_away_is_not_asked_again():
    seen = Seen()
    judged = Trust(seen, SHARDS, PARTITIONS, lambda: NOW)
    judged.check_redis()
    seen.away()
    with pytest.raises(StoreAway):
        judged.check_redis()
