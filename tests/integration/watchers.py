"""People who look at the same pages again and again, and note every answer that is less than it was, or that shows too much."""

import itertools
import threading
from collections.abc import Callable

import httpx

PAUSE_SECONDS = 0.01
INCOMPLETE = "Darkroom-Incomplete"

# What is wrong with a body, in words; None when nothing is.
Check = Callable[[dict], str | None]


def shows(*ids: str) -> Check:
    """Check that a list holds these, and everything that it ever held: nobody takes anything back meanwhile."""
    known = set(ids)

    def check(body: dict) -> str | None:
        found = [item["id"] for item in body["items"]]
        missing = known - set(found)
        known.update(found)
        if len(found) != len(set(found)):
            return "names something twice"
        return f"lacks {sorted(missing)}" if missing else None

    return check


def counts(*path: str) -> Check:
    """Check that a count is never less than it was."""
    most = 0

    def check(body: dict) -> str | None:
        nonlocal most
        for name in path:
            body = body[name]
        fell, most = body < most, max(most, body)
        return f"counts {body} after {most}" if fell else None

    return check


class Watcher(threading.Thread):
    """One person: `sees` checks what must be answered, `hidden` are pages that must not be, `not_shown` ids of no list."""

    def __init__(self, api_url: str, token: str, sees: dict[str, Check], hidden=(), not_shown=()) -> None:
        super().__init__()
        self.troubles: list[str] = []
        self.answered: dict[str, int] = {}
        self.incomplete: set[str] = set()
        self._stopping = threading.Event()
        self._http = httpx.Client(base_url=api_url, timeout=20.0, headers={"Authorization": f"Bearer {token}"})
        self._sees, self._hidden, self._not_shown = sees, frozenset(hidden), frozenset(not_shown)

    def run(self) -> None:
        for path in itertools.cycle([*self._sees, *self._hidden]):
            if self._stopping.wait(PAUSE_SECONDS):
                return
            answer = self._http.get(path)
            if answer.status_code == 503:
                if not int(answer.headers["Retry-After"]):
                    self.troubles.append(f"{path}: 503 without Retry-After")
            elif trouble := self._wrong(path, answer):
                self.troubles.append(f"{path}: {trouble}: {answer.status_code} {dict(answer.headers)} {answer.text[:300]}")
            else:
                self.answered[path] = self.answered.get(path, 0) + 1

    def _wrong(self, path: str, answer: httpx.Response) -> str | None:
        if path in self._hidden:
            return None if answer.status_code == 404 else "is shown to somebody who may not see it"
        if answer.status_code != 200:
            return "is answered as if it were not there"
        body = answer.json()
        shown = {item["id"] for item in body.get("items", ())}
        if shown & self._not_shown:
            return "shows what is hidden"
        if "items" in body and not shown and path == "/v1/feed":
            return None if self._sees[path]({"items": []}) is None else "is blank"
        if INCOMPLETE in answer.headers:
            self.incomplete.add(path)
            return None
        return self._sees[path](body)

    def stop(self) -> None:
        """Stop looking, and fail with what was wrong."""
        self._stopping.set()
        self.join()
        assert not self.troubles, "\n".join(self.troubles[:10])
