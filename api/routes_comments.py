"""Comments: adding, listing by age or by likes, deleting, liking."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from api.calls import Call
from api.hydrate import account_of
from api.pages import fill_page, page_answer
from api.photo_cards import known_photo, liked_among
from api.problems import forbidden, invalid, not_found
from api.remembered import used_otherwise
from api.routes import NO_CONTENT, OPTIONAL, PAGE, WHO_SEES, Answer, Repeat, Route, as_json
from api.shapes import Comment, CommentCounts, Comments, NewComment, Person
from api.sight import check_active, known_comment, visible_comment, visible_photo
from api.times import format_ms
from api.visibility import Account, sees_person, sees_photo
from projections import comments
from projections.rows import CommentRow
from schemas.events import LikeKind
from schemas.ids import shard_of, time_of

# For each sort: what reads it, the key of a row, and what the reader takes to go on after that key.
_SORTS = {
    "newest": (comments.newest, lambda row: (row.comment_id,), (int,)),
    "oldest": (comments.oldest, lambda row: (row.comment_id,), (int,)),
    "top": (comments.top, lambda row: (row.likes, row.comment_id), (int, int)),
}


async def add_comment(call: Call) -> Answer:
    """Comment a photo that one sees."""
    check_active(call)
    photo = await visible_photo(call, call.id("photo_id", "photo"))
    body = await call.json(NewComment)
    comment_id = await call.new_id(lambda edge: edge.new_id_beside(photo.photo_id))
    await call.write(lambda edge: edge.add_comment(comment_id, call.me, photo.photo_id, body.text, call.submission))
    row = CommentRow(comment_id, photo.photo_id, call.me, body.text, 0, False)
    return as_json(_described(row, call.person, set()), 201)


async def add_again(call: Call, comment_id: int) -> Answer:
    """Answer a comment that was answered before: as it is now, or as it came when it was deleted since."""
    photo_id = call.id("photo_id", "photo")
    body = await call.json(NewComment)
    row = await known_comment(call, comment_id)
    if row is None or row.deleted:
        row = CommentRow(comment_id, photo_id, call.me, body.text, 0, False)
    if (row.photo_id, row.text) != (photo_id, body.text):
        raise used_otherwise()
    return as_json(_described(row, call.person, await liked_among(call, call.me, [comment_id])), 201)


def _described(row: CommentRow, author: Account, likes: set[int] | None) -> Comment:
    return Comment(
        str(row.comment_id),
        Person(str(author.user_id), author.username, author.display_name),
        row.text or "",
        format_ms(time_of(row.comment_id)),
        CommentCounts(row.likes),
        UNSET if likes is None else row.comment_id in likes,
    )


async def list_comments(call: Call) -> Answer:
    """Answer a photo's comments: newest, oldest, or most liked first."""
    photo = await visible_photo(call, call.id("photo_id", "photo"))
    call.raise_deferred()
    sort = call.query("sort")
    sort = "newest" if sort is None else sort
    if sort not in _SORTS:
        raise invalid("sort", f"wanted one of {', '.join(_SORTS)}")
    read, key, kinds = _SORTS[sort]
    # Comments of one photo only: a cursor of another photo's list is foreign.
    name = f"comments.{sort}.{photo.photo_id}"
    page = call.page(name, *kinds)

    async def fetch(after: tuple | None, limit: int) -> Sequence[CommentRow]:
        place = after if after is None or sort == "top" else after[0]
        return await read(call.context.stores, photo.photo_id, place, limit)

    async def show(rows: Sequence[CommentRow]) -> Sequence[bytes | None]:
        return await _show_comments(call, rows)

    items, next_key = await fill_page(fetch, show, key, page.limit, page.after)
    return page_answer(name, items, next_key)


async def _show_comments(call: Call, rows: Sequence[CommentRow]) -> list[bytes | None]:
    viewer, authors = await asyncio.gather(call.viewer(), call.context.people.many({row.author_id for row in rows}))
    likes = None
    if call.me:
        likes = await liked_among(call, call.me, [row.comment_id for row in rows])
    return [
        msgspec.json.encode(_described(row, authors[row.author_id], likes))
        if not row.deleted and sees_person(viewer, authors.get(row.author_id))
        else None
        for row in rows
    ]


async def delete_comment(call: Call) -> Answer:
    """Delete a comment for ever, as its author or as the photo's owner; a second time too."""
    comment_id = call.id("comment_id", "comment")
    row = await known_comment(call, comment_id)
    if row is None:
        raise not_found("comment")
    photo = await known_photo(call, row.photo_id)
    owns_photo = photo is not None and photo.owner_id == call.me
    if call.me != row.author_id and not owns_photo:
        author = await call.context.people.one(row.author_id)
        viewer = await call.viewer()
        seen = photo is not None and sees_photo(viewer, account_of(photo), photo.state) and sees_person(viewer, author)
        raise forbidden("This comment is another person's.") if seen and not row.deleted else not_found("comment")
    await call.write(lambda edge: edge.delete_comment(call.me, comment_id, row.photo_id))
    return NO_CONTENT


async def like_comment(call: Call) -> Answer:
    """Like a comment that one sees."""
    check_active(call)
    comment = await visible_comment(call, call.id("comment_id", "comment"))
    await call.write(lambda edge: edge.change_like(call.me, LikeKind.LIKED, comment.photo_id, comment.comment_id))
    return NO_CONTENT


async def unlike_comment(call: Call) -> Answer:
    """Take back the like of a comment; where there never was one there is nothing to take back."""
    comment_id = call.id("comment_id", "comment")
    row = await known_comment(call, comment_id) if shard_of(comment_id) < call.context.shards else None
    if row is not None:
        await call.write(lambda edge: edge.change_like(call.me, LikeKind.UNLIKED, row.photo_id, comment_id))
    return NO_CONTENT


_OF_PHOTO = "/v1/photos/{photo_id}/comments"
_ONE = "/v1/comments/{comment_id}"
_SEEN = ("comments", "photo_cards", *WHO_SEES)

ROUTES = (
    Route("POST", _OF_PHOTO, add_comment, "Comment a photo", "comments", reads=_SEEN, body=NewComment,
          answers={201: Comment}, limited="comments",
          repeat=Repeat("comments", "comments", lambda call: shard_of(call.id("photo_id", "photo")), add_again)),
    Route("GET", _OF_PHOTO, list_comments, "Its comments", "comments", OPTIONAL, ("liked", *_SEEN),
          query=("sort", *PAGE), answers={200: Comments}),
    Route("DELETE", _ONE, delete_comment, "Delete a comment for ever", "comments", reads=_SEEN, answers={204: None}),
    Route("PUT", f"{_ONE}/like", like_comment, "Like", "comments", reads=_SEEN, answers={204: None}, limited="likes"),
    Route("DELETE", f"{_ONE}/like", unlike_comment, "Take back a like", "comments", reads=_SEEN, answers={204: None}),
)  # fmt: skip
