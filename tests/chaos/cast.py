"""Who plays: people who act, and a few to whom nothing happens any more, so that what they must see is known exactly."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tests.chaos.client import Client, Sent
from tests.chaos.compare import Difference, Kind
from tests.chaos.guards import Guards, Key
from tests.chaos.ledger import Ledger
from tests.chaos.model import World

TAGS = ("alder", "birch", "cedar")


@dataclass
class Person:
    """Somebody with an account; who `flips` becomes private and public again."""

    id: str
    name: str
    client: Client
    private: bool = False
    flips: bool = False


@dataclass
class Cast:
    """Everybody and everything, shared by all threads.

    `monument` has photos that nobody touches; `observer` follows everybody and is on good terms with all; `hermit` blocks
    `pest`; `star` is followed and left by many at once. `unprotected` are tokens whose key Redis lost before the answer came.
    """

    ledger: Ledger
    guards: Guards
    world: World
    run: str
    actors: list[Person]
    star: Person
    monument: Person
    observer: Person
    hermit: Person
    pest: Person
    stranger: Person
    stopping: threading.Event
    unprotected: set[str] = field(default_factory=set)
    rising: bool = True

    @property
    def people(self) -> list[Person]:
        """Everybody."""
        return [*self.actors, self.monument, self.observer, self.hermit, self.pest]

    def tag(self, number: int) -> str:
        """Return one of the run's own tags."""
        return f"{TAGS[number % len(TAGS)]}{self.run}"

    def expect(self, sent: Sent, *statuses: int) -> None:
        """Note when an answer is not one of those that what was acknowledged allows; a stale one may be any."""
        answer = sent.answer
        if answer is None or answer.status_code in statuses or "Darkroom-Stale" in answer.headers or sent.write.uncertain:
            return
        said = f"{sent.write.method} {sent.write.path} of {sent.write.actor}: {answer.status_code} {answer.text[:160]}"
        self.ledger.differ(Difference(Kind.ANSWER, f"{said}; wanted {' or '.join(map(str, statuses))}"))

    def expect_read(self, who: Person, path: str, what: str, holds: Callable[[httpx.Response], bool], **query: object) -> None:
        """Read what one has just written, which must show unless the answer says that it is stale or cannot be given."""
        answer = who.client.read(path, **query)
        if answer is None or answer.status_code == 503:
            return
        self.ledger.count("own writes read")
        if "Darkroom-Stale" in answer.headers:
            self.ledger.count("of these, said to be stale")
        elif not holds(answer):
            seen = f"{answer.status_code} {answer.text[:200]}"
            self.ledger.differ(Difference(Kind.ANSWER, f"{who.name} does not read the own write: {what}: {path} shows {seen}"))


def pair(one: Person, other: Person) -> Key:
    """Return the key under which what two people are to each other is guarded."""
    return ("pair", *sorted((one.id, other.id)))


def privacy(one: Person) -> Key:
    """Return the key under which somebody's privacy is guarded."""
    return ("private", one.id)
