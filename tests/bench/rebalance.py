"""How long partitions stand still when workers die, leave, join or freeze: `python -m tests.bench.rebalance`.

Real counting workers on a stack of the bench's own, with a trickle of likes for every partition. What is measured is the time
between two commits of a partition, from outside, by the files that they end in; at the end the counts must be exact.
"""

import itertools
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from infra.settings import Settings
from schemas.events import LikeChanged, LikeKind
from schemas.ids import compose_id
from streams.producer import SyncProducer
from tests.bench.own_stack import NoStack, own_stack, places
from tests.integration.workers import Workers, until

EVERY_SECONDS = 0.05
LOOK_SECONDS = 0.005
WATCHED_SECONDS = 10.0
CALM_SECONDS = 2.0
PREREQUISITE_MISSING = 3


@dataclass(frozen=True)
class Case:
    """Something that happens to workers; `its` partitions were the worker's own, the bounds are in seconds."""

    name: str
    happens: Callable[[Workers], object]
    its: frozenset[int]
    moved: frozenset[int] = frozenset()
    bound: float = 5.0
    others_bound: float = 0.5


# Eight partitions: two workers have 0-3 and 4-7; three have 0-2, 3-5 and 6-7.
CASES = (
    Case("nothing (what the machine itself does)", lambda w: None, frozenset(range(8))),
    Case("kill -9 of one of two, back at once", lambda w: (w.stop(1, signal.SIGKILL), w.start(1)), frozenset({4, 5, 6, 7})),
    Case("a third one joins", lambda w: w.start(2), frozenset({3, 6, 7}), bound=3.0),
    Case("kill -9 of the third, for good", lambda w: w.stop(2, signal.SIGKILL), frozenset({6, 7}), frozenset({3})),
    Case("clean stop of one of two, for good", lambda w: w.stop(1, signal.SIGTERM), frozenset({4, 5, 6, 7}), bound=3.0),
    Case("it joins again", lambda w: w.start(1), frozenset({4, 5, 6, 7}), bound=3.0),
    Case("it freezes (SIGSTOP), for good", lambda w: w.freeze(1), frozenset({4, 5, 6, 7})),
)


class Trickle(threading.Thread):
    """One like for each partition, again and again, and when each partition's file was seen to change."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        super().__init__(daemon=True)
        now = time.time_ns() // 1_000_000
        per = settings.shards // settings.partitions
        self.settings = settings
        self.directory = directory
        self.photos = [compose_id(now, partition * per, 1) for partition in range(settings.partitions)]
        self.appended = 0
        self.is_over = False
        self.commits: dict[int, list[float]] = {partition: [] for partition in range(settings.partitions)}

    def run(self) -> None:
        watch = threading.Thread(target=self._watch, daemon=True)
        watch.start()
        with SyncProducer(self.settings.kafka_bootstrap, self.settings.shards, self.settings.partitions) as producer:
            while not self.is_over:
                producer.append_many([self._like(photo) for photo in self.photos])
                self.appended += 1
                time.sleep(EVERY_SECONDS)
        watch.join()

    def pause(self, partition: int, since: float) -> float:
        """Return the longest time in seconds between two commits of a partition, the last of them after `since`."""
        times = [*self.commits[partition], time.monotonic()]
        return max(after - before for before, after in itertools.pairwise(times) if after > since)

    def _watch(self) -> None:
        last = dict.fromkeys(self.commits, 0)
        while not self.is_over:
            for partition, before in last.items():
                path = self.directory / "sink" / f"{partition}.json"
                changed = path.stat().st_mtime_ns if path.exists() else 0
                if changed != before:
                    last[partition] = changed
                    self.commits[partition].append(time.monotonic())
            time.sleep(LOOK_SECONDS)

    def _like(self, photo: int) -> LikeChanged:
        return LikeChanged(
            event_id="", occurred_at=1_700_000_000_000, actor_id=1, source="bench", photo_id=photo, kind=LikeKind.LIKED
        )


def longest(trickle: Trickle, partitions: Iterable[int], since: float) -> float:
    """Return the longest pause of some partitions; 0 of none."""
    return max((trickle.pause(partition, since) for partition in partitions), default=0.0)


def measure(case: Case, workers: Workers, trickle: Trickle) -> tuple[float, float, float]:
    """Let it happen and return the pauses of its partitions, of those that move between others, and of all that stay."""
    time.sleep(CALM_SECONDS)
    since = time.monotonic()
    case.happens(workers)
    time.sleep(WATCHED_SECONDS)
    stay = set(trickle.commits) - case.its - case.moved
    return longest(trickle, case.its, since), longest(trickle, case.moved, since), longest(trickle, stay, since)


def run(settings: Settings, directory: Path, say: Callable[[str], None]) -> bool:
    """Measure every case; whether the counts are exact at the end."""
    workers, trickle = Workers(settings.kafka_bootstrap, directory), Trickle(settings, directory)
    try:
        for slot in (0, 1):
            workers.start(slot)
        until(lambda: workers.is_ready(0) and workers.is_ready(1), "both workers are ready")
        trickle.start()
        say(f"{'':<38} {'its own':>9} {'bound':>6} {'others':>8} {'bound':>6} {'moved between others':>21}")
        for case in CASES:
            its, moved, others = measure(case, workers, trickle)
            told = f"{moved:>19.2f} s" if case.moved else ""
            say(f"{case.name:<38} {its:>7.2f} s {case.bound:>6.1f} {others:>6.2f} s {case.others_bound:>6.1f} {told}")
        trickle.is_over = True
        trickle.join()
        wanted = {f"n{photo}": trickle.appended for photo in trickle.photos}
        until(lambda: all(workers.counts().get(name, 0) >= count for name, count in wanted.items()), "all is counted")
        exact = wanted.items() <= workers.counts().items()
        say(f"{trickle.appended * len(trickle.photos):,} likes; exact: {'yes' if exact else 'NO'}")
        return exact
    finally:
        workers.kill_all()


@click.command()
def main() -> None:
    """Measure how long partitions stand still when workers die, leave, join or freeze.

    Exit code 1 when a count is not exact; never because something is slow.

    Example: python -m tests.bench.rebalance
    """
    _, variables = places()
    try:
        with (
            own_stack(variables, "core", lambda line: click.echo(line, err=True)) as settings,
            tempfile.TemporaryDirectory(prefix="darkroom-rebalance-") as directory,
        ):
            exact = run(settings, Path(directory), click.echo)
    except NoStack as missing:
        click.echo(str(missing), err=True)
        sys.exit(PREREQUISITE_MISSING)
    sys.exit(0 if exact else 1)


if __name__ == "__main__":
    main(prog_name="python -m tests.bench.rebalance")
