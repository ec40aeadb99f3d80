"""Ask a Kafka node for real work over its own protocol: its brokers, a group's coordinator, one group commit.

Three small requests by hand, because clients of Kafka belong to `streams` and the stack must know whether it may start those.
"""

from __future__ import annotations

import socket
import struct

GROUP = "darkroom-readiness"
# The only topic that is there before ours are; asking for a coordinator makes it.
TOPIC = "__consumer_offsets"
METADATA, OFFSET_COMMIT, FIND_COORDINATOR = 3, 8, 10
NO_GENERATION = -1
ASK_SECONDS = 2.0


def why_not_ready(port: int) -> str | None:
    """Metadata first, then one group commit, because the group coordinator is later than the port."""
    try:
        with socket.create_connection(("127.0.0.1", port), ASK_SECONDS) as connection:
            return no_brokers(connection) or no_coordinator(connection) or no_commit(connection)
    except (OSError, struct.error) as error:
        return f"Kafka on port {port}: {error or 'the connection closed'}"


def no_brokers(connection: socket.socket) -> str | None:
    answer = ask(connection, METADATA, 0, struct.pack(">i", 0))
    (brokers,) = struct.unpack_from(">i", answer)
    return None if brokers else "Kafka knows no broker yet"


def no_coordinator(connection: socket.socket) -> str | None:
    answer = ask(connection, FIND_COORDINATOR, 0, text(GROUP))
    (error,) = struct.unpack_from(">h", answer)
    return f"Kafka has no group coordinator yet (error {error})" if error else None


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


def text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack(">h", len(encoded)) + encoded
