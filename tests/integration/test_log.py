"""The log on a real broker: what an acknowledgement means, lanes that are fenced, garbage that is passed, and the commands."""

import asyncio
import json
import time

import pytest
from click.testing import CliRunner
from confluent_kafka import Producer as StockProducer

from infra.settings import load_settings
from schemas.events import LikeChanged, LikeKind
from schemas.ids import compose_id, partition_of, shard_of
from streams.__main__ import main
from streams.kafka import TopicPartition, build_consumer
from streams.lanes import LaneHold, LaneLost, read_leases
from streams.minter import Minter
from streams.producer import LogUnavailable, Producer, SyncProducer
from streams.topics import WrongTopics, verify_topics
from tests.integration.workers import Workers, until

pytestmark = pytest.mark.stack


def a_photo(sequence: int) -> int:
    return compose_id(time.time_ns() // 1_000_000, sequence % 64, sequence % 1_024)


def like(photo: int, n: int = 0) -> LikeChanged:
    return LikeChanged(
        event_id=str(n), occurred_at=1_700_000_000_000, actor_id=n, source="test", photo_id=photo, kind=LikeKind.LIKED
    )


def command(*words: str):
    return CliRunner().invoke(main, words, catch_exceptions=False)


def test_what_was_acknowledged_stands_where_it_was_said_to_stand():
    settings, photo = load_settings(), a_photo(3)

    async def story():
        producer = Producer(settings.kafka_bootstrap, settings.shards, settings.partitions)
        try:
            return await producer.append_many([like(photo, n) for n in range(50)])
        finally:
            await producer.close()

    places = asyncio.run(story())
    assert {place.partition for place in places} == {partition_of(shard_of(photo), settings.shards, settings.partitions)}
    assert [place.offset for place in places] == sorted({place.offset for place in places})
    consumer = build_consumer(settings.kafka_bootstrap)
    consumer.assign([TopicPartition("likes", places[0].partition, places[0].offset)])
    message = consumer.poll(10)
    consumer.close()
    assert (message.key(), message.offset()) == (str(photo).encode(), places[0].offset)


def test_a_log_that_cannot_be_reached_says_so_in_time():
    async def story():
        producer = Producer("127.0.0.1:9", 64, 8, timeout_seconds=0.5)
        try:
            await producer.append(like(a_photo(1)))
        finally:
            await producer.close()

    began = time.monotonic()
    with pytest.raises(LogUnavailable, match=r"did not take the events: .*is Kafka up"):
        asyncio.run(story())
    assert time.monotonic() - began < 5


def test_minters_at_once_mint_in_lanes_of_their_own_and_give_them_back():
    bootstrap = load_settings().kafka_bootstrap
    minters = [Minter.open(bootstrap, f"test-{n}") for n in range(3)]
    lanes = {minter.lane for minter in minters}
    ids = {minter.mint(shard % 64) for minter in minters for shard in range(2_000)}
    for minter in minters:
        minter.close()
    assert len(lanes) == 3
    assert len(ids) == 6_000
    now = time.time_ns() // 1_000_000
    assert all(read_leases(bootstrap)[lane].watermark_ms <= now + 1 for lane in lanes)


def test_a_lane_that_was_leased_by_another_cannot_be_renewed():
    """Kills: a lease that is written without its transaction's fence."""
    bootstrap = load_settings().kafka_bootstrap
    one = LaneHold(bootstrap, 31, "one")
    one.write(1)
    other = LaneHold(bootstrap, 31, "other")
    other.write(2)
    with pytest.raises(LaneLost, match="lane 31 was leased by another holder"):
        one.write(3)
    assert read_leases(bootstrap)[31].holder == "other"


def test_workers_refuse_to_start_when_topics_are_missing_or_of_another_shape():
    settings = load_settings()
    verify_topics(settings.kafka_bootstrap, {"likes", "photos"}, settings.partitions)
    with pytest.raises(WrongTopics, match="topic likes has 8 partitions, wanted 16"):
        verify_topics(settings.kafka_bootstrap, {"likes"}, 16)


def test_garbage_of_a_stock_producer_is_dead_lettered_and_the_next_record_counted(tmp_path):
    settings, photo = load_settings(), a_photo(5)
    partition = partition_of(shard_of(photo), settings.shards, settings.partitions)
    places = []
    stock = StockProducer({"bootstrap.servers": settings.kafka_bootstrap, "compression.type": "lz4"})
    for value in (b"", None, b"not avro", b"\0\0\0\0\1", b"x" * 900_000):
        stock.produce("likes", value, b"key", partition, on_delivery=lambda error, message: places.append(message.offset()))
    assert stock.flush(10) == 0
    with SyncProducer(settings.kafka_bootstrap, settings.shards, settings.partitions) as producer:
        producer.append(like(photo))
    workers = Workers(settings.kafka_bootstrap, tmp_path)
    try:
        workers.start(0)
        until(lambda: workers.counts().get(f"n{photo}") == 1, "the like after the garbage is counted")
    finally:
        workers.kill_all()
    letters = [json.loads(line)["fields"] for line in dead_letters()]
    mine = {letter["position"]: letter for letter in letters if letter["partition"] == partition and letter["topic"] == "likes"}
    assert set(places) <= set(mine)
    assert len(places) == 5
    assert all(mine[offset]["reason"] and mine[offset]["agent"] for offset in places)


def dead_letters() -> list[str]:
    """Return what `tail --json` prints of the dead letters that there are now."""
    settings = load_settings()
    consumer = build_consumer(settings.kafka_bootstrap)
    spans = [consumer.get_watermark_offsets(TopicPartition("dead_letters", n)) for n in range(settings.partitions)]
    consumer.close()
    told = command("tail", "dead_letters", "--from-beginning", "--json", "--limit", str(sum(e - b for b, e in spans)))
    return told.stdout.splitlines()


def test_an_event_is_emitted_and_tailed():
    emitted = command("emit", "AccountOpened", f"username=t{time.time_ns() % 10**12}", "display_name=T", "--json")
    assert emitted.exit_code == 0
    place = json.loads(emitted.stdout)["place"]
    assert place["topic"] == "accounts"
    listed = command("tail", "accounts", "--from-beginning", "--limit", "1", "--json")
    assert json.loads(listed.stdout)["event"]


def test_the_topics_are_there_and_making_them_again_changes_nothing():
    assert "0 topics made" in command("topics", "create").stdout
    rows = json.loads(command("topics", "list", "--json").stdout)
    assert {row["topic"]: row["partitions"] for row in rows}["likes"] == load_settings().partitions
