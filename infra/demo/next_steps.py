"""Commands to paste after a demo: the same numbers asked of the API, the log, PostgreSQL and Redis."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.ids import shard_of

RUN = ".venv/bin/python"


@dataclass(frozen=True)
class Surroundings:
    """What the commands need to know of the stack; the passwords stay in its settings."""

    api_url: str
    shards: int
    servers: int
    redis_port: int


def next_commands(around: Surroundings, username: str, token: str, photo: int, builds: dict[str, int]) -> list[tuple[str, str]]:
    """Return (what it shows, command) pairs about one person and one photo, to be run in the checkout.

    `builds` gives the build of each projection that is read now; 1 where it says nothing.
    """
    api, shard = around.api_url, shard_of(photo)
    # Each server has a contiguous share of the shards, as `ShardMap.spread` deals them out.
    server = next(n for n in range(around.servers) if shard < around.shards * (n + 1) // around.servers)
    psql = f'psql "{setting(f"postgres_dsns[{server}]")}" -x -c'
    # A URL without a user's name is refused by redis-cli: the password goes by its variable.
    redis = f'REDISCLI_AUTH="{setting("redis_password.get_secret_value()")}" redis-cli -p {around.redis_port}'
    photos = f"shard{shard:04d}.photos_{builds.get('photos', 1)}"
    # Shown to a person, never run here.
    row = f"SELECT * FROM {photos} WHERE photo_id = {photo}"  # noqa: S608
    likes = f"{{s{shard:04d}}}n.{builds.get('counters', 1)}:likes:{photo}"
    return [
        (
            f"the feed of {username}",
            f"curl -s -H 'Authorization: Bearer {token}' '{api}/v1/feed?limit=3' | python3 -m json.tool",
        ),
        (
            f"what others did that concerns {username}",
            f"curl -s -H 'Authorization: Bearer {token}' '{api}/v1/notifications?limit=5' | python3 -m json.tool",
        ),
        ("another token, when this one has run out", f"{RUN} -m api token --user {username}"),
        ("the photo at 640 px, and how long one may keep it", f"curl -sI {api}/photos/{photo}/640.jpg"),
        ("why the hashtags trend", f"curl -s '{api}/v1/trends/hashtags?limit=3' | python3 -m json.tool"),
        ("the likes as they were given, from the log", f"{RUN} -m streams replay likes --where kind=LIKED --to - | head -3"),
        ("the events behind one number", f"{RUN} -m projections explain likes {photo}"),
        ("the photo's row in its shard", f"{psql} '{row}'"),
        ("its number of likes in Redis", f"{redis} GET '{likes}'"),
        ("every projection, its lag and freshness", "make status"),
    ]


def setting(expression: str) -> str:
    """A shell expression for one setting, so that no password stands on the screen."""
    return f"$({RUN} -c 'from infra.settings import load_settings as s; print(s().{expression})')"
