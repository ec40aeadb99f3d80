"""What goes wrong with a store, as three errors that say what to do.

The runtime treats `StoreAway` as a neighbour that is away: the worker exits, is restarted and goes on from its state.
"""


class StoreAway(Exception):
    """A store did not answer after bounded retries; exit and be restarted."""


class StoreNotPrepared(StoreAway):
    """A store answers, but nothing was set up in it; run `python -m projections prepare`."""


class StoreLost(StoreAway):
    """A store is not the one that was opened: its birth id changed. State that trusted it must be discarded."""
