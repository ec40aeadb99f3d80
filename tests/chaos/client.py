"""An honest client: what gets no answer is sent again under the same key until it is answered."""

import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.chaos.compare import Difference, Kind
from tests.chaos.ledger import Ledger, Write

# Between two tries of a write: doubled up to the longer.
PAUSES = (0.2, 1.6)
ASK_SECONDS = 12.0
# After the faults are over, a write must be answered within this.
PATIENCE_SECONDS = 120.0
# What the contract allows for a write; anything else is a mistake.
DOCUMENTED = {200, 201, 202, 204, 401, 403, 404, 409, 413, 415, 422, 429, 503}


@dataclass
class Sent:
    """What became of a write: its last answer (None: never answered) and how many tries before it had none."""

    write: Write
    answer: httpx.Response | None

    @property
    def done(self) -> bool:
        """Return whether it was acknowledged."""
        return self.answer is not None and self.answer.is_success

    @property
    def unknown(self) -> bool:
        """Return whether nobody can tell if it happened: refused or given up after a try without an answer."""
        return not self.done and self.write.uncertain > 0

    @property
    def json(self) -> Any:
        """The answer's JSON."""
        assert self.answer is not None
        return self.answer.json()


class Client:
    """One person at one API. `over` is set when the faults are over; patience begins then."""

    def __init__(
        self, url: str, name: str, ledger: Ledger, over: threading.Event, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.name, self.token, self.position = name, "", ""
        self.ledger = ledger
        self._over = over
        self._http = httpx.Client(base_url=url, timeout=ASK_SECONDS, trust_env=False, transport=transport)

    def write(self, method: str, path: str, after: Iterable[str] = (), **content: Any) -> Sent:
        """Send a write until it is answered; the answer's position becomes the person's."""
        key = secrets.token_hex(12) if method == "POST" else ""
        write = Write(self.name, method, path, key, self.ledger.seconds)
        headers = self._headers(after) | ({"Idempotency-Key": key} if key else {})
        answer = self._until_answered(write, headers, content)
        if answer is not None:
            write.status = answer.status_code
            if answer.is_success:
                self.position = answer.headers.get("Darkroom-Position", self.position)
        self.ledger.keep(write)
        return Sent(write, answer)

    def read(self, path: str, after: Iterable[str] = (), **query: Any) -> httpx.Response | None:
        """Ask once; None when there was no answer at all."""
        self.ledger.count("requests")
        try:
            return self._http.get(path, headers=self._headers(after), params=query)
        except httpx.TransportError:
            self.ledger.count("reads without an answer")
            return None

    def _until_answered(self, write: Write, headers: dict[str, str], content: dict[str, Any]) -> httpx.Response | None:
        patient_until, pause = None, PAUSES[0]
        while True:
            self.ledger.count("requests")
            try:
                answer = self._http.request(write.method, write.path, headers=headers, **content)
            except httpx.TransportError as error:
                said = type(error).__name__
                write.uncertain += not isinstance(error, httpx.ConnectError)
            else:
                if not self._again(write, answer):
                    return answer
                said = f"{answer.status_code} {answer.text}"
                # Also a 503 may have happened: "written down, but not decided in time". A refusal has not.
                write.uncertain += answer.status_code >= 500
            write.unanswered += 1
            write.said.append(f"{self.ledger.seconds:.1f} {said}"[:160])
            if self._over.is_set():
                patient_until = patient_until or time.monotonic() + PATIENCE_SECONDS
                if time.monotonic() > patient_until:
                    text = f"{write.method} {write.path} of {self.name}, {write.unanswered} tries: {said}"
                    self.ledger.differ(Difference(Kind.UNANSWERED, text))
                    return None
            time.sleep(pause)
            pause = min(2 * pause, PAUSES[1])

    def _again(self, write: Write, answer: httpx.Response) -> bool:
        """Return whether an answer is none that counts: 503, our mistake, or a refusal by somebody who is not up to date."""
        if answer.status_code not in DOCUMENTED:
            text = f"{write.method} {write.path}: {answer.status_code} {answer.text[:200]}"
            self.ledger.differ(Difference(Kind.ANSWER, text))
            return True
        if answer.status_code == 503 and "Retry-After" not in answer.headers:
            self.ledger.differ(Difference(Kind.ANSWER, f"{write.method} {write.path}: 503 without Retry-After"))
        stale = not answer.is_success and "Darkroom-Stale" in answer.headers
        return answer.status_code == 503 or stale

    def _headers(self, after: Iterable[str]) -> dict[str, str]:
        covered = ", ".join(dict.fromkeys(filter(None, (self.position, *after))))
        headers = {"Darkroom-After": covered} if covered else {}
        return headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
