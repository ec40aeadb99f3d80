"""Who sees what, as pure functions over what is known of the reader, the owner and the photo.

Projections hold candidates; these filters, applied at read, make answers exact, so that unfollow, unblock and unmute are
symmetric and nothing that arrives late can leak.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Viewer:
    """The reader's own side of all relations; `user_id` 0 has no token. Mutes: person -> end in ms, 0 for ever."""

    user_id: int = 0
    following: Set[int] = frozenset()
    requested: Set[int] = frozenset()
    blocking: Set[int] = frozenset()
    blocked_by: Set[int] = frozenset()
    mutes: Mapping[int, int] = field(default_factory=dict)
    # Followed and neither blocked nor muted: nearly everybody in a feed, told by one look.
    clear: Set[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        clear = frozenset(self.following).difference(self.blocking, self.blocked_by, self.mutes)
        object.__setattr__(self, "clear", clear)


STRANGER = Viewer()


@dataclass(frozen=True, slots=True)
class Account:
    """What filters and answers need to know of a person. `gone`: deleted, or a claim that lost its user name.

    `card` is the person as lists name them, finished JSON.
    """

    user_id: int
    username: str
    display_name: str
    private: bool = False
    deactivated: bool = False
    gone: bool = False
    card: bytes = b""

    @property
    def hidden(self) -> bool:
        return self.gone or self.deactivated


def blocked_apart(viewer: Viewer, other_id: int) -> bool:
    """Return whether a block stands between the two, whoever made it."""
    return other_id in viewer.blocking or other_id in viewer.blocked_by


def muted(viewer: Viewer, other_id: int, now_ms: int) -> bool:
    """Return whether the viewer mutes the other at this moment."""
    until = viewer.mutes.get(other_id)
    return until is not None and (until == 0 or until > now_ms)


def sees_profile(viewer: Viewer, account: Account | None) -> bool:
    """Return whether a profile is visible: the blocker sees the blocked one (to undo it), not the other way round."""
    if account is None or account.gone:
        return False
    if account.user_id == viewer.user_id:
        return True
    return not account.deactivated and account.user_id not in viewer.blocked_by


def sees_person(viewer: Viewer, account: Account | None) -> bool:
    """Return whether a person may appear in a list, as a liker, an author of a comment or an actor."""
    if account is None or account.hidden:
        return False
    return not blocked_apart(viewer, account.user_id)


def sees_content(viewer: Viewer, owner: Account | None) -> bool:
    """Return whether the photos and lists of a person are visible: public, one's own, or followed and accepted."""
    if owner is None or owner.gone:
        return False
    if owner.user_id == viewer.user_id:
        return True
    if owner.deactivated or blocked_apart(viewer, owner.user_id):
        return False
    return not owner.private or owner.user_id in viewer.following


def sees_photo(viewer: Viewer, owner: Account | None, state: str) -> bool:
    """Return whether one photo is visible by its id: only its owner sees it before it is ready, or when rejected."""
    if state == "deleted" or not sees_content(viewer, owner):
        return False
    return state == "ready" or owner.user_id == viewer.user_id


def sees_in_list(viewer: Viewer, owner: Account | None, state: str) -> bool:
    """Return whether a photo may be spoken of in a list: visible, and ready for its owner too."""
    return state == "ready" and sees_content(viewer, owner)


def hears_of(viewer: Viewer, actor: Account | None, now_ms: int) -> bool:
    """Return whether the viewer is told of what somebody did: a person they see and do not mute at this moment."""
    return sees_person(viewer, actor) and not muted(viewer, actor.user_id, now_ms)


def why_in_feed(viewer: Viewer, owner: Account | None, state: str, now_ms: int) -> str | None:
    """Return why a candidate belongs in the viewer's feed, "own" or "follow"; None when it does not."""
    if state != "ready" or owner is None or owner.gone or owner.deactivated:
        return None
    if owner.user_id in viewer.clear:
        return "follow"
    if owner.user_id == viewer.user_id:
        return "own"
    if owner.user_id not in viewer.following or blocked_apart(viewer, owner.user_id):
        return None
    return None if muted(viewer, owner.user_id, now_ms) else "follow"


def on_public_page(viewer: Viewer, owner: Account | None, state: str) -> bool:
    """Return whether a photo may stand on a page of a tag, a place or a trend: public accounts only, for every reader."""
    if state != "ready" or owner is None or owner.hidden or owner.private:
        return False
    return not blocked_apart(viewer, owner.user_id)
