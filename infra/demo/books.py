"""The books of a world: every count that its people see and every list behind one, and what of it belongs to one of them.

Read before and after somebody leaves, they say whether other people's counts fell by exactly what was theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from infra.demo.play import Cast, each

READERS_AT_ONCE = 12


@dataclass
class Books:
    """`counts` by what is counted; `theirs` how much of each is the leaver's; `going` the counts that go with the leaver.

    `things` are ids of the leaver and of what they made; `said` every text in every answer.
    """

    counts: dict[str, int] = field(default_factory=dict)
    theirs: Counter[str] = field(default_factory=Counter)
    going: set[str] = field(default_factory=set)
    things: set[str] = field(default_factory=set)
    said: set[str] = field(default_factory=set)

    def after_leaving(self) -> dict[str, int]:
        """Return what the counts must be once the leaver is gone."""
        return {what: count - self.theirs[what] for what, count in self.counts.items() if what not in self.going}


class Reader:
    """Reads the books as each of the people sees them; `leaver` is the id of whoever leaves, by number in the cast."""

    def __init__(self, cast: Cast, leaver: int) -> None:
        self._cast, self._leaver, self._id = cast, leaver, cast.ids[leaver]
        self._left = leaver not in cast.tokens
        self.books = Books(things={self._id})

    async def read(self, done: Callable[[], None]) -> Books:
        """Read everything; `done` hears of each person."""
        await each(list(self._cast.tokens), self._person, READERS_AT_ONCE, done)
        for board in ("hashtags", "places"):
            await self._get(f"/v1/trends/{board}", next(iter(self._cast.tokens)))
        return self.books

    async def _person(self, number: int) -> None:
        user = self._cast.ids[number]
        profile = await self._get(f"/v1/users/{user}", number)
        lists = {what: await self._walk(f"/v1/users/{user}/{what}", number) for what in ("followers", "following", "photos")}
        for what, items in lists.items():
            self._note(f"{what} of person {user}", profile["counts"][what], items, "id", going=user == self._id)
        for photo in lists["photos"]:
            await self._photo(photo, number)
        for path in ("/v1/feed", "/v1/notifications"):
            await self._get(path, number)

    async def _photo(self, photo: dict[str, Any], number: int) -> None:
        id_, own = photo["id"], number == self._leaver
        self.books.things |= {id_} if own else set()
        likers = await self._walk(f"/v1/photos/{id_}/likes", number)
        self._note(f"likes of photo {id_}", photo["counts"]["likes"], likers, "id", going=own)
        comments = await self._walk(f"/v1/photos/{id_}/comments", number)
        self._note(
            f"comments of photo {id_}", photo["counts"]["comments"], [one["author"] for one in comments], "id", going=own
        )
        # Only the leaver can say which comments they like.
        seen = {} if self._left else await self._walk(f"/v1/photos/{id_}/comments", self._leaver)
        liked = {one["id"] for one in seen if one["liked"]}
        for comment in comments:
            what, by_leaver = f"likes of comment {comment['id']}", comment["author"]["id"] == self._id
            self.books.counts[what] = comment["counts"]["likes"]
            self.books.theirs[what] += comment["id"] in liked
            self.books.things |= {comment["id"]} if by_leaver else set()
            self.books.going |= {what} if own or by_leaver else set()

    def _note(self, what: str, count: int, items: list[dict[str, Any]], key: str, going: bool) -> None:
        """Note a count and the length of its list, both of which must fall by what is the leaver's."""
        mine = sum(item[key] == self._id for item in items)
        for name, number in ((what, count), (f"{what}, listed", len(items))):
            self.books.counts[name] = number
            self.books.theirs[name] += mine
            self.books.going |= {name} if going else set()

    async def _get(self, path: str, number: int) -> Any:
        answer = await self._cast.client.get(path, self._cast.tokens[number])
        self.books.said |= set(texts_in(answer))
        return answer

    async def _walk(self, path: str, number: int) -> list[dict[str, Any]]:
        items = await self._cast.client.walk(path, self._cast.tokens[number])
        self.books.said |= set(texts_in(items))
        return items


def texts_in(answer: Any) -> Iterator[str]:
    """Yield every text of an answer, however deep."""
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, dict | list):
        for part in answer.values() if isinstance(answer, dict) else answer:
            yield from texts_in(part)
