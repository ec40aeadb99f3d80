"""What was asked of the API, and what of its answer counts."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from tests.integration.behaviours.person import Person

# A signature in a path lives ten minutes, and is another one each time.
SIGNED = re.compile(r"/s/[^/]+/")
STALE, INCOMPLETE, POSITION = "Darkroom-Stale", "Darkroom-Incomplete", "Darkroom-Position"


@dataclass(frozen=True)
class Question:
    """A request that may be made again: it reads, or carries the idempotency key under which it was made first."""

    person: "Person"
    method: str
    path: str
    content: dict = field(hash=False)

    def __str__(self) -> str:
        query = f"?{httpx.QueryParams(self.content['params'])}" if self.content.get("params") else ""
        return f"{self.method} {self.path}{query} by {self.person.name}"

    @property
    def key(self) -> str:
        return f"{self} {sorted(self.content.get('headers', {}).items())}"


def is_exact(answer: httpx.Response) -> bool:
    """Return whether an answer is the last word on what was asked, by what it says of itself; what was done is done."""
    if answer.request.method != "GET" and answer.is_success:
        return True
    return answer.status_code != 503 and STALE not in answer.headers and INCOMPLETE not in answer.headers


def shown(answer: httpx.Response) -> Any:
    """Return what of an answer must be the same when it is given again."""
    if answer.headers.get("content-type", "").endswith("json"):
        return answer.status_code, json.loads(SIGNED.sub("/s/.../", answer.text))
    return answer.status_code, hashlib.sha256(answer.content).hexdigest()
