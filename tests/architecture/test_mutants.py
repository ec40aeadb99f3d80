"""The list of planted bugs is not stale: each still fits its file, and names tests that exist and need no stack."""

from collections import Counter

import pytest

from tests.mutants.catalog import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.planting import ROOT, is_stale

FEWEST = 16


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_planted_bug_fits_its_file_exactly_once(mutant):
    assert not is_stale(mutant), f"{mutant.file} does not hold this exactly once:\n{mutant.old}"


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_its_tests_exist(mutant):
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert (ROOT / file).exists(), test
        # One set of a test's parameters may be named.
        name = name.partition("[")[0]
        assert not name or f"def {name}(" in (ROOT / file).read_text(), test


def test_there_are_enough_and_no_name_stands_twice():
    assert len(MUTANTS) >= FEWEST
    assert max(Counter(mutant.name for mutant in MUTANTS).values()) == 1


def test_an_entry_that_no_longer_fits_is_stale():
    one = MUTANTS[0]
    assert is_stale(Mutant("gone", one.file, "this text stands nowhere", "x", one.tests))
    assert is_stale(Mutant("often", one.file, "self", "x", one.tests))
    assert is_stale(Mutant("nothing", one.file, one.old, one.old, one.tests))
    assert is_stale(Mutant("no file", "projections/gone.py", "x", "y", one.tests))
