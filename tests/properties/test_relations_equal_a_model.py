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
        self.gone: set[int] = set()
        self.cut_by_block = self.ignored_across_block = 0

    def end(self, pair: tuple[int, int]) -> bool:
        self.accepted.discard(pair)
        return self.wanted.pop(pair, None) is not None

    def learn(self, event: RelationChanged) -> None:
        me, you, at = event.actor_id, event.other_id, event.occurred_at
        mine, theirs = (me, you), (you, me)
        if me == you or {me, you} & self.gone:
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

    def part(self, who: int) -> None:
        """Somebody is gone for ever, with all that was between them and anybody."""
        self.gone.add(who)
        for ties in (self.wanted, self.blocks, self.mutes):
            for pair in [pair for pair in ties if who in pair]:
                del ties[pair]
        self.accepted = {pair for pair in self.accepted if who not in pair}

    def wish(self, pair: tuple[int, int]) -> tuple[str, int]:
        state = "ACCEPTED" if pair in self.accepted else "WANTED" if pair in self.wanted else "NONE"
        return state, self.wanted.get(pair, 0)

    def barrier(self, pair: tuple[int, int]) -> tuple:
        return self.blocks.get(pair), pair[::-1] in self.blocks, *self.mutes.get(pair, (None, None))


def test_after_every_record_what_was_told_is_what_the_model_knows():
    """Kills: a block that cuts one wish only, an accept by the one who wants, a side that is told by half."""
    cut = ignored = parted = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        model, play = Model(), Play(relations.fold)
        wishes: dict = {}
        barriers: dict = {}
        presences = histories.presences(random, random.choice((0, 20)))
        for event in histories.interleaved(random, histories.relations(random, 40), presences):
            if isinstance(event, RelationChanged):
                model.learn(event)
            elif event.presence == "GONE":
                parted += len(model.wanted) + len(model.blocks) + len(model.mutes)
                model.part(event.user_id)
                parted -= len(model.wanted) + len(model.blocks) + len(model.mutes)
            for caused in play.when(event).events:
                match caused.event:
                    case FollowerChanged() as told:
                        key, now = (told.follower_id, told.followee_id), (told.wish, told.wanted_at)
                        assert wishes.get(key) != now or set(key) & model.gone, "told although nothing changed"
                        wishes[key] = now
                    case BarrierChanged() as told:
                        key = (told.user_id, told.other_id)
                        now = (told.blocking_since, told.blocked_by, told.muting_since, told.muted_until)
                        assert barriers.get(key) != now or set(key) & model.gone, "told although nothing changed"
                        barriers[key] = now
            pairs = [(one, other) for one in histories.PEOPLE[:3] for other in histories.PEOPLE[:3] if one != other]
            for pair in pairs:
                assert wishes.get(pair, ("NONE", 0)) == model.wish(pair), f"seed {seed}"
                assert barriers.get(pair, (None, False, None, None)) == model.barrier(pair), f"seed {seed}"
        cut += model.cut_by_block
        ignored += model.ignored_across_block
    assert cut > 0 and ignored > 0 and parted > 0


def test_any_interleaving_with_who_is_gone_ends_in_the_same_state():
    """Kills: a pair that is kept since it was read after one of the two was gone; an index of the pairs that forgets a side."""
    gone = 0
    for seed in range(ROUNDS):
        random = Random(seed)
        deeds, presences = histories.relations(random, 40), histories.presences(random, 20)
        first = Play(relations.fold).given(*deeds, *presences)
        for order in ([*presences, *deeds], list(histories.interleaved(random, deeds, presences))):
            assert Play(relations.fold).given(*order, batch_of=random.randint(1, 5)).state.items == first.state.items
        gone += any(event.presence == "GONE" for event in presences)
    assert gone > 0
