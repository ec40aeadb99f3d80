"""Where a sink and the oracle part: projection, key, what was wanted and what was found."""

from typing import Any, NamedTuple

from projections.memory import MemorySink
from tests.oracle.shown import shown
from tests.oracle.wanted import World, wanted

NOTHING = "nothing"


class Difference(NamedTuple):
    """One key of one projection that does not show what it must."""

    projection: str
    key: Any
    wanted: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.projection} {self.key}: wanted {self.wanted}, found {self.found}"


def differences(sink: MemorySink, world: World, without: tuple[str, ...] = ()) -> list[Difference]:
    """Return all differences, those of projections `without` left out; an empty list is the proof."""
    must, does = wanted(world), shown(sink, world)
    assert must.keys() == does.keys()
    found = []
    for name in must:
        if name not in without:
            found += [
                Difference(name, key, must[name].get(key, NOTHING), does[name].get(key, NOTHING))
                for key in sorted(must[name].keys() | does[name].keys(), key=repr)
                if must[name].get(key, NOTHING) != does[name].get(key, NOTHING)
            ]
    return found
