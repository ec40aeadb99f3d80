"""Bugs that show only when somebody dies, comes late or reads in another order: seeded histories must notice them."""

from tests.mutants.mutant import Mutant

# The first hundred seeds, the second and the third; each bug names the hundred that notices it.
PART = "tests/simulation/test_histories.py::test_every_projection_ends_as_the_oracle_says"
FIRST, SECOND, THIRD = (f"{PART}[0]",), (f"{PART}[100]",), (f"{PART}[200]",)

MUTANTS = (
    # --- the order within a batch, and what is kept with it (I3, I5, I6) -------------------------------------------------
    Mutant(
        "a state is kept before the events are appended",
        "streams/batch_loop.py",
        "        self._around.at(CrashPoint.AFTER_ROWS)\n        await self._append_events(batch, changes, guard)\n",
        "        self._around.at(CrashPoint.AFTER_ROWS)\n        self._note(batch, guard)\n        self._state.commit()\n"
        "        await self._append_events(batch, changes, guard)\n",
        FIRST,
    ),
    Mutant(
        "a stamp that was seen is not kept with the state",
        "streams/ledger.py",
        "        self._stamps[key] = stamp[2:]\n        self._state.put(key, _STAMP.pack(*stamp[2:]))\n",
        "        self._stamps[key] = stamp[2:]\n",
        (
            "tests/simulation/test_crashes_between_any_two_steps.py"
            "::test_derived_events_are_folded_exactly_once_however_often_their_agents_die",
        ),
    ),
    Mutant(
        "an agent of several sources goes on under its old epoch",
        "streams/batch_loop.py",
        "self._epoch = await self._around.claim(self.agent.name, self.partition)",
        "self._epoch = 1",
        FIRST,
    ),
    # --- guards: what is late changes nothing (I4) -----------------------------------------------------------------------
    Mutant(
        "a guard in memory looks at numbers before epochs",
        "projections/memory.py",
        "(guard.epoch, guard.number) > self.stores.guards.get(line, (-1, -1))",
        "(guard.number, guard.epoch) > self.stores.guards.get(line, (-1, -1))[::-1]",
        SECOND,
    ),
    Mutant(
        "a guard in memory lets in whatever comes late",
        "projections/memory.py",
        "(guard.epoch, guard.number) > self.stores.guards.get(line, (-1, -1))",
        "guard.epoch >= self.stores.guards.get(line, (-1, -1))[0]",
        SECOND,
    ),
    Mutant(
        "a reprint leaves the guards of what was lost",
        "projections/memory.py",
        "            del self.stores.guards[one]\n\n    def _hold",
        "            pass\n\n    def _hold",
        (
            "tests/contracts/test_reprints.py"
            "::test_live_writes_go_on_from_the_state_that_was_printed_though_guards_were_ahead_of_it[memory-counters]",
        ),
    ),
    # --- folds: the last word is right, whoever died (decision 12) -------------------------------------------------------
    Mutant(
        "a wish that changes nothing is not said again",
        "agents/follows.py",
        "        self.followers[pair] = follower_row(",
        "        if before == after:\n            return\n        self.followers[pair] = follower_row(",
        ("tests/properties/test_what_the_dead_said_is_corrected.py::test_what_follows_says_in_the_end_is_what_is_so",),
    ),
    Mutant(
        "a tombstone is dropped when the upload is said again",
        "agents/photos.py",
        "    if before is not None and before.is_buried():\n        return cleared(event, before)\n",
        "",
        FIRST,
    ),
    Mutant(
        "what was folded after a flush is never flushed",
        "streams/batch_loop.py",
        "        self._unflushed = self.agent.flush is not None\n        self._reached",
        "        self._reached",
        FIRST,
    ),
    Mutant(
        "a like that is said again takes a new place where a batch ends in between",
        "agents/likers.py",
        "        elif found is not None and not unliked:",
        "        elif False:",
        FIRST,
    ),
    Mutant(
        "a comment that is added again is one more",
        "agents/comments.py",
        "deltas.get(event.photo_id, 0) + counted(state, comment) - before",
        "deltas.get(event.photo_id, 0) + (counted(state, comment) or -before)",
        FIRST,
    ),
    Mutant(
        "an author becomes pulled one follower late",
        "agents/celebrity.py",
        "wishes >= rules.celebrity_up",
        "wishes > rules.celebrity_up",
        FIRST,
    ),
    Mutant(
        "a follow is as old as its acceptance, though the account was public before",
        "agents/privacy.py",
        "Outcome(FollowState.FOLLOWING, min(began))",
        "Outcome(FollowState.FOLLOWING, max(began))",
        FIRST,
    ),
)
