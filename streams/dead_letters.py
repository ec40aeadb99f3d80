"""What the topic `dead_letters` says: which records were refused, by whom and why, and what became of each.

A letter's id is `<agent>/<topic>/<partition>/<offset>`; `*/<topic>/<partition>/<offset>` names the letters of all agents that
refused one record. Repeats of an id (a worker that died may write one twice) are one letter, and the last settlement stands.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from schemas.events import DeadLettered, DeadLetterSettled, Event
from schemas.kinds import Settlement

OPEN, RETRIED, DROPPED = "open", "retried", "dropped"
ANY = "*"
_STATES = {Settlement.RETRIED: RETRIED, Settlement.DROPPED: DROPPED}


class Place(NamedTuple):
    """Where a record stands in the log."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter without its bytes. `written` is where it stands in `dead_letters` itself, `at_ms` when it came there."""

    agent: str
    record: Place
    reason: str
    at_ms: int
    written: Place
    state: str = OPEN
    settled: DeadLetterSettled | None = None

    @property
    def id(self) -> str:
        """The id under which it is settled."""
        return letter_id(self.agent, self.record)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters are asked for; what is None or False asks for nothing. `reason` is a part of one, in any case."""

    agent: str | None = None
    topic: str | None = None
    reason: str | None = None
    since_ms: int | None = None
    only_open: bool = False

    def takes(self, letter: Letter) -> bool:
        """Return whether a letter is one of those."""
        return (
            self.agent in (None, letter.agent)
            and self.topic in (None, letter.record.topic)
            and (self.reason is None or self.reason.casefold() in letter.reason.casefold())
            and (self.since_ms is None or letter.at_ms >= self.since_ms)
            and not (self.only_open and letter.state != OPEN)
        )


class WrongId(ValueError):
    """What was given names no dead letter; the message says what does."""


class Letters:
    """All letters of a log, read in the order of their partitions; some 600 bytes are kept of each."""

    def __init__(self) -> None:
        self._by_id: dict[str, Letter] = {}
        self._retries: dict[Place, str] = {}
        # Records of the topic that are neither letter nor settlement, and why they cannot be read.
        self.unreadable: list[tuple[Place, str]] = []

    def note(self, written: Place, at_ms: int, event: Event) -> None:
        """Take in one event of the topic."""
        if isinstance(event, DeadLettered):
            record = Place(event.topic, event.partition, event.position)
            self._by_id.setdefault(letter_id(event.agent, record), Letter(event.agent, record, event.reason, at_ms, written))
        elif isinstance(event, DeadLetterSettled) and event.letter_id in self._by_id:
            letter = self._by_id[event.letter_id]
            self._by_id[event.letter_id] = replace(letter, state=_STATES.get(event.settlement, letter.state), settled=event)
            if event.retried_position is not None:
                self._retries[Place(event.topic, event.partition, event.retried_position)] = event.letter_id

    def chosen(self, wanted: Wanted) -> list[Letter]:
        """Return the letters that are asked for, oldest first."""
        found = (letter for letter in self._by_id.values() if wanted.takes(letter))
        return sorted(found, key=lambda letter: (letter.at_ms, letter.record, letter.agent))

    def named(self, ids: Iterable[str]) -> list[Letter]:
        """Return the letters of some ids, each once; `WrongId` for one that is no id, or of no letter."""
        found: dict[str, Letter] = {}
        for text in ids:
            agent, record = parse_id(text)
            letters = self.about(record) if agent == ANY else [self._by_id[text]] if text in self._by_id else []
            if not letters:
                raise WrongId(f"there is no dead letter {text}; python -m streams dead list")
            found |= {letter.id: letter for letter in letters}
        return list(found.values())

    def about(self, record: Place) -> list[Letter]:
        """Return the letters of all agents that refused one record, by agent."""
        return sorted((letter for letter in self._by_id.values() if letter.record == record), key=lambda one: one.agent)

    def cause_of(self, record: Place) -> str | None:
        """Return the id of the letter that this record is the retry of, or None."""
        return self._retries.get(record)


def letter_id(agent: str, record: Place) -> str:
    """Return the id of the letter that an agent wrote about a record."""
    return f"{agent}/{record.topic}/{record.partition}/{record.offset}"


def parse_id(text: str) -> tuple[str, Place]:
    """Return the agent (or `*`) and the record that an id names; `WrongId` when it is none."""
    parts = text.split("/")
    if len(parts) != 4 or not all(parts) or not (parts[2].isdecimal() and parts[3].isdecimal()):
        raise WrongId(f"{text!r} is no id of a dead letter; wanted agent/topic/partition/offset, with * for every agent")
    return parts[0], Place(parts[1], int(parts[2]), int(parts[3]))


def grouped(letters: Iterable[Letter]) -> Iterator[list[Letter]]:
    """Yield letters of one record that say and are the same together, in the order in which the first of each comes."""
    groups: dict[tuple[Place, str, str], list[Letter]] = {}
    for letter in letters:
        groups.setdefault((letter.record, letter.reason, letter.state), []).append(letter)
    yield from groups.values()


def settlement_of(letter: Letter, settlement: Settlement, by: str, at_ms: int, why: str | None, again: int | None) -> Event:
    """Return the event that settles a letter; `again` is the offset at which a retried record stands now."""
    done = f"{letter.id}/{settlement}" if again is None else f"{letter.id}/{settlement}/{again}"
    return DeadLetterSettled(
        event_id=done,
        occurred_at=at_ms,
        actor_id=0,
        source="cli",
        letter_id=letter.id,
        topic=letter.record.topic,
        partition=letter.record.partition,
        position=letter.record.offset,
        agent=letter.agent,
        settlement=settlement,
        settled_by=by,
        why=why,
        retried_position=again,
    )
