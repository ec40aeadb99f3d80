"""The likes among the notices: those of a batch, each once, and those that came before their photo or comment.

Nothing is remembered of who already liked what is known. What came early is kept, and stays when its target has come, so that a
target that is said again says what is so.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from struct import Struct

import msgspec
import polars as pl

from agents.keys import ids_in, key_of
from agents.printing import items_of
from agents.targets import COMMENT, PHOTO, Remark, Shot, Target, caused
from schemas.events import LikeKind, NoticeChanged, NoticeKind
from streams.fold import Caused, Record, State

# (photo or comment, person).
EARLY_LIKE = b"l"
# When it was liked first, in ms (0: never), and whether that stands.
LIKE = Struct(">q?")
_NOBODYS = (0, Target(0, None))

# Target, person, offset, time, first like in ms or 0, standing; and whether the target is a comment.
Word = tuple[int, int, int, int, int, bool, bool]


@dataclass(frozen=True)
class Early:
    """Likes of a target that came before it, to be said to its owner when the events are taken, however many they are."""

    record: Record
    recipient_id: int
    target: Target

    def said(self, state: State) -> Iterator[Caused]:
        """Yield a notice for each of them but the owner's own."""
        for key, value in items_of(state, key_of(EARLY_LIKE, self.target.comment_id or self.target.photo_id)):
            actor_id, (done_at, standing) = ids_in(key)[1], LIKE.unpack(value)
            if actor_id != self.recipient_id:
                yield caused(self.record, NoticeKind.LIKE, actor_id, self.target, done_at, standing, self.recipient_id)


def fold_likes(columns: pl.DataFrame, state: State) -> list[Caused]:
    """Keep the likes whose target has not come, and return one notice for each other target and person of the batch."""
    people = last_words(columns)
    owned = owned_targets(state, people)
    keep_early(state, people, owned)
    events = []
    for target_id, actor_id, offset, occurred_at, done_at, standing, _ in people:
        owner_id, target = owned.get(target_id, _NOBODYS)
        if owner_id in (0, actor_id):
            continue
        notice = NoticeChanged(
            event_id="",
            occurred_at=occurred_at,
            actor_id=actor_id,
            source="notices",
            recipient_id=owner_id,
            kind=NoticeKind.LIKE,
            by_id=actor_id,
            photo_id=target.photo_id,
            comment_id=target.comment_id,
            standing=standing,
            done_at=done_at,
        )
        events.append(Caused(offset, notice))
    return events


def last_words(columns: pl.DataFrame) -> list[Word]:
    """Return what each person last said of each target, in the order of the log. Kinds that `likes` refuses are left out."""
    kind = pl.col("kind").cast(pl.String)
    at = pl.min_horizontal(pl.col("occurred_at").cast(pl.Int64), pl.col("appended_at").cast(pl.Int64))
    said = columns.filter(kind.is_in([LikeKind.LIKED.value, LikeKind.UNLIKED.value])).select(
        pl.coalesce("comment_id", "photo_id").alias("target_id"),
        "actor_id",
        "offset",
        pl.col("occurred_at").cast(pl.Int64),
        at.alias("at"),
        (kind == LikeKind.LIKED.value).alias("liked"),
        pl.col("comment_id").is_not_null().alias("of_comment"),
    )
    first_like = pl.col("at").filter(pl.col("liked")).first().fill_null(0)
    last = said.group_by("target_id", "actor_id").agg(
        pl.col("offset").last(),
        pl.col("occurred_at").last(),
        first_like.alias("done_at"),
        pl.col("liked").last(),
        pl.col("of_comment").last(),
    )
    return last.sort("offset").rows()


def owned_targets(state: State, people: list[Word]) -> dict[int, tuple[int, Target]]:
    """Return whose each known target is; 0 for a comment that was deleted before it was added."""
    targets = {target_id: of_comment for target_id, *_, of_comment in people}
    keys = [key_of(COMMENT if of_comment else PHOTO, target_id) for target_id, of_comment in targets.items()]
    owned = {}
    for (target_id, of_comment), found in zip(targets.items(), state.get_many(keys), strict=True):
        if found is not None and of_comment:
            remark = msgspec.msgpack.decode(found, type=Remark)
            owned[target_id] = remark.author_id, Target(remark.photo_id, target_id)
        elif found is not None:
            owned[target_id] = msgspec.msgpack.decode(found, type=Shot).owner_id, Target(target_id, None)
    return owned


def keep_early(state: State, people: list[Word], known: Container[int]) -> None:
    """Keep what came before its target, and what else is said of a like that is kept; each with its first time."""
    some_are_kept = next(iter(state.scan(EARLY_LIKE, None, 1)), None) is not None
    asked = people if some_are_kept else [word for word in people if word[0] not in known]
    keys = [key_of(EARLY_LIKE, target_id, actor_id) for target_id, actor_id, *_ in asked]
    kept = []
    for key, (target_id, _, _, _, done_at, standing, _), found in zip(keys, asked, state.get_many(keys), strict=True):
        if found is not None or target_id not in known:
            first = LIKE.unpack(found)[0] if found is not None else 0
            kept.append((key, LIKE.pack(first or done_at, standing)))
    state.put_many(kept)
