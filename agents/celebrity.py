"""When an author is pulled at read instead of pushed: up at one threshold, down at a lower one, so that it does not flap."""

import msgspec

from agents.rules import Rules
from schemas.events import AudienceKind

# Beyond this many pulled spans the two oldest become one: a photo in between is then pulled as well as pushed, which shows
# it once all the same.
MOST_SPANS = 32


class Audience(msgspec.Struct, array_like=True, frozen=True):
    """How many wish to follow an author, and the spans (from, to) in ms of being pulled, `to` 0 while it lasts."""

    wishes: int = 0
    pulled: tuple[tuple[int, int], ...] = ()

    def is_pulled(self) -> bool:
        return bool(self.pulled) and self.pulled[-1][1] == 0


def audience_after(before: Audience, change: int, at: int, rules: Rules) -> tuple[Audience, AudienceKind | None]:
    """Return the audience after its wishes changed by some at a time, and PULLED or PUSHED if that crossed a threshold."""
    wishes = before.wishes + change
    if not before.is_pulled() and wishes >= rules.celebrity_up:
        spans = (*before.pulled, (max(at, before.pulled[-1][1] if before.pulled else 0), 0))
        return Audience(wishes, bounded(spans)), AudienceKind.PULLED
    if before.is_pulled() and wishes <= rules.celebrity_down:
        start, _ = before.pulled[-1]
        # A span of no time is none: old words that are said again may cross the thresholds, and must leave what was.
        ended = ((start, at),) if at > start else ()
        return Audience(wishes, (*before.pulled[:-1], *ended)), AudienceKind.PUSHED
    return Audience(wishes, before.pulled), None


def bounded(spans: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    return spans if len(spans) <= MOST_SPANS else ((spans[0][0], spans[1][1]), *spans[2:])
