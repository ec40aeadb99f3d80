"""Photos: sending one in, seeing, changing and deleting it, likes, and the lists that photos stand in."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from api.bodies import Upload
from api.calls import Call
from api.feed import show_feed
from api.hydrate import images_json, photo_json, read_photos, show_people, show_photos
from api.images import is_original, serve_image
from api.pages import fill_page, page_answer
from api.photo_cards import known_photo
from api.positions import merge_into
from api.problems import Problem, invalid, not_found
from api.remembered import used_otherwise
from api.routes import IGNORED, NO_CONTENT, OPTIONAL, PAGE, PHOTO, WHO_SEES, Answer, Repeat, Route
from api.shapes import People, Photo, PhotoChange, Photos
from api.sight import check_active, own_photo, owner_of_lists, visible_photo
from api.times import format_ms
from api.visibility import Account, Viewer, sees_person
from projections import likes, page_cards, photos
from projections.away import StoreAway
from schemas.events import LikeKind
from schemas.ids import partition_of, shard_of, time_of
from schemas.picture_header import PictureRefused, read_header
from schemas.text import hashtags
from streams.producer import Picture


async def upload(call: Call) -> Answer:
    """Take a picture in; it is `processing` until its smallest variant is made."""
    check_active(call)
    form = await call.upload()
    if form.file is None:
        raise invalid("file", "is missing")
    try:
        header = read_header(form.file)
    except PictureRefused as refused:
        raise Problem(refused.status, refused.detail, (("file", refused.detail),)) from refused
    photo_id = await call.new_id(lambda edge: edge.new_id_beside(call.me))
    picture = Picture(form.file, header.content_type)
    words = (form.caption, form.place)
    await call.write(lambda edge: edge.upload_photo(photo_id, call.me, picture, *words, call.submission))
    return Answer(202, _new_photo_json(call, photo_id, *words))


async def upload_again(call: Call, photo_id: int) -> Answer:
    """Answer an upload that was answered before: the photo as it is now, or as it came when it was deleted since."""
    form = await call.upload()
    photo = await known_photo(call, photo_id)
    if photo is None or photo.state == "deleted":
        return Answer(202, _new_photo_json(call, photo_id, form.caption, form.place))
    if not await is_original(call, photo_id, form.file or b""):
        raise used_otherwise()
    _, liked = await read_photos(call, (photo_id,))
    await _remember_seen(call, photo_id)
    return Answer(202, photo_json(call, photo, liked))


def _new_photo_json(call: Call, photo_id: int, caption: str | None, place: str | None) -> bytes:
    """Return a photo that was just sent in; nothing has seen it yet but us."""
    fixed = {
        "id": str(photo_id),
        "state": "processing",
        "caption": caption,
        "tags": [shown for shown, _ in hashtags(caption)],
        "place": place,
        "width": None,
        "height": None,
        "created_at": format_ms(time_of(photo_id)),
    }
    prefix = call.origin
    if call.person.private:
        prefix += call.context.signer.prefix(photo_id, call.context.now_ms())
    return b'%b,"owner":%b,"images":{%b},"counts":{"likes":0,"comments":0},"liked":false}' % (
        msgspec.json.encode(fixed)[:-1],
        call.person.card,
        images_json(prefix, photo_id),
    )


async def show_photo(call: Call) -> Answer:
    """Answer one photo."""
    photo = await visible_photo(call, call.id("photo_id", "photo"))
    _, liked = await read_photos(call, (photo.photo_id,))
    await _remember_seen(call, photo.photo_id)
    return Answer(200, photo_json(call, photo, liked))


async def _remember_seen(call: Call, photo_id: int) -> None:
    """Make the answer's position cover the card just read, so that who saw it ready can wait for it in a feed."""
    shards, partitions = call.context.shards, call.context.partitions
    partition = partition_of(shard_of(photo_id), shards, partitions)
    # Without Redis the position is what progress last said.
    with contextlib.suppress(StoreAway):
        with call.context.trust.redis("photo_cards"):
            seen = await page_cards.seen(call.context.stores, photo_id, partition)
        merge_into(call.position, {(topic, partition): offset for topic, offset in seen.items()})


async def change_photo(call: Call) -> Answer:
    """Change caption, place or both; answers the photo as it will be."""
    photo = await own_photo(call, call.id("photo_id", "photo"))
    if photo.state == "deleted":
        raise not_found("photo")
    body = await call.json(PhotoChange)
    given = {"caption": body.caption, "place": body.place}
    changed = {name: value for name, value in given.items() if value is not UNSET}
    if changed:
        await call.write(lambda edge: edge.edit_photo(photo.photo_id, call.me, changed))
    fixed = msgspec.json.decode(photo.json) | changed
    fixed["tags"] = [shown for shown, _ in hashtags(fixed["caption"])]
    _, liked = await read_photos(call, (photo.photo_id,))
    return Answer(200, photo_json(call, photo._replace(json=msgspec.json.encode(fixed)), liked))


async def delete_photo(call: Call) -> Answer:
    """Delete one's own photo for ever; a second time too."""
    photo = await own_photo(call, call.id("photo_id", "photo"))
    await call.write(lambda edge: edge.delete_photo(photo.photo_id, call.me))
    return NO_CONTENT


async def like_photo(call: Call) -> Answer:
    """Like a photo that one sees."""
    check_active(call)
    photo = await visible_photo(call, call.id("photo_id", "photo"))
    await call.write(lambda edge: edge.change_like(call.me, LikeKind.LIKED, photo.photo_id))
    return NO_CONTENT


async def unlike_photo(call: Call) -> Answer:
    """Take back a like, whatever one may see and whether or not there was one."""
    photo_id = call.id("photo_id", "photo")
    if shard_of(photo_id) < call.context.shards:
        await call.write(lambda edge: edge.change_like(call.me, LikeKind.UNLIKED, photo_id))
    return NO_CONTENT


async def list_likes(call: Call) -> Answer:
    """Answer who likes a photo, the newest like first."""
    photo = await visible_photo(call, call.id("photo_id", "photo"))
    # Likes of one photo only: a cursor of another photo's list is foreign.
    name = f"likes.{photo.photo_id}"
    page = call.page(name, int)

    async def fetch(after: tuple | None, limit: int) -> Sequence:
        return await likes.of_target(call.context.stores, photo.photo_id, after[0] if after else None, limit)

    async def show(rows: Sequence) -> Sequence[bytes | None]:
        return await show_people(call, (row.user_id for row in rows), sees_person)

    items, next_key = await fill_page(fetch, show, lambda row: (row.order,), page.limit, page.after)
    return page_answer(name, items, next_key)


async def list_photos(call: Call) -> Answer:
    """Answer a person's photos, the newest first."""
    owner = await owner_of_lists(call)
    name = f"photos.{owner.user_id}"
    page = call.page(name, int)

    async def fetch(after: tuple | None, limit: int) -> Sequence:
        return await photos.of_owner(call.context.stores, owner.user_id, after[0] if after else None, limit)

    async def show(rows: Sequence) -> Sequence[bytes | None]:
        return await show_photos(call, [row.photo_id for row in rows], _is_ready)

    items, next_key = await fill_page(fetch, show, lambda row: (row.photo_id,), page.limit, page.after)
    return page_answer(name, items, next_key)


def _is_ready(_viewer: Viewer, _owner: Account | None, state: str) -> bool:
    """Return whether a photo stands in lists; whether the owner's may be seen was asked before."""
    return state == "ready"


_ONE = "/v1/photos/{photo_id}"
_FILE = "/photos/{photo_id}/{file}"
_SIGNED = "/s/{signature}" + _FILE
_SEEN = ("photo_cards", *WHO_SEES)
_BYTES = {200: "the image", 206: "a part of it", 304: "it has not changed", 416: "there is no such part"}

ROUTES = (
    Route("POST", "/v1/photos", upload, "Send a picture in", "photos", reads=WHO_SEES, body=Upload,
          answers={202: Photo}, limited="uploads",
          repeat=Repeat("photos", "clearing", lambda call: shard_of(call.me), upload_again)),
    Route("GET", _ONE, show_photo, "One photo", "photos", OPTIONAL, PHOTO, answers={200: Photo}),
    Route("PATCH", _ONE, change_photo, "Change caption or place", "photos", reads=PHOTO, body=PhotoChange,
          answers={200: Photo}, limited="edits"),
    Route("DELETE", _ONE, delete_photo, "Delete one's own photo for ever", "photos", reads=_SEEN, answers={204: None}),
    Route("PUT", f"{_ONE}/like", like_photo, "Like", "photos", reads=_SEEN, answers={204: None}, limited="likes"),
    Route("DELETE", f"{_ONE}/like", unlike_photo, "Take back a like", "photos", reads=_SEEN, answers={204: None}),
    Route("GET", f"{_ONE}/likes", list_likes, "Who likes it, newest first", "photos", OPTIONAL, ("likes", *_SEEN),
          query=PAGE, answers={200: People}),
    Route("GET", "/v1/users/{user}/photos", list_photos, "A person's photos, newest first", "photos", OPTIONAL,
          ("photos", *PHOTO), query=PAGE, answers={200: Photos}),
    Route("GET", "/v1/feed", show_feed, "The feed: one's own and followed people's photos", "photos",
          reads=("timelines", "authors", "celebrities", "photos", *PHOTO), query=PAGE, answers={200: Photos}, hot=True),
    Route("GET", _FILE, serve_image, "An image file of a public photo", "images", IGNORED, answers=_BYTES),
    Route("HEAD", _FILE, serve_image, "Its headers", "images", IGNORED, answers=_BYTES),
    Route("GET", _SIGNED, serve_image, "An image file of a private photo", "images", IGNORED, answers=_BYTES),
    Route("HEAD", _SIGNED, serve_image, "Its headers", "images", IGNORED, answers=_BYTES),
)  # fmt: skip
