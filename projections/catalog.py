"""The catalogue of projections: one line each, with the store that holds it and the agents that write it.

Names are identities and never change once deployed. A change of shape is a new `version`, built beside the old one.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Projection:
    """One projection. `writers` are agents; one column has one writer."""

    name: str
    store: str
    version: int
    writers: tuple[str, ...]


PROJECTIONS = (
    Projection("accounts", "postgres", 1, ("accounts",)),
    Projection("account_cards", "redis", 1, ("accounts",)),
    Projection("followers", "postgres", 1, ("follows",)),
    Projection("celebrities", "redis", 1, ("follows",)),
    Projection("followings", "postgres", 1, ("viewers",)),
    Projection("barriers", "postgres", 1, ("viewers",)),
    Projection("viewers", "redis", 1, ("viewers",)),
    Projection("photos", "postgres", 1, ("photos",)),
    Projection("photo_cards", "redis", 1, ("photos",)),
    Projection("likes", "postgres", 1, ("likers",)),
    Projection("liked", "redis", 1, ("likers",)),
    Projection("comments", "postgres", 1, ("comments",)),
    Projection("submissions", "postgres", 1, ("clearing", "comments")),
    Projection("notifications", "postgres", 1, ("notifications",)),
    Projection("inboxes", "postgres", 1, ("notifications",)),
    Projection("counters", "redis", 1, ("likes", "comments", "photos", "follows", "viewers")),
    Projection("counter_rows", "postgres", 1, ("likes", "comments", "photos", "follows", "viewers")),
    Projection("timelines", "redis", 1, ("fanout",)),
    Projection("authors", "redis", 1, ("fanout",)),
    Projection("term_photos", "postgres", 1, ("terms",)),
    Projection("trends", "postgres", 1, ("trend_rank",)),
)
