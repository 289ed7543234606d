"""One measurement: what a load cost the server, and who was the limit."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from cases import Case
from client import Load, run_closed_loop, run_wrk
from process import RunningServer, etag_of

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cpus:
    server: int
    client: int

    @property
    def both(self) -> tuple[int, ...]:
        return tuple(sorted({self.server, self.client}))


@dataclass(frozen=True)
class Tools:
    """The programs and sizes that the measurements need."""

    wrk: str
    paced: str
    # None where libfuse was missing when it should have been built.
    slowfs: str | None
    cpus: Cpus
    seconds: int
    # Files in the tree.
    files: int


@dataclass(frozen=True)
class Sample:
    """One run of a client against one server. Shares are of one CPU, over the run."""

    requests: float
    requests_per_s: float
    server_us_per_request: float
    p50_us: float | None
    p99_us: float | None
    server_share: float
    client_share: float
    # What others than the two of them took of their CPUs; it should be next to nothing.
    others_on_server_cpu: float
    others_on_client_cpu: float
    # Both of them had the same CPUs.
    one_cpu: bool
    # Memory of the server's processes alone, after the load.
    private_bytes: int
    errors: dict[str, int]
    # Lines that the access log should have and has not; None without one.
    lost_lines: int | None = None


def busy_seconds(cpu: int) -> float:
    """Time in which the CPU worked for anybody, stolen time included: /proc/stat, see proc(5)."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{cpu}":
            user, nice, system, _idle, _iowait, *irq_softirq_steal = map(int, ticks[:8])
            return (user + nice + system + sum(irq_softirq_steal)) / TICKS_PER_S
    raise ValueError(f"/proc/stat has no CPU {cpu}")


@dataclass(frozen=True)
class Usage:
    """Who used the CPUs: the server, in seconds, and those who do not belong, as shares of one."""

    server_cpu_seconds: float
    others_on_server_cpu: float
    others_on_client_cpu: float


class Meter:
    """Watches the CPUs from when it is made until it is read."""

    def __init__(self, server: RunningServer, cpus: Cpus) -> None:
        self._server = server
        self._cpus = cpus
        self._server_cpu = server.cpu_seconds()
        self._busy = {cpu: busy_seconds(cpu) for cpu in cpus.both}
        self._began = time.monotonic()

    def read(self, client_cpu_seconds: float) -> Usage:
        wall = time.monotonic() - self._began
        busy = {cpu: busy_seconds(cpu) - before for cpu, before in self._busy.items()}
        server_cpu = self._server.cpu_seconds() - self._server_cpu
        if self._cpus.server == self._cpus.client:
            others = [busy[self._cpus.server] - server_cpu - client_cpu_seconds] * 2
        else:
            others = [
                busy[self._cpus.server] - server_cpu,
                busy[self._cpus.client] - client_cpu_seconds,
            ]
        return Usage(server_cpu, max(others[0] / wall, 0.0), max(others[1] / wall, 0.0))


def measure_load(server: RunningServer, case: Case, tools: Tools) -> Sample:
    etag = etag_of(server.port, case) if case.conditional else None
    meter = Meter(server, tools.cpus)
    load = run_client(server.port, case, tools, etag)
    usage = meter.read(load.cpu_seconds)
    return Sample(
        requests=load.requests,
        requests_per_s=load.requests / load.seconds,
        server_us_per_request=usage.server_cpu_seconds * 1e6 / max(load.requests, 1),
        p50_us=load.p50_us,
        p99_us=load.p99_us,
        server_share=usage.server_cpu_seconds / load.seconds,
        client_share=load.cpu_seconds / load.seconds,
        others_on_server_cpu=usage.others_on_server_cpu,
        others_on_client_cpu=usage.others_on_client_cpu,
        one_cpu=case.workers > 1 or tools.cpus.server == tools.cpus.client,
        private_bytes=server.memory().private,
        errors=load.errors,
    )


def run_client(port: int, case: Case, tools: Tools, etag: str | None) -> Load:
    cpus = (tools.cpus.client,) if case.workers == 1 else tools.cpus.both
    if case.own_client:
        return run_closed_loop(tools.paced, case, port, cpus, tools.seconds, etag)
    return run_wrk(tools.wrk, case, port, cpus, tools.seconds, tools.files)
