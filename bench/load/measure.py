"""One measurement: what a load cost the server, and who was the limit."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from cases import Case
from client import Load, idle_connections, run_wrk
from process import RunningServer

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Lets a server put its buffers away before its memory is read.
IDLE_SETTLE_S = 1.0


@dataclass(frozen=True)
class Cpus:
    server: int
    client: int


@dataclass(frozen=True)
class Sample:
    """One run of wrk against one server. Shares are of one CPU, over the run."""

    requests_per_s: float
    server_us_per_request: float
    p50_us: int | None
    p99_us: int | None
    server_share: float
    client_share: float
    # What others than the two of them took of their CPUs; it should be next to nothing.
    others_on_server_cpu: float
    others_on_client_cpu: float
    # There was but one CPU for both of them.
    one_cpu: bool
    errors: dict[str, int]


@dataclass(frozen=True)
class IdleSample:
    connections: int
    private_bytes_per_connection: float
    proportional_bytes_per_connection: float
    # With all connections open: a server may have taken the memory for them at its start.
    private_bytes: int


def busy_seconds(cpu: int) -> float:
    """Time in which the CPU worked for anybody, stolen time included: /proc/stat, see proc(5)."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name == f"cpu{cpu}":
            user, nice, system, _idle, _iowait, *irq_softirq_steal = map(int, ticks[:8])
            return (user + nice + system + sum(irq_softirq_steal)) / TICKS_PER_S
    raise ValueError(f"/proc/stat has no CPU {cpu}")


def measure_load(
    server: RunningServer, case: Case, wrk: str, cpus: Cpus, seconds: int
) -> Sample:
    server_cpu = -server.cpu_seconds()
    busy = {cpu: -busy_seconds(cpu) for cpu in (cpus.server, cpus.client)}
    wall = -time.monotonic()
    load = run_wrk(wrk, case, server.port, cpus.client, seconds)
    wall += time.monotonic()
    for cpu in busy:
        busy[cpu] += busy_seconds(cpu)
    server_cpu += server.cpu_seconds()
    return sample_of(load, server_cpu, busy, wall, cpus)


def sample_of(
    load: Load, server_cpu: float, busy: dict[int, float], wall: float, cpus: Cpus
) -> Sample:
    if cpus.server == cpus.client:
        others = [busy[cpus.server] - server_cpu - load.cpu_seconds] * 2
    else:
        others = [busy[cpus.server] - server_cpu, busy[cpus.client] - load.cpu_seconds]
    return Sample(
        requests_per_s=load.requests / load.seconds,
        server_us_per_request=server_cpu * 1e6 / max(load.requests, 1),
        p50_us=load.p50_us,
        p99_us=load.p99_us,
        server_share=server_cpu / load.seconds,
        client_share=load.cpu_seconds / load.seconds,
        others_on_server_cpu=max(others[0] / wall, 0.0),
        others_on_client_cpu=max(others[1] / wall, 0.0),
        one_cpu=cpus.server == cpus.client,
        errors=load.errors,
    )


def measure_idle(server: RunningServer, case: Case, connections: int) -> IdleSample:
    before = server.memory()
    with idle_connections(server.port, case, connections):
        time.sleep(IDLE_SETTLE_S)
        after = server.memory()
    return IdleSample(
        connections=connections,
        private_bytes_per_connection=(after.private - before.private) / connections,
        proportional_bytes_per_connection=(after.proportional - before.proportional) / connections,
        private_bytes=after.private,
    )
