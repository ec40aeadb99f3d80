"""Two sets of real data through producers and the whole stack: counts and rows equal what a plain script makes of the files.

100,000 follows of the GitHub graph, whose hub crosses both thresholds, and every rating of MovieLens ten times, as a like or as
what takes one back. The plain side is `tests.real_data`.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from infra.settings import Settings
from projections import celebrities
from projections.stores import Stores
from schemas.events import Event, LikeChanged, LikeKind
from schemas.ids import compose_id
from tests import real_data
from tests.bench.crowd import append, deeds, openings, people, said_now
from tests.bench.figures import Figure, Say, in_words
from tests.bench.settling import settle
from tests.bench.stored import Counts, counts_in_redis, flushed_counts, of_kinds, rows_in_postgres, with_stores
from tests.real_data import Edge, Said

FOLLOWS = 100_000
# Of 9,458 followers of the hub; 8,058 are fewer than the lower threshold, 8,100.
LEAVE = 1_400
OF_FOLLOWS = frozenset({"followers", "following"})
OF_LIKES = frozenset({"likes"})
PHOTOS_BEGAN_MS = 1_760_000_000_000
SHOWN = 3


@dataclass
class Checked:
    """What was compared and found to be otherwise."""

    say: Say
    wrong: list[str] = field(default_factory=list)

    def same(self, what: str, found: Counts | set, wanted: Counts | set) -> None:
        """Compare two sets, or two tables of counts, and say how they differ."""
        if found == wanted:
            self.say(f"{what}: {len(wanted):,}, all as the plain script says")
            return
        here, there = (set(one.items()) if isinstance(one, dict) else one for one in (found, wanted))
        self.wrong.append(what)
        self.say(f"WRONG: {what}: too many {sorted(here - there)[:SHOWN]}, too few {sorted(there - here)[:SHOWN]}")


def datasets(settings: Settings, say: Say) -> list[Figure]:
    """Measure both, if the files are here."""
    if gone := real_data.missing():
        say(f"skipped: {gone}")
        return []
    return [follows(settings, say), likes(settings, say)]


def follows(settings: Settings, say: Say) -> Figure:
    """Let the people of the graph follow each other; the hub crosses up, down, and up again."""
    began = time.monotonic()
    edges = real_data.follows(real_data.edges(), FOLLOWS)
    wanted = real_data.followers_of(edges)
    plain = len(edges) / (time.monotonic() - began)
    numbers = sorted({number for edge in edges for number in edge})
    named = people("musae", len(numbers), settings.shards)
    ids = dict(zip(numbers, named.values(), strict=True))
    append(settings, openings(named))
    settle(settings, say)
    say(f"{len(ids):,} people opened their accounts")
    began = time.monotonic()
    append(settings, relations(edges, ids))
    settle(settings, say)
    spent = time.monotonic() - began
    say(f"{len(edges):,} follows folded in {spent:.1f} s")
    hub = edges[0].followee
    for kind in ("FOLLOW_WITHDRAWN", "FOLLOW_WANTED"):
        append(settings, deeds((ids[edge.follower] for edge in edges[:LEAVE]), kind, ids[hub]))
        settle(settings, say)
    checked = Checked(say)
    pairs = {(ids[followee], ids[follower]) for followee, those in wanted.items() for follower in those}
    crossings = with_stores(settings, lambda stores: check_follows(stores, checked, pairs, ids[hub]))
    return Figure(
        name="datasets_follows",
        value=len(edges) / spent,
        unit="follows/s by the clock, from the first append until all is folded",
        baseline=plain,
        against="the plain script",
        note=f"the hub of {len(wanted[hub]):,} followers crossed {crossings} times",
        exact=not checked.wrong and crossings == 3,
    )


def relations(edges: Iterable[Edge], ids: dict[int, int]) -> Iterator[Event]:
    """Yield the wish of each follow."""
    for follower, followee in edges:
        yield from deeds([ids[follower]], "FOLLOW_WANTED", ids[followee])


async def check_follows(stores: Stores, checked: Checked, pairs: set[tuple[int, int]], hub: int) -> int:
    """Compare rows and counts of follows, (followee, follower), and return how often the hub crossed a threshold."""
    text = "SELECT {} FROM {{table}} WHERE state = 'FOLLOWING'"
    followers = await rows_in_postgres(stores, "followers", text.format("followee_id, follower_id"))
    followings = await rows_in_postgres(stores, "followings", text.format("followee_id, follower_id"))
    checked.same("rows of followers", set(followers), pairs)
    checked.same("rows of followings", set(followings), pairs)
    wanted: Counts = Counter(("followers", followee) for followee, _ in pairs)
    wanted += Counter(("following", follower) for _, follower in pairs)
    await check_counts(stores, checked, dict(wanted), OF_FOLLOWS)
    spans = (await celebrities.spans(stores)).get(hub, ())
    return sum(bool(at) for span in spans for at in span)


def likes(settings: Settings, say: Say) -> Figure:
    """Say every rating of ten photos each, in the order and with the times of the file."""
    began = time.monotonic()
    said = list(real_data.of_photos(real_data.ratings()))
    wanted = real_data.likers_of(said)
    plain = len(said) / (time.monotonic() - began)
    numbers = sorted({one.person for one in said})
    named = people("movielens", len(numbers), settings.shards)
    persons = dict(zip(numbers, named.values(), strict=True))
    photos = {
        photo: compose_id(PHOTOS_BEGAN_MS + number, number % settings.shards, 0) for number, photo in enumerate(sorted(wanted))
    }
    append(settings, openings(named))
    began = time.monotonic()
    appended = append(settings, liked(said, persons, photos))
    say(f"{appended.events:,} likes and unlikes appended in {appended.seconds:.1f} s")
    settle(settings, say)
    spent = time.monotonic() - began
    checked = Checked(say)
    members = {(photos[photo], persons[person]) for photo, those in wanted.items() for person in those}
    with_stores(settings, lambda stores: check_likes(stores, checked, members))
    return Figure(
        name="datasets_likes",
        value=len(said) / spent,
        unit="likes and unlikes/s by the clock, from the first append until all is folded",
        baseline=plain,
        against="the plain script",
        note=f"appended at {in_words(appended.events / appended.seconds)}/s; {real_data.taken_back(said):,} taken back",
        exact=not checked.wrong,
    )


def liked(said: Iterable[Said], persons: dict[int, int], photos: dict[tuple[str, int], int]) -> Iterator[Event]:
    """Yield what was said, at the times of the file."""
    for at, person, photo, stands in said:
        fields = said_now(persons[person]) | {"occurred_at": at}
        yield LikeChanged(**fields, photo_id=photos[photo], kind=LikeKind.LIKED if stands else LikeKind.UNLIKED)


async def check_likes(stores: Stores, checked: Checked, members: set[tuple[int, int]]) -> None:
    """Compare rows and counts of likes, (photo, person)."""
    rows = await rows_in_postgres(stores, "likes", "SELECT target_id, user_id FROM {table}")
    checked.same("rows of likes", set(rows), members)
    await check_counts(stores, checked, dict(Counter(("likes", photo) for photo, _ in members)), OF_LIKES)


async def check_counts(stores: Stores, checked: Checked, wanted: Counts, kinds: frozenset[str]) -> None:
    """Compare counts in both stores; those in PostgreSQL may come a little later."""
    checked.same("counts in Redis", of_kinds(await counts_in_redis(stores), kinds), wanted)
    checked.same("counts in PostgreSQL", await flushed_counts(stores, wanted, kinds), wanted)
