"""The agent `follows` when one record concerns very many: rows and events are lazy and say what is so in the end."""

from collections.abc import Iterator

from agents import follows, wishes
from agents.rules import Rules
from schemas.events import AudienceChanged, FollowingChanged
from schemas.ids import EPOCH_MS, compose_id
from tests.specs.builders import ANN, BOB, DAWN, Play, closed, deactivated, made, opened, present, reactivated, wish

MANY = 2_500
FANS = [compose_id(EPOCH_MS + 100 + n, n % 8, 1) for n in range(MANY)]


def played(private: bool) -> Play:
    play = Play(follows.fold_of(Rules()))
    return play.given(opened(ANN, private=private), *(wish(fan, "WANTED", ANN, n + 1) for n, fan in enumerate(FANS)))


def folded(play: Play, *events, topic: str = "accounts"):
    return play.fold(play.batch(topic, events), play.state)


def test_rows_and_events_of_a_deleted_account_are_not_made_before_they_are_taken():
    play = played(private=False)
    asked = []
    get_many = play.state.get_many
    play.state.get_many = lambda keys: asked.append(len(keys)) or get_many(keys)
    changes = folded(play, closed(ANN, at=9_000))
    # Each was read once, to count it, and one more key holds the count.
    assert sum(asked) == MANY + 1
    rows, events = changes.rows["followers"], changes.events
    assert isinstance(rows, Iterator) and isinstance(events, Iterator)
    next(rows)
    next(events)
    assert sum(asked) == MANY + 1 + 2 * wishes.SCAN_CHUNK
    assert 1 + sum(row.state == "NONE" for row in rows) == MANY
    # One more says that the author ended.
    assert 1 + sum(1 for _ in events) == 2 * MANY + 1


def test_every_follower_of_a_deleted_account_is_told_and_none_is_counted():
    play = played(private=False)
    assert play.count("followers", ANN) == MANY
    changes = folded(play, closed(ANN, at=9_000))
    told = len(play.events)
    play.keep(changes)
    said = play.events[told:]
    assert {e.follower_id for e in said if isinstance(e, FollowingChanged) and e.state.value == "NONE"} == set(FANS)
    assert {e.follower_id for e in said if isinstance(e, AudienceChanged) and e.kind.value == "LOST"} == set(FANS)
    assert play.count("followers", ANN) == 0
    assert not play.tables["followers"]


def test_every_request_becomes_a_follow_when_the_account_is_made_public():
    play = played(private=True)
    play.given(made(ANN, False, at=9_000))
    assert play.count("followers", ANN) == MANY
    assert {row.since for row in play.tables["followers"].values()} == {DAWN + 9_000}


def test_each_record_of_a_batch_says_what_was_so_after_it_and_rows_what_is_so_in_the_end():
    play = played(private=True)
    changes = folded(play, made(ANN, False, at=9_000), closed(ANN, at=9_001))
    told = len(play.events)
    play.keep(changes)
    states = [event.state.value for event in play.events[told:] if isinstance(event, FollowingChanged)]
    assert states == ["FOLLOWING"] * MANY + ["NONE"] * MANY
    assert not play.tables["followers"]
    assert play.count("followers", ANN) == 0


def test_who_hides_and_is_back_in_one_batch_was_away_in_between():
    play = Play(follows.fold_of(Rules()))
    play.given(opened(ANN), wish(BOB, "WANTED", ANN, 5))
    told = len(play.events)
    play.keep(folded(play, present(BOB, "AWAY", 8), present(BOB, "HERE", 9), topic="presences"))
    assert [event.state.value for event in play.events[told:]] == ["NONE", "FOLLOWING"]
    assert play.row("followers", ANN, BOB).since == DAWN + 5
    assert play.count("followers", ANN) == 1


def test_of_many_followers_those_who_hide_stay_hidden_when_the_followed_one_is_back():
    play = played(private=False)
    play.given(*(present(fan, "AWAY") for fan in FANS[::2]), deactivated(ANN, 9_000))
    assert play.count("followers", ANN) == 0
    play.given(reactivated(ANN, 9_001))
    assert play.count("followers", ANN) == MANY // 2
    assert {row.follower_id for row in play.tables["followers"].values()} == set(FANS[1::2])


def test_of_two_scans_in_one_batch_the_wider_one_counts():
    play = played(private=False)
    play.given(made(ANN, True, at=2_000))
    changes = folded(play, made(ANN, False, at=9_000), made(ANN, True, at=9_500))
    play.keep(changes)
    assert play.count("followers", ANN) == MANY
    assert {row.state for row in play.tables["followers"].values()} == {"FOLLOWING"}


def test_who_is_gone_is_no_follower_of_anybody_any_more():
    play = Play(follows.fold_of(Rules()))
    for n, fan in enumerate(FANS[:50]):
        play.given(opened(fan, f"fan{n}"), wish(BOB, "WANTED", fan, n + 1))
    assert len(play.tables["followers"]) == 50
    play.given(present(BOB, "GONE", at=9_000))
    assert not play.tables["followers"]
    assert {play.count("followers", fan) for fan in FANS[:50]} == {0}
