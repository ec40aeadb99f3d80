"""What a snapshot of a state is, which one may be used, and which may go: pure, without a clock or a store.

A snapshot is the files of one RocksDB checkpoint, each stored under its sha256, and a manifest that names them all. That is
written last, and its key carries its own checksum, so that a snapshot counts only when all of it is there.
`streams.snapshotting` takes them, `streams.restoring` brings them back.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from schemas.object_keys import snapshot_file_key, snapshot_manifest_key, snapshots_prefix

FORMAT = 1
# So many readable snapshots of each state are kept: the newest, and two to fall back on.
KEPT = 3
# A file that no manifest names may belong to a snapshot under way; after so long, by the store's clock, it is a dead one's.
ORPHAN_MS = 3_600_000

_MANIFEST_KEY = re.compile(r"^(?P<prefix>.+/)manifests/(?P<taken_at_ms>\d{15})-(?P<sha256>[0-9a-f]{64})\.json$")
_PLAIN_NAME = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")


class Unusable(Exception):
    """A snapshot must not be used; the message says why."""


class SnapshotFile(msgspec.Struct, frozen=True):
    """One file of a checkpoint: its name in the directory, its size in bytes, its sha256 in hex."""

    name: str
    size_bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What one snapshot holds. `positions` is the next offset by topic; `taken_at_ms` the taker's Unix time in ms."""

    format: int
    cluster: str
    agent: str
    partition: int
    state_version: int
    taken_at_ms: int
    positions: dict[str, int]
    files: tuple[SnapshotFile, ...]

    @property
    def prefix(self) -> str:
        """How the keys of this state's snapshots begin."""
        return snapshots_prefix(self.cluster, self.agent, self.partition)

    @property
    def size_bytes(self) -> int:
        """The sum of its files."""
        return sum(file.size_bytes for file in self.files)

    @property
    def taken_at(self) -> str:
        """When it was taken, for people: `2024-05-01 12:00:00Z`."""
        return datetime.fromtimestamp(self.taken_at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")

    @property
    def stands_at(self) -> str:
        """Its positions, for people: `likes[3]@123,456`."""
        return ", ".join(f"{topic}[{self.partition}]@{position:,}" for topic, position in sorted(self.positions.items()))

    def file_key(self, file: SnapshotFile) -> str:
        """Return the key of one of its files."""
        return snapshot_file_key(self.prefix, file.sha256)


def encoded(manifest: Manifest) -> tuple[str, bytes]:
    """Return the key and the bytes of a manifest."""
    body = msgspec.json.encode(manifest, order="sorted")
    return snapshot_manifest_key(manifest.prefix, manifest.taken_at_ms, hashlib.sha256(body).hexdigest()), body


def decoded(key: str, body: bytes) -> Manifest:
    """Return the manifest under a key; `Unusable` when its bytes are not what the key says, or not a manifest of ours."""
    named = _MANIFEST_KEY.match(key)
    if named is None:
        raise Unusable(f"{key} is not the key of a manifest")
    if hashlib.sha256(body).hexdigest() != named["sha256"]:
        raise Unusable("the checksum of its manifest is wrong")
    try:
        manifest = msgspec.json.decode(body, type=Manifest)
    except msgspec.DecodeError as error:
        raise Unusable(f"its manifest cannot be read: {error}") from error
    if manifest.format != FORMAT:
        raise Unusable(f"its manifest has format {manifest.format}, wanted {FORMAT}")
    if encoded(manifest)[0].partition("manifests/")[0] != named["prefix"]:
        raise Unusable(f"its manifest speaks of {manifest.prefix}, and lies in {named['prefix']}")
    if wrong := [file.name for file in manifest.files if not _PLAIN_NAME.match(file.name)]:
        raise Unusable(f"its manifest names the file {wrong[0]!r}")
    return manifest


def manifests_newest_first(keys: Iterable[str]) -> list[str]:
    """Return those keys that are manifests', the newest snapshot first."""
    return sorted((key for key in keys if _MANIFEST_KEY.match(key)), key=_order, reverse=True)


def check_usable(manifest: Manifest, state_version: int, ends: Mapping[str, int]) -> None:
    """Raise `Unusable` unless the state is of this version and stands within the log, whose `ends` are given by topic."""
    if manifest.state_version != state_version:
        raise Unusable(f"its state has version {manifest.state_version}, wanted {state_version}")
    for topic, position in sorted(manifest.positions.items()):
        if position > ends.get(topic, 0):
            where = f"{topic}[{manifest.partition}]@{position:,}"
            raise Unusable(f"it stands at {where}, beyond the end of the log at {ends.get(topic, 0):,}")


def behind(manifest: Manifest, ends: Mapping[str, int]) -> int:
    """Return how many records the log has after a snapshot."""
    return sum(end - manifest.positions.get(topic, 0) for topic, end in ends.items())


def absent_files(manifest: Manifest, sizes: Mapping[str, int]) -> list[SnapshotFile]:
    """Return the files of a manifest that are not in a store that has these sizes by key; each content once."""
    wanted = {manifest.file_key(file): file for file in manifest.files}
    return [file for key, file in wanted.items() if sizes.get(key) != file.size_bytes]


class Pruned(NamedTuple):
    """Keys to delete: manifests first, and when they are gone the files."""

    manifests: list[str]
    files: list[str]


@dataclass(frozen=True)
class There:
    """What a store holds of one state: when each file was stored (store's clock, ms) by key, and each manifest by key.

    A manifest that cannot be read is None. `now_ms` is the store's clock.
    """

    files: Mapping[str, int]
    manifests: Mapping[str, Manifest | None]
    now_ms: int


def plan_pruning(there: There) -> Pruned:
    """Return what may go: manifests older than the readable ones that are kept, and files that no manifest names any more.

    A file that a manifest named until now goes with it. One that no manifest ever named may be part of a snapshot that another
    worker is sending at this moment, and goes only when it is old. Files must be listed before manifests: one that is named
    meanwhile is then seen to be named.
    """
    newest_first = manifests_newest_first(there.manifests)
    readable = [key for key in newest_first if there.manifests[key] is not None]
    kept = set(readable[:KEPT])
    oldest_kept = min(map(_order, kept), default=(0, ""))
    going = [key for key in newest_first if _order(key) < oldest_kept] if len(kept) == KEPT else []
    still_named = _named(there.manifests[key] for key in newest_first if key not in going)
    named_until_now = _named(there.manifests[key] for key in going)
    files = [
        key
        for key, stored_ms in sorted(there.files.items())
        if key not in still_named and (key in named_until_now or there.now_ms - stored_ms > ORPHAN_MS)
    ]
    return Pruned(going, files)


def first_due(agent: str, partition: int, seconds: float) -> float:
    """Return after how many seconds the first snapshot of a state is due: its own moment of the interval, always the same."""
    return zlib.crc32(f"{agent}/{partition}".encode()) / 2**32 * seconds


def _named(manifests: Iterable[Manifest | None]) -> set[str]:
    return {manifest.file_key(file) for manifest in manifests if manifest is not None for file in manifest.files}


def _order(key: str) -> tuple[int, str]:
    named = _MANIFEST_KEY.match(key)
    return (int(named["taken_at_ms"]), named["sha256"]) if named else (0, "")


def size_in_words(size_bytes: int) -> str:
    """Return a size for people: `34.1 MB`, `12 kB`."""
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.0f} kB"
