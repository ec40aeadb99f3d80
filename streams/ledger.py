"""What the runtime notes in an agent's own state, so that it changes in the same step: positions, stamps, emitted.

Keys begin with a zero byte, which no agent's key does.
"""

import json
import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from streams.fold import InvariantBroken, State

_NUMBER = struct.Struct(">q")
_STAMP = struct.Struct(">qqq")


class Stamp(NamedTuple):
    """The cause of a derived event: what names it, and orders it among those of one (agent, partition)."""

    agent: str
    partition: int
    epoch: int
    number: int
    index: int

    def text(self) -> str:
        """Return it as an event id."""
        return "/".join(map(str, self))


def parse_stamp(event_id: str) -> Stamp:
    """Return the stamp in a derived event's id; ValueError when it is none."""
    parts = event_id.split("/")
    if len(parts) != 5 or not parts[0]:
        raise ValueError(f"{event_id!r} does not name a cause (agent/partition/epoch/number/index)")
    return Stamp(parts[0], int(parts[1]), int(parts[2]), int(parts[3]), int(parts[4]))


class Ledger:
    """The runtime's notes in one state. What is set here is kept by the state's next commit, with the agent's own keys."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._stamps: dict[bytes, tuple[int, int, int]] = {}

    def position(self, topic: str) -> int:
        """Return the next offset to fold of a topic; 0 in the beginning."""
        return self._number(b"\0position/" + topic.encode())

    def set_position(self, topic: str, next_offset: int) -> None:
        """Note the next offset to fold of a topic; it never goes back."""
        if next_offset < self.position(topic):
            raise InvariantBroken(f"the position of {topic} would go back from {self.position(topic)} to {next_offset}")
        self._state.put(b"\0position/" + topic.encode(), _NUMBER.pack(next_offset))

    def positions(self, topics: Iterable[str]) -> dict[str, int]:
        """Return the next offset of each of these topics."""
        return {topic: self.position(topic) for topic in topics}

    @property
    def number(self) -> int:
        """How many batches an agent with several sources has folded."""
        return self._number(b"\0number")

    def set_number(self, number: int) -> None:
        """Note the number of the batch that is being folded."""
        self._state.put(b"\0number", _NUMBER.pack(number))

    @property
    def state_version(self) -> int:
        """The version of what the agent keeps here; 0 when none was noted."""
        return self._number(b"\0version")

    def set_state_version(self, version: int) -> None:
        """Note which version of the agent's state this is."""
        self._state.put(b"\0version", _NUMBER.pack(version))

    @property
    def emitted(self) -> dict[str, dict[int, int]]:
        """By topic and partition, the offset after the last event that was appended there."""
        kept = json.loads(self._state.get(b"\0emitted") or b"{}")
        return {topic: {int(partition): end for partition, end in ends.items()} for topic, ends in kept.items()}

    def set_emitted(self, emitted: Mapping[str, Mapping[int, int]]) -> None:
        """Note how far this agent's own events reach."""
        self._state.put(b"\0emitted", json.dumps(emitted, sort_keys=True).encode())

    def in_a_row(self, topic: str) -> int:
        """Return how many of the last records of a topic were refused in a row."""
        return self._number(b"\0refused/" + topic.encode())

    def set_in_a_row(self, topic: str, refused: int) -> None:
        """Note how many of the last records of a topic were refused in a row."""
        self._state.put(b"\0refused/" + topic.encode(), _NUMBER.pack(refused))

    def admit(self, topic: str, stamp: Stamp) -> bool:
        """Note a derived event's stamp; False when it, or a later one of the same agent and partition, was seen before."""
        key = b"\0stamp/%b/%b/%d" % (topic.encode(), stamp.agent.encode(), stamp.partition)
        last = self._stamps.get(key)
        if last is None:
            kept = self._state.get(key)
            last = _STAMP.unpack(kept) if kept else (-1, -1, -1)
        if stamp[2:] <= last:
            return False
        self._stamps[key] = stamp[2:]
        self._state.put(key, _STAMP.pack(*stamp[2:]))
        return True

    def forget(self) -> None:
        """Drop what is remembered of stamps, when the state's own changes were dropped or wiped."""
        self._stamps.clear()

    def _number(self, key: bytes) -> int:
        kept = self._state.get(key)
        return _NUMBER.unpack(kept)[0] if kept else 0
