"""Which figures are drawn, and how they are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cases import SIZES, Case
from latency import REQUESTS_PER_S
from plot import Axis, Chart, Series
from results import Results, Summary, latency_percentiles
from servers import Server

SIZE_AXIS = Axis(
    "size of the file",
    {case.body_bytes: case.title for case in SIZES},
)
PERCENTILES = ("50", "75", "90", "95", "99", "99.5", "99.9", "99.99")

Summaries = Mapping[Case, Mapping[Server, Summary]]


def charts_of(results: Results, summaries: Summaries) -> dict[str, Chart]:
    """By the name of the file, without its suffix. Only what has something to show."""
    charts = {
        "throughput": by_size(
            summaries,
            "Requests/s by size of the file (one worker, one CPU)",
            "requests/s",
            lambda row: row.requests_per_s,
        ),
        "cpu": by_size(
            summaries,
            "Server CPU time per request by size of the file",
            "CPU time per request, µs",
            lambda row: row.server_us_per_request,
        ),
        "cpu-floor": by_size(
            above_floor(summaries),
            "Server CPU time per request, compared with what the kernel alone takes",
            "CPU time per request ÷ floor",
            lambda row: row.server_us_per_request,
        ),
        "latency": latency_chart(results),
    }
    return {name: chart for name, chart in charts.items() if chart.worth_drawing}


def by_size(
    summaries: Summaries, title: str, unit: str, figure: Callable[[Summary], float]
) -> Chart:
    points: dict[str, list[tuple[float, float]]] = {}
    for case in SIZES:
        for server, row in summaries.get(case, {}).items():
            points.setdefault(server.name, []).append((case.body_bytes, figure(row)))
    series = [Series(name, line) for name, line in points.items() if len(line) > 1]
    return Chart(title, SIZE_AXIS, Axis(unit), series)


def above_floor(summaries: Summaries) -> dict[Case, dict[Server, Summary]]:
    """With the floor's CPU time as the unit, where it was measured."""
    relative = {}
    for case, rows in summaries.items():
        floor = next((row for server, row in rows.items() if server.name == "floor"), None)
        if floor is not None:
            unit = floor.server_us_per_request
            relative[case] = {
                server: replace(row, server_us_per_request=row.server_us_per_request / unit)
                for server, row in rows.items()
            }
    return relative


def latency_chart(results: Results) -> Chart:
    series = []
    for server, samples in results.latency.items():
        percentiles = latency_percentiles(samples)
        line = [(rarity(name), percentiles[name]) for name in PERCENTILES]
        series.append(Series(server.name, line))
    return Chart(
        f"Latency of 1 KiB at {REQUESTS_PER_S:,} requests/s, from when each was due",
        Axis("percentile", {rarity(name): f"{name} %" for name in PERCENTILES if name != "99.5"}),
        Axis("latency, µs"),
        series,
    )


def rarity(percentile: str) -> float:
    """One in so many is slower: what makes 99, 99.9 and 99.99 % equally far apart."""
    return 1 / (1 - min(float(percentile), 99.9999) / 100)
