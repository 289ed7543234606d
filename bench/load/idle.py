"""What a keep-alive connection costs that says nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from cases import Case
from client import ClientError
from process import RunningServer

# Lets a server put its buffers away before its memory is read.
SETTLE_S = 1.0
TIMEOUT_S = 5.0


@dataclass(frozen=True)
class IdleSample:
    connections: int
    private_bytes_per_connection: float
    proportional_bytes_per_connection: float
    # With all connections open: a server may have taken the memory for them at its start.
    private_bytes: int


def measure_idle(server: RunningServer, case: Case, connections: int) -> IdleSample:
    before = server.memory()
    with idle_connections(server.port, case, connections) as held:
        time.sleep(SETTLE_S)
        after = server.memory()
        check_open(held)
    return IdleSample(
        connections=connections,
        private_bytes_per_connection=(after.private - before.private) / connections,
        proportional_bytes_per_connection=(after.proportional - before.proportional) / connections,
        private_bytes=after.private,
    )


@contextmanager
def idle_connections(port: int, case: Case, count: int) -> Iterator[list[socket.socket]]:
    """Keep-alive connections that each had one request answered and then say nothing."""
    request = f"GET {case.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    with ExitStack() as held:
        connections = []
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
            held.enter_context(connection)
            connections.append(connection)
            connection.sendall(request)
            receive_answer(connection, case.body_bytes)
        yield connections


def receive_answer(connection: socket.socket, body_bytes: int) -> None:
    received = b""
    while (head_end := received.find(b"\r\n\r\n")) < 0 or len(received) < head_end + 4 + body_bytes:
        part = connection.recv(65536)
        if not part:
            raise ClientError("the server closed a connection in the middle of an answer")
        received += part


def check_open(connections: list[socket.socket]) -> None:
    """A server that closes idle connections to make room would look thrifty."""
    closed = 0
    for connection in connections:
        connection.setblocking(False)
        try:
            connection.recv(1)
            closed += 1
        except BlockingIOError:
            pass
        except ConnectionError:
            closed += 1
    if closed:
        raise ClientError(f"the server closed {closed} of {len(connections)} idle connections")
