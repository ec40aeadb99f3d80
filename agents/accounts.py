"""Who has which user name, and what each account is.

User names are claimed in the log and the first claim wins: a user's shard is the hash of the name, so all claims of a name
meet in one partition, in order. A deleted account keeps its name for 30 days of event time. What a deletion does to photos,
follows and counts is decided where those are folded; that somebody is away, back or gone is said to every partition, since
what people did lies everywhere. Who holds a name is said beside the account, for those who look for people by name.
"""

from collections.abc import Iterable, Iterator

import msgspec

from agents.keys import ids_in, key_of
from agents.nonsense import Nonsense, check_texts
from agents.printing import items_of, reprint_of
from agents.rules import Rules
from projections.rows import AccountRow, AccountState
from schemas import events as e
from schemas.events import Presence
from schemas.ids import shard_of, shard_of_text, shards_of_partition
from schemas.text import display_name_problems, name_key, username_problems
from streams.fold import Agent, Batch, Caused, Changes, Fold, Record, Refused, State

ACCOUNT = b"u"
NAME = b"n"
NAME_HELD_MS = 30 * 24 * 3600 * 1000

PRESENCES = {
    AccountState.ACTIVE: Presence.HERE,
    AccountState.DEACTIVATED: Presence.AWAY,
    AccountState.DELETED: Presence.GONE,
}


class Account(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of one account; names are emptied when it is deleted, and the name's own key says until when it is held."""

    username: str
    name_key: str
    display_name: str
    private: bool
    state: AccountState
    changed_at: int


class Name(msgspec.Struct, array_like=True, frozen=True):
    """Who holds a name; `released_at` is when the account was deleted, or None."""

    user_id: int
    released_at: int | None = None


def agent(rules: Rules) -> Agent:
    """Return the agent `accounts`, for a cluster of so many shards and partitions."""
    return Agent(
        name="accounts",
        role="people",
        sources=("accounts",),
        fold=fold_of(rules),
        writes=("accounts", "account_cards"),
        emits=("presences", "names"),
        reprint=reprint_of(accounts=standing, account_cards=standing),
        # 2: the same is kept, but who is absent and who holds a name is said of accounts of before, too.
        state_version=2,
    )


def fold_of(rules: Rules) -> Fold:
    """Return the fold of account events into rows for `accounts` and `account_cards`, names and presences."""

    def fold(batch: Batch, state: State) -> Changes:
        touched: dict[int, Account] = {}
        events: list[Caused] = []
        refused = []
        for record in batch.records:
            user_id = record.event.user_id
            before = read(state, user_id)
            try:
                account = decided(state, record, before, rules.shards)
            except Nonsense as nonsense:
                refused.append(Refused(record.offset, str(nonsense)))
                continue
            state.put(key_of(ACCOUNT, user_id), msgspec.msgpack.encode(account))
            touched[user_id] = account
            events += (Caused(record.offset, said) for said in news_of(record.event, before, account, rules))
        rows = list(rows_of(touched.items()))
        return Changes(rows={"accounts": rows, "account_cards": rows}, events=events, refused=refused)

    return fold


def read(state: State, user_id: int) -> Account | None:
    found = state.get(key_of(ACCOUNT, user_id))
    return None if found is None else msgspec.msgpack.decode(found, type=Account)


def news_of(event: e.Event, before: Account | None, after: Account, rules: Rules) -> Iterator[e.Event]:
    """Yield what an event of an account changes for others: who holds the name, and whether the person is here."""
    at = event.occurred_at
    common = {"event_id": "", "occurred_at": at, "actor_id": event.actor_id, "source": "accounts", "trace": event.trace}
    about = common | {"user_id": event.user_id, "changed_at": at}
    if before is None:
        if after.state is AccountState.ACTIVE:
            yield e.NameChanged(**about, name=after.name_key, held=True)
        return
    if after.state is AccountState.DELETED and before.state is not AccountState.DELETED:
        yield e.NameChanged(**about, name=before.name_key, held=False)
    if after.state is not before.state:
        for partition in range(rules.partitions):
            first = shards_of_partition(partition, rules.shards, rules.partitions)[0]
            yield e.PresenceChanged(**about, presence=PRESENCES[after.state], shard=first)


def standing(state: State) -> Iterator[AccountRow]:
    """Yield the row of every account that was ever claimed."""
    kept = items_of(state, ACCOUNT)
    return rows_of((ids_in(key)[0], msgspec.msgpack.decode(value, type=Account)) for key, value in kept)


def rows_of(accounts: Iterable[tuple[int, Account]]) -> Iterator[AccountRow]:
    for user_id, a in accounts:
        yield AccountRow(user_id, a.username, a.name_key, a.display_name, a.private, a.state, a.changed_at)


def decided(state: State, record: Record, before: Account | None, shards: int) -> Account:
    """Return the account after one event; `Nonsense` when the event cannot be."""
    event = record.event
    if isinstance(event, e.AccountOpened):
        return opened(state, event, before, shards)
    if before is None:
        raise Nonsense(f"{type(event).__name__} of user {event.user_id}, who was never opened")
    if before.state is AccountState.REFUSED:
        raise Nonsense(f"{type(event).__name__} of user {event.user_id}, whose user name belongs to another")
    if before.state is AccountState.DELETED:
        if isinstance(event, e.AccountDeleted):
            return before
        raise Nonsense(f"{type(event).__name__} of user {event.user_id}, who is deleted")
    return changed(state, event, before)


def opened(state: State, event: e.AccountOpened, before: Account | None, shards: int) -> Account:
    """Claim the name: the account is active, or refused because somebody else holds it."""
    texts = username_problems(event.username) + display_name_problems(event.display_name)
    check_texts(f"user {event.user_id}", texts)
    compared = name_key(event.username)
    wanted = shard_of_text(compared, shards)
    if shard_of(event.user_id) != wanted:
        raise Nonsense(f"user {event.user_id} is in shard {shard_of(event.user_id)}, its user name wants shard {wanted}")
    if before is not None:
        # The same claim once more changes nothing; another one under the same id is a mistake of the producer.
        if before.name_key in (compared, ""):
            return before
        raise Nonsense(f"user {event.user_id} was already opened under another user name")
    held = state.get(NAME + compared.encode())
    won = held is None or is_free(msgspec.msgpack.decode(held, type=Name), event.occurred_at)
    if won:
        state.put(NAME + compared.encode(), msgspec.msgpack.encode(Name(event.user_id)))
    return Account(
        username=event.username,
        name_key=compared,
        display_name=event.display_name,
        private=event.private,
        state=AccountState.ACTIVE if won else AccountState.REFUSED,
        changed_at=event.occurred_at,
    )


def is_free(name: Name, at: int) -> bool:
    return name.released_at is not None and at >= name.released_at + NAME_HELD_MS


def changed(state: State, event: e.Event, before: Account) -> Account:
    """Return an active or deactivated account after an event of its own."""
    at = event.occurred_at
    match event:
        case e.ProfileEdited():
            check_texts(f"user {event.user_id}", display_name_problems(event.display_name))
            return msgspec.structs.replace(before, display_name=event.display_name, changed_at=at)
        case e.PrivacyChanged():
            return msgspec.structs.replace(before, private=event.private, changed_at=at)
        case e.AccountDeactivated():
            return msgspec.structs.replace(before, state=AccountState.DEACTIVATED, changed_at=at)
        case e.AccountReactivated():
            return msgspec.structs.replace(before, state=AccountState.ACTIVE, changed_at=at)
        case e.AccountDeleted():
            state.put(NAME + before.name_key.encode(), msgspec.msgpack.encode(Name(event.user_id, at)))
            return Account("", "", "", before.private, AccountState.DELETED, at)
    raise Nonsense(f"{type(event).__name__} does not belong into the topic accounts")
