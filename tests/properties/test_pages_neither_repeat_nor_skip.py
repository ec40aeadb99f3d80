"""Whatever happens between two pages of a list: no item is repeated or skipped, pages are full, and the end is said.

The API's own routes, cursors, filters and SQL over a world in memory (`tests.properties.paged_world`). Each page must be
exactly the visible items that follow on the last one that was given, in the list's order.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random
from typing import NamedTuple

import pytest

from api.feed import show_feed
from api.routes_comments import list_comments
from api.routes_notifications import list_notifications
from api.routes_pages import list_tag
from api.routes_people import list_blocks, list_followers, list_following, list_mutes
from api.routes_photos import list_likes, list_photos
from tests.behaviours import clause
from tests.properties.paged_world import ME, PEOPLE, PagedWorld

# An item's place in its list, and its id as clients see it: places ascend.
Item = tuple[tuple[int, ...], str]
# Between so many pages of a walk things happen; what then follows is read in peace.
MOST_CHANGED = 15


class Listing(NamedTuple):
    """A list as its readers get it: the route, what it must show of a world, and the changes that concern it."""

    answer: Callable
    wanted: Callable[[PagedWorld], Iterator[Item]]
    changes: tuple[str, ...]
    params: Callable[[PagedWorld], dict[str, str]] = lambda _world: {}
    sort: str = "newest"


# --- what each list must show, newest first ---------------------------------------------------------------------------


def in_feed(world: PagedWorld) -> Iterator[Item]:
    for photo_id, owner in world.photos.items():
        followed = owner in world.following and world.meets(owner) and owner not in world.muting
        if owner == ME or followed:
            yield (-photo_id,), str(photo_id)


def on_tag(world: PagedWorld) -> Iterator[Item]:
    for photo_id, owner in world.photos.items():
        if world.meets(owner) and not world.people[owner].private:
            yield (-photo_id,), str(photo_id)


def of_me(world: PagedWorld) -> Iterator[Item]:
    return (((-photo_id,), str(photo_id)) for photo_id, owner in world.photos.items() if owner == ME)


def commented(sign: int, by_likes: bool = False) -> Callable[[PagedWorld], Iterator[Item]]:
    """Return the comments by age, newest first with -1; or the most liked first, of equals the newest."""

    def wanted(world: PagedWorld) -> Iterator[Item]:
        for comment_id, row in world.comments.items():
            if world.meets(row.author_id):
                place = (-row.likes, -comment_id) if by_likes else (sign * comment_id,)
                yield place, str(comment_id)

    return wanted


def people_of(name: str, seen: Callable[[PagedWorld, int], bool] = PagedWorld.meets) -> Callable[[PagedWorld], Iterator[Item]]:
    """Return the people of one of the world's sets whom the reader sees there, by since when, then by id."""

    def wanted(world: PagedWorld) -> Iterator[Item]:
        for who, since in getattr(world, name).items():
            if seen(world, who):
                yield (-since, -who), str(who)

    return wanted


def told(world: PagedWorld) -> Iterator[Item]:
    """Return what the reader is told by whom they may see: of follows and comments while there are any."""
    for notification_id, row in world.told.items():
        there = {"like": True, "follow": row.actor_id in world.followed_by, "comment": row.comment_id in world.comments}
        if there[row.kind] and world.meets(row.actor_id) and row.actor_id not in world.muting:
            yield (-notification_id,), str(notification_id)


def of_photo(world: PagedWorld) -> dict[str, str]:
    return {"photo_id": str(world.mine)}


def of_person(_world: PagedWorld) -> dict[str, str]:
    return {"user": str(ME)}


SIGHT = ("block", "be blocked", "hide", "flip")
PHOTOS = ("upload",) * 5 + ("erase",) * 2
TELLING = ("tell",) * 6 + ("tell of a comment",) * 6
COMMENTS = ("comment",) * 8 + ("uncomment",) * 2
LISTS = {
    "feed": Listing(show_feed, in_feed, (*PHOTOS, *PHOTOS, "follow", "cross", "cross", "mute", "lose the rings", *SIGHT)),
    "tag": Listing(list_tag, on_tag, (*PHOTOS, *PHOTOS, *SIGHT), lambda _world: {"tag": "Dawn"}),
    "photos": Listing(list_photos, of_me, ("upload mine", "upload mine", "erase"), of_person),
    "newest": Listing(list_comments, commented(-1), (*COMMENTS, *SIGHT), of_photo),
    "oldest": Listing(list_comments, commented(1), (*COMMENTS, *SIGHT), of_photo, "oldest"),
    "top": Listing(list_comments, commented(-1, True), (*COMMENTS, *SIGHT), of_photo, "top"),
    "likes": Listing(list_likes, people_of("likers"), ("like",) * 12 + SIGHT, of_photo),
    "followers": Listing(list_followers, people_of("followed_by"), ("be followed",) * 12 + SIGHT, of_person),
    "following": Listing(list_following, people_of("following"), ("follow",) * 12 + SIGHT, of_person),
    "notifications": Listing(list_notifications, told, (*TELLING, "be followed", "uncomment", "mute", *SIGHT)),
    "blocks": Listing(list_blocks, people_of("blocking", PagedWorld.is_here), ("block",) * 6 + ("be blocked", "hide")),
    "mutes": Listing(list_mutes, people_of("muting", PagedWorld.sees_profile), ("mute",) * 6 + ("be blocked", "hide")),
}


# --- what may happen between two pages ---------------------------------------------------------------------------------


def change(world: PagedWorld, what: str, number: int) -> None:
    """Let one thing happen; `number` chooses to whom. What one can do and take back turns round each time."""
    who = PEOPLE[number % len(PEOPLE)]
    # Of eight moments one, so that many lists hold people of equal times.
    since = world.now // 8
    match what:
        case "upload" | "upload mine":
            world.upload(ME if what == "upload mine" or number % 5 == 0 else PEOPLE[number % 6])
        case "erase":
            erasable = sorted(world.photos.keys() - {world.mine})
            if erasable:
                world.erase(erasable[number % len(erasable)])
        case "comment":
            world.comment(who, number % 2)
        case "uncomment":
            if world.comments:
                world.uncomment(sorted(world.comments)[number % len(world.comments)])
        case "follow":
            world.unfollow(who) if who in world.following else world.follow(who, since)
        case "be followed":
            world.be_unfollowed(who) if who in world.followed_by else world.be_followed(who, since)
        case "like":
            world.unlike(who) if who in world.likers else world.like(who)
        case "block" | "mute":
            side = world.blocking if what == "block" else world.muting
            side.pop(who) if who in side else side.update({who: since})
            world.stand(who)
        case "be blocked":
            world.blocked_by ^= {who}
            world.stand(who)
        case "hide":
            world.turn(who, deactivated=not world.people[who].deactivated)
        case "flip":
            world.turn(who, private=not world.people[who].private)
        case "cross":
            world.cross(who)
        case "tell":
            world.tell(who, "follow" if number % 3 == 0 else "like")
        case "tell of a comment":
            world.tell_of_comment(who)
        case "lose the rings":
            world.trust.rings = not world.trust.rings
    world.later()


def changed(random: Random, listing: Listing, world: PagedWorld, most: int) -> None:
    """Let up to so many things happen that concern a list."""
    for _ in range(random.randint(most // 2, most)):
        change(world, random.choice(listing.changes), random.randrange(10_000))


# --- the law ------------------------------------------------------------------------------------------------------------


# The tables of which a page reads one row an item; a second time when filters thinned it.
LISTED = ("comments", "followers", "notifications", "term_photos")


def visible(listing: Listing, world: PagedWorld) -> list[Item]:
    return sorted(listing.wanted(world))


def begun(listing: Listing, random: Random) -> PagedWorld:
    """Return a world in which much has happened that concerns a list."""
    world = PagedWorld()
    if listing.answer is show_feed:
        for who in PEOPLE[:4]:
            world.follow(who, 0)
    changed(random, listing, world, 60)
    return world


async def walk(listing: Listing, random: Random, met: Counter) -> None:
    """Read a list to its end, while everything changes between its pages, and check each page and the whole."""
    world = begun(listing, random)
    stays = set(visible(listing, world))
    given: list[Item] = []
    cursor = None
    for turn in range(100):
        limit = random.randint(1, 4)
        wanted = [item for item in visible(listing, world) if not given or item > given[-1]]
        world.stores.asked.clear()
        ids, following = await world.page(listing.answer, listing.params(world), limit, cursor, sort=listing.sort)
        assert ids == [item_id for _, item_id in wanted[:limit]]
        assert (following is None) == (len(wanted) <= limit)
        given += wanted[:limit]
        met.update(met_in(world, wanted, limit))
        cursor = following
        if cursor is None:
            break
        # What is new comes before the cursor as a rule, but a follow brings what is old: a walk must be able to end.
        for _ in range(random.randint(0, 3) if turn < MOST_CHANGED else 0):
            changed(random, listing, world, 1)
            stays &= set(visible(listing, world))
        if random.random() < 0.2:
            world.vanish(int(ids[-1]))
        still = visible(listing, world)
        stays &= set(still)
        met["the item of a cursor is gone"] += given[-1] not in still
        met["something came before a cursor"] += any(item < given[-1] and item not in given for item in still)
    world.stores.close()
    assert cursor is None
    assert all(one < other for one, other in pairwise(given))
    assert stays <= set(given)


async def disturbed(listing: Listing, random: Random, met: Counter) -> None:
    """Read a list to its end while everything changes, also within a page: what stays visible comes once, in order."""
    world = begun(listing, random)
    stays = set(visible(listing, world))
    places = {item_id: place for place, item_id in stays}
    left = MOST_CHANGED

    def meanwhile() -> None:
        nonlocal left
        if left and random.random() < 0.4:
            left -= 1
            changed(random, listing, world, 2)
            found = visible(listing, world)
            met["something stays throughout"] += bool(stays & set(found))
            stays.intersection_update(found)
            places.update((item_id, place) for place, item_id in found)

    world.stores.meanwhile = meanwhile
    given: list[str] = []
    cursor = None
    for _ in range(100):
        ids, cursor = await world.page(listing.answer, listing.params(world), random.randint(1, 4), cursor, sort=listing.sort)
        assert ids or cursor is None
        given += ids
        if cursor is None:
            break
    world.stores.close()
    assert cursor is None
    assert all(places[one] < places[other] for one, other in pairwise(given))
    assert {item_id for _, item_id in stays} <= set(given)


def met_in(world: PagedWorld, wanted: list[Item], limit: int) -> Iterator[str]:
    """Yield what was worth testing in one page."""
    asked = world.stores.asked
    if len(wanted) > limit and len(wanted[0][0]) > 1 and wanted[limit - 1][0][0] == wanted[limit][0][0]:
        yield "a page ends between equals"
    if asked.count("rings") and "photos of owners" in asked:
        yield "a page reads rings and rows"
    if not world.trust.rings:
        yield "a page without rings"
    if wanted and max(map(asked.count, LISTED)) > 1:
        yield "a thinned page is refilled"
    if not wanted:
        yield "an empty page at the end"


def walked(name: str, walks: int, way: Callable = walk) -> Counter:
    """Check the law on so many walks through a list; return what was met."""
    met: Counter = Counter()
    for seed in range(walks):
        asyncio.run(way(LISTS[name], Random(seed), met))
    return met


@clause("13.1", "13.2", "13.3", "13.4")
def test_a_feed_is_read_on_across_the_end_of_its_rings_and_whatever_changes():
    """Kills: a ring's floor counted as complete, rows that go on behind what the rings gave, a page that is not refilled."""
    met = walked("feed", 200)
    assert met["a page reads rings and rows"] >= 100
    assert met["a page without rings"] >= 100
    assert met["the item of a cursor is gone"] >= 50
    assert met["something came before a cursor"] >= 50


@clause("13.1", "13.2", "13.3")
@pytest.mark.parametrize("name", ["top", "followers", "following", "blocks", "mutes"])
def test_lists_with_equal_places_are_read_on_whatever_changes(name):
    """Kills: a cursor that compares likes or times alone, which skips or repeats the equals at the border of a page."""
    met = walked(name, 120)
    assert met["a page ends between equals"] >= 50
    assert met["the item of a cursor is gone"] >= 20
    assert met["something came before a cursor"] >= 20


@clause("13.1", "13.2", "13.3")
@pytest.mark.parametrize("name", ["newest", "oldest", "likes", "tag", "photos", "notifications"])
def test_other_lists_are_read_on_whatever_changes(name):
    """Kills: a next that is said at the end, a page that stops at the first hidden item, a cursor past what was not given."""
    met = walked(name, 80)
    assert met["the item of a cursor is gone"] >= 20
    assert met["a thinned page is refilled"] >= (50 if name in ("newest", "oldest", "tag", "notifications") else 0)


@clause("13.2")
@pytest.mark.parametrize("name", ["feed", "tag", "newest", "oldest", "top", "notifications"])
def test_what_happens_within_a_page_neither_repeats_nor_skips_what_stays(name):
    """A page is put together of several reads: what moves from rings to rows between two of them is seen by one of them."""
    met = walked(name, 60, disturbed)
    assert met["something stays throughout"] >= 200
