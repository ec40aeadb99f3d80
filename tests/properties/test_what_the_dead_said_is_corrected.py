"""A worker may die after its rows and events are out and before its state is kept; the next one reads on in another order."""

from random import Random

import pytest

from agents import accounts, comments, follows, likers, likes, notifications, photos, relations, viewers
from agents.rules import Rules
from schemas.events import AudienceChanged, BarrierChanged, FollowerChanged, FollowingChanged
from tests.properties import histories
from tests.specs.builders import Play

ROUNDS = 100
RULES = Rules(celebrity_up=3, celebrity_down=1)

FOLDS = {
    "accounts": (accounts.fold_of(RULES), [histories.accounts]),
    "relations": (relations.fold, [histories.relations, histories.presences]),
    "follows": (follows.fold_of(RULES), [histories.accounts, histories.wishes, histories.presences]),
    "viewers": (viewers.fold, [histories.followings, histories.barriers]),
    "photos": (photos.fold, [histories.photos]),
    "likes": (likes.fold, [histories.likes, histories.presences]),
    "likers": (likers.fold, [histories.likes, histories.presences]),
    "comments": (comments.fold, [histories.comments, histories.likes, histories.presences]),
    "notifications": (
        notifications.fold,
        [histories.notices, histories.wishes, histories.names, histories.presences, histories.inboxes],
    ),
}


def played_with_deaths(fold, topics, random: Random) -> tuple[Play, int]:
    """Fold the topics in some order, batch by batch; before some batches a worker folds another one and forgets it."""
    play, deaths = Play(fold), 0
    left = [list(topic) for topic in topics]
    while any(left):
        if random.random() < 0.3:
            deaths += 1
            before = dict(play.state.items), play.offsets.copy()
            play.given(*random.choice([topic for topic in left if topic])[: random.randint(1, 8)])
            play.state.items, play.offsets = before
        topic = random.choice([topic for topic in left if topic])
        batch = random.randint(1, 8)
        play.given(*topic[:batch])
        del topic[:batch]
    return play, deaths


@pytest.mark.parametrize("name", FOLDS)
def test_what_is_written_in_the_end_is_what_is_so(name):
    """Kills: a row for what changed since the state was kept only, where the row of a dead worker says otherwise."""
    fold, topics = FOLDS[name]
    wrong_meanwhile = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        told = [topic(random, 30) for topic in topics]
        plain = Play(fold).given(*(event for topic in told for event in topic))
        play, deaths = played_with_deaths(fold, told, random)
        for table, rows in plain.tables.items():
            assert visible(play.tables[table]) == visible(rows), f"{table}, seed {seed}"
        assert play.state.items == plain.state.items, f"seed {seed}"
        wrong_meanwhile += deaths
    assert wrong_meanwhile > 0


def visible(rows: dict) -> dict:
    """Leave out what a store keeps no key for: counts of zero and readers without relations."""
    return {
        key: row
        for key, row in rows.items()
        if getattr(row, "value", 1) != 0 and (type(row).__name__ != "ViewerRow" or any(row[1:]))
    }


def test_what_follows_says_in_the_end_is_what_is_so():
    """Kills: an event for what changed since the state was kept only; an audience that is not told of who is gone."""
    corrected = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        told = [histories.accounts(random, 12, deletions=0.3), histories.wishes(random, 40), histories.presences(random, 12)]
        plain = Play(follows.fold_of(RULES)).given(*told[0], *told[1], *told[2])
        play, _ = played_with_deaths(follows.fold_of(RULES), told, random)
        assert last_words(play) == last_words(plain), f"seed {seed}"
        corrected += len(play.events) > len(plain.events)
    assert corrected > 0


def test_what_relations_says_in_the_end_is_what_is_so():
    """Kills: a deed towards somebody who is gone that is passed over in silence, though a dead worker read it first."""
    corrected = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        told = [histories.relations(random, 40), histories.presences(random, 30)]
        plain = Play(relations.fold).given(*told[0], *told[1])
        play, _ = played_with_deaths(relations.fold, told, random)
        assert last_ties(play) == last_ties(plain), f"seed {seed}"
        corrected += len(play.events) > len(plain.events)
    assert corrected > 0


def last_ties(play: Play) -> tuple[dict, dict]:
    """Return the wishes and the barriers that the events leave."""
    wishes, barriers = {}, {}
    for event in play.events:
        if isinstance(event, FollowerChanged):
            wishes[event.follower_id, event.followee_id] = (event.wish.value, event.wanted_at)
        elif isinstance(event, BarrierChanged):
            sides = (event.blocking_since, event.blocked_by, event.muting_since, event.muted_until)
            barriers[event.user_id, event.other_id] = sides
    wished = {pair: said for pair, said in wishes.items() if said[0] != "NONE"}
    return wished, {pair: sides for pair, sides in barriers.items() if any(sides)}


def last_words(play: Play) -> tuple[dict, dict]:
    """Return the follows and the audience that the events leave: each is an absolute word about a pair."""
    pairs, audience = {}, {}
    for event in play.events:
        if isinstance(event, FollowingChanged):
            pairs[event.follower_id, event.followee_id] = (event.state.value, event.since)
        elif isinstance(event, AudienceChanged) and event.follower_id is not None:
            audience[event.follower_id, event.author_id] = (event.kind.value, event.changed_at)
    standing = {pair: said for pair, said in pairs.items() if said[0] != "NONE"}
    return standing, {pair: said for pair, said in audience.items() if said[0] != "LOST"}
