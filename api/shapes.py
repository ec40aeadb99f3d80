"""What is sent and what is answered, as types: bodies are read into these, and the description is made of them."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

Id = Annotated[str, Meta(pattern="^[0-9]{1,19}$", description="Decimal id below 2^63.")]
Time = Annotated[str, Meta(description="YYYY-MM-DDTHH:MM:SS.mmmZ")]


class NewAccount(msgspec.Struct):
    """A person to be."""

    username: str
    display_name: str
    private: bool = False


class ProfileChange(msgspec.Struct):
    """What of a profile changes; what is left out stays."""

    display_name: str | UnsetType = UNSET
    private: bool | UnsetType = UNSET


class Mute(msgspec.Struct):
    """When a mute ends; left out: never."""

    until: str | None = None


class PhotoChange(msgspec.Struct):
    """What of a photo changes; null clears, what is left out stays."""

    caption: str | UnsetType | None = UNSET
    place: str | UnsetType | None = UNSET


class NewComment(msgspec.Struct):
    """A comment to be."""

    text: str


class Person(msgspec.Struct):
    """A person as lists name them."""

    id: Id
    username: str
    display_name: str


class UserCounts(msgspec.Struct):
    """How many there are of each."""

    photos: int
    followers: int
    following: int


class Relation(msgspec.Struct):
    """What stands between the reader and a person."""

    following: bool
    followed_by: bool
    requested: bool
    blocking: bool
    muting: bool


class User(msgspec.Struct, omit_defaults=True):
    """A profile; `relation` is there with a token, and not of oneself. `token` only when the account was just opened."""

    id: Id
    username: str
    display_name: str
    private: bool
    counts: UserCounts
    relation: Relation | UnsetType = UNSET
    token: str | UnsetType = UNSET


class PhotoCounts(msgspec.Struct):
    """How many there are of each."""

    likes: int
    comments: int


class Photo(msgspec.Struct):
    """A photo. `why` only in a feed, `liked` only with a token, `reason` only when it was rejected."""

    id: Id
    owner: Person
    state: Annotated[str, Meta(description="processing, ready or rejected")]
    caption: str | None
    tags: list[str]
    place: str | None
    width: int | None
    height: int | None
    created_at: Time
    images: Annotated[dict[str, str], Meta(description="URLs by size: 150, 320, 640, 1080.")]
    counts: PhotoCounts
    liked: bool | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    why: Annotated[str, Meta(description="own or follow")] | UnsetType = UNSET


class CommentCounts(msgspec.Struct):
    """How many likes."""

    likes: int


class Comment(msgspec.Struct):
    """A comment on a photo."""

    id: Id
    author: Person
    text: str
    created_at: Time
    counts: CommentCounts
    liked: bool | UnsetType = UNSET


class Notification(msgspec.Struct):
    """What somebody did that concerns the reader; `photo` and `comment` are what it was done to, null where there is none."""

    id: Id
    kind: Annotated[str, Meta(description="like, comment, follow, request or mention")]
    actor: Person
    photo: Id | None
    comment: Id | None
    created_at: Time
    read: bool


class ReadUpTo(msgspec.Struct):
    """Up to which notification one has read; all older ones are read with it."""

    up_to: Id


class FollowAnswer(msgspec.Struct):
    """What a follow has become."""

    state: Annotated[str, Meta(description="following, requested or none")]


class Trend(msgspec.Struct):
    """One rank of a board: what is there, and why."""

    rank: int
    score: float
    observed: float
    expected: float
    novelty: float
    people: int
    peak_at: Time
    photos: list[Id]
    tag: str | UnsetType = UNSET
    place: str | UnsetType = UNSET


class Trends(msgspec.Struct):
    """A board as of a moment."""

    as_of: Time | None
    items: list[Trend]


class ProjectionStatus(msgspec.Struct):
    """How far one projection is."""

    name: str
    version: int
    position: str
    lag_events: int | None
    lag_seconds: float | None
    state: str


class Status(msgspec.Struct):
    """How far all projections are."""

    projections: list[ProjectionStatus]


class People(msgspec.Struct):
    """A page of people."""

    items: list[Person]
    next: str | None


class Photos(msgspec.Struct):
    """A page of photos."""

    items: list[Photo]
    next: str | None


class Comments(msgspec.Struct):
    """A page of comments."""

    items: list[Comment]
    next: str | None


class Notifications(msgspec.Struct):
    """A page of notifications."""

    items: list[Notification]
    next: str | None
