"""When an account was public, and therefore which wishes to follow it take effect, and since when.

Everything here is a function of what one topic said about the account, another about the wish and a third about the follower,
never of which was read first.
"""

import msgspec

from schemas import events as e
from schemas.events import FollowState, Presence, WishState

# Beyond this many public spans the two oldest become one: an account that flips this often was public in between, too.
MOST_SPANS = 64


class Privacy(msgspec.Struct, array_like=True, frozen=True):
    """What `accounts` said. `public` are spans (from, to) in ms, oldest first, `to` 0 while it lasts. `away`: deactivated."""

    known: bool = False
    deleted: bool = False
    public: tuple[tuple[int, int], ...] = ()
    away: bool = False

    def is_public(self) -> bool:
        return bool(self.public) and self.public[-1][1] == 0


class Wish(msgspec.Struct, array_like=True, frozen=True):
    """What `followers` said of a pair; times in ms."""

    state: WishState = WishState.NONE
    wanted_at: int = 0
    accepted_at: int = 0


class Outcome(msgspec.Struct, frozen=True):
    """What became of a wish, and since when in ms (0 when nothing did)."""

    state: FollowState
    since: int


NOTHING = Outcome(FollowState.NONE, 0)


def outcome_of(privacy: Privacy, wish: Wish, follower: Presence) -> Outcome:
    """Return what a wish has become, as it is shown and counted: nothing while either of the two hides."""
    if privacy.away or follower is Presence.AWAY:
        return NOTHING
    return lasting_of(privacy, wish, follower)


def lasting_of(privacy: Privacy, wish: Wish, follower: Presence) -> Outcome:
    """Return what a wish has become, whoever hides for a time: feeds are kept ready for those who come back.

    Nothing does while the account is not known: it might be private.
    """
    if wish.state is WishState.NONE or follower is Presence.GONE or privacy.deleted or not privacy.known:
        return NOTHING
    began = [max(wish.wanted_at, start) for start, end in privacy.public if end == 0 or end > wish.wanted_at][:1]
    if wish.state is WishState.ACCEPTED:
        began.append(wish.accepted_at)
    return Outcome(FollowState.FOLLOWING, min(began)) if began else Outcome(FollowState.REQUESTED, wish.wanted_at)


def privacy_after(before: Privacy, event: e.Event) -> tuple[Privacy, int]:
    """Return the privacy after an account event, and the time in ms from which on wishes may have another outcome.

    Wishes wanted before that time keep theirs, which spares a scan over all followers when an account is made private.
    """
    if before.deleted:
        return before, 0
    match event:
        case e.AccountOpened() if not before.known:
            return Privacy(known=True, public=() if event.private else ((event.occurred_at, 0),)), 0
        case e.PrivacyChanged() if before.known and event.private == before.is_public():
            return made_private(before, event.occurred_at) if event.private else made_public(before, event.occurred_at)
        case e.AccountDeactivated() | e.AccountReactivated() if before.known:
            return msgspec.structs.replace(before, away=isinstance(event, e.AccountDeactivated)), 0
        case e.AccountDeleted():
            return Privacy(known=before.known, deleted=True), 0
    return before, 0


def made_private(before: Privacy, at: int) -> tuple[Privacy, int]:
    start, _ = before.public[-1]
    # Clocks of two edges may disagree by some ms; a span never ends before it begins.
    end = max(at, start)
    return msgspec.structs.replace(before, public=(*before.public[:-1], (start, end))), end


def made_public(before: Privacy, at: int) -> tuple[Privacy, int]:
    private_since = before.public[-1][1] if before.public else 0
    spans = (*before.public, (max(at, private_since), 0))
    affected_from = private_since
    if len(spans) > MOST_SPANS:
        affected_from = min(affected_from, spans[0][1])
        spans = ((spans[0][0], spans[1][1]), *spans[2:])
    return msgspec.structs.replace(before, public=spans), affected_from
