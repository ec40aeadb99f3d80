"""The end: what the API shows of everything, held against what was acknowledged, list by list and count by count."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import httpx

from tests.chaos.cast import TAGS, Cast, Person
from tests.chaos.compare import Difference, Kind, compare_list, compare_number, compare_sight
from tests.chaos.content import look_whether_ready
from tests.chaos.model import REQUESTED, Photo, truth

PAGE = 37
READY_SECONDS = 120.0
ANSWER_SECONDS = 30.0
MOST_UNANSWERED = 4
SORTS = ("newest", "oldest", "top")


class Unanswered(Exception):
    """A read was not answered although nothing is wrong any more."""


class Ending:
    """Compares everything; `doubled_without_key` counts what came twice because Redis lost the key meanwhile."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.world = cast.world
        self.compared: Counter[str] = Counter()
        self.doubled_without_key: set[str] = set()
        self._everything = [one.client.position for one in cast.people]

    def wait_ready(self) -> list[Difference]:
        """Wait until every photo is ready; what is not is lost."""
        until = time.monotonic() + READY_SECONDS
        while True:
            unready = [one for one in self.world.photos.values() if one.id and not one.ready and one.there.must(truth)]
            if not unready or time.monotonic() > until:
                return [Difference(Kind.LOST, f"photo {one.id} ({one.token}) does not become ready") for one in unready]
            for photo in unready:
                look_whether_ready(self.cast, photo)
            time.sleep(0.2)

    def differences(self) -> Iterator[Difference]:
        """Yield what is not as it was acknowledged; gives up after a few reads that are not answered."""
        people, photos = self.cast.people, list(self.world.photos.values())
        parts = [
            *(lambda one=one: self._person(one) for one in people),
            *(lambda one=one: self._photo(one) for one in photos),
            *(lambda number=number: self._tag(number) for number in range(len(TAGS))),
            *(lambda one=one: self._seen_by(one) for one in people),
        ]
        unanswered = 0
        for part in parts:
            try:
                yield from part()
            except Unanswered as nothing:
                yield Difference(Kind.UNANSWERED, str(nothing))
                unanswered += 1
                if unanswered == MOST_UNANSWERED:
                    return

    # --- parts ------------------------------------------------------------------------------------------------------------

    def _person(self, one: Person) -> Iterator[Difference]:
        """Compare the lists and counts of one person, as the observer sees them, and what only they see."""
        observer, path = self.cast.observer, f"/v1/users/{one.id}"
        counts = self.get(observer, path).json()["counts"]
        self.compared["counts"] += 3
        ids = [item["id"] for item in self.walk(observer, f"{path}/followers")]
        yield from compare_list(f"followers of {one.name}", ids, self.world.followers(one.id), counts["followers"])
        ids = [item["id"] for item in self.walk(observer, f"{path}/following")]
        yield from compare_list(f"following of {one.name}", ids, self.world.following(one.id), counts["following"])
        photos = list(self.walk(observer, f"{path}/photos"))
        tokens = self._tokens(photos)
        surplus = len(photos) - len(tokens)
        yield from compare_list(f"photos of {one.name}", tokens, self.world.photos_of(one.id), counts["photos"] - surplus)
        feed = list(self.walk(one, "/v1/feed"))
        yield from compare_list(f"feed of {one.name}", self._tokens(feed), self.world.feed(one.id))
        if [item["id"] for item in feed] != sorted((item["id"] for item in feed), key=int, reverse=True):
            yield Difference(Kind.ANSWER, f"the feed of {one.name} is not in order")
        yield from self._own_lists(one)

    def _own_lists(self, one: Person) -> Iterator[Difference]:
        world = self.world
        for path, wanted in (
            ("/v1/me/blocks", world.blocked(one.id)),
            ("/v1/me/mutes", world.muted(one.id)),
            ("/v1/follow-requests", world.followers(one.id, REQUESTED)),
        ):
            # Somebody who asks is not shown across a block; a block ends the request, so nothing is hidden here.
            yield from compare_list(f"{path} of {one.name}", [item["id"] for item in self.walk(one, path)], wanted)

    def _photo(self, photo: Photo) -> Iterator[Difference]:
        """Compare a photo with its likes and comments, as the observer sees them."""
        if not photo.id:
            return
        observer, path = self.cast.observer, f"/v1/photos/{photo.id}"
        answer = self.get(observer, path, (404,))
        where = f"photo {photo.id} ({photo.token})"
        yield from compare_sight(where, answer.status_code == 200, photo.there.must(truth), photo.there.may(truth))
        if answer.status_code != 200:
            return
        shown = answer.json()
        tag = shown["caption"].partition("#")[2]
        if not photo.tag.may(lambda one: one == tag):
            yield Difference(Kind.LOST, f"{where} has the tag {tag}, wanted {sorted(photo.tag.values)}")
        self.compared["counts"] += 2
        likers = [item["id"] for item in self.walk(observer, f"{path}/likes")]
        yield from compare_list(f"likes of {where}", likers, self.world.likers(photo.id), shown["counts"]["likes"])
        for sort in SORTS:
            comments = list(self.walk(observer, f"{path}/comments", sort=sort))
            texts = self._once([item["text"] for item in comments])
            count = shown["counts"]["comments"] - (len(comments) - len(texts))
            yield from compare_list(f"{sort} comments of {where}", texts, self.world.comments_on(photo.token), count)
        for item in comments:
            self.compared["counts"] += 1
            likes = item["counts"]["likes"]
            yield from compare_number(f"likes of comment {item['id']}", likes, self.world.likers(item["id"]))

    def _tag(self, number: int) -> Iterator[Difference]:
        """Compare the page of a tag."""
        tag = self.cast.tag(number)
        found = self._tokens(self.walk(self.cast.observer, f"/v1/tags/{tag}/photos"))
        yield from compare_list(f"tag {tag}", found, self.world.tagged(tag))

    def _seen_by(self, one: Person) -> Iterator[Difference]:
        """Compare what somebody sees of everybody else's photos, one of each."""
        for owner in self.cast.people:
            photo = next(
                (p for p in self.world.photos.values() if p.owner == owner.id and p.ready and p.there.must(truth)), None
            )
            if photo is None or owner is one:
                continue
            must, may = self.world.sees(one.id, owner.id)
            seen = self.get(one, f"/v1/photos/{photo.id}", (404,)).status_code == 200
            yield from compare_sight(f"photo {photo.token} to {one.name}", seen, must, may)

    # --- reading ------------------------------------------------------------------------------------------------------------

    def _tokens(self, photos: Iterable[dict]) -> list[str]:
        return self._once([item["caption"].split()[0] for item in photos])

    def _once(self, tokens: Sequence[str]) -> list[str]:
        """Return names as they were found, but once what Redis gave no chance to be recognised as a repeat."""
        found: list[str] = []
        for token in tokens:
            if token in found and token in self.cast.unprotected:
                self.doubled_without_key.add(token)
            else:
                found.append(token)
        return found

    def walk(self, reader: Person, path: str, **query: str) -> Iterator[dict]:
        """Yield the items of a list, page by page, fresh and complete."""
        cursor: dict[str, str] = {}
        self.compared["lists"] += 1
        while True:
            page = self.get(reader, path, limit=PAGE, **cursor, **query).json()
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}

    def get(self, reader: Person, path: str, allowed: tuple[int, ...] = (), **query: object) -> httpx.Response:
        """Read what is fresh and complete; Unanswered when that is not to be had."""
        until = time.monotonic() + ANSWER_SECONDS
        said = "nothing"
        while time.monotonic() < until:
            answer = reader.client.read(path, self._everything, **query)
            if answer is not None:
                said = f"{answer.status_code} {dict(answer.headers)} {answer.text[:200]}"
                exact = "Darkroom-Stale" not in answer.headers and "Darkroom-Incomplete" not in answer.headers
                if exact and (answer.status_code == 200 or answer.status_code in allowed):
                    return answer
            time.sleep(0.2)
        raise Unanswered(f"GET {path} of {reader.name} after everything was folded: {said}")
