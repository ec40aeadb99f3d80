"""Performs a planned world through HTTP: accounts, follows, uploads at a steady pace, likes, comments, second thoughts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.demo.client import Client, DemoError
from infra.demo.measure import Lookout, Watched
from infra.demo.telling import Telling
from infra.demo.world import Deed, Upload, World, make_world

ACCOUNTS_AT_ONCE = 16
# A follow is answered when it was decided, some folds later: many may wait at once.
FOLLOWS_AT_ONCE = 96
DEEDS_AT_ONCE = 24
UPLOADS_AT_ONCE = 2
SETTLE_SECONDS = 60.0
# Lags are as old as the projections' last word, which comes at least once a second.
STEADY_SECONDS = 1.5


@dataclass
class Cast:
    """What the API calls the people, photos and comments of a world: ids and tokens by number."""

    client: Client
    world: World
    run: int
    ids: dict[int, str] = field(default_factory=dict)
    tokens: dict[int, str] = field(default_factory=dict)
    photos: dict[int, str] = field(default_factory=dict)
    comments: dict[int, str] = field(default_factory=dict)
    not_following: int = 0

    def key(self, what: str, number: int) -> str:
        """The idempotency key of one write, the same however often it is sent."""
        return f"demo-{self.run}-{what}-{number}"


async def find_run(client: Client, seed: int) -> int:
    """The number of this run: the first for which nobody has the celebrity's user name yet."""
    for run in range(1, 10_000):
        name = make_world(seed, run, None).celebrity.username
        answer = await client.send("GET", f"/v1/users/@{name}", accept=(200, 404))
        if answer.status_code == 404:
            return run
    raise DemoError("10,000 demos were played here. `make clean` starts over.")


async def each(
    things: Sequence[Any], perform: Callable[[Any], Awaitable[None]], at_once: int, done: Callable[[], None]
) -> None:
    """Perform something for each thing, `at_once` at a time; the first failure ends all."""
    waiting = iter(things)

    async def work() -> None:
        for thing in waiting:
            await perform(thing)
            done()

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())


async def open_accounts(cast: Cast, telling: Telling) -> None:
    """Open an account for everybody; the celebrity first, whose name marks this run as taken."""

    async def open_account(number: int) -> None:
        person = cast.world.people[number]
        body = {"username": person.username, "display_name": person.display_name, "private": person.private}
        answer = (
            await cast.client.send("POST", "/v1/accounts", key=cast.key("account", number), json=body, accept=(201,))
        ).json()
        if "token" not in answer:
            raise DemoError("Opening an account gave no token: the demo needs DARKROOM_ENV=development.")
        cast.ids[number], cast.tokens[number] = answer["id"], answer["token"]

    with telling.phase("accounts opened", len(cast.world.people)) as phase:
        await open_account(0)
        phase.advance()
        await each(range(1, len(cast.world.people)), open_account, ACCOUNTS_AT_ONCE, phase.advance)


async def perform(cast: Cast, deed: Deed) -> None:
    """Send one deed."""
    client, token = cast.client, cast.tokens[deed.who]
    match deed.kind:
        case "follow":
            answer = await client.send("PUT", f"/v1/users/{cast.ids[deed.target]}/follow", token=token, accept=(202,))
            private = cast.world.people[deed.target].private
            cast.not_following += answer.json()["state"] != ("requested" if private else "following")
        case "unfollow":
            await client.send("DELETE", f"/v1/users/{cast.ids[deed.target]}/follow", token=token)
        case "accept":
            await client.send("PUT", f"/v1/follow-requests/{cast.ids[deed.target]}", token=token, accept=(204,))
        case "like":
            await client.send("PUT", f"/v1/photos/{cast.photos[deed.target]}/like", token=token, accept=(204,))
        case "unlike":
            await client.send("DELETE", f"/v1/photos/{cast.photos[deed.target]}/like", token=token, accept=(204,))
        case "comment":
            key, path = cast.key("comment", deed.number), f"/v1/photos/{cast.photos[deed.target]}/comments"
            answer = await client.send("POST", path, token=token, key=key, json={"text": deed.text}, accept=(201,))
            cast.comments[deed.number] = answer.json()["id"]
        case "like_comment":
            await client.send("PUT", f"/v1/comments/{cast.comments[deed.target]}/like", token=token, accept=(204,))


async def perform_all(cast: Cast, telling: Telling, title: str, deeds: Sequence[Deed], at_once: int = DEEDS_AT_ONCE) -> None:
    """Send all deeds of one phase."""
    with telling.phase(title, len(deeds)) as phase:
        await each(deeds, lambda deed: perform(cast, deed), at_once, phase.advance)


async def upload_first(cast: Cast, telling: Telling, files: dict[str, bytes]) -> None:
    """Upload the photos that are not timed."""

    async def one(upload: Upload) -> None:
        cast.photos[upload.number] = (await send_upload(cast, upload, files[upload.shot.file_name]))["id"]

    with telling.phase("first uploads, not timed", len(cast.world.first_uploads)) as phase:
        await each(cast.world.first_uploads, one, UPLOADS_AT_ONCE, phase.advance)


async def upload_at_pace(cast: Cast, telling: Telling, files: dict[str, bytes], per_second: float) -> list[Watched]:
    """Upload on the beat, whether or not the one before has been answered, and watch each until all can see it."""
    loop = asyncio.get_running_loop()
    uploads, lookout = cast.world.timed_uploads, Lookout(cast.client)
    with telling.phase(f"uploads, {per_second:g} a second", len(uploads)) as phase:

        async def one(upload: Upload, due: float) -> Watched:
            await asyncio.sleep(max(0.0, due - loop.time()))
            answer = await send_upload(cast, upload, files[upload.shot.file_name])
            cast.photos[upload.number] = answer["id"]
            watched = await lookout.watch(answer["id"], due, loop.time(), cast.tokens[upload.watcher], upload)
            phase.advance()
            return watched

        start = loop.time() + 0.2
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(upload, start + number / per_second)) for number, upload in enumerate(uploads)]
    return [task.result() for task in tasks]


async def send_upload(cast: Cast, upload: Upload, file: bytes) -> dict[str, Any]:
    """Send one photo; return what the API calls it."""
    fields = {"caption": upload.caption} | ({"place": upload.place} if upload.place else {})
    answer = await cast.client.send(
        "POST",
        "/v1/photos",
        token=cast.tokens[upload.who],
        key=cast.key("upload", upload.number),
        data=fields,
        files={"file": (upload.shot.file_name, file, "image/jpeg")},
        accept=(202,),
    )
    return answer.json()


async def settle(client: Client, telling: Telling, title: str) -> list[dict[str, Any]]:
    """Wait until every projection has folded all there is; return the projections of `/v1/status`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLE_SECONDS
    steady_since: float | None = None
    with telling.phase(title, 1) as phase:
        while True:
            projections = (await client.get("/v1/status"))["projections"]
            # A lag of null is one that nobody has measured yet.
            behind = [p["name"] for p in projections if p["lag_events"] != 0]
            steady_since = (steady_since or loop.time()) if not behind else None
            if steady_since and loop.time() - steady_since >= STEADY_SECONDS:
                phase.advance()
                return projections
            if loop.time() > deadline:
                raise DemoError(
                    f"After {SETTLE_SECONDS:.0f} s these are still behind: {', '.join(behind)}. See `make status`, `make logs`."
                )
            await asyncio.sleep(0.2)


def read_files(paths: Iterable[Path]) -> dict[str, bytes]:
    """The album in memory, by file name, so that no disk is measured."""
    return {path.name: path.read_bytes() for path in paths}
