"""The proof by the stores: everything folded, no dead letter, and digests that equal a rebuild from offset zero."""

import asyncio
import json

from projections import celebrities
from projections.catalog import PROJECTIONS
from streams import kafka
from tests.chaos.compare import Difference, Kind, compare_digests
from tests.integration.running_stack import RunningStack

REBUILD_SECONDS = 900.0
REBUILD_ATTEMPTS = 12
ASK_SECONDS = 15.0


def wait_folded(stack: RunningStack) -> list[Difference]:
    """Wait until every agent is at the end of its topics and counts are flushed."""
    try:
        asyncio.run(stack.wait_folded())
    except AssertionError as late:
        return [Difference(Kind.STACK, str(late))]
    return []


def dead_letters(bootstrap: str, partitions: int) -> int:
    """Return how many records were ever refused."""
    consumer = kafka.build_consumer(bootstrap)
    try:
        ends = [
            consumer.get_watermark_offsets(kafka.TopicPartition("dead_letters", number), timeout=ASK_SECONDS)
            for number in range(partitions)
        ]
    finally:
        consumer.close()
    return sum(high - low for low, high in ends)


def crossings(stack: RunningStack, person: str) -> dict[str, int]:
    """Return how often somebody became a celebrity, and stopped being one."""

    async def read() -> tuple[tuple[int, int], ...]:
        async with await stack.open() as stores:
            return (await celebrities.spans(stores)).get(int(person), ())

    spans = asyncio.run(read())
    return {"up": len(spans), "down": sum(until != 0 for _, until in spans)}


def rebuild_all(stack: RunningStack) -> tuple[int, list[Difference]]:
    """Rebuild every projection from offset zero; how many were equal, and which were not.

    A rebuild that finds the log moving (workers that start again after the promotion before it) says so and is asked again.
    """
    left = [projection.name for projection in PROJECTIONS]
    live: dict[str, str] = dict.fromkeys(left, "unknown")
    rebuilt: dict[str, str] = {}
    notes: list[Difference] = []
    for _ in range(REBUILD_ATTEMPTS):
        ran = stack.run("projections", "rebuild", *left, "--json", seconds=REBUILD_SECONDS)
        for outcome in map(json.loads, ran.stdout.splitlines()):
            name = outcome["name"]
            live[name], rebuilt[name] = outcome["live"], outcome["rebuilt"]
            if not outcome["equal"]:
                notes.append(Difference(Kind.DIGEST, f"{name} differs in shards {outcome['differing_shards']}"))
        left = [name for name in left if name not in rebuilt]
        if not left:
            break
    if left:
        notes.append(Difference(Kind.DIGEST, f"the last rebuild ended with code {ran.returncode}: {ran.stderr[-800:]}"))
    return sum(live[name] == total for name, total in rebuilt.items()), [*compare_digests(live, rebuilt), *notes]
