"""Bugs in what keeps the log when a broker dies, in leases, and in what a rebalance does to partitions."""

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "a record counts as safe when one of three brokers has it",
        "streams/topics.py",
        "return max(1, replicas - 1)",
        "return 1",
        ("tests/specs/test_topics.py",),
    ),
    Mutant(
        "a broker that lacks records may lead",
        "streams/topics.py",
        '"unclean.leader.election.enable": "false"',
        '"unclean.leader.election.enable": "true"',
        ("tests/specs/test_topics.py",),
    ),
    Mutant(
        "three brokers keep one copy",
        "infra/kafka/server.py",
        "replicas = min(3, len(nodes))",
        "replicas = 1",
        ("tests/specs/test_local_stack.py::test_three_kafka_nodes_lose_nothing_when_one_dies",),
    ),
    Mutant(
        "topics with too few copies are taken",
        "streams/topics.py",
        "elif there.replicas < shape.replicas:",
        "elif False:",
        ("tests/specs/test_topics.py",),
    ),
    Mutant(
        "a log is started with another number of brokers than it was begun with",
        "infra/kafka/node.py",
        "if there not in (None, settings.brokers):",
        "if False:",
        ("tests/specs/test_local_stack.py",),
    ),
    Mutant(
        "a broker counts as back before it has caught up",
        "infra/kafka/probe.py",
        "for node in set(replicas) - set(in_sync):",
        "for node in set():",
        ("tests/specs/test_local_stack.py",),
    ),
    Mutant(
        "a lease never runs out",
        "streams/lease.py",
        " and self._until is not None and self.clock() <= self._until",
        " and self._until is not None",
        ("tests/specs/test_lease.py",),
    ),
    Mutant(
        "a lease runs from the answer and not from the question",
        "streams/lease.py",
        "        asked = lease.clock()\n        alive = await beat()\n",
        "        alive = await beat()\n        asked = lease.clock()\n",
        ("tests/specs/test_lease.py",),
    ),
    Mutant(
        "a lease is renewed by the heartbeat that says: rebalance",
        "streams/lease.py",
        "if alive and not coordinator._rejoin_needed_fut.done():",
        "if alive:",
        ("tests/specs/test_lease.py",),
    ),
    Mutant(
        "rows are written without the lease",
        "streams/lease.py",
        "        await self._lease.held()\n        await self._sink.commit(guard, rows)",
        "        await self._sink.commit(guard, rows)",
        ("tests/specs/test_lease.py",),
    ),
    Mutant(
        "objects are written without the lease",
        "streams/objects.py",
        "            await self._held()\n",
        "",
        ("tests/specs/test_lease.py",),
    ),
    Mutant(
        "whoever holds a state is killed, though it runs and will let go",
        "streams/frozen.py",
        "if pid is None or not is_frozen(pid):",
        "if pid is None:",
        ("tests/specs/test_frozen.py",),
    ),
    Mutant(
        "a record that is read again while it waits is folded twice",
        "streams/partition_task.py",
        "if delivered.records and delivered.records[0].offset < reached:",
        "if False:",
        ("tests/specs/test_holding.py",),
    ),
    Mutant(
        "a partition waits until all others are open",
        "streams/holding.py",
        "{self._moves[place] for places in wanted.values() for place in places if place in self._moves}",
        "set(self._moves.values())",
        ("tests/specs/test_holding.py::test_one_that_is_slow_to_open_holds_up_nobody_else",),
    ),
)
