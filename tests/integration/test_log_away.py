"""While the log is away, writes are refused at once and reads go on; what was acknowledged is there when it is back."""

import secrets
import threading
import time

import httpx
import pytest

from tests.integration.conftest import eventually
from tests.integration.running_stack import BACK_SECONDS, RunningStack, until

pytestmark = pytest.mark.stack

WRITERS = 24
# The first to come wait for the brokers: five seconds, and one for the client. Then nobody does.
LONGEST_SECONDS = 9.0
SHORT_SECONDS = 2.0


@pytest.fixture
def stack(settings, http):
    return RunningStack(settings)


class Writer(threading.Thread):
    """Comments again and again, each time something new, and notes what came of it and how long it took."""

    def __init__(self, api_url: str, token: str, photo: str) -> None:
        super().__init__()
        self.said: list[tuple[int, float, httpx.Response]] = []
        self.stopping = threading.Event()
        self._http = httpx.Client(base_url=api_url, timeout=30.0, headers={"Authorization": f"Bearer {token}"})
        self._path = f"/v1/photos/{photo}/comments"

    def run(self) -> None:
        while not self.stopping.wait(0.05):
            began = time.monotonic()
            answer = self._http.post(self._path, json={"text": secrets.token_hex(8)})
            self.said.append((answer.status_code, time.monotonic() - began, answer))

    @property
    def refused(self) -> list[float]:
        """How long each refusal took, in seconds."""
        return [seconds for status, seconds, _ in self.said if status == 503]


def test_writes_are_refused_at_once_and_reads_go_on(stack, settings, person):
    """Kills: a pile of requests that each wait for a log that is away; an acknowledgement of what never got there."""
    ann = person()
    photo = ann.upload()
    writers = [Writer(settings.api_url, ann.token, photo) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        until(lambda: all(writer.said for writer in writers), "everybody writes", 60)
        stack.hold_down("kafka")
        try:
            until(lambda: all(len(writer.refused) >= 5 for writer in writers), "everybody was refused five times", 60)
            reads = (f"/v1/photos/{photo}", "/v1/feed", f"/v1/users/{ann.id}/photos", f"/v1/photos/{photo}/comments")
            for path in reads:
                answer = ann.http.get(path, headers={"Authorization": f"Bearer {ann.token}"})
                assert answer.status_code == 200, f"{path}: {answer.text}"
            ready = eventually(lambda: ann.http.get("/readyz"), lambda answer: answer.status_code == 503, 30)
            assert int(ready.headers["Retry-After"]) > 0
            assert ann.http.get("/healthz").status_code == 200
        finally:
            stack.let_up("kafka")
        until(lambda: all(writer.said[-1][0] == 201 for writer in writers), "everybody writes again", BACK_SECONDS)
    finally:
        for writer in writers:
            writer.stopping.set()
        for writer in writers:
            writer.join()
    for status, seconds, answer in (one for writer in writers for one in writer.said):
        assert status in (201, 503), answer.text
        assert seconds < LONGEST_SECONDS, f"{status} after {seconds:.1f} s"
        if status == 503:
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["Retry-After"]) > 0
    # Of five refusals at most two were waited for: the write that was under way, and one that tried whether the log is back.
    quick = [sum(seconds < SHORT_SECONDS for seconds in writer.refused) for writer in writers]
    assert all(count >= 3 for count in quick), quick
    acknowledged = {answer.json()["id"] for writer in writers for status, _, answer in writer.said if status == 201}
    eventually(lambda: acknowledged - shown(ann, photo), lambda missing: not missing, BACK_SECONDS)


def shown(reader, photo: str) -> set[str]:
    """Return the ids of all comments of a photo."""
    found, cursor = set(), {}
    while True:
        page = reader.http.get(f"/v1/photos/{photo}/comments", params={"limit": 100, **cursor}).json()
        found |= {item["id"] for item in page["items"]}
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}
