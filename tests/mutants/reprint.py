"""Bugs in reprints: what is whole, what has been overtaken, what readers are told."""

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "a write to PostgreSQL from before a reprint gets in",
        "projections/prints.py",
        "        if found.get(key, 0) != epoch:\n",
        "        if found.get(key, 0) < epoch:\n",
        ("tests/specs/test_prints.py",),
    ),
    Mutant(
        "a write to Redis from before a reprint gets in",
        "projections/redis_functions.lua",
        "  if record_of(keys[3], args[2]) ~= tonumber(args[3]) then return -2 end\n",
        "",
        ("tests/contracts/test_private_prints.py",),
    ),
    Mutant(
        "a chunk in Redis that was overtaken goes unnoticed",
        "projections/redis_functions.lua",
        "  if tonumber(args[3]) ~= held then return -2 end\n",
        "",
        ("tests/contracts/test_private_prints.py",),
    ),
    Mutant(
        "a reprint is noted as done before its last chunk",
        "projections/reprinting.py",
        "        async with self._turns:\n",
        "        done = Print(place.epoch, printing.rows, True, request, place.sources)\n"
        "        await asyncio.gather(*(self._finished(store, key, done) for store in concerned))\n"
        "        async with self._turns:\n",
        ("tests/contracts/test_private_prints.py",),
    ),
    Mutant(
        "a begin that repeats deletes live guards again",
        "projections/redis_functions.lua",
        "  if tonumber(args[3]) == held then return 1 end\n",
        "",
        ("tests/contracts/test_private_prints.py",),
    ),
    Mutant(
        "progress is published before the reprint",
        "streams/batch_loop.py",
        "            await Reprinter(self.agent,",
        "            await self.publish()\n            await Reprinter(self.agent,",
        ("tests/specs/test_reprinting.py",),
    ),
    Mutant(
        "progress in another build than is read is trusted",
        "projections/progress.py",
        "builds.of(name) == n and ",
        "",
        ("tests/contracts/test_readers.py::test_progress_in_another_build_than_is_read_says_nothing",),
    ),
    Mutant(
        "progress from before a requested reprint is trusted",
        "projections/progress.py",
        "builds.request_of(name) <= record.requests.get(name, 0)",
        "True",
        ("tests/specs/test_prints.py",),
    ),
    Mutant(
        "a request that was met is owed for ever",
        "projections/prints.py",
        "if one.number > record.request}",
        "if one.number >= record.request}",
        ("tests/specs/test_prints.py",),
    ),
    Mutant(
        "a reprint that did not end counts as whole",
        "projections/prints.py",
        "& shards if record.whole else shards",
        "& shards if record.epoch else shards",
        ("tests/specs/test_prints.py",),
    ),
    Mutant(
        "who was overtaken claims anew and overtakes the owner",
        "streams/surroundings.py",
        "        except Overtaken:\n            raise\n",
        "",
        ("tests/specs/test_reprinting.py",),
    ),
    Mutant(
        "a state that is begun again loses its version",
        "streams/reprinting.py",
        "            Ledger(self._state).set_state_version(self._agent.state_version)\n",
        "",
        ("tests/specs/test_reprinting.py",),
    ),
)
