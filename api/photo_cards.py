"""Cards of photos: from Redis, and for those that it does not have from the rows in Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from projections import counter_rows, hydration, liked, likes, page_cards, photos
from projections.account_cards import AccountCard
from projections.away import StoreAway
from projections.hydration import HydratedPhoto
from projections.page_cards import PageCards
from projections.rows import CounterKind, PhotoRow

if TYPE_CHECKING:
    from api.calls import Call

_COUNTED = (CounterKind.PHOTO_LIKES, CounterKind.PHOTO_COMMENTS)


async def hydrated(call: Call, photo_ids: Iterable[int]) -> dict[int, HydratedPhoto]:
    """Return photos by id, in any state; unknown ones are absent."""
    asked = tuple(photo_ids)
    found = await _from_cards(call, asked) or {}
    absent = [photo_id for photo_id in asked if photo_id not in found]
    return found | await _from_rows(call, absent) if absent else found


async def known_photo(call: Call, photo_id: int) -> HydratedPhoto | None:
    """Return one photo in any state, None when there never was one; 503 while neither store can say."""
    cards = await _from_cards(call, (photo_id,))
    found = (cards or {}).get(photo_id) or (await _from_rows(call, (photo_id,))).get(photo_id)
    if found is None:
        if cards is None:
            call.context.trust.check_rows("photos", photo_id)
    elif found.owner is None:
        # Whoever is not known is hidden, so it must be known that they are nobody.
        await call.context.people.one(found.owner_id)
    return found


async def _from_cards(call: Call, photo_ids: Sequence[int]) -> dict[int, HydratedPhoto] | None:
    """Return what Redis has of photos; None when that may not be all."""
    try:
        with call.context.trust.redis("photo_cards", "counters", "account_cards"):
            return await hydration.hydrate(call.context.stores, photo_ids)
    except StoreAway:
        return None


async def _from_rows(call: Call, photo_ids: Sequence[int]) -> dict[int, HydratedPhoto]:
    rows = await photos.by_ids(call.context.stores, photo_ids)
    counts = await _counts(call, rows)
    people = await call.context.people.many({row.owner_id for row in rows.values()})
    found = {}
    for photo_id, row in rows.items():
        owner = people.get(row.owner_id)
        card = owner and AccountCard(owner.private, owner.deactivated, owner.gone, owner.card)
        decoded = page_cards.decode(page_cards.encode(row))
        found[photo_id] = HydratedPhoto(photo_id, *decoded, *counts[photo_id], card)
    return found


async def _counts(call: Call, photo_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return counts of likes and comments from Postgres, which may be late."""
    asked = tuple(photo_ids)
    if not asked:
        return {}
    call.lacks_something()
    found = await counter_rows.counts(call.context.stores, [(kind, photo_id) for photo_id in asked for kind in _COUNTED])
    return dict(zip(asked, zip(found[::2], found[1::2], strict=True), strict=True))


async def page_of(call: Call, photo_ids: Sequence[int], reader_id: int) -> PageCards:
    """Return the cards of a page undecoded, in order, with counts and the reader's likes."""
    try:
        with call.context.trust.redis("photo_cards", "counters", "liked"):
            page = await page_cards.read(call.context.stores, photo_ids, reader_id)
    except StoreAway:
        nothing = [None] * len(photo_ids)
        page = PageCards(nothing, list(nothing), list(nothing), await liked_among(call, reader_id, photo_ids))
    if None in page.cards:
        absent = [photo_id for photo_id, card in zip(photo_ids, page.cards, strict=True) if card is None]
        _fill(page, photo_ids, rows := await photos.by_ids(call.context.stores, absent), await _counts(call, rows))
    return page


def _fill(
    page: PageCards, photo_ids: Sequence[int], rows: Mapping[int, PhotoRow], counts: Mapping[int, tuple[int, int]]
) -> None:
    """Put into a page what Redis did not have."""
    for index, photo_id in enumerate(photo_ids):
        if page.cards[index] is None and photo_id in rows:
            page.cards[index] = page_cards.encode(rows[photo_id])
            page.likes[index], page.comments[index] = (b"%d" % count for count in counts[photo_id])


async def liked_among(call: Call, reader_id: int, target_ids: Sequence[int]) -> set[int]:
    """Return which of these photos or comments the reader likes."""
    stores = call.context.stores
    try:
        with call.context.trust.redis("liked"):
            return await liked.among(stores, reader_id, target_ids)
    except StoreAway:
        found = await asyncio.gather(*(likes.one(stores, target, reader_id) for target in target_ids))
        return {row.target_id for row in found if row is not None}
