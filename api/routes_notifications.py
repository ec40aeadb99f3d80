"""Notifications: what others did that concerns the reader, newest first, and up to where the reader has read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from api.calls import Call, id_in
from api.hydrate import account_of
from api.pages import fill_page, page_answer
from api.photo_cards import hydrated
from api.problems import invalid
from api.routes import NO_CONTENT, PAGE, WHO_SEES, Answer, Route
from api.shapes import Notification, Notifications, Person, ReadUpTo
from api.times import format_ms
from api.visibility import Account, Viewer, hears_of, sees_in_list, sees_person
from projections import comments, followers, inboxes, notifications
from projections.hydration import HydratedPhoto
from projections.notifications import Without
from projections.rows import CommentRow, NotificationRow
from schemas.events import FollowState
from schemas.ids import time_of

_LIST = "notifications"
_FOLLOW = "follow"
# What a wish to follow is told as, by what has become of it.
_TOLD_AS = {FollowState.FOLLOWING: "follow", FollowState.REQUESTED: "request"}


class Around(NamedTuple):
    """What decides whether notifications are seen: who asks and when, the actors, what they did it to, the wishes to follow."""

    viewer: Viewer
    now_ms: int
    people: Mapping[int, Account]
    photos: Mapping[int, HydratedPhoto]
    comments: Mapping[int, CommentRow]
    wishes: Mapping[int, str]

    def kind_of(self, row: NotificationRow) -> str | None:
        """Return what a notification is told as, None when the reader is not told of it now."""
        if not self._hears_of(row.actor_id):
            return None
        if row.kind == _FOLLOW:
            return _TOLD_AS.get(self.wishes.get(row.actor_id))
        seen = self._sees_photo(row.photo_id) and (not row.comment_id or self._sees_comment(row.comment_id))
        return row.kind if seen else None

    def hide_in(self, without: Without, row: NotificationRow) -> None:
        """Note who or what hides a notification: there may be very many more of the same, which need not be read."""
        if not self._hears_of(row.actor_id):
            without.actors.add(row.actor_id)
        elif row.kind != _FOLLOW and not self._sees_photo(row.photo_id):
            without.photos.add(row.photo_id)
        elif row.comment_id and not self._sees_comment(row.comment_id):
            without.comments.add(row.comment_id)

    def _hears_of(self, actor_id: int) -> bool:
        return hears_of(self.viewer, self.people.get(actor_id), self.now_ms)

    def _sees_photo(self, photo_id: int) -> bool:
        photo = self.photos.get(photo_id)
        return photo is not None and sees_in_list(self.viewer, account_of(photo), photo.state)

    def _sees_comment(self, comment_id: int) -> bool:
        comment = self.comments.get(comment_id)
        return comment is not None and not comment.deleted and sees_person(self.viewer, self.people.get(comment.author_id))


async def list_notifications(call: Call) -> Answer:
    """Answer a page of the reader's notifications."""
    page = call.page(_LIST, int)
    stores = call.context.stores
    # Before the notifications: what is read meanwhile may be shown as unread, and never the other way round.
    read_up_to = await inboxes.read_up_to(stores, call.me)
    without = Without()

    async def fetch(after: tuple | None, limit: int) -> Sequence[NotificationRow]:
        return await notifications.page(stores, call.me, after[0] if after else None, limit, without)

    async def show(rows: Sequence[NotificationRow]) -> Sequence[bytes | None]:
        around = await _around(call, rows)
        items = [_shown(row, around, read_up_to) for row in rows]
        for row, item in zip(rows, items, strict=True):
            if item is None:
                around.hide_in(without, row)
        return items

    items, next_key = await fill_page(fetch, show, lambda row: (row.notification_id,), page.limit, page.after)
    return page_answer(_LIST, items, next_key)


async def _around(call: Call, rows: Sequence[NotificationRow]) -> Around:
    stores = call.context.stores
    viewer, photos, said, wishes = await asyncio.gather(
        call.viewer(),
        hydrated(call, {row.photo_id for row in rows if row.photo_id}),
        comments.by_ids(stores, (row.comment_id for row in rows if row.comment_id)),
        followers.among(stores, call.me, [row.actor_id for row in rows if row.kind == _FOLLOW]),
    )
    people = await call.context.people.many({row.actor_id for row in rows} | {row.author_id for row in said.values()})
    return Around(viewer, call.context.now_ms(), people, photos, said, {who: row.state for who, row in wishes.items()})


def _shown(row: NotificationRow, around: Around, read_up_to: int) -> bytes | None:
    """Return a notification as JSON, None when the reader is not told of it now."""
    kind = around.kind_of(row)
    if kind is None:
        return None
    actor = around.people[row.actor_id]
    return msgspec.json.encode(
        Notification(
            str(row.notification_id),
            kind,
            Person(str(actor.user_id), actor.username, actor.display_name),
            str(row.photo_id) if row.photo_id else None,
            str(row.comment_id) if row.comment_id else None,
            format_ms(time_of(row.notification_id)),
            row.notification_id <= read_up_to,
        )
    )


async def read_notifications(call: Call) -> Answer:
    """Mark one notification and all older ones as read."""
    body = await call.json(ReadUpTo)
    up_to = id_in(body.up_to)
    if up_to is None:
        raise invalid("up_to", "wanted the id of a notification")
    await call.write(lambda edge: edge.read_inbox(call.me, up_to))
    return NO_CONTENT


_PATH = "/v1/notifications"
_TOLD = ("notifications", "inboxes")
_READS = (*_TOLD, "followers", "comments", "photo_cards", *WHO_SEES)

ROUTES = (
    Route("GET", _PATH, list_notifications, "What others did that concerns one", "notifications", reads=_READS, query=PAGE,
          answers={200: Notifications}),
    Route("PUT", f"{_PATH}/read", read_notifications, "Mark one and all older ones as read", "notifications", reads=_TOLD,
          body=ReadUpTo, answers={204: None}),
)  # fmt: skip
