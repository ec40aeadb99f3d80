"""How often somebody may do something: token buckets for each kind and person, kept in Redis for all processes.

A kind has a bucket for each of its rates (so many in an hour, so many in a day); each is full at first, fills up again over
its time, and gives a token for every deed. Off unless the settings say so. While Redis is away nobody is limited: a limit
protects from nuisance, and refusing everybody would be a greater one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from api.problems import Problem
from projections.away import StoreAway

Execute = Callable[..., Awaitable]


class Limit(NamedTuple):
    """So many at once, and as many again over so many seconds."""

    most: int
    seconds: int


# Keys: the buckets. Arguments, for each: its size, and the ms in which it fills. Answers 0 when each had a token, which is
# taken, else the ms until each has one. Time is the server's, so that processes need not agree; fractions are kept.
_TAKE = """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local found, wait = {}, 0
for i, key in ipairs(KEYS) do
  local size, span = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local kept = redis.call('HMGET', key, 'tokens', 'at')
  local gained = math.max(0, ms - (tonumber(kept[2]) or ms)) * size / span
  found[i] = math.min(size, (tonumber(kept[1]) or size) + gained)
  if found[i] < 1 then wait = math.max(wait, math.ceil((1 - found[i]) * span / size)) end
end
if wait > 0 then return wait end
for i, key in ipairs(KEYS) do
  redis.call('HSET', key, 'tokens', string.format('%.6f', found[i] - 1), 'at', ms)
  redis.call('PEXPIRE', key, ARGV[2 * i])
end
return 0
"""


class Limits:
    """All buckets of one Redis; `execute` runs one command."""

    def __init__(self, execute: Execute, limits: Mapping[str, Sequence[Limit]]) -> None:
        self._execute = execute
        self._limits = limits

    async def take(self, kind: str, asker: str) -> None:
        """Take a token for doing something of a kind; 429 with `Retry-After` when there is none."""
        limits = self._limits.get(kind)
        if not limits:
            return
        keys = [f"limit:{{{kind}:{asker}}}:{limit.seconds}" for limit in limits]
        words = [word for limit in limits for word in (limit.most, limit.seconds * 1000)]
        try:
            wait_ms = await self._execute("EVAL", _TAKE, len(keys), *keys, *words)
        except StoreAway:
            return
        if wait_ms:
            seconds = -(-int(wait_ms) // 1000)
            raise Problem(429, f"Too many {kind}; again in {seconds} s.", headers={"Retry-After": str(seconds)})
