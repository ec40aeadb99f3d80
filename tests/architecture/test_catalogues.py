"""The catalogues agree with each other and with the files: a missing line is named."""

from pathlib import Path

import pytest

from agents.catalog import FOLD_MODULES, catalog
from agents.rules import Rules
from projections.catalog import PROJECTIONS
from schemas import events
from schemas.catalog import TOPICS
from streams.state import MemoryState

ROOT = Path(__file__).resolve().parents[2]


def agents():
    return catalog(Rules())


def test_every_event_is_held_by_one_topic():
    declared = {
        name
        for name, thing in vars(events).items()
        if isinstance(thing, type) and issubclass(thing, events.Event) and thing is not events.Event
    }
    held = [event.__name__ for topic in TOPICS for event in topic.holds]
    assert sorted(held) == sorted(declared), "add the missing event to schemas/catalog.py, in one topic"


def test_every_projection_is_written_by_the_agents_that_it_names():
    writers = {p.name: set(p.writers) for p in PROJECTIONS}
    writes = {p.name: {a.name for a in agents() if p.name in a.writes} for p in PROJECTIONS}
    assert writers == writes, "projections/catalog.py and the `writes` of agents/catalog.py must say the same"


def test_every_source_and_every_emitted_topic_is_in_the_catalogue():
    names = {topic.name for topic in TOPICS}
    for agent in agents():
        assert set(agent.sources) <= names, agent.name
        assert set(agent.emits) <= names, agent.name


def test_every_derived_topic_has_one_agent_that_emits_it():
    for topic in TOPICS:
        if topic.derived:
            assert len([a for a in agents() if topic.name in a.emits]) == 1, topic.name


def test_agent_names_are_unique_and_every_agent_has_a_fold_or_an_effect():
    names = [agent.name for agent in agents()]
    assert len(names) == len(set(names))
    assert all((agent.fold is None) != (agent.effect is None) for agent in agents() if agent.name != "resize")


def test_every_fold_module_has_a_specification():
    for name in FOLD_MODULES:
        assert (ROOT / "tests" / "specs" / f"test_{name}.py").exists(), f"write tests/specs/test_{name}.py"


def test_every_agent_that_writes_a_projection_can_print_it_again():
    """A lost store is printed from states; an agent that cannot do it would leave a projection empty for ever."""
    for agent in agents():
        if agent.effect is not None or not agent.writes:
            continue
        assert agent.reprint is not None, f"{agent.name} writes {', '.join(agent.writes)}: give its Agent a `reprint`"
        for projection in agent.writes:
            try:
                rows = agent.reprint(MemoryState(), projection)
            except KeyError:
                raise AssertionError(f"{agent.name} writes {projection}: let its `reprint_of` print it, too") from None
            assert list(rows) == [], f"{agent.name} prints {projection} from an empty state"


def test_no_agent_prints_what_another_one_writes():
    for agent in agents():
        for projection in {p.name for p in PROJECTIONS} - set(agent.writes) if agent.reprint else ():
            with pytest.raises(KeyError, match=projection):
                agent.reprint(MemoryState(), projection)
