"""How long a worker that failed waits before it starts again, so that a mistake of ours does not become a hot loop.

A worker that was killed, or that waited for a neighbour in vain, starts at once. One that stopped by a mistake would most
likely make it again: it waits one second, then two, four, up to half a minute, until it has gone well for a while.
"""

import json
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from streams.fold import NeighbourAway

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 30.0
# A failure that comes so long after the one before it is the first of a new row.
CALM_SECONDS = 120.0
# The note is made while there is room and written over in place, which works on a full disk, too.
NOTE_BYTES = 512


class StartAgain(Exception):
    """Something else is there than at the start; the next process opens that."""


@dataclass(frozen=True)
class Failed:
    """How often a worker has failed in a row, when last (Unix time in s), and of what."""

    times: int = 0
    at: float = 0.0
    reason: str = ""


def failed_again(before: Failed, now: float, reason: str) -> Failed:
    """Return what to remember after one more failure."""
    return Failed(before.times + 1 if now - before.at < CALM_SECONDS else 1, now, reason)


def pause_seconds(failed: Failed, now: float) -> float:
    """Return how long to wait before the next start, in seconds, from now (Unix time in s) on."""
    if not failed.times:
        return 0.0
    pause = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failed.times - 1, 10))
    # What has passed since counts; a clock that was set back does not make it longer.
    return max(0.0, pause - max(0.0, now - failed.at))


class Note:
    """What one worker remembers of its failures, in a small file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Failed:
        """Return what was noted last; nothing when that cannot be read."""
        try:
            return Failed(**json.loads(self._path.read_text(errors="replace")))
        except (OSError, ValueError, TypeError):
            return Failed()

    def write(self, failed: Failed) -> None:
        """Note failures. A note that cannot be written costs a pause, and nothing else."""
        whole = {"times": failed.times, "at": failed.at, "reason": failed.reason[: NOTE_BYTES // 4]}
        # In ASCII, where JSON takes up to six bytes for a letter; what does not fit is left out.
        text = json.dumps(whole)
        if len(text) > NOTE_BYTES:
            text = json.dumps(whole | {"reason": ""})
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch()
            with self._path.open("r+") as note:
                note.write(text.ljust(NOTE_BYTES))

    def rest(self, name: str) -> None:
        """Wait, and say so, when the processes before this one stopped by mistakes that this one would likely make again."""
        failed = self.read()
        if pause := pause_seconds(failed, time.time()):
            said = f"{name} failed {failed.times} times in a row and starts in {pause:.0f} s; last: {failed.reason}"
            sys.stderr.write(f"{said}\n")
            time.sleep(pause)
        self.write(failed)

    def remember(self, error: BaseException) -> None:
        """Note a mistake of ours for the next process; a neighbour that was away, or is another one now, is none."""
        if not isinstance(error, NeighbourAway | StartAgain):
            self.write(failed_again(self.read(), time.time(), f"{type(error).__name__}: {error}"))
