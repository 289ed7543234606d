"""The client's side: wrk for the load, plain sockets for the idle connections."""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cases import Case

CONNECTIONS = 64
SCRIPT = Path(__file__).with_name("wrk.lua")
IDLE_TIMEOUT_S = 5.0


class ClientError(Exception):
    """The client could not do its part."""


@dataclass(frozen=True)
class Load:
    """What wrk saw in one run."""

    requests: int
    seconds: float
    # None where wrk has no true figure, see latency_of().
    p50_us: int | None
    p99_us: int | None
    cpu_seconds: float
    # Kind of error to how many there were; empty is a clean run.
    errors: dict[str, int]


def wrk_command(binary: str, case: Case, port: int, seconds: int) -> list[str]:
    return (
        [binary, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "-s", str(SCRIPT)]
        + (["-H", "Connection: close"] if case.close else [])
        + [f"http://127.0.0.1:{port}/{case.file_name}", "--", str(case.pipeline)]
    )


def run_wrk(binary: str, case: Case, port: int, cpu: int, seconds: int) -> Load:
    command = ["taskset", "-c", str(cpu), *wrk_command(binary, case, port, seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as wrk:
        assert wrk.stdout is not None
        try:
            output = wrk.stdout.read()
        except BaseException:  # interrupted: leave nothing behind
            wrk.kill()
            raise
        # Popen's own wait does not give the CPU time.
        _, status, usage = os.wait4(wrk.pid, 0)
        wrk.returncode = os.waitstatus_to_exitcode(status)
    if wrk.returncode != 0:
        raise ClientError(f"wrk ended with {wrk.returncode}")
    result = json.loads(output.splitlines()[-1])
    return Load(
        requests=result["requests"],
        seconds=result["duration_us"] / 1e6,
        p50_us=latency_of(result, "p50_us", case),
        p99_us=latency_of(result, "p99_us", case),
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        errors={kind: count for kind, count in result["errors"].items() if count > 0},
    )


def latency_of(result: dict[str, int], name: str, case: Case) -> int | None:
    """wrk's percentile, if it is one.

    To correct for coordinated omission wrk adds samples for every latency far above the mean time
    between a connection's answers. Of pipelined answers all are: the result is an invention.
    """
    return result[name] if case.pipeline == 1 else None


@contextmanager
def idle_connections(port: int, case: Case, count: int) -> Iterator[None]:
    """Keep-alive connections that each had one request answered and then say nothing."""
    request = f"GET /{case.file_name} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    with ExitStack() as held:
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", port), IDLE_TIMEOUT_S)
            held.enter_context(connection)
            connection.sendall(request)
            receive_answer(connection, case.body_bytes)
        yield


def receive_answer(connection: socket.socket, body_bytes: int) -> None:
    received = b""
    while (head_end := received.find(b"\r\n\r\n")) < 0 or len(received) < head_end + 4 + body_bytes:
        part = connection.recv(65536)
        if not part:
            raise ClientError("the server closed a connection in the middle of an answer")
        received += part
