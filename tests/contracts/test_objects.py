"""What every object store must do, the one in memory first."""

import asyncio
import hashlib
import random
import socket
import time
import uuid

import pytest

from streams.fold import NeighbourAway
from streams.memory_objects import MemoryObjects
from streams.objects import ObjectMissing, open_objects
from tests.contracts.object_stores import STORES, opener

BUCKET = "contract"


@pytest.fixture(params=STORES)
def opened(request):
    """Return a function that opens the store, and a prefix of keys that nobody else uses."""
    return opener(request.param), uuid.uuid4().hex


def run(opened, story):
    """Run a story, a coroutine function of (objects, prefix), against an opened store."""
    open_store, prefix = opened

    async def told():
        objects = open_store()
        await objects.prepare([BUCKET])
        try:
            return await story(objects, prefix)
        finally:
            await objects.close()

    return asyncio.run(told())


def test_what_was_put_is_read_back_with_its_type_and_etag(opened):
    async def story(objects, prefix):
        etag = await objects.put(BUCKET, f"{prefix}/a", b"bytes", "image/jpeg")
        stat = await objects.stat(BUCKET, f"{prefix}/a")
        assert await objects.get(BUCKET, f"{prefix}/a") == b"bytes"
        assert (stat.size_bytes, stat.content_type, stat.etag) == (5, "image/jpeg", etag)
        assert '"' not in etag
        await objects.delete(BUCKET, f"{prefix}/a")

    run(opened, story)


def test_a_second_put_replaces_the_whole_object_and_changes_the_etag(opened):
    async def story(objects, prefix):
        first = await objects.put(BUCKET, f"{prefix}/a", b"a longer one", "image/png")
        second = await objects.put(BUCKET, f"{prefix}/a", b"short", "image/jpeg")
        assert await objects.get(BUCKET, f"{prefix}/a") == b"short"
        assert first != second
        assert (await objects.stat(BUCKET, f"{prefix}/a")).content_type == "image/jpeg"
        await objects.delete(BUCKET, f"{prefix}/a")

    run(opened, story)


def test_the_same_bytes_have_the_same_etag(opened):
    async def story(objects, prefix):
        etags = {await objects.put(BUCKET, f"{prefix}/{name}", b"same", "image/jpeg") for name in "ab"}
        assert len(etags) == 1
        for name in "ab":
            await objects.delete(BUCKET, f"{prefix}/{name}")

    run(opened, story)


def test_what_is_not_there_is_said_to_be_missing_by_its_name(opened):
    async def story(objects, prefix):
        for read in (objects.get, objects.stat):
            with pytest.raises(ObjectMissing, match=f"no object '{prefix}/none' in bucket 'contract'"):
                await read(BUCKET, f"{prefix}/none")
        with pytest.raises(ObjectMissing):
            async for _ in objects.stream(BUCKET, f"{prefix}/none"):
                pass
        assert not await objects.exists(BUCKET, f"{prefix}/none")

    run(opened, story)


def test_deleting_twice_is_deleting_once(opened):
    async def story(objects, prefix):
        await objects.put(BUCKET, f"{prefix}/a", b"x", "image/jpeg")
        assert await objects.exists(BUCKET, f"{prefix}/a")
        await objects.delete(BUCKET, f"{prefix}/a")
        await objects.delete(BUCKET, f"{prefix}/a")
        assert not await objects.exists(BUCKET, f"{prefix}/a")

    run(opened, story)


@pytest.mark.parametrize(("first", "length"), [(0, None), (0, 0), (0, 1), (70_000, None), (65_535, 2), (199_999, 5)])
def test_a_range_is_streamed_in_pieces(opened, first, length):
    body = bytes(range(256)) * 782  # 200,192 bytes: four pieces
    wanted = body[first:] if length is None else body[first : first + length]

    async def story(objects, prefix):
        await objects.put(BUCKET, f"{prefix}/a", body, "image/jpeg")
        pieces = [piece async for piece in objects.stream(BUCKET, f"{prefix}/a", first, length)]
        assert b"".join(pieces) == wanted
        assert all(len(piece) <= 65_536 for piece in pieces)
        await objects.delete(BUCKET, f"{prefix}/a")

    run(opened, story)


def test_a_stream_that_is_left_early_does_not_spoil_the_next(opened):
    async def story(objects, prefix):
        await objects.put(BUCKET, f"{prefix}/a", b"x" * 300_000, "image/jpeg")
        async for _ in objects.stream(BUCKET, f"{prefix}/a"):
            break
        assert len(await objects.get(BUCKET, f"{prefix}/a")) == 300_000
        await objects.delete(BUCKET, f"{prefix}/a")

    run(opened, story)


def test_a_bucket_is_made_when_it_is_first_written_to(opened):
    async def story(objects, prefix):
        bucket = f"contract-{prefix}"
        await objects.delete(bucket, "a")
        assert not await objects.exists(bucket, "a")
        await asyncio.gather(*(objects.put(bucket, key, b"x", "image/jpeg") for key in "abcd"))
        assert await objects.get(bucket, "a") == b"x"

    run(opened, story)


def test_many_at_once_do_not_mix(opened):
    async def story(objects, prefix):
        bodies = {f"{prefix}/{n}": bytes([n]) * 1_000 for n in range(40)}
        await asyncio.gather(*(objects.put(BUCKET, key, body, "image/jpeg") for key, body in bodies.items()))
        read = await asyncio.gather(*(objects.get(BUCKET, key) for key in bodies))
        assert read == list(bodies.values())
        await asyncio.gather(*(objects.delete(BUCKET, key) for key in bodies))

    run(opened, story)


# Less than a part, more than two, and nothing at all.
@pytest.mark.parametrize("size", [0, 70_000, 17 * 1024 * 1024])
def test_a_file_is_stored_and_fetched_with_its_checksum(opened, tmp_path, size):
    body = random.Random(size).randbytes(size)
    (tmp_path / "sent").write_bytes(body)

    async def story(objects, prefix):
        await objects.put_file(BUCKET, f"{prefix}/a", tmp_path / "sent")
        assert (await objects.stat(BUCKET, f"{prefix}/a")).size_bytes == size
        summed = await objects.get_file(BUCKET, f"{prefix}/a", tmp_path / "fetched")
        assert (tmp_path / "fetched").read_bytes() == body
        assert summed == hashlib.sha256(body).hexdigest()
        await objects.delete(BUCKET, f"{prefix}/a")

    run(opened, story)


def test_a_file_that_is_not_there_is_missing_by_its_name(opened, tmp_path):
    async def story(objects, prefix):
        with pytest.raises(ObjectMissing, match=f"no object '{prefix}/none' in bucket 'contract'"):
            await objects.get_file(BUCKET, f"{prefix}/none", tmp_path / "fetched")

    run(opened, story)


def test_a_listing_gives_what_begins_so_by_key_with_sizes_and_the_store_s_time(opened):
    async def story(objects, prefix):
        bodies = {f"{prefix}/b": b"22", f"{prefix}/a/deep/er": b"1", f"{prefix}/c": b"", f"{prefix}-outside": b"0"}
        for key, body in bodies.items():
            await objects.put(BUCKET, key, body, "image/jpeg")
        listed = await objects.listing(BUCKET, f"{prefix}/")
        assert [(one.key, one.size_bytes) for one in listed] == [
            (f"{prefix}/a/deep/er", 1),
            (f"{prefix}/b", 2),
            (f"{prefix}/c", 0),
        ]
        assert all(abs(one.modified_ms - time.time() * 1000) < 60_000 for one in listed)
        assert await objects.listing(BUCKET, f"{prefix}/none") == []
        assert await objects.listing(f"contract-none-{prefix}", "") == []
        for key in bodies:
            await objects.delete(BUCKET, key)

    run(opened, story)


def test_wrong_credentials_are_a_neighbour_away_that_says_why(opened):
    open_store, prefix = opened

    async def story():
        rightful = open_store()
        if isinstance(rightful, MemoryObjects):
            pytest.skip("memory asks nobody for a key")
        stranger = open_objects(rightful._endpoint, "somebody", "else-entirely")
        with pytest.raises(NeighbourAway, match=r"refused to put contract/.*InvalidAccessKeyId"):
            await stranger.put(BUCKET, f"{prefix}/a", b"x", "image/jpeg")
        await stranger.close()
        await rightful.close()

    asyncio.run(story())


def test_a_store_that_does_not_answer_is_a_neighbour_away_after_bounded_tries():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # Bound and not listening: a connection is refused.
        endpoint = f"127.0.0.1:{taken.getsockname()[1]}"

        async def story():
            objects = open_objects(endpoint, "access", "secret-secret")
            beats = 0

            async def beat():
                nonlocal beats
                while True:
                    await asyncio.sleep(0.01)
                    beats += 1

            beating = asyncio.create_task(beat())
            began = time.monotonic()
            with pytest.raises(NeighbourAway, match=f"object store {endpoint}: read contract/a failed 4 times"):
                await objects.get(BUCKET, "a")
            assert time.monotonic() - began < 10
            assert beats > 50, "the event loop stood still while the client waited"
            beating.cancel()
            await objects.close()

        asyncio.run(story())
