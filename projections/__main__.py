"""Read models at the command line: set up the stores, and compare what they hold.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a store is away or not prepared.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import click

from agents.erasure import Judged
from agents.rebuild import LogKeepsMoving, Outcome, Workshop, drop_old, rebuild
from agents.wiring import explain_photo_likes, open_workshop, places_of, rules_of, scan_for
from infra.settings import Settings, SettingsError, load_settings
from projections.away import StoreAway
from projections.digest import Digest, digest
from projections.prepare import prepare
from projections.reprint import NoSuchShard, NotDone, ask_for, watch
from projections.scan import Traces
from projections.stores import open_stores
from projections.structures import NAMES
from streams.fold import NeighbourAway


@click.group()
def main() -> None:
    """Read models: tables and keys that are folded from the log, and can be thrown away and made again.

    Example: python -m projections digest photos --json
    """


@main.command("prepare")
def prepare_stores() -> None:
    """Set up empty stores: schema `darkroom`, shard map, Redis functions, birth ids. Repeatable.

    Example: python -m projections prepare
    """
    settings = _settings()
    _run(prepare(settings.postgres_dsns, settings.redis_url, settings.shards))
    click.echo(f"prepared {len(settings.postgres_dsns)} PostgreSQL servers and Redis for {settings.shards} shards")


@main.command("digest")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--build", type=int, help="Which build; the promoted one unless said.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with positions and shards.")
def print_digests(names: tuple[str, ...], build: int | None, as_json: bool) -> None:
    """Print the order-free digest of projections, of all unless named, and the positions it is true at.

    Example: python -m projections digest likes --json
    """
    _check_names(names)
    show = _as_json if as_json else _as_line
    _run(_digests(names or NAMES, build, show))


async def _digests(names: tuple[str, ...], build: int | None, show: Any) -> None:
    settings = _settings()
    async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
        for name in names:
            click.echo(show(await digest(stores, name, build)))


def _as_json(found: Digest) -> str:
    return json.dumps(found._asdict())


def _as_line(found: Digest) -> str:
    moving = "" if found.steady else "  (written to meanwhile)"
    return f"{found.name:14} build {found.build}  {found.total}  {found.rows:>10} rows{moving}"


@main.command("rebuild")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--all", "everything", is_flag=True, help="Every projection, one after the other.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def rebuild_projections(names: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Fold projections again from offset zero beside the live ones; promote each whose digest is equal, else say what differs.

    Example: python -m projections rebuild likes
    """
    if bool(names) == everything:
        raise click.UsageError("name projections, or say --all")
    _check_names(names)
    settings = _settings()
    outcomes = [_rebuild_one(settings, name, as_json) for name in names or NAMES]
    _in_workshop(settings, lambda shop: drop_old(shop, outcomes))
    if not all(outcome.equal for outcome in outcomes):
        sys.exit(1)


def _in_workshop(settings: Settings, work: Callable[[Workshop], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        async with open_workshop(rules_of(settings), places_of(settings), lambda line: click.echo(line, err=True)) as shop:
            return await work(shop)

    return _run(whole())


def _rebuild_one(settings: Settings, name: str, as_json: bool) -> Outcome:
    outcome = _in_workshop(settings, lambda shop: rebuild(shop, name))
    told = {
        "name": name,
        "build": outcome.build,
        "equal": outcome.equal,
        "live": outcome.live.total,
        "rebuilt": outcome.rebuilt.total,
        "rows": outcome.rebuilt.rows,
        "differing_shards": outcome.differing_shards,
    }
    verdict = "equal: promoted" if outcome.equal else f"DIFFERENT in shards {told['differing_shards']}: not promoted"
    in_words = f"{name}: live {told['live']}, rebuilt {told['rebuilt']} ({told['rows']} rows, build {told['build']}), {verdict}"
    click.echo(json.dumps(told) if as_json else in_words)
    return outcome


@main.command("reprint")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--shard", type=int, help="Print this shard alone, in place, over what is there.")
@click.option("--wait", "wait_seconds", default=300.0, show_default=True, help="How many seconds to wait until it is done.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def reprint_projections(names: tuple[str, ...], shard: int | None, wait_seconds: float, as_json: bool) -> None:
    """Print projections again from the states of the agents, without reading the log: all of each, or one shard that was lost.

    The workers must run. A lost Redis or PostgreSQL server is printed again without being asked.

    Example: python -m projections reprint photos --shard 7
    """
    _check_names(names)
    settings = _settings()
    _run(_reprint_all(settings, names, shard, wait_seconds, as_json))


async def _reprint_all(
    settings: Settings, names: tuple[str, ...], shard: int | None, wait_seconds: float, as_json: bool
) -> None:
    def say(line: str) -> None:
        if sys.stderr.isatty():
            click.echo(line, err=True)

    async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
        # All at once, so that the workers start again once.
        before = {name: await ask_for(stores, name, shard) for name in names}
        for name in names:
            done = await watch(stores, name, before[name], settings.partitions, wait_seconds, say)
            found = await digest(stores, name)
            told = {"name": name, "shard": shard, **done._asdict(), "digest": found.total, "digest_rows": found.rows}
            where = "" if shard is None else f" of shard {shard}"
            words = (
                f"{name}: printed {done.rows:,} rows{where} in {done.seconds:.1f} s, build {done.build}, digest {found.total}"
            )
            click.echo(json.dumps(told) if as_json else words)


@main.command("explain")
@click.argument("what", type=click.Choice(["likes"]))
@click.argument("photo", type=int)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def explain(what: str, photo: int, as_json: bool) -> None:
    """Tell why a number is what it is: the records behind the likes of PHOTO, with their offsets, folded one by one.

    Those of people who like it and hid (AWAY), came back (HERE) or were deleted (GONE) are told between them.

    Example: python -m projections explain likes 4012345678901234567
    """
    settings = _settings()
    steps = 0
    for step in explain_photo_likes(rules_of(settings), places_of(settings), photo):
        steps += 1
        said = f"{step.occurred_at:%Y-%m-%d %H:%M:%S}  {step.actor_id:>20}  {step.kind:8}"
        line = f"{step.where:20} {said} {step.changed:+d} = {step.likes}"
        click.echo(json.dumps(step._asdict(), default=str) if as_json else line)
    if not steps:
        click.echo(f"no record of {what} has the key {photo}", err=True)
        sys.exit(1)


@main.command("scan")
@click.argument("user", type=int)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def scan_for_traces(user: int, as_json: bool) -> None:
    """Look for whatever is left of USER, an id, in every table, key and object; exit code 1 when something is there.

    What to look for is read from the log: ids of the person, their photos and comments, names, captions and comments as typed.
    A few tombstones may stay; each is told with its reason.

    Example: python -m projections scan 4012345678901234567
    """
    settings = _settings()
    traces, judged = _run(scan_for(rules_of(settings), places_of(settings), user))
    if as_json:
        found = [{"allowed": False} | finding._asdict() for finding in judged.forbidden]
        stays = [{"allowed": True, "times": times} | one._asdict() for one, times in judged.allowed.items()]
        click.echo("\n".join(map(json.dumps, found + stays)))
    else:
        _tell_scan(traces, judged)
    sys.exit(1 if judged.forbidden else 0)


def _tell_scan(traces: Traces, judged: Judged) -> None:
    click.echo(
        f"looked for user {traces.user_id}, {len(traces.photos)} photos, {len(traces.comments)} comments, {len(traces.names)} "
        f"names, {len(traces.texts)} texts and {len(traces.submissions)} submissions in every table, key and object"
    )
    for one, times in judged.allowed.items():
        click.echo(f"may stay  {one.store} {one.place}: {one.kind} x {times}, {one.why}")
    for finding in judged.forbidden:
        click.echo(f"FOUND     {finding.store} {finding.place}: {finding.kind} in {finding.shown}")
    click.echo(f"{len(judged.forbidden)} traces were found that must not be there")


def _settings() -> Settings:
    try:
        return load_settings()
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(3)


def _run(work: Coroutine) -> Any:
    try:
        return asyncio.run(work)
    except (StoreAway, NeighbourAway) as error:
        click.echo(str(error), err=True)
        sys.exit(3)
    except (LogKeepsMoving, NotDone) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    except NoSuchShard as error:
        raise click.UsageError(str(error)) from error


def _check_names(names: tuple[str, ...]) -> None:
    for name in names:
        if name not in NAMES:
            raise click.UsageError(f"no projection {name!r}; there are: {', '.join(NAMES)}")


if __name__ == "__main__":
    main()
