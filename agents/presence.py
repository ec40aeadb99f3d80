"""Who is not here: said to every partition, since what a person did is counted wherever it was done.

What somebody did and whether they are here come from two topics, so whatever is made of both must be a function of both sets
(I7): the deeds are kept while a person is away, and count again when they are back. Whoever is gone is gone for ever.
"""

from collections.abc import Iterable, Sequence

from agents.keys import key_of
from schemas.events import Presence, PresenceChanged
from streams.fold import Record, Refused, State

ABSENT = b"@"
UNKNOWN_PRESENCE = "presence UNKNOWN: a newer agent wrote it; upgrade this one and replay"
_LETTERS = {Presence.AWAY: b"A", Presence.GONE: b"G"}
_PRESENCES = {letter: presence for presence, letter in _LETTERS.items()}


def presence_of(state: State, user_id: int) -> Presence:
    """Return whether a person is here, as far as this partition was told."""
    return _PRESENCES.get(state.get(key_of(ABSENT, user_id)) or b"", Presence.HERE)


def set_presence(state: State, event: PresenceChanged) -> tuple[Presence, Presence]:
    """Keep what a person is now, and return what they were and what they are: GONE stays GONE."""
    before = presence_of(state, event.user_id)
    if before is Presence.GONE or event.presence is Presence.UNKNOWN:
        return before, before
    if event.presence is Presence.HERE:
        state.delete(key_of(ABSENT, event.user_id))
    else:
        state.put(key_of(ABSENT, event.user_id), _LETTERS[event.presence])
    return before, event.presence


def without_unknown(records: Sequence[Record]) -> tuple[list[Record], list[Refused]]:
    """Return the records of presences that say one, and the others as refused."""
    known = [record for record in records if record.event.presence is not Presence.UNKNOWN]
    unknown = [record for record in records if record.event.presence is Presence.UNKNOWN]
    return known, [Refused(record.offset, UNKNOWN_PRESENCE) for record in unknown]


def absent_among(state: State, user_ids: Iterable[int]) -> dict[int, Presence]:
    """Return those of some people who are away or gone; asks for one key only while nobody is."""
    if next(iter(state.scan(ABSENT, None, 1)), None) is None:
        return {}
    asked = list(dict.fromkeys(user_ids))
    found = zip(asked, state.get_many([key_of(ABSENT, user_id) for user_id in asked]), strict=True)
    return {user_id: _PRESENCES[letter] for user_id, letter in found if letter is not None}


def is_back_or_left(before: Presence, after: Presence) -> int:
    """Return 1 when a person is here again, -1 when they are here no longer, and 0 when nothing changed of that."""
    return (after is Presence.HERE) - (before is Presence.HERE)
