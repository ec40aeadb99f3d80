"""Builders for given/when/then: people, photos and events that show only what matters, and a play that folds them."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby

import polars as pl

from agents.rules import Rules
from schemas import events as e
from schemas.catalog import topic_of
from schemas.ids import compose_id, shard_of, shard_of_text
from streams.fold import Batch, Changes, Fold, Record
from tests.specs.memory_state import DictionaryState

RULES = Rules()
SHARDS = RULES.shards
DAWN = 1_700_000_000_000
DAY = 24 * 3600 * 1000


def user(name: str, sequence: int = 0) -> int:
    """Return the id of the person of that user name; another sequence is another person who claims the same name."""
    return compose_id(DAWN - DAY, shard_of_text(name.lower(), SHARDS), sequence)


ANN, BOB, CY, DEE = (user(name) for name in ("ann", "bob", "cy", "dee"))


def photo(owner: int, number: int = 1) -> int:
    return compose_id(DAWN + number, shard_of(owner), 1)


def comment(photo_id: int, number: int = 1) -> int:
    return compose_id(DAWN + number, shard_of(photo_id), 2)


def happened(event_type: type[e.Event], at: int = 0, actor: int = 0, **fields: object) -> e.Event:
    """Return an event of a type, `at` ms after dawn."""
    return event_type(event_id="1", occurred_at=DAWN + at, actor_id=actor, source="test", **fields)


def opened(who: int, username: str = "ann", private: bool = False, at: int = 0) -> e.Event:
    return happened(e.AccountOpened, at, who, user_id=who, username=username, display_name=username.title(), private=private)


def renamed(who: int, display_name: str, at: int = 0) -> e.Event:
    return happened(e.ProfileEdited, at, who, user_id=who, display_name=display_name)


def made(who: int, private: bool, at: int = 0) -> e.Event:
    return happened(e.PrivacyChanged, at, who, user_id=who, private=private)


def deactivated(who: int, at: int = 0) -> e.Event:
    return happened(e.AccountDeactivated, at, who, user_id=who)


def reactivated(who: int, at: int = 0) -> e.Event:
    return happened(e.AccountReactivated, at, who, user_id=who)


def closed(who: int, at: int = 0) -> e.Event:
    return happened(e.AccountDeleted, at, who, user_id=who)


def present(who: int, presence: str, at: int = 0) -> e.Event:
    """Return what a partition is told of a person: HERE, AWAY or GONE."""
    return happened(e.PresenceChanged, at, who, user_id=who, presence=e.Presence(presence), shard=0, changed_at=DAWN + at)


def did(who: int, kind: str, whom: int, at: int = 0, until: int | None = None) -> e.Event:
    return happened(e.RelationChanged, at, who, kind=e.RelationKind(kind), other_id=whom, until=until)


def wish(follower: int, state: str, followee: int, wanted: int = 0, at: int | None = None) -> e.Event:
    """Return one side of a pair, wanted at `wanted` ms after dawn, as said at `at` (when it was wanted, if not given)."""
    return happened(
        e.FollowerChanged,
        wanted if at is None else at,
        follower,
        followee_id=followee,
        follower_id=follower,
        wish=e.WishState(state),
        wanted_at=0 if state == "NONE" else DAWN + wanted,
    )


def following(follower: int, state: str, followee: int, at: int = 0) -> e.Event:
    return happened(
        e.FollowingChanged,
        at,
        follower,
        follower_id=follower,
        followee_id=followee,
        state=e.FollowState(state),
        since=DAWN + at,
    )


def barrier(who: int, whom: int, at: int = 0, **fields: object) -> e.Event:
    return happened(e.BarrierChanged, at, who, user_id=who, other_id=whom, **fields)


def uploaded(
    photo_id: int,
    owner: int,
    at: int = 0,
    caption: str | None = None,
    place: str | None = None,
    submission: str | None = None,
) -> e.Event:
    return happened(
        e.PhotoUploaded,
        at,
        owner,
        photo_id=photo_id,
        owner_id=owner,
        original_key=f"originals/{photo_id}",
        content_type="image/jpeg",
        size_bytes=1,
        sha256="00",
        caption=caption,
        place=place,
        submission=submission,
    )


def edited(photo_id: int, owner: int, actor: int | None = None, at: int = 0, **fields: object) -> e.Event:
    changes = {"caption_changed": "caption" in fields, "place_changed": "place" in fields, **fields}
    return happened(e.PhotoEdited, at, owner if actor is None else actor, photo_id=photo_id, owner_id=owner, **changes)


def erased(photo_id: int, owner: int, actor: int | None = None, at: int = 0) -> e.Event:
    return happened(e.PhotoDeleted, at, owner if actor is None else actor, photo_id=photo_id, owner_id=owner)


def variant(photo_id: int, owner: int, pixels: int = 150, at: int = 0) -> e.Event:
    return happened(
        e.VariantReady,
        at,
        photo_id=photo_id,
        owner_id=owner,
        pixels=pixels,
        width=pixels,
        height=pixels,
        size_bytes=9,
        original_width=4000,
        original_height=3000,
    )


def rejected(photo_id: int, owner: int, reason: str = "no picture", at: int = 0) -> e.Event:
    return happened(e.PhotoRejected, at, photo_id=photo_id, owner_id=owner, reason=reason)


def liked(who: int, photo_id: int, comment_id: int | None = None, at: int = 0, kind: str = "LIKED") -> e.Event:
    return happened(e.LikeChanged, at, who, photo_id=photo_id, comment_id=comment_id, kind=e.LikeKind(kind))


def unliked(who: int, photo_id: int, comment_id: int | None = None, at: int = 0) -> e.Event:
    return liked(who, photo_id, comment_id, at, "UNLIKED")


def commented(
    who: int, comment_id: int, photo_id: int, text: str = "Nice!", at: int = 0, submission: str | None = None
) -> e.Event:
    said = {"comment_id": comment_id, "photo_id": photo_id, "text": text, "submission": submission}
    return happened(e.CommentAdded, at, who, **said)


def uncommented(who: int, comment_id: int, photo_id: int, at: int = 0) -> e.Event:
    return happened(e.CommentDeleted, at, who, comment_id=comment_id, photo_id=photo_id)


def noticed(
    kind: str,
    whom: int | str,
    who: int,
    photo_id: int,
    comment_id: int | None = None,
    at: int | None = 0,
    standing: bool = True,
) -> e.Event:
    """Return what `notices` says to a person or to a user name; first done `at` ms after dawn, None: it only takes back."""
    by_name = isinstance(whom, str)
    return happened(
        e.NoticeChanged,
        at or 0,
        who,
        recipient_id=0 if by_name else whom,
        recipient_name=whom if by_name else None,
        kind=e.NoticeKind(kind),
        by_id=who,
        photo_id=photo_id,
        comment_id=comment_id,
        standing=standing,
        done_at=0 if at is None else DAWN + at,
    )


def named(name: str, who: int, held: bool = True, at: int = 0) -> e.Event:
    return happened(e.NameChanged, at, who, name=name, user_id=who, held=held, changed_at=DAWN + at)


def inbox_read(who: int, up_to: int, at: int = 0) -> e.Event:
    return happened(e.InboxRead, at, who, user_id=who, up_to=up_to)


# How rows stand in a projection: their key, and whether a row removes what stood there.
KEYS: dict[str, Callable] = {
    "accounts": lambda row: row.user_id,
    "account_cards": lambda row: row.user_id,
    "photos": lambda row: row.photo_id,
    "photo_cards": lambda row: row.photo_id,
    "comments": lambda row: row.comment_id,
    "likes": lambda row: (row.target_id, row.user_id),
    "liked": lambda row: (row.target_id, row.user_id),
    "followers": lambda row: (row.followee_id, row.follower_id),
    "followings": lambda row: (row.follower_id, row.followee_id),
    "barriers": lambda row: (row.user_id, row.other_id),
    "viewers": lambda row: row.user_id,
    "celebrities": lambda row: row.author_id,
    "notifications": lambda row: row[:5],
    "inboxes": lambda row: row.user_id,
    "submissions": lambda row: (row.person_id, row.submission),
    "counters": lambda row: (row.kind.value, row.entity_id),
    "counter_rows": lambda row: (row.kind.value, row.entity_id),
}
REMOVES: dict[str, Callable] = {
    "photos": lambda row: row.state == "cleared",
    "photo_cards": lambda row: row.state == "cleared",
    "likes": lambda row: not row.liked,
    "liked": lambda row: not row.liked,
    "followers": lambda row: row.state == "NONE",
    "followings": lambda row: row.state == "NONE",
    "barriers": lambda row: not any(row[2:]),
    "celebrities": lambda row: not row.spans,
    "notifications": lambda row: not row.standing,
    "inboxes": lambda row: row.read_up_to == 0,
    "submissions": lambda row: not row.standing,
}
LIKE_COLUMNS = {
    "photo_id": pl.Int64,
    "comment_id": pl.Int64,
    "actor_id": pl.Int64,
    "kind": pl.Enum([kind.value for kind in e.LikeKind]),
    "occurred_at": pl.Int64,
    "offset": pl.Int64,
    "appended_at": pl.Int64,
}


class Play:
    """A fold at work on a state of its own: give it events, then look at what is in the projections."""

    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.state = DictionaryState()
        self.tables: dict[str, dict] = {}
        self.events: list[e.Event] = []
        self.refused: list[str] = []
        self.rows_written = 0
        self.offsets: Counter = Counter()

    def given(self, *events: e.Event, batch_of: int = 1_000) -> "Play":
        """Fold events in this order: a batch ends where the topic changes, or after so many records."""
        for topic, group in groupby(events, key=lambda event: topic_of(type(event)).name):
            told = list(group)
            for first in range(0, len(told), batch_of):
                self.keep(self.fold(self.batch(topic, told[first : first + batch_of]), self.state))
        return self

    def when(self, *events: e.Event) -> Changes:
        """Fold events of one topic as one batch and return the changes, which are kept as well."""
        changes = self.fold(self.batch(topic_of(type(events[0])).name, events), self.state)
        changes.rows = {name: list(rows) for name, rows in changes.rows.items()}
        changes.events = list(changes.events)
        return self.keep(changes)

    def batch(self, topic: str, events: Sequence[e.Event]) -> Batch:
        first = self.offsets[topic]
        self.offsets[topic] += len(events)
        records = [Record(first + n, event.occurred_at, event) for n, event in enumerate(events)]
        if topic != "likes":
            return Batch(topic, 0, first, first + len(events), records)
        return Batch(topic, 0, first, first + len(events), columns=like_columns(records))

    def keep(self, changes: Changes) -> Changes:
        for name, rows in changes.rows.items():
            table = self.tables.setdefault(name, {})
            for row in rows:
                self.rows_written += 1
                if REMOVES.get(name, lambda row: False)(row):
                    table.pop(KEYS[name](row), None)
                else:
                    table[KEYS[name](row)] = row
        self.events += [caused.event for caused in changes.events]
        self.refused += [refused.reason for refused in changes.refused]
        return changes

    def row(self, projection: str, *key: object):
        """Return the row that stands under a key, or None."""
        return self.tables.get(projection, {}).get(key[0] if len(key) == 1 else key)

    def count(self, kind: str, entity: int) -> int:
        row = self.row("counters", kind, entity)
        return 0 if row is None else row.value


def like_columns(records: Sequence[Record]) -> pl.DataFrame:
    rows = [
        (
            r.event.photo_id,
            r.event.comment_id,
            r.event.actor_id,
            r.event.kind.value,
            r.event.occurred_at,
            r.offset,
            r.appended_at,
        )
        for r in records
    ]
    return pl.DataFrame(rows, schema=LIKE_COLUMNS, orient="row")
