"""The events that agents make of others: named by their cause, and rebuildable.

`schemas.events` names them beside those of the edge; nothing else imports this module.
"""

from typing import Annotated

from schemas.event import Event, Ms, said
from schemas.kinds import AudienceKind, Board, FollowState, NoticeKind, Presence, WishState


class PresenceChanged(Event, frozen=True, kw_only=True):
    """A person hid, came back or is gone for ever; said once to every partition, so that each can count without them."""

    user_id: Annotated[int, said("Person it is about.")]
    presence: Annotated[Presence, said("What they are now.")]
    shard: Annotated[int, said("First shard of the partition that is told; it places the event.")]
    changed_at: Annotated[Ms, said("When it happened, Unix time in ms.")]


class NameChanged(Event, frozen=True, kw_only=True):
    """Somebody holds a user name from now on, or no longer; keyed by user, which is where all claims of a name meet."""

    name: Annotated[str, said("User name in its compared form (personal data).")]
    user_id: Annotated[int, said("Person who holds it, or held it.")]
    held: Annotated[bool, said("Whether it is theirs now.")]
    changed_at: Annotated[Ms, said("When it became so, Unix time in ms.")]


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

    REQUESTED: somebody asks to follow and does not, so that one who followed is lost with it. PULLED and PUSHED say from which
    moment on the author's photos are pulled at read, or pushed again. ENDED: the author's account was deleted, for ever.
    """

    author_id: Annotated[int, said("Author whose audience it is.")]
    kind: Annotated[AudienceKind, said("What changed.")]
    follower_id: Annotated[int | None, said("Follower who was gained or lost.")] = None
    changed_at: Annotated[Ms, said("When it took effect, Unix time in ms.")]


class NoticeChanged(Event, frozen=True, kw_only=True):
    """What somebody did concerns another person, or no longer stands; keyed by that person, or by their user name."""

    recipient_id: Annotated[int, said("Person it concerns; 0 when only the name is known.")]
    recipient_name: Annotated[str | None, said("User name in its compared form, of a mention (personal data).")] = None
    kind: Annotated[NoticeKind, said("What was done.")]
    by_id: Annotated[int, said("Person who did it.")]
    photo_id: Annotated[int, said("Photo it was done to, or on.")]
    comment_id: Annotated[int | None, said("Comment that was added, liked or mentions; null: the photo itself.")] = None
    standing: Annotated[bool, said("Whether it stands now.")]
    done_at: Annotated[Ms, said("When it was done first, Unix time in ms; 0 when this only takes back.")]


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
