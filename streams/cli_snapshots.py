"""`python -m streams snapshots`: list what is kept of agents' states in the object store, and prove that it is whole."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from schemas.object_keys import SNAPSHOTS
from streams.cli_topics import PREREQUISITE, fail
from streams.cluster import cluster_id
from streams.fold import NeighbourAway
from streams.objects import ObjectMissing, Objects, open_objects
from streams.snapshot_reading import held, read_manifest, states_held
from streams.snapshots import Manifest, Unusable, absent_files, size_in_words

NOT_WHOLE = 1


class Found(NamedTuple):
    """One snapshot: its key, its manifest unless that cannot be read, and what is wrong with it."""

    key: str
    manifest: Manifest | None
    wrong: str | None

    def line(self) -> str:
        """Return it for people."""
        if self.manifest is None:
            return f"{self.key}: refused: {self.wrong}"
        one = self.manifest
        size = f"{len(one.files)} files, {size_in_words(one.size_bytes)}"
        said = f"{one.agent}/{one.partition}  {one.taken_at}  {one.stands_at}  {size}"
        return f"{said}: refused: {self.wrong}" if self.wrong else said

    def told(self) -> dict[str, Any]:
        """Return it for programs."""
        one = self.manifest
        said = {"key": self.key, "wrong": self.wrong}
        if one is None:
            return said
        return said | {
            "agent": one.agent,
            "partition": one.partition,
            "state_version": one.state_version,
            "taken_at_ms": one.taken_at_ms,
            "positions": one.positions,
            "files": len(one.files),
            "size_bytes": one.size_bytes,
        }


@click.group()
def snapshots() -> None:
    """List the snapshots of agents' states, or verify that they are whole.

    Example: python -m streams snapshots list
    """


@snapshots.command("list")
@click.argument("agent", default="")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a snapshot, a line each.")
@click.pass_obj
def list_(settings, agent: str, as_json: bool) -> None:
    """Print the snapshots of this cluster, or of one AGENT: when each was taken, where it stands, how large it is.

    Example: python -m streams snapshots list likes --json
    """
    found = _run(settings(), lambda objects, cluster: all_found(objects, cluster, agent))
    _print(found, as_json)
    if not found and not as_json:
        click.echo("no snapshots")


@snapshots.command()
@click.argument("agent", default="")
@click.option("--deep", is_flag=True, help="Fetch every file and compare its checksum, not only its size.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a snapshot, a line each.")
@click.pass_obj
def verify(settings, agent: str, deep: bool, as_json: bool) -> None:
    """Check that all files of all snapshots, or of one AGENT's, are there whole; exit code 1 when one is not.

    Example: python -m streams snapshots verify likes --deep
    """
    found = _run(settings(), lambda objects, cluster: verified(objects, cluster, agent, deep))
    _print(found, as_json)
    if wrong := [one for one in found if one.wrong]:
        fail(f"{len(wrong)} of {len(found)} snapshots would be refused; a restore uses the newest good one", NOT_WHOLE)
    if not as_json:
        click.echo(f"{len(found)} snapshots are whole" + ("" if deep else " by the sizes of their files; --deep reads them"))


async def all_found(objects: Objects, cluster: str, agent: str) -> list[Found]:
    """Return every snapshot of a cluster, or of one agent, by agent and partition, the newest first."""
    found = []
    for prefix in await states_held(objects, cluster, agent):
        found += [await _found(objects, key) for key in (await held(objects, prefix)).manifests]
    return found


async def verified(objects: Objects, cluster: str, agent: str, deep: bool) -> list[Found]:
    """Return every snapshot with what is wrong with it; a file that several name is fetched once."""
    found = await all_found(objects, cluster, agent)
    sizes: dict[str, int] = {}
    for prefix in await states_held(objects, cluster, agent):
        sizes |= (await held(objects, prefix)).sizes
    wrong = await _sums(objects, found, sizes) if deep else {}
    return [one._replace(wrong=one.wrong or _first_wrong(one.manifest, sizes, wrong)) for one in found]


async def _found(objects: Objects, key: str) -> Found:
    try:
        return Found(key, await read_manifest(objects, key), None)
    except Unusable as reason:
        return Found(key, None, str(reason))


def _first_wrong(manifest: Manifest, sizes: dict[str, int], wrong: dict[str, str]) -> str | None:
    if absent := absent_files(manifest, sizes):
        there = sizes.get(manifest.file_key(absent[0]))
        return f"its file {absent[0].name} " + (
            "is gone" if there is None else f"has {there:,} bytes, not {absent[0].size_bytes:,}"
        )
    return next((said for file in manifest.files if (said := wrong.get(manifest.file_key(file)))), None)


async def _sums(objects: Objects, found: list[Found], sizes: dict[str, int]) -> dict[str, str]:
    """Fetch each file once, with progress on a terminal, and return what is wrong by key."""
    files = {one.manifest.file_key(file): file for one in found if one.manifest for file in one.manifest.files}
    there = {key: file for key, file in files.items() if key in sizes}
    wrong = {}
    columns = (TextColumn("verify"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with (
        tempfile.TemporaryDirectory() as directory,
        Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress,
    ):
        task = progress.add_task("verify", total=sum(file.size_bytes for file in there.values()))
        for key, file in there.items():
            try:
                summed = await objects.get_file(SNAPSHOTS, key, Path(directory) / "file")
            except ObjectMissing:
                summed = "gone"
            if summed != file.sha256:
                wrong[key] = f"the checksum of its file {file.name} is wrong: {summed[:12]}..., wanted {file.sha256[:12]}..."
            progress.advance(task, file.size_bytes)
    return wrong


def _print(found: list[Found], as_json: bool) -> None:
    for one in found:
        click.echo(json.dumps(one.told()) if as_json else one.line())


def _run(values: Any, story: Callable[[Objects, str], Awaitable[list[Found]]]) -> list[Found]:
    """Run a story over the object store and the cluster of the settings; exit code 3 when one of them is away."""
    access, secret = values.object_access_key.get_secret_value(), values.object_secret_key.get_secret_value()

    async def told() -> list[Found]:
        objects = open_objects(values.object_endpoint, access, secret)
        try:
            return await story(objects, await asyncio.to_thread(cluster_id, values.kafka_bootstrap))
        finally:
            await objects.close()

    try:
        return asyncio.run(told())
    except NeighbourAway as away:
        return fail(str(away), PREREQUISITE)
