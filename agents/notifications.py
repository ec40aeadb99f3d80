"""What each person is told, and up to where they have read it.

Of every deed that concerns a person there is one notification, with the time of the first (`agents.told`): like, unlike, like
does not tell twice. A wish to follow is told as such; whether it is a request or a follow by now is asked when it is read.
Deeds, names, wishes and presences come by topics of their own, and what stands is a function of what they said in any order
(I7). What the reader may not see for a time is filtered at read; what is here goes only when somebody is gone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from agents.keys import ids_in, key_of
from agents.mentioned import fold_mention, fold_name
from agents.presence import presence_of, set_presence
from agents.printing import items_of, reprint_of
from agents.told import Identity, Kind, keep, removed_rows, rows_of, standing_rows
from projections.rows import InboxRow, NotificationRow
from schemas.events import (
    FollowerChanged,
    InboxRead,
    NameChanged,
    NoticeChanged,
    NoticeKind,
    Presence,
    PresenceChanged,
    WishState,
)
from schemas.ids import EPOCH_MS, TIME_SHIFT
from streams.fold import Agent, Batch, Changes, Record, Refused, State

READ = b"r"
_KINDS = {NoticeKind.LIKE: Kind.LIKE, NoticeKind.COMMENT: Kind.COMMENT, NoticeKind.MENTION: Kind.MENTION}


def agent() -> Agent:
    """Return the agent `notifications`."""
    return Agent(
        name="notifications",
        role="people",
        sources=("notices", "followers", "names", "presences", "inboxes"),
        fold=fold,
        writes=("notifications", "inboxes"),
        reprint=reprint_of(notifications=standing_rows, inboxes=standing_inboxes),
    )


@dataclass
class Turn:
    """One batch being folded: the notifications and inboxes that its records concern, and who is gone."""

    state: State
    touched: dict[Identity, None] = field(default_factory=dict)
    readers: dict[int, None] = field(default_factory=dict)
    gone: dict[int, None] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)

    def touch(self, ones: Iterable[Identity]) -> None:
        self.touched.update(dict.fromkeys(ones))

    def rows(self) -> Iterable[NotificationRow]:
        """Return one row for each that was touched, and lazily one for all that concern who is gone."""
        touched = rows_of(self.state, self.touched)
        if not self.gone:
            return touched
        return _Rows(touched, self.state, list(self.gone))


class _Rows:
    """Rows that are made anew each time that they are taken."""

    def __init__(self, touched: list[NotificationRow], state: State, gone: list[int]) -> None:
        self._touched, self._state, self._gone = touched, state, gone

    def __iter__(self) -> Iterator[NotificationRow]:
        return chain(self._touched, *(removed_rows(self._state, user_id) for user_id in self._gone))


def fold(batch: Batch, state: State) -> Changes:
    """Fold what concerns people into rows for `notifications` and `inboxes`."""
    turn = Turn(state)
    for record in batch.records:
        reason = fold_one(turn, record)
        if reason is not None:
            turn.refused.append(
                Refused(record.offset, f"{reason} UNKNOWN: a newer agent wrote it; upgrade this one and replay")
            )
    inboxes = [inbox_row(state, user_id) for user_id in turn.readers]
    return Changes(rows={"notifications": turn.rows(), "inboxes": inboxes}, refused=turn.refused)


def fold_one(turn: Turn, record: Record) -> str | None:
    """Fold one record; return which field is beyond this agent, None when none is."""
    event = record.event
    match event:
        case NoticeChanged(kind=NoticeKind.UNKNOWN):
            return "kind"
        case NoticeChanged(recipient_id=0):
            turn.touch(fold_mention(turn.state, event))
        case NoticeChanged():
            one = Identity(event.recipient_id, _KINDS[event.kind], event.by_id, event.photo_id, event.comment_id or 0)
            keep(turn.state, one, event.done_at, event.standing)
            turn.touch([one])
        case FollowerChanged(wish=WishState.UNKNOWN):
            return "wish"
        case FollowerChanged():
            one = Identity(event.followee_id, Kind.FOLLOW, event.follower_id)
            wanted_at = min(event.wanted_at, record.appended_at)
            keep(turn.state, one, wanted_at, event.wish is not WishState.NONE)
            turn.touch([one])
        case NameChanged():
            turn.touch(fold_name(turn.state, event))
        case PresenceChanged(presence=Presence.UNKNOWN):
            return "presence"
        case PresenceChanged():
            if set_presence(turn.state, event)[1] is Presence.GONE:
                turn.gone[event.user_id] = turn.readers[event.user_id] = None
        case InboxRead():
            read_inbox(turn, event, record.appended_at)
    return None


def read_inbox(turn: Turn, event: InboxRead, appended_at: int) -> None:
    """Keep the newest that was read, which is nothing that had not come yet: what comes later is unread, whatever was said."""
    key = key_of(READ, event.user_id)
    newest = ((appended_at - EPOCH_MS + 1) << TIME_SHIFT) - 1
    read = max(min(event.up_to, newest), int.from_bytes(turn.state.get(key) or b"", "big"))
    turn.state.put(key, read.to_bytes(8, "big"))
    turn.readers[event.user_id] = None


def inbox_row(state: State, user_id: int) -> InboxRow:
    """Return up to where somebody has read: nowhere when they are gone."""
    gone = presence_of(state, user_id) is Presence.GONE
    return InboxRow(user_id, 0 if gone else int.from_bytes(state.get(key_of(READ, user_id)) or b"", "big"))


def standing_inboxes(state: State) -> Iterator[InboxRow]:
    """Yield the row of everybody who has read something and is not gone."""
    rows = (inbox_row(state, ids_in(key)[0]) for key, _ in items_of(state, READ))
    return (row for row in rows if row.read_up_to)
