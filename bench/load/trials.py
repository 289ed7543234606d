"""Makes the measurements that are no loads: which server is started how, and for what."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import storm
import tree
from cases import (
    CHMOD_STORM, COLD_DISK, COLD_FUSE, HALF_CLOSED, IDLE, LATENCY, MKDIR_STORM, SMALLEST, STALLS,
    START, TREE, WORKERS, Trial,
)  # fmt: skip
from cold import DISK_BYTES_PER_S, ColdSample, drop_from_memory, measure_cold
from files import COLD_FILE, DEPLOYED_DIRECTORY, SLOW_DIRECTORY
from half_closed import measure_half_closed
from idle import measure_idle
from latency import measure_latency
from plan import Plan, note
from process import free_port, running
from results import Results
from servers import Server, Setting
from slowfs import DELAY_MS, FILE, SlowfsError, check_slowfs, mounted
from stall import Stall, measure_stall, point_to
from start import measure_start
from throttle import ThrottleError, check_throttle, disk_of, group
from tree import visit
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
            CHMOD_STORM: self._chmod_storm,
            MKDIR_STORM: self._mkdir_storm,
            HALF_CLOSED: self._half_closed,
            STALLS: self._stalls,
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
            if trial in (COLD_FUSE, STALLS):
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
        size = self._plan.contents.cold_bytes
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
        tools, size = self._plan.tools, self._plan.contents.cold_bytes
        assert tools.slowfs is not None  # see obstacle()
        mountpoint = self._site / SLOW_DIRECTORY
        with (
            mounted(tools.slowfs, mountpoint, tools.cpus.client, size) as slow,
            running(server, self._setting(server)) as instance,
        ):
            slow.delay("read", DELAY_MS)
            sample = measure_cold(instance, tools, f"/{SLOW_DIRECTORY}/{FILE}", size, None)
        return self._keep_cold(COLD_FUSE, server, sample)

    def _chmod_storm(self, server: Server) -> str:
        directories = self._plan.contents.directories
        with running(server, self._setting(server)) as instance:
            visit(instance.port, storm.paths_of(directories), storm.FILE_BYTES)
            sample = storm.measure_storm(
                instance,
                self._plan.tools,
                self._plan.watch_seconds,
                lambda: storm.change_modes(self._site, directories),
            )
        return self._keep_storm(CHMOD_STORM, server, sample)

    def _mkdir_storm(self, server: Server) -> str:
        # The storm is cleared away when the server has gone.
        with (
            storm.new_directories(self._site / "tree", storm.NEW_DIRECTORIES) as make,
            running(server, self._setting(server)) as instance,
        ):
            visit(instance.port, tree.paths_of(self._plan.contents.tree_files), TREE.body_bytes)
            sample = storm.measure_storm(
                instance, self._plan.tools, self._plan.watch_seconds, make
            )
        return self._keep_storm(MKDIR_STORM, server, sample)

    def _keep_storm(self, trial: Trial, server: Server, sample: storm.StormSample) -> str:
        self._results.storms[trial, server].append(sample)
        longest_ms, alone_ms = sample.max_us / 1e3, sample.max_us_alone / 1e3
        return f"longest wait {longest_ms:8.2f} ms, alone {alone_ms:.2f} ms"

    def _half_closed(self, server: Server) -> str:
        with running(server, self._setting(server)) as instance:
            sample = measure_half_closed(instance, self._plan.tools, self._plan.watch_seconds)
        self._results.half_closed[server].append(sample)
        return (
            f"CPU {sample.share_alone:.1%} → {sample.share:.1%}, "
            f"p99 {sample.p99_us_alone / 1e3:.2f} → {sample.p99_us / 1e3:.2f} ms"
        )

    def _stalls(self, server: Server) -> str:
        words = [f"{stall.name}: {self._stall(server, stall)}" for stall in self._plan.stalls]
        return "; ".join(words)

    def _stall(self, server: Server, stall: Stall) -> str:
        tools, root = self._plan.tools, self._scratch / "current"
        assert tools.slowfs is not None  # see obstacle()
        point_to(root, self._site)
        setting = replace(self._setting(server), site=root, listing=True)
        with (
            mounted(tools.slowfs, self._site / SLOW_DIRECTORY, tools.cpus.client) as slow,
            running(server, setting) as instance,
        ):
            deployed = self._scratch / DEPLOYED_DIRECTORY
            sample = measure_stall(instance, tools, stall, slow, root, deployed)
        self._results.stalls[stall.name, server] = sample
        return f"{sample.hot_max_us / 1e3:.0f} ms"

    def _keep_cold(self, trial: Trial, server: Server, sample: ColdSample) -> str:
        self._results.cold[trial, server].append(sample)
        if sample.flaw:
            note(f"  {server.name}: {sample.flaw}")
        return (
            f"p99 {sample.p99_us / 1e3:8.2f} ms, threads {sample.threads_before} → "
            f"{sample.threads_during}, readers {sample.read_bytes_per_s / 1e6:.0f} MB/s"
        )
