"""What clients cost that ask for a large file, send no more (FIN) and do not read."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from cases import LARGEST
from client import PacedLoad
from innocent import ALONE_S, probe
from measure import Tools
from process import RunningServer

CLIENTS = 200
# Each takes little ahead of what it reads, which is nothing.
RECEIVE_BUFFER_BYTES = 64 * 1024
# Until the buffers of all are full.
SETTLE_S = 1.0
TIMEOUT_S = 5.0


@dataclass(frozen=True)
class HalfClosedSample:
    """CPU time is that of the server, as a share of one CPU, warm requests of others included."""

    share_alone: float
    share: float
    p99_us_alone: float
    p99_us: float
    max_us: float
    # Of the warm requests, two seconds after the last of them was due.
    unanswered: int
    errors: dict[str, int]


def measure_half_closed(server: RunningServer, tools: Tools, seconds: int) -> HalfClosedSample:
    alone, share_alone = probe_with_share(server, tools, ALONE_S)
    with half_closed_clients(server.port):
        time.sleep(SETTLE_S)
        load, share = probe_with_share(server, tools, seconds)
    return HalfClosedSample(
        share_alone=share_alone,
        share=share,
        p99_us_alone=alone.percentiles_us["99"],
        p99_us=load.percentiles_us["99"],
        max_us=load.percentiles_us["100"],
        unanswered=load.unanswered,
        errors=alone.errors | load.errors,
    )


def probe_with_share(server: RunningServer, tools: Tools, seconds: int) -> tuple[PacedLoad, float]:
    cpu_s, began = server.cpu_seconds(), time.monotonic()
    load = probe(server, tools, seconds)
    return load, (server.cpu_seconds() - cpu_s) / (time.monotonic() - began)


@contextmanager
def half_closed_clients(port: int) -> Iterator[None]:
    request = f"GET {LARGEST.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    with ExitStack() as held:
        for _ in range(CLIENTS):
            client = held.enter_context(socket.socket())
            client.settimeout(TIMEOUT_S)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
            client.connect(("127.0.0.1", port))
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
        yield
