"""An analyst replays a range of the real log, and gets exactly what was appended, twice the same."""

import json

import duckdb
import polars
import pytest
from click.testing import CliRunner

from schemas.codec import open_codec
from schemas.events import LikeChanged, LikeKind
from streams.cli_replay import replay_command
from streams.frames import frame_decoder
from streams.kafka import build_consumer
from streams.producer import Minter, SyncProducer

pytestmark = pytest.mark.stack
LIKED, UNLIKED = 30, 12


@pytest.fixture(scope="module")
def photo(settings):
    """A photo nobody else knows, with likes in the log: 30 given, then 12 taken back."""
    minter = Minter.open(settings.kafka_bootstrap, "test-replay")
    photo_id = minter.mint(5)
    minter.close()
    kinds = [LikeKind.LIKED] * LIKED + [LikeKind.UNLIKED] * UNLIKED
    events = [
        LikeChanged(
            event_id=str(n),
            occurred_at=1_700_000_000_000 + n,
            actor_id=n % LIKED,
            source="test",
            photo_id=photo_id,
            kind=kind,
        )
        for n, kind in enumerate(kinds)
    ]
    with SyncProducer(settings.kafka_bootstrap, settings.shards, settings.partitions) as producer:
        producer.append_many(events)
    return str(photo_id)


@pytest.fixture
def replay(settings):
    """The command, on the test stack's log."""
    command = replay_command(lambda: (build_consumer(settings.kafka_bootstrap), frame_decoder(open_codec().decoder)))
    return lambda *words: CliRunner().invoke(command, ["likes", *words], catch_exceptions=False)


def test_parquet_holds_what_was_asked_for_in_offset_order_with_its_place(photo, tmp_path, replay):
    out = tmp_path / "likes"
    ran = replay("--key", photo, "--where", "kind=LIKED", "--to", "parquet", "--out", str(out))
    assert ran.exit_code == 0
    rows = polars.read_parquet(out / "LikeChanged" / "**" / "*.parquet")
    assert rows.height == LIKED
    assert rows.columns[:3] == ["partition", "offset", "timestamp"]
    assert rows["offset"].is_sorted()
    assert rows["occurred_at"].dt.epoch("ms").to_list() == [1_700_000_000_000 + n for n in range(LIKED)]
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["complete"]
    assert sum(part["written"] for part in manifest["partitions"]) == LIKED
    assert all(part["read"] == part["end"] - part["start"] and not part["gaps"] for part in manifest["partitions"])


def test_duckdb_and_lines_say_the_same(photo, tmp_path, replay):
    duck, lines = tmp_path / "likes.duckdb", tmp_path / "likes.jsonl"
    assert replay("--key", photo, "--to", "duckdb", "--out", str(duck)).exit_code == 0
    assert replay("--key", photo, "--to", "jsonl", "--out", str(lines)).exit_code == 0
    told = [json.loads(line) for line in lines.read_text().splitlines()]
    with duckdb.connect(str(duck)) as opened:
        rows = opened.execute('select "offset", kind, actor_id from LikeChanged order by "offset"').fetchall()
    assert rows == [(line["offset"], line["kind"], line["actor_id"]) for line in told]
    assert len(rows) == LIKED + UNLIKED


def test_standard_output_carries_lines_only(photo, replay):
    ran = replay("--key", photo, "--to", "-")
    assert [json.loads(line)["photo_id"] for line in ran.stdout.splitlines()] == [int(photo)] * (LIKED + UNLIKED)
    assert "complete" in ran.stderr


def test_a_dry_run_names_offsets_and_reads_nothing(photo, tmp_path, replay):
    ran = replay("--dry-run", "--to", "parquet", "--out", str(tmp_path / "nothing"))
    assert "would be read" in ran.output
    assert not (tmp_path / "nothing").exists()


def test_a_range_that_ends_before_it_begins_is_empty(photo, replay):
    ran = replay("--since", "9999-01-01", "--json", "--to", "-")
    assert json.loads(ran.stderr)["complete"]
    assert ran.stdout == ""


def test_what_is_there_already_is_not_overwritten(photo, tmp_path, replay):
    (tmp_path / "taken").mkdir()
    ran = replay("--to", "parquet", "--out", str(tmp_path / "taken"))
    assert ran.exit_code == 2
    assert "is there already" in ran.output
