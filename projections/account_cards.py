"""Account cards in Redis: `{s0001}account.1:<user>`, one byte of flags and finished JSON, for lists and photos.

Answers: how are these people called, and who of them is private, deactivated or gone?
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from projections.rows import AccountRow, AccountState
from projections.stores import Stores
from projections.structure import Strings
from schemas.ids import shard_of

_PRIVATE, _DEACTIVATED, _GONE = 1, 2, 4
_STATE_FLAGS = {AccountState.DEACTIVATED: _DEACTIVATED, AccountState.DELETED: _GONE, AccountState.REFUSED: _GONE}


class AccountCard(NamedTuple):
    """What lists show of an account. `json` is the finished object {"id", "username", "display_name"}."""

    private: bool
    deactivated: bool
    gone: bool
    json: bytes


def encode(row: AccountRow) -> bytes:
    """Return the card of an account."""
    flags = (_PRIVATE if row.private else 0) | _STATE_FLAGS.get(AccountState(row.state), 0)
    shown = {"id": str(row.user_id), "username": row.username, "display_name": row.display_name}
    return bytes((flags,)) + msgspec.json.encode(shown)


def decode(value: bytes) -> AccountCard:
    """Return the card that a string holds."""
    flags = value[0]
    return AccountCard(bool(flags & _PRIVATE), bool(flags & _DEACTIVATED), bool(flags & _GONE), value[1:])


STRUCTURE = Strings(
    "account_cards",
    family="account",
    shard=lambda row, _shards: shard_of(row.user_id),
    suffix=lambda row: str(row.user_id),
    value=encode,
)


async def cards(stores: Stores, user_ids: Iterable[int]) -> dict[int, AccountCard]:
    """Return the cards of those of the people who have one, by one MGET."""
    asked = list(dict.fromkeys(user_ids))
    if not asked:
        return {}
    values = await stores.redis.call("MGET", *(stores.key(STRUCTURE, shard_of(user), user) for user in asked))
    return {user: decode(value) for user, value in zip(asked, values, strict=True) if value}
