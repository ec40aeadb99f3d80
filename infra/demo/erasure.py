"""`python -m infra.demo.erasure`: delete the account of the most active person of the last demo, and prove that it is gone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter

import click
import httpx
import uvloop
from rich.console import Console

from infra.demo import play
from infra.demo.__main__ import LINE_WIDTH, NOT_UP, first_words, sized, stop
from infra.demo.books import Books, Reader
from infra.demo.client import Client, DemoError
from infra.demo.play import Cast
from infra.demo.show import verdict
from infra.demo.telling import Telling
from infra.demo.world import Size, World, make_world
from infra.settings import SettingsError, load_settings

# Behaviour 11: an image link that must not be served any more is not, so many seconds later.
IMAGES_SECONDS = 10.0
LOOK_SECONDS = 0.2
# What `make demo` tells the folds (Makefile): a rebuild that is told otherwise finds other celebrities.
DEMO_RULES = {"DARKROOM_CELEBRITY_UP": "120"}


@click.command(epilog="Example: python -m infra.demo.erasure --rebuild")
@click.option("--people", default=Size.people, show_default=True, type=click.IntRange(20, 5000), help="As the demo was told.")
@click.option("--uploads", default=Size.uploads, show_default=True, type=click.IntRange(12, 2000), help="As the demo was told.")
@click.option("--seed", default=7, show_default=True, help="As the demo was told.")
@click.option("--user", help="User name of who is to go instead of the most active person.")
@click.option("--rebuild", is_flag=True, help="Then make every projection again from the log, and look once more.")
def main(people: int, uploads: int, seed: int, user: str | None, rebuild: bool) -> None:
    """Delete the most active person of the last demo for ever, and show that nothing of theirs is left.

    Every count that anybody sees must have fallen by exactly what was theirs; no answer may hold anything of it, nor any
    table, key or object (`python -m projections scan`). Again and again: each time the most active of those who are left goes.

    Exit code: 0 when all held, 1 when something did not, 3 when the stack is not up.
    """
    console = Console(width=None if sys.stdout.isatty() else LINE_WIDTH)
    try:
        settings = load_settings()
        held = uvloop.run(erase(settings.api_url, sized(people, uploads), seed, user, rebuild, console))
    except SettingsError as error:
        stop(f"{error}\nThe stack was never started here. To start it: make demo", NOT_UP)
    except httpx.ConnectError as error:
        stop(f"Nothing answers ({error}). To start the stack and play a demo: make demo", NOT_UP)
    except DemoError as error:
        stop(str(error), 1)
    except ExceptionGroup as group:
        stop(first_words(group), 1)
    sys.exit(0 if held else 1)


async def erase(api_url: str, size: Size, seed: int, user: str | None, rebuild: bool, console: Console) -> bool:
    """Read the books, delete, read them again, and look everywhere; whether all held."""
    client, telling = Client(api_url), Telling(console)
    try:
        run = await play.find_run(client, seed) - 1
        if not run:
            raise DemoError("No demo was played here with this seed. To play one: make demo")
        cast = Cast(client, make_world(seed, run, size), run)
        await meet(cast, telling)
        leaver = named(cast, user) if user else most_active(cast.world, cast.ids)
        console.print(f"World {seed}, run {run}: {described(cast, leaver)} leaves for ever.", highlight=False)
        before = await read(cast, leaver, telling, "counts and lists read")
        token = cast.tokens.pop(leaver)
        await client.send("DELETE", "/v1/me", token=token, accept=(204,))
        held = await prove(cast, leaver, before, telling, console)
        if rebuild:
            held &= await command(console, "projections", "rebuild", "--all")
            held &= await prove(cast, leaver, before, telling, console)
        return held
    finally:
        await client.close()


async def meet(cast: Cast, telling: Telling) -> None:
    """Find the ids of all who are still here, and their tokens."""
    with telling.phase("people found", len(cast.world.people)) as phase:

        async def find(number: int) -> None:
            name = cast.world.people[number].username
            answer = await cast.client.send("GET", f"/v1/users/@{name}", accept=(200, 404))
            if answer.status_code == 200:
                cast.ids[number] = answer.json()["id"]

        await play.each(range(len(cast.world.people)), find, play.ACCOUNTS_AT_ONCE, phase.advance)
    names = [word for number in cast.ids for word in ("--user", cast.world.people[number].username)]
    tokens = await asyncio.to_thread(run_module, "api", "token", *names)
    if tokens.returncode:
        raise DemoError(f"no tokens: {tokens.stderr.strip()}")
    cast.tokens |= dict(zip(cast.ids, tokens.stdout.split(), strict=True))


def named(cast: Cast, user: str) -> int:
    """Return who has this user name; DemoError when nobody who is here does."""
    for number in cast.ids:
        if cast.world.people[number].username == user:
            return number
    raise DemoError(f"Nobody of this demo is named {user!r} and still here.")


def most_active(world: World, here: dict[int, str]) -> int:
    """Return who of those who are here did most: photos, likes, comments, likes of comments and follows, each counting one."""
    deeds = [*world.follows, *world.reactions, *world.comment_likes]
    done = Counter(deed.who for deed in deeds) + Counter(upload.who for upload in world.uploads)
    return max(here, key=lambda number: (done[number], -number))


def described(cast: Cast, number: int) -> str:
    """Say who somebody is, and what they did."""
    world = cast.world
    did = {
        "photos": sum(upload.who == number for upload in world.uploads),
        "likes": sum(number in likers for likers in world.likers.values()),
        "comments": sum(deed.who == number for deed in world.comments),
        "likes of comments": sum(deed.who == number for deed in world.comment_likes),
        "follows": sum(number in followers for followers in world.followers.values()),
        "followers": len(world.followers[number]),
    }
    return f"{world.people[number].username}, {cast.ids[number]} ({', '.join(f'{n} {what}' for what, n in did.items())})"


async def read(cast: Cast, leaver: int, telling: Telling, title: str) -> Books:
    """Read the books of everybody who is here."""
    with telling.phase(title, len(cast.tokens)) as phase:
        return await Reader(cast, leaver).read(phase.advance)


async def prove(cast: Cast, leaver: int, before: Books, telling: Telling, console: Console) -> bool:
    """Compare the books, ask for what is gone, and look into every store; say what held."""
    await play.settle(cast.client, telling, "settled")
    after, expected = await read(cast, leaver, telling, "counts and lists read again"), before.after_leaving()
    wrong = [
        f"{what}: {before.counts.get(what)} before, {after.counts.get(what)} after, {expected.get(what)} wanted"
        for what in sorted(expected.keys() | after.counts.keys())
        if expected.get(what) != after.counts.get(what)
    ]
    fell = sum(before.theirs[what] for what in expected)
    tell(console, f"{len(expected):,} counts and lists of others fell by exactly what was theirs, {fell:,} in all", wrong)
    name = cast.world.people[leaver].username
    told = sorted((before.things | {name}) & after.said) + await still_answered(cast, before.things, name)
    tell(console, f"no answer holds anything of theirs: {len(after.said):,} texts, {len(before.things)} things asked for", told)
    return await command(console, "projections", "scan", cast.ids[leaver]) and not wrong and not told


async def still_answered(cast: Cast, things: set[str], name: str) -> list[str]:
    """Return what is still answered of what is gone: the profile, by id and by name, photos and their images."""
    deadline = time.monotonic() + IMAGES_SECONDS
    paths = [f"/v1/users/@{name}", *(path for id_ in things for path in (f"/v1/users/{id_}", f"/v1/photos/{id_}"))]
    paths += [f"/photos/{id_}/{pixels}.jpg" for id_ in things for pixels in (150, 320, 640, 1080)]
    found: list[str] = []

    async def ask(path: str) -> None:
        while (await cast.client.send("GET", path, accept=(200, 404))).status_code == 200:
            if time.monotonic() > deadline:
                found.append(path)
                return
            await asyncio.sleep(LOOK_SECONDS)

    await play.each(paths, ask, play.DEEDS_AT_ONCE, lambda: None)
    return found


def tell(console: Console, what: str, wrong: list[str]) -> None:
    """Say what was looked at, whether it held, and what did not."""
    console.print(f"{what}: {verdict(not wrong)}", highlight=False)
    for line in wrong[:20]:
        console.print(f"  {line}", highlight=False, markup=False)


async def command(console: Console, *words: str) -> bool:
    """Run one of our commands, show what it said, and return whether it succeeded."""
    ran = await asyncio.to_thread(run_module, *words)
    for line in (ran.stdout + (ran.stderr if ran.returncode else "")).splitlines():
        console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"python -m {' '.join(words)}: {verdict(not ran.returncode)}", highlight=False)
    return not ran.returncode


def run_module(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m` with these words, by the rules of the demo; nothing of it is a shell's."""
    return subprocess.run(
        [sys.executable, "-m", *words], env=DEMO_RULES | os.environ, capture_output=True, text=True, check=False
    )  # fmt: skip


if __name__ == "__main__":
    main()
