"""What an answer takes when the server has time to spare."""

from __future__ import annotations

from dataclasses import dataclass

from cases import CONNECTIONS, SMALLEST
from client import Pace, run_paced
from measure import Meter, Tools
from process import RunningServer

REQUESTS_PER_S = 20_000


@dataclass(frozen=True)
class LatencySample:
    """From when a request was due. Percentiles as paced names them; 100 is the highest."""

    percentiles_us: dict[str, float]
    unanswered: int
    # What others took of a CPU, the worse of the two.
    others: float
    errors: dict[str, int]


def measure_latency(server: RunningServer, tools: Tools) -> LatencySample:
    pace = Pace(
        path=SMALLEST.path,
        connections=CONNECTIONS,
        seconds=tools.seconds,
        rate=REQUESTS_PER_S,
        length=SMALLEST.body_bytes,
        # Its CPU is its own; with one CPU in all it must let the server have it.
        spin=tools.cpus.client != tools.cpus.server,
    )
    meter = Meter(server, tools.cpus)
    load = run_paced(tools.paced, pace, server.port, [tools.cpus.client])
    usage = meter.read(load.cpu_seconds)
    others = max(usage.others_on_server_cpu, usage.others_on_client_cpu)
    return LatencySample(load.percentiles_us, load.unanswered, others, load.errors)
