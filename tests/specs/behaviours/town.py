"""A small town: what its people do through the API, and what they see of it.

Given deeds (requests, or events that reach the log in some other way), when one more arrives, then what a reader sees. People
are called by their user names; photos and comments by their ids. Lists are read to their end in pages of two.
"""

from collections.abc import Iterable
from typing import Any, ClassVar

from tests.specs.behaviours.world import Seen, World
from tests.specs.pictures_made import a_png

PICTURE = a_png(40, 30)


class Town(World):
    """A world with people in it."""

    # All towns of a spec, for what every spec ends with.
    opened: ClassVar[list["Town"]] = []

    def __init__(self, *names: str, private: Iterable[str] = (), up: int = 3, down: int = 1, depth: int = 50) -> None:
        super().__init__(up, down, depth)
        self.opened.append(self)
        for name in names:
            self.open(name, private=name in private)

    # --- what people do, through the API ------------------------------------------------------------------------------

    def open(self, name: str, private: bool = False) -> Seen:
        seen = self.ask(None, "POST", "/v1/accounts", {"username": name, "display_name": name.title(), "private": private})
        if seen.status == 201:
            self.ids[name] = int(seen.body["id"])
        return seen

    def post(self, who: str, caption: str | None = None, place: str | None = None, key: str | None = None) -> int:
        """Send a picture in and return the photo's id."""
        fields = {"file": PICTURE, "caption": caption, "place": place}
        seen = self.ask(who, "POST", "/v1/photos", key=key, form={name: said for name, said in fields.items() if said})
        return int(done(seen).body["id"])

    def comment(self, who: str, photo: int, text: str = "Nice!", key: str | None = None) -> int:
        """Comment a photo and return the comment's id."""
        return int(done(self.ask(who, "POST", f"/v1/photos/{photo}/comments", {"text": text}, key)).body["id"])

    def do(self, who: str, method: str, path: str, body: Any = None) -> None:
        """Ask for what must succeed."""
        done(self.ask(who, method, path, body))

    def like(self, who: str, photo: int) -> None:
        self.do(who, "PUT", f"/v1/photos/{photo}/like")

    def unlike(self, who: str, photo: int) -> None:
        self.do(who, "DELETE", f"/v1/photos/{photo}/like")

    def like_comment(self, who: str, comment: int) -> None:
        self.do(who, "PUT", f"/v1/comments/{comment}/like")

    def unlike_comment(self, who: str, comment: int) -> None:
        self.do(who, "DELETE", f"/v1/comments/{comment}/like")

    def follow(self, who: str, *whom: str) -> str:
        """Follow people and return what became of the last: `following` or `requested`."""
        return [done(self.ask(who, "PUT", f"/v1/users/{self.ids[one]}/follow")).body["state"] for one in whom][-1]

    def unfollow(self, who: str, whom: str) -> None:
        self.do(who, "DELETE", f"/v1/users/{self.ids[whom]}/follow")

    def accept(self, who: str, whom: str) -> None:
        self.do(who, "PUT", f"/v1/follow-requests/{self.ids[whom]}")

    def block(self, who: str, whom: str) -> None:
        self.do(who, "PUT", f"/v1/users/{self.ids[whom]}/block")

    def unblock(self, who: str, whom: str) -> None:
        self.do(who, "DELETE", f"/v1/users/{self.ids[whom]}/block")

    def mute(self, who: str, whom: str, until: str | None = None) -> None:
        self.do(who, "PUT", f"/v1/users/{self.ids[whom]}/mute", {"until": until} if until else {})

    def unmute(self, who: str, whom: str) -> None:
        self.do(who, "DELETE", f"/v1/users/{self.ids[whom]}/mute")

    def hide(self, who: str) -> None:
        self.do(who, "PATCH", "/v1/me", {"private": True})

    def show(self, who: str) -> None:
        self.do(who, "PATCH", "/v1/me", {"private": False})

    def delete(self, who: str, photo: int) -> None:
        self.do(who, "DELETE", f"/v1/photos/{photo}")

    def leave(self, who: str) -> None:
        """Delete one's account for ever."""
        self.do(who, "DELETE", "/v1/me")

    # --- what people see ----------------------------------------------------------------------------------------------

    def status(self, who: str | None, path: str, method: str = "GET") -> int:
        return self.ask(who, method, path).status

    def pages(self, who: str | None, path: str, limit: int = 2, **query: str) -> list[list[dict]]:
        """Return all pages of a list; every one but the last must be full."""
        cursor, pages = "", []
        while cursor is not None:
            sought = {"limit": str(limit), **query, **({"cursor": cursor} if cursor else {})}
            seen = done(self.ask(who, "GET", path + "?" + "&".join(f"{name}={said}" for name, said in sought.items())))
            pages.append(seen.body["items"])
            cursor = seen.body["next"]
            assert cursor is None or len(pages[-1]) == limit, "a page with a next is full"
        return pages

    def items(self, who: str | None, path: str, **query: str) -> list[dict]:
        return [item for page in self.pages(who, path, **query) for item in page]

    def found(self, who: str | None, path: str, **query: str) -> list[int]:
        """Return the ids of all items of a list."""
        return [int(item["id"]) for item in self.items(who, path, **query)]

    def people(self, who: str | None, path: str) -> list[str]:
        """Return the user names of all people of a list."""
        return [item["username"] for item in self.items(who, path)]

    def feed(self, who: str) -> list[int]:
        return self.found(who, "/v1/feed")

    def photos_of(self, who: str | None, owner: str) -> list[int]:
        return self.found(who, f"/v1/users/{self.ids[owner]}/photos")

    def tagged(self, who: str | None, tag: str) -> list[int]:
        return self.found(who, f"/v1/tags/{tag}/photos")

    def placed(self, who: str | None, place: str) -> list[int]:
        return self.found(who, f"/v1/places/{place}/photos")

    def likers(self, who: str | None, photo: int) -> list[str]:
        return self.people(who, f"/v1/photos/{photo}/likes")

    def comments(self, who: str | None, photo: int, sort: str = "newest") -> list[int]:
        return self.found(who, f"/v1/photos/{photo}/comments", sort=sort)

    def comment_likes(self, who: str, photo: int) -> dict[int, tuple[int, bool]]:
        """Return of each comment how many like it, and whether the reader does."""
        found = self.items(who, f"/v1/photos/{photo}/comments")
        return {int(one["id"]): (one["counts"]["likes"], one["liked"]) for one in found}

    def followers(self, who: str | None, whom: str) -> list[str]:
        return self.people(who, f"/v1/users/{self.ids[whom]}/followers")

    def following(self, who: str | None, whom: str) -> list[str]:
        return self.people(who, f"/v1/users/{self.ids[whom]}/following")

    def requests(self, who: str) -> list[str]:
        return self.people(who, "/v1/follow-requests")

    def photo(self, who: str | None, photo: int) -> dict:
        return done(self.ask(who, "GET", f"/v1/photos/{photo}")).body

    def counts(self, who: str | None, photo: int) -> tuple[int, int]:
        """Return the likes and comments of a photo."""
        counts = self.photo(who, photo)["counts"]
        return counts["likes"], counts["comments"]

    def person(self, who: str | None, whom: str) -> dict:
        return done(self.ask(who, "GET", f"/v1/users/{self.ids[whom]}")).body

    def counted(self, whom: str) -> tuple[int, int, int]:
        """Return the photos, followers and followed people of somebody, as anybody sees them."""
        counts = self.person(None, whom)["counts"]
        return counts["photos"], counts["followers"], counts["following"]

    def trending(self, board: str, who: str | None = None) -> dict[str, tuple[int, set[int]]]:
        """Return what trends on a board: for each term its people and its photos."""
        items = done(self.ask(who, "GET", f"/v1/trends/{board}")).body["items"]
        return {(one.get("tag") or one["place"]).lower(): (one["people"], {int(id_) for id_ in one["photos"]}) for one in items}

    def told(self, who: str) -> list[tuple]:
        """Return somebody's notifications, newest first: kind, by whom, of which photo or comment."""
        return [notice(item) for item in self.items(who, "/v1/notifications")]

    def unread(self, who: str) -> list[tuple]:
        """Return those of somebody's notifications that are not read."""
        return [notice(item) for item in self.items(who, "/v1/notifications") if not item["read"]]

    def read(self, who: str, index: int = 0) -> None:
        """Read the notification at an index, the newest if not given, and all older ones."""
        self.do(who, "PUT", "/v1/notifications/read", {"up_to": self.items(who, "/v1/notifications")[index]["id"]})


def notice(item: dict) -> tuple:
    return item["kind"], item["actor"]["username"], *(int(item[of]) for of in ("photo", "comment") if item[of])


def done(seen: Seen) -> Seen:
    assert seen.status < 300, seen
    return seen
