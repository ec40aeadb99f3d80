"""A worker with one agent that counts likes by photo, run as a process of its own by the crash tests.

Arguments: bootstrap, slot, directory, metrics port, group prefix, name of the state directory in it. Counts are written as
absolute values to a file store beside the states, one file for each partition and process, replaced whole, so that a kill
leaves the old or the new one, and one that was frozen in the middle of a write is in nobody's way.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

from streams.fold import Agent, Batch, Changes, State
from streams.worker import Worker, run_worker


def count(batch: Batch, state: State) -> Changes:
    """Count likes by photo, and the sum of them all."""
    for photo, more in Counter(batch.columns["photo_id"].to_list()).items():
        key = b"n%d" % photo
        state.put(key, b"%d" % (int(state.get(key) or 0) + more))
    return Changes(rows={"counters": ((key.decode(), int(value)) for key, value in state.scan(b"n"))})


class FileSink:
    """Absolute counts in files; the guard travels in the file, and of a partition the file with the highest one counts."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    async def identities(self) -> dict[str, str]:
        return {"files": "one"}

    async def commit(self, guard, rows) -> None:
        self._replace(guard.partition, "json", {"number": guard.number, "counts": dict(rows["counters"])})

    async def owed(self, agent, partition) -> list:
        return []

    async def publish(self, progress) -> None:
        said = {"sources": progress.sources, "ends": progress.ends, "until": progress.complete_until}
        self._replace(progress.partition, "progress", said)

    def _replace(self, partition: int, kind: str, content: dict) -> None:
        path = self._directory / f"{partition}.{os.getpid()}.{kind}"
        draft = path.with_suffix(f".{kind}-draft")
        draft.write_text(json.dumps(content))
        draft.rename(path)


def main() -> None:
    """Run the worker until it is killed."""
    bootstrap, slot, directory, port, prefix, state = sys.argv[1:]

    async def open_sink() -> FileSink:
        return FileSink(Path(directory) / "sink")

    run_worker(
        Worker(
            role="counting",
            slot=int(slot),
            agents=(Agent("count", "counting", ("likes",), fold=count, writes=("counters",)),),
            bootstrap=bootstrap,
            shards=64,
            partitions=8,
            state_dir=Path(directory) / state,
            flush_seconds=1.0,
            metrics_port=int(port),
            open_sink=open_sink,
            group_prefix=prefix,
        )
    )


if __name__ == "__main__":
    main()
