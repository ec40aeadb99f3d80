"""Specification of the demo's deletion: what the books say is theirs, what must be left, and who goes."""

import asyncio
from types import SimpleNamespace

from infra.demo.books import Books, Reader, texts_in
from infra.demo.erasure import most_active
from infra.demo.play import Cast
from infra.demo.world import Size, make_world

ANN, BOB, CY = "1", "2", "3"
SIZE = Size(people=60, follows=300, uploads=12, shots=4, likes=200, comments=60, comment_likes=30)


class Town:
    """What an API says of three people, as lists; `gone` are left out of everything. Counts are the lengths of lists."""

    def __init__(self, gone=(), miscount=0):
        self.gone, self.miscount = set(gone), miscount
        self.follows = [(ANN, BOB), (CY, BOB), (BOB, ANN), (ANN, CY)]
        self.photos = {"11": ANN, "12": BOB}
        self.likes = [(ANN, "12"), (CY, "12"), (BOB, "11"), (CY, "11")]
        self.comments = {"21": ("12", ANN), "22": ("12", CY), "23": ("11", CY)}
        self.comment_likes = [(ANN, "22"), (BOB, "22"), (ANN, "21"), (CY, "23")]

    def here(self, ids):
        return [{"id": one} for one in ids if one not in self.gone]

    def lists(self, user):
        photos = [self.photo(one) for one, owner in self.photos.items() if owner == user]
        following = self.here(whom for who, whom in self.follows if who == user)
        return {
            "followers": self.here(who for who, whom in self.follows if whom == user),
            "following": following,
            "photos": photos,
        }

    def photo(self, photo):
        counts = {"likes": len(self.likers(photo)) + self.miscount, "comments": len(self.under(photo, BOB))}
        return {"id": photo, "counts": counts}

    def likers(self, photo):
        return self.here(who for who, what in self.likes if what == photo)

    def under(self, photo, reader):
        return [
            {
                "id": comment,
                "author": {"id": author},
                "text": f"said {comment}",
                "liked": (reader, comment) in self.comment_likes,
                "counts": {"likes": len(self.here(who for who, what in self.comment_likes if what == comment))},
            }
            for comment, (where, author) in self.comments.items()
            if where == photo and author not in self.gone
        ]

    async def get(self, path, token):
        user = path.removeprefix("/v1/users/")
        if user == path:
            return {"items": [], "next": None}
        return {"counts": {what: len(items) for what, items in self.lists(user).items()}}

    async def walk(self, path, token):
        _, _, _, one, what = path.split("/")
        if "/users/" in path:
            return self.lists(one)[what]
        return self.likers(one) if what == "likes" else self.under(one, token)


def books(town: Town) -> Books:
    """Read the books with Ann, number 0, as the leaver."""
    ids = {0: ANN, 1: BOB, 2: CY}
    tokens = {number: user for number, user in ids.items() if user not in town.gone}
    cast = Cast(town, SimpleNamespace(), 1, ids=ids, tokens=tokens)
    return asyncio.run(Reader(cast, 0).read(lambda: None))


def test_what_must_be_left_is_what_was_there_less_what_was_theirs():
    before = books(Town())
    assert before.after_leaving() == books(Town(gone=[ANN])).counts
    assert before.counts["likes of photo 12"] - before.after_leaving()["likes of photo 12"] == 1
    assert before.after_leaving()["likes of comment 22"] == 1
    assert "likes of comment 21" not in before.after_leaving()
    assert not any("photo 11" in what or f"person {ANN}" in what for what in before.after_leaving())


def test_a_count_that_falls_by_too_little_is_noticed():
    left = books(Town(gone=[ANN], miscount=1)).counts
    expected = books(Town()).after_leaving()
    assert {what for what in expected if expected[what] != left[what]} == {"likes of photo 12"}


def test_what_is_the_leavers_is_looked_for_in_everything_that_was_said():
    before = books(Town())
    assert before.things == {ANN, "11", "21"}
    assert before.things <= before.said
    assert not before.things & books(Town(gone=[ANN])).said
    assert set(texts_in({"a": ["b", {"c": "d"}], "e": 5})) == {"b", "d"}


def test_the_most_active_goes_and_the_next_time_the_next_of_those_who_are_here():
    world = make_world(7, 1, SIZE)
    everybody = dict.fromkeys(range(SIZE.people), "id")
    first = most_active(world, everybody)
    second = most_active(world, {number: "id" for number in everybody if number != first})
    deeds = [deed.who for deed in (*world.follows, *world.reactions, *world.comment_likes)] + [u.who for u in world.uploads]
    assert deeds.count(first) == max(map(deeds.count, everybody))
    assert deeds.count(first) >= deeds.count(second) > 0
    assert first != second
