"""Who may write to what now: one writer at a time for each thing, and a rest after a try whose outcome is unknown.

A request whose client went away may still be carried out: by an API that was frozen, or a broker that acknowledges late. A
repeat of the same write does no harm, but *another* value written meanwhile could be overtaken by it, and then nobody could
say what must be seen. So a thing rests for longer than any such request lives.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.chaos.client import Sent

# A frozen API (at most 6 s) + a wait for positions (7 s) + a key that another try holds (30 s) + a delivery (6 s).
REST_SECONDS = 50.0

Key = tuple[str, ...]


class Guard:
    """One thing; `position` is that of its last write."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rests_until = 0.0
        self.position = ""

    def settle(self, sent: Sent, position: str) -> None:
        """Take note of a write to this thing."""
        if sent.done:
            self.position = position
        if sent.write.uncertain:
            self.rests_until = time.monotonic() + REST_SECONDS


class Guards:
    """The guards of all things, by name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._guards: dict[Key, Guard] = {}

    def of(self, key: Key) -> Guard:
        """Return the guard of a thing."""
        with self._lock:
            return self._guards.setdefault(key, Guard())

    @contextmanager
    def held(self, *keys: Key) -> Iterator[list[Guard]]:
        """Hold several things while the body runs; an empty list when one of them is held by another, or rests."""
        guards = [self.of(key) for key in sorted(set(keys))]
        with ExitStack() as stack:
            for guard in guards:
                if not guard.lock.acquire(blocking=False):
                    yield []
                    return
                stack.callback(guard.lock.release)
            now = time.monotonic()
            yield guards if all(guard.rests_until <= now for guard in guards) else []
