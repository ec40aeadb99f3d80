"""Counts after the demo: for a sample of photos and profiles, the count, the length of the list, and the plan must agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from infra.demo.play import Cast
from infra.demo.world import CELEBRITY_NUMBER


@dataclass(frozen=True)
class Check:
    """One number asked for in three ways."""

    what: str
    count: int
    listed: int
    planned: int

    @property
    def held(self) -> bool:
        return self.count == self.listed == self.planned


async def check_counts(cast: Cast, photos: int = 10, profiles: int = 8) -> list[Check]:
    """Check the most liked photos, some others, and some profiles, as somebody without an account sees them."""
    random = Random(cast.run)
    found: list[Check] = []
    for upload in sample_photos(cast, photos, random):
        found.extend(await check_photo(cast, upload))
    people = [person.number for person in cast.world.people[1:] if not person.private]
    for number in [CELEBRITY_NUMBER, *random.sample(people, min(profiles, len(people)))]:
        found.extend(await check_profile(cast, number))
    return found


def sample_photos(cast: Cast, count: int, random: Random) -> list[int]:
    """Half of them the most liked, half at random."""
    by_likes = sorted(cast.photos, key=lambda upload: -len(cast.world.likers[upload]))
    hot, others = by_likes[: count // 2], by_likes[count // 2 :]
    return [*hot, *random.sample(others, min(count - len(hot), len(others)))]


async def check_photo(cast: Cast, upload: int) -> list[Check]:
    photo = cast.photos[upload]
    counts = (await cast.client.get(f"/v1/photos/{photo}"))["counts"]
    likers = await cast.client.walk(f"/v1/photos/{photo}/likes")
    comments = await cast.client.walk(f"/v1/photos/{photo}/comments", sort="top")
    return [
        Check(f"likes of photo {photo}", counts["likes"], distinct(likers), len(cast.world.likers[upload])),
        Check(f"comments of photo {photo}", counts["comments"], distinct(comments), cast.world.comments_on(upload)),
    ]


async def check_profile(cast: Cast, number: int) -> list[Check]:
    world, user, name = cast.world, cast.ids[number], cast.world.people[number].username
    counts = (await cast.client.get(f"/v1/users/{user}"))["counts"]
    planned = {
        "followers": len(world.followers[number]),
        "following": sum(number in followers for followers in world.followers.values()),
        "photos": sum(upload.who == number for upload in world.uploads),
    }
    return [
        Check(f"{what} of {name}", counts[what], distinct(await cast.client.walk(f"/v1/users/{user}/{what}")), planned[what])
        for what in planned
    ]


def distinct(items: Sequence[dict[str, object]]) -> int:
    """How many different things a list holds; -1 when one is there twice, which equals no count."""
    ids = {item["id"] for item in items}
    return len(ids) if len(ids) == len(items) else -1
