"""How often somebody may do something: a token bucket for each kind and person, kept in Redis for all processes.

A bucket holds at most `burst` tokens and gains `per_minute` of them a minute. Off unless the settings say so. While Redis is
away nobody is limited: a limit protects from nuisance, and refusing everybody would be a greater one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from api.problems import Problem
from projections.away import StoreAway

Execute = Callable[..., Awaitable]


class Limit(NamedTuple):
    """How many at once, and how many a minute in the long run."""

    burst: int
    per_minute: float


# For people, not for machines: a person who likes two photos a second for five minutes is let through.
LIMITS = {
    "accounts": Limit(10, 0.5),
    "uploads": Limit(60, 10),
    "comments": Limit(60, 20),
    "likes": Limit(600, 60),
    "relations": Limit(200, 30),
}

# Keys: the bucket. Arguments: burst, tokens a millisecond. Answers 0 when a token was taken, else the ms until there is one.
# Time is the server's, so that processes need not agree; the fraction of a token is kept.
_TAKE = """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local burst, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = math.min(burst, (tonumber(kept[1]) or burst) + (ms - (tonumber(kept[2]) or ms)) * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = math.ceil((1 - tokens) / rate) end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', ms)
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate))
return wait
"""


class Limits:
    """All buckets of one Redis; `execute` runs one command."""

    def __init__(self, execute: Execute, limits: dict[str, Limit]) -> None:
        self._execute = execute
        self._limits = limits

    async def take(self, kind: str, asker: str) -> None:
        """Take a token for doing something of a kind; 429 with `Retry-After` when there is none."""
        limit = self._limits.get(kind)
        if limit is None:
            return
        try:
            wait_ms = await self._execute("EVAL", _TAKE, 1, f"limit:{kind}:{asker}", limit.burst, limit.per_minute / 60_000)
        except StoreAway:
            return
        if wait_ms:
            seconds = -(-int(wait_ms) // 1000)
            raise Problem(429, f"Too many {kind}; again in {seconds} s.", headers={"Retry-After": str(seconds)})
