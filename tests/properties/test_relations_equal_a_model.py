"""What two people are to each other follows from the order of what they did, and from nothing else."""

from random import Random

from agents import relations
from schemas.events import BarrierChanged, FollowerChanged, RelationChanged
from tests.properties import histories
from tests.specs.builders import Play

ROUNDS = 150


class Model:
    """Sets of facts, one rule a line, with none of the fold's structure."""

    def __init__(self) -> None:
        self.wanted: dict[tuple[int, int], int] = {}
        self.accepted: set[tuple[int, int]] = set()
        self.blocks: dict[tuple[int, int], int] = {}
        self.mutes: dict[tuple[int, int], tuple[int, int | None]] = {}
        self.cut_by_block = self.ignored_across_block = 0

    def end(self, pair: tuple[int, int]) -> bool:
        self.accepted.discard(pair)
        return self.wanted.pop(pair, None) is not None

    def learn(self, event: RelationChanged) -> None:
        me, you, at = event.actor_id, event.other_id, event.occurred_at
        mine, theirs = (me, you), (you, me)
        if me == you:
            return
        if event.kind == "FOLLOW_WANTED" and (mine in self.blocks or theirs in self.blocks):
            self.ignored_across_block += 1
        elif event.kind == "FOLLOW_WANTED":
            self.wanted.setdefault(mine, at)
        elif event.kind == "FOLLOW_WITHDRAWN":
            self.end(mine)
        elif event.kind == "FOLLOW_ACCEPTED" and theirs in self.wanted:
            self.accepted.add(theirs)
        elif event.kind == "FOLLOW_REJECTED":
            self.end(theirs)
        elif event.kind == "BLOCKED":
            self.blocks.setdefault(mine, at)
            self.cut_by_block += self.end(mine) + self.end(theirs)
        elif event.kind == "UNBLOCKED":
            self.blocks.pop(mine, None)
        elif event.kind == "MUTED" and (mine not in self.mutes or self.mutes[mine][1] != event.until):
            self.mutes[mine] = (at, event.until)
        elif event.kind == "UNMUTED":
            self.mutes.pop(mine, None)

    def wish(self, pair: tuple[int, int]) -> tuple[str, int]:
        state = "ACCEPTED" if pair in self.accepted else "WANTED" if pair in self.wanted else "NONE"
        return state, self.wanted.get(pair, 0)

    def barrier(self, pair: tuple[int, int]) -> tuple:
        return self.blocks.get(pair), pair[::-1] in self.blocks, *self.mutes.get(pair, (None, None))


def test_after_every_record_what_was_told_is_what_the_model_knows():
    """Kills: a block that cuts one wish only, an accept by the one who wants, a side that is told by half."""
    cut = ignored = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        model, play = Model(), Play(relations.fold)
        wishes: dict = {}
        barriers: dict = {}
        for event in histories.relations(random, 40):
            model.learn(event)
            for caused in play.when(event).events:
                match caused.event:
                    case FollowerChanged() as told:
                        key, now = (told.follower_id, told.followee_id), (told.wish, told.wanted_at)
                        assert wishes.get(key) != now, "told although nothing changed"
                        wishes[key] = now
                    case BarrierChanged() as told:
                        key = (told.user_id, told.other_id)
                        now = (told.blocking_since, told.blocked_by, told.muting_since, told.muted_until)
                        assert barriers.get(key) != now, "told although nothing changed"
                        barriers[key] = now
            pairs = [(one, other) for one in histories.PEOPLE[:3] for other in histories.PEOPLE[:3] if one != other]
            for pair in pairs:
                assert wishes.get(pair, ("NONE", 0)) == model.wish(pair), f"seed {seed}"
                assert barriers.get(pair, (None, False, None, None)) == model.barrier(pair), f"seed {seed}"
        cut += model.cut_by_block
        ignored += model.ignored_across_block
    assert cut > 0 and ignored > 0
