"""Tells what became of the demo: a feed, a photo, its comments, the trends, the times, the counts, what to try next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.demo.checks import Check
from infra.demo.measure import Kept
from infra.demo.play import Cast
from infra.demo.telling import Phase
from infra.demo.world import CELEBRITY_NUMBER

# What a line of the feed needs besides the caption, and what the place adds to it.
FEED_WIDTH, PLACE_WIDTH = 58, 17


def table(title: str, *columns: str, right: Sequence[str] = ()) -> Table:
    """A table without lines whose columns are as wide as what is in them."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", no_wrap=True)
    return made


def shortened(text: str, width: int) -> str:
    """The beginning of a text, when all of it would not fit the line."""
    return text if len(text) <= width else f"{text[: max(1, width - 1)]}…"


async def show_feed(console: Console, cast: Cast, viewer: int, shown: int = 8) -> None:
    """The newest photos in one person's feed; a narrow terminal leaves the places out."""
    page = await cast.client.get("/v1/feed", cast.tokens[viewer], limit=shown)
    places = console.width >= 110
    columns = ("when", "why", "by", "caption", *(("place",) if places else ()), "likes", "comments")
    rows = table(f"The feed of {cast.world.people[viewer].username}", *columns, right=("likes", "comments"))
    width = console.width - FEED_WIDTH - PLACE_WIDTH * places
    for photo in page["items"]:
        counts = [str(photo["counts"][what]) for what in ("likes", "comments")]
        place = [photo["place"] or ""] if places else []
        by, caption = photo["owner"]["username"], shortened(photo["caption"], width)
        rows.add_row(photo["created_at"][11:19], photo["why"], by, caption, *place, *counts)
    console.print(rows, "")


async def show_photo(console: Console, cast: Cast, upload: int, viewer: int) -> None:
    """One photo with its counts, and its comments by likes."""
    path = f"/v1/photos/{cast.photos[upload]}"
    photo = await cast.client.get(path, cast.tokens[viewer])
    comments = await cast.client.get(f"{path}/comments", cast.tokens[viewer], sort="top", limit=6)
    owner, counts, place = photo["owner"]["username"], photo["counts"], photo["place"] or "nowhere in particular"
    size = f"{photo['width']} x {photo['height']} px"
    image = f"{cast.client.api_url}/photos/{photo['id']}/1080.jpg"
    console.print(f"[bold]Photo {photo['id']}[/] by {owner}, {size}, {photo['state']}", highlight=False)
    console.print(f"  {image}", highlight=False, soft_wrap=True)
    console.print(f"  {photo['caption']} ({place})", highlight=False, markup=False)
    console.print(
        f"  {counts['likes']} likes, {counts['comments']} comments, those with the most likes first:", highlight=False
    )
    rows = table("", "likes", "by", "comment", right=("likes",))
    for comment in comments["items"]:
        rows.add_row(
            str(comment["counts"]["likes"]), comment["author"]["username"], shortened(comment["text"], console.width - 32)
        )
    console.print(rows, "")


async def show_trends(console: Console, cast: Cast) -> bool:
    """What takes off, with the numbers behind each rank; whether both boards have anything."""
    full = True
    for board, name in (("hashtags", "tag"), ("places", "place")):
        answer = await cast.client.get(f"/v1/trends/{board}", limit=5)
        numbers = ("rank", "score", "observed", "expected", "people")
        rows = table(
            f"Trending {board}, as of {answer['as_of']}", "rank", name, "score", "observed", "expected", "people", right=numbers
        )
        for item in answer["items"]:
            shown = ("#" if name == "tag" else "") + item[name]
            rows.add_row(
                str(item["rank"]),
                shown,
                *(f"{item[field]:.2f}" for field in ("score", "observed", "expected")),
                str(item["people"]),
            )
        console.print(rows, "")
        full = full and bool(answer["items"])
    return full


def show_times(console: Console, kept: Iterable[Kept], uploads: int) -> None:
    """The measured times against what is promised."""
    rows = table(
        f"Times of {uploads} uploads, from the moment each was due",
        "what",
        "p50",
        "p99",
        "worst",
        "promised",
        "",
        right=("p50", "p99", "worst", "promised"),
    )
    for one in kept:
        limit = f"< {one.promise.limit_seconds:g} s"
        rows.add_row(
            one.promise.name, *(f"{seconds:.3f} s" for seconds in (one.p50, one.p99, one.worst)), limit, verdict(one.held)
        )
    console.print(rows, "")


def show_rates(console: Console, phases: Iterable[Phase], events: int) -> None:
    """How fast the world was played."""
    rows = table(
        "Events through HTTP, Kafka and the agents",
        "what",
        "events",
        "seconds",
        "a second",
        right=("events", "seconds", "a second"),
    )
    for phase in phases:
        rows.add_row(phase.title, f"{phase.done:,}", f"{phase.seconds:.1f}", f"{phase.rate:,.0f}")
    console.print(rows)
    seconds = sum(phase.seconds for phase in phases)
    console.print(f"{events:,} events in {seconds:.0f} s, {events / seconds:,.0f} a second\n", highlight=False)


def show_lag(console: Console, projections: Sequence[dict[str, Any]]) -> None:
    """Each projection's lag."""
    behind = [f"{p['name']} {p['lag_events']}" for p in projections if p["lag_events"]]
    names = ", ".join(p["name"] for p in projections)
    console.print(f"Lag {'; '.join(behind) or 'zero'} in {len(projections)} projections: {names}\n", highlight=False)


def show_checks(console: Console, checks: Sequence[Check]) -> None:
    """Whether counts equal lists; each that does not is named."""
    wrong = [check for check in checks if not check.held]
    console.print(
        f"{len(checks) - len(wrong)} of {len(checks)} counts equal the length of their list and the plan {verdict(not wrong)}",
        highlight=False,
    )
    for check in wrong:
        console.print(f"  {check.what}: count {check.count}, listed {check.listed}, planned {check.planned}", highlight=False)
    console.print("")


def show_celebrity(console: Console, cast: Cast, celebrity_up: int) -> None:
    """Which way the celebrity's photos reach their followers under the threshold of this stack."""
    followers, name = len(cast.world.followers[CELEBRITY_NUMBER]), cast.world.celebrity.username
    pulled = followers >= celebrity_up
    way = "pulled when a feed is read" if pulled else "pushed into timelines like everybody's"
    console.print(
        f"{name} has {followers} followers; the threshold is {celebrity_up:,}: their photos are {way}.\n", highlight=False
    )


def show_next(console: Console, commands: Iterable[tuple[str, str]]) -> None:
    """What to try next, to be pasted."""
    console.print("[bold]To try next[/]")
    for what, command in commands:
        console.print(f"  # {what}", style="dim", highlight=False, markup=False)
        console.print(f"  {command}", highlight=False, markup=False, soft_wrap=True)


def verdict(held: bool) -> str:
    return "[green]held[/]" if held else "[bold red]NOT HELD[/]"
