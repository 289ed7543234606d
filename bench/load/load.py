"""Drives torc, its peers and the floor in turn, and writes down what each of them cost.

One server runs at a time, started fresh for each measurement: nothing else disturbs it, and the
luck of one start (addresses, cache colours) does not stay for all rounds. The rounds are
interleaved and their order rotates, so that a machine that gets slower or faster does so for all.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import environment
import export
import report
from cases import Case, Row, Trial
from client import ClientError
from files import served_site
from logs import LogSink, log_sink
from measure import Sample, measure_load
from plan import Plan, SetupError, make_plan, note
from process import ServerError, first_requests, free_port, running
from results import Results
from servers import Server, Setting
from slowfs import SlowfsError
from throttle import ThrottleError
from trials import Trials
from tree import paths_of, visit


class LoadTest:
    """One execution of a plan."""

    def __init__(self, plan: Plan, scratch: Path) -> None:
        self._plan = plan
        self._scratch = scratch
        self.results = Results(plan.scale)
        self._trials = Trials(plan, scratch, self.results)

    def run(self) -> None:
        trials = self._possible_trials()
        for round_index in range(self._plan.rounds):
            for case in self._plan.cases:
                self._row(case, round_index, partial(self._load, case))
            for trial in trials:
                measure = partial(self._trials.measure, trial)
                if round_index == 0 or not trial.once:
                    for repeat in range(trial.repeats):
                        self._row(trial, round_index, measure, repeat)

    def _possible_trials(self) -> list[Trial]:
        possible = []
        for trial in self._plan.trials:
            obstacle = self._trials.obstacle(trial)
            if obstacle is None:
                possible.append(trial)
            else:
                note(f"left out: {trial.title}: {obstacle}")
                self.results.skipped[trial] = obstacle
        return possible

    def _row(
        self, row: Row, round_index: int, measure: Callable[[Server], str], repeat: int = 0
    ) -> None:
        """Measures every server once. One that fails is a line in the report."""
        note(f"round {round_index + 1} of {self._plan.rounds}: {row.title}")
        for server in rotated(self._plan.servers_in(row), round_index + repeat):
            try:
                note(f"  {server.name:10} {measure(server)}")
            except (ServerError, ClientError, SlowfsError, ThrottleError, OSError) as error:
                self._failed(f"{server.name}, {row.title}: {error}")

    def _load(self, case: Case, server: Server) -> str:
        tools = self._plan.tools
        setting = Setting(
            binary=self._plan.binaries[server.name],
            site=self._scratch / "site",
            scratch=self._scratch,
            port=free_port(),
            cpus=(tools.cpus.server,) if case.workers == 1 else tools.cpus.both,
            case=case,
        )
        with log_sink(case, setting.access_log) as sink:
            with running(server, setting, sink.standard_output) as instance:
                if case.tree:
                    visit(instance.port, paths_of(tools.files), case.body_bytes)
                sample = measure_load(instance, case, tools)
            sample = with_log(sample, case, sink)
        self.results.loads[case, server].append(sample)
        return f"{sample.requests_per_s:9,.0f}/s {sample.server_us_per_request:9.2f} µs/request"

    def _failed(self, what: str) -> None:
        note(f"  {what}")
        self.results.failures.append(what)


def with_log(sample: Sample, case: Case, sink: LogSink) -> Sample:
    """wrk leaves requests without waiting for their answers, so that there can be more lines."""
    if not case.log:
        return sample
    lost = sample.requests + first_requests(case) - sink.lines()
    return replace(sample, lost_lines=max(round(lost), 0))


def rotated(servers: list[Server], by: int) -> list[Server]:
    by %= max(len(servers), 1)
    return servers[by:] + servers[:by]


def describe(plan: Plan) -> dict[str, str]:
    return environment.describe(plan.tools.wrk, plan.binaries) | {
        "measured": f"rounds: {plan.rounds}, {plan.tools.seconds} s each; medians",
        "command": f"`{plan.command}`",
    }


def write_report(plan: Plan, results: Results, about: dict[str, str]) -> None:
    plan.output.mkdir(parents=True, exist_ok=True)
    evidence = report.Report(results, about)
    markdown = plan.output / "load.md"
    markdown.write_text(evidence.to_markdown())
    (plan.output / "load.json").write_text(export.to_json(evidence))
    for name, svg in evidence.plots.items():
        (plan.output / name).write_text(svg)
    print(markdown.read_text())
    note(f"written: {markdown}, and load.json and the plots beside it")


def end_on_sigterm() -> None:
    """As with Ctrl-C: by an exception, so that servers are stopped and files removed on the way."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


def main() -> int:
    end_on_sigterm()
    try:
        plan = make_plan(sys.argv[1:])
        about = describe(plan)
        # Away from the server's CPU. The client and the servers are pinned by themselves.
        os.sched_setaffinity(0, {plan.tools.cpus.client})
        note("making the files to be served")
        with served_site(plan.contents, plan.rows) as scratch:
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
