"""Specification of what the API refuses at once: too many requests, too many bytes, writes to a log that is away."""

import asyncio
from types import SimpleNamespace

import pytest

from api.app import SPARED, Api
from api.bodies import FORM_LIMIT_BYTES
from api.calls import Call
from api.deadline import Deadline
from api.metrics import Metrics
from api.problems import Problem
from api.routes_photos import ROUTES
from api.shedding import PAUSE_SECONDS, SLOW_SECONDS, Fuse, Load
from streams.producer import Appended, LogUnavailable

UPLOAD = next(route for route in ROUTES if (route.method, route.path) == ("POST", "/v1/photos"))
PLACE = Appended("likes", 0, 7)


class Clock:
    def __init__(self):
        self.seconds = 100.0

    def __call__(self):
        return self.seconds


class MemoryLog:
    """A log that answers when it is told to."""

    def __init__(self):
        self.asked = []

    async def append(self, _event):
        self.asked.append(asyncio.get_running_loop().create_future())
        return await self.asked[-1]

    async def look(self, _timeout_seconds):
        return None


def played(story):
    async def whole():
        clock, log = Clock(), MemoryLog()
        await story(Fuse(log, clock), log, clock)

    asyncio.run(whole())


async def begun(fuse):
    task = asyncio.create_task(fuse.append(None))
    await asyncio.sleep(0)
    return task


async def fail(log, task):
    log.asked[-1].set_exception(LogUnavailable("away"))
    with pytest.raises(LogUnavailable):
        await task


def refused(fuse):
    try:
        fuse.check()
    except Problem as problem:
        assert problem.status == 503
        assert int(problem.headers["Retry-After"]) > 0
        return True
    return False


def test_a_log_that_answers_is_written():
    async def story(fuse, log, _clock):
        task = await begun(fuse)
        assert not refused(fuse)
        log.asked[0].set_result(PLACE)
        assert await task == PLACE
        assert not refused(fuse)

    played(story)


def test_after_a_failure_writes_are_refused_at_once_for_a_moment():
    """Kills: everybody waiting five seconds for a log that is away."""

    async def story(fuse, log, clock):
        task = await begun(fuse)
        clock.seconds += 1
        await fail(log, task)
        assert refused(fuse)
        with pytest.raises(LogUnavailable):
            await fuse.append(None)
        assert len(log.asked) == 1
        clock.seconds += PAUSE_SECONDS
        assert not refused(fuse)

    played(story)


def test_nobody_joins_those_who_wait_too_long_already():
    """Kills: a fuse that blows at the first failure only, when a queue of five seconds stands there."""

    async def story(fuse, log, clock):
        task = await begun(fuse)
        clock.seconds += SLOW_SECONDS
        assert refused(fuse)
        log.asked[0].set_result(PLACE)
        await task
        assert not refused(fuse)

    played(story)


def test_one_at_a_time_tries_whether_the_log_is_back():
    async def story(fuse, log, clock):
        task = await begun(fuse)
        clock.seconds += 1
        await fail(log, task)
        clock.seconds += PAUSE_SECONDS
        trying = await begun(fuse)
        assert refused(fuse)
        log.asked[-1].set_result(PLACE)
        await trying
        assert not refused(fuse)

    played(story)


def test_a_trial_that_fails_is_followed_by_another_pause():
    async def story(fuse, log, clock):
        for _ in range(3):
            task = await begun(fuse)
            clock.seconds += 1
            await fail(log, task)
            assert refused(fuse)
            clock.seconds += PAUSE_SECONDS

    played(story)


def test_one_partition_that_is_away_alone_holds_nobody_off():
    async def story(fuse, log, clock):
        lost = await begun(fuse)
        clock.seconds += 1
        other = await begun(fuse)
        log.asked[1].set_result(PLACE)
        await other
        log.asked[0].set_exception(LogUnavailable("that one is away"))
        with pytest.raises(LogUnavailable):
            await lost
        assert not refused(fuse)

    played(story)


def upload(load, length):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    return Call(SimpleNamespace(load=load), UPLOAD, {"headers": headers}, receive, {})


def status_of(call):
    with pytest.raises(Problem) as caught:
        asyncio.run(call.upload())
    return caught.value.status


def test_uploads_take_room_until_they_are_answered():
    """Kills: pictures that are read into memory however many come at once."""
    load = Load(10, 3_000)
    first, second = upload(load, 2_000), upload(load, 2_000)
    # The forms are empty, which is told once there is room to read them.
    assert status_of(first) == 422
    assert status_of(second) == 503
    first.let_go()
    assert load.upload_bytes == 0
    assert status_of(second) == 422
    second.let_go()
    second.let_go()
    assert load.upload_bytes == 0


def test_an_upload_that_does_not_say_its_length_takes_the_most():
    assert status_of(upload(Load(10, FORM_LIMIT_BYTES - 1), None)) == 503
    assert status_of(upload(Load(10, FORM_LIMIT_BYTES), 1 << 40)) == 422


def sent_for(api, path):
    """Return status and headers of a request to the application."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        raise AssertionError("nothing is read of what is refused")

    async def answered(_scope, _receive, _send):
        sent.append({"status": 200, "headers": []})

    api._answer = answered
    asyncio.run(api({"type": "http", "method": "GET", "path": path}, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1:]


def test_a_request_more_than_a_process_carries_is_refused_unread_and_health_is_not():
    api = Api(lambda: None)
    api.context = SimpleNamespace(load=Load(1, 0), metrics=Metrics())
    assert sent_for(api, "/v1/feed")[0] == 200
    assert api.context.load.requests == 0
    api.context.load.requests = 1
    status, headers, body = sent_for(api, "/v1/feed")
    assert (status, headers[b"content-type"]) == (503, b"application/problem+json")
    assert int(headers[b"retry-after"]) > 0
    assert b"Service Unavailable" in body[0]["body"]
    assert all(sent_for(api, path)[0] == 200 for path in SPARED)


def test_an_answer_that_takes_too_long_is_given_up_as_503_and_others_are_not():
    async def late():
        with Deadline(0.001):
            await asyncio.get_running_loop().create_future()

    async def in_time():
        with Deadline(60):
            await asyncio.sleep(0)
            return "answered"

    with pytest.raises(Problem) as caught:
        asyncio.run(late())
    assert caught.value.status == 503
    assert asyncio.run(in_time()) == "answered"


def test_a_deadline_does_not_hide_that_somebody_else_cancelled():
    async def story():
        async def work():
            with Deadline(60):
                await asyncio.get_running_loop().create_future()

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
