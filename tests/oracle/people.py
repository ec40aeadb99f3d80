"""Who there is: accounts, the names that they hold, and when each was public."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from schemas import events as e
from schemas.text import name_key
from tests.oracle.told import Told

DAY_MS = 24 * 3600 * 1000
# Behaviour 14: the name is not given away at once.
NAME_HELD_MS = 30 * DAY_MS


@dataclass
class Person:
    """One account. `public` are the spans in which it was public, as [from, to), `to` None while it lasts; times in ms."""

    user_id: int
    username: str
    display_name: str
    private: bool
    changed_at: int
    state: str = "active"
    public: list[tuple[int, int | None]] = field(default_factory=list)

    def is_here(self) -> bool:
        """Behaviour 14: who is deleted or deactivated is neither seen nor counted, nor is what they did."""
        return self.state == "active"

    def first_public(self, since: int) -> int | None:
        """Return the first moment at which the account was public at `since` or later, or None."""
        return next((max(since, start) for start, end in self.public if end is None or end > since), None)


@dataclass
class Town:
    """Everybody, by id, and who holds each name by its compared form."""

    people: dict[int, Person] = field(default_factory=dict)
    names: dict[str, int] = field(default_factory=dict)

    def is_here(self, user_id: int) -> bool:
        return user_id in self.people and self.people[user_id].is_here()

    def is_gone(self, user_id: int) -> bool:
        return user_id in self.people and self.people[user_id].state == "deleted"

    def is_public(self, user_id: int) -> bool:
        return self.is_here(user_id) and not self.people[user_id].private


def town_of(accounts: Iterable[Told]) -> Town:
    """Return everybody, from the topic `accounts` in the order of its keys (all claims of a name stand in one partition)."""
    town, released = Town(), {}
    for _, _, event in accounts:
        person = town.people.get(event.user_id)
        if isinstance(event, e.AccountOpened):
            if person is None:
                town.people[event.user_id] = claimed(town, released, event)
        elif person is not None and person.state not in ("refused", "deleted"):
            change(person, event)
            if person.state == "deleted":
                released[name_key(person.username)] = event.occurred_at
    return town


def claimed(town: Town, released: dict[str, int], event: e.AccountOpened) -> Person:
    """The first claim of a name in the log wins; a deleted account's name is held for 30 days."""
    person = Person(event.user_id, event.username, event.display_name, event.private, event.occurred_at)
    name = name_key(event.username)
    if name in town.names and not (name in released and event.occurred_at >= released[name] + NAME_HELD_MS):
        person.state = "refused"
        return person
    released.pop(name, None)
    town.names[name] = event.user_id
    if not event.private:
        person.public.append((event.occurred_at, None))
    return person


def change(person: Person, event: e.Event) -> None:
    """Take in what somebody said of their own account."""
    match event:
        case e.ProfileEdited():
            person.display_name = event.display_name
        case e.PrivacyChanged():
            turn(person, event.private, event.occurred_at)
        case e.AccountDeactivated():
            person.state = "deactivated"
        case e.AccountReactivated():
            person.state = "active"
        case e.AccountDeleted():
            person.state = "deleted"
    person.changed_at = event.occurred_at


def turn(person: Person, private: bool, at: int) -> None:
    """Behaviour 11: begin or end a public span. An account's own order counts: a clock that stepped back moves nothing back."""
    if private and not person.private:
        start, _ = person.public[-1]
        person.public[-1] = (start, max(at, start))
    elif person.private and not private:
        last_end = person.public[-1][1] if person.public else at
        person.public.append((max(at, last_end), None))
    person.private = private
