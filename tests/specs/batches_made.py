"""What the specifications of the runtime share: an agent that counts likes, likes, and a loop over memory twins."""

from collections import Counter
from dataclasses import dataclass, field

from schemas.crash_points import Hook, pass_by
from schemas.events import FollowerChanged, LikeChanged, LikeKind, WishState
from schemas.ids import EPOCH_MS, compose_id
from streams.batch_loop import BatchLoop
from streams.decoding import BatchDecoder
from streams.fold import Agent, Batch, Caused, Changes, State
from streams.memory import MemoryLog, MemorySink
from streams.state import MemoryState
from streams.surroundings import Patience, Surroundings

SHARD, PARTITION = 9, 1
PHOTO = compose_id(EPOCH_MS + 5, SHARD, 1)
AT = EPOCH_MS + 1_000


def like(n: int, photo: int = PHOTO) -> LikeChanged:
    return LikeChanged(event_id=str(n), occurred_at=AT + n, actor_id=n, source="test", photo_id=photo, kind=LikeKind.LIKED)


def follower(n: int, event_id: str) -> FollowerChanged:
    return FollowerChanged(
        event_id=event_id, occurred_at=AT, actor_id=1, source="test", followee_id=PHOTO, follower_id=n,
        wish=WishState.WANTED, wanted_at=AT,
    )  # fmt: skip


def count(batch: Batch, state: State) -> Changes:
    """Count the likes of each photo; rows are lazy, and come from the state."""
    for photo, more in Counter(batch.columns["photo_id"].to_list()).items():
        state.put(b"n%d" % photo, b"%d" % (int(state.get(b"n%d" % photo) or 0) + more))
    return Changes(rows={"counters": ((key, int(value)) for key, value in state.scan(b"n"))})


def tell(batch: Batch, state: State) -> Changes:
    """Emit one derived event for each like, and a second one for each like of person 3."""
    caused = []
    for offset, actor in zip(batch.columns["offset"], batch.columns["actor_id"], strict=True):
        caused += [Caused(offset, follower(actor, ""))] * (2 if actor == 3 else 1)
    return Changes(events=caused)


COUNT = Agent("count", "test", ("likes",), fold=count, writes=("counters",))
TELL = Agent("tell", "test", ("likes",), fold=tell, emits=("followers",))


@dataclass
class World:
    """Memory twins of the log, the stores and the state, and what happened to them in which order."""

    log: MemoryLog = field(default_factory=lambda: MemoryLog(shards=64, partitions=8))
    sink: MemorySink = field(default_factory=MemorySink)
    state: MemoryState = field(default_factory=MemoryState)
    patience: Patience = field(default_factory=lambda: Patience(pauses_seconds=(0.0, 0.0)))
    at: Hook = pass_by
    events_at_once: int = 2_000

    def loop(self, agent: Agent) -> BatchLoop:
        around = Surroundings(
            decoder=BatchDecoder(self.log.codec.decoder), sink=self.sink, log=self.log, claim=self.log.claim,
            ends=lambda topic, partition: (self.log.end(topic, partition), AT + 9_999), patience=self.patience,
            at=self.at, events_at_once=self.events_at_once,
        )  # fmt: skip
        return BatchLoop(agent, PARTITION, self.state, around)

    async def opened(self, agent: Agent) -> BatchLoop:
        loop = self.loop(agent)
        await loop.open()
        return loop

    async def folded(self, agent: Agent, topic: str = "likes") -> BatchLoop:
        """Open the agent's loop and fold all that waits."""
        loop = await self.opened(agent)
        await loop.fold(topic, self.log.read(topic, PARTITION))
        return loop

    def crashed(self) -> None:
        """Leave only what was committed."""
        self.state = self.state.reopened()
