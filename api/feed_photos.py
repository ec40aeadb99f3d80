"""A feed's photos as JSON, rendered from cards: what was rendered before from the same bytes is not rendered again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from api.calls import Call
from api.hydrate import images_json
from api.photo_cards import page_of
from api.visibility import Account, Viewer, why_in_feed
from projections import page_cards

# 20,000 photos, rendered once or twice at about 1 KB, are 20 to 40 MB.
_KEPT = 20_000
_ENDINGS = {why: tuple(f'{liked},"why":"{why}"}}'.encode() for liked in ("false", "true")) for why in ("own", "follow")}


@dataclass(frozen=True, slots=True)
class Shown:
    """A card that was decoded, and the JSON that it became for these counts, account and origin, by how it ends."""

    owner_id: int
    state: str
    json: bytes
    likes: bytes | None = None
    comments: bytes | None = None
    account: Account | None = None
    origin: str = ""
    rendered: dict[bytes, bytes] | None = None


class FeedPhotos:
    """Renders pages of one reader's feed."""

    def __init__(self, call: Call, viewer: Viewer) -> None:
        self._call = call
        self._viewer = viewer
        self._origin = call.origin
        self._now_ms = call.context.now_ms()
        self._known = call.context.shown

    async def show(self, photo_ids: Sequence[int]) -> list[bytes | None]:
        """Return photos as JSON in the order of their ids, None for what does not belong in the feed."""
        page = await page_of(self._call, photo_ids, self._viewer.user_id)
        known, origin, liked = self._known, self._origin, page.liked
        shown = [card and (known.get(card) or self._decode(card)) for card in page.cards]
        owners = {one.owner_id for one in shown if one is not None}
        people = await self._call.context.people.many(owners)
        endings = {owner_id: self._endings(people.get(owner_id)) for owner_id in owners}
        items: list[bytes | None] = []
        for photo_id, card, likes, comments, one in zip(photo_ids, page.cards, page.likes, page.comments, shown, strict=True):
            if one is None or (ending := endings[one.owner_id]) is None or one.state != "ready":
                items.append(None)
                continue
            account = people[one.owner_id]
            if one.likes != likes or one.comments != comments or one.account is not account or one.origin != origin:
                one = self._keep(
                    card, replace(one, likes=likes, comments=comments, account=account, origin=origin, rendered={})
                )
            end = ending[photo_id in liked]
            items.append(one.rendered.get(end) or self._render(photo_id, one, end))
        return items

    def _endings(self, account: Account | None) -> tuple[bytes, bytes] | None:
        """Return how a person's ready photos end, not liked and liked; None when they do not belong in the feed."""
        why = why_in_feed(self._viewer, account, "ready", self._now_ms)
        return None if why is None else _ENDINGS[why]

    def _decode(self, card: bytes) -> Shown:
        decoded = page_cards.decode(card)
        return self._keep(card, Shown(decoded.owner_id, decoded.state.value, decoded.json))

    def _keep(self, card: bytes, shown: Shown) -> Shown:
        if card not in self._known and len(self._known) >= _KEPT:
            del self._known[next(iter(self._known))]
        self._known[card] = shown
        return shown

    def _render(self, photo_id: int, shown: Shown, end: bytes) -> bytes:
        """Return a photo's JSON, and keep it; not that of a private account, of which the signatures change with time."""
        account = shown.account
        prefix = shown.origin
        if account.private:
            prefix += self._call.context.signer.prefix(photo_id, self._now_ms)
        rendered = b'%b,"owner":%b,"images":{%b},"counts":{"likes":%b,"comments":%b},"liked":%b' % (
            shown.json[:-1],
            account.card,
            images_json(prefix, photo_id),
            shown.likes or b"0",
            shown.comments or b"0",
            end,
        )
        if not account.private:
            shown.rendered[end] = rendered
        return rendered
