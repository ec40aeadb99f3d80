"""The catalogue of agents: one line each, with the topics it reads and what it writes and emits.

Names are identities and never change once deployed. A fold module gives `fold` itself, or a function that takes `Rules`
and returns the fold. Roles: people, content, feeds, media, trends.
"""

from collections.abc import AsyncIterator

from agents import (
    accounts,
    clearing,
    comments,
    fanout,
    follows,
    likers,
    likes,
    notices,
    notifications,
    photos,
    relations,
    terms,
    trend_parse,
    trend_preprocess,
    trend_rank,
    trend_score,
    viewers,
)
from agents.rules import Rules
from streams.fold import Agent, Batch, Caused, Effect, InvariantBroken, State

# The modules that hold folds; the architecture tests read them and want a specification of each.
FOLD_MODULES: tuple[str, ...] = (
    "accounts",
    "relations",
    "follows",
    "viewers",
    "notifications",
    "photos",
    "clearing",
    "likes",
    "likers",
    "comments",
    "notices",
    "fanout",
    "trend_preprocess",
    "trend_parse",
    "trend_score",
    "trend_rank",
    "terms",
)


def unwired(batch: Batch, state: State) -> AsyncIterator[Caused]:
    """Stand where an effect would, for those who only fold (rebuild, replay, tests); running it is our mistake."""
    raise InvariantBroken(f"an effect ran outside a worker, on {batch.topic}[{batch.partition}]@{batch.first_offset}")


def catalog(rules: Rules, resize: Effect = unwired) -> tuple[Agent, ...]:
    """Return every agent, under these rules. `resize` is the effect that makes variants, wired in `agents.wiring`."""
    return (
        accounts.agent(rules),
        relations.agent(),
        follows.agent(rules),
        viewers.agent(),
        notifications.agent(),
        photos.agent(),
        clearing.agent(),
        likes.agent(),
        likers.agent(),
        comments.agent(),
        notices.agent(),
        fanout.agent(rules),
        Agent("resize", "media", ("photos",), effect=resize, emits=("photos",), max_records=64),
        trend_preprocess.agent(),
        trend_parse.agent(),
        trend_score.agent(rules),
        trend_rank.agent(rules),
        terms.agent(),
    )


def agents_of(role: str, agents: tuple[Agent, ...]) -> tuple[Agent, ...]:
    """Return the agents of a role; KeyError, with the roles there are, when there is none."""
    found = tuple(agent for agent in agents if agent.role == role)
    if not found:
        raise KeyError(f"no role {role!r}; there are: {', '.join(sorted({agent.role for agent in agents}))}")
    return found
