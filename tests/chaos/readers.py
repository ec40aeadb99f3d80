"""Readers who look all the while, at what must hold whatever is killed."""

import threading
from collections.abc import Iterator
from random import Random

import httpx

from tests.chaos.cast import Cast, Person
from tests.chaos.compare import Difference, Kind
from tests.chaos.model import Photo

PAUSE_SECONDS = 0.25
PAGE = 7
MOST_PAGES = 60


class Broken(Exception):
    """An answer of 503 or none at all in the middle of a walk: nothing can be said of the list."""


class Readers:
    """Three who read until they are stopped: the observer, the one who is blocked, and one with no account."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast = cast
        self.stopping = threading.Event()
        looks = (self._observe, self._pry, self._pass_by)
        self._threads = [
            threading.Thread(target=self._read_on, args=(look, Random(seed * 77 + number)), daemon=True)
            for number, look in enumerate(looks)
        ]

    def start(self) -> None:
        """Let them read."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop them, and wait for what they are at."""
        self.stopping.set()
        for thread in self._threads:
            thread.join(60)

    def _read_on(self, look, chance: Random) -> None:
        while not self.stopping.is_set():
            try:
                look(chance)
            except Broken:
                self.stopping.wait(PAUSE_SECONDS)
            except Exception as trouble:  # A reader that dies in silence would prove nothing.
                self._differ(Kind.STACK, f"a reader stopped: {trouble!r}")
                raise
            self.stopping.wait(PAUSE_SECONDS)

    # --- looks ------------------------------------------------------------------------------------------------------------

    def _observe(self, chance: Random) -> None:
        """A feed that holds everybody's photos: whole or said to be incomplete, no photo twice; counts that nobody changes."""
        cast = self.cast
        me, stone = cast.observer, cast.world.photos["stone0"]
        path = "/v1/feed"
        tokens, whole = self._walk(me, path, "caption")
        static = [one.token for one in cast.world.photos.values() if one.owner in (cast.monument.id, cast.hermit.id)]
        if whole and (missing := sorted(set(static) - set(tokens))):
            self._differ(Kind.LOST, f"the feed of {me.name} is shown as complete and lacks {missing}")
        self._count_of(me, stone, likes=2, comments=2)
        other = chance.choice(cast.actors)
        for name in chance.sample(("photos", "followers", "following"), 1):
            self._walk(me, f"/v1/users/{other.id}/{name}", "id", allowed=(404,))
        photo = chance.choice(list(cast.world.photos.values()))
        if photo.id:
            self._counts_are_possible(me, f"/v1/photos/{photo.id}")
            self._walk(me, f"/v1/photos/{photo.id}/comments", "id", allowed=(404,), sort=chance.choice(("newest", "oldest")))

    def _pry(self, chance: Random) -> None:
        """Whoever is blocked sees nothing of the one who blocks: no profile, photo, like, comment or place in a list."""
        cast = self.cast
        me, hermit = cast.pest, cast.hermit
        stone, cave = cast.world.photos["stone0"], cast.world.photos["cave0"]
        for path in (f"/v1/users/{hermit.id}", f"/v1/users/{hermit.id}/photos", f"/v1/photos/{cave.id}"):
            answer = self._ask(me, path, (404,))
            if answer.status_code != 404:
                self._differ(Kind.LEAK, f"{path} is shown to {me.name}, whom the owner blocks")
        for path in (f"/v1/photos/{stone.id}/likes", f"/v1/photos/{stone.id}/comments", f"/v1/tags/{cast.tag(0)}/photos"):
            self._walk(me, path, "id", hidden=hermit.id)
        self._walk(me, "/v1/feed", "id", hidden=hermit.id)

    def _pass_by(self, chance: Random) -> None:
        """Somebody with no account: a profile, a photo, an image, a tag, trends and the state of all projections."""
        cast = self.cast
        me, stone = cast.stranger, cast.world.photos["stone0"]
        profile = self._ask(me, f"/v1/users/{cast.monument.id}", ())
        counts = profile.json()["counts"]
        if min(counts.values()) < 0:
            self._differ(Kind.COUNT, f"a count below zero: {counts}")
        self._count_of(me, stone, likes=2, comments=2)
        self._ask(me, f"/photos/{stone.id}/150.jpg", ())
        self._walk(me, f"/v1/tags/{cast.tag(chance.randrange(3))}/photos", "id")
        for path in ("/v1/trends/hashtags", "/v1/status", f"/v1/users/@{cast.monument.name}"):
            self._ask(me, path, ())

    # --- how ----------------------------------------------------------------------------------------------------------------

    def _count_of(self, me: Person, photo: Photo, **wanted: int) -> None:
        answer = self._ask(me, f"/v1/photos/{photo.id}", ())
        counts = answer.json()["counts"]
        if counts != wanted and not _excused(answer):
            self._differ(Kind.COUNT, f"photo {photo.token} is counted as {counts} by {me.name}, wanted {wanted}")

    def _counts_are_possible(self, me: Person, path: str) -> None:
        answer = self._ask(me, path, (404,))
        if answer.status_code == 200 and min(answer.json()["counts"].values()) < 0:
            self._differ(Kind.COUNT, f"{path} has a count below zero: {answer.json()['counts']}")

    def _walk(
        self, me: Person, path: str, name: str, allowed: tuple[int, ...] = (), hidden: str = "", **query: str
    ) -> tuple[list[str], bool]:
        """Walk a list to its end; its names, and whether it was shown as complete. Nothing may come twice, nothing hidden."""
        found: list[str] = []
        ids: list[str] = []
        whole = True
        for answer in self._pages(me, path, allowed, query):
            whole = whole and not _excused(answer)
            for item in answer.json()["items"]:
                ids.append(item["id"])
                found.append(item["caption"].split()[0] if name == "caption" else item["id"])
                people = {item["id"], *self._people_in(path, item)}
                if hidden and hidden in people:
                    self._differ(Kind.LEAK, f"{path} shows {me.name} something of the one who blocks: {item}")
        # A like or a follow that is taken back and made again changes its place; photos and comments keep theirs.
        if len(set(ids)) != len(ids) and not path.endswith(("/followers", "/following", "/likes")):
            self._differ(Kind.DOUBLED, f"{path} repeats an item within one walk of {me.name}")
        return found, whole

    def _people_in(self, path: str, item: dict) -> list[str]:
        """Return the ids of the people that an item names; a person that is named as nobody is wrong."""
        named = [item[word] for word in ("owner", "author") if word in item]
        if None in named:
            self._differ(Kind.ANSWER, f"{path} shows something without its owner or author: {item}")
        return [one["id"] for one in named if one]

    def _pages(self, me: Person, path: str, allowed: tuple[int, ...], query: dict[str, str]) -> Iterator[httpx.Response]:
        cursor: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            answer = self._ask(me, path, allowed, limit=PAGE, **cursor, **query)
            if answer.status_code != 200:
                return
            page = answer.json()
            ids = [item["id"] for item in page["items"]]
            if len(set(ids)) != len(ids):
                self._differ(Kind.DOUBLED, f"a page of {path} repeats an item")
            if not page["items"] and page["next"]:
                self._differ(Kind.ANSWER, f"{path} has an empty page with a next one")
            yield answer
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}
        self._differ(Kind.ANSWER, f"{path} has no end after {MOST_PAGES} pages")

    def _ask(self, me: Person, path: str, allowed: tuple[int, ...], **query: object) -> httpx.Response:
        """Ask once: 200 and what is allowed are answers, 503 with Retry-After ends the look, anything else is wrong."""
        self.cast.ledger.count("looks")
        answer = me.client.read(path, **query)
        if answer is None:
            raise Broken
        if answer.status_code == 503:
            if "Retry-After" not in answer.headers:
                self._differ(Kind.ANSWER, f"GET {path}: 503 without Retry-After")
            raise Broken
        if answer.status_code != 200 and answer.status_code not in allowed:
            self._differ(Kind.ANSWER, f"GET {path} of {me.name}: {answer.status_code} {answer.text[:200]}")
            raise Broken
        return answer

    def _differ(self, kind: Kind, text: str) -> None:
        self.cast.ledger.differ(Difference(kind, f"at {self.cast.ledger.seconds:.1f} s: {text}"))


def _excused(answer: httpx.Response) -> bool:
    return "Darkroom-Incomplete" in answer.headers or "Darkroom-Stale" in answer.headers
