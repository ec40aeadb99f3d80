"""The proof by the stores: everything folded, no dead letter, and digests that equal a rebuild from offset zero."""

import asyncio
import json

from projections import celebrities
from projections.catalog import PROJECTIONS
from streams import kafka
from tests.chaos.compare import Difference, Kind, compare_digests
from tests.integration.running_stack import RunningStack

REBUILD_SECONDS = 900.0
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
    """Rebuild every projection from offset zero; how many were equal, and which were not."""
    names = [projection.name for projection in PROJECTIONS]
    live: dict[str, str] = {}
    rebuilt: dict[str, str] = {}
    said = []
    ran = stack.run("projections", "rebuild", *names, "--json", seconds=REBUILD_SECONDS)
    for line in ran.stdout.splitlines():
        outcome = json.loads(line)
        live[outcome["name"]], rebuilt[outcome["name"]] = outcome["live"], outcome["rebuilt"]
        if not outcome["equal"]:
            said.append(f"{outcome['name']} differs in shards {outcome['differing_shards']}")
    wrong = compare_digests({name: live.get(name, "unknown") for name in names}, rebuilt)
    if wrong:
        wrong.append(Difference(Kind.DIGEST, f"{'; '.join(said)} (code {ran.returncode}): {ran.stderr[-1500:]}"))
    return sum(live[name] == rebuilt[name] for name in live), wrong
