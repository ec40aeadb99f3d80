"""The same submitted twice: one thing, one id, one effect, whichever process is asked and whatever was killed in between."""

import asyncio
import contextlib
import os
import secrets
import sys
from pathlib import Path

import httpx
import pytest

from projections import submissions
from projections.stores import open_stores
from schemas.events import CommentAdded
from schemas.ids import shard_of
from schemas.submissions import submission_of
from streams.edge import Picture
from tests.behaviours import clause
from tests.integration.behaviours.person import until
from tests.integration.behaviours.story import Story
from tests.integration.conftest import png
from tests.integration.workers import free_port

pytestmark = pytest.mark.stack

ROOT = Path(__file__).resolve().parents[3]
BEGINS_SECONDS = 60.0


def a_key() -> dict:
    return {"Idempotency-Key": secrets.token_hex(8)}


def a_file() -> dict:
    return {"file": ("x.png", png(), "image/png")}


@clause("4.1")
async def test_an_upload_sent_many_times_at_once_is_one_photo(story):
    [ann] = await story.people(1)
    key = a_key()
    answers = await asyncio.gather(*(ann.post("/v1/photos", 202, files=a_file(), headers=key) for _ in range(6)))
    [photo] = {answer.json()["id"] for answer in answers}
    await ann.until_ready(photo)
    assert (await ann.counts(ann))["photos"] == 1
    assert await ann.feed() == await ann.ids(f"/v1/users/{ann.id}/photos") == [photo]


@contextlib.asynccontextmanager
async def another_api(story):
    """A second API process beside the first, and the client of it."""
    port = free_port()
    environment = os.environ | story.settings.as_environment()
    command = [sys.executable, "-m", "api", "serve", "--port", str(port)]
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30.0) as client:
            async with asyncio.timeout(BEGINS_SECONDS):
                await until(lambda: is_ready(client))
            yield client
    finally:
        process.terminate()
        await process.wait()


async def is_ready(client: httpx.AsyncClient) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return (await client.get("/readyz")).is_success
    return False


@clause("4.1", "4.2")
async def test_a_repeat_at_another_api_process_is_the_same_thing(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    keys = a_key(), a_key()
    path = f"/v1/photos/{photo}/comments"
    comment = (await bob.post(path, json={"text": "once"}, headers=keys[0])).json()["id"]
    second = (await bob.post("/v1/photos", 202, files=a_file(), headers=keys[1])).json()["id"]
    first_api, story.client = story.client, None
    async with another_api(story) as story.client:
        assert (await bob.post(path, json={"text": "once"}, headers=keys[0])).json()["id"] == comment
        assert (await bob.post("/v1/photos", 202, files=a_file(), headers=keys[1])).json()["id"] == second
        assert await ann.comments(photo) == [comment]
    story.client = first_api
    await bob.until_ready(second)
    assert await bob.ids(f"/v1/users/{bob.id}/photos") == [second]
    assert (await ann.photo(photo))["counts"]["comments"] == 1


@clause("4.2", "4.5")
async def test_a_comment_sent_twice_is_one_comment_and_another_under_its_key_is_refused(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    key, path = a_key(), f"/v1/photos/{photo}/comments"
    first, again = [await bob.post(path, json={"text": "once"}, headers=key) for _ in range(2)]
    assert first.content == again.content
    await bob.post(path, 422, json={"text": "twice"}, headers=key)
    await bob.post("/v1/me/reactivate", 422, headers=key)
    # What is unknown is not content; and the key of another person is another key.
    await bob.post(path, json={"text": "once", "unknown": 1}, headers=key)
    other = (await ann.post(path, json={"text": "once"}, headers=key)).json()["id"]
    assert await ann.comments(photo) == [other, first.json()["id"]]
    assert (await ann.photo(photo))["counts"]["comments"] == 2


@clause("4.1", "4.2")
async def test_the_answer_is_the_same_after_the_thing_was_deleted(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    key, path = a_key(), f"/v1/photos/{photo}/comments"
    comment = (await bob.post(path, json={"text": "gone"}, headers=key)).json()["id"]
    sent = a_key()
    gone = (await ann.post("/v1/photos", 202, files=a_file(), headers=sent)).json()["id"]
    await bob.delete(f"/v1/comments/{comment}")
    await ann.delete(f"/v1/photos/{gone}")
    assert (await bob.post(path, json={"text": "gone"}, headers=key)).json()["id"] == comment
    assert (await ann.post("/v1/photos", 202, files=a_file(), headers=sent)).json()["id"] == gone
    assert await ann.comments(photo) == []
    assert await ann.ids(f"/v1/users/{ann.id}/photos") == [photo]


@clause("4.1", "4.2")
async def test_a_repeat_whose_key_redis_forgot_is_the_same_thing(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    key, path = a_key(), f"/v1/photos/{photo}/comments"
    comment = (await bob.post(path, json={"text": "once"}, headers=key)).json()["id"]
    second = (await bob.post("/v1/photos", 202, files=a_file(), headers=(sent := a_key()))).json()["id"]
    await bob.until_ready(second)
    assert await ann.comments(photo) == [comment]
    settings = story.settings
    async with await open_stores(settings.postgres_dsns, settings.redis_url, settings.shards) as stores:
        # Redis is not lost, so nobody waits for what it might have known: what came of the upload must be told by then.
        submission = submission_of(int(bob.id), "photos", sent["Idempotency-Key"])
        await until(lambda: submissions.one(stores, shard_of(int(bob.id)), int(bob.id), submission))
        names = [f"once:person.{bob.id}:{one['Idempotency-Key']}" for one in (key, sent)]
        assert [await stores.redis.call("DEL", name) for name in names] == [1, 1]
    assert (await bob.post(path, json={"text": "once"}, headers=key)).json()["id"] == comment
    assert (await bob.post("/v1/photos", 202, files=a_file(), headers=sent)).json()["id"] == second
    assert await ann.comments(photo) == [comment]
    assert await bob.ids(f"/v1/users/{bob.id}/photos") == [second]


@clause("4.4")
async def test_one_submission_that_reached_the_log_under_two_ids_is_one_thing(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    uploads, comments = (submission_of(int(bob.id), topic, "twice") for topic in ("photos", "comments"))
    pictures = [story.log.edge.new_id_beside(int(bob.id)) for _ in range(2)]
    content = Picture(png(), "image/png")
    for picture in pictures:
        await story.write(lambda edge, id_=picture: edge.upload_photo(id_, int(bob.id), content, None, None, uploads))
    said = [story.log.edge.new_id_beside(int(photo)) for _ in range(2)]
    for comment in said:
        await story.write(lambda edge, id_=comment: edge.add_comment(id_, int(bob.id), int(photo), "twice", comments))
    await bob.until_ready(str(pictures[0]))
    for reader in (ann, bob):
        assert await reader.ids(f"/v1/users/{bob.id}/photos") == [str(pictures[0])]
        assert (await reader.counts(bob))["photos"] == 1
        await reader.missing(f"/v1/photos/{pictures[1]}")
        assert await reader.comments(photo) == [str(said[0])]
        assert (await reader.photo(photo))["counts"]["comments"] == 1


@clause("4.4", "1.3")
async def test_what_reached_the_log_twice_is_there_once(story: Story):
    ann, bob = await story.people(2)
    edge = story.log.edge
    photo = edge.new_id_beside(int(ann.id))
    for _ in range(2):
        await story.write(lambda edge: edge.upload_photo(photo, int(ann.id), Picture(png(), "image/png"), None, None))
    await ann.until_ready(str(photo))
    said = {"event_id": str(photo), "occurred_at": 1_700_000_000_000, "actor_id": int(bob.id), "source": "python"}
    comment = edge.new_id_beside(photo)
    for _ in range(2):
        await story.append(CommentAdded(**said, comment_id=comment, photo_id=photo, text="twice"))
        assert await ann.comments(str(photo)) == [str(comment)]
    assert (await ann.photo(str(photo)))["counts"]["comments"] == 1
    assert await ann.feed() == await bob.ids(f"/v1/users/{ann.id}/photos") == [str(photo)]
    assert (await bob.counts(ann))["photos"] == 1


@clause("4.6", "1.2")
async def test_taking_back_what_never_was_is_answered_as_done(story):
    ann, bob = await story.people(2)
    photo = await ann.upload()
    comment = await ann.comment(photo)
    for path in (f"/v1/photos/{photo}/like", f"/v1/comments/{comment}/like", f"/v1/users/{ann.id}/block",
                 f"/v1/users/{ann.id}/mute", f"/v1/follow-requests/{ann.id}", f"/v1/me/followers/{ann.id}",
                 "/v1/photos/12/like", "/v1/users/12/block"):  # fmt: skip
        await bob.delete(path)
    await bob.unfollow(ann)
    assert await ann.likes(photo) == 0
    assert await ann.counts(ann) == {"photos": 1, "followers": 0, "following": 0}
    assert await bob.relation(ann) == await ann.relation(bob) == set()
