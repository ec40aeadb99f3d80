"""`python -m streams emit`: append one event from the command line."""

import json
import time

import click
import msgspec

from schemas.codec import CannotEncode
from streams.cli_topics import PREREQUISITE, fail
from streams.emitting import WrongWords, build_event, emittable
from streams.fold import NeighbourAway
from streams.minter import Minter
from streams.producer import SyncProducer


@click.command(epilog=f"Events: {', '.join(emittable())}.")
@click.argument("event_type")
@click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]...")
@click.option("--json", "as_json", is_flag=True, help="Print the event and its place as one JSON object.")
@click.pass_obj
def emit(settings, event_type: str, fields: tuple[str, ...], as_json: bool) -> None:
    """Append one event, once the brokers have it. Ids that begin with it are minted, `null` clears.

    Example: python -m streams emit AccountOpened username=ann display_name=Ann
    """
    values = settings()
    words = {}
    for field in fields:
        name, equals, word = field.partition("=")
        if not equals:
            raise click.UsageError(f"{field!r} is not FIELD=VALUE")
        words[name] = word
    try:
        event, place = append(values, event_type, words)
    except (WrongWords, CannotEncode, ValueError) as wrong:
        raise click.UsageError(str(wrong)) from wrong
    except NeighbourAway as away:
        fail(str(away), PREREQUISITE)
    if as_json:
        told = json.loads(msgspec.json.encode(event))
        click.echo(json.dumps({"event": event_type, "fields": told, "place": place._asdict()}))
    else:
        click.echo(f"{place.topic}[{place.partition}]@{place.offset} {event}")


def append(values, event_type: str, words: dict[str, str]):
    """Mint, build and append; return the event and where it stands."""
    minter: list[Minter] = []

    def mint(shard: int) -> int:
        # A lane is leased only when an id is missing.
        if not minter:
            minter.append(Minter.open(values.kafka_bootstrap, "streams emit"))
        return minter[0].mint(shard)

    try:
        event = build_event(event_type, words, mint, time.time_ns() // 1_000_000, values.shards)
    finally:
        for opened in minter:
            opened.close()
    with SyncProducer(values.kafka_bootstrap, values.shards, values.partitions) as producer:
        return event, producer.append(event)
