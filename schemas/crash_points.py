"""Every durable boundary at which a process may die, each by a name, and what recovery owes there.

Code that passes a boundary calls a hook with its name. In production the hook is `pass_by`, which does nothing; simulations
give one that raises, so that each boundary is a place where a process has died many times.
"""

from collections.abc import Callable
from enum import StrEnum


class CrashPoint(StrEnum):
    """Where a process may die. What is said of each is what the next process owes."""

    AFTER_CLAIM = "after the claim of an epoch"
    """Nothing is owed: the next process claims a higher epoch."""

    AFTER_POSTGRES = "after the rows in PostgreSQL, before those in Redis"
    """The batch again: PostgreSQL refuses it by its guard, Redis takes it."""

    AFTER_REDIS = "after the keys in Redis, before the rings"
    """The batch again: both refuse what they have, the rings take it."""

    MID_FANOUT = "between two chunks of rings"
    """All chunks again: an offer to a ring repeats without effect."""

    AFTER_ROWS = "after all rows, before the events"
    """The batch again: every row is refused or the same, the events are appended."""

    MID_EVENTS = "between two chunks of a batch's events"
    """The batch again. With one source the same events under the same stamps, of which readers drop those that they had; with
    several what is so then of every key concerned, under higher stamps: what was said is said again or corrected."""

    AFTER_EVENTS = "after the broker has the events, before the dead letters"
    """The batch again: the events stand twice in the log. With one source readers drop the second by its stamp; with several
    it has a higher stamp, and says what is so then."""

    AFTER_DEAD_LETTERS = "after the dead letters, before the state"
    """The batch again: a dead letter may stand twice, under one id."""

    AFTER_STATE = "after the state with its position, before the progress"
    """Only progress: the next batch, or an idle second, publishes it."""

    BEFORE_COMMIT = "after the progress, before the batch is acknowledged"
    """Nothing: the group's offset is for lag tools alone."""

    AFTER_FLUSH = "after rows that could wait, before the state forgets that they waited"
    """They are written again, with the same values."""

    MID_EFFECT = "after an effect's object, before its event"
    """The effect again: the object is replaced by the same bytes, the event is appended."""

    AFTER_CHECKPOINT = "after a checkpoint of a state, before any file of it is uploaded"
    """The checkpoint is deleted; an older snapshot stands."""

    MID_SNAPSHOT = "after files of a snapshot, before its manifest"
    """Files that no manifest names are pruned later; an older snapshot stands."""

    AFTER_MANIFEST = "after the manifest of a snapshot, before old ones are pruned"
    """The snapshot counts; the next one prunes."""

    MID_RESTORE = "after some files of a snapshot were fetched"
    """What was fetched is deleted, and the restore begins anew."""

    MID_REPRINT = "between two chunks of a reprint"
    """The reprint again from the start, under a higher epoch; readers are told all the while that it is incomplete."""

    AFTER_REPRINT = "after the last chunk of a reprint, before it is noted as done"
    """The reprint again: the same rows."""

    AFTER_BLOB = "at the edge: after the original, before its event"
    """Nothing but the answer: an original that no event names is an orphan, and the client was told nothing."""

    AFTER_APPEND = "at the edge: after the event, before the answer"
    """Exactly one effect: the client's retry under the same key meets the same id."""


Hook = Callable[[CrashPoint], None]


def pass_by(point: CrashPoint) -> None:
    """Do nothing: what production does at every boundary."""
