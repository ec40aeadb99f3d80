"""Schemas at the command line: derive, check, release, serve.

Exit codes: 0 done, 1 something is wrong, 2 wrong usage, 3 something is missing that must be installed.
"""

import json
import sys

import click

from schemas.lock import HERE, LOCK_NAME, read_lock, write_lock
from schemas.registry import registry_app
from schemas.release import release, stale_files, unreleased, write_derived


@click.group()
def main() -> None:
    """Events and their schemas: what can happen, under which ids, and who may read it.

    Example: python -m schemas check
    """


@main.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 when a file is not what the code says.")
def derive(only_check: bool) -> None:
    """Write the Avro schema of every event to schemas/avsc/<topic>/<Event>.avsc.

    Example: python -m schemas derive --check
    """
    if only_check:
        _fail_with(stale_files(), "run: python -m schemas derive")
        click.echo("every .avsc is what its event says")
        return
    changed = write_derived()
    for path in changed:
        click.echo(path.relative_to(HERE.parent))
    click.echo(f"{len(changed)} files changed")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def check(as_json: bool) -> None:
    """Compare every event with all that was ever released: FULL_TRANSITIVE and our stricter rules.

    Example: python -m schemas check --json
    """
    lock = read_lock()
    forbidden, stale = _incompatibilities(), stale_files()
    waiting = [f"{one.topic}/{one.event}" for one in unreleased(lock)]
    if as_json:
        click.echo(json.dumps({"incompatible": forbidden, "stale": stale, "unreleased": waiting}))
        sys.exit(1 if forbidden or stale or waiting else 0)
    _fail_with(forbidden, "undo the change, or say it with a new field that has a default, or a new event")
    _fail_with(stale, "run: python -m schemas derive")
    _fail_with([f"{name} is compatible, but not released" for name in waiting], "run: python -m schemas release")
    click.echo(
        f"{len(lock.schemas)} released schemas, {len(lock.subjects)} subjects: nothing changed that readers would notice"
    )


@main.command("release")
def release_new() -> None:
    """Give ids to the schemas that are new, write them to ids.lock.json for ever; refused when incompatible.

    Example: python -m schemas release
    """
    _fail_with(_incompatibilities(), "nothing was released")
    write_derived()
    lock, added = release(read_lock())
    write_lock(lock)
    for one in added:
        click.echo(f"id {one.id}: {one.subject} version {one.version}")
    click.echo(f"{len(added)} schemas released; commit schemas/avsc and schemas/{LOCK_NAME}, deploy consumers before producers")


@main.command()
@click.option("--port", type=click.IntRange(0, 65_535), help="Port on 127.0.0.1; the checkout's own unless said.")
def serve(port: int | None) -> None:
    """Answer stock tools as a read-only Confluent schema registry, on 127.0.0.1.

    Example: python -m schemas serve --port 28001
    """
    import uvicorn

    if port is None:
        port = _port_of_this_checkout()
    app = registry_app(read_lock())
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False, lifespan="off")


def _incompatibilities() -> list[str]:
    """Return what the compatibility check finds; exit 3 when Avro's checker is not installed (it is a tool of development)."""
    try:
        from schemas.compatibility import incompatibilities
    except ModuleNotFoundError as missing:
        click.echo(f"the package {missing.name} is not installed; run: make setup", err=True)
        sys.exit(3)
    return incompatibilities(read_lock())


def _port_of_this_checkout() -> int:
    from infra.settings import SettingsError, load_settings

    try:
        return load_settings().registry_port
    except SettingsError as wrong:
        raise click.UsageError(str(wrong)) from wrong


def _fail_with(problems: list[str], advice: str) -> None:
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        click.echo(f"{len(problems)} problems; {advice}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main(prog_name="python -m schemas")
