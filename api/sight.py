"""Looking things up as the reader may see them: a person, a photo, a comment; 404 when they may not."""

from __future__ import annotations

from api.calls import Call
from api.hydrate import account_of
from api.photo_cards import known_photo
from api.problems import forbidden, not_found, unavailable
from api.visibility import Account, sees_content, sees_person, sees_photo, sees_profile
from projections import accounts, comments
from projections.hydration import HydratedPhoto
from projections.rows import AccountState, CommentRow
from schemas.ids import shard_of_text
from schemas.text import name_key


async def profile_of(call: Call, text: str) -> Account:
    """Return the person that an id or `@name` names, if the profile is visible."""
    if text.startswith("@"):
        try:
            key = name_key(text[1:])
        except ValueError as cause:
            raise not_found("person") from cause
        row = await accounts.by_name(call.context.stores, key)
        if row is None:
            call.context.trust.check_rows_in("accounts", shard_of_text(key, call.context.shards))
        if row is None or row.state in (AccountState.DELETED, AccountState.REFUSED):
            raise not_found("person")
        user_id = row.user_id
    else:
        user_id = call.id("user", "person")
    account = await call.context.people.one(user_id)
    if not sees_profile(await call.viewer(), account):
        raise not_found("person")
    return account


async def owner_of_lists(call: Call) -> Account:
    """Return the person in the path, if their photos and lists are visible."""
    account = await call.context.people.one(call.id("user", "person"))
    if not sees_content(await call.viewer(), account):
        raise not_found("person")
    return account


async def visible_photo(call: Call, photo_id: int) -> HydratedPhoto:
    """Return a photo that the reader sees."""
    photo = await known_photo(call, photo_id)
    if photo is None or not sees_photo(await call.viewer(), account_of(photo), photo.state):
        raise not_found("photo")
    return photo


async def own_photo(call: Call, photo_id: int) -> HydratedPhoto:
    """Return a photo of the reader, in any state; 403 for another's that is visible, 404 for the rest."""
    photo = await known_photo(call, photo_id)
    if photo is not None and photo.owner_id == call.me:
        return photo
    if photo is None or not sees_photo(await call.viewer(), account_of(photo), photo.state):
        raise not_found("photo")
    raise forbidden("This photo is another person's.")


async def known_comment(call: Call, comment_id: int) -> CommentRow | None:
    """Return a comment, also a deleted one; None when there never was one, 503 while that cannot be said."""
    comment = await comments.by_id(call.context.stores, comment_id)
    if comment is None:
        call.context.trust.check_rows("comments", comment_id)
    return comment


async def visible_comment(call: Call, comment_id: int) -> CommentRow:
    """Return a comment that the reader sees: on a photo they see, by a person they see."""
    comment = await known_comment(call, comment_id)
    if comment is None or comment.deleted:
        raise not_found("comment")
    author = await call.context.people.one(comment.author_id)
    if not sees_person(await call.viewer(), author):
        raise not_found("comment")
    await visible_photo(call, comment.photo_id)
    return comment


def check_active(call: Call) -> None:
    """403 while the reader's account is deactivated: what it made would be seen by nobody."""
    if call.person is None:
        raise unavailable("Who asks is not known.")
    if call.person.deactivated:
        raise forbidden("This account is deactivated; POST /v1/me/reactivate brings it back.")
