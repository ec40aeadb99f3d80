"""The smallest State that folds can run on: a dictionary."""

from collections.abc import Iterable, Iterator, Sequence


class DictionaryState:
    """State of one agent and partition, in memory, with every write seen at once."""

    def __init__(self) -> None:
        self.items: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.items.get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [self.items.get(key) for key in keys]

    def put(self, key: bytes, value: bytes) -> None:
        assert key and key[0] != 0, "keys that begin with a zero byte belong to the runtime"
        self.items[key] = value

    def put_many(self, items: Iterable[tuple[bytes, bytes]]) -> None:
        for key, value in items:
            self.put(key, value)

    def delete(self, key: bytes) -> None:
        self.items.pop(key, None)

    def delete_many(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            self.delete(key)

    def scan(self, prefix: bytes, after: bytes | None = None, limit: int | None = None) -> Iterator[tuple[bytes, bytes]]:
        found = sorted(key for key in self.items if key.startswith(prefix) and (after is None or key > after))
        for key in found[:limit]:
            yield key, self.items[key]
