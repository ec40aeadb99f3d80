"""The catalogue of planted bugs: one entry each, with the file, the text, the wrong text, and the tests that must notice.

Every entry is a mistake that somebody could make: an order turned round, a border off by one, an increment for an absolute
value. An old text must stand exactly once in its file, so that an entry cannot go stale in silence.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One planted bug. `tests` are pytest's names; a test that fails catches it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS = (
    # --- guards: a repeat changes nothing (I4) ------------------------------------------------------------------------
    Mutant(
        "a guard in memory lets a repeat in",
        "projections/memory.py",
        "(guard.epoch, guard.number) > self._guards.get(line, (-1, -1))",
        "(guard.epoch, guard.number) >= self._guards.get(line, (-1, -1))",
        ("tests/contracts/test_private_redis.py::test_the_sink_in_memory_takes_no_second_row_of_one_batch",),
    ),
    Mutant(
        "a guard in Redis lets a repeat in",
        "projections/redis_functions.lua",
        "and number <= stored_number)",
        "and number < stored_number)",
        ("tests/contracts/test_private_redis.py::test_a_commit_that_repeats_or_is_older_changes_nothing",),
    ),
    Mutant(
        "a guard in Redis compares numbers across epochs",
        "projections/redis_functions.lua",
        "if epoch < stored_epoch or (epoch == stored_epoch and number <= stored_number) then return 0 end",
        "if number <= stored_number then return 0 end",
        ("tests/contracts/test_private_redis.py::test_a_newer_epoch_begins_its_numbers_anew",),
    ),
    Mutant(
        "a commit gets into a Redis that is another one",
        "projections/redis_functions.lua",
        "if redis.call('GET', keys[2]) ~= args[1] then return -1 end",
        "",
        ("tests/contracts/test_private_redis.py::test_a_store_that_was_emptied_takes_nothing_of_those_who_knew_it_before",),
    ),
    # --- rings: the newest distinct ids, and an honest floor -----------------------------------------------------------
    Mutant(
        "a ring in Redis that grew deeper forgets its floor",
        "projections/redis_functions.lua",
        "ring.floor, ring.cut = string.sub(ids, 1, 8), 0",
        "ring.cut = 0",
        ("tests/contracts/test_private_redis.py::test_a_deeper_ring_takes_nothing_from_below_its_floor",),
    ),
    Mutant(
        "a ring in Redis forgets that it cut something off",
        "projections/redis_functions.lua",
        "    ids = string.sub(ids, surplus * 8 + 1)\n    ring.cut = 1\n",
        "    ids = string.sub(ids, surplus * 8 + 1)\n",
        ("tests/contracts/test_private_redis.py::test_a_ring_in_redis_is_the_ring_in_memory",),
    ),
    Mutant(
        "an id just below the newest goes to the wrong place of a ring in Redis",
        "projections/redis_functions.lua",
        "redis.call('SETRANGE', key, HEADER + (first + at) * 8, id .. string.sub(near, at * 8 + 1))",
        "redis.call('SETRANGE', key, HEADER + ring.head * 8, id)",
        ("tests/contracts/test_private_redis.py::test_a_ring_in_redis_is_the_ring_in_memory",),
    ),
    Mutant(
        "a ring in memory says that it is complete down to what it cut off",
        "projections/ring.py",
        "                self._ids.pop(0)\n                self.floor = self._ids[0]\n",
        "                self.floor = self._ids.pop(0)\n",
        ("tests/contracts/test_private_redis.py::test_a_ring_in_redis_is_the_ring_in_memory",),
    ),
    # --- the order within a batch (I6) --------------------------------------------------------------------------------
    Mutant(
        "events are appended before the rows are written",
        "streams/batch_loop.py",
        "        changes = await self._write(lambda: self._decide(batch), guard)\n        by_offset",
        "        await self._append_events(batch, self._decide(batch), guard)\n"
        "        changes = await self._write(lambda: self._decide(batch), guard)\n        by_offset",
        ("tests/specs/test_batch_loop.py",),
    ),
    Mutant(
        "state is committed before the events are appended",
        "streams/batch_loop.py",
        "        await self._append_events(batch, changes, guard)\n        await self._append([self._dead_letter",
        "        self._note(batch, guard)\n        self._state.commit()\n"
        "        await self._append_events(batch, changes, guard)\n        await self._append([self._dead_letter",
        ("tests/specs/test_batch_loop.py",),
    ),
    Mutant(
        "a batch is acknowledged before it is folded",
        "streams/holding.py",
        "                await self.loop.fold(taken[0].topic, records, taken[0].follows)\n",
        "                for one in taken:\n                    one.finished()\n"
        "                await self.loop.fold(taken[0].topic, records, taken[0].follows)\n",
        ("tests/specs/test_holding.py",),
    ),
    Mutant(
        "the position is noted after the commit of the state",
        "streams/batch_loop.py",
        "        self._note(batch, guard)\n        self._state.commit()\n",
        "        self._state.commit()\n        self._note(batch, guard)\n",
        ("tests/specs/test_batch_loop.py", "tests/specs/test_holding.py"),
    ),
    Mutant(
        "records that the position has seen are folded again",
        "streams/batch_loop.py",
        "if record.offset >= position]",
        "if record.offset >= position - 1]",
        ("tests/specs/test_batch_loop.py",),
    ),
    Mutant(
        "a hole in what is delivered is passed over",
        "streams/batch_loop.py",
        "        if follows > position:\n",
        "        if False:\n",
        ("tests/specs/test_batch_loop.py",),
    ),
    Mutant(
        "dead letters are counted and not written",
        "streams/batch_loop.py",
        "        await self._append([self._dead_letter(topic, one) for one in bad])\n",
        "",
        ("tests/specs/test_batch_loop.py",),
    ),
    Mutant(
        "a retry writes rows that were used up",
        "streams/batch_loop.py",
        "        async def once() -> Changes:\n            self._state.forget()\n            self._ledger.forget()\n"
        "            changes = decide()\n",
        "        changes = decide()\n\n        async def once() -> Changes:\n",
        ("tests/specs/test_batch_loop.py",),
    ),
    # --- stamps: a repeated event is not news (I5) --------------------------------------------------------------------
    Mutant(
        "stamps are not checked",
        "streams/ledger.py",
        "        if stamp[2:] <= last:\n            return False\n",
        "",
        ("tests/specs/test_batch_loop.py",),
    ),
    Mutant(
        "the last stamp counts as new",
        "streams/ledger.py",
        "if stamp[2:] <= last:",
        "if stamp[2:] < last:",
        ("tests/specs/test_ledger.py",),
    ),
    Mutant(
        "stamps are remembered and not kept",
        "streams/ledger.py",
        "        self._state.put(key, _STAMP.pack(*stamp[2:]))\n",
        "",
        ("tests/specs/test_batch_loop.py",),
    ),
    # --- commits to the group -----------------------------------------------------------------------------------------
    Mutant(
        "a commit passes a batch that is not finished",
        "streams/transport.py",
        "while in_flight and in_flight[0] in acked:",
        "while in_flight and acked:",
        ("tests/properties/test_commits_are_prefixes.py",),
    ),
    # --- folds: sets and absolute values (I3), tombstones, order ------------------------------------------------------
    Mutant(
        "a tombstone of a photo is forgotten",
        "agents/photos.py",
        "    if before is not None and before.state is PhotoState.DELETED:\n        return None\n",
        "",
        ("tests/specs/test_photos.py",),
    ),
    Mutant(
        "a deleted comment comes back",
        "agents/comments.py",
        "    if not comment.added and not comment.deleted:\n",
        "    if not comment.added:\n        comment.deleted = False\n",
        ("tests/specs/test_comments.py",),
    ),
    Mutant(
        "a photo deleted before it is ready is delivered",
        "agents/fanout.py",
        '    turn.state.put(key_of(TOMBSTONE, photo_id), b"")\n',
        "",
        ("tests/specs/test_fanout.py",),
    ),
    Mutant(
        "counts are told as increments",
        "agents/counting.py",
        "rows.append(CounterRow(kind, entity, value))",
        "rows.append(CounterRow(kind, entity, delta))",
        ("tests/specs/test_likes.py",),
    ),
    Mutant(
        "every like adds one",
        "agents/likes.py",
        "if wanted and found is None:",
        "if wanted:",
        ("tests/specs/test_likes.py",),
    ),
    Mutant(
        "likes of comments count for the photo",
        "agents/likes.py",
        'columns.filter(pl.col("comment_id").is_null() & ',
        "columns.filter(",
        ("tests/specs/test_likes.py",),
    ),
    Mutant(
        "the first word of a batch stands instead of the last",
        "agents/likes.py",
        'keep="last", maintain_order=True',
        'keep="first", maintain_order=True',
        ("tests/specs/test_likes.py",),
    ),
    Mutant(
        "rows come in an order of chance",
        "agents/likers.py",
        '.group_by("target_id", "actor_id", maintain_order=True)',
        '.group_by("target_id", "actor_id")',
        ("tests/properties/test_folds_are_deterministic.py",),
    ),
    Mutant(
        "a repeated like moves to the top of the list",
        "agents/likers.py",
        "elif found is not None and not unliked:",
        "elif found is not None and unliked:",
        ("tests/specs/test_likers.py",),
    ),
    # --- people -------------------------------------------------------------------------------------------------------
    Mutant(
        "the later claim of a name wins",
        "agents/accounts.py",
        "won = held is None or is_free(",
        "won = held is None or not is_free(",
        ("tests/specs/test_accounts.py",),
    ),
    Mutant(
        "a wish from before an account was private is a request",
        "agents/privacy.py",
        "if end == 0 or end > wish.wanted_at][:1]",
        "if end == 0][:1]",
        ("tests/specs/test_follows.py",),
    ),
    Mutant(
        "privacy is compared with the wrong border",
        "agents/privacy.py",
        "if end == 0 or end > wish.wanted_at][:1]",
        "if end == 0 or end > wish.wanted_at - 1][:1]",
        ("tests/specs/test_follows.py", "tests/properties/test_follows_commute.py"),
    ),
    Mutant(
        "an author is pulled one follower late",
        "agents/celebrity.py",
        "wishes >= rules.celebrity_up:",
        "wishes > rules.celebrity_up:",
        ("tests/specs/test_follows.py",),
    ),
    Mutant(
        "an author is pushed again one follower late",
        "agents/celebrity.py",
        "wishes <= rules.celebrity_down:",
        "wishes < rules.celebrity_down:",
        ("tests/specs/test_follows.py",),
    ),
    Mutant(
        "a block cuts one side only",
        "agents/relations.py",
        "change(without_wish(mine), blocking_since=since), without_wish(theirs)",
        "change(without_wish(mine), blocking_since=since), theirs",
        ("tests/specs/test_relations.py",),
    ),
    # --- decoding, ids, reading ---------------------------------------------------------------------------------------
    Mutant(
        "the guard column is not looked at",
        "schemas/columns.py",
        "guards.min() == guard == guards.max()",
        "guards.min() is not None",
        ("tests/specs/test_columns.py", "tests/properties/test_columns_prove_borders.py"),
    ),
    Mutant(
        "a minter ignores its watermark",
        "streams/lane_sequence.py",
        "if self._now >= self.watermark_ms:",
        "if self._now > self.watermark_ms + 60_000:",
        ("tests/specs/test_minter.py", "tests/properties/test_minted_ids_are_unique.py"),
    ),
    Mutant(
        "a minter follows a clock that steps back",
        "streams/lane_sequence.py",
        "if now_ms > self._now:",
        "if now_ms != self._now:",
        ("tests/properties/test_minted_ids_are_unique.py",),
    ),
    Mutant(
        "a page goes on behind its next item",
        "api/pages.py",
        "key(of[limit - 1]) if len(items) > limit else None",
        "key(of[limit]) if len(items) > limit else None",
        ("tests/specs/test_api_cursors.py",),
    ),
    Mutant(
        "a block hides one way only",
        "api/visibility.py",
        "return other_id in viewer.blocking or other_id in viewer.blocked_by",
        "return other_id in viewer.blocked_by",
        ("tests/specs/test_api_visibility.py",),
    ),
    Mutant(
        "a reader does not wait for what agents emitted",
        "api/positions.py",
        "        self._owe(made, snapshot, relevant)\n",
        "",
        ("tests/specs/test_api_positions.py",),
    ),
)
