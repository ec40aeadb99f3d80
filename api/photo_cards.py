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
    from api.context import Context

_COUNTED = (CounterKind.PHOTO_LIKES, CounterKind.PHOTO_COMMENTS)


async def hydrated(context: Context, photo_ids: Iterable[int]) -> dict[int, HydratedPhoto]:
    """Return photos by id, in any state; unknown ones are absent."""
    asked = tuple(photo_ids)
    try:
        context.trust.check_redis()
        found = await hydration.hydrate(context.stores, asked)
    except StoreAway:
        found = {}
    absent = [photo_id for photo_id in asked if photo_id not in found]
    return found | await _from_rows(context, absent) if absent else found


async def _from_rows(context: Context, photo_ids: Sequence[int]) -> dict[int, HydratedPhoto]:
    rows = await photos.by_ids(context.stores, photo_ids)
    counts = await _counts(context, rows)
    people = await context.people.many({row.owner_id for row in rows.values()})
    found = {}
    for photo_id, row in rows.items():
        owner = people.get(row.owner_id)
        card = owner and AccountCard(owner.private, owner.deactivated, owner.gone, owner.card)
        decoded = page_cards.decode(page_cards.encode(row))
        found[photo_id] = HydratedPhoto(photo_id, *decoded, *counts[photo_id], card)
    return found


async def _counts(context: Context, photo_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    asked = tuple(photo_ids)
    if not asked:
        return {}
    found = await counter_rows.counts(context.stores, [(kind, photo_id) for photo_id in asked for kind in _COUNTED])
    return dict(zip(asked, zip(found[::2], found[1::2], strict=True), strict=True))


async def page_of(context: Context, photo_ids: Sequence[int], reader_id: int) -> PageCards:
    """Return the cards of a page undecoded, in order, with counts and the reader's likes."""
    try:
        context.trust.check_redis()
        page = await page_cards.read(context.stores, photo_ids, reader_id)
    except StoreAway:
        nothing = [None] * len(photo_ids)
        page = PageCards(nothing, list(nothing), list(nothing), await liked_among(context, reader_id, photo_ids))
    if None in page.cards:
        absent = [photo_id for photo_id, card in zip(photo_ids, page.cards, strict=True) if card is None]
        _fill(page, photo_ids, rows := await photos.by_ids(context.stores, absent), await _counts(context, rows))
    return page


def _fill(
    page: PageCards, photo_ids: Sequence[int], rows: Mapping[int, PhotoRow], counts: Mapping[int, tuple[int, int]]
) -> None:
    """Put into a page what Redis did not have."""
    for index, photo_id in enumerate(photo_ids):
        if page.cards[index] is None and photo_id in rows:
            page.cards[index] = page_cards.encode(rows[photo_id])
            page.likes[index], page.comments[index] = (b"%d" % count for count in counts[photo_id])


async def liked_among(context: Context, reader_id: int, target_ids: Sequence[int]) -> set[int]:
    """Return which of these photos or comments the reader likes."""
    try:
        context.trust.check_redis()
        return await liked.among(context.stores, reader_id, target_ids)
    except StoreAway:
        found = await asyncio.gather(*(likes.one(context.stores, target, reader_id) for target in target_ids))
        return {row.target_id for row in found if row is not None}
