"""A like is a member of a set, not an increment; and whoever is not here is in no set that others see."""

from random import Random

import pytest

from agents import comments, likers, likes
from schemas.events import LikeChanged, PresenceChanged
from tests.behaviours import clause
from tests.properties import histories
from tests.specs.builders import Play

ROUNDS = 100


def members(history: list[LikeChanged]) -> dict[int, dict[int, int]]:
    """Return who likes each target, and the place in the log of the like that made them a member."""
    sets: dict[int, dict[int, int]] = {}
    for offset, like in enumerate(history):
        of_target = sets.setdefault(like.comment_id or like.photo_id, {})
        if like.kind == "LIKED":
            of_target.setdefault(like.actor_id, offset)
        else:
            of_target.pop(like.actor_id, None)
    return sets


def played(fold, history, random):
    play = Play(fold)
    for part in histories.cut(random, history):
        play.given(*part)
    return play


@clause("1.1", "1.2", "1.4")
def test_the_count_of_a_photo_is_the_size_of_its_set():
    """Kills: a fold that adds one for a like although the person is a member, or takes one for an unlike of a stranger."""
    repeats = strangers = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        history = histories.likes(random, 40)
        sets = members(history)
        play = played(likes.fold, history, random)
        for like in history:
            if like.comment_id is None:
                assert play.count("likes", like.photo_id) == len(sets[like.photo_id]), f"seed {seed}"
        repeats += sum(earlier == later for earlier, later in zip(words(history), words(history)[1:], strict=False))
        strangers += sum(
            like.kind == "UNLIKED" and not members(history[:n]).get(like.photo_id) for n, like in enumerate(history)
        )
    assert repeats > 0 and strangers > 0


def words(history):
    return [(like.kind, like.actor_id, like.photo_id, like.comment_id) for like in history]


def test_the_list_of_likers_is_the_set_in_the_order_in_which_they_joined():
    """Kills: a fold that gives a repeated like a new place, or keeps the old place over an unlike."""
    moved = kept = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        history = histories.likes(random, 40)
        rows = played(likers.fold, history, random).tables["likes"]
        listed: dict[int, dict[int, int]] = {}
        for (target_id, user_id), row in rows.items():
            listed.setdefault(target_id, {})[user_id] = row.order
            assert row.liked_at == history[row.order].occurred_at
        sets = {target: people for target, people in members(history).items() if people}
        assert listed == sets, f"seed {seed}"
        for target, people in sets.items():
            for person, order in people.items():
                places = [n for n, w in enumerate(history) if (w.comment_id or w.photo_id, w.actor_id) == (target, person)]
                kept += places[-1] != order
                moved += places[0] != order
    assert moved > 0 and kept > 0


@clause("1.1", "1.2", "1.4")
def test_the_likes_of_a_comment_are_the_size_of_its_set():
    """Kills: a fold of comments that counts a like twice, or loses those that came before the comment."""
    early = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        told = histories.likes(random, 40)
        said = [event for event in histories.comments(random, 8) if type(event).__name__ == "CommentAdded"]
        play = Play(comments.fold)
        order = list(histories.interleaved(random, told, said))
        play.given(*order, batch_of=random.randint(1, 6))
        sets = members(told)
        for comment_id, row in play.tables.get("comments", {}).items():
            assert row.likes == len(sets.get(comment_id, {})), f"seed {seed}"
        first_said = next((n for n, event in enumerate(order) if event in said), len(order))
        early += any(getattr(event, "comment_id", None) for event in order[:first_said])
    assert early > 0


def absent_after(told: list[PresenceChanged]) -> set[int]:
    """Return who is not here in the end; whoever is gone is gone for ever."""
    last = {event.user_id: event.presence for event in told}
    return {who for who, presence in last.items() if presence != "HERE"}


@pytest.mark.parametrize("fold", [likes.fold, likers.fold, comments.fold])
def test_likes_and_presences_may_be_read_in_any_order(fold):
    """Kills: a like of who is gone that stands when it is read late, and one said while away that is lost or counted (I7)."""
    away = gone = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        told, who = histories.likes(random, 30), histories.presences(random, 12)
        first = Play(fold).given(*told, *who)
        for order in ([*who, *told], list(histories.interleaved(random, told, who))):
            second = Play(fold).given(*order, batch_of=random.randint(1, 5))
            assert second.tables == first.tables, f"seed {seed}"
            assert second.state.items == first.state.items, f"seed {seed}"
        last = {event.user_id: event.presence for event in who}.values()
        away, gone = away + ("AWAY" in last), gone + ("GONE" in last)
    assert away > 0 and gone > 0


@clause("14.2", "14.5")
def test_counts_and_lists_hold_those_who_like_and_are_here():
    """Kills: a count that falls twice for who is away and then gone, and one that does not rise again."""
    left_out = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        told, who = histories.likes(random, 40), histories.presences(random, 10)
        order = list(histories.interleaved(random, told, who))
        counted, listed = played(likes.fold, order, random), played(likers.fold, order, random)
        absent, sets = absent_after(who), members(told)
        for like in told:
            if like.comment_id is None:
                here = set(sets[like.photo_id]) - absent
                assert counted.count("likes", like.photo_id) == len(here), f"seed {seed}"
                assert {person for target, person in listed.tables["likes"] if target == like.photo_id} == here, f"seed {seed}"
                left_out += len(here) < len(sets[like.photo_id])
    assert left_out > 0
