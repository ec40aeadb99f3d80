"""An event from `field=value` words: what is missing is minted, what is wrong is named."""

from collections.abc import Callable, Mapping

import msgspec

from schemas import events as e, text
from schemas.catalog import TOPICS
from schemas.ids import shard_of, shard_of_text
from schemas.object_keys import original_key

Mint = Callable[[int], int]

TEXTS: dict[str, Callable[[str], list[tuple[str, str]]]] = {
    "username": text.username_problems,
    "display_name": text.display_name_problems,
    "caption": text.caption_problems,
    "place": text.place_problems,
    "text": text.comment_problems,
}


class WrongWords(ValueError):
    """The words do not make an event; the message says which and what is wanted."""


def emittable() -> dict[str, type[e.Event]]:
    """Return the events that people may append, by name; derived ones and dead letters are the agents'."""
    return {
        event_type.__name__: event_type
        for topic in TOPICS
        for event_type in topic.holds
        if not topic.derived and topic.name != "dead_letters"
    }


def build_event(name: str, words: Mapping[str, str], mint: Mint, now_ms: int, shards: int) -> e.Event:
    """Return the event of a name with these fields, at a Unix time in ms. `mint` gives an id of a shard.

    Minted when absent: the id of what comes into being (user, photo, comment), and the event's own. `WrongWords` for anything
    that is no event.
    """
    event_type = emittable().get(name)
    if event_type is None:
        raise WrongWords(f"no event {name!r}; there are: {', '.join(emittable())}")
    if unknown := set(words) - set(event_type.__struct_fields__):
        raise WrongWords(f"{name} has no field {sorted(unknown)[0]!r}; it has: {', '.join(event_type.__struct_fields__)}")
    fields = {"source": "cli", "occurred_at": now_ms} | {
        field: None if word == "null" else word for field, word in words.items()
    }
    _mint_what_begins(event_type, fields, mint, shards)
    if "event_id" not in fields:
        fields["event_id"] = str(mint(_shard(fields, shards)))
    try:
        event = msgspec.convert(fields, event_type, strict=False)
    except msgspec.ValidationError as error:
        raise WrongWords(f"{name}: {error}") from error
    return _checked(event)


def _mint_what_begins(event_type: type[e.Event], fields: dict, mint: Mint, shards: int) -> None:
    if event_type is e.AccountOpened and "username" in fields and "user_id" not in fields:
        fields["user_id"] = mint(shard_of_text(text.name_key(_valid("username", fields["username"])), shards))
    if event_type is e.PhotoUploaded and "owner_id" in fields and "photo_id" not in fields:
        fields["photo_id"] = mint(shard_of(_id(fields, "owner_id")))
    if event_type is e.PhotoUploaded and "photo_id" in fields:
        fields.setdefault("original_key", original_key(_id(fields, "photo_id")))
    if event_type is e.CommentAdded and "photo_id" in fields and "comment_id" not in fields:
        fields["comment_id"] = mint(shard_of(_id(fields, "photo_id")))
    for actor in ("user_id", "owner_id"):
        if actor in fields:
            fields.setdefault("actor_id", fields[actor])


def _shard(fields: Mapping[str, object], shards: int) -> int:
    for name in ("photo_id", "user_id", "actor_id"):
        if name in fields:
            return shard_of(_id(fields, name))
    return 0


def _id(fields: Mapping[str, object], name: str) -> int:
    try:
        return int(fields[name])
    except (TypeError, ValueError):
        raise WrongWords(f"{name}: {fields[name]!r} is not an id in decimal") from None


def _valid(field: str, word: str) -> str:
    if problems := TEXTS[field](word):
        raise WrongWords("; ".join(f"{name}: {problem}" for name, problem in problems))
    return word


def _checked(event: e.Event) -> e.Event:
    for field in TEXTS:
        word = getattr(event, field, None)
        if isinstance(word, str):
            _valid(field, word)
    if getattr(event, "kind", None) == "UNKNOWN":
        raise WrongWords("kind: UNKNOWN is for readers of newer events; it cannot be emitted")
    return event
