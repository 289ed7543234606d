"""The samples as Markdown for people and as JSON for programs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from statistics import median

from cases import Case
from measure import IdleSample, Sample
from servers import Server

# From here on a CPU counts as used up: wrk and the servers need some of the run to start and stop.
SATURATED = 0.95
# From here on the work of others makes a figure doubtful.
DISTURBED = 0.10
LIMIT_REMARKS = {
    "server": "",
    "client": "client-limited",
    "neither": "neither CPU used up",
    "both": "client and server shared a CPU",
}


@dataclass
class Results:
    """All that was measured; each list has one entry a round."""

    samples: dict[tuple[Case, Server], list[Sample]] = field(
        default_factory=lambda: defaultdict(list)
    )
    idle: dict[Server, IdleSample] = field(default_factory=dict)
    # One line for each thing that went wrong besides the errors in the samples.
    failures: list[str] = field(default_factory=list)

    def failed(self) -> bool:
        return bool(self.failures) or any(
            sample.errors for samples in self.samples.values() for sample in samples
        )


@dataclass(frozen=True)
class Summary:
    """The rounds of one server in one case: medians, but for the range and the errors."""

    requests_per_s: float
    requests_per_s_range: tuple[float, float]
    server_us_per_request: float
    p50_us: float | None
    p99_us: float | None
    server_share: float
    client_share: float
    others_on_server_cpu: float
    others_on_client_cpu: float
    one_cpu: bool
    errors: dict[str, int]

    @property
    def limit(self) -> str:
        """Who had no CPU left: only then do requests/s say something about him."""
        if self.one_cpu:
            return "both"
        if self.server_share >= SATURATED:
            return "server"
        return "client" if self.client_share >= SATURATED else "neither"

    @property
    def notes(self) -> str:
        others = max(self.others_on_server_cpu, self.others_on_client_cpu)
        notes = [
            f"**FAILED**: {count} × {kind}" for kind, count in sorted(self.errors.items())
        ]
        if remark := LIMIT_REMARKS[self.limit]:
            notes.append(remark)
        if others >= DISTURBED:
            notes.append(f"disturbed: others took {others:.0%} of a CPU")
        return "; ".join(notes)


def summarise(samples: list[Sample]) -> Summary:
    def middle(figure: Callable[[Sample], float]) -> float:
        return median(map(figure, samples))

    def middle_if_any(figures: Iterable[int | None]) -> float | None:
        known = [figure for figure in figures if figure is not None]
        return median(known) if known else None

    rates = [sample.requests_per_s for sample in samples]
    errors: dict[str, int] = defaultdict(int)
    for sample in samples:
        for kind, count in sample.errors.items():
            errors[kind] += count
    return Summary(
        requests_per_s=median(rates),
        requests_per_s_range=(min(rates), max(rates)),
        server_us_per_request=middle(lambda sample: sample.server_us_per_request),
        p50_us=middle_if_any(sample.p50_us for sample in samples),
        p99_us=middle_if_any(sample.p99_us for sample in samples),
        server_share=middle(lambda sample: sample.server_share),
        client_share=middle(lambda sample: sample.client_share),
        others_on_server_cpu=middle(lambda sample: sample.others_on_server_cpu),
        others_on_client_cpu=middle(lambda sample: sample.others_on_client_cpu),
        one_cpu=samples[0].one_cpu,
        errors=dict(errors),
    )


def by_case(results: Results) -> dict[Case, dict[Server, Summary]]:
    summaries: dict[Case, dict[Server, Summary]] = defaultdict(dict)
    for (case, server), samples in results.samples.items():
        summaries[case][server] = summarise(samples)
    return summaries


# ------------------------------------------------------------------------------------- Markdown


def duration(microseconds: float | None) -> str:
    if microseconds is None:
        return "–"
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    return f"{microseconds / 1000:.3g} ms"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table whose first column is text and whose others are figures."""
    names = list(header)
    lines = [names, [":--"] + ["--:"] * (len(names) - 1), *map(list, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def case_table(summaries: Mapping[Server, Summary]) -> str:
    header = ["server", "requests/s", "lowest – highest", "server CPU/request", "p50", "p99"]
    header += ["server CPU", "client CPU", "notes"]
    return table(
        header,
        (
            [
                server.name,
                f"{row.requests_per_s:,.0f}",
                "{:,.0f} – {:,.0f}".format(*row.requests_per_s_range),
                f"{row.server_us_per_request:.2f} µs",
                duration(row.p50_us),
                duration(row.p99_us),
                f"{row.server_share:.0%}",
                f"{row.client_share:.0%}",
                row.notes,
            ]
            for server, row in summaries.items()
        ),
    )


Comparison = tuple[str, str, Callable[[Summary, Summary], float]]


def more_requests(torc: Summary, other: Summary) -> float:
    return torc.requests_per_s / other.requests_per_s


def more_cpu(torc: Summary, other: Summary) -> float:
    return torc.server_us_per_request / other.server_us_per_request


COMPARISONS: tuple[Comparison, ...] = (
    ("requests/s, torc ÷ nginx", "nginx", more_requests),
    ("requests/s, torc ÷ h2o", "h2o", more_requests),
    ("CPU/request, torc ÷ nginx", "nginx", more_cpu),
    ("CPU/request, torc ÷ h2o", "h2o", more_cpu),
    ("CPU/request, torc ÷ floor", "floor", more_cpu),
)


def ratios(summaries: Mapping[Server, Summary]) -> dict[str, float]:
    """Of torc to the others, as far as they ran."""
    row = {server.name: summary for server, summary in summaries.items()}
    return {
        title: compare(row["torc"], row[other])
        for title, other, compare in COMPARISONS
        if "torc" in row and other in row
    }


def ratio_table(all_summaries: Mapping[Case, Mapping[Server, Summary]]) -> str:
    titles = [title for title, _, _ in COMPARISONS]
    rows = {case: ratios(summaries) for case, summaries in all_summaries.items()}
    return table(
        ["case", *titles],
        (
            [case.title, *(f"{row[title]:.2f}" if title in row else "" for title in titles)]
            for case, row in rows.items()
            if row
        ),
    )


def idle_table(idle: Mapping[Server, IdleSample]) -> str:
    return table(
        ["server", "connections", "private/connection", "PSS/connection", "private, all"],
        (
            [
                server.name,
                f"{sample.connections:,}",
                f"{sample.private_bytes_per_connection:,.0f} B",
                f"{sample.proportional_bytes_per_connection:,.0f} B",
                f"{sample.private_bytes / 2**20:.1f} MiB",
            ]
            for server, sample in idle.items()
        ),
    )


def to_markdown(results: Results, environment: Mapping[str, str]) -> str:
    summaries = by_case(results)
    parts = ["# Load test\n", table(["what", "which"], environment.items())]
    parts.append("How to read this: [README](../README.md#reading-the-tables).\n")
    if results.failures:
        parts += ["## Failures\n", "".join(f"- {line}\n" for line in results.failures)]
    for case, rows in summaries.items():
        parts += [f"## {case.title}\n", case_table(rows)]
    if any(map(ratios, summaries.values())):
        parts += ["## torc against the others\n", ratio_table(summaries)]
    if results.idle:
        parts += ["## Memory of idle keep-alive connections\n", idle_table(results.idle)]
    return "\n".join(parts)


# ----------------------------------------------------------------------------------------- JSON


def to_json(results: Results, environment: Mapping[str, str]) -> str:
    summaries = by_case(results)
    document = {
        "environment": dict(environment),
        "failures": results.failures,
        "cases": {
            case.name: {
                server.name: {
                    "median": asdict(row) | {"limit": row.limit},
                    "rounds": [asdict(sample) for sample in results.samples[case, server]],
                }
                for server, row in rows.items()
            }
            for case, rows in summaries.items()
        },
        "ratios": {case.name: ratios(rows) for case, rows in summaries.items()},
        "idle": {server.name: asdict(sample) for server, sample in results.idle.items()},
    }
    return json.dumps(document, indent=2) + "\n"
