"""Accounts as answers and filters need them: from the cards in Redis, or from the rows when Redis is away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable

import msgspec

from api.recall import Recall
from api.trust import Trust
from api.visibility import Account
from projections import account_cards, accounts
from projections.account_cards import AccountCard
from projections.away import StoreAway
from projections.rows import AccountRow, AccountState
from projections.stores import Stores


class _Shown(msgspec.Struct):
    """The JSON of an account's card."""

    username: str
    display_name: str


_shown = msgspec.json.Decoder(_Shown)


class People:
    """Looks accounts up by id; those that cannot have changed are not asked for again."""

    def __init__(self, stores: Stores, trust: Trust, recall: Recall[Account]) -> None:
        self._stores = stores
        self._trust = trust
        self._recall = recall

    async def one(self, user_id: int) -> Account | None:
        """Return one account, gone ones too; None when there never was one, 503 while neither store can say."""
        known = self._recall.get(user_id)
        return known if known is not None else (await self._recalled((user_id,), self._sure)).get(user_id)

    async def many(self, user_ids: Iterable[int]) -> dict[int, Account]:
        """Return accounts by id; unknown ones are absent."""
        return await self._recalled(user_ids, lambda _absent: None)

    async def _recalled(self, user_ids: Iterable[int], unsure: Callable[[Iterable[int]], None]) -> dict[int, Account]:
        """Return accounts by id; `unsure` is told whom only Postgres was asked about, and did not know."""
        found: dict[int, Account] = {}
        asked = {}
        for user_id in user_ids:
            known = self._recall.get(user_id)
            if known is None:
                asked[user_id] = self._recall.stamp(user_id)
            else:
                found[user_id] = known
        if asked:
            for user_id, account in (await self._read(asked, unsure)).items():
                self._recall.keep(user_id, asked[user_id], account)
                found[user_id] = account
        return found

    def _sure(self, user_ids: Iterable[int]) -> None:
        for user_id in user_ids:
            self._trust.check_rows("accounts", user_id)

    async def _read(self, user_ids: Iterable[int], unsure: Callable[[Iterable[int]], None]) -> dict[int, Account]:
        cards = None
        with contextlib.suppress(StoreAway), self._trust.redis("account_cards"):
            cards = await account_cards.cards(self._stores, user_ids)
        found = {user_id: account_of_card(user_id, card) for user_id, card in (cards or {}).items()}
        # Without a card there is no such person, or Redis was lost and is being filled again.
        absent = [user_id for user_id in user_ids if user_id not in found]
        for row in await asyncio.gather(*(accounts.by_id(self._stores, user_id) for user_id in absent)):
            if row is not None:
                found[row.user_id] = account_of_row(row)
        if cards is None:
            unsure(user_id for user_id in absent if user_id not in found)
        return found


def account_of_card(user_id: int, card: AccountCard) -> Account:
    """Return the account that a card in Redis says."""
    if card.gone:
        return Account(user_id, "", "", gone=True)
    shown = _shown.decode(card.json)
    return Account(user_id, shown.username, shown.display_name, card.private, card.deactivated, card=card.json)


def account_of_row(row: AccountRow) -> Account:
    """Return the account that a row in Postgres says."""
    gone = row.state in (AccountState.DELETED, AccountState.REFUSED)
    deactivated = row.state == AccountState.DEACTIVATED
    card = msgspec.json.encode({"id": str(row.user_id), "username": row.username, "display_name": row.display_name})
    return Account(row.user_id, row.username, row.display_name, row.private, deactivated, gone, card)
