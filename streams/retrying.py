"""What appending a refused record once more would do, to those who refused it and to those who folded it already.

The record comes again at the end of its partition, so every reader of its topic folds it there. Who folded it before sees a
repeat. A repeat changes nothing where a fold keeps sets, first words or tombstones, and it changes nothing either where the
last word stands, as long as nobody has spoken since. So what matters is what was said of the same subject in between.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

from schemas import events as e
from schemas.catalog import topic_named
from schemas.codec import BadRecord, Decoder
from schemas.ids import pair_key
from streams.dead_letters import DROPPED, RETRIED, Letter, Place

# What an event has the last word about; events that are not here change nothing when they are folded again (decision 27).
LAST_WORD: dict[type[e.Event], Callable[[e.Event], Hashable]] = {
    e.LikeChanged: lambda event: ("like", event.comment_id or event.photo_id, event.actor_id),
    e.RelationChanged: lambda event: ("pair", pair_key(event.actor_id, event.other_id)),
    e.ProfileEdited: lambda event: ("profile", event.user_id),
    e.PrivacyChanged: lambda event: ("privacy", event.user_id),
    e.AccountDeactivated: lambda event: ("activity", event.user_id),
    e.AccountReactivated: lambda event: ("activity", event.user_id),
    e.PhotoEdited: lambda event: ("words", event.photo_id),
}


def subject_of(event: e.Event) -> Hashable | None:
    """Return what an event has the last word about, or None when it does not matter how often and when it is folded."""
    subject = LAST_WORD.get(type(event))
    return None if subject is None else subject(event)


def later_words(event: e.Event, later: Iterable[tuple[Place, e.Event]]) -> list[tuple[Place, e.Event]]:
    """Return those later events about the same subject that say something else, over which a retry would have the last word."""
    subject = subject_of(event)
    if subject is None:
        return []
    same = [(place, other) for place, other in later if subject_of(other) == subject]
    # What only repeats the event itself is no other word.
    return same if any(_content(other) != _content(event) for _, other in same) else []


def _content(event: e.Event) -> tuple:
    """Return what an event says, without what only names this one telling of it."""
    said = {name: getattr(event, name) for name in event.__struct_fields__}
    told = ("event_id", "occurred_at", "source", "trace")
    return type(event), tuple((name, value) for name, value in said.items() if name not in told)


@dataclass
class Verdict:
    """Whether a record can be retried: `never` says why not at all, `doubts` what must be known before it is done."""

    never: str | None = None
    doubts: list[str] = field(default_factory=list)


def judge(decoder: Decoder, letters: list[Letter], raw_value: bytes | None, later: Iterable[tuple[Place, e.Event]]) -> Verdict:
    """Judge the retry of one record, from all its letters and the decoded records that follow it under its key."""
    record = letters[0].record
    if topic_named(record.topic).derived:
        return Verdict(never=_derived(record, letters))
    verdict = Verdict()
    if again := [letter for letter in letters if letter.state == RETRIED]:
        where = Place(record.topic, record.partition, again[0].settled.retried_position)
        verdict.doubts.append(f"it was retried before, and stands again as {where}")
    try:
        event = decoder.decode(raw_value, record.topic)
    except BadRecord as bad:
        verdict.doubts.append(
            f"this version cannot decode it either ({bad}), so every reader of {record.topic} would refuse it"
        )
        return verdict
    if words := later_words(event, later):
        verdict.doubts.append(
            f"it would have the last word over {len(words)} later records of the same subject, "
            f"the last {words[-1][0]} ({_brief(words[-1][1])}), while it says {_brief(event)}"
        )
    return verdict


def next_step(decoder: Decoder, letter: Letter, raw_value: bytes | None) -> str:
    """Return what to do about one letter, in words."""
    if letter.state == RETRIED:
        again = letter.settled.retried_position
        return f"nothing: it was retried, and stands again as {Place(*letter.record[:2], again)}"
    if letter.state == DROPPED:
        return "nothing: it was dropped; `dead retry` would still append it again"
    drop = f"python -m streams dead drop {letter.id} --why '...'"
    if topic_named(letter.record.topic).derived:
        return f"{_derived(letter.record, [letter])}; otherwise: {drop}"
    retry = f"python -m streams dead retry {letter.id}"
    try:
        decoder.decode(raw_value, letter.record.topic)
    except BadRecord as bad:
        if "is not in" in str(bad):
            return f"a newer producer may have written it: upgrade Darkroom, then: {retry}; otherwise: {drop}"
        return f"no agent can read it: mend its producer, which must send it again, then: {drop}"
    return f"it decodes with this version; once what the reason says is no longer so: {retry}; otherwise: {drop}"


def _derived(record: Place, letters: list[Letter]) -> str:
    agents = ", ".join(letter.agent for letter in letters)
    return (
        f"{record.topic} is derived: its readers would drop the record as a repeat, since later stamps of its cause were seen; "
        f"after an upgrade rebuild what {agents} writes (python -m projections rebuild), which folds the record where it stands"
    )


def _brief(event: e.Event) -> str:
    kind = getattr(event, "kind", None)
    return type(event).__name__ if kind is None else f"{type(event).__name__} {kind}"
