"""Every event that can happen, declared once; the `.avsc` files are derived from here and committed.

Those that agents make are declared in `schemas.derived`, and named here beside the others. Common fields come first and mean
the same everywhere. Times are Unix milliseconds (`Ms`), ids are the 64-bit ids of `schemas.ids`. A field can be added only
with a default, and nothing is ever renamed: `docs/how-to/add-an-event.md`.
"""

from typing import Annotated

from schemas.derived import (
    AudienceChanged as AudienceChanged,
    BarrierChanged as BarrierChanged,
    FollowerChanged as FollowerChanged,
    FollowingChanged as FollowingChanged,
    NameChanged as NameChanged,
    NoticeChanged as NoticeChanged,
    PostSeen as PostSeen,
    PresenceChanged as PresenceChanged,
    TermMentioned as TermMentioned,
    TermScored as TermScored,
)
from schemas.event import Event, Ms, said
from schemas.kinds import (
    AudienceKind as AudienceKind,
    Board as Board,
    FollowState as FollowState,
    LikeKind as LikeKind,
    NoticeKind as NoticeKind,
    Presence as Presence,
    RelationKind as RelationKind,
    Settlement as Settlement,
    WishState as WishState,
)

# --- accounts, keyed by user ------------------------------------------------------------------------------------------


class AccountOpened(Event, frozen=True, kw_only=True):
    """A person claimed a user name; the first claim of a name in the log wins."""

    user_id: Annotated[int, said("Id of the account; its shard is the stable hash of the compared user name.")]
    username: Annotated[str, said("User name as typed (personal data).")]
    display_name: Annotated[str, said("Display name as typed (personal data).")]
    private: Annotated[bool, said("Whether the account opens as private.")] = False


class ProfileEdited(Event, frozen=True, kw_only=True):
    """A person changed how they are called."""

    user_id: Annotated[int, said("Id of the account.")]
    display_name: Annotated[str, said("New display name as typed (personal data).")]


class PrivacyChanged(Event, frozen=True, kw_only=True):
    """A person made their account private, or public."""

    user_id: Annotated[int, said("Id of the account.")]
    private: Annotated[bool, said("Whether the account is private from now on.")]


class AccountDeactivated(Event, frozen=True, kw_only=True):
    """A person hid their account until further notice."""

    user_id: Annotated[int, said("Id of the account.")]


class AccountReactivated(Event, frozen=True, kw_only=True):
    """A person brought their hidden account back."""

    user_id: Annotated[int, said("Id of the account.")]


class AccountDeleted(Event, frozen=True, kw_only=True):
    """A person deleted their account for ever."""

    user_id: Annotated[int, said("Id of the account.")]


# --- photos, keyed by photo -------------------------------------------------------------------------------------------


class PhotoUploaded(Event, frozen=True, kw_only=True):
    """An original was stored, and its photo begins to exist."""

    photo_id: Annotated[int, said("Id of the photo; it carries the owner's shard.")]
    owner_id: Annotated[int, said("User who owns the photo.")]
    original_key: Annotated[str, said("Key of the original in the object store's `originals` bucket.")]
    content_type: Annotated[str, said("image/jpeg or image/png, found in the content.")]
    size_bytes: Annotated[int, said("Size of the original in bytes.")]
    sha256: Annotated[str, said("SHA-256 of the original, in hex.")]
    caption: Annotated[str | None, said("Caption as typed (personal data).")] = None
    place: Annotated[str | None, said("Place as typed (personal data).")] = None
    submission: Annotated[str | None, said("Hash of the owner's idempotency key; null: there was none.")] = None


class PhotoEdited(Event, frozen=True, kw_only=True):
    """The owner changed the caption, the place, or both."""

    photo_id: Annotated[int, said("Id of the photo.")]
    owner_id: Annotated[int, said("User who owns the photo.")]
    caption_changed: Annotated[bool, said("Whether the caption changes; otherwise `caption` says nothing.")]
    caption: Annotated[str | None, said("New caption, null clears it (personal data).")] = None
    place_changed: Annotated[bool, said("Whether the place changes; otherwise `place` says nothing.")] = False
    place: Annotated[str | None, said("New place, null clears it (personal data).")] = None


class PhotoDeleted(Event, frozen=True, kw_only=True):
    """The owner deleted the photo for ever; this tombstone wins over everything else."""

    photo_id: Annotated[int, said("Id of the photo.")]
    owner_id: Annotated[int, said("User who owns the photo.")]


class VariantReady(Event, frozen=True, kw_only=True):
    """A resized image was stored; the 150 px one makes the photo ready."""

    photo_id: Annotated[int, said("Id of the photo.")]
    owner_id: Annotated[int, said("User who owns the photo.")]
    pixels: Annotated[int, said("Which variant: 150, 320, 640 or 1080, the box in px that it fits.")]
    width: Annotated[int, said("Width of the variant in px.")]
    height: Annotated[int, said("Height of the variant in px.")]
    size_bytes: Annotated[int, said("Size of the variant in bytes.")]
    original_width: Annotated[int, said("Width of the oriented original in px.")]
    original_height: Annotated[int, said("Height of the oriented original in px.")]


class PhotoRejected(Event, frozen=True, kw_only=True):
    """The original could not be decoded."""

    photo_id: Annotated[int, said("Id of the photo.")]
    owner_id: Annotated[int, said("User who owns the photo.")]
    reason: Annotated[str, said("Why, in words for the owner.")]


# --- likes and comments, keyed by photo -------------------------------------------------------------------------------


class LikeChanged(Event, frozen=True, kw_only=True):
    """The actor liked, or took back the like of, a photo or one of its comments."""

    photo_id: Annotated[int, said("Photo that is liked, or whose comment is.")]
    kind: Annotated[LikeKind, said("LIKED or UNLIKED.")]
    comment_id: Annotated[int | None, said("Comment that is liked; null when it is the photo itself.")] = None


class CommentAdded(Event, frozen=True, kw_only=True):
    """The actor commented a photo."""

    comment_id: Annotated[int, said("Id of the comment; it carries the shard of the photo.")]
    photo_id: Annotated[int, said("Photo that was commented.")]
    text: Annotated[str, said("Text as typed (personal data).")]
    submission: Annotated[str | None, said("Hash of the actor's idempotency key; null: there was none.")] = None


class CommentDeleted(Event, frozen=True, kw_only=True):
    """The author of a comment, or the owner of its photo, deleted it for ever."""

    comment_id: Annotated[int, said("Id of the comment.")]
    photo_id: Annotated[int, said("Photo that was commented.")]


# --- relations, keyed by the unordered pair ---------------------------------------------------------------------------


class RelationChanged(Event, frozen=True, kw_only=True):
    """The actor did something towards another person; accepting and rejecting are said of the other's wish to follow."""

    kind: Annotated[RelationKind, said("What was done.")]
    other_id: Annotated[int, said("The person it was done to.")]
    until: Annotated[Ms | None, said("When a mute ends, Unix time in ms; null is for ever.")] = None


# --- inboxes, keyed by user -------------------------------------------------------------------------------------------


class InboxRead(Event, frozen=True, kw_only=True):
    """A person has read their notifications up to one, and all older ones."""

    user_id: Annotated[int, said("Person whose notifications they are.")]
    up_to: Annotated[int, said("Id of the newest notification that was read.")]


# --- what could not be folded -----------------------------------------------------------------------------------------


class DeadLettered(Event, frozen=True, kw_only=True):
    """A record that could not be decoded or made no sense, with its bytes, its reason and its position."""

    topic: Annotated[str, said("Topic it was read from.")]
    partition: Annotated[int, said("Partition it was read from.")]
    position: Annotated[int, said("Offset it was read at.")]
    agent: Annotated[str, said("Agent that refused it.")]
    reason: Annotated[str, said("What was wrong, and in which field.")]
    raw_key: Annotated[bytes | None, said("Key as it was read.")] = None
    raw_value: Annotated[bytes | None, said("Value as it was read.")] = None


class DeadLetterSettled(Event, frozen=True, kw_only=True):
    """Somebody settled a dead letter: its record was appended again, or left out for good. Nothing is deleted from the log.

    `event_id` is the letter's with what was done, and of a retry the new offset: `likes/likes/3/1042/RETRIED/1100`.
    """

    letter_id: Annotated[str, said("Event id of the dead letter: agent/topic/partition/offset.")]
    topic: Annotated[str, said("Topic that the record was read from.")]
    partition: Annotated[int, said("Partition that the record was read from.")]
    position: Annotated[int, said("Offset that the record was read at.")]
    agent: Annotated[str, said("Agent that refused it.")]
    settlement: Annotated[Settlement, said("RETRIED or DROPPED.")]
    settled_by: Annotated[str, said("Who settled it, as the machine knows them (personal data).")]
    why: Annotated[str | None, said("Why, in their words.")] = None
    retried_position: Annotated[int | None, said("Offset at which the record stands again; null when it was dropped.")] = None
