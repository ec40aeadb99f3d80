"""`python -m streams topics`: make the topics of the catalogue, or list them."""

import json
import sys

import click

from streams.fold import NeighbourAway
from streams.topics import Found, TopicShape, WrongTopics, check_shapes, create_topics, found_topics, wanted_shapes

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
        made = create_topics(values.kafka_bootstrap, values.partitions, values.replicas)
    except NeighbourAway as away:
        fail(str(away), PREREQUISITE)
    except WrongTopics as wrong:
        fail(str(wrong), 1)
    total = len(wanted_shapes(values.partitions))
    copies = f", each kept by {values.replicas} brokers" if values.replicas > 1 else ""
    click.echo(f"{len(made)} topics made, {total - len(made)} were there, {values.partitions} partitions each{copies}")


@topics.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
@click.pass_obj
def list_(settings, as_json: bool) -> None:
    """List the topics with their partitions; exit code 1 when one is missing or has another shape.

    Example: python -m streams topics list --json
    """
    values = settings()
    try:
        found = found_topics(values.kafka_bootstrap)
    except NeighbourAway as away:
        fail(str(away), PREREQUISITE)
    shapes = wanted_shapes(values.partitions, values.replicas)
    if as_json:
        click.echo(json.dumps([row_of(shape, found.get(shape.name)) for shape in shapes]))
    else:
        for shape in shapes:
            there = found.get(shape.name)
            click.echo(f"{shape.name:<16} {there.partitions if there else 'missing'}")
    if wrong := check_shapes(found, shapes):
        fail("\n".join(wrong), 1)


def row_of(shape: TopicShape, there: Found | None) -> dict:
    """Return a topic as JSON, with null for what is missing."""
    partitions, replicas = there or (None, None)
    return {"topic": shape.name, "partitions": partitions, "wanted": shape.partitions, "replicas": replicas}


def fail(message: str, code: int) -> None:
    """Say what is wrong on standard error and exit with a code."""
    click.echo(message, err=True)
    sys.exit(code)
