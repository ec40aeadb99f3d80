"""Bugs in what states print again: rows that are left out, rows that should not stand, scans that lose or hoard keys."""

from tests.mutants.mutant import Mutant

_SPECS = ("tests/specs/test_reprint_rows.py",)
_SCANS = ("tests/specs/test_printing.py",)
_EQUAL = ("tests/properties/test_reprinted_equals_live.py::test_what_is_printed_in_the_end_is_what_was_written",)
_RINGS = ("tests/properties/test_reprinted_equals_live.py::test_no_reprinted_ring_claims_to_be_deeper_than_it_is",)

MUTANTS = (
    Mutant(
        "a reprint of counts forgets those that were flushed",
        "agents/counting.py",
        "        for key, count in items_of(state, COUNT):\n            yield counter_row(kind, ids_in(key)[0], count)\n",
        "        yield from counts_of(state, kind, [ids_in(key)[0] for key, _ in items_of(state, DIRTY)])\n",
        _EQUAL,
    ),
    Mutant(
        "a reprint of followers forgets requests",
        "agents/follows.py",
        "if outcome.state is not FollowState.NONE:",
        "if outcome.state is FollowState.FOLLOWING:",
        _EQUAL,
    ),
    Mutant(
        "a reprint of celebrities forgets those who are pushed again",
        "agents/follows.py",
        "        if audience.pulled:\n",
        "        if audience.is_pulled():\n",
        _EQUAL,
    ),
    Mutant(
        "a reprint of viewers forgets readers who follow nobody",
        "agents/viewers.py",
        "heapq.merge(first_ids(state, FOLLOWED), first_ids(state, BARRED))",
        "first_ids(state, FOLLOWED)",
        _EQUAL,
    ),
    Mutant(
        "a reprint of photos forgets the deleted ones",
        "agents/photos.py",
        "        if photo.is_shown():\n",
        "        if photo.uploaded:\n",
        _EQUAL,
    ),
    Mutant(
        "a reprint of comments shows those that were only liked",
        "agents/comment_state.py",
        "        if c.added or c.deleted:\n            author_id",
        "        if c.likes or c.added or c.deleted:\n            author_id",
        _SPECS,
    ),
    Mutant(
        "a mention that was taken back stays in the state",
        "agents/terms.py",
        "            state.delete(key)\n",
        "            pass\n",
        _EQUAL,
    ),
    Mutant(
        "of each board only the newest window is kept",
        "agents/trend_rank.py",
        "self.state.put(WRITTEN + board_key(row.board) + _SORT.pack(row.window_start), msgspec",
        "self.state.put(WRITTEN + board_key(row.board), msgspec",
        _EQUAL,
    ),
    Mutant(
        "a board that ended within a batch is written and not kept",
        "agents/trend_rank.py",
        "        for row in written:\n",
        "        for row in written[len(self.ended) :]:\n",
        _SPECS + _EQUAL,
    ),
    Mutant(
        "a reprint pushes pulled photos",
        "agents/fanout.py",
        "        photo_ids = unpulled(recent, spans_of(state, author_id))\n",
        "        photo_ids = recent[::-1]\n",
        _SPECS,
    ),
    Mutant(
        "a reprint forgets the author's own timeline",
        "agents/fanout.py",
        "        yield Backfill(author_id, recent[::-1])\n        photo_ids",
        "        photo_ids",
        _EQUAL,
    ),
    Mutant(
        "a reprinted ring is given exactly its depth and does not know that older photos exist",
        "agents/fanout.py",
        "len(recent) - turn.depth - 1)]",
        "len(recent) - turn.depth)]",
        _RINGS,
    ),
    Mutant(
        "a scan in chunks gives the last key of each chunk twice",
        "agents/printing.py",
        "        after = chunk[-1][0]\n",
        "        after = chunk[-2:][0][0]\n",
        _SCANS,
    ),
    Mutant(
        "a reprint gathers everything before its first row",
        "agents/printing.py",
        "list(state.scan(prefix, after, CHUNK))",
        "list(state.scan(prefix, after))",
        _SCANS,
    ),
    Mutant(
        "the digest of a timeline counts what is pulled",
        "projections/ring_digest.py",
        "return owner != person and any(",
        "return False and any(",
        _EQUAL,
    ),
)
