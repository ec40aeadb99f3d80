"""What rings mean, for digests: candidates may be a superset, so only what a reader could see counts.

Of a home timeline: the ready photos above the floor whose owner is the reader, or is followed by the reader now and was not
pulled then (such a photo comes from its author's ring, and whether it was delivered as well depends on which topic was read
first). Of an author's ring: the author's ready photos above the floor.
"""

from collections.abc import AsyncIterator, Callable, Container, Mapping

from projections import celebrities, photo_cards, viewers
from projections.celebrities import Spans
from projections.keys import suffix_of
from projections.ring import RingPage, decode_ring
from projections.rows import PhotoState
from projections.stores import Stores
from projections.structure import Rings
from schemas.ids import shard_of, time_of

CARDS_AT_ONCE = 2_000


async def ring_rows(
    stores: Stores, structure: Rings, keys: list[bytes], beside: list[str] | None = None
) -> AsyncIterator[tuple[bytes, tuple]]:
    """Yield of each key's ring the key and (person, visible ids newest first); nothing for a ring without any.

    `beside` are the same people's rings in another build. Two builds may have held different candidates that nobody sees,
    and so have cut at different ids: both are then judged above the higher one of their floors.
    """
    values = await stores.redis.call("MGET", *keys)
    rings = {key: decode_ring(value) for key, value in zip(keys, values, strict=True) if value}
    if beside:
        others = dict(zip(keys, await stores.redis.call("MGET", *beside), strict=True))
        floors = {key: decode_ring(others[key] or b"").floor for key in rings}
        rings = {key: ring._replace(floor=max(ring.floor, floors[key])) for key, ring in rings.items()}
    owners = await _owners_of_ready(stores, {photo for ring in rings.values() for photo in ring.ids})
    spans = await celebrities.spans(stores) if structure.name == "timelines" else {}
    for key, ring in rings.items():
        person = int(suffix_of(key))
        wanted = {person}
        if structure.name == "timelines":
            wanted |= (await viewers.viewer(stores, person)).following
        if visible := visible_ids(ring, owners, wanted, pulled_for(person, spans)):
            yield key, (person, visible)


def visible_ids(
    ring: RingPage,
    owners: Mapping[int, int],
    wanted: Container[int],
    is_pulled: Callable[[int, int], bool] = lambda _photo, _owner: False,
) -> tuple[int, ...]:
    """Return the ids above the floor whose owner, who is known only of ready photos, is wanted and not pulled; newest first."""
    return tuple(
        photo
        for photo in ring.ids
        if photo > ring.floor and (owner := owners.get(photo)) in wanted and not is_pulled(photo, owner)
    )


def pulled_for(person: int, spans: Mapping[int, Spans]) -> Callable[[int, int], bool]:
    """Return whether a photo of an owner is pulled and not pushed for a person: strictly within a span, and not their own."""

    def is_pulled(photo: int, owner: int) -> bool:
        at = time_of(photo)
        return owner != person and any(start < at and (not end or at < end) for start, end in spans.get(owner, ()))

    return is_pulled


async def _owners_of_ready(stores: Stores, photo_ids: set[int]) -> dict[int, int]:
    owners: dict[int, int] = {}
    asked = sorted(photo_ids)
    for first in range(0, len(asked), CARDS_AT_ONCE):
        some = asked[first : first + CARDS_AT_ONCE]
        found = await stores.redis.call("MGET", *(stores.key(photo_cards.STRUCTURE, shard_of(p), p) for p in some))
        for photo, value in zip(some, found, strict=True):
            if value and (card := photo_cards.decode(value)).state == PhotoState.READY:
                owners[photo] = card.owner_id
    return owners
