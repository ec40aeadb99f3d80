"""The catalogue of planted bugs: one entry each, with the file, the text, the wrong text, and the tests that must notice.

Every entry is a mistake that somebody could make: an order turned round, a border off by one, an increment for an absolute
value. An old text must stand exactly once in its file, so that an entry cannot go stale in silence.
"""

from tests.mutants import (
    api_trust,
    behaviours,
    brokers,
    chaos,
    clearing,
    core,
    follows,
    lazy,
    letters,
    notifications,
    presence,
    refusals,
    reprint,
    reprint_rows,
    scale,
    seen,
    simulation,
    snapshots,
)
from tests.mutants.mutant import Mutant

# One line for each module of bugs.
MUTANTS: tuple[Mutant, ...] = (
    *api_trust.MUTANTS,
    *behaviours.MUTANTS,
    *brokers.MUTANTS,
    *chaos.MUTANTS,
    *clearing.MUTANTS,
    *core.MUTANTS,
    *follows.MUTANTS,
    *lazy.MUTANTS,
    *letters.MUTANTS,
    *notifications.MUTANTS,
    *presence.MUTANTS,
    *refusals.MUTANTS,
    *reprint.MUTANTS,
    *reprint_rows.MUTANTS,
    *scale.MUTANTS,
    *seen.MUTANTS,
    *simulation.MUTANTS,
    *snapshots.MUTANTS,
)
