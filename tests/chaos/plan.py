"""Which fault comes next, drawn from a seed, and whether it may strike now. Pure."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Means(StrEnum):
    """What is done to a target."""

    KILL = "kill -9"
    FREEZE = "SIGSTOP, SIGCONT"
    STOP = "clean stop"
    FLUSH = "FLUSHALL"
    FORGET = "state deleted"


class Group(StrEnum):
    """What kind of component a target is."""

    WORKER = "worker"
    API = "api"
    REDIS = "redis"
    BROKER = "broker"
    POSTGRES = "postgres"
    OBJECTS = "objects"


# How often, among a hundred.
GROUPS = {Group.WORKER: 42, Group.API: 15, Group.REDIS: 12, Group.BROKER: 13, Group.POSTGRES: 11, Group.OBJECTS: 7}
MEANS = {Means.KILL: 55, Means.FREEZE: 25, Means.STOP: 20}
SPECIAL = {Group.REDIS: (Means.FLUSH, 0.2), Group.WORKER: (Means.FORGET, 0.06)}
# One of these at a time: of three brokers two must live, and a neighbour that is away is one, not all.
ALONE = {Group.BROKER, Group.POSTGRES}
FROZEN_SECONDS = (2.0, 6.0)


@dataclass(frozen=True)
class Fault:
    """One fault. `seconds` is how long a frozen one stands still."""

    means: Means
    group: Group
    target: str
    seconds: float = 0.0


def group_of(name: str) -> Group | None:
    """Return the group of a component by its name; None for one that is left alone."""
    for group, start in ((Group.BROKER, "kafka"), (Group.POSTGRES, "postgres")):
        if name.startswith(start):
            return group
    if name == "registry":
        return None
    return Group(name) if name in ("api", "redis", "objects") else Group.WORKER


def draw(chance: Random, components: Sequence[str], without: Set[Means] = frozenset()) -> Fault:
    """Draw the next fault among the components of a stack, by other means than those that are left out."""
    while (fault := _draw(chance, components)).means in without:
        pass
    return fault


def _draw(chance: Random, components: Sequence[str]) -> Fault:
    group = chance.choices(list(GROUPS), list(GROUPS.values()))[0]
    target = chance.choice(sorted(name for name in components if group_of(name) is group))
    means = chance.choices(list(MEANS), list(MEANS.values()))[0]
    seconds = chance.uniform(*FROZEN_SECONDS) if means is Means.FREEZE else 0.0
    special, share = SPECIAL.get(group, (means, 0.0))
    if chance.random() < share:
        return Fault(special, group, target)
    return Fault(means, group, target, seconds)


def may_strike(fault: Fault, suffering: Set[tuple[Group, str]], down: Set[str]) -> bool:
    """Return whether a fault may strike: `suffering` are targets that are not back, `down` those that do not run just now."""
    if fault.target in down:
        return False
    return fault.group not in ALONE or not any(group is fault.group for group, _ in suffering)
