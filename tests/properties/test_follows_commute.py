"""It does not matter which of its topics `follows` reads first (I7)."""

from random import Random

from agents import follows
from agents.rules import Rules
from schemas.events import (
    AccountDeactivated,
    AccountDeleted,
    AccountOpened,
    AccountReactivated,
    AudienceChanged,
    FollowingChanged,
    PrivacyChanged,
)
from tests.properties import histories
from tests.specs.builders import DAWN, Play

ROUNDS = 150
RULES = Rules(celebrity_up=3, celebrity_down=1)
HIDING = AccountDeactivated | AccountReactivated


def played(order, batch_of=1_000):
    return Play(follows.fold_of(RULES)).given(*order, batch_of=batch_of)


def told_at_last(play) -> dict:
    """Return what the events said of each pair in the end, and the switches of each author in their order."""
    pairs, switches, audience = {}, [], {}
    for event in play.events:
        if isinstance(event, FollowingChanged):
            pairs[event.follower_id, event.followee_id] = (event.state.value, event.since)
        elif isinstance(event, AudienceChanged) and event.follower_id is None:
            switches.append((event.author_id, event.kind.value, event.changed_at))
        else:
            audience[event.follower_id, event.author_id] = (event.kind.value, event.changed_at)
    return {
        "pairs": {pair: said for pair, said in pairs.items() if said[0] != "NONE"},
        "switches": {author: [s for s in switches if s[0] == author] for author, *_ in switches},
        "audience": {pair: said for pair, said in audience.items() if said[0] != "LOST"},
    }


def without_deletions(history):
    return [event for event in history if not isinstance(event, AccountDeleted)]


def test_any_interleaving_ends_in_the_same_rows_state_and_words():
    """Kills: an outcome by the privacy that happened to be read, a threshold crossed by follows that took effect, and whoever
    comes back to follows that were made or ended meanwhile.
    """
    late = switched = deleted = gone = back = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        accounts, wishes = histories.accounts(random, random.randint(2, 30)), histories.wishes(random, 60)
        presences = histories.presences(random, random.randint(0, 20))
        first = played([*accounts, *wishes, *presences])
        for order in ([*presences, *wishes, *accounts], list(histories.interleaved(random, accounts, wishes, presences))):
            second = played(order, batch_of=random.randint(1, 5))
            assert second.tables == first.tables, f"seed {seed}"
            assert second.state.items == first.state.items, f"seed {seed}"
        kept = without_deletions(accounts)
        one = told_at_last(played([*kept, *wishes, *presences]))
        assert one == told_at_last(played(histories.interleaved(random, kept, wishes, presences))), f"seed {seed}"
        late += any(isinstance(event, PrivacyChanged) for event in accounts)
        switched += bool(one["switches"])
        deleted += len(kept) < len(accounts)
        gone += any(event.presence == "GONE" for event in presences)
        back += any(event.presence == "HERE" for event in presences)
    assert late > 0 and switched > 0 and deleted > 0 and gone > 0 and back > 0


def public_times(accounts, who: int) -> list[bool]:
    """Return for each ms after dawn whether the account was public then: the definition, without spans."""
    public, told = False, {}
    for event in accounts:
        if event.user_id == who and isinstance(event, AccountOpened | PrivacyChanged):
            told[event.occurred_at - DAWN] = not event.private
    times = []
    for at in range(200):
        public = told.get(at, public)
        times.append(public)
    return times


def absent_at_last(accounts, presences) -> tuple[set[int], set[int]]:
    """Return who is deactivated in the end, as the account says, and who is away or gone, as every partition was told."""
    hidden = {event.user_id: isinstance(event, AccountDeactivated) for event in accounts if isinstance(event, HIDING)}
    told = {event.user_id: event.presence != "HERE" for event in presences}
    return tuple({who for who, absent in found.items() if absent} for found in (hidden, told))


def test_a_wish_takes_effect_if_accepted_or_if_the_account_was_public_since():
    """Kills: `wanted_at <= private_since`, a request that stays one when the account turns public, a follow of nobody, a
    follow by or of somebody who hides."""
    requests = by_flip = unknown = absent = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        accounts = without_deletions(histories.accounts(random, random.randint(2, 30)))
        wishes = histories.wishes(random, 60)
        presences = histories.presences(random, 12)
        play = played(histories.interleaved(random, accounts, wishes, presences))
        hidden, away = absent_at_last(accounts, presences)
        known = {event.user_id for event in accounts}
        last = {(wish.followee_id, wish.follower_id): wish for wish in wishes}
        expected = {}
        for (followee_id, follower_id), wish in last.items():
            if wish.wish == "NONE" or followee_id not in known:
                unknown += wish.wish != "NONE"
                continue
            if followee_id in hidden or follower_id in away:
                absent += 1
                continue
            times = public_times(accounts, followee_id)
            effective = wish.wish == "ACCEPTED" or any(times[wish.wanted_at - DAWN :])
            expected[followee_id, follower_id] = "FOLLOWING" if effective else "REQUESTED"
            requests += not effective
            by_flip += effective and wish.wish == "WANTED" and not times[wish.wanted_at - DAWN]
        rows = play.tables.get("followers", {})
        assert {key: row.state for key, row in rows.items()} == expected, f"seed {seed}"
        for who in known:
            followers = [key for key, state in expected.items() if key[0] == who and state == "FOLLOWING"]
            assert play.count("followers", who) == len(followers), f"seed {seed}"
    assert requests > 0 and by_flip > 0 and unknown > 0 and absent > 0
