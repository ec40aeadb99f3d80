"""The changes of one batch, laid over what a store keeps: reads see them at once, the store only when they are committed."""

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

# Keys that begin so belong to the runtime (positions, births, stamps); an agent's keys never do.
RUNTIME_PREFIX = b"\0"
# So many keys are put in order one by one; more at once, unless they lie side by side, are sorted with all of their family.
FEW_KEYS = 16


class Kept(Protocol):
    """What an overlay needs of the store below it."""

    def read(self, key: bytes) -> bytes | None:
        """Return the kept value of a key, or None."""

    def read_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the kept values of many keys, in their order."""

    def read_from(self, start: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield kept items from a key on, in key order."""

    def write(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Keep all changes at once, or none; None removes a key."""


class Overlay:
    """A state (`streams.fold.State`) whose writes wait for `commit`. Not to be shared between tasks."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._changes: dict[bytes, bytes | None] = {}
        # The changed keys in order by family (their first byte), from its first scan in a batch on: what is never scanned, as
        # counts are, does not pay for it.
        self._ordered: dict[bytes, list[bytes]] = {}

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        if key in self._changes:
            return self._changes[key]
        return self._kept.read(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Return the values of many keys, in their order."""
        changes = self._changes
        if not changes:
            return self._kept.read_many(keys)
        values = [changes.get(key) for key in keys]
        unchanged = [index for index, key in enumerate(keys) if key not in changes]
        for index, value in zip(unchanged, self._kept.read_many([keys[index] for index in unchanged]), strict=True):
            values[index] = value
        return values

    def put(self, key: bytes, value: bytes) -> None:
        """Set a key."""
        self._change(key, value)

    def put_many(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        """Set many keys."""
        if self._ordered:
            self._change_many(dict(items))
        else:
            self._changes.update(items)

    def delete(self, key: bytes) -> None:
        """Remove a key, if it is there."""
        self._change(key, None)

    def delete_many(self, keys: Iterable[bytes]) -> None:
        """Remove those of many keys that are there."""
        self._change_many(dict.fromkeys(keys))

    def scan(self, prefix: bytes, after: bytes | None = None, limit: int | None = None) -> Iterator[tuple[bytes, bytes]]:
        """Yield items whose key starts with `prefix`, in key order, those after the key `after`, at most `limit`.

        Keys that are written while it goes on may or may not be seen. The runtime's own keys are not, but by their prefix.
        """
        start = prefix or RUNTIME_PREFIX + b"\xff" * 64
        if after is not None and after >= start:
            start = after + b"\0"
        left = -1 if limit is None else limit
        for key, value in self._merged(start, prefix[:1]):
            if left == 0 or not key.startswith(prefix):
                return
            if value is not None:
                left -= 1
                yield key, value

    def commit(self) -> None:
        """Keep every change since the last commit, in one step."""
        if self._changes:
            self._kept.write(self._changes)
        self.forget()

    def committed(self) -> "Overlay":
        """Return a view of what is kept, without the changes that wait here."""
        return Overlay(self._kept)

    def forget(self) -> None:
        """Drop every change since the last commit."""
        self._changes = {}
        self._ordered = {}

    def _change(self, key: bytes, value: bytes | None) -> None:
        if key[:1] in self._ordered and key not in self._changes:
            insort(self._ordered[key[:1]], key)
        self._changes[key] = value

    def _change_many(self, changes: Mapping[bytes, bytes | None]) -> None:
        if self._ordered:
            fresh: dict[bytes, list[bytes]] = {}
            for key in changes:
                if key[:1] in self._ordered and key not in self._changes:
                    fresh.setdefault(key[:1], []).append(key)
            for family, keys in fresh.items():
                self._ordered[family] = with_keys(self._ordered[family], sorted(keys))
        self._changes.update(changes)

    def _merged(self, start: bytes, family: bytes) -> Iterator[tuple[bytes, bytes | None]]:
        if not self._changes:
            yield from self._kept.read_from(start)
            return
        kept = ((key, 1, value) for key, value in self._kept.read_from(start))
        last = None
        # A changed item comes before the kept one of the same key, which is then passed over.
        for key, _, value in heapq.merge(self._changed_from(start, family), kept, key=lambda item: item[:2]):
            if key != last:
                yield key, value
            last = key

    def _changed_from(self, start: bytes, family: bytes) -> Iterator[tuple[bytes, int, bytes | None]]:
        """Yield the changed items of a family from a key on; of all of them, as they are now, when none is named."""
        if not family:
            for key in sorted(key for key in self._changes if key >= start):
                if key in self._changes:
                    yield key, 0, self._changes[key]
            return
        if family not in self._ordered:
            self._ordered[family] = sorted(key for key in self._changes if key[:1] == family)
        key = start
        while family in self._ordered:
            ordered = self._ordered[family]
            # Searched anew each time: a write during the scan may have moved the places.
            at = bisect_left(ordered, key)
            if at == len(ordered):
                return
            key = ordered[at]
            yield key, 0, self._changes[key]
            key += b"\0"


def with_keys(ordered: list[bytes], keys: list[bytes]) -> list[bytes]:
    """Return keys in order with new ones, which are in order too, in their places; the list may be changed for it."""
    at = bisect_left(ordered, keys[0])
    if at == len(ordered) or keys[-1] < ordered[at]:
        # What one person did lies side by side.
        ordered[at:at] = keys
    elif len(keys) > FEW_KEYS:
        # One pass over all, where a place for each of them would move as many keys each time.
        return sorted(ordered + keys)
    else:
        for key in keys:
            insort(ordered, key)
    return ordered
