"""How evenly the work spreads over workers.

At a fixed rate every connection asks equally often, and nobody runs out of CPU: then a worker's
share of the CPU time is its share of the requests. In a closed loop the connections compete: those
on a crowded worker have fewer answers than the others.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases import SMALLEST
from client import Pace, run_paced
from measure import Tools
from process import RunningServer

CONNECTIONS = (9, 64, 512)
REQUESTS_PER_S = 10_000


@dataclass(frozen=True)
class SpreadSample:
    """What the workers had of one load."""

    # Of all CPU time, the busiest worker first.
    shares: list[float]
    p99_us: float
    # In the closed loop.
    requests_per_s: float
    # Answers of one connection: the lowest, the median and the highest count, ÷ the mean.
    lowest_answers: float
    median_answers: float
    highest_answers: float
    errors: dict[str, int]

    @property
    def busiest_share(self) -> float:
        return self.shares[0]


def measure_spread(server: RunningServer, tools: Tools, connections: int) -> SpreadSample:
    # The servers have both CPUs, so the client has what they leave of them.
    cpus = tools.cpus.both
    pace = Pace(SMALLEST.path, connections, tools.seconds, length=SMALLEST.body_bytes)
    fixed = Pace(
        SMALLEST.path, connections, tools.seconds, REQUESTS_PER_S, length=SMALLEST.body_bytes
    )
    before = server.thread_cpu_seconds()
    paced = run_paced(tools.paced, fixed, server.port, cpus)
    after = server.thread_cpu_seconds()
    grown = sorted((after[thread] - before.get(thread, 0.0) for thread in after), reverse=True)
    workers = grown[: len(cpus)]
    closed = run_paced(tools.paced, pace, server.port, cpus)
    mean = max(closed.requests, 1) / connections
    answers = closed.answers_per_connection
    return SpreadSample(
        shares=[worker / max(sum(workers), 1e-9) for worker in workers],
        p99_us=paced.percentiles_us["99"],
        requests_per_s=closed.requests / closed.seconds,
        lowest_answers=answers["lowest"] / mean,
        median_answers=answers["median"] / mean,
        highest_answers=answers["highest"] / mean,
        errors=paced.errors | closed.errors,
    )
