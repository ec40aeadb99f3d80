"""Real data through the folds, without any store: likes of MovieLens, and the followers of the largest hub of GitHub's graph.

What must come of it is computed from the files by `tests.real_data`, with dictionaries and sets. More of it goes through a real
stack in `python -m tests.bench datasets`.
"""

from collections import Counter

import polars as pl
import pytest

from agents import fanout, follows, likers, likes, relations, viewers
from agents.rules import Rules
from projections.ring import Ring
from projections.rows import AuthorRow, Backfill, Delivery
from schemas import events as e
from schemas.catalog import topic_of
from schemas.ids import compose_id, time_of
from streams.fold import Batch
from streams.state import MemoryState
from tests import real_data
from tests.behaviours import clause
from tests.specs.builders import DAWN, DAY, LIKE_COLUMNS, SHARDS, Play, did, opened, photo, variant

LIKES_BATCH = 20_000
LIVE_BATCH = 5_000
# The hub is pulled at the first, and pushed again at the second.
UP, DOWN = 9_000, 8_100
LEAVE = 1_400
FOLLOWS = 11_000
RULES = Rules(celebrity_up=UP, celebrity_down=DOWN)


@pytest.fixture(scope="module", autouse=True)
def here():
    if gone := real_data.missing():
        pytest.skip(gone)


def person(number: int) -> int:
    return compose_id(DAWN - DAY + number, number % SHARDS, 0)


# --- likes --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def said():
    """One photo of each rated item that is its own, and the one that it shares with its shelf."""
    return list(real_data.of_photos(real_data.ratings(), copies=1))


def number_photos(said) -> dict[tuple[str, int], int]:
    return {name: photo(person(0), number) for number, name in enumerate(sorted({one.photo for one in said}))}


def folded(agent, said, photos) -> Play:
    """Fold all that was said, as columns, in batches as large as live."""
    play = Play(agent.fold)
    for first in range(0, len(said), LIKES_BATCH):
        some = said[first : first + LIKES_BATCH]
        offsets = range(first, first + len(some))
        columns = {
            "photo_id": [photos[one.photo] for one in some],
            "comment_id": [None] * len(some),
            "actor_id": [person(one.person) for one in some],
            "kind": ["LIKED" if one.liked else "UNLIKED" for one in some],
            "occurred_at": [one.at for one in some],
            "offset": offsets,
            "appended_at": [one.at for one in some],
        }
        batch = Batch("likes", 0, first, first + len(some), columns=pl.DataFrame(columns, schema=LIKE_COLUMNS))
        play.keep(agent.fold(batch, play.state))
    return play


@clause("1.1", "1.2", "1.4")
def test_likes_and_likers_of_real_ratings_are_what_sets_make_of_the_file(said):
    photos = number_photos(said)
    wanted = {photos[name]: {person(who) for who in those} for name, those in real_data.likers_of(said).items()}
    assert real_data.taken_back(said) > 10_000, "the data takes too little back to show anything"
    counts = folded(likes.agent(), said, photos).tables["counters"]
    assert {entity: row.value for (_, entity), row in counts.items()} == {of: len(those) for of, those in wanted.items()}
    rows = folded(likers.agent(), said, photos).tables["likes"]
    assert set(rows) == {(of, who) for of, those in wanted.items() for who in those}


# --- follows ------------------------------------------------------------------------------------------------------------


class Town:
    """The chain from wishes to timelines, every agent as one fold over one partition. `hub` is who is followed by most."""

    def __init__(self, people, hub) -> None:
        self.hub = hub
        self.plays = {
            "relations": Play(relations.fold),
            "follows": Play(follows.fold_of(RULES)),
            "viewers": Play(viewers.fold),
            "fanout": Play(fanout.fold_of(RULES)),
        }
        for play in self.plays.values():
            # Never committed, all of it stays in the overlay, whose scans cost no more than what they find.
            play.state = MemoryState()
        self.rings: dict[str, dict[int, Ring]] = {"timelines": {}, "authors": {}}
        self.at = 0
        self.tell("follows", [opened(who, f"p{who}") for who in people])

    def given(self, kind, pairs) -> None:
        """Let people do something towards others, and take it through the chain; each deed is a millisecond later."""
        deeds = [did(who, kind, whom, self.at + n) for n, (who, whom) in enumerate(pairs)]
        self.at += len(deeds)
        decided = self.tell("follows", self.tell("relations", deeds))
        self.tell("viewers", [event for event in decided if topic_of(type(event)).name == "followings"])
        self.deliver([event for event in decided if topic_of(type(event)).name == "audience"])

    def post(self) -> int:
        """Let the hub take a photo now, and return it."""
        shot = photo(self.hub, self.at + 1)
        self.deliver([variant(shot, self.hub, at=self.at + 1)])
        self.at += 2
        return shot

    def tell(self, agent, events) -> list[e.Event]:
        """Give an agent events of one topic, in batches as large as live, and return what it says."""
        play, said = self.plays[agent], []
        for first in range(0, len(events), LIVE_BATCH):
            said += [caused.event for caused in play.when(*events[first : first + LIVE_BATCH]).events]
        return said

    def deliver(self, events) -> None:
        """Give the fan-out events of one topic, and its rows to the rings."""
        play = self.plays["fanout"]
        for first in range(0, len(events), LIVE_BATCH):
            some = events[first : first + LIVE_BATCH]
            for name, rows in play.fold(play.batch(topic_of(type(some[0])).name, some), play.state).rows.items():
                for row in rows:
                    self.offer(self.rings[name], row)

    def offer(self, rings, row) -> None:
        match row:
            case Backfill(user_id=who, photo_ids=shots):
                owners, offered = (who,), shots
            case Delivery(photo_id=shot, user_ids=those):
                owners, offered = those, (shot,)
            case AuthorRow(author_id=who, photo_id=shot):
                owners, offered = (who,), (shot,)
        for owner in owners:
            rings.setdefault(owner, Ring(RULES.feed_depth)).offer(offered)

    def feed(self, reader) -> list[int]:
        """Return what a reader sees of the hub: pushed and pulled, if they follow it now."""
        if self.hub not in self.plays["viewers"].row("viewers", reader).following:
            return []
        row = self.plays["follows"].row("celebrities", self.hub)
        pulled = {shot for shot in self.ring("authors", self.hub) if row and in_spans(shot, row.spans)}
        return sorted({*self.ring("timelines", reader), *pulled}, reverse=True)

    def ring(self, name, who) -> tuple[int, ...]:
        return self.rings[name][who].content().ids if who in self.rings[name] else ()


def in_spans(shot, spans) -> bool:
    return any(start <= time_of(shot) and (not end or time_of(shot) < end) for start, end in spans)


@pytest.fixture(scope="module")
def town():
    """The hub's 9,458 followers and some follows of others; a photo before the hub is pulled, one while it is, and so on."""
    edges = real_data.follows(real_data.edges(), FOLLOWS)
    town = Town({person(number) for edge in edges for number in edge}, person(edges[0].followee))
    pairs = [(person(edge.follower), person(edge.followee)) for edge in edges]
    found = real_data.followers_of(edges)
    town.wanted = {person(followee): {person(who) for who in those} for followee, those in found.items()}
    town.leavers = [who for who, _ in pairs[:LEAVE]]
    town.given("FOLLOW_WANTED", pairs[: UP // 2])
    town.shots = [town.post()]
    town.given("FOLLOW_WANTED", pairs[UP // 2 :])
    town.shots.append(town.post())
    town.given("FOLLOW_WITHDRAWN", [(who, town.hub) for who in town.leavers])
    town.shots.append(town.post())
    return town


@clause("6.6", "7.1", "12.1", "12.2")
def test_a_real_hub_that_loses_followers_is_pushed_again_and_everybody_sees_what_they_follow(town):
    (span,) = town.plays["follows"].row("celebrities", town.hub).spans
    assert [in_spans(shot, [span]) for shot in town.shots] == [False, True, False]
    left = town.wanted[town.hub] - set(town.leavers)
    assert town.plays["follows"].count("followers", town.hub) == len(left)
    newest_first = town.shots[::-1]
    for who in left:
        assert town.feed(who) == newest_first
    for who in town.leavers:
        assert town.feed(who) == []


@clause("7.3", "12.1", "12.3")
def test_a_real_hub_is_pulled_again_and_counts_and_rows_are_what_sets_make_of_the_file(town):
    town.given("FOLLOW_WANTED", [(who, town.hub) for who in town.leavers])
    shots = [town.post(), *town.shots[::-1]]
    assert len(town.plays["follows"].row("celebrities", town.hub).spans) == 2
    for who in town.wanted[town.hub]:
        assert town.feed(who) == shots
    pairs = {(followee, follower) for followee, those in town.wanted.items() for follower in those}
    assert set(town.plays["follows"].tables["followers"]) == pairs
    counted = {entity: row.value for (_, entity), row in town.plays["follows"].tables["counters"].items() if row.value}
    assert counted == {followee: len(those) for followee, those in town.wanted.items()}
    following = {entity: row.value for (_, entity), row in town.plays["viewers"].tables["counters"].items() if row.value}
    assert following == Counter(follower for _, follower in pairs)
