"""Real data that nobody here made, and what plain scripts make of it: csv, dictionaries and sets, and nothing of Darkroom's.

Two files of `shared/data` beside the checkout. MovieLens: 100,836 ratings by 610 people with their times; a rating of 4 or more
is a like, a lower one takes it back. MUSAE: 289,003 undirected edges between people who follow each other on GitHub.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
RATINGS = DATA / "movielens-small" / "ratings.csv"
EDGES = DATA / "graph-github-musae" / "musae_git_edges.csv"
LIKED_FROM = 4.0

# Each item stands for ten photos: nine of its own, and one that it shares with all items of its shelf. Nobody rates an item
# twice, so that only on a shelf something is liked again, or taken back.
COPIES = 9
SHELVES = 100


class Said(NamedTuple):
    """A like, or what takes one back: when (Unix time in ms), by which person, of which photo (copy or shelf, number)."""

    at: int
    person: int
    photo: tuple[str, int]
    liked: bool


class Edge(NamedTuple):
    """One person follows another."""

    follower: int
    followee: int


def missing() -> str | None:
    """Say which of the files is not here; None when all are."""
    gone = [path for path in (RATINGS, EDGES) if not path.exists()]
    return f"the real data is not here: {', '.join(f'shared/data/{p.relative_to(DATA)}' for p in gone)}" if gone else None


def ratings() -> list[tuple[int, int, int, bool]]:
    """Return (time in ms, person, item, liked) of every rating, in the order of time."""
    with RATINGS.open(newline="") as lines:
        rows = csv.DictReader(lines)
        said = [
            (int(r["timestamp"]) * 1000, int(r["userId"]), int(r["movieId"]), float(r["rating"]) >= LIKED_FROM) for r in rows
        ]
    return sorted(said)


def of_photos(rated: Iterable[tuple[int, int, int, bool]], copies: int = COPIES) -> Iterator[Said]:
    """Yield what is said of the photos of each rating's item: so many of its own, and the one of its shelf."""
    for at, person, item, liked in rated:
        for copy in range(copies):
            yield Said(at, person, (f"copy{copy}", item), liked)
        yield Said(at, person, ("shelf", item % SHELVES), liked)


def likers_of(said: Iterable[Said]) -> dict[tuple[str, int], set[int]]:
    """Return who likes each photo in the end; nobody, for those that were only spoken of."""
    likers: dict[tuple[str, int], set[int]] = defaultdict(set)
    for _, person, photo, liked in said:
        if liked:
            likers[photo].add(person)
        else:
            likers[photo].discard(person)
    return dict(likers)


def taken_back(said: Iterable[Said]) -> int:
    """Return how often a like that stood was taken back."""
    standing: set[tuple[int, tuple[str, int]]] = set()
    times = 0
    for _, person, photo, liked in said:
        if liked:
            standing.add((person, photo))
        elif (person, photo) in standing:
            standing.remove((person, photo))
            times += 1
    return times


def edges() -> list[tuple[int, int]]:
    """Return the edges of the graph as they stand in the file."""
    with EDGES.open(newline="") as lines:
        return [(int(one), int(other)) for one, other in csv.reader(lines)]


def hub_of(graph: Iterable[tuple[int, int]]) -> int:
    """Return who has the most edges."""
    degrees: Counter[int] = Counter()
    for edge in graph:
        degrees.update(edge)
    return degrees.most_common(1)[0][0]


def follows(graph: list[tuple[int, int]], many: int) -> list[Edge]:
    """Return so many follows: first everybody who has an edge to the hub follows it, then the other edges, both ways."""
    hub = hub_of(graph)
    found = [Edge(other if one == hub else one, hub) for one, other in graph if hub in (one, other)]
    for one, other in graph:
        if hub not in (one, other):
            found += [Edge(one, other), Edge(other, one)]
    return found[:many]


def followers_of(follows: Iterable[Edge]) -> dict[int, set[int]]:
    """Return who follows each person that is followed."""
    found: dict[int, set[int]] = defaultdict(set)
    for follower, followee in follows:
        found[followee].add(follower)
    return dict(found)
