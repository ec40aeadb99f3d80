"""`python -m streams dead`: the records that agents refused; look at them, append them again, or let them be."""

import getpass
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from schemas.codec import open_codec
from schemas.kinds import Settlement
from streams import kafka
from streams.cli_topics import PREREQUISITE, fail
from streams.dead_letters import OPEN, RETRIED, Letter, Letters, Place, Wanted, WrongId, grouped, settlement_of
from streams.dead_reading import Body, DeadReader
from streams.dead_telling import SHOWN_BYTES, described, line, page, told
from streams.fold import NeighbourAway
from streams.placement import Placement
from streams.producer import SyncProducer
from streams.retrying import judge
from streams.selection import parse_time

NOT_DONE = 1


@click.group()
def dead() -> None:
    """Look at the records that agents refused, append them again, or settle them for good.

    Example: python -m streams dead list --open
    """


def choosing(command: Callable) -> Callable:
    """Add the options that choose letters."""
    for option in (
        click.option("--since", metavar="TIME", help="Only those refused since: 1h (ago), 2026-01-31, 2026-01-31T12:00:00Z."),
        click.option("--reason", metavar="TEXT", help="Only those whose reason holds this text."),
        click.option("--topic", help="Only records of this topic."),
        click.option("--agent", help="Only those that this agent refused."),
    ):
        command = option(command)
    return command


@dead.command("list")
@choosing
@click.option("--open", "only_open", is_flag=True, help="Only those that nobody has settled.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a letter, a line each.")
@click.pass_obj
def list_(settings, agent, topic, reason, since, only_open, as_json) -> None:
    """Print the dead letters, oldest first, a line each. Agents that refuse one record for one reason share a line.

    Example: python -m streams dead list --open --agent likes --since 1h
    """
    wanted = _wanted(agent, topic, reason, since, only_open)
    with _opened(settings()) as reader:
        letters = _read(reader).chosen(wanted)
    if as_json:
        for letter in letters:
            click.echo(json.dumps(told(letter)))
        return
    for group in grouped(letters):
        click.echo(line(group))
    if not letters:
        click.echo("no dead letters" if wanted == Wanted() else "no such dead letters")


@dead.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def count(settings, as_json: bool) -> None:
    """Count the dead letters that are open, and all of them.

    Example: python -m streams dead count --json
    """
    with _opened(settings()) as reader:
        letters = _read(reader).chosen(Wanted())
    still_open = sum(letter.state == OPEN for letter in letters)
    said = {"open": still_open, "all": len(letters)}
    click.echo(json.dumps(said) if as_json else f"{still_open} open of {len(letters)} dead letters")


@dead.command()
@click.argument("letter_id", metavar="ID")
@click.option("--all", "whole", is_flag=True, help=f"Print every byte; otherwise the first {SHOWN_BYTES}.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a letter, the bytes in hex.")
@click.pass_obj
def show(settings, letter_id: str, whole: bool, as_json: bool) -> None:
    """Print all that is known of a dead letter: reason, bytes, what they decode to, and what to do next.

    Example: python -m streams dead show 'likes/likes/3/1042'
    """
    with _opened(settings()) as reader:
        letters = _read(reader)
        for letter in letters.named([letter_id]):
            body = reader.body(letter)
            known = described(reader.decoder, letters, letter, body)
            click.echo(json.dumps(known) if as_json else "\n".join(page(known, body, whole)))


@dead.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@choosing
@click.option("--why", metavar="TEXT", help="Why, for those who look later.")
@click.option("--yes", is_flag=True, help="Also where something speaks against it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a record.")
@click.pass_obj
def retry(settings, ids, agent, topic, reason, since, why, yes, as_json) -> None:
    """Append refused records again to their topic and partition, as they were: IDs, or all open letters that options choose.

    Every reader of the topic folds the record again, not only who refused it. What that would change is said before.

    Example: python -m streams dead retry 'likes/likes/3/1042' --why 'the agent knows this kind now'
    """
    values = settings()
    with _opened(values) as reader:
        letters = _read(reader)
        records = {letter.record: letters.about(letter.record) for letter in _named(letters, ids, agent, topic, reason, since)}
        bodies = {record: reader.body(about[0]) for record, about in records.items()}
        _refuse_doubtful(reader, records, bodies, yes)
    with _appending(values) as producer:
        for record, about in records.items():
            body = bodies[record]
            again = producer.append_raw(Placement(record.topic, record.partition, body.key), body.value)
            # Should this process die here, the letters stay open, and a second retry appends a repeat, as judged before.
            _settle(producer, about, Settlement.RETRIED, why, again.offset)
            _say(as_json, {"record": str(record), "retried": str(Place(*again)), "letters": [one.id for one in about]})


@dead.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@choosing
@click.option("--why", metavar="TEXT", help="Why, for those who look later.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a letter.")
@click.pass_obj
def drop(settings, ids, agent, topic, reason, since, why, as_json) -> None:
    """Settle dead letters without doing anything: IDs, or all open letters that options choose. Nothing leaves the log.

    Example: python -m streams dead drop 'likes/likes/3/1042' --why 'a test of the producer'
    """
    values = settings()
    with _opened(values) as reader:
        chosen = _named(_read(reader), ids, agent, topic, reason, since)
    if gone := [letter.id for letter in chosen if letter.state == RETRIED]:
        fail(f"nothing was dropped: {', '.join(gone)} was retried, and its record counts", NOT_DONE)
    with _appending(values) as producer:
        for letter in chosen:
            _settle(producer, [letter], Settlement.DROPPED, why, None)
            _say(as_json, {"record": str(letter.record), "dropped": letter.id})


def _refuse_doubtful(reader: DeadReader, records: dict[Place, list[Letter]], bodies: dict[Place, Body], yes: bool) -> None:
    """End with exit code 1 before anything is appended, when a record can or should not be retried."""
    following = reader.following(bodies)
    against, never = [], False
    for record, about in records.items():
        verdict = judge(reader.decoder, about, bodies[record].value, following[record])
        never = never or verdict.never is not None
        against += [f"{record}: {said}" for said in ([verdict.never] if verdict.never else verdict.doubts)]
    if against and (never or not yes):
        hint = "" if never else "; to append them all the same: --yes"
        fail("\n".join([*against, f"nothing was retried{hint}"]), NOT_DONE)
    for said in against:
        click.echo(said, err=True)


def _named(letters: Letters, ids, agent, topic, reason, since) -> list[Letter]:
    wanted = _wanted(agent, topic, reason, since, True)
    if bool(ids) == (wanted != Wanted(only_open=True)):
        raise click.UsageError("name letters by their ids, or choose open ones with --agent, --topic, --reason or --since")
    found = letters.named(ids) if ids else letters.chosen(wanted)
    if not found:
        fail("no such dead letters are open", NOT_DONE)
    return found


def _wanted(agent, topic, reason, since, only_open) -> Wanted:
    try:
        since_ms = None if since is None else parse_time(since, time.time_ns() // 1_000_000)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    return Wanted(agent, topic, reason, since_ms, only_open)


def _settle(producer: SyncProducer, letters: list[Letter], settlement: Settlement, why: str | None, again: int | None) -> None:
    now_ms, by = time.time_ns() // 1_000_000, _person()
    producer.append_many([settlement_of(letter, settlement, by, now_ms, why, again) for letter in letters])


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _say(as_json: bool, done: dict) -> None:
    if as_json:
        click.echo(json.dumps(done))
    elif "retried" in done:
        click.echo(f"{done['record']} stands again as {done['retried']}; settled: {', '.join(done['letters'])}")
    else:
        click.echo(f"dropped {done['dropped']}")


@contextmanager
def _opened(values) -> Iterator[DeadReader]:
    """Give a reader outside every group; a broker that is away ends the command with exit code 3, a wrong id with 2."""
    consumer = kafka.build_consumer(values.kafka_bootstrap)
    try:
        yield DeadReader(consumer, open_codec().decoder)
    except WrongId as wrong:
        raise click.UsageError(str(wrong)) from wrong
    except NeighbourAway as away:
        fail(str(away), PREREQUISITE)
    except kafka.KafkaException as error:
        fail(f"Kafka at {values.kafka_bootstrap} does not answer: {error.args[0].str()} (make status)", PREREQUISITE)
    except KeyError as missing:
        fail(str(missing.args[0]), PREREQUISITE)
    finally:
        consumer.close()


@contextmanager
def _appending(values) -> Iterator[SyncProducer]:
    try:
        with SyncProducer(values.kafka_bootstrap, values.shards, values.partitions, name="streams-dead") as producer:
            yield producer
    except NeighbourAway as away:
        fail(f"{away}; what was said above is done, the rest is not", PREREQUISITE)


def _read(reader: DeadReader) -> Letters:
    """Read all letters, with progress on a terminal; what is unreadable in their topic is said."""
    columns = (TextColumn("dead letters"), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("dead letters", total=None, rate="")

        def show_progress(done: int, total: int) -> None:
            speed = progress.tasks[task].speed or 0
            progress.update(task, completed=done, total=total, rate=f"{speed:,.0f} records/s")

        letters = reader.letters(show_progress)
    for written, reason in letters.unreadable:
        click.echo(f"{written} is no dead letter that this version can read: {reason}", err=True)
    return letters
