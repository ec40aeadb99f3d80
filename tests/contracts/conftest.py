"""A Redis that lives for the tests of one module alone and needs no stack."""

import asyncio
import shutil
import socket
import subprocess
import time

import pytest

from projections.redis_store import RedisStore

START_SECONDS = 10


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("redis-server is not installed; run: make setup")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    directory = tmp_path_factory.mktemp("redis")
    command = [found, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)):
            assert time.monotonic() < deadline, f"no Redis within {START_SECONDS} s"
            time.sleep(0.02)


@pytest.fixture
def play(url):
    """Runs a story on an empty, prepared store."""

    def played(story):
        async def whole():
            store = RedisStore(url)
            try:
                await store.call("FLUSHALL")
                await store.prepare()
                await store.open()
                return await story(store)
            finally:
                await store.close()

        return asyncio.run(whole())

    return played
