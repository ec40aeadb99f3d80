"""Every event that can happen, declared once; the `.avsc` files are derived from here and committed.

Common fields come first and mean the same everywhere. Times are Unix milliseconds (`Ms`), ids are the 64-bit ids of
`schemas.ids`. A field can be added only with a default, and nothing is ever renamed: `docs/how-to/add-an-event.md`.
"""

from typing import Annotated

import msgspec

from schemas.kinds import AudienceKind, Board, FollowState, LikeKind, RelationKind, Settlement, WishState


def said(description: str) -> msgspec.Meta:
    """Return the documentation of a field, which becomes its `doc` in Avro."""
    return msgspec.Meta(description=description)


# A Unix time in milliseconds; Avro's timestamp-millis.
Ms = Annotated[int, msgspec.Meta(extra={"logical": "timestamp-millis"})]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What all events carry. `event_id` of a derived event names its cause: agent/partition/epoch/number/index (I5)."""

    event_id: Annotated[str, said("Identity: a minted id in decimal, or the cause of a derived event.")]
    occurred_at: Annotated[Ms, said("When it happened, Unix time in ms, as seen by the edge.")]
    actor_id: Annotated[int, said("User who did it; 0 when Darkroom itself did.")]
    source: Annotated[str, said("Who appended it: http, cli, python, or the name of an agent.")]
    trace: Annotated[str | None, said("Correlation id of the request that caused it.")] = None


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


# --- derived: named by cause, rebuildable -----------------------------------------------------------------------------


class FollowerChanged(Event, frozen=True, kw_only=True):
    """One side of a pair: the wish of `follower_id` to follow `followee_id`, as a whole; keyed by followee."""

    followee_id: Annotated[int, said("Person who would be followed.")]
    follower_id: Annotated[int, said("Person who would follow.")]
    wish: Annotated[WishState, said("The wish as it stands now.")]
    wanted_at: Annotated[Ms, said("When it was wanted, Unix time in ms; 0 when there is none.")]


class FollowingChanged(Event, frozen=True, kw_only=True):
    """What a follow is now, as a whole; keyed by follower."""

    follower_id: Annotated[int, said("Person who follows.")]
    followee_id: Annotated[int, said("Person who is followed.")]
    state: Annotated[FollowState, said("The follow as it stands now.")]
    since: Annotated[Ms, said("When this state began, Unix time in ms.")]


class BarrierChanged(Event, frozen=True, kw_only=True):
    """What stands between a person and another, seen from the person's side, as a whole; keyed by the person."""

    user_id: Annotated[int, said("Person whose side this is.")]
    other_id: Annotated[int, said("The other one.")]
    blocking_since: Annotated[Ms | None, said("Since when the person blocks the other; null: does not.")] = None
    blocked_by: Annotated[bool, said("Whether the other blocks the person.")] = False
    muting_since: Annotated[Ms | None, said("Since when the person mutes the other; null: does not.")] = None
    muted_until: Annotated[Ms | None, said("When the mute ends; null is for ever.")] = None


class AudienceChanged(Event, frozen=True, kw_only=True):
    """An author gained or lost a follower, or crossed the celebrity threshold; keyed by author.

    PULLED and PUSHED say from which moment on the author's photos are pulled at read, or pushed again.
    """

    author_id: Annotated[int, said("Author whose audience it is.")]
    kind: Annotated[AudienceKind, said("What changed.")]
    follower_id: Annotated[int | None, said("Follower who was gained or lost.")] = None
    changed_at: Annotated[Ms, said("When it took effect, Unix time in ms.")]


class PostSeen(Event, frozen=True, kw_only=True):
    """A photo as the trends see it, as a whole: public and ready (`present`) or not; keyed by photo."""

    photo_id: Annotated[int, said("Id of the photo.")]
    owner_id: Annotated[int, said("User who owns the photo.")]
    present: Annotated[bool, said("Whether it counts: ready, not deleted, of a public account.")]
    caption: Annotated[str | None, said("Caption as typed (personal data).")] = None
    place: Annotated[str | None, said("Place as typed (personal data).")] = None


class TermMentioned(Event, frozen=True, kw_only=True):
    """A photo carries a hashtag or a place, or no longer does; keyed by board and term."""

    board: Annotated[Board, said("Hashtags or places.")]
    term: Annotated[str, said("The tag or place in its compared form.")]
    shown: Annotated[str, said("The tag or place as typed (personal data).")]
    photo_id: Annotated[int, said("Photo that carries it.")]
    owner_id: Annotated[int, said("User who owns the photo.")]
    present: Annotated[bool, said("Whether the photo carries it now.")]


class TermScored(Event, frozen=True, kw_only=True):
    """The score of one term on one board, as a whole; keyed by board."""

    board: Annotated[Board, said("Hashtags or places.")]
    term: Annotated[str, said("The tag or place in its compared form.")]
    shown: Annotated[str, said("The tag or place as most lately typed.")]
    window_start: Annotated[Ms, said("Start of the five-minute window that was scored, Unix time in ms.")]
    people: Annotated[int, said("Distinct people who used the term in the window.")]
    observed: Annotated[float, said("P: distinct people in the window.")]
    expected: Annotated[float, said("P': the highest of the past week, or the floor for the unseen.")]
    novelty: Annotated[float, said("ln(P / P').")]
    peak_score: Annotated[float, said("The highest S = P ln(P / P') so far, before decay.")]
    peak_at: Annotated[Ms, said("Start of the window of that peak, Unix time in ms.")]
    photos: Annotated[tuple[int, ...], said("Newest photos that carry the term, at most ten.")] = ()


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
