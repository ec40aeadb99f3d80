"""`python -m agents`: run the workers that fold the log. Settings are read here and passed inward."""

import json
import sys

import click

from agents.catalog import agents_of, catalog
from agents.rules import Rules
from agents.wiring import places_of, roles, rules_of, start_worker
from infra.settings import SettingsError, load_settings
from streams.fold import NeighbourAway
from streams.topics import WrongTopics

PREREQUISITE = 3


@click.group()
def main() -> None:
    """Decide: fold the log into rows and further events.

    Example: python -m agents worker content --slot 0 --metrics-port 28051
    """


@main.command("roles")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: role to names of agents.")
def list_roles(as_json: bool) -> None:
    """List the roles, one a line; a worker runs one of them.

    Example: python -m agents roles
    """
    if as_json:
        click.echo(json.dumps({role: [agent.name for agent in agents_of(role, catalog(Rules()))] for role in roles()}))
        return
    for role in roles():
        click.echo(role)


@main.command()
@click.argument("role")
@click.option("--slot", type=click.IntRange(0), default=0, show_default=True, help="Number of this worker in its role.")
@click.option("--metrics-port", type=click.IntRange(1, 65535), required=True, help="Where /metrics and /ready answer.")
@click.option("--log-level", default="info", show_default=True, type=click.Choice(["debug", "info", "warn", "error"]))
def worker(role: str, slot: int, metrics_port: int, log_level: str) -> None:
    """Run one worker of a role until SIGTERM; killed at any moment, the next one goes on where its state is.

    Example: python -m agents worker people --slot 0 --metrics-port 28050
    """
    if role not in roles():
        raise click.UsageError(f"no role {role!r}; there are: {', '.join(roles())}")
    try:
        settings = load_settings()
        start_worker(role, slot, metrics_port, settings.flush_seconds, rules_of(settings), places_of(settings), log_level)
    except (SettingsError, WrongTopics, NeighbourAway) as missing:
        click.echo(str(missing), err=True)
        sys.exit(PREREQUISITE)


if __name__ == "__main__":
    main(prog_name="python -m agents")
