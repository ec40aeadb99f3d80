"""`python -m infra.demo`: a small world against the running stack, with live progress, figures and checks at the end."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import httpx
import uvloop
from rich.console import Console

from infra.demo import checks, measure, play, prints, show
from infra.demo.album import plan_album
from infra.demo.client import Client, DemoError
from infra.demo.next_steps import Surroundings, next_commands
from infra.demo.play import Cast
from infra.demo.telling import Telling
from infra.demo.world import Size, World, make_world
from infra.settings import Settings, SettingsError, load_settings

NOT_UP = 3
LINE_WIDTH = 140
# So many people, and the celebrity, have their lists counted at the end.
PROFILES = 10


@click.command(epilog="Example: python -m infra.demo --people 100 --uploads 30")
@click.option(
    "--people", default=Size.people, show_default=True, type=click.IntRange(20, 5000), help="People who open accounts."
)
@click.option("--uploads", default=Size.uploads, show_default=True, type=click.IntRange(12, 2000), help="Photos to upload.")
@click.option("--rate", default=5.0, show_default=True, type=click.FloatRange(0.1, 100), help="Uploads a second.")
@click.option("--seed", default=7, show_default=True, help="Seed of the world and of its pictures.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Also write the figures to this file.")
def main(people: int, uploads: int, rate: float, seed: int, json_path: Path | None) -> None:
    """Play a small world against the stack that `make up` started, and say whether everything held.

    Exit code: 0 when all promises and counts held, 1 when one did not, 3 when the stack is not up.
    """
    console = Console(width=None if sys.stdout.isatty() else LINE_WIDTH)
    try:
        settings = load_settings()
        size = sized(people, uploads)
        held = uvloop.run(demo(settings, size, rate, seed, console, json_path))
    except SettingsError as error:
        stop(f"{error}\nThe stack was never started here. To start it: make up", NOT_UP)
    except httpx.ConnectError as error:
        stop(f"Nothing answers at {settings.api_url} ({error}). To start the stack: make up", NOT_UP)
    except DemoError as error:
        stop(str(error), 1)
    except ExceptionGroup as group:
        stop(first_words(group), 1)
    sys.exit(0 if held else 1)


def sized(people: int, uploads: int) -> Size:
    """The default world, made larger or smaller in proportion."""
    usual = Size()
    by_people, by_uploads = people / usual.people, uploads / usual.uploads
    both = min(by_people * by_uploads, by_people, 1.0) if by_people < 1 or by_uploads < 1 else by_uploads
    return Size(
        people=people,
        uploads=uploads,
        shots=min(usual.shots, uploads),
        follows=round(usual.follows * by_people),
        likes=round(usual.likes * both),
        comments=round(usual.comments * both),
        comment_likes=round(usual.comment_likes * both),
    )


def stop(message: str, code: int) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)


def first_words(group: ExceptionGroup) -> str:
    """The first thing that went wrong among several, without its stack when we raised it ourselves."""
    error: BaseException = group
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, DemoError):
        return str(error)
    raise error


async def demo(settings: Settings, size: Size, rate: float, seed: int, console: Console, json_path: Path | None) -> bool:
    """Paint, play, measure, check, show; whether everything held."""
    telling = Telling(console)
    async with httpx.AsyncClient(base_url=settings.api_url) as probe:
        await probe.get("/healthz")
    client = Client(settings.api_url)
    try:
        files = await painted(settings, size, seed, telling)
        run = await play.find_run(client, seed)
        world = make_world(seed, run, size)
        cast = Cast(client, world, run)
        console.print(f"World {seed}, run {run}: {size.people} people at {settings.api_url}", highlight=False)
        watched, projections = await play_world(cast, telling, files, rate)
        kept, found, complaints = await tell(settings, cast, telling, watched, projections)
        if json_path:
            text = json.dumps(figures(kept, found, telling, complaints), indent=2)
            await asyncio.to_thread(json_path.write_text, text)
        return not complaints
    finally:
        await client.close()


async def painted(settings: Settings, size: Size, seed: int, telling: Telling) -> dict[str, bytes]:
    """The album's files, painted now if this is the first demo."""
    shots = plan_album(seed, size.shots)
    with telling.phase("pictures painted", len(shots)) as phase:
        paths = await asyncio.to_thread(prints.print_album, shots, settings.data / "demo" / "pictures", seed, phase.advance)
    telling.phases.clear()
    return play.read_files(paths)


async def play_world(
    cast: Cast, telling: Telling, files: dict[str, bytes], rate: float
) -> tuple[list[measure.Watched], list[dict[str, Any]]]:
    """All phases in their order; what was measured, and the projections at the end."""
    world = cast.world
    await play.open_accounts(cast, telling)
    await play.perform_all(cast, telling, "follows", world.follows, play.FOLLOWS_AT_ONCE)
    if world.acceptances:
        await play.settle(cast.client, telling, "settled")
        await play.perform_all(cast, telling, "follow requests accepted", world.acceptances)
    await play.upload_first(cast, telling, files)
    await play.settle(cast.client, telling, "settled")
    watched = await play.upload_at_pace(cast, telling, files, rate)
    await play.settle(cast.client, telling, "settled")
    await play.perform_all(cast, telling, "likes and comments", world.reactions)
    await play.settle(cast.client, telling, "settled")
    await play.perform_all(cast, telling, "likes of comments", world.comment_likes)
    await play.perform_all(cast, telling, "second thoughts", world.second_thoughts)
    projections = await play.settle(cast.client, telling, "settled")
    return watched, projections


async def tell(
    settings: Settings,
    cast: Cast,
    telling: Telling,
    watched: list[measure.Watched],
    projections: list[dict[str, Any]],
) -> tuple[list[measure.Kept], list[checks.Check], list[str]]:
    """Show the end of the demo; the times, the counts, and what did not hold."""
    console, world = telling.console, cast.world
    console.rule()
    viewer, hot = typical_viewer(world), hottest(world)
    await show.show_feed(console, cast, viewer)
    await show.show_photo(console, cast, hot, viewer)
    trending = await show.show_trends(console, cast)
    show.show_celebrity(console, cast, settings.celebrity_up)
    kept = measure.judge(watched)
    show.show_times(console, kept, len(watched))
    writes = [phase for phase in telling.phases if phase.title != "settled"]
    show.show_rates(console, writes, sum(phase.done for phase in writes))
    show.show_lag(console, projections)
    with telling.phase("photos and profiles counted", len(cast.photos) + PROFILES + 1) as phase:
        found = await checks.check_counts(cast, phase.advance, PROFILES)
    show.show_checks(console, found)
    if cast.client.troubles:
        console.print(f"Waited out: {dict(cast.client.troubles)}\n", highlight=False)
    around = Surroundings(settings.api_url, settings.shards, settings.servers, settings.redis_port)
    builds = {p["name"]: p["version"] for p in projections}
    show.show_next(
        console, next_commands(around, world.people[viewer].username, cast.tokens[viewer], int(cast.photos[hot]), builds)
    )
    complaints = complaints_about(cast, kept, found, trending)
    for complaint in complaints:
        console.print(f"[bold red]{complaint}[/]", highlight=False)
    return kept, found, complaints


def complaints_about(cast: Cast, kept: list[measure.Kept], found: list[checks.Check], trending: bool) -> list[str]:
    """What did not hold, a sentence each."""
    complaints = [
        f"{one.promise.name}: p99 {one.p99:.3f} s, promised < {one.promise.limit_seconds:g} s." for one in kept if not one.held
    ]
    complaints += [
        f"{check.what}: {check.count} counted, {check.listed} listed, {check.planned} planned."
        for check in found
        if not check.held
    ]
    if cast.not_following:
        complaints.append(f"{cast.not_following} follows were answered with another state than the account's privacy asks for.")
    if not trending:
        complaints.append("A trend board is empty.")
    return complaints


def figures(kept: list[measure.Kept], found: list[checks.Check], telling: Telling, complaints: list[str]) -> dict[str, Any]:
    return {
        "times": {one.promise.name: {"p50": one.p50, "p99": one.p99, "worst": one.worst, "held": one.held} for one in kept},
        "checks": [asdict(check) | {"held": check.held} for check in found],
        "phases": [{"title": phase.title, "events": phase.done, "seconds": phase.seconds} for phase in telling.phases],
        "complaints": complaints,
    }


def typical_viewer(world: World) -> int:
    """Somebody who follows the celebrity and many others."""
    following = [sum(number in who for who in world.followers.values()) for number in range(len(world.people))]
    return max(sorted(world.followers[0]), key=lambda number: following[number])


def hottest(world: World) -> int:
    """The upload with the most comments and likes together."""
    return max(world.likers, key=lambda upload: len(world.likers[upload]) + world.comments_on(upload))


if __name__ == "__main__":
    main()
