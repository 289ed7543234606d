"""What was measured, for people: load.md and its plots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cases import (
    CHMOD_STORM, COLD_DISK, COLD_FUSE, HALF_CLOSED, IDLE, LATENCY, MKDIR_STORM, STALLS, START,
    WORKERS,
)  # fmt: skip
from charts import charts_of
from disturbance_tables import half_closed_table, stall_table, storm_table
from goals import verdicts
from plot import to_svg
from results import Results, by_case
from tables import (
    case_table, cold_table, goal_table, idle_table, latency_table, ratio_table, spread_table,
    start_table, table,
)  # fmt: skip

# A median of fewer is not one.
ROUNDS_ENOUGH = 3


class Report:
    """Everything that is worked out of the results, once."""

    def __init__(self, results: Results, environment: Mapping[str, str]) -> None:
        self.results = results
        self.environment = environment
        self.summaries = by_case(results)
        self.verdicts = verdicts(results)
        self.charts = charts_of(results, self.summaries)
        # Name of the file to its contents.
        self.plots = {f"{name}.svg": to_svg(chart) for name, chart in self.charts.items()}

    def to_markdown(self) -> str:
        return "\n".join(self._parts())

    def _parts(self) -> Iterator[str]:
        yield "# Load test\n"
        yield "How to read this: [README](../README.md#reading-the-tables).\n"
        yield "## Goals\n"
        yield goal_table(self.verdicts)
        rounds = self.results.scale.rounds
        if rounds < ROUNDS_ENOUGH:
            yield f"Of {rounds} rounds alone: the verdicts say little.\n"
        yield "## Run\n"
        yield table(["what", "which"], self.environment.items(), text_columns=2)
        if self.results.failures:
            yield "## Failures\n"
            yield "".join(f"- {line}\n" for line in self.results.failures)
        if self.charts:
            yield "## Plots\n"
            for name, chart in self.charts.items():
                yield f"![{chart.title}]({name}.svg)\n"
        yield from self._loads()
        yield from self._trials()

    def _loads(self) -> Iterator[str]:
        for case, rows in self.summaries.items():
            yield f"## {case.title}\n"
            yield case_table(case, rows)
        if ratios := ratio_table(self.summaries):
            yield "## torc ÷ the others\n"
            yield ratios

    def _trials(self) -> Iterator[str]:
        results = self.results
        tables = {
            LATENCY: latency_table(results.latency) if results.latency else "",
            IDLE: idle_table(results.idle) if results.idle else "",
            WORKERS: spread_table(results.spread) if results.spread else "",
            COLD_DISK: cold_table(results.cold, COLD_DISK),
            COLD_FUSE: cold_table(results.cold, COLD_FUSE),
            CHMOD_STORM: storm_table(results.storms, CHMOD_STORM),
            MKDIR_STORM: storm_table(results.storms, MKDIR_STORM),
            HALF_CLOSED: half_closed_table(results.half_closed) if results.half_closed else "",
            STALLS: stall_table(results.stalls) if results.stalls else "",
            START: start_table(results.starts_s) if results.starts_s else "",
        }
        for trial, rows in tables.items():
            if rows:
                yield f"## {trial.title[0].upper()}{trial.title[1:]}\n"
                yield rows
