"""A feed's photos as JSON, rendered from cards: what was rendered before from the same bytes is not rendered again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from api.calls import Call
from api.hydrate import images_json
from api.photo_cards import page_of
from api.visibility import Account, Viewer, why_in_feed
from projections import page_cards

# 20,000 rendered photos of about 1 KB are 20 MB.
_KEPT = 20_000


class Shown(NamedTuple):
    """A card that was decoded. `fixed` is the photo's JSON up to its counts, for the account and the origin it was made of."""

    owner_id: int
    state: str
    json: bytes
    account: Account | None = None
    origin: str = ""
    fixed: bytes = b""


class FeedPhotos:
    """Renders pages of one reader's feed."""

    def __init__(self, call: Call, viewer: Viewer) -> None:
        self._call = call
        self._viewer = viewer
        self._origin = call.origin
        self._now_ms = call.context.now_ms()
        self._known = call.context.shown
        self._why: dict[int, str | None] = {}

    async def show(self, photo_ids: Sequence[int]) -> list[bytes | None]:
        """Return photos as JSON in the order of their ids, None for what does not belong in the feed."""
        page = await page_of(self._call.context, photo_ids, self._viewer.user_id)
        shown = [None if card is None else self._known.get(card) or self._decode(card) for card in page.cards]
        people = await self._call.context.people.many({one.owner_id for one in shown if one is not None})
        items: list[bytes | None] = []
        for index, one in enumerate(shown):
            account = None if one is None else people.get(one.owner_id)
            why = None if account is None or one.state != "ready" else self._why_of(account)
            if why is None:
                items.append(None)
                continue
            items.append(
                b'%b%b,"comments":%b}%b%b}'
                % (
                    self._fixed(page.cards[index], one, account, photo_ids[index]),
                    page.likes[index] or b"0",
                    page.comments[index] or b"0",
                    b',"liked":true' if photo_ids[index] in page.liked else b',"liked":false',
                    why,
                )
            )
        return items

    def _why_of(self, account: Account) -> bytes | None:
        """Return the field `why` for ready photos of a person, None when they do not belong in the feed."""
        if account.user_id not in self._why:
            why = why_in_feed(self._viewer, account, "ready", self._now_ms)
            self._why[account.user_id] = None if why is None else f',"why":"{why}"'.encode()
        return self._why[account.user_id]

    def _decode(self, card: bytes) -> Shown:
        decoded = page_cards.decode(card)
        return self._keep(card, Shown(decoded.owner_id, decoded.state.value, decoded.json))

    def _keep(self, card: bytes, shown: Shown) -> Shown:
        if card not in self._known and len(self._known) >= _KEPT:
            del self._known[next(iter(self._known))]
        self._known[card] = shown
        return shown

    def _fixed(self, card: bytes, shown: Shown, account: Account, photo_id: int) -> bytes:
        """Return what does not change from reader to reader; of a private account the signatures do with time."""
        if shown.account is account and shown.origin == self._origin:
            return shown.fixed
        prefix = self._origin
        if account.private:
            prefix += self._call.context.signer.prefix(photo_id, self._now_ms)
        fixed = b'%b,"owner":%b,"images":{%b},"counts":{"likes":' % (
            shown.json[:-1],
            account.card,
            images_json(prefix, photo_id),
        )
        if not account.private:
            self._keep(card, shown._replace(account=account, origin=self._origin, fixed=fixed))
        return fixed
