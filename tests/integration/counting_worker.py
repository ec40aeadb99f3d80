"""A worker with one agent that counts likes by photo, run as a process of its own by the crash tests.

Arguments: bootstrap, slot, directory, metrics port, group prefix, name of the state directory in it. Counts are written as
absolute values to a file store beside the states, one file a partition, replaced whole, so that a kill leaves the old or the
new one.
"""

import json
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
    """Absolute counts in files; the guard travels in the file."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    async def identities(self) -> dict[str, str]:
        return {"files": "one"}

    async def commit(self, guard, rows) -> None:
        path = self._directory / f"{guard.partition}.json"
        if path.exists() and json.loads(path.read_text())["number"] >= guard.number:
            return
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps({"number": guard.number, "counts": dict(rows["counters"])}))
        draft.rename(path)

    async def owed(self, agent, partition) -> list:
        return []

    async def publish(self, progress) -> None:
        path = self._directory / f"{progress.partition}.progress"
        draft = path.with_suffix(".progress-draft")
        draft.write_text(json.dumps({"sources": progress.sources, "ends": progress.ends, "until": progress.complete_until}))
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
