"""One run: set the stage, let people act while faults strike, let everything come back, and compare."""

import secrets
import threading
import time
from collections.abc import Callable
from random import Random

from infra.settings import Settings
from infra.supervision import Supervisor
from projections.catalog import PROJECTIONS
from tests.chaos import proof
from tests.chaos.actors import Actors
from tests.chaos.cast import Cast
from tests.chaos.compare import Difference, Kind
from tests.chaos.ending import Ending, Unanswered
from tests.chaos.figures import Figures
from tests.chaos.ledger import Ledger
from tests.chaos.plan import Means, draw, may_strike
from tests.chaos.readers import Readers
from tests.chaos.recovery import Watch, wait_back
from tests.chaos.stage import gather
from tests.chaos.strikes import Striker, programs_of
from tests.chaos.testimony import testify
from tests.integration.running_stack import RunningStack

ACTORS = 12
# Between two faults, in seconds; then until somebody got an answer again, but not for ever.
GAPS = (1.5, 4.5)
GO_ON_SECONDS = 8.0
DRAWS = 40
BACK_SECONDS = 240.0
FAULTS_A_MINUTE = 12
# A run that is slow to be hit goes on for so much longer, to have its number of faults.
LONGEST = 1.5

Say = Callable[[str], None]


class Run:
    """One run on a stack that is up."""

    def __init__(self, settings: Settings, seed: int, minutes: float, say: Say, without: frozenset[Means]) -> None:
        self.settings = settings
        self.figures = Figures(seed, brokers=settings.brokers, workers=settings.workers, wanted=int(minutes * FAULTS_A_MINUTE))
        self.figures.projections = len(PROJECTIONS)
        self.ledger = Ledger(settings.data / "ledger.jsonl")
        self._minutes = minutes
        self._say = say
        self._without = without
        self._over = threading.Event()
        self._faults = (settings.data / "faults.log").open("w")
        roles = Supervisor(settings.data).shape()["roles"]
        programs = {one.name: one for one in programs_of(settings, roles)}
        self._striker = Striker(settings, programs.values(), lambda: self._watch.flush())
        self._watch = Watch(settings, programs, self._striker, self.ledger)

    def play(self) -> Figures:
        """Run from the first account to the last digest; what is wrong stands in the figures."""
        cast = gather(self.ledger, self.settings.api_url, self._over, secrets.token_hex(3), ACTORS)
        self._say(f"{len(cast.people)} people; the stage is set")
        actors, readers = Actors(cast, self.figures.seed), Readers(cast, self.figures.seed)
        self._watch.start()
        began = time.monotonic()
        actors.start()
        readers.start()
        try:
            self._strike_on(began)
        finally:
            self._striker.go_on()
            cast.stopping.set()
            self._over.set()
        self.figures.minutes = (time.monotonic() - began) / 60
        self._say(f"the faults are over, {len(self.figures.faults)} hit; waiting until all is back")
        actors.join(BACK_SECONDS)
        self.ledger.differ(*wait_back(self._watch, BACK_SECONDS))
        readers.stop()
        self._watch.stop()
        self._compare(cast)
        return self._finished()

    # --- faults -------------------------------------------------------------------------------------------------------------

    def _strike_on(self, began: float) -> None:
        chance = Random(self.figures.seed)
        until, at_most = began + self._minutes * 60, began + self._minutes * 60 * LONGEST
        said = began
        while (now := time.monotonic()) < until or (len(self.figures.faults) < self.figures.wanted and now < at_most):
            before = self.ledger.counts["acknowledged"]
            time.sleep(chance.uniform(*GAPS))
            self._wait_for_answers(before)
            self._strike_once(chance)
            if time.monotonic() - said > 5:
                said = time.monotonic()
                self._say(self._where(said - began))

    def _wait_for_answers(self, before: int) -> None:
        """Wait until things go on: a write was acknowledged since the last fault."""
        until = time.monotonic() + GO_ON_SECONDS
        while self.ledger.counts["acknowledged"] <= before and time.monotonic() < until:
            time.sleep(0.05)

    def _strike_once(self, chance: Random) -> None:
        suffering, down = self._watch.suffering(), self._striker.down()
        for _ in range(DRAWS):
            fault = draw(chance, self._striker.names, self._without)
            if may_strike(fault, suffering, down):
                break
        else:
            return
        at = self.ledger.seconds
        struck = self._striker.strike(fault)
        hit = "hit" if struck else "missed"
        self._faults.write(
            f"{time.strftime('%H:%M:%S')} {at:8.2f} s  {fault.means:18} {fault.target:12} {fault.seconds:.1f} {hit}\n"
        )
        self._faults.flush()
        if struck is None:
            self.figures.missed += 1
            return
        self.figures.faults.append(fault)
        self._watch.add(struck)

    def _where(self, seconds: float) -> str:
        counts = self.ledger.counts
        return (
            f"{seconds:5.0f} of {self._minutes * 60:.0f} s: {len(self.figures.faults)} faults hit, "
            f"{counts['acknowledged']:,} writes acknowledged, {counts['retries']:,} retries, "
            f"{counts['looks']:,} looks, {len(self._watch.suffering())} not yet back, {len(self.ledger.differences)} wrong"
        )

    # --- comparing ------------------------------------------------------------------------------------------------------------

    def _compare(self, cast: Cast) -> None:
        stack = RunningStack(self.settings)
        self._say("waiting until everything is folded")
        ending = Ending(cast)
        self.ledger.differ(*ending.wait_ready())
        self.ledger.differ(*proof.wait_folded(stack))
        self._say("comparing every list and count with what was acknowledged")
        self.ledger.differ(*ending.differences())
        self.ledger.differ(*self._by_the_oracle(ending))
        self.figures.compared = ending.compared
        self.figures.doubled_without_key = len(ending.doubled_without_key)
        self.figures.dead_letters = proof.dead_letters(self.settings.kafka_bootstrap, self.settings.partitions)
        if self.figures.dead_letters:
            self.ledger.differ(Difference(Kind.STACK, f"{self.figures.dead_letters} dead letters"))
        self._say(f"rebuilding all {len(PROJECTIONS)} projections from offset zero")
        self.figures.equal, wrong = proof.rebuild_all(stack)
        self.ledger.differ(*wrong)
        self.figures.crossings = proof.crossings(stack, cast.star.id)

    def _by_the_oracle(self, ending: Ending) -> list[Difference]:
        try:
            return list(testify(self.settings, ending))
        except Unanswered as nothing:
            return [Difference(Kind.UNANSWERED, str(nothing))]

    def _finished(self) -> Figures:
        self.figures.counts = self.ledger.counts
        self.figures.recoveries = self._watch.recoveries
        self.figures.differences = self.ledger.differences
        self.ledger.close()
        self._faults.close()
        return self.figures
