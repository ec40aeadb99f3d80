"""Feeds, tag pages and trends through the whole pipeline: whatever is read first, batched or crashed, readers see the same."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from agents.catalog import catalog
from agents.rules import Rules
from projections.memory import MemorySink
from projections.rows import PhotoState
from schemas import events as e
from schemas.events import Event
from schemas.ids import time_of
from streams.fold import Guard, NeighbourAway
from streams.memory import MemoryLog
from streams.pipeline import Pipeline
from streams.producer import Appended
from streams.surroundings import Patience
from tests.properties import histories
from tests.specs import builders as b

ROUNDS = 10
SHARDS, PARTITIONS = 64, 4
RULES = Rules(celebrity_up=3, celebrity_down=1, shards=SHARDS, partitions=PARTITIONS)
# All but what only counts likes and comments, and the effect, whose events the histories bring.
AGENTS = {"accounts", "relations", "follows", "viewers", "photos", "clearing", "fanout", "terms"}
TRENDS = {"trend_preprocess", "trend_parse", "trend_score", "trend_rank"}
# Photos are uploaded after the last of them was taken, so that no id is ahead of the log.
UPLOADED = 10_000_000
WORDS = ("#dawn", "#dawn #dusk", "#Dusk at #Noon", "no tag", None)


class FragileLog(MemoryLog):
    """A log whose answer is sometimes lost: the worker dies and says its events again."""

    random: Random | None = None
    unheard = 0

    async def append_many(self, events: Sequence[Event]) -> list[Appended]:
        appended = await super().append_many(events)
        if self.random is not None and self.random.random() < 0.2:
            self.unheard += 1
            raise NeighbourAway("the log has it, and its answer was lost")
        return appended


class FragileSink(MemorySink):
    """A sink whose answer is sometimes lost."""

    random: Random | None = None

    async def commit(self, guard: Guard, rows: Mapping[str, Iterable[Any]]) -> None:
        await super().commit(guard, rows)
        if self.random is not None and self.random.random() < 0.1:
            raise NeighbourAway("the store has it, and its answer was lost")


def photos(random: Random, length: int) -> list[Event]:
    """Photos of three owners over a day, uploaded, resized, edited, rejected and deleted, in no sensible order."""
    history = []
    for at in range(UPLOADED, UPLOADED + length):
        owner = random.choice(histories.PEOPLE[:3])
        shot = b.photo(owner, random.choice((1, 2, 3, 4_000_000, 9_000_000)))
        words, place = random.choice(WORDS), random.choice(("Rome", None))
        upload = b.uploaded(shot, owner, at, caption=words, place=place)
        frequent = [upload, upload, b.variant(shot, owner, random.choice((150, 150, 320)), at)] * 3
        edited = b.edited(shot, owner, caption=random.choice(WORDS), at=at)
        rare = [edited, b.erased(shot, owner, at=at), b.rejected(shot, owner, at=at), b.erased(shot, owner, b.DEE, at)]
        history.append(random.choice([*frequent, *rare]))
    return history


def accounts(random: Random, length: int) -> list[Event]:
    """Three people who open their accounts and then hide and show them; rarely one leaves for ever."""
    history = [b.opened(who, name) for who, name in zip(histories.PEOPLE, ("ann", "bob", "cy"), strict=False)]
    for at in range(1, length):
        who = random.choice(histories.PEOPLE[:3])
        flips = [b.made(who, True, at), b.made(who, False, at), b.deactivated(who, at), b.reactivated(who, at)]
        history.append(b.closed(who, at) if random.random() < 0.03 else random.choice(flips))
    return history


def filled_log(random: Random) -> FragileLog:
    log = FragileLog(SHARDS, PARTITIONS)
    for history in (accounts(random, 20), histories.relations(random, 40), photos(random, 50)):
        for event in history:
            log.put(event)
    return log


async def ended(seed: int, order: Random | None, crashing: bool = False) -> tuple[FragileSink, FragileLog]:
    """Return the sink and the log when nothing waits any more."""
    log, sink = filled_log(Random(seed)), FragileSink(SHARDS)
    agents = [agent for agent in catalog(RULES) if agent.name in AGENTS | TRENDS]
    pipeline = Pipeline(agents, log, sink, patience=Patience(pauses_seconds=()))
    if crashing:
        log.random = sink.random = order
        for _ in range(6):
            for step in await pipeline.waiting():
                if order.random() < 0.5:
                    try:
                        await pipeline.step(*step, records=order.randint(1, 8))
                    except NeighbourAway:
                        pipeline.crash(step[0], step[1])
        log.random = sink.random = None
    await pipeline.run(order)
    return sink, log


def ready(sink: MemorySink) -> dict[int, int]:
    """Return the owners of the photos that are ready, by photo."""
    return {row.photo_id: row.owner_id for row in sink.rows.get("photo_cards", {}).values() if row.state is PhotoState.READY}


def feed(sink: MemorySink, reader: int, following: set[int]) -> list[int]:
    """Return what a reader sees: pushed and pulled merged, filtered by whom they follow and by what is ready."""
    found = set(sink.ring("timelines", reader).content().ids)
    for row in sink.rows.get("celebrities", {}).values():
        ring = sink.ring("authors", row.author_id).content().ids
        found |= {p for p in ring if any(start <= time_of(p) and (not end or time_of(p) < end) for start, end in row.spans)}
    owners = ready(sink)
    return sorted((p for p in found if owners.get(p) in following | {reader}), reverse=True)


def check_feeds(sink: MemorySink, seed: int) -> int:
    """Check every reader's feed against what it must be; return how many photos of others were in them."""
    viewers = {row.user_id: set(row.following) for row in sink.rows.get("viewers", {}).values()}
    seen = 0
    for reader in histories.PEOPLE:
        following = viewers.get(reader, set())
        wanted = sorted((p for p, owner in ready(sink).items() if owner in following | {reader}), reverse=True)
        assert feed(sink, reader, following) == wanted, f"seed {seed}, reader {reader}"
        seen += sum(owner in following for owner in ready(sink).values())
    return seen


def trending(sink: MemorySink) -> dict:
    """Return the newest board of each kind, but for when it was written, which depends on what was read last."""
    newest: dict[str, Any] = {}
    for row in sink.rows.get("trends", {}).values():
        if row.board not in newest or row.window_start > newest[row.board].window_start:
            newest[row.board] = row
    return {
        board: [(one.rank, one.term, one.people, one.expected, one.peak_at, one.photos) for one in row.ranks]
        for board, row in newest.items()
        if row.ranks
    }


def public_mentions(log: MemoryLog, sink: MemorySink) -> set[int]:
    """Return the photos that may stand on pages: ready, of accounts that are public at the end."""
    public = {}
    for event in log.events("accounts"):
        match event:
            case e.AccountOpened() if event.user_id not in public:
                public[event.user_id] = [not event.private, True, True]
            case e.PrivacyChanged() if event.user_id in public:
                public[event.user_id][0] = not event.private
            case e.AccountDeactivated() | e.AccountReactivated() if event.user_id in public:
                public[event.user_id][1] = isinstance(event, e.AccountReactivated)
            case e.AccountDeleted() if event.user_id in public:
                public[event.user_id][2] = False
    return {photo_id for photo_id, owner in ready(sink).items() if all(public.get(owner, [False]))}


def test_any_order_of_reading_shows_every_reader_the_same_feed_pages_and_trends():
    """Kills: a fold that asks what another topic has said so far; a photo delivered only if it was ready before the follow."""
    seen = listed = ranked = 0
    for seed in range(ROUNDS):
        plain, log = asyncio.run(ended(seed, None))
        shuffled, _ = asyncio.run(ended(seed, Random(seed)))
        for sink in (plain, shuffled):
            seen += check_feeds(sink, seed)
        assert plain.entries.get("term_photos", {}) == shuffled.entries.get("term_photos", {}), seed
        assert trending(plain) == trending(shuffled), seed
        on_pages = {row.photo_id for row in plain.rows.get("term_photos", {}).values()}
        assert on_pages <= public_mentions(log, plain), seed
        listed += len(on_pages)
        ranked += len(trending(plain))
    assert seen and listed and ranked


def test_workers_that_die_between_saying_and_remembering_change_nothing_that_readers_see():
    """Kills: a pre-processor that says only what differs from what it remembers; a fan-out that trusts a delivery it forgot."""
    unheard = 0
    for seed in range(2 * ROUNDS):
        plain, _ = asyncio.run(ended(seed, None))
        crashed, log = asyncio.run(ended(seed, Random(seed), crashing=True))
        check_feeds(crashed, seed)
        assert plain.entries.get("term_photos", {}) == crashed.entries.get("term_photos", {}), seed
        assert trending(plain) == trending(crashed), seed
        unheard += log.unheard
    assert unheard > 0
