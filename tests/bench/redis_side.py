"""Redis by itself: its own CPU clock, deliveries without a worker, and redis-benchmark beside them."""

import asyncio
import re
import subprocess
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from projections.keys import key_of
from projections.pipelined import Pipelined, parse_url
from projections.redis_store import deliver_words
from projections.timelines import STRUCTURE
from schemas.ids import shard_of
from tests.bench.audience import Audience

CHUNK = 1_000
ON_THEIR_WAY = 8
DEPTH = 500
BUILD = 1
SETS, MEMBERS, ADDS = 2_000, 500, 1_000_000


@dataclass(frozen=True)
class Served:
    """How many writes, the seconds by the clock and of Redis' CPU that they took, and of the worker's where there is one."""

    writes: int
    wall: float
    redis: float
    worker: float = 0.0

    @property
    def rate(self) -> float:
        """Writes a second that the slower of the two allows when each has a core for itself."""
        return self.writes / max(self.redis, self.worker)


async def cpu_seconds(redis: Pipelined) -> float:
    """Return the CPU that Redis has used so far, in s."""
    told = dict(line.split(b":", 1) for line in (await redis.execute("INFO", "cpu")).split() if b":" in line)
    return float(told[b"used_cpu_user"]) + float(told[b"used_cpu_sys"])


async def run(redis: Pipelined, commands: Iterable[tuple]) -> None:
    """Send commands with a few on their way, as the writers do."""
    sent: deque[asyncio.Future] = deque()
    for words in commands:
        if len(sent) >= ON_THEIR_WAY:
            await sent.popleft()
        sent.append(redis.execute(*words))
    while sent:
        await sent.popleft()


async def deliver(url: str, audience: Audience, photos: Iterable[tuple[int, int]]) -> Served:
    """Deliver photos, each to the followers of its author, by the same function and chunks as the writers."""
    redis = Pipelined(url, timeout_seconds=60)
    keys = {user: key_of(STRUCTURE, BUILD, shard_of(user), user) for user in audience.people}
    chunks = {
        author: [[keys[user] for user in followers[n : n + CHUNK]] for n in range(0, len(followers), CHUNK)]
        for author, followers in audience.followers.items()
    }

    def commands() -> Iterator[tuple]:
        for photo, author in photos:
            for chunk in chunks[author]:
                yield deliver_words(photo, chunk, DEPTH)

    try:
        before, began = await cpu_seconds(redis), time.perf_counter()
        await run(redis, commands())
        wall = time.perf_counter() - began
        cpu = await cpu_seconds(redis) - before
    finally:
        await redis.close()
    return Served(sum(len(audience.followers[author]) for _, author in photos), wall, cpu)


@contextmanager
def without_file(url: str) -> Iterator[None]:
    """Let Redis keep nothing on disk meanwhile, as in the measurements that the goals come from."""
    asyncio.run(ask(url, "CONFIG", "SET", "appendonly", "no"))
    try:
        yield
    finally:
        asyncio.run(ask(url, "CONFIG", "SET", "appendonly", "yes"))
        while b"aof_rewrite_in_progress:1" in asyncio.run(ask(url, "INFO", "persistence")):
            time.sleep(0.2)


async def ask(url: str, *words: str) -> bytes:
    """Send one command on a connection of its own."""
    redis = Pipelined(url)
    try:
        return await redis.execute(*words)
    finally:
        await redis.close()


async def fill_sorted_sets(url: str) -> None:
    """Make sorted sets as long as a timeline, for redis-benchmark to write to."""
    redis = Pipelined(url, timeout_seconds=60)
    members = [word for n in range(MEMBERS) for word in (n, f"m{n:012d}")]
    try:
        await run(redis, (("ZADD", f"bench:{n:012d}", *members) for n in range(SETS)))
    finally:
        await redis.close()


async def drop_sorted_sets(url: str) -> None:
    """Take them away again."""
    redis = Pipelined(url, timeout_seconds=60)
    try:
        await run(redis, (("UNLINK", f"bench:{n:012d}") for n in range(SETS)))
    finally:
        await redis.close()


def benchmark_adds(url: str) -> Served:
    """Let redis-benchmark write a member into full sorted sets, 200 commands at a time; FileNotFoundError without it."""

    async def clock() -> float:
        redis = Pipelined(url)
        try:
            return await cpu_seconds(redis)
        finally:
            await redis.close()

    address = parse_url(url)
    where = ["-h", address.host, "-p", str(address.port), "-a", address.password or "", "-c", "4", "-P", "200"]
    command = ["redis-benchmark", *where, "-n", str(ADDS), "-r", str(SETS), "-q"]
    command += ["ZADD", "bench:__rand_int__", "1", "m000000000001"]
    before = asyncio.run(clock())
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    cpu = asyncio.run(clock()) - before
    rate = float(re.findall(r"([\d.]+) requests per second", ran.stdout)[-1])
    return Served(ADDS, ADDS / rate, cpu)
