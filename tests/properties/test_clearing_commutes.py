"""Uploads and deletions of accounts may be read in any order of their topics, in any batches, by workers that die (I7, I2)."""

from collections.abc import Sequence
from random import Random

from agents import clearing
from schemas import events as e
from schemas.submissions import submission_of
from tests.properties import histories
from tests.properties.test_what_the_dead_said_is_corrected import played_with_deaths
from tests.specs import builders as b
from tests.specs.builders import Play

ROUNDS = 100
OWNERS = histories.PEOPLE[:2]
Told = Sequence[e.Event]


def deletions(random: Random, length: int) -> Told:
    """Return accounts that open, change, and rarely leave for ever."""
    return histories.accounts(random, length, deletions=0.15)


def submitted(random: Random, length: int) -> Told:
    """Return uploads of few photos under few keys, and deletions of them by their owners, by others and by Darkroom itself."""
    history = []
    for at in range(length):
        owner = random.choice(OWNERS)
        shot = b.photo(owner, random.choice((1, 2, 3, 4)))
        key = random.choice((None, "one", "two"))
        upload = b.uploaded(shot, owner, at, submission=key and submission_of(owner, "photo", key))
        deleted = b.erased(shot, owner, random.choice((owner, owner, 0, b.DEE)), at)
        history.append(random.choice((upload, upload, upload, deleted)))
    return history


def deleted_in_the_end(play: Play, photos: Told) -> set[int]:
    """Return what Darkroom itself has deleted, now or earlier in the history."""
    said = [*play.events, *(event for event in photos if isinstance(event, e.PhotoDeleted))]
    return {event.photo_id for event in said if event.actor_id == 0}


def test_any_interleaving_ends_in_the_same_deletions_rows_and_state():
    """Kills: an upload that is read after its owner's deletion and stays; a second one that depends on what was read first."""
    late = seconds = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        told, photos = deletions(random, 12), submitted(random, 20)
        first = Play(clearing.fold).given(*told, *photos)
        for order in ([*photos, *told], list(histories.interleaved(random, told, photos))):
            second = Play(clearing.fold).given(*order, batch_of=random.randint(1, 5))
            assert second.tables.get("submissions", {}) == first.tables.get("submissions", {}), f"seed {seed}"
            assert deleted_in_the_end(second, photos) == deleted_in_the_end(first, photos), f"seed {seed}"
            assert second.state.items == first.state.items, f"seed {seed}"
        late += any(isinstance(event, e.AccountDeleted) and event.user_id in OWNERS for event in told)
        seconds += len({event.photo_id for event in photos if getattr(event, "submission", None)}) > len(OWNERS)
    assert late > 0 and seconds > 0


def test_the_borders_of_batches_do_not_matter():
    for seed in range(ROUNDS):
        random = Random(seed)
        told = list(histories.interleaved(random, deletions(random, 12), submitted(random, 20)))
        whole, parts = Play(clearing.fold).given(*told), Play(clearing.fold)
        for part in histories.cut(random, told):
            parts.given(*part)
        assert (parts.tables, parts.events, parts.state.items) == (whole.tables, whole.events, whole.state.items), (
            f"seed {seed}"
        )


def test_rows_of_a_worker_that_died_are_corrected_and_what_it_should_have_deleted_is():
    """Kills: a row of an upload that is not said again when its owner turns out to be gone."""
    died = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        told, photos = deletions(random, 12), submitted(random, 20)
        plain = Play(clearing.fold).given(*told, *photos)
        play, deaths = played_with_deaths(clearing.fold, [told, photos], random)
        assert play.tables.get("submissions", {}) == plain.tables.get("submissions", {}), f"seed {seed}"
        assert deleted_in_the_end(play, photos) == deleted_in_the_end(plain, photos), f"seed {seed}"
        died += deaths
    assert died > 0


def test_what_is_read_back_of_ones_own_words_ends_what_is_kept_and_says_nothing_more():
    """Kills: a loop, in which each deletion that is read causes another one."""
    for seed in range(ROUNDS):
        random = Random(seed)
        told = list(histories.interleaved(random, deletions(random, 12), submitted(random, 20)))
        play = Play(clearing.fold).given(*told)
        said = len(play.events)
        play.given(*play.events)
        assert len(play.events) == said, f"seed {seed}"
        gone = {event.user_id for event in told if isinstance(event, e.AccountDeleted)}
        assert not any(list(play.state.scan(clearing.key_of(clearing.PHOTO, owner))) for owner in gone), f"seed {seed}"
