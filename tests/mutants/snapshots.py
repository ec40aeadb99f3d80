"""Bugs in taking, choosing, restoring and pruning snapshots of states."""

from tests.mutants.mutant import Mutant

CONTRACT = "tests/contracts/test_snapshots.py"
SPEC = "tests/specs/test_snapshots.py"
HOLDING = "tests/specs/test_holding_snapshots.py"
PLACES = "tests/specs/test_held_places.py"
RUINED = "tests/specs/test_ruined.py"

MUTANTS = (
    Mutant(
        "a snapshot's manifest is written before its files",
        "streams/snapshotting.py",
        "        known = watched.last\n",
        '        await self._objects.put(SNAPSHOTS, *encoded(manifest), "application/json")\n        known = watched.last\n',
        (f"{CONTRACT}::test_whoever_dies_in_a_snapshot_leaves_the_one_before_it_or_a_whole_one",),
    ),
    Mutant(
        "a restored file's checksum is not compared",
        "streams/restoring.py",
        "if summed != file.sha256:",
        "if not summed:",
        (f"{CONTRACT}::test_a_damaged_snapshot_is_refused_with_its_reason_and_the_one_before_it_is_used",),
    ),
    Mutant(
        "a manifest's checksum is not compared",
        "streams/snapshots.py",
        'if hashlib.sha256(body).hexdigest() != named["sha256"]:',
        "if not body:",
        (f"{SPEC}::test_a_manifest_whose_bytes_are_not_those_of_its_key_is_refused",),
    ),
    Mutant(
        "a file is pruned that a newer snapshot still names",
        "streams/snapshots.py",
        "if key not in still_named and (key in named_until_now or",
        "if key in named_until_now or (key not in still_named and",
        (
            f"{SPEC}::test_the_newest_snapshots_stay_with_all_their_files",
            f"{CONTRACT}::test_old_snapshots_are_pruned_and_what_is_left_is_whole",
        ),
    ),
    Mutant(
        "what another worker is sending is pruned",
        "streams/snapshots.py",
        "(key in named_until_now or there.now_ms - stored_ms > ORPHAN_MS)",
        "(key in named_until_now or there.now_ms - stored_ms >= 0)",
        (
            f"{SPEC}::test_a_file_that_no_manifest_ever_named_goes_only_when_it_is_old",
            f"{CONTRACT}::test_files_of_a_snapshot_under_way_elsewhere_are_not_pruned",
        ),
    ),
    Mutant(
        "damaged snapshots push out the last good one",
        "streams/snapshots.py",
        "    kept = set(readable[:KEPT])\n",
        "    kept = set(newest_first[:KEPT])\n",
        (f"{SPEC}::test_a_manifest_that_cannot_be_read_is_not_counted_among_those_that_are_kept",),
    ),
    Mutant(
        "a snapshot beyond the end of the log is used",
        "streams/snapshots.py",
        "if position > ends.get(topic, 0):",
        "if position > ends.get(topic, position):",
        (f"{SPEC}::test_a_state_of_another_version_or_beyond_the_end_of_the_log_is_not_used",),
    ),
    Mutant(
        "the oldest snapshot is restored",
        "streams/snapshots.py",
        "key=_order, reverse=True)",
        "key=_order)",
        (f"{SPEC}::test_the_newest_snapshot_is_tried_first",),
    ),
    Mutant(
        "a snapshot says the position of the batch that is being folded",
        "streams/snapshotting.py",
        "return Ledger(self.state.committed()).positions(self.agent.sources)",
        "return Ledger(self.state).positions(self.agent.sources)",
        (f"{CONTRACT}::test_changes_that_are_not_committed_are_in_no_snapshot",),
    ),
    Mutant(
        "a file that was sent once is taken to be stored for ever",
        "streams/snapshotting.py",
        "        sent_bytes += await self._send_files(manifest, directory, absent_files(manifest, there.sizes))\n",
        "",
        (f"{CONTRACT}::test_a_file_that_another_worker_pruned_meanwhile_is_sent_again",),
    ),
    Mutant(
        "a snapshot is restored over a state that is there",
        "streams/holding.py",
        "if not version_of(agent, state) and self._restoring is not None:",
        "if self._restoring is not None:",
        (f"{HOLDING}::test_a_state_that_is_there_is_not_replaced_by_a_snapshot",),
    ),
    Mutant(
        "a state of another version is folded on",
        "streams/holding.py",
        "not in (0, agent.state_version):",
        "not in (0, 1, agent.state_version):",
        (f"{HOLDING}::test_a_state_of_another_version_is_wiped_and_comes_back_only_from_a_snapshot_of_its_own",),
    ),
    Mutant(
        "a worker ends because its snapshots cannot be stored",
        "streams/snapshotting.py",
        "        except NeighbourAway as away:\n            watched",
        "        except TimeoutError as away:\n            watched",
        (f"{HOLDING}::test_folding_goes_on_while_the_object_store_is_away_and_snapshots_follow_later",),
    ),
    Mutant(
        "a place is given away while its state does not close",
        "streams/letting_go.py",
        "    if not done:\n",
        "    if not done:\n        lock.release()\n",
        (f"{PLACES}::test_a_state_that_does_not_close_stops_nobody_else_is_told_and_keeps_its_place",),
    ),
    Mutant(
        "a scan ends at a damaged block as if nothing came after it",
        "streams/state.py",
        "            beyond.status()\n",
        "            beyond.valid()\n",
        (f"{RUINED}::test_whoever_reads_a_damaged_block_hears_of_it_and_nobody_opens_that_state_again",),
    ),
    Mutant(
        "a state that was found damaged is opened again",
        "streams/state.py",
        "        check_not_marked(path)\n",
        "",
        (f"{RUINED}::test_a_block_that_is_found_damaged_ends_the_worker_once_and_the_next_start_begins_anew",),
    ),
    Mutant(
        "a snapshot of a damaged state is restored over and over",
        "streams/restoring.py",
        "            if was_set_aside(place):\n",
        "            if not place:\n",
        (f"{RUINED}::test_a_snapshot_of_a_state_that_was_damaged_already_is_not_restored_over_and_over",),
    ),
    Mutant(
        "older damaged states of a place stay",
        "streams/ruined.py",
        "        shutil.rmtree(one, ignore_errors=True)\n",
        "        continue\n",
        (f"{RUINED}::test_the_newest_damaged_state_of_a_place_is_kept_and_no_other",),
    ),
)
