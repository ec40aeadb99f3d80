"""The local stack from the command line; `make` calls these."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from pathlib import Path
from typing import Any

import click

from infra import report, stack, teardown
from infra.components import PrerequisiteMissing, StackError
from infra.settings import (
    Settings,
    SettingsError,
    data_directory,
    environment_for_tests,
    load_or_create_settings,
    load_settings,
)


class Failure(click.ClickException):
    """An error for the person at the keyboard, with its exit code: 1 failed, 2 wrong settings, 3 missing prerequisite."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class NothingThere(StackError):
    """No stack was ever started here."""


def say(line: str) -> None:
    click.echo(line)


def told_plainly(command: Callable[..., Any]) -> Callable[..., Any]:
    """Turn what can go wrong into one message and an exit code."""

    @wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except SettingsError as error:
            raise Failure(str(error), 2) from error
        except PrerequisiteMissing as error:
            raise Failure(str(error), 3) from error
        except StackError as error:
            raise Failure(str(error), 1) from error

    return run


def tests_option(command: Callable[..., Any]) -> Callable[..., Any]:
    text = "Act on the tests' own stack (500 ports further, data in `<data>-test`)."
    return click.option("--for-tests", is_flag=True, help=text)(command)


def enter(for_tests: bool) -> None:
    if for_tests:
        os.environ.update(environment_for_tests())


def settings_of_a_stack(for_tests: bool) -> Settings:
    """The settings of a stack that was started at least once; these commands must not create one."""
    enter(for_tests)
    data = data_directory()
    if not (data / "secrets.env").exists():
        raise NothingThere(f"There is no stack in {data}. To start one: make up")
    return load_settings()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Start, look at, stop and delete the local stack.

    Example: python -m infra up && python -m infra status
    """


@main.command()
@click.option("--services", type=click.Choice(["all", "core"]), default="all", help="core: only what others wrote.")
@tests_option
@told_plainly
def up(services: str, for_tests: bool) -> None:
    """Start everything in order and wait until it is ready; again and again is fine.

    Example: DARKROOM_WORKERS=2 python -m infra up
    """
    enter(for_tests)
    started = time.monotonic()
    settings = load_or_create_settings()
    programs = stack.up(settings, services == "core", say)
    say(f"\nUp in {time.monotonic() - started:.1f} s. Data in {settings.data}, secrets in {settings.data}/secrets.env")
    for program in programs:
        say(f"  {program.name:<14} {program.url}")
    if services == "all":
        say(f"\nThe API: {settings.api_url}/docs")


@main.command()
@tests_option
@told_plainly
def down(for_tests: bool) -> None:
    """Stop everything; the data stays.

    Example: python -m infra down
    """
    try:
        teardown.down(settings_of_a_stack(for_tests), say)
    except NothingThere as nothing:
        say(str(nothing))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, with pids.")
@tests_option
@told_plainly
def status(as_json: bool, for_tests: bool) -> None:
    """Show each component, and each projection's lag and freshness. Exit code 1 unless everything is ready.

    Example: python -m infra status --json
    """
    settings = settings_of_a_stack(for_tests)
    states = report.component_states(settings)
    projections = report.projection_states(settings)
    log_answers = all(state.is_ready for state in states if state.name.startswith("kafka"))
    dead = report.dead_letters(settings) if log_answers else None
    if as_json:
        told = {"components": [asdict(state) for state in states], "projections": projections, "dead_letters": dead}
        click.echo(json.dumps(told, indent=2))
    else:
        lines = [*report.component_lines(states), "", *report.projection_lines(projections), "", report.dead_letter_line(dead)]
        click.echo("\n".join(lines))
    sys.exit(0 if all(state.is_ready for state in states) else 1)


@main.command()
@click.argument("name", required=False)
@click.option("--lines", type=click.IntRange(1), default=40, show_default=True, help="How many lines of each.")
@click.option("--follow", "-f", is_flag=True, help="Stay and show new lines as they come.")
@tests_option
@told_plainly
def logs(name: str | None, lines: int, follow: bool, for_tests: bool) -> None:
    """Show the end of one component's log, or of every one.

    Example: python -m infra logs kafka --lines 100
    """
    settings = settings_of_a_stack(for_tests)
    files = log_files(settings, name)
    for file in [] if follow else files:
        click.echo(f"==> {file}")
        click.echo("\n".join(file.read_text(errors="replace").splitlines()[-lines:]))
    if follow:
        subprocess.run(["tail", "-n", str(lines), "-F", *map(str, files)], check=False)


def log_files(settings: Settings, name: str | None) -> list[Path]:
    files = sorted(settings.log_dir.glob("*.log"))
    if name and not (settings.log_dir / f"{name}.log").exists():
        known = ", ".join(file.stem for file in files) or "none yet"
        raise StackError(f"There is no log of {name!r} in {settings.log_dir}. There are: {known}")
    return [settings.log_dir / f"{name}.log"] if name else files


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@tests_option
@told_plainly
def clean(yes: bool, for_tests: bool) -> None:
    """Stop the stack and delete its data, after saying what that is. Tools in the cache stay.

    Example: python -m infra clean --yes
    """
    try:
        settings = settings_of_a_stack(for_tests)
    except NothingThere as nothing:
        say(str(nothing))
        return
    for place in teardown.places_to_delete(settings):
        say(f"This stops the stack and deletes {place}")
    if not yes:
        click.confirm("Go on?", abort=True)
    teardown.clean(settings, say)


@main.command("settings")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: variable to default and meaning.")
def list_settings(as_json: bool) -> None:
    """List every setting: its variable, its default, and what it means. Secrets have no default and are never printed.

    Example: python -m infra settings
    """
    listed = {}
    for name, field in Settings.model_fields.items():
        variable = field.alias or f"DARKROOM_{name.upper()}"
        listed[variable] = {"default": "" if field.is_required() else str(field.get_default()), "means": field.description}
    if as_json:
        say(json.dumps(listed))
        return
    for variable, told in listed.items():
        say(f"{variable:32} {told['default']:12} {told['means']}")


if __name__ == "__main__":
    main(prog_name="python -m infra")
