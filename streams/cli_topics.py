"""`python -m streams topics`: make the topics of the catalogue, or list them."""

import json
import sys

import click

from streams.fold import NeighbourAway
from streams.topics import WrongTopics, check_shapes, create_topics, found_partitions, wanted_shapes

PREREQUISITE = 3


@click.group()
def topics() -> None:
    """Make the topics of the catalogue, or list them.

    Example: python -m streams topics create
    """


@topics.command()
@click.pass_obj
def create(settings) -> None:
    """Make the topics that are missing; refuse when one has another shape.

    Example: python -m streams topics create
    """
    values = settings()
    try:
        made = create_topics(values.kafka_bootstrap, values.partitions)
    except NeighbourAway as away:
        fail(str(away), PREREQUISITE)
    except WrongTopics as wrong:
        fail(str(wrong), 1)
    total = len(wanted_shapes(values.partitions))
    click.echo(f"{len(made)} topics made, {total - len(made)} were there, {values.partitions} partitions each")


@topics.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.pass_obj
def list_(settings, as_json: bool) -> None:
    """List the topics with their partitions; exit code 1 when one is missing or has another shape.

    Example: python -m streams topics list --json
    """
    values = settings()
    try:
        found = found_partitions(values.kafka_bootstrap)
    except NeighbourAway as away:
        fail(str(away), PREREQUISITE)
    shapes = wanted_shapes(values.partitions)
    if as_json:
        rows = [{"topic": s.name, "partitions": found.get(s.name), "wanted": s.partitions} for s in shapes]
        click.echo(json.dumps(rows))
    else:
        for shape in shapes:
            click.echo(f"{shape.name:<16} {found.get(shape.name, 'missing')}")
    if wrong := check_shapes(found, shapes):
        fail("\n".join(wrong), 1)


def fail(message: str, code: int) -> None:
    """Say what is wrong on standard error and exit with a code."""
    click.echo(message, err=True)
    sys.exit(code)
