"""Where the rows of a replay go: Parquet, DuckDB, JSON lines in a file, or JSON lines on standard output.

Files appear complete or not at all: they are written aside and renamed. A directory of Parquet files carries a manifest with
the offsets and counts of each partition.
"""

import json
import shutil
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import IO, Protocol

import duckdb
import polars

from streams.replay import Piece, Replay

# Rows of one Parquet file: 1,000,000 rows of some 50 bytes keep a writer below 100 MB whatever the length of the range.
ROWS_IN_A_FILE = 1_000_000


class Target(Protocol):
    """One place for rows."""

    def write(self, piece: Piece) -> None:
        """Take the rows of one event type and partition; pieces of a partition come in offset order."""

    def finish(self, replay: Replay) -> None:
        """Make what was written visible."""

    def abandon(self) -> None:
        """Throw away what was written."""


class ParquetTarget:
    """A directory: `<event type>/partition=<p>/<first offset>.parquet`, zstd, and `manifest.json`."""

    def __init__(self, directory: Path) -> None:
        if directory.exists():
            raise FileExistsError(f"{directory} is there already; name another --out, or delete it")
        self._directory = directory
        self._aside = directory.with_name(f".{directory.name}.part")
        shutil.rmtree(self._aside, ignore_errors=True)
        self._waiting: dict[tuple[str, int], list[polars.DataFrame]] = {}
        self._rows: dict[tuple[str, int], int] = {}
        self._files: list[dict] = []

    def write(self, piece: Piece) -> None:
        """Keep rows until a file is full."""
        key = (piece.event_type, piece.partition)
        self._waiting.setdefault(key, []).append(piece.rows)
        self._rows[key] = self._rows.get(key, 0) + piece.rows.height
        if self._rows[key] >= ROWS_IN_A_FILE:
            self._close_file(key)

    def _close_file(self, key: tuple[str, int]) -> None:
        """Write the waiting rows of one event type and partition as a file."""
        rows = polars.concat(self._waiting.pop(key))
        self._rows.pop(key)
        event_type, partition = key
        name = Path(event_type) / f"partition={partition}" / f"{rows['offset'][0]:020d}.parquet"
        path = self._aside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.write_parquet(path, compression="zstd", compression_level=1)
        self._files.append({"file": str(name), "rows": rows.height, "first": rows["offset"][0], "last": rows["offset"][-1]})

    def finish(self, replay: Replay) -> None:
        """Write what waits and the manifest, then rename the directory into its place."""
        for key in list(self._waiting):
            self._close_file(key)
        self._aside.mkdir(parents=True, exist_ok=True)
        (self._aside / "manifest.json").write_text(json.dumps(manifest(replay) | {"files": self._files}, indent=1))
        self._aside.rename(self._directory)

    def abandon(self) -> None:
        """Remove the directory aside."""
        shutil.rmtree(self._aside, ignore_errors=True)


class LinesTarget:
    """JSON lines, one record a line; times are ISO, ids are numbers."""

    def __init__(self, stream: IO[bytes], path: Path | None = None) -> None:
        self._stream = stream
        self._path = path

    @classmethod
    def to_file(cls, path: Path) -> "LinesTarget":
        """Write beside `path`, to be renamed at the end."""
        if path.exists():
            raise FileExistsError(f"{path} is there already; name another --out, or delete it")
        return cls(path.with_name(f".{path.name}.part").open("wb"), path)

    def write(self, piece: Piece) -> None:
        """Write rows as lines."""
        lines = BytesIO()
        piece.rows.with_columns(polars.lit(piece.event_type).alias("event")).write_ndjson(lines)
        self._stream.write(lines.getbuffer())

    def finish(self, replay: Replay) -> None:
        """Flush, and rename the file into its place."""
        self._stream.flush()
        if self._path is not None:
            self._stream.close()
            Path(self._stream.name).rename(self._path)

    def abandon(self) -> None:
        """Remove the file aside."""
        if self._path is not None:
            self._stream.close()
            with suppress(FileNotFoundError):
                Path(self._stream.name).unlink()


class DuckTarget:
    """A DuckDB file with one table for each event type, made from Parquet files aside."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise FileExistsError(f"{path} is there already; name another --out, or delete it")
        self._path = path
        self._files = path.with_name(f".{path.name}.files")
        shutil.rmtree(self._files, ignore_errors=True)
        self._parquet = ParquetTarget(self._files)
        self._types: set[str] = set()

    def write(self, piece: Piece) -> None:
        """Keep rows for the table of their event type."""
        self._types.add(piece.event_type)
        self._parquet.write(piece)

    def finish(self, replay: Replay) -> None:
        """Make the tables, and rename the file into its place."""
        self._parquet.finish(replay)
        aside = self._path.with_name(f".{self._path.name}.part")
        aside.unlink(missing_ok=True)
        with duckdb.connect(str(aside)) as duck:
            for event_type in sorted(self._types):
                duck.read_parquet(str(self._files / event_type / "*" / "*.parquet")).create(event_type)
        shutil.rmtree(self._files)
        aside.rename(self._path)

    def abandon(self) -> None:
        """Remove the files aside."""
        self._parquet.abandon()
        shutil.rmtree(self._files, ignore_errors=True)


def manifest(replay: Replay) -> dict:
    """Return what a replay read and what became of it, by partition."""
    return {
        "complete": all(count.is_complete() for count in replay.counts.values()),
        "partitions": [
            {
                "partition": part.partition,
                "start": part.start,
                "end": part.end,
                **asdict(replay.counts[part.partition]),
            }
            for part in replay.ranges
        ],
        "dead": [{"partition": p, "offset": o, "reason": reason} for p, o, reason in replay.dead[:1000]],
    }
