"""Where an agent's state of one partition is kept, beside its position: RocksDB in a directory, or memory for tests.

One database per (agent, partition) in `<state directory>/<agent>/<partition>`, shared by the workers of a machine: a
partition that moves is closed here and opened there. Nothing is synced to the disk at a commit: a killed process loses
nothing, and a machine that lost power finds an older state with its older position, which is as true.
"""

import shutil
import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from rocksdict import (
    BlockBasedOptions,
    Cache,
    Checkpoint,
    DBCompressionType,
    Options,
    Rdict,
    WriteBatch,
    WriteBufferManager,
)

from streams.fold import NeighbourAway
from streams.overlay import Overlay
from streams.ruined import StateDamaged, StateRuined, check_not_marked, is_ruin, mark_ruined

MIB = 1 << 20
# Before a checkpoint, changes are written out so many times, until so few keys are left in memory: writing those takes 5 ms.
WRITTEN_OUT_TIMES = 4
FEW_KEYS = 10_000
# What RocksDB says of a database that it cannot open. A block may be damaged, too: "lock" alone says nothing.
HELD = ("lock hold by", "While lock file")


class Budget:
    """Memory that all databases of a process share: blocks that were read, and changes not yet in files. Both in bytes."""

    def __init__(self, cache_bytes: int = 128 * MIB, write_buffer_bytes: int = 128 * MIB) -> None:
        self.cache = Cache(cache_bytes)
        self.write_buffers = WriteBufferManager(write_buffer_bytes, False)


class DiskFull(Exception):
    """There is no room for a state: nothing of the batch was kept, and nothing may be acknowledged."""


class MemoryState(Overlay):
    """A state kept in memory; `commit` keeps as the real one does, and `reopened` is what a crash would leave."""

    def __init__(self, items: Mapping[bytes, bytes] | None = None) -> None:
        self._table = MemoryTable(items or {})
        super().__init__(self._table)

    def reopened(self) -> "MemoryState":
        """Return the state as a new process would find it: what was committed, and nothing else."""
        return MemoryState(self._table.items)

    def wipe(self) -> None:
        """Forget everything, kept or not."""
        self.forget()
        self._table.clear()

    def close(self) -> None:
        """Drop what was not committed."""
        self.forget()


class MemoryTable:
    """Sorted items in memory, as RocksDB would keep them."""

    def __init__(self, items: Mapping[bytes, bytes]) -> None:
        self.items = dict(items)
        self._keys = sorted(self.items)

    def read(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        return self.items.get(key)

    def read_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of many keys, in their order."""
        return [self.items.get(key) for key in keys]

    def read_from(self, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield items from a key on, as they were when it began."""
        keys = self._keys[bisect_left(self._keys, start) :]
        return iter([(key, self.items[key]) for key in keys])

    def write(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Keep all changes; None removes a key."""
        for key, value in changes.items():
            if value is None:
                if self.items.pop(key, None) is not None:
                    self._keys.pop(bisect_left(self._keys, key))
            else:
                if key not in self.items:
                    insort(self._keys, key)
                self.items[key] = value

    def clear(self) -> None:
        """Remove everything."""
        self.items.clear()
        self._keys.clear()


class StateStore(Overlay):
    """A state kept in RocksDB."""

    def __init__(self, path: Path, budget: Budget) -> None:
        self._path = path
        self._budget = budget
        self._table = RocksTable(path, budget)
        super().__init__(self._table)

    @property
    def path(self) -> Path:
        """The directory that it lies in."""
        return self._path

    @classmethod
    def open(cls, path: Path, budget: Budget) -> "StateStore":
        """Open the state in a directory, made when missing; `NeighbourAway` while another process still holds it."""
        path.mkdir(parents=True, exist_ok=True)
        return cls(path, budget)

    def wipe(self) -> None:
        """Delete the database and begin an empty one in its place."""
        self.close()
        shutil.rmtree(self._path)
        self._path.mkdir(parents=True)
        self._kept = self._table = RocksTable(self._path, self._budget)

    def replace_by(self, path: Path) -> None:
        """Take over the state in another directory, which is gone afterwards; what was here is lost."""
        self.close()
        shutil.rmtree(self._path)
        path.rename(self._path)
        self._kept = self._table = RocksTable(self._path, self._budget)

    def write_out(self) -> None:
        """Write what is committed and only in memory into files, but for a few keys; blocks, and may run in another thread."""
        self._table.write_out()

    def checkpoint(self, path: Path) -> None:
        """Make a directory with all that is committed, of links to files that never change; `NeighbourAway` when it cannot.

        Nothing else in this process runs meanwhile (the driver keeps the interpreter's lock): some 2 ms after `write_out`, and
        for every 16 MiB that were committed since some 0.1 s.
        """
        self._table.checkpoint(path)

    def close(self) -> None:
        """Drop what was not committed and release the directory."""
        self.forget()
        self._table.close()


class RocksTable:
    """One RocksDB database of raw bytes."""

    def __init__(self, path: Path, budget: Budget) -> None:
        self._path = path
        self._is_open = True
        # The driver refuses to close a database that another thread is writing out.
        self._closing = threading.Lock()
        check_not_marked(path)
        try:
            self._db = Rdict(str(path), options=_options(budget))
        except Exception as error:
            # rocksdict raises bare Exception; a held lock is a neighbour that has not let go yet.
            if any(sign in str(error) for sign in HELD):
                raise NeighbourAway(f"the state in {path} is held by another process: {error}") from error
            self._raise_when_full(error)
            raise (StateRuined if is_ruin(error) else StateDamaged)(f"the state in {path} cannot be opened: {error}") from error

    def read(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None; `StateRuined`, here and below, when what was written cannot be read."""
        try:
            return self._db.get(key)
        except Exception as error:
            self._raise_when_ruined(error)
            raise

    def read_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of many keys, in their order."""
        try:
            return self._db.get(keys if type(keys) is list else list(keys)) if keys else []
        except Exception as error:
            self._raise_when_ruined(error)
            raise

    def read_from(self, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield items from a key on, as they were when it began."""
        last = None
        for item in self._db.items(from_key=start):
            yield item
            last = item[0]
        # The driver's items end at a damaged block as they do at the last key; only the place after them tells which it was.
        beyond = self._db.iter()
        beyond.seek(start if last is None else last + b"\0")
        try:
            beyond.status()
        except Exception as error:
            # A traceback that keeps it would keep the database open.
            beyond = None
            self._raise_when_ruined(error)
            raise

    def write(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Keep all changes in one WriteBatch; None removes a key."""
        batch = WriteBatch(raw_mode=True)
        for key, value in changes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        try:
            self._db.write(batch)
        except Exception as error:
            self._raise_when_full(error)
            self._raise_when_ruined(error)
            raise

    def write_out(self) -> None:
        """Write the changes in memory into files, but for few; nothing if it is closed. `NeighbourAway` if the disk refuses."""
        with self._closing:
            # What is committed meanwhile is less each time, since less is written.
            for _ in range(WRITTEN_OUT_TIMES):
                if not self._is_open or self._keys_in_memory() < FEW_KEYS:
                    return
                self._told(lambda: self._db.flush(True))

    def checkpoint(self, path: Path) -> None:
        """Make a checkpoint in a directory that is not there yet."""
        self._told(lambda: Checkpoint(self._db).create_checkpoint(str(path)))

    def close(self) -> None:
        """Close the database, which releases its lock."""
        with self._closing:
            self._is_open = False
            self._db.close()

    def _keys_in_memory(self) -> int:
        counted = ("rocksdb.num-entries-active-mem-table", "rocksdb.num-entries-imm-mem-tables")
        return sum(self._db.property_int_value(name) or 0 for name in counted)

    def _raise_when_full(self, error: Exception) -> None:
        if "No space left" in str(error) or "quota exceeded" in str(error):
            raise DiskFull(
                f"the disk is full under the state in {self._path}: {error}; nothing of this batch was acknowledged: make room "
                "there, and the worker goes on by itself"
            ) from error

    def _raise_when_ruined(self, error: Exception) -> None:
        if is_ruin(error):
            raise mark_ruined(self._path, error) from error

    def _told(self, attempt: Callable[[], None]) -> None:
        try:
            attempt()
        except Exception as error:
            raise NeighbourAway(f"no snapshot of the state in {self._path}: {error}") from error


def _options(budget: Budget) -> Options:
    blocks = BlockBasedOptions()
    blocks.set_block_cache(budget.cache)
    blocks.set_cache_index_and_filter_blocks(True)
    blocks.set_pin_l0_filter_and_index_blocks_in_cache(True)
    blocks.set_bloom_filter(10, False)
    blocks.set_format_version(5)
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(blocks)
    options.set_write_buffer_manager(budget.write_buffers)
    options.set_write_buffer_size(16 * MIB)
    options.set_max_write_buffer_number(3)
    # Most keys that are asked for are not there yet: a filter says so without a search among the changes in memory either.
    options.set_memtable_whole_key_filtering(True)
    options.set_memtable_prefix_bloom_ratio(0.1)
    options.set_level_compaction_dynamic_level_bytes(True)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_max_background_jobs(2)
    options.set_max_open_files(256)
    options.set_keep_log_file_num(2)
    return options
