"""What goes wrong with a store, as errors that say what to do.

The runtime treats `StoreAway` as a neighbour that is away: the worker exits, is restarted and goes on from its state.
"""


class StoreAway(Exception):
    """A store did not answer after bounded retries; exit and be restarted."""


class StoreNotPrepared(StoreAway):
    """A store answers, but nothing was set up in it; run `python -m projections prepare`."""


class StoreLost(StoreAway):
    """A store is not the one that was opened: its birth id changed. Open it anew; what it owes is printed from states."""


class StoreOvertaken(StoreAway):
    """Another worker has begun a later reprint of the same rows: this one does not own them any more. Exit at once."""
