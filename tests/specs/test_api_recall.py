"""Specification of what the API keeps: values that cannot have changed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from api.positions import Snapshot
from api.recall import Recall
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
    builds: Mapping = NOTHING
    births: Mapping = NOTHING
    requests: Mapping = NOTHING


class Seen:
    """Freshness with a snapshot put in by hand."""

    def __init__(self, *said):
        self.birth = "the first"
        self.now(*said)

    def now(self, *said):
        self.snapshot = Snapshot({(each.agent, each.partition): each for each in said}, frozenset(), self.birth)

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


def test_a_value_is_forgotten_when_redis_was_restored_though_its_agent_stands_where_it_stood():
    """Kills: a stamp of positions alone, which are the same before and after a reprint."""
    seen = Seen(accounts(5))
    recall = kept(seen)
    seen.birth = "another"
    seen.now(accounts(5))
    assert recall.get(ANN) is None


def test_a_value_is_forgotten_when_its_agent_writes_another_build_or_to_another_server():
    for changed in ({"builds": {"account_cards": 2}}, {"births": {"postgres0": "another"}}):
        seen = Seen(accounts(5))
        recall = kept(seen)
        seen.now(accounts(5)._replace(**changed))
        assert recall.get(ANN) is None
