"""Bugs in the checks of `make chaos`: a check that notices nothing would let every run end well."""

from tests.mutants.mutant import Mutant

SPECS = "tests/specs/test_chaos_checks.py"

MUTANTS = (
    Mutant(
        "chaos overlooks what is lost",
        "tests/chaos/compare.py",
        "sorted(wanted.must - set(found))",
        "sorted(set(found) - wanted.may)",
        (f"{SPECS}::test_a_lost_comment_is_noticed",),
    ),
    Mutant(
        "chaos compares sets and overlooks what is doubled",
        "tests/chaos/compare.py",
        "for name, times in Counter(found).items() if times > 1",
        "for name, times in Counter(set(found)).items() if times > 1",
        (f"{SPECS}::test_a_doubled_comment_is_noticed_although_its_count_is_right",),
    ),
    Mutant(
        "chaos lets a count be smaller than its list",
        "tests/chaos/compare.py",
        "if count is not None and count != len(found):",
        "if count is not None and count > len(found):",
        (f"{SPECS}::test_a_count_that_is_not_the_length_of_its_list_is_noticed",),
    ),
    Mutant(
        "chaos goes on allowing both after a write was acknowledged",
        "tests/chaos/model.py",
        "        self.values = frozenset(map(change, self.values))\n",
        "        self.values |= frozenset(map(change, self.values))\n",
        (f"{SPECS}::test_a_write_of_unknown_outcome_allows_both_and_an_acknowledged_one_ends_the_doubt",),
    ),
    Mutant(
        "chaos takes a projection that was not rebuilt for an equal one",
        "tests/chaos/compare.py",
        "for name in live if name not in rebuilt]",
        "for name in live if not rebuilt.get(name, name)]",
        (f"{SPECS}::test_a_digest_that_differs_and_one_that_was_not_rebuilt_are_noticed",),
    ),
    Mutant(
        "chaos strikes two brokers at once",
        "tests/chaos/plan.py",
        "return fault.group not in ALONE or",
        "return True or",
        (f"{SPECS}::test_never_two_brokers_or_two_postgres_servers_at_once",),
    ),
    # What a run of it found.
    Mutant(
        "a refused try deletes the id under which an earlier one appended",
        "api/remembered.py",
        "(self._inherited or not refused)",
        "not refused",
        ("tests/specs/test_api_remembered.py::test_a_refusal_after_a_failure_leaves_the_id_that_may_be_in_the_log",),
    ),
    Mutant(
        "a lease is prolonged while the answer is written down",
        "api/remembered.py",
        "        async with self.putting:\n            entry",
        "        if True:\n            entry",
        ("tests/specs/test_api_remembered.py::test_a_lease_that_is_prolonged_meanwhile_is_not_taken_for_another",),
    ),
    Mutant(
        "a state whose opening was given up stays open",
        "streams/holding.py",
        "            await self._close(state.close, lock)\n            raise\n",
        "            lock.release()\n            raise\n",
        ("tests/specs/test_holding.py::test_a_state_whose_opening_is_given_up_can_be_opened_again",),
    ),
)
