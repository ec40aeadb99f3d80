"""Bugs in what the API believes of its stores, and in what it refuses when there is too much."""

from tests.mutants.mutant import Mutant

_TRUST = "tests/specs/test_api_trust.py"
_SHEDDING = "tests/specs/test_api_shedding.py"

MUTANTS = (
    Mutant(
        "a Redis that was emptied is believed while its connection lives",
        "projections/witnessed.py",
        "if self.birth is None or said == self.birth.encode():",
        "if self.birth is None or said in (None, self.birth.encode()):",
        ("tests/contracts/test_private_redis.py::test_what_an_emptied_redis_says_is_not_believed",),
    ),
    Mutant(
        "a Redis is believed as soon as it has a birth id",
        "api/trust.py",
        "told.birth == snapshot.birth and key not in snapshot.back",
        "key not in snapshot.back",
        (f"{_TRUST}::test_a_redis_with_a_new_birth_is_believed_for_what_is_printed_again_only",),
    ),
    Mutant(
        "what was read while Redis became another one is used",
        "api/trust.py",
        "self._stores.redis.birth != self.birth or self._stores.builds.current is not self._builds",
        "self._stores.builds.current is not self._builds",
        (f"{_TRUST}::test_what_is_read_while_redis_becomes_another_one_is_not_used",),
    ),
    Mutant(
        "an agent that goes over history again is believed",
        "api/trust.py",
        "if snapshot is not None and key in snapshot.back and len(told.record.sources) > 1:",
        "if snapshot is None and key in snapshot.back and len(told.record.sources) > 1:",
        (f"{_TRUST}::test_an_agent_that_goes_over_history_again_is_not_believed_until_it_is_where_it_was",),
    ),
    Mutant(
        "an empty server is believed in the place of the one that was lost",
        "api/trust.py",
        'found[server] and births.get(f"postgres{server}") == found[server]',
        "found[server]",
        (f"{_TRUST}::test_an_empty_server_in_the_place_of_another_knows_nothing",),
    ),
    Mutant(
        "a shard that is to be printed again is believed",
        "api/trust.py",
        "record.requests.get(name, 0) >= builds.request_of(name)",
        "record.requests.get(name, 0) >= 0",
        (f"{_TRUST}::test_what_is_to_be_printed_again_is_not_believed_before_it_was",),
    ),
    Mutant(
        "counts that may be late pass for the newest",
        "api/trust.py",
        "(bool(instead) and all(",
        "(all(",
        (f"{_TRUST}::test_a_redis_that_was_emptied_is_not_believed_and_postgres_still_is",),
    ),
    Mutant(
        "a value is recalled from a Redis that was lost, since its agent stands where it stood",
        "api/recall.py",
        "made = Stamp(birth, each.sources",
        'made = Stamp("", each.sources',
        (
            "tests/specs/test_api_recall.py::test_a_value_is_forgotten_when_redis_was_restored_though_its_agent_stands_where_it_stood",
        ),
    ),
    Mutant(
        "everybody tries whether the log is back",
        "api/shedding.py",
        "return None if wait <= 0 and not self._trying(now) else max(wait, 0.0)",
        "return None if wait <= 0 else wait",
        (f"{_SHEDDING}::test_one_at_a_time_tries_whether_the_log_is_back",),
    ),
    Mutant(
        "one partition that is away holds everybody off",
        "api/shedding.py",
        "if self._came_through <= self._under_way[mark]:",
        "if self._came_through > 0:",
        (f"{_SHEDDING}::test_one_partition_that_is_away_alone_holds_nobody_off",),
    ),
    Mutant(
        "uploads give back no room",
        "api/calls.py",
        "self.context.load.drop_upload(self._room)",
        "self.context.load.drop_upload(0)",
        (f"{_SHEDDING}::test_uploads_take_room_until_they_are_answered",),
    ),
)
