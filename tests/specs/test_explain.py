"""Specification of what is told of the likes of a photo, record by record."""

import polars

from agents.explain import explain_likes
from schemas.ids import partition_of, shard_of
from streams.frames import frame_decoder
from streams.memory import MemoryLog
from streams.replay import Piece
from streams.state import MemoryState
from tests.behaviours import clause
from tests.specs.builders import ANN, BOB, CY, comment, liked, photo, present, unliked

LOG = MemoryLog(shards=64, partitions=1)
SHOT = photo(ANN)


def pieces(log: MemoryLog, topic: str):
    """Yield what a replay of a topic would, batch by batch of three records."""
    records = log.read(topic, 0)
    for first in range(0, len(records), 3):
        some = records[first : first + 3]
        frames, _ = frame_decoder(log.codec.decoder)(topic, [record.value for record in some])
        for event_type, frame in frames.items():
            places = [some[row] for row in frame["row"]]
            offsets = polars.Series("offset", [record.offset for record in places])
            taken = polars.Series("timestamp", [record.timestamp for record in places]).cast(polars.Datetime("ms", "UTC"))
            yield Piece(event_type, 0, frame.drop("row").with_columns(offsets, taken))


def explained(*events):
    log = MemoryLog(shards=64, partitions=1, codec=LOG.codec)
    for event in events:
        log.put(event)
    assert partition_of(shard_of(SHOT), log.shards, log.partitions) == 0
    steps = explain_likes(pieces(log, "likes"), pieces(log, "presences"), SHOT, MemoryState())
    return [(step.where, step.actor_id, step.kind, step.likes, step.changed) for step in steps]


def test_each_record_about_the_photo_is_a_step_with_the_number_that_it_left():
    told = explained(
        liked(BOB, SHOT, at=1), liked(BOB, SHOT, at=2), liked(CY, SHOT, comment(SHOT), at=3), liked(CY, photo(ANN, 2), at=4),
        liked(CY, SHOT, at=5), unliked(BOB, SHOT, at=6),
    )  # fmt: skip
    assert told == [
        ("likes[0]@0", BOB, "LIKED", 1, 1),
        ("likes[0]@1", BOB, "LIKED", 1, 0),
        ("likes[0]@4", CY, "LIKED", 2, 1),
        ("likes[0]@5", BOB, "UNLIKED", 1, -1),
    ]


@clause("14.2")
def test_who_likes_it_and_leaves_is_a_step_between_those_before_and_after():
    told = explained(
        liked(BOB, SHOT, at=1), present(BOB, "AWAY", at=2), liked(CY, SHOT, at=3), present(ANN, "GONE", at=4),
        present(BOB, "HERE", at=5), present(CY, "GONE", at=6), liked(CY, SHOT, at=7),
    )  # fmt: skip
    assert told == [
        ("likes[0]@0", BOB, "LIKED", 1, 1),
        ("presences[0]@0", BOB, "AWAY", 0, -1),
        ("likes[0]@1", CY, "LIKED", 1, 1),
        ("presences[0]@2", BOB, "HERE", 2, 1),
        ("presences[0]@3", CY, "GONE", 1, -1),
        ("likes[0]@2", CY, "LIKED", 1, 0),
    ]
