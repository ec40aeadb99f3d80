"""What is left of somebody who was deleted: their traces from the log, looked for in every store, and the few that may stay.

The log is the truth and keeps everything, so it says what to look for; nothing else may. Snapshots of states are not looked
into: they are older than the deletion or hold what the agents keep to themselves, nobody is answered from them, and each is
replaced by later ones.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from projections.scan import Finding, Traces, scan_postgres, scan_redis
from projections.stores import Stores
from schemas.object_keys import ORIGINALS, VARIANTS
from schemas.text import name_key
from streams.objects import Objects
from streams.replay import Piece

# The topics in which a person says who they are, and what they show and write.
SAID_IN = ("accounts", "photos", "comments")


class Remains(NamedTuple):
    """A trace that may stay in a place of a store, and why."""

    store: str
    place: str
    kind: str
    why: str


_ACCOUNT = "the account's tombstone: there is nobody, without a name; a late event of theirs finds it"
_COMMENT = "a tombstone without an author and a text: no late event brings the comment back"
_UNDER = "a deed of somebody else towards what is gone: nobody is shown it, and it is theirs until they take it back"
_COUNT = "how many others did so: of what is gone nobody is shown a count"
_CLOSED = "a ring that is closed for ever, and empty: no late delivery opens it again"
_CANDIDATE = "a candidate in somebody's ring: it is shown to nobody, since the photo has no row"
_BOARD = "a board of a window that is over: what trended then is not computed again, and the photo is shown to nobody"
MAY_STAY = (
    Remains("postgres", "accounts.user_id", "user", _ACCOUNT),
    Remains("redis", "account key", "user", _ACCOUNT),
    Remains("redis", "account value of theirs", "user", _ACCOUNT),
    Remains("postgres", "comments.comment_id", "comment", _COMMENT),
    Remains("postgres", "comments.photo_id", "photo", _UNDER),
    Remains("postgres", "likes.target_id", "photo", _UNDER),
    Remains("postgres", "likes.target_id", "comment", _UNDER),
    Remains("postgres", "notifications.photo_id", "photo", _UNDER),
    Remains("postgres", "notifications.comment_id", "comment", _UNDER),
    Remains("redis", "liked value", "photo", _UNDER),
    Remains("redis", "liked value", "comment", _UNDER),
    Remains("postgres", "counter_rows.entity_id", "photo", _COUNT),
    Remains("redis", "n key", "photo", _COUNT),
    Remains("redis", "home key", "user", _CLOSED),
    Remains("redis", "author key", "user", _CLOSED),
    Remains("redis", "home value", "photo", _CANDIDATE),
    Remains("postgres", "trends.ranks", "photo", _BOARD),
)


@dataclass(frozen=True)
class Judged:
    """What was found: what must not be there, and what may stay, with how often."""

    forbidden: tuple[Finding, ...]
    allowed: dict[Remains, int]


def judge(findings: Iterable[Finding]) -> Judged:
    """Part what must not be there from what may stay."""
    may = {(one.store, one.place, one.kind): one for one in MAY_STAY}
    forbidden: list[Finding] = []
    allowed = dict.fromkeys(MAY_STAY, 0)
    for finding in findings:
        remains = may.get(finding[:3])
        if remains is None:
            forbidden.append(finding)
        else:
            allowed[remains] += 1
    return Judged(tuple(forbidden), {remains: times for remains, times in allowed.items() if times})


def traces_of(user_id: int, pieces: Iterable[Piece]) -> Traces:
    """Return what the topics `accounts`, `photos` and `comments`, replayed as a whole, say of a person.

    What somebody else typed in the same words cannot be told from theirs, and is not looked for.
    """
    photos: set[int] = set()
    comments: set[int] = set()
    typed: dict[str, set[str]] = {kind: set() for kind in _TYPED}
    others: set[str] = set()
    for piece in pieces:
        for said in piece.rows.iter_rows(named=True):
            theirs = said.get("owner_id" if "owner_id" in said else "actor_id") == user_id
            if theirs:
                photos |= {said["photo_id"]} if "owner_id" in said else set()
                comments |= {said["comment_id"]} if "comment_id" in said else set()
            for kind, fields in _TYPED.items():
                found = {said[name] for name in fields if said.get(name)}
                (typed[kind] if theirs else others).update(found)
    names = {*typed["name"], *map(name_key, typed["username"]), *typed["username"]}
    return Traces(
        user_id,
        frozenset(photos),
        frozenset(comments),
        frozenset(names - others),
        frozenset(typed["text"] - others),
        frozenset(typed["submission"]),
    )


_TYPED = {
    "username": ("username",),
    "name": ("display_name",),
    "text": ("caption", "text"),
    "submission": ("submission",),
}


async def scan_objects(objects: Objects, traces: Traces) -> AsyncIterator[Finding]:
    """Yield the originals and variants of a person's photos: their keys follow from the photos' ids."""
    for bucket in (ORIGINALS, VARIANTS):
        for one in await objects.listing(bucket, ""):
            if traces.photos & {int(part) for part in one.key.split("/") if part.isdigit()}:
                yield Finding("objects", bucket, "photo", one.key)


async def scan(stores: Stores, objects: Objects, traces: Traces) -> Judged:
    """Look everywhere, and judge what was found."""
    findings = []
    for scanned in (scan_postgres(stores, traces), scan_redis(stores, traces), scan_objects(objects, traces)):
        findings += [finding async for finding in scanned]
    return judge(findings)
