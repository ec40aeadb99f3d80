"""The catalogue of topics: one line each, with the events that a topic holds and what places them.

`key` gives the record's key as text, `shard` the logical shard among `shards` in use, from which the partition follows
(`schemas.ids.partition_of`). Every topic has the same number of partitions, so topics keyed by the same entity are
co-partitioned. Names are identities and never change once deployed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from schemas import events as e
from schemas.ids import pair_key, shard_of, shard_of_text


@dataclass(frozen=True)
class Topic:
    """One topic. `shard` takes the event and the number of shards in use; `hot` topics decode as columns."""

    name: str
    holds: tuple[type[e.Event], ...]
    key: Callable[[e.Event], str]
    shard: Callable[[e.Event, int], int]
    derived: bool = False
    hot: bool = False


def _by(field: str) -> dict:
    """Place an event by the id in one of its fields: the id is the key, and carries the shard."""
    return {
        "key": lambda event: str(getattr(event, field)),
        "shard": lambda event, shards: shard_of(getattr(event, field)),
    }


def _by_text(key: Callable[[e.Event], str]) -> dict:
    """Place an event by a text: the stable hash of the text gives the shard."""
    return {"key": key, "shard": lambda event, shards: shard_of_text(key(event), shards)}


def _user(event: e.PresenceChanged) -> str:
    return str(event.user_id)


def _recipient(event: e.NoticeChanged) -> str:
    return str(event.recipient_id or event.recipient_name)


def _shard_of_recipient(event: e.NoticeChanged, shards: int) -> int:
    """A user's shard is the hash of the user name, so that both say the same."""
    return shard_of(event.recipient_id) if event.recipient_id else shard_of_text(event.recipient_name or "", shards)


_ACCOUNT_EVENTS = (
    e.AccountOpened,
    e.ProfileEdited,
    e.PrivacyChanged,
    e.AccountDeactivated,
    e.AccountReactivated,
    e.AccountDeleted,
)
_LETTERS = (e.DeadLettered, e.DeadLetterSettled)
_PHOTO_EVENTS = (e.PhotoUploaded, e.PhotoEdited, e.PhotoDeleted, e.VariantReady, e.PhotoRejected)

TOPICS = (
    Topic("accounts", _ACCOUNT_EVENTS, **_by("user_id")),
    Topic("photos", _PHOTO_EVENTS, **_by("photo_id")),
    Topic("likes", (e.LikeChanged,), **_by("photo_id"), hot=True),
    Topic("comments", (e.CommentAdded, e.CommentDeleted), **_by("photo_id")),
    Topic("inboxes", (e.InboxRead,), **_by("user_id")),
    Topic("relations", (e.RelationChanged,), **_by_text(lambda event: pair_key(event.actor_id, event.other_id))),
    Topic("presences", (e.PresenceChanged,), key=_user, shard=lambda event, shards: event.shard, derived=True),
    Topic("names", (e.NameChanged,), **_by("user_id"), derived=True),
    Topic("followers", (e.FollowerChanged,), **_by("followee_id"), derived=True),
    Topic("followings", (e.FollowingChanged,), **_by("follower_id"), derived=True),
    Topic("barriers", (e.BarrierChanged,), **_by("user_id"), derived=True),
    Topic("audience", (e.AudienceChanged,), **_by("author_id"), derived=True),
    Topic("notices", (e.NoticeChanged,), key=_recipient, shard=_shard_of_recipient, derived=True),
    Topic("trend_posts", (e.PostSeen,), **_by("photo_id"), derived=True),
    Topic("trend_mentions", (e.TermMentioned,), **_by_text(lambda event: f"{event.board}:{event.term}"), derived=True),
    Topic("trend_scores", (e.TermScored,), **_by_text(lambda event: str(event.board)), derived=True),
    Topic("dead_letters", _LETTERS, **_by_text(lambda event: f"{event.topic}[{event.partition}]")),
)


def topic_named(name: str) -> Topic:
    """Return the topic of that name; KeyError, with the names there are, when there is none."""
    for topic in TOPICS:
        if topic.name == name:
            return topic
    raise KeyError(f"no topic {name!r}; there are: {', '.join(t.name for t in TOPICS)}")


def topic_of(event_type: type[e.Event]) -> Topic:
    """Return the one topic that holds events of a type; KeyError when the catalogue has no line for it."""
    for topic in TOPICS:
        if event_type in topic.holds:
            return topic
    raise KeyError(f"no topic holds {event_type.__name__}; add it to schemas/catalog.py")
