"""Accounts: opening one, one's own, and the profiles of others."""

from __future__ import annotations

import contextlib

from msgspec import UNSET

from api.calls import Call
from api.problems import Problem
from api.routes import NO_CONTENT, OPTIONAL, WHO_SEES, Answer, Route, as_json
from api.shapes import NewAccount, ProfileChange, Relation, User, UserCounts
from api.sight import profile_of
from api.visibility import Account, muted
from projections import accounts, counter_rows, counters, followers
from projections.away import StoreAway
from projections.rows import AccountState, CounterKind
from schemas.text import display_name_problems, name_key

ACCOUNTS = ("accounts", "account_cards")
PROFILE = ("accounts", "counters", "followers", *WHO_SEES)
_COUNTED = (CounterKind.USER_PHOTOS, CounterKind.USER_FOLLOWERS, CounterKind.USER_FOLLOWING)


async def open_account(call: Call) -> Answer:
    """Claim a user name, wait for the verdict of the fold, and hand out a token."""
    body = await call.json(NewAccount)
    if problems := display_name_problems(body.display_name):
        raise Problem(422, problems[0][1], tuple(problems))
    user_id = await call.new_id(lambda edge: edge.new_user_id(body.username))
    stores = call.context.stores
    holder = await accounts.by_name(stores, name_key(body.username))
    if holder is not None and holder.user_id != user_id:
        raise taken(body.username)
    written = await call.write(lambda edge: edge.open_account(user_id, body.username, body.display_name, body.private))
    await call.decided(written, ACCOUNTS)
    row = await accounts.by_id(stores, user_id)
    if row is None:
        call.context.trust.check_rows("accounts", user_id)
    if row is None or row.state == AccountState.REFUSED:
        raise taken(body.username)
    user = User(str(user_id), row.username, row.display_name, row.private, UserCounts(0, 0, 0))
    if call.context.gives_tokens:
        user.token = call.context.tokens.make(user_id)
    return as_json(user, 201)


def taken(username: str) -> Problem:
    return Problem(409, f"The user name {username!r} is taken, or held for thirty days.", (("username", "is taken"),))


async def show_me(call: Call) -> Answer:
    """Answer one's own account."""
    return as_json(await described(call, call.person))


async def change_me(call: Call) -> Answer:
    """Change display name, privacy or both; answers the account as it will be."""
    body = await call.json(ProfileChange)
    person = call.person
    user = await described(call, person)
    if body.display_name is not UNSET:
        await call.write(lambda edge: edge.edit_profile(call.me, body.display_name))
        user.display_name = body.display_name
    if body.private is not UNSET:
        await call.write(lambda edge: edge.change_privacy(call.me, body.private))
        user.private = body.private
    return as_json(user)


async def delete_me(call: Call) -> Answer:
    """Delete one's own account for ever."""
    await call.write(lambda edge: edge.delete_account(call.me))
    # Said is said: what cannot be forgotten now is gone within a day.
    with contextlib.suppress(StoreAway):
        await call.context.remembered.forget(call.me)
    return NO_CONTENT


async def deactivate_me(call: Call) -> Answer:
    """Hide one's own account until further notice."""
    await call.write(lambda edge: edge.deactivate(call.me))
    return NO_CONTENT


async def reactivate_me(call: Call) -> Answer:
    """Bring one's own account back."""
    await call.write(lambda edge: edge.reactivate(call.me))
    return NO_CONTENT


async def show_user(call: Call) -> Answer:
    """Answer a profile, by id or by `@name`."""
    account = await profile_of(call, call.params["user"])
    user = await described(call, account)
    if call.me and call.me != account.user_id:
        user.relation = await relation_to(call, account)
    return as_json(user)


async def described(call: Call, account: Account) -> User:
    """Return an account with its counts."""
    asked = [(kind, account.user_id) for kind in _COUNTED]
    try:
        with call.context.trust.redis("counters"):
            counts = await counters.counts(call.context.stores, asked)
    except StoreAway:
        call.lacks_something()
        counts = await counter_rows.counts(call.context.stores, asked)
    return User(str(account.user_id), account.username, account.display_name, account.private, UserCounts(*map(int, counts)))


async def relation_to(call: Call, account: Account) -> Relation:
    """Return what stands between the reader and a person."""
    viewer = await call.viewer()
    return Relation(
        following=account.user_id in viewer.following,
        followed_by=await _follows_back(call, account),
        requested=account.user_id in viewer.requested,
        blocking=account.user_id in viewer.blocking,
        muting=muted(viewer, account.user_id, call.context.now_ms()),
    )


async def _follows_back(call: Call, account: Account) -> bool:
    """Return whether a person follows the reader: one row, or all that Redis has of that person when Postgres is away."""
    try:
        row = await followers.one(call.context.stores, call.me, account.user_id)
    except StoreAway:
        return call.me in (await call.context.relations.viewer(account.user_id)).following
    return row is not None and row.state == "FOLLOWING"


ROUTES = (
    Route("POST", "/v1/accounts", open_account, "Open an account", "accounts", OPTIONAL, ACCOUNTS, NewAccount,
          answers={201: User, 409: "the user name is taken, or held for thirty days"}, limited="accounts"),
    Route("GET", "/v1/me", show_me, "One's own account", "accounts", reads=PROFILE, answers={200: User}),
    Route("PATCH", "/v1/me", change_me, "Change display name or privacy", "accounts", reads=PROFILE,
          body=ProfileChange, answers={200: User}),
    Route("DELETE", "/v1/me", delete_me, "Delete one's own account for ever", "accounts", reads=ACCOUNTS, answers={204: None}),
    Route("POST", "/v1/me/deactivate", deactivate_me, "Hide one's account", "accounts", reads=ACCOUNTS, answers={204: None}),
    Route("POST", "/v1/me/reactivate", reactivate_me, "Bring it back", "accounts", reads=ACCOUNTS, answers={204: None}),
    Route("GET", "/v1/users/{user}", show_user, "A profile, by id or by @name", "people", OPTIONAL, PROFILE,
          answers={200: User}),
)  # fmt: skip
