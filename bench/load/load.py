"""Drives torc, its peers and the floor in turn with wrk, and writes down what each of them cost.

One server runs at a time, started fresh for each measurement: nothing else disturbs it, and the
luck of one start (addresses, cache colours) does not stay for all rounds. The rounds are
interleaved and their order rotates, so that a machine that gets slower or faster does so for all.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import environment
import report
from cases import CASES, SMALLEST, Case
from client import ClientError
from measure import measure_idle, measure_load
from plan import Plan, SetupError, make_plan, note
from process import RunningServer, ServerError, free_port, running
from servers import Server, Setting


@contextmanager
def served_site() -> Iterator[Path]:
    """A scratch directory with `site/` in it. Others may read it: servers give up root."""
    with tempfile.TemporaryDirectory(prefix="torc-load-") as name:
        scratch = Path(name)
        site = scratch / "site"
        site.mkdir()
        an_hour_ago = time.time() - 3600
        for size in {case.body_bytes for case in CASES}:
            path = site / f"{size}.bin"
            path.write_bytes(os.urandom(size))
            # A file that was written just now is cached with caution.
            os.utime(path, (an_hour_ago, an_hour_ago))
        scratch.chmod(0o755)
        yield scratch


class LoadTest:
    """One execution of a plan."""

    def __init__(self, plan: Plan, scratch: Path) -> None:
        self._plan = plan
        self._scratch = scratch
        self.results = report.Results()

    def run(self) -> None:
        for round_index in range(self._plan.rounds):
            for case in self._plan.cases:
                note(f"round {round_index + 1} of {self._plan.rounds}: {case.title}")
                for server in rotated(self._plan.servers_in(case), round_index):
                    self._measure_load(server, case)
        if self._plan.idle_connections > 0:
            note(f"{self._plan.idle_connections} idle connections")
            for server in self._plan.servers_in(SMALLEST):
                if server.holds_idle_connections:
                    self._measure_idle(server)

    def _measure_load(self, server: Server, case: Case) -> None:
        try:
            with self._start(server, case) as instance:
                sample = measure_load(
                    instance, case, self._plan.wrk, self._plan.cpus, self._plan.seconds
                )
        except (ServerError, ClientError, OSError) as error:
            self._failed(f"{server.name}, {case.title}: {error}")
            return
        self.results.samples[case, server].append(sample)
        note(
            f"  {server.name:10} {sample.requests_per_s:9,.0f}/s "
            f"{sample.server_us_per_request:8.2f} µs/request"
        )

    def _measure_idle(self, server: Server) -> None:
        try:
            with self._start(server, SMALLEST) as instance:
                sample = measure_idle(instance, SMALLEST, self._plan.idle_connections)
        except (ServerError, ClientError, OSError) as error:
            self._failed(f"{server.name}, idle connections: {error}")
            return
        self.results.idle[server] = sample
        note(f"  {server.name:10} {sample.private_bytes_per_connection:8,.0f} B/connection")

    def _start(self, server: Server, case: Case) -> AbstractContextManager[RunningServer]:
        setting = Setting(
            binary=self._plan.binaries[server.name],
            site=self._scratch / "site",
            scratch=self._scratch,
            port=free_port(),
            cpu=self._plan.cpus.server,
            case=case,
        )
        return running(server, setting)

    def _failed(self, what: str) -> None:
        note(f"  {what}")
        self.results.failures.append(what)


def rotated(servers: list[Server], by: int) -> list[Server]:
    by %= max(len(servers), 1)
    return servers[by:] + servers[:by]


def describe(plan: Plan) -> dict[str, str]:
    return environment.describe(plan.wrk, plan.binaries) | {
        "measured": f"rounds: {plan.rounds}, {plan.seconds} s each; medians",
        "command": f"`{plan.command}`",
    }


def write_report(plan: Plan, results: report.Results, about: dict[str, str]) -> None:
    plan.output.mkdir(parents=True, exist_ok=True)
    markdown = plan.output / "load.md"
    markdown.write_text(report.to_markdown(results, about))
    (plan.output / "load.json").write_text(report.to_json(results, about))
    print(markdown.read_text())
    note(f"written: {markdown} and load.json beside it")


def end_on_sigterm() -> None:
    """As with Ctrl-C: by an exception, so that servers are stopped and files removed on the way."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


def main() -> int:
    end_on_sigterm()
    try:
        plan = make_plan(sys.argv[1:])
        about = describe(plan)
        # Away from the server's CPU. wrk and the servers are pinned by themselves.
        os.sched_setaffinity(0, {plan.cpus.client})
        with served_site() as scratch:
            test = LoadTest(plan, scratch)
            test.run()
        write_report(plan, test.results, about)
    except SetupError as error:
        note(str(error))
        return 2
    except KeyboardInterrupt:
        note("interrupted")
        return 130
    return 1 if test.results.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
