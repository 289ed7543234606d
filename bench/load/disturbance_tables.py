"""The tables of the trials in which something goes on beside warm requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from cases import Trial
from half_closed import HalfClosedSample
from results import failed_text, sum_errors
from servers import Server
from stall import DEPLOY_TIMEOUT_S, MISS_TIMEOUT_S, STOP_TIMEOUT_S, StallSample
from storm import StormSample
from tables import duration, table


def storm_table(
    storms: Mapping[tuple[Trial, Server], Sequence[StormSample]], trial: Trial
) -> str:
    header = ["server", "longest wait alone", "p99", "longest wait", "unanswered", "changes"]
    header += ["made in", "server CPU", "notes"]
    rows = []
    for (kind, server), samples in storms.items():
        if kind is not trial:
            continue
        rows.append(
            [
                server.name,
                duration(median(sample.max_us_alone for sample in samples)),
                duration(median(sample.p99_us for sample in samples)),
                duration(max(sample.max_us for sample in samples)),
                f"{sum(sample.unanswered for sample in samples):,}",
                f"{samples[0].changes:,}",
                duration(median(sample.changes_s for sample in samples) * 1e6),
                duration(median(sample.server_cpu_s for sample in samples) * 1e6),
                failed_text(sum_errors(sample.errors for sample in samples)),
            ]
        )
    return table(header, rows) if rows else ""


def half_closed_table(half_closed: Mapping[Server, Sequence[HalfClosedSample]]) -> str:
    header = ["server", "server CPU alone", "server CPU", "p99 alone", "p99", "longest wait"]
    return table(
        [*header, "unanswered", "notes"],
        (
            [
                server.name,
                f"{median(sample.share_alone for sample in samples):.1%}",
                f"{median(sample.share for sample in samples):.1%}",
                duration(median(sample.p99_us_alone for sample in samples)),
                duration(median(sample.p99_us for sample in samples)),
                duration(max(sample.max_us for sample in samples)),
                f"{sum(sample.unanswered for sample in samples):,}",
                failed_text(sum_errors(sample.errors for sample in samples)),
            ]
            for server, samples in half_closed.items()
        ),
    )


def stall_table(stalls: Mapping[tuple[str, Server], StallSample]) -> str:
    header = ["stalled", "server", "calls that wait", "cached file, longest", "unanswered"]
    header += ["first asked, longest", "deploy seen", "end after SIGTERM", "notes"]
    # Of each server one after the other, as they were measured; a reader compares servers.
    names = list(dict.fromkeys(name for name, _ in stalls))
    ordered = sorted(stalls.items(), key=lambda item: names.index(item[0][0]))
    return table(
        header,
        (
            [
                name,
                server.name,
                f"{sample.waiting}",
                duration(sample.hot_max_us),
                f"{sample.hot_unanswered:,}",
                seconds(sample.miss_s, MISS_TIMEOUT_S),
                seconds(sample.deploy_s, DEPLOY_TIMEOUT_S),
                seconds(sample.stop_s, STOP_TIMEOUT_S),
                failed_text(sample.errors),
            ]
            for (name, server), sample in ordered
        ),
        text_columns=2,
    )


def seconds(value: float | None, timeout: float) -> str:
    return f"> {timeout:g} s" if value is None else duration(value * 1e6)
