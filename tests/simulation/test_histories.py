"""Seeded histories with crashes, zombies and losses end as the oracle says; and nothing is left untried."""

import os

import pytest

from schemas.crash_points import CrashPoint
from tests.simulation.many import FAULTS, Tally, tally_of
from tests.simulation.run import fast_codec, run_again, run_seed
from tests.simulation.shrinking import shrunk
from tests.simulation.telling import told_run

HISTORIES = int(os.environ.get("DARKROOM_HISTORIES", "300"))
PART = 100
SHRINKING_SECONDS = 15.0


def checked(first: int) -> Tally:
    """Run a part of the histories; the first that differs is made small and told."""
    part = Tally()
    for seed in range(first, first + PART):
        part.add(tally_of(range(seed, seed + 1)))
        if part.failing:
            codec = fast_codec()
            raise AssertionError("\n".join(told_run(shrunk(run_seed(seed, codec), codec, SHRINKING_SECONDS), seed)))
    return part


@pytest.fixture(scope="module")
def parts() -> dict[int, Tally]:
    """What each part came to."""
    return {}


@pytest.mark.parametrize("first", range(0, HISTORIES, PART))
def test_every_projection_ends_as_the_oracle_says(first, parts):
    """Kills: whatever makes a projection depend on who died, what came first, or came twice; see `tests.mutants.simulation`."""
    parts[first] = checked(first)


def test_every_fault_fired_and_every_case_was_met(parts):
    whole = Tally()
    for first in range(0, HISTORIES, PART):
        whole.add(parts.get(first) or checked(first))
    assert not whole.missing()


def test_every_crash_point_is_one_that_must_fire():
    assert {point.value for point in CrashPoint} <= FAULTS.keys()


def test_a_seed_is_the_same_run_each_time_and_its_moves_repeat_it():
    """Kills: chance or a clock that no seed rules."""
    codec = fast_codec()
    for seed in range(12):
        run, again = run_seed(seed, codec), run_seed(seed, codec)
        played = run_again(run.setting, run.deeds, run.moves, codec)
        assert run.moves == again.moves
        assert run.fired == again.fired == played.fired


def test_what_fails_is_made_small_and_told_in_words(monkeypatch):
    """A ring that forgets its floor loses photos from feeds; of some hundred moves few are needed to show it."""
    from projections.ring import Ring

    offered = Ring.offer

    def forgetful(self, photo_ids):
        offered(self, photo_ids)
        self.floor = 0

    monkeypatch.setattr(Ring, "offer", forgetful)
    codec = fast_codec()
    seed = next(seed for seed in range(100) if any(d.projection == "feeds" for d in run_seed(seed, codec).differences[:1]))
    run = run_seed(seed, codec)
    small = shrunk(run, codec)
    lines = list(told_run(small, seed))
    assert len(small.moves) < len(run.moves) / 3
    assert any("upload_photo(" in line for line in lines)
    assert any(line.startswith("wanted and found differ: feeds ") for line in lines)
    assert lines[-1] == f"again: python -m tests.simulation --seed {seed}"
