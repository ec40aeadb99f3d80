"""GET /v1/feed on the real API process, beside hello-world on the same server."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.auth import Tokens
from infra.settings import Settings
from tests.bench.figures import Figure, Say, in_words
from tests.bench.readers import write_readers

CONNECTIONS = 32
SECONDS = 5.0
WARM_SECONDS = 2.0
STARTS_SECONDS = 60.0
HELLO_OFFSET = 91
PHOTOS_A_PAGE = 20
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Answered:
    """What a server did under load: answers a second by the clock, and for each second of its CPU."""

    rate: float
    per_cpu: float
    p99_ms: float
    bytes: float
    refused: int


def feed(settings: Settings, say: Say) -> Figure:
    """Measure both servers, one after the other, each alone."""
    readers = asyncio.run(write_readers(settings))
    tokens = Tokens(settings.jwt_secret.get_secret_value())
    asked = [request("/v1/feed", settings.api_port, tokens.make(reader)) for reader in readers]
    say(f"wrote {len(readers):,} readers with full timelines")
    hello_port = settings.port_base + HELLO_OFFSET
    with server(["-m", "tests.bench.hello", str(hello_port)], hello_port, settings.log_dir / "bench-hello.log") as pid:
        least = under_load(pid, hello_port, [request("/hello", hello_port, tokens.make(readers[0]))])
    say(f"hello-world: {in_words(least.per_cpu)} requests a CPU second, {in_words(least.rate)} a second")
    with server(["-m", "api", "serve"], settings.api_port, settings.log_dir / "bench-api.log") as pid:
        whole = all(holds_a_page(one, settings.api_port) for one in asked[:5])
        found = under_load(pid, settings.api_port, asked)
    return Figure(
        name="feed",
        value=found.per_cpu,
        unit="requests/CPU second of the server",
        baseline=least.per_cpu,
        against="hello-world, same server",
        note=(
            f"{in_words(found.rate)}/s by the clock beside {in_words(least.rate)}/s; "
            f"{found.bytes / 1e3:.1f} KB each, p99 {found.p99_ms:.0f} ms"
        ),
        exact=whole and not found.refused,
    )


def request(path: str, port: int, token: str) -> str:
    """Return one HTTP request as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n"


def holds_a_page(asked: str, port: int) -> bool:
    """Return whether a request is answered by a whole page."""
    token = asked.rpartition("Bearer ")[2].strip()
    one = urllib.request.Request(f"http://127.0.0.1:{port}/v1/feed", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(one) as answer:
        items = json.load(answer)["items"]
    return len(items) == PHOTOS_A_PAGE and all(item["counts"]["likes"] for item in items)


@contextmanager
def server(words: Sequence[str], port: int, log: Path) -> Iterator[int]:
    """Run a Python server, yield its process id once it answers, and stop it."""
    with log.open("w") as lines:
        process = subprocess.Popen([sys.executable, *words], stdout=lines, stderr=lines)
    try:
        deadline = time.monotonic() + STARTS_SECONDS
        while not answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(words)} does not answer:\n{log.read_text()[-3_000:]}")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def under_load(pid: int, port: int, requests: Sequence[str]) -> Answered:
    """Warm a server up, then measure it."""
    drive(port, WARM_SECONDS, requests)
    before = cpu_seconds(pid)
    told = drive(port, SECONDS, requests)
    cpu = cpu_seconds(pid) - before
    answered = told["answers"]
    return Answered(answered / told["seconds"], answered / cpu, told["p99_ms"], told["bytes"], int(told["refused"]))


def drive(port: int, seconds: float, requests: Sequence[str], connections: int = CONNECTIONS) -> dict[str, float]:
    """Keep a server busy from another process, and return what that says (`tests.bench.load`)."""
    command = [sys.executable, "-m", "tests.bench.load", str(port), str(seconds), str(connections)]
    ran = subprocess.run(command, input=json.dumps(requests), capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def cpu_seconds(pid: int) -> float:
    """Return the CPU that a process has used so far, in s."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
