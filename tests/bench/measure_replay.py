"""A replay of all likes into Parquet, beside decoding them alone."""

import shutil
from pathlib import Path

from infra.settings import Settings
from schemas.codec import open_codec
from schemas.columns import ColumnDecoder
from schemas.events import LikeChanged
from streams.export import ParquetTarget, manifest
from streams.frames import frame_decoder
from streams.kafka import build_consumer
from streams.replay import Replay, pin
from streams.selection import Selection
from tests.bench import plain
from tests.bench.figures import Figure, Say, in_words, spending
from tests.bench.likes_log import TOPIC, LikesLog


def replay_parquet(settings: Settings, log: LikesLog, say: Say) -> Figure:
    """Measure the replay; its counts must add up to the log's."""
    payloads = [value for values in plain.consume(settings.kafka_bootstrap, log) for value in values]
    decoder = open_codec().decoder
    columns = ColumnDecoder(decoder, LikeChanged)
    with spending() as decoding:
        rows = sum(columns.decode(payloads[n : n + plain.CHUNK])[0].height for n in range(0, log.events, plain.CHUNK))
    del payloads
    baseline = rows / decoding.cpu
    say(f"decoding to columns alone: {in_words(baseline)} records a CPU second")
    consumer = build_consumer(settings.kafka_bootstrap)
    out = Path(settings.data) / "bench-replay"
    try:
        selection = Selection(TOPIC)
        target = ParquetTarget(out)
        with spending() as spent:
            replay = Replay(consumer, selection, pin(consumer, selection), frame_decoder(decoder))
            for piece in replay.pieces():
                target.write(piece)
            target.finish(replay)
        told = manifest(replay)
        size = sum(path.stat().st_size for path in out.rglob("*.parquet"))
    finally:
        consumer.close()
        shutil.rmtree(out, ignore_errors=True)
    written = sum(part["written"] for part in told["partitions"])
    return Figure(
        name="replay_parquet",
        value=log.events / spent.cpu,
        unit="records/CPU second",
        baseline=baseline,
        against="decoding to columns alone, in memory",
        note=f"{in_words(log.events / spent.wall)}/s by the clock; {size / log.events:.1f} B each in Parquet",
        exact=told["complete"] and written == rows == log.events,
    )
