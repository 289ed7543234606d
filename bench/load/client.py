"""The client's side: wrk, and the bench's own `paced` for what wrk cannot do."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases import Case

SCRIPT = Path(__file__).with_name("wrk.lua")
# wrk counts an answer as an error after so long; one of 100 MiB takes its time.
WRK_TIMEOUT_S = 30
# What a head may take; see length_errors().
HEAD_BYTES_MAX = 1024


class ClientError(Exception):
    """The client could not do its part."""


@dataclass(frozen=True)
class Load:
    """What a client saw in one run."""

    requests: float
    seconds: float
    # None where there is no true figure, see latency_of().
    p50_us: float | None
    p99_us: float | None
    cpu_seconds: float
    # Kind of error to how many there were; empty is a clean run.
    errors: dict[str, int]


@dataclass(frozen=True)
class Pace:
    """What `paced` is told; the rate is in requests/s over all connections, 0 is a closed loop."""

    path: str
    connections: int
    seconds: int
    rate: int = 0
    method: str = "GET"
    fields: tuple[str, ...] = ()
    status: int = 200
    length: int | None = None
    spin: bool = False

    def arguments(self) -> list[str]:
        words = ["--path", self.path, "--connections", str(self.connections)]
        words += ["--seconds", str(self.seconds), "--rate", str(self.rate)]
        words += ["--method", self.method, "--status", str(self.status)]
        for line in self.fields:
            words += ["--field", line]
        if self.length is not None:
            words += ["--length", str(self.length)]
        return words + (["--spin"] if self.spin else [])


@dataclass(frozen=True)
class PacedLoad:
    """What `paced` saw in one run. Latencies count from when a request was due."""

    requests: int
    seconds: float
    # "50", "99.9" and so on; "100" is the highest.
    percentiles_us: dict[str, float]
    # Answers that a connection had: lowest, median, highest.
    answers_per_connection: dict[str, int]
    # Requests that were due and had no answer two seconds after the last one was.
    unanswered: int
    cpu_seconds: float
    errors: dict[str, int]


def run_pinned(command: Sequence[str], cpus: Sequence[int]) -> tuple[dict[str, Any], float]:
    """Runs a client to its end: the JSON in the last line that it prints, and its CPU time."""
    pinned = ["taskset", "-c", ",".join(map(str, cpus)), *command]
    with subprocess.Popen(pinned, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        try:
            output = client.stdout.read()
        except BaseException:  # interrupted: leave nothing behind
            client.kill()
            raise
        # Popen's own wait does not give the CPU time.
        _, status, usage = os.wait4(client.pid, 0)
        client.returncode = os.waitstatus_to_exitcode(status)
    if client.returncode != 0:
        raise ClientError(f"{Path(command[0]).name} ended with {client.returncode}")
    return json.loads(output.splitlines()[-1]), usage.ru_utime + usage.ru_stime


def without_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in counts.items() if count > 0}


# ------------------------------------------------------------------------------------------ wrk


def wrk_command(binary: str, case: Case, port: int, seconds: int, files: int) -> list[str]:
    return (
        [binary, "-t1", f"-c{case.connections}", f"-d{seconds}", "-s", str(SCRIPT)]
        + ["--timeout", str(WRK_TIMEOUT_S)]
        + (["-H", "Connection: close"] if case.close else [])
        + [f"http://127.0.0.1:{port}{case.path}", "--"]
        + [str(case.pipeline), str(files if case.tree else 0)]
    )


def run_wrk(
    binary: str, case: Case, port: int, cpus: Sequence[int], seconds: int, files: int
) -> Load:
    """`files`: how many there are in the tree."""
    result, cpu_seconds = run_pinned(wrk_command(binary, case, port, seconds, files), cpus)
    requests = result["requests"]
    if case.counted_by_bytes:
        requests = result["bytes"] / case.body_bytes
    return Load(
        requests=requests,
        seconds=result["duration_us"] / 1e6,
        p50_us=latency_of(result, "p50_us", case),
        p99_us=latency_of(result, "p99_us", case),
        cpu_seconds=cpu_seconds,
        errors=without_zeros(result["errors"]) | length_errors(result, case),
    )


def latency_of(result: dict[str, Any], name: str, case: Case) -> float | None:
    """wrk's percentile, if it is one.

    To correct for coordinated omission wrk adds samples for every latency far above the mean time
    between a connection's answers. Of pipelined answers all are: the result is an invention.
    """
    return float(result[name]) if case.pipeline == 1 else None


def length_errors(result: dict[str, Any], case: Case) -> dict[str, int]:
    """wrk looks at no length, but the bytes of all answers must be as many as they can be."""
    whole = result["requests"]
    begun = whole + case.connections * case.pipeline
    least, most = whole * case.body_bytes, begun * (case.body_bytes + HEAD_BYTES_MAX)
    return {} if least <= result["bytes"] <= most else {"length": 1}


# ---------------------------------------------------------------------------------------- paced


def run_paced(binary: str, pace: Pace, port: int, cpus: Sequence[int]) -> PacedLoad:
    command = [binary, "--port", str(port), *pace.arguments()]
    result, cpu_seconds = run_pinned(command, cpus)
    unanswered = result["errors"].pop("unanswered")
    return PacedLoad(
        requests=result["requests"],
        seconds=result["duration_us"] / 1e6,
        percentiles_us=result["percentiles_us"],
        answers_per_connection=result["answers_per_connection"],
        unanswered=unanswered,
        cpu_seconds=cpu_seconds,
        errors=without_zeros(result["errors"]),
    )


def run_closed_loop(
    binary: str, case: Case, port: int, cpus: Sequence[int], seconds: int, etag: str | None
) -> Load:
    """As wrk, by `paced`. With an ETag the answers must be 304."""
    pace = Pace(
        path=case.target,
        connections=case.connections,
        seconds=seconds,
        method=case.method,
        fields=(f"If-None-Match: {etag}",) if etag else ("Accept: text/html",) * case.fallback,
        status=304 if etag else case.status,
        # A 304 need not tell the length of what it does not send, and each server has a page of
        # its own for an error.
        length=case.body_bytes if case.status == 200 and not etag else None,
    )
    load = run_paced(binary, pace, port, cpus)
    errors = load.errors | without_zeros({"unanswered": load.unanswered})
    return Load(load.requests, load.seconds, None, None, load.cpu_seconds, errors)
