"""The tables of load.md, one function each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from cases import LARGE, LARGEST, Case, Trial
from cold import ColdSample
from comparison import by_cpu
from idle import IdleSample
from latency import LatencySample
from results import DISTURBED, Summary, failed_text, latency_percentiles, sum_errors
from servers import Server
from verdict import Verdict
from workers import SpreadSample


def table(header: Iterable[str], rows: Iterable[Iterable[str]], text_columns: int = 1) -> str:
    """A Markdown table whose first columns are text and whose others are figures."""
    names = list(header)
    marks = [":--" if i < text_columns else "--:" for i in range(len(names))]
    lines = [names, marks, *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def duration(microseconds: float | None) -> str:
    if microseconds is None:
        return "–"
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    if microseconds < 1_000_000:
        return f"{microseconds / 1000:.3g} ms"
    return f"{microseconds / 1_000_000:.3g} s"


def mebibytes(size: float) -> str:
    return f"{size / 2**20:.1f} MiB"


def goal_table(verdicts: Iterable[Verdict]) -> str:
    return table(
        ["work", "goal", "measured", "verdict"],
        (
            [row.work, row.goal, "<br>".join(f.text for f in row.findings), row.text]
            for row in verdicts
        ),
        text_columns=4,
    )


def case_table(case: Case, summaries: Mapping[Server, Summary]) -> str:
    header = ["server", "requests/s", "lowest – highest"]
    is_large = case in (*LARGE, LARGEST)
    header += ["GB/s", "CPU of both/GiB"] if is_large else []
    header += ["server CPU/request", "p50", "p99", "server CPU", "client CPU"]
    header += ["private memory"] if case.tree else []
    header += ["lines lost"] if case.log else []
    return table([*header, "notes"], (case_row(case, *item) for item in summaries.items()))


def case_row(case: Case, server: Server, row: Summary) -> list[str]:
    # Of the largest files there are some tens a second.
    digits = 1 if row.requests_per_s < 1000 else 0
    rates = [row.requests_per_s, *row.requests_per_s_range]
    rate, lowest, highest = (f"{each:,.{digits}f}" for each in rates)
    cells = [server.name, rate, f"{lowest} – {highest}"]
    if case in (*LARGE, LARGEST):
        both_ms = row.both_us_per_request / 1e3 * 2**30 / case.body_bytes
        cells += [f"{row.gigabytes_per_s:.2f}", f"{both_ms:.0f} ms"]
    cells += [cpu_time(row.server_us_per_request), duration(row.p50_us), duration(row.p99_us)]
    cells += [f"{row.server_share:.0%}", f"{row.client_share:.0%}"]
    cells += [mebibytes(row.private_bytes)] if case.tree else []
    cells += [f"{row.lost_lines:,}"] if row.lost_lines is not None else []
    return [*cells, row.notes]


def cpu_time(microseconds: float) -> str:
    return f"{microseconds:.2f} µs" if microseconds < 10_000 else f"{microseconds / 1e3:.2f} ms"


def ratio_table(all_summaries: Mapping[Case, Mapping[Server, Summary]]) -> str:
    """torc's medians ÷ the others'; empty if there is nobody to compare with."""
    others = ("nginx", "h2o", "lighttpd", "caddy")
    header = ["case", *(f"requests/s ÷ {name}" for name in others[:2])]
    header += [f"CPU/request ÷ {name}" for name in (*others, "floor")]
    rows = []
    for case, summaries in all_summaries.items():
        row = {server.name: summary for server, summary in summaries.items()}
        torc = row.pop("torc", None)
        if torc is None or not row:
            continue
        rates = [ratio(torc.requests_per_s, row, name) for name in others[:2]]
        cpus = [f"{by_cpu(torc, row[n])[0]:.2f}" if n in row else "" for n in (*others, "floor")]
        rows.append([case.title, *rates, *cpus])
    return table(header, rows) if rows else ""


def ratio(rate: float, others: Mapping[str, Summary], name: str) -> str:
    return f"{rate / others[name].requests_per_s:.2f}" if name in others else ""


def idle_table(idle: Mapping[Server, IdleSample]) -> str:
    return table(
        ["server", "connections", "private/connection", "PSS/connection", "private, all"],
        (
            [
                server.name,
                f"{sample.connections:,}",
                f"{sample.private_bytes_per_connection:,.0f} B",
                f"{sample.proportional_bytes_per_connection:,.0f} B",
                mebibytes(sample.private_bytes),
            ]
            for server, sample in idle.items()
        ),
    )


def latency_table(latency: Mapping[Server, Sequence[LatencySample]]) -> str:
    names = ("50", "90", "95", "99", "99.9", "99.99", "100")
    rows = []
    for server, samples in latency.items():
        percentiles = latency_percentiles(list(samples))
        unanswered = sum(sample.unanswered for sample in samples)
        notes = [failed_text(sum_errors(sample.errors for sample in samples))]
        notes += [f"{unanswered:,} unanswered"] if unanswered else []
        if (others := median(sample.others for sample in samples)) >= DISTURBED:
            notes.append(f"disturbed: others took {others:.0%} of a CPU")
        figures = [duration(percentiles[name]) for name in names]
        rows.append([server.name, *figures, "; ".join(filter(None, notes))])
    return table(["server", *(f"p{name}" for name in names[:-1]), "highest", "notes"], rows)


def spread_table(spread: Mapping[tuple[int, Server], Sequence[SpreadSample]]) -> str:
    header = ["server", "connections", "busier worker", "worst round", "p99 at the fixed rate"]
    header += ["requests/s, closed loop", "answers of the slowest connection ÷ mean", "fastest"]
    rows = []
    for (connections, server), samples in spread.items():
        shares = [sample.busiest_share for sample in samples]
        rows.append(
            [
                server.name,
                f"{connections:,}",
                f"{median(shares):.0%}",
                f"{max(shares):.0%}",
                duration(median(sample.p99_us for sample in samples)),
                f"{median(sample.requests_per_s for sample in samples):,.0f}",
                f"{median(sample.lowest_answers for sample in samples):.2f}",
                f"{median(sample.highest_answers for sample in samples):.2f}",
            ]
        )
    return table(header, rows)


def cold_table(cold: Mapping[tuple[Trial, Server], Sequence[ColdSample]], trial: Trial) -> str:
    header = ["server", "p99 alone", "p50", "p99", "highest", "unanswered"]
    header += ["threads before", "threads during", "readers, both", "notes"]
    rows = []
    for (kind, server), samples in cold.items():
        if kind is not trial:
            continue
        flaws = {sample.flaw for sample in samples if sample.flaw}
        errors = failed_text(sum_errors(sample.errors for sample in samples))
        rows.append(
            [
                server.name,
                duration(median(sample.p99_us_alone for sample in samples)),
                duration(median(sample.p50_us for sample in samples)),
                duration(median(sample.p99_us for sample in samples)),
                duration(max(sample.max_us for sample in samples)),
                f"{sum(sample.unanswered for sample in samples):,}",
                f"{median(sample.threads_before for sample in samples):g}",
                f"{max(sample.threads_during for sample in samples)}",
                f"{median(sample.read_bytes_per_s for sample in samples) / 1e6:.1f} MB/s",
                "; ".join(filter(None, [errors, *sorted(flaws)])),
            ]
        )
    return table(header, rows) if rows else ""


def start_table(starts_s: Mapping[Server, Sequence[float]]) -> str:
    return table(
        ["server", "starts", "median", "lowest – highest"],
        (
            [
                server.name,
                str(len(seconds)),
                f"{median(seconds) * 1e3:.1f} ms",
                f"{min(seconds) * 1e3:.1f} – {max(seconds) * 1e3:.1f} ms",
            ]
            for server, seconds in starts_s.items()
        ),
    )
