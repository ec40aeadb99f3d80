"""A count always equals its list; no recount is needed because none could differ."""

from random import Random

from agents import accounts, photos, viewers
from tests.behaviours import clause
from tests.properties import histories
from tests.specs.builders import DAY, RULES, Play, closed, opened, user

ROUNDS = 100


def played(fold, history, random):
    play = Play(fold)
    for part in histories.cut(random, history):
        play.given(*part)
    return play


@clause("8.2")
def test_the_photos_of_a_person_count_when_they_are_ready():
    """Kills: a count that rises with every variant, or falls for a photo that was deleted before it was ready."""
    deleted_ready = deleted_early = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        history = histories.photos(random, 40)
        play = Play(photos.fold)
        for event in history:
            shown = play.row("photos", event.photo_id)
            play.given(event)
            if type(event).__name__ == "PhotoDeleted" and event.actor_id == event.owner_id:
                deleted_ready += shown is not None and shown.state == "ready"
                deleted_early += shown is None or shown.state == "processing"
        rows = played(photos.fold, history, random).tables["photos"].values()
        for owner in {event.owner_id for event in history}:
            ready = [row for row in rows if row.owner_id == owner and row.state == "ready"]
            assert play.count("photos", owner) == len(ready), f"seed {seed}"
    assert deleted_ready > 0 and deleted_early > 0


@clause("6.1")
def test_the_people_whom_a_person_follows_are_counted_and_listed_twice_alike():
    """Kills: a request that counts, a follow told twice that counts twice, a viewer that keeps an ended follow."""
    requests = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        told = list(histories.interleaved(random, histories.followings(random, 40), histories.barriers(random, 10)))
        play = played(viewers.fold, told, random)
        rows = play.tables["followings"].values()
        for who in histories.PEOPLE:
            follows = [row.followee_id for row in rows if row.follower_id == who and row.state == "FOLLOWING"]
            asked = [row.followee_id for row in rows if row.follower_id == who and row.state == "REQUESTED"]
            viewer = play.row("viewers", who)
            if viewer is not None:
                assert (list(viewer.following), list(viewer.requested)) == (sorted(follows), sorted(asked)), f"seed {seed}"
            assert play.count("following", who) == len(follows), f"seed {seed}"
            requests += len(asked)
    assert requests > 0


def test_a_name_has_one_holder_at_most_and_the_first_claim_wins():
    """Kills: a later claim that wins by its earlier time, a name that is free the moment its holder is deleted."""
    contested = reused = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        claimants = [user("ann", sequence) for sequence in range(6)]
        play, history, holder, free_at = Play(accounts.fold_of(RULES)), [], None, -DAY
        for step in range(12):
            who, at = random.choice(claimants), step * 10 * DAY + random.randint(-DAY, DAY)
            known = {event.user_id for event in history}
            event = closed(who, at) if who in known and random.random() < 0.6 else opened(who, "ann", at=at)
            if event.user_id not in known and holder is None and at >= free_at:
                reused += free_at > -DAY
                holder = who
            elif event.user_id not in known:
                contested += 1
            elif who == holder and type(event).__name__ == "AccountDeleted":
                holder, free_at = None, at + 30 * DAY
            history.append(event)
            play.given(event)
            active = [row.user_id for row in play.tables["accounts"].values() if row.state == "active"]
            assert active == ([] if holder is None else [holder]), f"seed {seed}"
    assert contested > 0 and reused > 0
