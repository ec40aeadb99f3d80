"""The command `python -m streams replay`: a pinned range of a topic into files, or onto standard output."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from streams.export import DuckTarget, LinesTarget, ParquetTarget, Target, manifest
from streams.kafka import Consumer
from streams.replay import DecodeFrames, Replay, pin
from streams.selection import Selection, parse_time, parse_where

TARGETS = ("parquet", "jsonl", "duckdb", "-")
ENDINGS = {"parquet": "", "jsonl": ".jsonl", "duckdb": ".duckdb"}


def open_target(kind: str, out: Path) -> Target:
    """Return the place for rows; FileExistsError when it is taken."""
    match kind:
        case "parquet":
            return ParquetTarget(out)
        case "duckdb":
            return DuckTarget(out)
        case "jsonl":
            return LinesTarget.to_file(out)
        case _:
            return LinesTarget(sys.stdout.buffer)


def run(replay: Replay, target: Target, topic: str) -> None:
    """Move every selected row to the target, with progress on a terminal; nothing is left behind when it fails."""
    columns = (
        TextColumn(f"replay {topic}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(topic, total=replay.total, rate="")
        try:
            for piece in replay.pieces():
                target.write(piece)
                read = sum(count.read for count in replay.counts.values())
                speed = progress.tasks[task].speed or 0
                progress.update(task, completed=read, rate=f"{speed:,.0f} records/s")
        except BaseException:
            target.abandon()
            raise
        target.finish(replay)


def replay_command(tools: Callable[[], tuple[Consumer, DecodeFrames]]) -> click.Command:
    """Return the command; `tools` opens a consumer and a decoder once the options are known to be good."""

    @click.command(
        "replay", epilog="Example: python -m streams replay likes --where kind=LIKED --to parquet --out likes-export"
    )
    @click.argument("topic")
    @click.option("--since", help="First moment: 2h (ago), 2026-01-31, 2026-01-31T12:00:00Z; when the broker took the record.")
    @click.option("--until", help="Moment after the last.")
    @click.option("--key", help="Only records with this key.")
    @click.option("--where", multiple=True, metavar="FIELD=VALUE", help="Only records with this value; may be repeated.")
    @click.option("--partition", type=int, multiple=True, help="Only this partition; may be repeated.")
    @click.option("--to", "kind", type=click.Choice(TARGETS), default="-", help="Where rows go; - is standard output.")
    @click.option("--out", type=click.Path(path_type=Path), help="File or directory; default: the topic's name.")
    @click.option("--dry-run", is_flag=True, help="Print the offsets that would be read, and stop.")
    @click.option("--json", "as_json", is_flag=True, help="Print the closing report as JSON.")
    def replay(topic, since, until, key, where, partition, kind, out, dry_run, as_json):
        """Read a range of TOPIC, outside every consumer group, into files or onto standard output."""
        now_ms = int(time.time() * 1000)
        try:
            selection = Selection(
                topic,
                parse_time(since, now_ms) if since else None,
                parse_time(until, now_ms) if until else None,
                key,
                parse_where(where),
                tuple(partition),
            )
        except ValueError as problem:
            raise click.UsageError(str(problem)) from problem
        consumer, decode = tools()
        try:
            _replay(consumer, decode, selection, kind, out, dry_run, as_json)
        except (KeyError, FileExistsError) as problem:
            raise click.UsageError(problem.args[0]) from problem
        except BrokenPipeError:
            # Whoever reads our lines has read enough, as `head` does. Python would complain when it flushes at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        finally:
            consumer.close()

    return replay


def _replay(consumer, decode, selection: Selection, kind: str, out: Path | None, dry_run: bool, as_json: bool) -> None:
    """Pin, read, write, report; exits with 1 when what was read does not add up."""
    replay = Replay(consumer, selection, pin(consumer, selection), decode)
    if not dry_run:
        run(replay, open_target(kind, out or Path(selection.topic + ENDINGS.get(kind, ""))), selection.topic)
    report = manifest(replay)
    click.echo(json.dumps(report) if as_json else _in_words(selection.topic, report, dry_run), err=kind == "-" and not dry_run)
    if not report["complete"]:
        raise SystemExit(1)


def _in_words(topic: str, report: dict, dry_run: bool) -> str:
    """Return the report as lines for people."""
    lines = []
    for part in report["partitions"]:
        where = f"{topic}[{part['partition']}]@{part['start']}..{part['end']}"
        became = (
            "would be read" if dry_run else "read {read} = written {written} + filtered {filtered} + dead {dead}".format(**part)
        )
        gaps = f"; {part['gaps']} offsets hold no record" if part["gaps"] else ""
        lines.append(f"{where}: {became}{gaps}")
    total = {name: sum(part[name] for part in report["partitions"]) for name in ("read", "written", "filtered", "dead")}
    if not dry_run:
        verdict = "complete" if report["complete"] else "NOT COMPLETE: the sum is wrong; report this"
        lines.append("{read} read = {written} written + {filtered} filtered + {dead} dead: ".format(**total) + verdict)
    return "\n".join(lines)
