"""Makes the measurements that are no loads: which server is started how, and for what."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from cases import COLD_DISK, COLD_FUSE, IDLE, LATENCY, SMALLEST, START, WORKERS, Trial
from cold import DISK_BYTES_PER_S, ColdSample, drop_from_memory, measure_cold
from files import COLD_FILE, SLOW_DIRECTORY
from idle import measure_idle
from latency import measure_latency
from plan import Plan, note
from process import free_port, running
from results import Results
from servers import Server, Setting
from slowfs import DELAY_MS, FILE, SlowfsError, check_slowfs, mounted
from start import measure_start
from throttle import ThrottleError, check_throttle, disk_of, group
from workers import measure_spread


class Trials:
    """Each method measures one server once, and keeps what came out."""

    def __init__(self, plan: Plan, scratch: Path, results: Results) -> None:
        self._plan = plan
        self._scratch = scratch
        self._site = scratch / "site"
        self._results = results
        self._measure: dict[Trial, Callable[[Server], str]] = {
            LATENCY: self._latency,
            IDLE: self._idle,
            WORKERS: self._workers,
            COLD_DISK: self._cold_disk,
            COLD_FUSE: self._cold_fuse,
            START: self._start,
        }

    def measure(self, trial: Trial, server: Server) -> str:
        """Says in some words what came out."""
        return self._measure[trial](server)

    def obstacle(self, trial: Trial) -> str | None:
        """Why the trial cannot be made here, if it cannot."""
        cpus = self._plan.tools.cpus
        if trial is WORKERS and cpus.server == cpus.client:
            return "there is but one CPU"
        if trial is IDLE and self._plan.idle_connections == 0:
            return "no connections were wanted"
        try:
            if trial is COLD_DISK:
                check_throttle(self._site)
            if trial is COLD_FUSE:
                check_slowfs(self._plan.tools.slowfs)
        except (ThrottleError, SlowfsError) as error:
            return str(error)
        return None

    def _setting(self, server: Server, cpus: tuple[int, ...] | None = None) -> Setting:
        return Setting(
            binary=self._plan.binaries[server.name],
            site=self._site,
            scratch=self._scratch,
            port=free_port(),
            cpus=cpus or (self._plan.tools.cpus.server,),
            case=SMALLEST,
        )

    def _latency(self, server: Server) -> str:
        with running(server, self._setting(server)) as instance:
            sample = measure_latency(instance, self._plan.tools)
        self._results.latency[server].append(sample)
        median, high = sample.percentiles_us["50"], sample.percentiles_us["99"]
        return f"p50 {median:8,.0f} µs, p99 {high:8,.0f} µs"

    def _idle(self, server: Server) -> str:
        with running(server, self._setting(server)) as instance:
            sample = measure_idle(instance, SMALLEST, self._plan.idle_connections)
        self._results.idle[server] = sample
        return f"{sample.private_bytes_per_connection:8,.0f} B/connection"

    def _workers(self, server: Server) -> str:
        words = []
        for connections in self._plan.spread_connections:
            with running(server, self._setting(server, self._plan.tools.cpus.both)) as instance:
                sample = measure_spread(instance, self._plan.tools, connections)
            self._results.spread[connections, server].append(sample)
            words.append(f"{connections}: {sample.busiest_share:.0%}")
        return f"busiest worker at {', '.join(words)}"

    def _start(self, server: Server) -> str:
        count = math.ceil(self._plan.starts / self._plan.rounds)
        seconds = [measure_start(server, self._setting(server)) for _ in range(count)]
        self._results.starts_s[server] += seconds
        return f"{sorted(seconds)[count // 2] * 1e3:8.1f} ms"

    def _cold_disk(self, server: Server) -> str:
        size = self._plan.cold_bytes
        # The group goes when the server has gone, and its limit before the server is stopped.
        with group() as slow, running(server, self._setting(server)) as instance:
            slow.add(instance.processes())
            drop_from_memory(self._site / COLD_FILE)
            with slow.limited(disk_of(self._site), DISK_BYTES_PER_S):
                sample = measure_cold(
                    instance, self._plan.tools, f"/{COLD_FILE}", size, DISK_BYTES_PER_S
                )
        return self._keep_cold(COLD_DISK, server, sample)

    def _cold_fuse(self, server: Server) -> str:
        tools, size = self._plan.tools, self._plan.cold_bytes
        assert tools.slowfs is not None  # see obstacle()
        mountpoint = self._site / SLOW_DIRECTORY
        with (
            mounted(tools.slowfs, mountpoint, tools.cpus.client, size) as slow,
            running(server, self._setting(server)) as instance,
        ):
            slow.delay("read", DELAY_MS)
            sample = measure_cold(instance, tools, f"/{SLOW_DIRECTORY}/{FILE}", size, None)
        return self._keep_cold(COLD_FUSE, server, sample)

    def _keep_cold(self, trial: Trial, server: Server, sample: ColdSample) -> str:
        self._results.cold[trial, server].append(sample)
        if sample.flaw:
            note(f"  {server.name}: {sample.flaw}")
        return (
            f"p99 {sample.p99_us / 1e3:8.2f} ms, threads {sample.threads_before} → "
            f"{sample.threads_during}, readers {sample.read_bytes_per_s / 1e6:.0f} MB/s"
        )
