"""Dead letters as people and as JSON read them: one line, or everything that is known."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from schemas.codec import BadRecord, Decoder
from streams.dead_letters import Letter, Letters
from streams.dead_reading import Body
from streams.retrying import next_step

# Bytes of a record that are printed, unless all are wanted.
SHOWN_BYTES = 1_024


def told(letter: Letter) -> dict:
    """Return a letter as JSON can say it, without its bytes."""
    said = {"id": letter.id, "at_ms": letter.at_ms, "agent": letter.agent, "place": str(letter.record)}
    said |= {"reason": letter.reason, "state": letter.state}
    if letter.settled is not None:
        said |= {
            "settled_by": letter.settled.settled_by,
            "settled_at_ms": letter.settled.occurred_at,
            "why": letter.settled.why,
        }
        said |= {"retried_position": letter.settled.retried_position}
    return said


def line(group: list[Letter]) -> str:
    """Return letters of one record as one line to read."""
    first = group[0]
    named = first.id if len(group) == 1 else f"*/{first.id.partition('/')[2]}"
    agents = ",".join(letter.agent for letter in group)
    return f"{named}  {_time(first.at_ms)}  {agents}  {first.record}  {first.state}  {first.reason}"


def page(known: dict, body: Body, whole: bool) -> Iterator[str]:
    """Yield the lines of one letter."""
    yield known["id"]
    for name in (
        "place",
        "agent",
        "reason",
        "when",
        "written",
        "state",
        "refused_too_by",
        "retry_of",
        "settled",
        "key",
        "trace",
    ):
        if known.get(name):
            yield f"  {name.replace('_', ' ') + ':':<15} {known[name]}"
    value = body.value or b""
    shown = value if whole else value[:SHOWN_BYTES]
    yield f"  {'value:':<15} {'none' if body.value is None else f'{len(value)} bytes'}"
    yield from (f"    {row}" for row in hex_dump(shown))
    if len(value) > len(shown):
        yield f"    ... {len(value) - len(shown)} more bytes (--all)"
    decodes = known["decodes"]
    yield f"  {'decodes:':<15} {decodes['event'] + ' of topic ' + decodes['topic'] if decodes else known['undecodable']}"
    if decodes:
        yield from (f"    {name} = {value!r}" for name, value in decodes["fields"].items())
    yield f"  {'next:':<15} {known['next']}"


def hex_dump(value: bytes) -> Iterator[str]:
    """Yield rows of sixteen bytes: their offset, the bytes in hex, and as text where they are printable ASCII."""
    for start in range(0, len(value), 16):
        row = value[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{start:08x}  {row.hex(' '):<47}  {text}"


def described(decoder: Decoder, letters: Letters, letter: Letter, body: Body) -> dict:
    """Return all that is known of one letter."""
    others = [other.agent for other in letters.about(letter.record) if other.agent != letter.agent]
    said = told(letter) | {
        "when": _time(letter.at_ms),
        "written": str(letter.written),
        "refused_too_by": ", ".join(others) or None,
        "retry_of": letters.cause_of(letter.record),
        "settled": _settled(letter),
        "key": None if body.key is None else repr(body.key),
        "raw_value": None if body.value is None else body.value.hex(),
        "decodes": None,
        "trace": None,
        "next": next_step(decoder, letter, body.value),
    }
    return said | _decoded(decoder, body.value)


def _decoded(decoder: Decoder, value: bytes | None) -> dict:
    try:
        writer, event = decoder.writer_of(value), decoder.decode(value)
    except BadRecord as bad:
        return {"undecodable": f"no: {bad}"}
    fields = json.loads(msgspec.json.encode(event))
    decodes = {"event": type(event).__name__, "topic": writer.released.topic, "fields": fields}
    return {"decodes": decodes, "trace": event.trace}


def _settled(letter: Letter) -> str | None:
    done = letter.settled
    if done is None:
        return None
    why = f": {done.why}" if done.why else ""
    return f"{letter.state} by {done.settled_by} at {_time(done.occurred_at)}{why}"


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
