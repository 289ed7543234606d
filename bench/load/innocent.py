"""A client that asks for nothing special: what it waits beside those who do is measured.

Warm requests are due at a modest fixed rate, so that it neither uses up a CPU nor takes turns with
anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from cases import SMALLEST
from client import Pace, PacedLoad, run_paced
from measure import Tools
from process import RunningServer

PROBES_PER_S = 1000
PROBE_CONNECTIONS = 4
# What the warm requests wait without a disturbance is measured for so long.
ALONE_S = 1


def probe(server: RunningServer, tools: Tools, seconds: int) -> PacedLoad:
    pace = Pace(
        SMALLEST.path, PROBE_CONNECTIONS, seconds, PROBES_PER_S, length=SMALLEST.body_bytes
    )
    return run_paced(tools.paced, pace, server.port, [tools.cpus.client])


@contextmanager
def probing(server: RunningServer, tools: Tools, seconds: int) -> Iterator[Future[PacedLoad]]:
    """Probes while something else is done."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(probe, server, tools, seconds)
