"""From photo ids to what a page of photos shows: one MGET of cards and counts, one of the owners' cards.

Answers: everything about these photos but whether the reader may see and likes them.
"""

from collections.abc import Iterable
from typing import NamedTuple

from projections import account_cards, counters, photo_cards
from projections.account_cards import AccountCard
from projections.keys import shard_tag
from projections.rows import CounterKind, PhotoState
from projections.stores import Stores
from schemas.ids import shard_of


class HydratedPhoto(NamedTuple):
    """A photo's static JSON and what changes beside it; `owner` is None when their card is not there."""

    photo_id: int
    owner_id: int
    state: PhotoState
    variants: tuple[int, ...]
    json: bytes
    likes: int
    comments: int
    owner: AccountCard | None


async def hydrate(stores: Stores, photo_ids: Iterable[int]) -> dict[int, HydratedPhoto]:
    """Return those of the photos that have a card, in the order asked, in any state."""
    asked = list(dict.fromkeys(photo_ids))
    if not asked:
        return {}
    values = await stores.redis.call("MGET", *_keys(stores, asked))
    cards = {
        photo_id: (photo_cards.decode(card), int(likes or 0), int(comments or 0))
        for photo_id, card, likes, comments in zip(asked, values[::3], values[1::3], values[2::3], strict=True)
        if card
    }
    owners = await account_cards.cards(stores, (card.owner_id for card, _, _ in cards.values()))
    return {
        photo_id: HydratedPhoto(photo_id, *card, likes, comments, owners.get(card.owner_id))
        for photo_id, (card, likes, comments) in cards.items()
    }


def _keys(stores: Stores, photo_ids: Iterable[int]) -> list[str]:
    """Return the keys of card, likes and comments of each photo; what they share is composed once."""
    card = f"{photo_cards.STRUCTURE.family}.{stores.builds.of(photo_cards.STRUCTURE.name)}:"
    count = f"{counters.STRUCTURE.family}.{stores.builds.of(counters.STRUCTURE.name)}:"
    likes, comments = (count + counters.suffix(k, 0)[:-1] for k in (CounterKind.PHOTO_LIKES, CounterKind.PHOTO_COMMENTS))
    keys = []
    for photo_id in photo_ids:
        tag, text = shard_tag(shard_of(photo_id)), str(photo_id)
        keys += (tag + card + text, tag + likes + text, tag + comments + text)
    return keys
