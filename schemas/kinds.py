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
