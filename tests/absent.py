"""What a test does when a neighbour that it needs is not there: skip, unless `make test` has promised that it is."""

import os
from typing import NoReturn

import pytest

# Set by `make test` once the test stack is up: then nothing may be skipped for want of it.
PROMISED = "STACK_IS_UP"


def absent(what: str) -> NoReturn:
    """Skip, saying what is missing; fail when the stack was promised to be up."""
    if os.environ.get(PROMISED):
        pytest.fail(f"the test stack is up, and yet: {what}")
    pytest.skip(what)
