"""Ask a Kafka node for real work over its own protocol: is it a broker, is it in sync, can a group commit.

Three small requests by hand, because clients of Kafka belong to `streams` and the stack must know whether it may start those.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass

GROUP = "darkroom-readiness"
# The only topic that is there before ours are; asking for a coordinator makes it.
TOPIC = "__consumer_offsets"
METADATA, OFFSET_COMMIT, FIND_COORDINATOR = 3, 8, 10
NO_GENERATION = -1
ASK_SECONDS = 2.0


@dataclass(frozen=True)
class Cluster:
    """What one node knows: the brokers that take part, by port, and how many partitions each of them lags behind in."""

    brokers: dict[int, int]
    behind: dict[int, int]


def why_not_ready(port: int) -> str | None:
    """Metadata first, then one group commit, because the group coordinator is later than the port.

    A node that came back is ready when it has caught up, for only then may the next one die.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), ASK_SECONDS) as connection:
            return no_part_yet(connection, port) or no_commit_yet(connection, port)
    except (OSError, struct.error) as error:
        return f"Kafka on port {port}: {error or 'the connection closed'}"


def no_part_yet(connection: socket.socket, port: int) -> str | None:
    cluster = read_cluster(ask(connection, METADATA, 0, struct.pack(">i", 0)))
    if port not in cluster.brokers:
        return f"Kafka on port {port} takes no part yet; {len(cluster.brokers)} other brokers do"
    behind = cluster.behind.get(cluster.brokers[port], 0)
    return f"Kafka on port {port} is catching up with {behind} partitions" if behind else None


def read_cluster(answer: bytes) -> Cluster:
    """Read Metadata version 0: brokers (id, host, port), then topics, each with its partitions' replicas and who is in sync."""
    given = Answer(answer)
    brokers = {}
    for _ in range(given.number()):
        node, _, port = given.number(), given.text(), given.number()
        brokers[port] = node
    behind: dict[int, int] = {}
    for _ in range(given.number()):
        given.short(), given.text()
        for _ in range(given.number()):
            given.short(), given.number(), given.number()
            replicas, in_sync = given.numbers(), given.numbers()
            for node in set(replicas) - set(in_sync):
                behind[node] = behind.get(node, 0) + 1
    return Cluster(brokers, behind)


def no_commit_yet(connection: socket.socket, port: int) -> str | None:
    given = Answer(ask(connection, FIND_COORDINATOR, 0, text(GROUP)))
    error, _, host, coordinator = given.short(), given.number(), given.text(), given.number()
    if error:
        return f"Kafka has no group coordinator yet (error {error})"
    if coordinator == port:
        return no_commit(connection)
    with socket.create_connection((host, coordinator), ASK_SECONDS) as other:
        return no_commit(other)


def no_commit(connection: socket.socket) -> str | None:
    member = text(GROUP) + struct.pack(">i", NO_GENERATION) + text("") + struct.pack(">q", -1)
    partition = struct.pack(">iiq", 1, 0, 0) + text("")
    answer = ask(connection, OFFSET_COMMIT, 2, member + struct.pack(">i", 1) + text(TOPIC) + partition)
    (error,) = struct.unpack(">h", answer[-2:])
    return f"Kafka refused a group commit (error {error})" if error else None


def ask(connection: socket.socket, kind: int, version: int, body: bytes) -> bytes:
    """One request and its answer, without the sizes and the correlation id."""
    request = struct.pack(">hhi", kind, version, 1) + text(GROUP) + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    (size,) = struct.unpack(">i", read(connection, 4))
    return read(connection, size)[4:]


def read(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        more = connection.recv(size - len(received))
        if not more:
            raise ConnectionError("the broker closed the connection")
        received += more
    return received


class Answer:
    """Reads an answer from its beginning, value by value."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def short(self) -> int:
        return self._next(">h", 2)

    def number(self) -> int:
        return self._next(">i", 4)

    def numbers(self) -> list[int]:
        return [self.number() for _ in range(self.number())]

    def text(self) -> str:
        size = self.short()
        self._at += size
        return self._content[self._at - size : self._at].decode()

    def _next(self, form: str, size: int) -> int:
        (value,) = struct.unpack_from(form, self._content, self._at)
        self._at += size
        return int(value)


def text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">h", len(encoded)) + encoded
