"""A small load over HTTP, sent again until it is acknowledged; and the comparison of what was acknowledged with what is seen.

Each actor speaks for one person and remembers only what that person did, so actors may act at once without a lock.
"""

import random
import secrets
import threading
import time
from collections.abc import Iterable, Iterator

import httpx

from tests.integration.conftest import png

# How long one write is sent again and again; a kill is over long before.
PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.1
SEEN_SECONDS = 60.0


class NotAcknowledged(Exception):
    """A write got no answer, or one that a killed neighbour does not excuse."""


class Actor:
    """One person, and what was acknowledged to them."""

    def __init__(self, api_url: str, chance: random.Random) -> None:
        self.chance = chance
        self.http = httpx.Client(base_url=api_url, timeout=20.0)
        self.token, self.position = "", ""
        self.name = f"t.{secrets.token_hex(6)}"
        account = self.send("POST", "/v1/accounts", json={"username": self.name, "display_name": self.name}).json()
        self.id, self.token = account["id"], account["token"]
        self.photos: list[str] = []
        self.deleted: set[str] = set()
        self.liked: set[str] = set()
        self.comments: dict[str, str] = {}
        self.liked_comments: set[str] = set()
        self.following: set[str] = set()
        self.acknowledged = 0

    def send(self, method: str, path: str, after: Iterable["Actor"] = (), **content) -> httpx.Response:
        """Send a request, again with the same key while the server is away, until it is answered 2xx."""
        covered = ", ".join(filter(None, (self.position, *(other.position for other in after))))
        headers = {"Darkroom-After": covered} if covered else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(12)
        deadline, said = time.monotonic() + PATIENCE_SECONDS, "nothing"
        while time.monotonic() < deadline:
            try:
                answer = self.http.request(method, path, headers=headers, **content)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                if answer.is_success:
                    if method != "GET":
                        self.position = answer.headers["Darkroom-Position"]
                    return answer
                said = f"{answer.status_code} {answer.text}"
                # A stale refusal may be about what this server has not yet heard of.
                if answer.status_code != 503 and "Darkroom-Stale" not in answer.headers:
                    break
            time.sleep(PAUSE_SECONDS)
        raise NotAcknowledged(f"{method} {path}: {said}")

    def upload(self) -> None:
        """Send in a picture of its own colour, and wait until it is ready."""
        colour = tuple(self.chance.randrange(256) for _ in range(3))
        files = {"file": ("x.png", png(24, 18, colour), "image/png")}
        photo = self.send("POST", "/v1/photos", files=files, data={"caption": f"#load by {self.name}"}).json()["id"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.send("GET", f"/v1/photos/{photo}").json()["state"] != "ready":
            assert time.monotonic() < deadline, f"photo {photo} does not become ready"
            time.sleep(PAUSE_SECONDS)
        self.photos.append(photo)

    def delete(self, photo: str) -> None:
        """Delete a photo of one's own."""
        self.send("DELETE", f"/v1/photos/{photo}")
        self.deleted.add(photo)

    def like(self, photo: str, owner: "Actor") -> None:
        """Like a photo, or take a like back."""
        liked = photo in self.liked
        self.send("DELETE" if liked else "PUT", f"/v1/photos/{photo}/like", [owner])
        self.liked ^= {photo}

    def comment(self, photo: str, owner: "Actor") -> None:
        """Comment on a photo, and perhaps like or delete one of one's own comments."""
        body = {"text": secrets.token_hex(8)}
        self.comments[self.send("POST", f"/v1/photos/{photo}/comments", [owner], json=body).json()["id"]] = photo
        chosen = self.chance.choice(sorted(self.comments))
        match self.chance.randrange(4):
            case 0 | 1:
                liked = chosen in self.liked_comments
                self.send("DELETE" if liked else "PUT", f"/v1/comments/{chosen}/like", [owner])
                self.liked_comments ^= {chosen}
            case 2:
                self.send("DELETE", f"/v1/comments/{chosen}")
                del self.comments[chosen]
                self.liked_comments.discard(chosen)

    def follow(self, other: "Actor") -> None:
        """Follow somebody, or stop following."""
        follows = other.id in self.following
        self.send("DELETE" if follows else "PUT", f"/v1/users/{other.id}/follow", [other])
        self.following ^= {other.id}


class Load:
    """A handful of people who act, each in a thread of their own, until `stop`; `act` does a fixed number of deeds instead."""

    def __init__(self, api_url: str, people: int = 5, seed: int = 1) -> None:
        self.actors = [Actor(api_url, random.Random(seed * 1_000 + n)) for n in range(people)]
        self.troubles: list[Exception] = []
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        for n, actor in enumerate(self.actors):
            actor.upload()
            actor.follow(self.actors[n - 1])

    @property
    def acknowledged(self) -> int:
        """How many deeds were acknowledged so far."""
        return sum(actor.acknowledged for actor in self.actors)

    def start(self) -> None:
        """Let everybody act."""
        self._threads = [threading.Thread(target=self._act_until_stopped, args=(actor,)) for actor in self.actors]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish what is not yet acknowledged; raises what went wrong for anybody."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        if self.troubles:
            raise self.troubles[0]

    def act(self, deeds: int) -> None:
        """Let each of the people do some things, in turns."""
        for _ in range(deeds):
            for actor in self.actors:
                self._do_something(actor)

    def _act_until_stopped(self, actor: Actor) -> None:
        try:
            while not self._stopping.is_set():
                self._do_something(actor)
        except Exception as trouble:  # told by stop(), in the thread of the test
            self.troubles.append(trouble)

    def _do_something(self, actor: Actor) -> None:
        other = actor.chance.choice(self.actors)
        photo = other.photos[actor.chance.randrange(len(other.photos))]
        deed = actor.chance.randrange(20)
        if deed < 9:
            # The first photo of everybody stays; others may be deleted under the hands of those who like them.
            actor.like(other.photos[0], other)
        elif deed < 16:
            actor.comment(other.photos[0], other)
        elif deed < 19 and other is not actor:
            actor.follow(other)
        elif len(actor.photos) < 4:
            actor.upload()
        elif photo in actor.photos[1:] and photo not in actor.deleted:
            actor.delete(photo)
        actor.acknowledged += 1


class Seen:
    """What the API shows of a load, to be compared with what it acknowledged. `differences` is empty when all is there once."""

    def __init__(self, load: Load) -> None:
        self.actors = load.actors
        self._reader = load.actors[0]

    def wait(self) -> None:
        """Wait until everything acknowledged is seen, every count equals its list, and nothing is doubled."""
        deadline = time.monotonic() + SEEN_SECONDS
        while differences := list(self.differences()):
            assert time.monotonic() < deadline, "\n".join(differences[:20])
            time.sleep(PAUSE_SECONDS)

    def differences(self) -> Iterator[str]:
        """Yield what is not as it was acknowledged, in words."""
        for actor in self.actors:
            yield from self._of_person(actor)
            for photo in actor.photos:
                if photo in actor.deleted:
                    answer = self._reader.http.get(f"/v1/photos/{photo}")
                    if answer.status_code != 404:
                        yield f"photo {photo} was deleted, and answers {answer.status_code}"
                else:
                    yield from self._of_photo(photo)

    def _of_person(self, actor: Actor) -> Iterator[str]:
        profile = self._get(f"/v1/users/{actor.id}")
        followers = {other.id for other in self.actors if actor.id in other.following}
        photos = set(actor.photos) - actor.deleted
        path = f"/v1/users/{actor.id}"
        yield from self._compare(f"{path}/followers", followers, profile["counts"]["followers"])
        yield from self._compare(f"{path}/following", actor.following, profile["counts"]["following"])
        yield from self._compare(f"{path}/photos", photos, profile["counts"]["photos"])
        followed = [other for other in self.actors if other.id in actor.following or other is actor]
        wanted = {photo for other in followed for photo in other.photos if photo not in other.deleted}
        yield from self._compare("/v1/feed", wanted, len(wanted), reader=actor)

    def _of_photo(self, photo: str) -> Iterator[str]:
        counts = self._get(f"/v1/photos/{photo}")["counts"]
        likers = {actor.id for actor in self.actors if photo in actor.liked}
        comments = {comment for actor in self.actors for comment, of in actor.comments.items() if of == photo}
        yield from self._compare(f"/v1/photos/{photo}/likes", likers, counts["likes"])
        for sort in ("newest", "oldest", "top"):
            yield from self._compare(f"/v1/photos/{photo}/comments", comments, counts["comments"], sort=sort)
        for shown in self._walk(f"/v1/photos/{photo}/comments"):
            likes = sum(shown["id"] in actor.liked_comments for actor in self.actors)
            if shown["counts"]["likes"] != likes:
                yield f"comment {shown['id']} says {shown['counts']['likes']} likes; {likes} were acknowledged"

    def _compare(self, path: str, wanted: set[str], count: int, reader: Actor | None = None, **query) -> Iterator[str]:
        found = [item["id"] for item in self._walk(path, reader, **query)]
        if len(found) != len(set(found)):
            yield f"{path} names somebody or something twice"
        if missing := wanted - set(found):
            yield f"{path} lacks {sorted(missing)}"
        if surplus := set(found) - wanted:
            yield f"{path} has {sorted(surplus)} too many"
        if count != len(found):
            yield f"{path} lists {len(found)}, and is counted as {count}"

    def _walk(self, path: str, reader: Actor | None = None, **query) -> Iterator[dict]:
        cursor = {}
        while True:
            page = self._get(path, reader, limit=7, **cursor, **query)
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}

    def _get(self, path: str, reader: Actor | None = None, **query) -> dict:
        return (reader or self._reader).send("GET", path, params=query).json()
