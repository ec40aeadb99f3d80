"""The order of things within a batch, for one agent on one partition. No Kafka and no Faust in here.

Decode; drop what the position has seen and what repeats; fold; write rows under the guard; append events, chunk by chunk, and
await every acknowledgement; append dead letters; commit state with its position; publish progress. Only when all that is done
may the caller acknowledge (I6). What goes wrong is one of three things (I9): a bad record, which is dead-lettered; a neighbour
away, which is retried and then raised; or our own mistake, which is raised at once.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import aclosing
from dataclasses import replace
from itertools import islice
from typing import Any

import msgspec

from schemas.catalog import topic_named
from schemas.crash_points import CrashPoint
from schemas.events import DeadLettered, Event
from streams.decoding import Bad, Raw
from streams.fold import (
    Agent,
    Batch,
    Caused,
    Changes,
    Guard,
    InvariantBroken,
    Progress,
    Refused,
)
from streams.ledger import Ledger, Stamp, parse_stamp
from streams.poison import check_poison
from streams.reprinting import Reprinter
from streams.surroundings import Counts, KeptState, Surroundings, patiently


class BatchLoop:
    """One agent on one partition. `open` first; then `fold`, `flush` and `publish`, never two at a time."""

    def __init__(self, agent: Agent, partition: int, state: KeptState, around: Surroundings) -> None:
        self.agent = agent
        self.partition = partition
        self.counts = Counts()
        self._state = state
        self._around = around
        self._ledger = Ledger(state)
        self._epoch = 0
        self._unflushed = agent.flush is not None
        self._reached: dict[str, int] = {}

    async def open(self) -> None:
        """Make ready: print again what a store owes, and claim an epoch if the agent has several sources."""
        if self.agent.writes:
            await Reprinter(self.agent, self._state, self._around, self.counts, self._printed_at).print_owed()
            self._ledger.forget()
        if self._several_sources:
            self._epoch = await self._around.claim(self.agent.name, self.partition)
            self._around.at(CrashPoint.AFTER_CLAIM)

    def _printed_at(self, epoch: int) -> Guard:
        """Return the guard of a reprint: the state's own position, under an epoch that was claimed for it."""
        return replace(self._guard({}), epoch=epoch)

    def position(self, topic: str) -> int:
        """Return the next offset of a topic that this agent wants."""
        return self._ledger.position(topic)

    def in_a_row(self, topic: str) -> int:
        """Return how many records of a topic, the last that were folded, were dead letters without one between that was not."""
        return self._ledger.in_a_row(topic)

    async def fold(self, topic: str, records: Sequence[Raw], follows: int = 0) -> None:
        """Fold raw records of one topic, in offset order, all the way. When it returns they may be acknowledged.

        `follows` is the offset after what the log gave before. Raises `NeighbourAway` and `InvariantBroken`; then the process
        must end, and the next one begins where the state is.
        """
        position = self._ledger.position(topic)
        if follows > position:
            raise InvariantBroken(
                f"{self.agent.name}: {topic}[{self.partition}] goes on at {follows}, but the state is at {position}: a hole"
            )
        if records and records[0].offset < position:
            records = [record for record in records if record.offset >= position]
        for start in range(0, len(records), self.agent.max_records):
            await self._fold(topic, records[start : start + self.agent.max_records])

    async def flush(self) -> None:
        """Write the rows that could wait, if anything was folded since the last time."""
        if not self._unflushed or self.agent.flush is None:
            return
        # A name of its own, because a store refuses a second write under the guard of the batch it already has.
        guard = replace(self._guard({}), agent=f"{self.agent.name}.flush")
        await self._write(lambda: self.agent.flush(self._state), guard)
        self._around.at(CrashPoint.AFTER_FLUSH)
        self._state.commit()
        self._unflushed = False
        self.counts.flushes += 1

    async def publish(self) -> None:
        """Tell readers how far this agent has come."""
        positions = self._positions()
        ends, until = {}, {}
        for topic, position in positions.items():
            known = self._around.ends(topic, self.partition)
            end, as_of = known if known else (position, 0)
            ends[topic] = max(end, position)
            until[topic] = max(as_of, self._reached.get(topic, 0)) if position >= end else self._reached.get(topic, 0)
        # All topics that may be emitted are named from the start: readers learn from it whom a projection depends on.
        emitted = {topic: {} for topic in self.agent.emits} | self._ledger.emitted
        progress = Progress(self.agent.name, self.partition, positions, ends, until, emitted)
        await self._patiently(lambda: self._around.sink.publish(progress))

    def close(self) -> None:
        """Let go of the state; what was not committed will be folded again."""
        self._state.close()

    async def _fold(self, topic: str, records: Sequence[Raw]) -> None:
        batch, bad = self._around.decoder.decode(topic, self.partition, records)
        guard = self._guard({topic: batch.next_offset})
        changes = await self._write(lambda: self._decide(batch), guard)
        by_offset = {record.offset: record for record in records} if changes.refused else {}
        bad += [Bad(by_offset[refusal.offset], refusal.reason) for refusal in changes.refused]
        limit, place = self._around.patience.dead_letters_in_a_row, f"{topic}[{self.partition}]"
        check_poison(self.agent.name, place, self._ledger, limit, records, bad)
        self._around.at(CrashPoint.AFTER_ROWS)
        await self._append_events(batch, changes, guard)
        self._around.at(CrashPoint.AFTER_EVENTS)
        await self._append([self._dead_letter(topic, one) for one in bad])
        self._around.at(CrashPoint.AFTER_DEAD_LETTERS)
        self._note(batch, guard)
        self._state.commit()
        self._around.at(CrashPoint.AFTER_STATE)
        self._unflushed = self.agent.flush is not None
        self._reached[topic] = records[-1].timestamp
        self.counts.batches += 1
        self.counts.records += len(records)
        self.counts.dead_letters += len(bad)
        await self.publish()
        self._around.at(CrashPoint.BEFORE_COMMIT)

    def _decide(self, batch: Batch) -> Changes:
        """Drop repeats, note their stamps, and fold; an effect decides nothing here."""
        batch, refused = self._without_repeats(batch)
        empty = not batch.records and (batch.columns is None or batch.columns.is_empty())
        changes = Changes() if empty or self.agent.fold is None else self.agent.fold(batch, self._state)
        changes.refused = refused + changes.refused
        return changes

    def _without_repeats(self, batch: Batch) -> tuple[Batch, list[Refused]]:
        if batch.columns is not None or not topic_named(batch.topic).derived:
            return batch, []
        fresh, refused = [], []
        for record in batch.records:
            try:
                stamp = parse_stamp(record.event.event_id)
            except ValueError as error:
                refused.append(Refused(record.offset, f"event_id: {error}"))
                continue
            if self._ledger.admit(batch.topic, stamp):
                fresh.append(record)
        self.counts.repeats += len(batch.records) - len(fresh) - len(refused)
        return replace(batch, records=fresh), refused

    async def _write(self, decide: Callable[[], Changes], guard: Guard) -> Changes:
        """Decide and write the rows. Each try decides anew, since rows may be lazy and a failed write has used them up."""

        async def once() -> Changes:
            self._state.forget()
            self._ledger.forget()
            changes = decide()
            if changes.rows:
                rows = {name: self._counted(given) for name, given in changes.rows.items()}
                await self._around.sink.commit(guard, rows)
            return changes

        return await self._patiently(once)

    async def _patiently(self, attempt: Callable[[], Awaitable]) -> Any:
        return await patiently(self._around.patience, self.counts, attempt)

    def _counted(self, rows: Iterable[Any]) -> Iterable[Any]:
        """Return the rows; of lazy ones each is a sign of life as it is taken, since one batch may be a long work."""
        return rows if isinstance(rows, Sized) else self._counting(rows)

    def _counting(self, rows: Iterable[Any]) -> Iterator[Any]:
        for row in rows:
            self.counts.rows += 1
            yield row

    async def _append_events(self, batch: Batch, changes: Changes, guard: Guard) -> None:
        indexes: dict[int, int] = {}
        if self.agent.effect is not None:
            async with aclosing(self.agent.effect(batch, self._state)) as caused_events:
                async for caused in caused_events:
                    self._around.at(CrashPoint.MID_EFFECT)
                    await self._append([self._stamped(caused, guard, indexes)])
            return
        # Lazy events are read from the state between two chunks; nothing but the runtime's own keys is written meanwhile.
        waiting = iter(self._in_order(changes.events))
        chunk = list(islice(waiting, self._around.events_at_once))
        while chunk:
            await self._append([self._stamped(caused, guard, indexes) for caused in chunk])
            if chunk := list(islice(waiting, self._around.events_at_once)):
                self._around.at(CrashPoint.MID_EVENTS)

    def _in_order(self, events: Iterable[Caused]) -> Iterator[Caused]:
        """Yield events; with one source they must stand in the order of their causes, for by that they are named."""
        last = 0
        for caused in events:
            if caused.offset < last and not self._several_sources:
                raise InvariantBroken(f"{self.agent.name}: events must stand in the order of the records that caused them")
            last = caused.offset
            yield caused

    def _stamped(self, caused: Caused, guard: Guard, indexes: dict[int, int]) -> Event:
        """Name an event by its cause: with one source the record, whatever the borders of batches; with several the batch."""
        number = guard.number if self._several_sources else caused.offset + 1
        index = indexes.get(number, 0)
        indexes[number] = index + 1
        stamp = Stamp(self.agent.name, self.partition, self._epoch, number, index)
        return msgspec.structs.replace(caused.event, event_id=stamp.text())

    def _dead_letter(self, topic: str, bad: Bad) -> DeadLettered:
        record = bad.record
        return DeadLettered(
            event_id=f"{self.agent.name}/{topic}/{self.partition}/{record.offset}",
            occurred_at=record.timestamp,
            actor_id=0,
            source=self.agent.name,
            topic=topic,
            partition=self.partition,
            position=record.offset,
            agent=self.agent.name,
            reason=bad.reason,
            raw_key=record.key,
            raw_value=record.value,
        )

    async def _append(self, events: Sequence[Event]) -> None:
        if not events:
            return
        emitted = self._ledger.emitted
        for topic, partition, offset in await self._around.log.append_many(events):
            ends = emitted.setdefault(topic, {})
            ends[partition] = max(ends.get(partition, 0), offset + 1)
        self._ledger.set_emitted(emitted)
        self.counts.events += len(events)

    def _note(self, batch: Batch, guard: Guard) -> None:
        self._ledger.set_position(batch.topic, batch.next_offset)
        if self._several_sources:
            self._ledger.set_number(guard.number)

    @property
    def _several_sources(self) -> bool:
        return len(self.agent.sources) > 1

    def _positions(self) -> dict[str, int]:
        return {topic: self._ledger.position(topic) for topic in self.agent.sources}

    def _guard(self, after: Mapping[str, int]) -> Guard:
        """Return the guard of a batch after which these positions hold; without any, of the last batch."""
        sources = {**self._positions(), **after}
        several = self._several_sources
        number = self._ledger.number + bool(after) if several else sources[self.agent.sources[0]]
        return Guard(self.agent.name, self.partition, self._epoch, number, sources)
