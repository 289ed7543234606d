"""Whether those who want what is in memory wait for those who want what is not.

Two readers take a large cold file from somewhere slow. Beside them, warm requests are due at a
modest fixed rate on other connections of the same worker: what they wait is measured.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from innocent import ALONE_S, probe
from measure import Tools
from process import RunningServer

# Of the disk; the file system's is what its delay makes of it.
DISK_BYTES_PER_S = 20 * 1000 * 1000
# The readers begin so long before the probes.
LEAD_S = 0.5
WATCH_INTERVAL_S = 0.02
TIMEOUT_S = 1.0


@dataclass(frozen=True)
class ColdSample:
    """What the warm requests waited, and what the server did about it."""

    # The same requests at the same rate, before the readers came.
    p99_us_alone: float
    p50_us: float
    p99_us: float
    max_us: float
    # Of the warm requests, two seconds after the last of them was due.
    unanswered: int
    threads_before: int
    # The most at any time.
    threads_during: int
    # Of both readers together.
    read_bytes_per_s: float
    # Why the figure means nothing, if it does not.
    flaw: str
    errors: dict[str, int]


def measure_cold(
    server: RunningServer, tools: Tools, path: str, size: int, limit: int | None
) -> ColdSample:
    """`limit`: what the source gives at most, in bytes/s."""
    alone = probe(server, tools, ALONE_S)
    threads = server.thread_count()
    with watched(server) as watch, readers(server.port, path, size) as reading:
        time.sleep(LEAD_S)
        load = probe(server, tools, tools.seconds)
        bytes_per_s = reading.bytes_per_s()
        flaw = reading.flaw(limit)
    return ColdSample(
        p99_us_alone=alone.percentiles_us["99"],
        p50_us=load.percentiles_us["50"],
        p99_us=load.percentiles_us["99"],
        max_us=load.percentiles_us["100"],
        unanswered=load.unanswered,
        threads_before=threads,
        threads_during=watch.most_threads,
        read_bytes_per_s=bytes_per_s,
        flaw=flaw,
        errors=alone.errors | load.errors,
    )


def drop_from_memory(path: Path) -> None:
    """The kernel keeps nothing of the file, which must be on the disk as it is."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


class Watch:
    """Counts a server's threads again and again."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self.most_threads = 0

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(WATCH_INTERVAL_S):
            self.most_threads = max(self.most_threads, self._server.thread_count())


@contextmanager
def watched(server: RunningServer) -> Iterator[Watch]:
    watch = Watch(server)
    stop = threading.Event()
    thread = threading.Thread(target=watch.run, args=(stop,))
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()


class Readers:
    """Two downloads of one file, the second from its middle, so that neither warms the other's."""

    def __init__(self, port: int, path: str, size: int) -> None:
        self._port = port
        self._path = path
        self._size = size
        self._began = time.monotonic()
        self._received = [0, 0]
        self._ended = False

    def bytes_per_s(self) -> float:
        return sum(self._received) / (time.monotonic() - self._began)

    def flaw(self, limit: int | None) -> str:
        """To be asked when the probes are done."""
        if self._ended:
            return "a reader ended before the probes did"
        # Buffers of sockets and the kernel's bursts let it be a little more.
        if limit is not None and self.bytes_per_s() > 1.5 * limit:
            return f"the readers got {self.bytes_per_s() / 1e6:.0f} MB/s: the limit did not hold"
        return ""

    def run(self, index: int, stop: threading.Event) -> None:
        # A reader that fails has ended too soon, like one that is done.
        with suppress(OSError):
            self._read(index, stop)
        if not stop.is_set():
            self._ended = True

    def _read(self, index: int, stop: threading.Event) -> None:
        first = index * self._size // 2
        request = (
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Range: bytes={first}-\r\n\r\n"
        )
        buffer = bytearray(1 << 18)
        with socket.create_connection(("127.0.0.1", self._port), TIMEOUT_S) as connection:
            connection.sendall(request.encode())
            while not stop.is_set() and self._received[index] < self._size - first:
                with suppress(TimeoutError):
                    count = connection.recv_into(buffer)
                    if count == 0:
                        return
                    self._received[index] += count


@contextmanager
def readers(port: int, path: str, size: int) -> Iterator[Readers]:
    reading = Readers(port, path, size)
    stop = threading.Event()
    threads = [threading.Thread(target=reading.run, args=(i, stop)) for i in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield reading
    finally:
        stop.set()
        for thread in threads:
            thread.join()
