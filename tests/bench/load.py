"""Keeps a server busy: so many connections, one request on each at a time, in a process of its own.

`python -m tests.bench.load PORT SECONDS CONNECTIONS < requests.json` prints what came back, as JSON. Plain sockets and epoll:
a request costs this side a few microseconds, so that the server is what is measured.
"""

import json
import select
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import cycle

READ_BYTES = 1 << 16


class Connection:
    """One keep-alive connection and the answer that it is receiving."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self._received = b""
        self._whole = 0

    def ask(self, request: bytes) -> None:
        """Send one request."""
        self._received, self._whole = b"", 0
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, int] | None:
        """Read what came; the status and the size in bytes once the answer is whole. ConnectionError when it was cut off."""
        got = self.socket.recv(READ_BYTES)
        if not got:
            raise ConnectionError("the server closed the connection")
        self._received = self._received + got if self._received else got
        if not self._whole:
            head = self._received.find(b"\r\n\r\n")
            if head < 0:
                return None
            at = self._received.index(b"content-length: ") + 16
            self._whole = head + 4 + int(self._received[at : self._received.index(b"\r", at)])
        if len(self._received) < self._whole:
            return None
        return int(self._received[9:12]), self._whole


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which a part of the values lies; 0 without any."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def drive(port: int, seconds: float, connections: int, requests: Sequence[bytes]) -> dict[str, float]:
    """Keep asking for so long; return how many answers came, how many were not 200, their size and their latencies."""
    following: Iterator[bytes] = cycle(requests)
    poll = select.epoll()
    open_ones: dict[int, Connection] = {}
    for _ in range(connections):
        one = Connection(port)
        open_ones[one.socket.fileno()] = one
        poll.register(one.socket, select.EPOLLIN)
        one.ask(next(following))
    latencies: list[float] = []
    refused = size = 0
    began = time.perf_counter()
    now = began
    while now < began + seconds:
        for number, _ in poll.poll(1.0):
            one = open_ones[number]
            answer = one.receive()
            if answer is None:
                continue
            latencies.append(time.perf_counter() - one.sent_at)
            refused += answer[0] != 200
            size += answer[1]
            one.ask(next(following))
        now = time.perf_counter()
    return {
        "answers": len(latencies),
        "refused": refused,
        "seconds": now - began,
        "bytes": size / max(1, len(latencies)),
        "p50_ms": percentile(latencies, 0.50) * 1e3,
        "p99_ms": percentile(latencies, 0.99) * 1e3,
    }


if __name__ == "__main__":
    port, seconds, connections = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    told = drive(port, seconds, connections, [request.encode() for request in json.load(sys.stdin)])
    json.dump(told, sys.stdout)
