"""Counts after the demo: for all photos and some profiles, the count, the length of the list, and the plan must agree."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from random import Random

from infra.demo.play import Cast, each
from infra.demo.world import CELEBRITY_NUMBER

CHECKS_AT_ONCE = 12


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


async def check_counts(cast: Cast, done: Callable[[], None], profiles: int = 10) -> list[Check]:
    """Check every photo, the celebrity and some other profiles, as somebody without an account sees them."""
    people = [person.number for person in cast.world.people[1:] if not person.private]
    sample = [CELEBRITY_NUMBER, *Random(cast.run).sample(people, min(profiles, len(people)))]
    found: list[Check] = []

    async def check(asked: tuple[Callable[[Cast, int], Awaitable[list[Check]]], int]) -> None:
        how, number = asked
        found.extend(await how(cast, number))

    everything = [(check_photo, upload) for upload in cast.photos] + [(check_profile, number) for number in sample]
    await each(everything, check, CHECKS_AT_ONCE, done)
    return sorted(found, key=lambda check: check.what)


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
