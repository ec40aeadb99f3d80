"""The enumerations that events carry; `UNKNOWN` stands first in each, for what an old reader makes of a new symbol."""

from enum import StrEnum


class LikeKind(StrEnum):
    """Whether a like was given or taken back."""

    UNKNOWN = "UNKNOWN"
    LIKED = "LIKED"
    UNLIKED = "UNLIKED"


class RelationKind(StrEnum):
    """What one person did towards another."""

    UNKNOWN = "UNKNOWN"
    FOLLOW_WANTED = "FOLLOW_WANTED"
    FOLLOW_WITHDRAWN = "FOLLOW_WITHDRAWN"
    FOLLOW_ACCEPTED = "FOLLOW_ACCEPTED"
    FOLLOW_REJECTED = "FOLLOW_REJECTED"
    BLOCKED = "BLOCKED"
    UNBLOCKED = "UNBLOCKED"
    MUTED = "MUTED"
    UNMUTED = "UNMUTED"


class WishState(StrEnum):
    """What the pair says about one person's wish to follow the other."""

    UNKNOWN = "UNKNOWN"
    NONE = "NONE"
    WANTED = "WANTED"
    ACCEPTED = "ACCEPTED"


class FollowState(StrEnum):
    """What a follow is after privacy was asked."""

    UNKNOWN = "UNKNOWN"
    NONE = "NONE"
    REQUESTED = "REQUESTED"
    FOLLOWING = "FOLLOWING"


class AudienceKind(StrEnum):
    """How an author's audience changed."""

    UNKNOWN = "UNKNOWN"
    GAINED = "GAINED"
    LOST = "LOST"
    PULLED = "PULLED"
    PUSHED = "PUSHED"
    REQUESTED = "REQUESTED"
    ENDED = "ENDED"


class Presence(StrEnum):
    """Whether a person is here, hides for a time (deactivated), or is gone for ever (deleted)."""

    UNKNOWN = "UNKNOWN"
    HERE = "HERE"
    AWAY = "AWAY"
    GONE = "GONE"


class NoticeKind(StrEnum):
    """What somebody did that another may want to know of; follows and requests are told by the audience."""

    UNKNOWN = "UNKNOWN"
    LIKE = "LIKE"
    COMMENT = "COMMENT"
    MENTION = "MENTION"


class Board(StrEnum):
    """What trends: hashtags or places."""

    UNKNOWN = "UNKNOWN"
    HASHTAGS = "HASHTAGS"
    PLACES = "PLACES"


class Settlement(StrEnum):
    """How a dead letter was settled."""

    UNKNOWN = "UNKNOWN"
    RETRIED = "RETRIED"
    DROPPED = "DROPPED"
