"""A small world of people, photos and comments that changes while somebody reads, and the API in front of it.

The reader is `ME`. What a list shows is said here once in plain sets; rows and rings are what folds would make of it.
"""

from collections.abc import Callable
from types import SimpleNamespace
from urllib.parse import urlencode

import msgspec

from api.calls import Call
from api.routes import Answer, Route
from api.visibility import Account, Viewer
from projections import (
    authors,
    barriers,
    comments,
    followers,
    followings,
    likes,
    notifications,
    photos,
    term_photos,
    timelines,
)
from projections.rows import (
    BarrierRow,
    CommentRow,
    FollowerRow,
    FollowingRow,
    LikeRow,
    NotificationRow,
    PhotoRow,
    PhotoState,
    TermPhotoRow,
)
from schemas.ids import compose_id, time_of
from tests.properties.paged_stores import PagedStores, PagedTrust

SHARD, SHARDS = 1, 4
DAWN = 1_700_006_400_000
ME = compose_id(DAWN, SHARD, 0)
PEOPLE = tuple(compose_id(DAWN, SHARD, number) for number in range(1, 21))
DEPTH = 3
TAG = "HASHTAGS", "dawn"


class PagedWorld:
    """Who is there, what they did, and what stands between them and the reader. `now` is in ms, and goes on."""

    def __init__(self) -> None:
        self.now = DAWN + 1000
        self.stores = PagedStores(DEPTH, SHARDS)
        self.trust = PagedTrust()
        self.people = {who: _account(who) for who in (ME, *PEOPLE)}
        self.following: dict[int, int] = {}
        self.followed_by: dict[int, int] = {}
        self.blocking: dict[int, int] = {}
        self.blocked_by: set[int] = set()
        self.muting: dict[int, int] = {}
        self.photos: dict[int, int] = {}
        self.comments: dict[int, CommentRow] = {}
        self.likers: dict[int, int] = {}
        self.told: dict[int, NotificationRow] = {}
        self.first_told: dict[tuple, int] = {}
        self.pulled: dict[int, list[tuple[int, int]]] = {}
        self.context = SimpleNamespace(
            stores=self.stores, trust=self.trust, shown={}, shards=SHARDS, now_ms=lambda: self.now,
            people=SimpleNamespace(one=self._person, many=self._persons),
            relations=SimpleNamespace(viewer=self._viewer, pulled=self._pulled),
            signer=SimpleNamespace(prefix=lambda _photo, _now: "/s/1.x"),
        )  # fmt: skip
        # The photo of the reader under which others like and comment.
        self.mine = self.upload(ME)

    # --- who is who ---------------------------------------------------------------------------------------------------

    async def _person(self, user_id: int) -> Account | None:
        return self.people.get(user_id)

    async def _persons(self, user_ids) -> dict[int, Account]:
        return {user_id: self.people[user_id] for user_id in user_ids if user_id in self.people}

    async def _viewer(self, _user_id: int) -> Viewer:
        sets = (frozenset(self.following), frozenset(), frozenset(self.blocking), frozenset(self.blocked_by))
        return Viewer(ME, *sets, dict.fromkeys(self.muting, 0))

    async def _pulled(self) -> dict[int, list[tuple[int, int]]]:
        return {author: list(spans) for author, spans in self.pulled.items()}

    def is_here(self, who: int) -> bool:
        return not self.people[who].deactivated

    def meets(self, who: int) -> bool:
        """Return whether the reader may see somebody in a list: here, and no block between them."""
        return self.is_here(who) and who not in self.blocking and who not in self.blocked_by

    def sees_profile(self, who: int) -> bool:
        """Return whether the reader sees somebody's profile: here, and not blocking the reader."""
        return self.is_here(who) and who not in self.blocked_by

    # --- what happens -------------------------------------------------------------------------------------------------

    def later(self) -> int:
        self.now += 1
        return self.now

    def _minted(self) -> int:
        return compose_id(self.later(), SHARD, 0)

    def upload(self, owner: int) -> int:
        """Let a photo become ready: it goes into its author's ring, and to the reader unless its author is pulled."""
        photo_id = self._minted()
        self.photos[photo_id] = owner
        self._photo(photo_id, PhotoState.READY)
        self.stores.put(term_photos.STRUCTURE, TermPhotoRow(*TAG, "Dawn", photo_id, owner, True))
        self.stores.offer(authors.STRUCTURE, owner, (photo_id,))
        if owner == ME or (owner in self.following and not self.is_pulled(owner, photo_id)):
            self.stores.offer(timelines.STRUCTURE, ME, (photo_id,))
        return photo_id

    def is_pulled(self, owner: int, photo_id: int) -> bool:
        at = time_of(photo_id)
        return any(start <= at and (not end or at < end) for start, end in self.pulled.get(owner, ()))

    def erase(self, photo_id: int) -> None:
        """Delete a photo: it stays in rings and under its tag, as what a late fold would leave there."""
        del self.photos[photo_id]
        self._photo(photo_id, PhotoState.DELETED)

    def _photo(self, photo_id: int, state: PhotoState) -> None:
        owner = self.photos.get(photo_id, ME)
        nothing = (None, None, (), (), None, None, 1, 1, (150,), "")
        self.stores.put(photos.STRUCTURE, PhotoRow(photo_id, owner, state, *nothing))

    def cross(self, author: int) -> None:
        """Let an author be pulled from now on, or pushed again."""
        spans = self.pulled.setdefault(author, [])
        if spans and not spans[-1][1]:
            spans[-1] = (spans[-1][0], self.later())
        else:
            spans.append((self.later(), 0))

    def follow(self, who: int, since: int) -> None:
        """Follow somebody: the newest of their photos that are pushed come into the reader's ring, one more than it is deep."""
        self.following[who] = since
        self.stores.put(followings.STRUCTURE, FollowingRow(ME, who, "FOLLOWING", since))
        newest = [photo_id for photo_id in sorted(self.photos, reverse=True) if self.photos[photo_id] == who][: DEPTH + 1]
        self.stores.offer(timelines.STRUCTURE, ME, [one for one in newest if not self.is_pulled(who, one)])

    def unfollow(self, who: int) -> None:
        self.stores.put(followings.STRUCTURE, FollowingRow(ME, who, "NONE", self.following.pop(who)))

    def be_followed(self, who: int, since: int) -> None:
        self.followed_by[who] = since
        self.stores.put(followers.STRUCTURE, FollowerRow(ME, who, "FOLLOWING", since))

    def be_unfollowed(self, who: int) -> None:
        self.stores.put(followers.STRUCTURE, FollowerRow(ME, who, "NONE", self.followed_by.pop(who)))

    def stand(self, who: int) -> None:
        """Write down what stands between the reader and somebody."""
        sides = (self.blocking.get(who), who in self.blocked_by, self.muting.get(who), None)
        self.stores.put(barriers.STRUCTURE, BarrierRow(ME, who, *sides))

    def comment(self, author: int, liked: int) -> None:
        """Comment the reader's photo; the comment has so many likes."""
        row = CommentRow(self._minted(), self.mine, author, "Nice!", liked, False)
        self.comments[row.comment_id] = row
        self.stores.put(comments.STRUCTURE, row)

    def uncomment(self, comment_id: int) -> None:
        row = self.comments.pop(comment_id)._replace(text=None, deleted=True)
        self.stores.put(comments.STRUCTURE, row)

    def like(self, who: int) -> None:
        """Like the reader's photo; a like that stands keeps its place."""
        self.likers.setdefault(who, self.later())
        self.stores.put(likes.STRUCTURE, LikeRow(self.mine, who, True, self.now, self.likers[who]))

    def unlike(self, who: int) -> None:
        self.stores.put(likes.STRUCTURE, LikeRow(self.mine, who, False, 0, self.likers.pop(who)))

    def tell(self, by: int, kind: str, comment_id: int = 0) -> None:
        """Tell the reader of what somebody did, or take it back; told again it has the id of the first time."""
        one = (ME, kind, by, 0 if kind == "follow" else self.mine, comment_id)
        notification_id = self.first_told.setdefault(one, self._minted())
        stood = self.told.pop(notification_id, None)
        row = NotificationRow(*one, notification_id, stood is None)
        if row.standing:
            self.told[notification_id] = row
        self.stores.put(notifications.STRUCTURE, row)

    def tell_of_comment(self, author: int) -> None:
        """Let somebody comment the reader's photo, and tell the reader."""
        self.comment(author, 0)
        self.tell(author, "comment", max(self.comments))

    def turn(self, who: int, **changed: bool) -> None:
        """Change somebody's account: `private` or `deactivated`."""
        fields = {"private": self.people[who].private, "deactivated": self.people[who].deactivated}
        self.people[who] = _account(who, **(fields | changed))

    def vanish(self, id_: int) -> None:
        """Let a photo, a comment or a person go from where they were shown."""
        if id_ in self.told:
            row = self.told[id_]
            self.tell(row.actor_id, row.kind, row.comment_id)
        elif id_ in self.comments:
            self.uncomment(id_)
        elif id_ in self.photos and id_ != self.mine:
            self.erase(id_)
        elif id_ in self.people:
            self.turn(id_, deactivated=True)

    # --- the API ------------------------------------------------------------------------------------------------------

    async def page(
        self, answer: Callable, params: dict[str, str], limit: int, cursor: str | None, **query: str
    ) -> tuple[list[str], str | None]:
        """Ask for one page as the reader; return the ids of its items, and `next`."""
        asked = query | {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        scope = {"query_string": urlencode(asked).encode(), "headers": [], "path": "/"}
        call = Call(self.context, Route("GET", "/", answer, "", ""), scope, _nothing, params)
        call.me, call.person = ME, self.people[ME]
        found: Answer = await answer(call)
        body = msgspec.json.decode(found.body)
        return [item["id"] for item in body["items"]], body["next"]


def _account(who: int, private: bool = False, deactivated: bool = False) -> Account:
    card = msgspec.json.encode({"id": str(who), "username": f"u{who % 1024}", "display_name": "U"})
    return Account(who, f"u{who % 1024}", "U", private, deactivated, False, card)


async def _nothing() -> dict:
    return {"type": "http.disconnect"}
