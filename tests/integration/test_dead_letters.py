"""Dead letters from the command line, on the real stack: seen, shown, appended again so that they count, and dropped."""

import json
import secrets
import time

import pytest
from click.testing import CliRunner

from infra.settings import load_settings
from schemas.codec import open_codec
from schemas.events import DeadLettered, LikeChanged
from schemas.ids import partition_of, shard_of
from schemas.kinds import LikeKind
from streams.__main__ import main
from streams.kafka import TopicPartition, build_consumer
from streams.placement import Placement
from streams.producer import SyncProducer
from streams.reading import read_range
from streams.selection import Range
from tests.integration.conftest import eventually

pytestmark = pytest.mark.stack


def dead(*words: str, code: int = 0):
    """Run `streams dead`, check its exit code, and return what it said."""
    ran = CliRunner().invoke(main, ["dead", *words], catch_exceptions=False)
    assert ran.exit_code == code, f"{words}: {ran.exit_code}\n{ran.output}"
    return ran


def rows(*words: str) -> list[dict]:
    return [json.loads(line) for line in dead(*words, "--json").stdout.splitlines()]


class Likes:
    """Appends whatever is wanted to the partition of one person's photo, and knows how many like it."""

    def __init__(self, person) -> None:
        self.owner = person()
        self.photo = int(self.owner.upload("Dead letters"))
        self._settings = load_settings()
        self.partition = partition_of(shard_of(self.photo), self._settings.shards, self._settings.partitions)

    def event(self, kind: LikeKind, actor: int) -> bytes:
        now = time.time_ns() // 1_000_000
        made = LikeChanged(
            event_id=secrets.token_hex(6), occurred_at=now, actor_id=actor, source="test", photo_id=self.photo, kind=kind,
            trace="trace-of-a-like",
        )  # fmt: skip
        return open_codec().encoder.encode(made)

    def append(self, value: bytes | None) -> int:
        """Append a record as it is; its offset."""
        with SyncProducer(self._settings.kafka_bootstrap, self._settings.shards, self._settings.partitions) as producer:
            return producer.append_raw(Placement("likes", self.partition, str(self.photo).encode()), value).offset

    def record(self, offset: int) -> tuple[bytes | None, bytes | None]:
        consumer = build_consumer(self._settings.kafka_bootstrap)
        try:
            ((message,),) = read_range(consumer, "likes", Range(self.partition, offset, offset + 1))
            return message.key(), message.value()
        finally:
            consumer.close()

    def end(self) -> int:
        consumer = build_consumer(self._settings.kafka_bootstrap)
        try:
            return consumer.get_watermark_offsets(TopicPartition("likes", self.partition), timeout=10)[1]
        finally:
            consumer.close()

    def named(self, offset: int, agent: str = "likes") -> str:
        return f"{agent}/likes/{self.partition}/{offset}"

    def await_letters(self, offset: int, agents: set[str]) -> None:
        place = f"likes[{self.partition}]@{offset}"
        eventually(
            lambda: {row["agent"] for row in rows("list", "--topic", "likes", "--since", "5m") if row["place"] == place},
            lambda found: found == agents, seconds=60,
        )  # fmt: skip

    def await_count(self, count: int) -> None:
        eventually(
            lambda: self.owner.http.get(
                f"/v1/photos/{self.photo}", headers={"Authorization": f"Bearer {self.owner.token}"}
            ).json()["counts"]["likes"],
            lambda likes: likes == count, seconds=60,
        )  # fmt: skip


@pytest.fixture
def likes(http, person):
    return Likes(person)


def test_garbage_is_listed_shown_and_dropped(likes):
    offset = likes.append(b"not avro at all")
    likes.await_letters(offset, {"likes", "likers", "comments", "notices"})
    listed = [line for line in dead("list", "--open", "--topic", "likes").stdout.splitlines() if f"@{offset} " in line]
    assert len(listed) == 1, "four agents refused one record for one reason"
    assert listed[0].startswith(likes.named(offset, "*"))
    assert "comments,likers,likes,notices" in listed[0]
    shown = dead("show", likes.named(offset)).stdout
    for part in ("not avro at all", "6e 6f 74 20 61 76 72 6f", "comments, likers", "mend its producer", likes.named(offset)):
        assert part in shown, shown

    refused = dead("retry", likes.named(offset), code=1)
    assert "every reader of likes would refuse it" in refused.output
    assert likes.end() == offset + 1, "nothing was appended"

    before = rows("count")[0]
    dead("drop", likes.named(offset, "*"), "--why", "a test")
    assert not [
        row for row in rows("list", "--open", "--topic", "likes") if row["place"] == f"likes[{likes.partition}]@{offset}"
    ]
    (one,) = rows("show", likes.named(offset))
    assert (one["state"], one["why"]) == ("dropped", "a test")
    assert one["settled_by"]
    after = rows("count")[0]
    assert (after["open"], after["all"]) == (before["open"] - 4, before["all"])


def test_a_retried_record_stands_again_as_it_was_and_a_second_letter_knows_where_it_comes_from(likes):
    value = likes.event(LikeKind.UNKNOWN, actor=11)
    offset = likes.append(value)
    likes.await_letters(offset, {"likes"})
    (one,) = rows("show", likes.named(offset))
    assert one["decodes"]["event"] == "LikeChanged"
    assert one["trace"] == "trace-of-a-like"
    (done,) = rows("retry", likes.named(offset), "--why", "a test")
    again = int(done["retried"].rpartition("@")[2])
    assert again > offset
    assert likes.record(again) == likes.record(offset) == (str(likes.photo).encode(), value)
    assert rows("show", likes.named(offset))[0]["state"] == "retried"
    # Nobody was upgraded, so the kind is still unknown, and the record is refused at its new place, too.
    likes.await_letters(again, {"likes"})
    assert rows("show", likes.named(again))[0]["retry_of"] == likes.named(offset)
    assert "was retried before" in dead("retry", likes.named(offset), code=1).output
    dead("drop", likes.named(again))
    assert "was retried" in dead("drop", likes.named(offset), code=1).output


def test_a_retry_changes_nothing_for_those_who_folded_it_and_asks_before_it_has_the_last_word_and_then_counts(likes):
    offset = likes.append(likes.event(LikeKind.LIKED, actor=21))
    likes.await_count(1)
    letter(likes, offset)
    dead("retry", likes.named(offset, "tester"))
    likes.append(likes.event(LikeKind.LIKED, actor=22))
    likes.await_count(2)
    for actor in (21, 22):
        likes.append(likes.event(LikeKind.UNLIKED, actor=actor))
    likes.await_count(0)
    doubted = dead("retry", likes.named(offset, "tester"), code=1).output
    assert "last word" in doubted and "nothing was retried" in doubted and "--yes" in doubted
    dead("retry", likes.named(offset, "tester"), "--yes")
    likes.await_count(1)


def letter(likes: Likes, offset: int) -> None:
    """Write the letter of an agent that would have refused a good record; all real ones have folded it."""
    key, value = likes.record(offset)
    settings = load_settings()
    with SyncProducer(settings.kafka_bootstrap, settings.shards, settings.partitions) as producer:
        producer.append(
            DeadLettered(
                event_id=likes.named(offset, "tester"), occurred_at=1, actor_id=0, source="tester", topic="likes",
                partition=likes.partition, position=offset, agent="tester", reason="a test", raw_key=key, raw_value=value,
            )
        )  # fmt: skip


def test_wrong_ids_and_choices_are_told(http):
    assert dead("show", "likes/likes/0/999999999", code=2).output.count("there is no dead letter") == 1
    assert "is no id of a dead letter" in dead("drop", "nonsense", code=2).output
    assert "name letters by their ids" in dead("retry", code=2).output
    assert "is no time" in dead("list", "--since", "later", code=2).output
    dead("retry", "--agent", "nobody", code=1)
