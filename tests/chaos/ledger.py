"""Every write that anybody sent: how often, what was answered, and whether its outcome is known; kept as JSON lines."""

import json
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.chaos.compare import Difference


@dataclass
class Write:
    """One write with all its tries; `status` 0 was never answered. Times are seconds since the run began."""

    actor: str
    method: str
    path: str
    key: str
    began: float
    ended: float = 0.0
    status: int = 0
    unanswered: int = 0
    # Of those, the tries that may have happened all the same: not those whose connection was refused.
    uncertain: int = 0
    said: list[str] = field(default_factory=list)


class Ledger:
    """What was sent and what was found wrong, by all threads together.

    `path` gets a line for each write, `differences.log` beside it one for each difference, when it is found.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._file = path.open("w")
        self._wrong = path.with_name("differences.log").open("w")
        self.counts: Counter[str] = Counter()
        self.differences: list[Difference] = []
        self.flushed_at: list[float] = []

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    def count(self, what: str) -> None:
        """Count something by its name."""
        with self._lock:
            self.counts[what] += 1

    def keep(self, write: Write) -> None:
        """Keep a write that is over."""
        write.ended = self.seconds
        with self._lock:
            outcome = "acknowledged" if 200 <= write.status < 300 else "refused" if write.status else "unknown"
            self.counts[outcome] += 1
            self.counts["retries"] += write.unanswered
            self._file.write(json.dumps({"outcome": outcome} | asdict(write)) + "\n")
            self._file.flush()

    def differ(self, *differences: Difference) -> None:
        """Note what is wrong."""
        with self._lock:
            for one in differences:
                self.differences.append(one)
                self._wrong.write(f"{self.seconds:8.2f} s  {one.kind}: {one.text}\n")
            self._wrong.flush()

    def flushed(self) -> None:
        """Note that Redis lost all it had, idempotency keys included."""
        with self._lock:
            self.flushed_at.append(self.seconds)

    def key_was_lost(self, write: Write) -> bool:
        """Return whether Redis was emptied between the first try of a write and its answer: its key protected nothing."""
        return any(write.began <= at <= write.ended for at in self.flushed_at)

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        self._wrong.close()
