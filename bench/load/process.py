"""A server's processes: started, pinned, measured, and stopped whatever happens."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cases import Case
from servers import Launch, Server, Setting

START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
# Fills the server's caches and lets what it does after its start come to an end.
WARM_UP_REQUESTS = 20
SETTLE_S = 0.1
FETCH_TIMEOUT_S = 2.0
# Of a large file one is enough.
WARM_UP_BYTES = 20 << 20


class ServerError(Exception):
    """The server did not start or does not answer as it should."""


@dataclass(frozen=True)
class Memory:
    """Bytes of the processes, not of the kernel on their behalf."""

    private: int
    proportional: int


class RunningServer:
    """A started server. Its processes share a session of their own, by which they are found."""

    def __init__(self, popen: subprocess.Popen[bytes], port: int) -> None:
        self.port = port
        self._popen = popen

    def processes(self) -> list[int]:
        return [int(entry.name) for entry in Path("/proc").iterdir() if self._owns(entry)]

    def _owns(self, entry: Path) -> bool:
        if not entry.name.isdigit():
            return False
        try:
            return os.getsid(int(entry.name)) == self._popen.pid
        except ProcessLookupError:
            return False

    def cpu_seconds(self) -> float:
        """CPU time of all threads, those that ended and io_uring's included.

        From the processes' CPU-time clocks: the same sum as in /proc/PID/stat, but in nanoseconds
        and not in ticks of 10 ms.
        """
        return sum(time.clock_gettime(cpu_clock_of(pid)) for pid in self.processes())

    def thread_cpu_seconds(self) -> dict[int, float]:
        """By thread. One that ends between the listing and the look at it is left out."""
        seconds = {}
        for task in self._tasks():
            with suppress(FileNotFoundError, ProcessLookupError):
                ran_ns, _waited_ns, _slices = (task / "schedstat").read_text().split()
                seconds[int(task.name)] = int(ran_ns) / 1e9
        return seconds

    def thread_count(self) -> int:
        return sum(1 for _ in self._tasks())

    def _tasks(self) -> Iterator[Path]:
        for pid in self.processes():
            with suppress(FileNotFoundError, ProcessLookupError):
                yield from list(Path(f"/proc/{pid}/task").iterdir())

    def memory(self) -> Memory:
        private = proportional = 0
        for pid in self.processes():
            sizes = read_sizes(Path(f"/proc/{pid}/smaps_rollup"))
            private += sizes["Private_Clean"] + sizes["Private_Dirty"]
            proportional += sizes["Pss"]
        return Memory(private, proportional)

    def has_exited(self) -> bool:
        return self._popen.poll() is not None

    def seconds_to_end(self, timeout_s: float) -> float | None:
        """Tells it to stop; None if it does not within `timeout_s`."""
        began = time.monotonic()
        self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None
        return time.monotonic() - began

    def stop(self) -> None:
        """Ends the processes that were started here, by force if they do not follow."""
        self._popen.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(STOP_TIMEOUT_S)
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._popen.wait()


def cpu_clock_of(pid: int) -> int:
    """clock_getcpuclockid(3), which Python has for threads only: ~pid << 3 | CPUCLOCK_SCHED."""
    return (~pid << 3) | 2


def read_sizes(path: Path) -> dict[str, int]:
    """The "Name: 12 kB" lines of a file in /proc, in bytes."""
    sizes = {}
    for line in path.read_text().splitlines():
        words = line.split()
        if words[-1] == "kB":
            sizes[words[0].rstrip(":")] = int(words[1]) * 1024
    return sizes


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch(port: int, case: Case) -> http.client.HTTPResponse:
    """One request, whose answer must be whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=FETCH_TIMEOUT_S)
    try:
        connection.request("GET", case.path)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != 200 or len(body) != case.body_bytes:
        raise ServerError(f"answered {response.status} with {len(body)} bytes")
    return response


def etag_of(port: int, case: Case) -> str:
    etag = fetch(port, case).getheader("ETag")
    if etag is None:
        raise ServerError("sends no ETag")
    return etag


def wait_until_ready(server: RunningServer, case: Case) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while True:
        if server.has_exited():
            raise ServerError("ended at its start")
        try:
            fetch(server.port, case)
            return
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() > give_up:
                raise ServerError(f"not ready after {START_TIMEOUT_S:.0f} s: {error}") from error
            time.sleep(0.02)


def first_requests(case: Case) -> int:
    """How many running() makes before the load."""
    return 1 + min(WARM_UP_REQUESTS, WARM_UP_BYTES // case.body_bytes)


def spawn(
    launch: Launch, cpus: Iterable[int], log: Path, standard_output: int | None = None
) -> subprocess.Popen[bytes]:
    """Starts a server on the CPUs, which it takes over from the thread that calls. `log` gets what
    it says, but for its standard output if that is given.
    """
    ours = os.sched_getaffinity(0)
    with log.open("wb") as output:
        os.sched_setaffinity(0, cpus)
        try:
            return subprocess.Popen(
                launch.command,
                stdin=subprocess.DEVNULL,
                stdout=output if standard_output is None else standard_output,
                stderr=output,
                env=os.environ | dict(launch.environment),
                start_new_session=True,
            )
        finally:
            os.sched_setaffinity(0, ours)


def last_words(log: Path) -> str:
    """Why a server failed, without the name of the scratch directory: it goes into the report."""
    text = log.read_text(errors="replace").replace(f"{log.parent}/", "")
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it left no message"


@contextmanager
def running(
    server: Server, setting: Setting, standard_output: int | None = None
) -> Iterator[RunningServer]:
    """Starts the server, checks and warms it, and stops it at the end."""
    log = setting.scratch / f"{server.name}.log"
    process = spawn(server.launch(setting), setting.cpus, log, standard_output)
    instance = RunningServer(process, setting.port)
    case = setting.case
    try:
        try:
            wait_until_ready(instance, case)
            for _ in range(first_requests(case) - 1):
                fetch(setting.port, case)
        except (OSError, http.client.HTTPException, ServerError) as error:
            raise ServerError(f"{server.name}: {error} ({last_words(log)})") from error
        time.sleep(SETTLE_S)
        yield instance
    finally:
        instance.stop()
