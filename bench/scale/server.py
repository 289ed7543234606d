"""A torc whose configuration is changed while it runs, and what it takes up."""

from __future__ import annotations

import os
import re
import selectors
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PATIENCE_S = 60.0


class BenchError(Exception):
    """The measurement cannot start or went wrong; the message says what to do."""


@dataclass(frozen=True)
class Usage:
    """What the process takes up."""

    resident_kib: int
    descriptors: int
    threads: int


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def status(self, host: str, path: str) -> int:
        """Of the response to a GET, which is received whole."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += self._receive()
        head, _, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        rest = int(length[1]) - len(body) if length else 0
        while rest > 0:
            rest -= len(self._receive())
        return int(head[9:12])

    def _receive(self) -> bytes:
        received = self._socket.recv(65536)
        if not received:
            raise BenchError("torc has closed a connection that was kept")
        return received


class Server:
    """A torc that serves by a configuration file."""

    def __init__(self, torc: Path, configuration: Path, port: int) -> None:
        self.port = port
        self._reloads = 0
        self._unread = b""
        self.began_at = time.perf_counter()
        self._process = subprocess.Popen(
            [str(torc), "-c", str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def first_response_s(self, host: str) -> float:
        """From before the fork to the first response: a client tries to connect without a pause."""
        while True:
            with suppress(ConnectionRefusedError):
                client = Client(self.port)
                if client.status(host, "/") != 200:
                    raise BenchError(f"{host} is not served")
                client.close()
                return time.perf_counter() - self.began_at
            if self._process.poll() is not None:
                raise BenchError(f"torc ended with {self._process.returncode}")

    def reload_s(self) -> float:
        """From the signal to the report that all workers serve by the new configuration."""
        self._reloads += 1
        awaited = f"configuration {self._reloads} serves"
        began_at = time.perf_counter()
        self._process.send_signal(signal.SIGHUP)
        for line in self._lines():
            if awaited in line:
                return time.perf_counter() - began_at
            if "refused" in line:
                raise BenchError(line)
        raise BenchError("torc ended or is silent")

    def _lines(self) -> Iterator[str]:
        assert self._process.stderr is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stderr, selectors.EVENT_READ)
            while selector.select(PATIENCE_S):
                text = os.read(self._process.stderr.fileno(), 4096)
                if not text:
                    return
                *lines, self._unread = (self._unread + text).split(b"\n")
                yield from (line.decode(errors="replace") for line in lines)

    def usage(self) -> Usage:
        process = Path("/proc") / str(self._process.pid)
        status = (process / "status").read_text()
        resident = re.search(r"VmRSS:\s+(\d+)", status)
        threads = re.search(r"Threads:\s+(\d+)", status)
        assert resident is not None and threads is not None
        return Usage(int(resident[1]), len(list((process / "fd").iterdir())), int(threads[1]))

    def worker_cpu_s(self) -> float:
        """What the busiest worker has used of its CPU so far."""
        threads = (Path("/proc") / str(self._process.pid) / "task").iterdir()
        used = [
            int((thread / "schedstat").read_text().split()[0])
            for thread in threads
            if re.fullmatch(r"torc-\d+\n", (thread / "comm").read_text())
        ]
        return max(used) / 1e9

    def end(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        finally:
            with suppress(ProcessLookupError):
                self._process.kill()


@contextmanager
def running(torc: Path, configuration: Path, port: int) -> Iterator[Server]:
    server = Server(torc, configuration, port)
    try:
        yield server
    finally:
        server.end()


class Bystander:
    """Asks all the time on one connection, and remembers the longest wait."""

    def __init__(self, port: int, host: str) -> None:
        self.longest_s = 0.0
        self.responses = 0
        self.failures = 0
        self._client = Client(port)
        self._host = host
        self._is_over = False
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Bystander:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self._thread.join()
        self._client.close()

    def _ask(self) -> None:
        while not self._is_over:
            began_at = time.perf_counter()
            try:
                if self._client.status(self._host, "/") != 200:
                    self.failures += 1
            except (BenchError, OSError):
                self.failures += 1
                return
            self.longest_s = max(self.longest_s, time.perf_counter() - began_at)
            self.responses += 1
            time.sleep(0.0005)
