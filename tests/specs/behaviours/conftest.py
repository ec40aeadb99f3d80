"""Every spec here ends with a rebuild: what folds made is made again from offset zero, in another order, and is the same."""

import pytest

from tests.specs.behaviours.town import Town
from tests.specs.behaviours.world import RUNNER


@pytest.fixture(autouse=True)
def rebuilt():
    Town.opened.clear()
    yield
    for town in Town.opened:
        town.check_rebuilt()


@pytest.fixture(autouse=True, scope="session")
def runner():
    yield
    RUNNER.close()
