"""Bugs in what is made only when it is taken: chunks that begin anew, chunks that are lost, scans that stop early."""

from tests.mutants.mutant import Mutant

_EVENTS = ("tests/specs/test_lazy_events.py",)
_MANY = ("tests/specs/test_follows_of_many.py",)

MUTANTS = (
    Mutant(
        "the index of events starts anew in each chunk",
        "streams/batch_loop.py",
        "        while chunk:\n",
        "        while chunk:\n            indexes = {}\n",
        _EVENTS,
    ),
    Mutant(
        "only the first chunk of events is appended",
        "streams/batch_loop.py",
        "                self._around.at(CrashPoint.MID_EVENTS)\n",
        "                chunk = []\n",
        _EVENTS,
    ),
    Mutant(
        "all events are taken before the first is appended",
        "streams/batch_loop.py",
        "waiting = iter(self._in_order(changes.events))",
        "waiting = iter(list(self._in_order(changes.events)))",
        _EVENTS,
    ),
    Mutant(
        "the order of events is not looked at where two chunks meet",
        "streams/batch_loop.py",
        "            last = caused.offset\n",
        "            last = caused.offset if caused.offset < 3 else 0\n",
        _EVENTS,
    ),
    Mutant(
        "a scan over followers ends after its first chunk",
        "agents/wishes.py",
        "    while chunk := list(islice(pairs, SCAN_CHUNK)):\n",
        "    if chunk := list(islice(pairs, SCAN_CHUNK)):\n",
        _MANY,
    ),
    Mutant(
        "of two scans in one batch the later one counts",
        "agents/follows.py",
        "since=min(scan.since, before.since)",
        "since=scan.since",
        _MANY,
    ),
    Mutant(
        "rows of a scan are gathered before the first is written",
        "agents/follows.py",
        "self._rows() if self.scans else",
        "iter(list(self._rows())) if self.scans else",
        _MANY,
    ),
    Mutant(
        "who is back later in a batch was never away",
        "agents/wishes.py",
        "outcome_of(privacy, wish, self.presence)",
        "outcome_of(privacy, wish, absent_among(state, [self.user_id]).get(self.user_id, Presence.HERE))",
        _MANY,
    ),
)
