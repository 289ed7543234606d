"""The goals that trials decide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median

from cases import COLD_DISK, COLD_FUSE, IDLE, LATENCY, PEERS, START, WORKERS, Trial
from cold import DISK_BYTES_PER_S, ColdSample
from latency import REQUESTS_PER_S
from results import DISTURBED, Results, latency_percentiles
from slowfs import DELAY_MS
from verdict import DISTURBED_REMARK, Finding, Verdict, at_most, for_information, unjudged

WARM_P99_MS = 3.0
IDLE_BYTES = 300
# --idle takes fewer, and a limit of descriptors leaves fewer.
IDLE_CONNECTIONS = 9_000
START_MS = 20.0
TITLES = {
    IDLE: ("idle keep-alive connections (10,000)", f"≤ {IDLE_BYTES} B of private memory each"),
    LATENCY: (f"latency at {REQUESTS_PER_S:,} requests/s", "p50 and p99 ≤ the best rival"),
    WORKERS: ("two workers, two CPUs", "none is set; an even spread is 50 % each"),
    COLD_DISK: (
        "warm 1 KiB requests beside two readers of a cold 1 GiB file, on a disk of "
        f"{DISK_BYTES_PER_S / 1e6:.0f} MB/s",
        f"p99 of the warm ones ≤ {WARM_P99_MS:g} ms",
    ),
    COLD_FUSE: (
        f"the same, on a FUSE file system that delays each read by {DELAY_MS} ms",
        f"p99 of the warm ones ≤ {WARM_P99_MS:g} ms",
    ),
    START: ("start-up", f"first byte served ≤ {START_MS:g} ms after exec"),
}


def trial_verdicts(results: Results) -> Iterator[Verdict]:
    """A row for each goal that something was measured for, or could not be."""
    judges: dict[Trial, Callable[[Results], list[Finding]]] = {
        IDLE: idle_findings,
        LATENCY: latency_findings,
        WORKERS: spread_findings,
        COLD_DISK: lambda results: cold_findings(results, COLD_DISK),
        COLD_FUSE: lambda results: cold_findings(results, COLD_FUSE),
        START: start_findings,
    }
    for trial, judge in judges.items():
        if trial in results.skipped:
            findings = [unjudged("left out", results.skipped[trial])]
        else:
            findings = judge(results)
        if findings:
            yield Verdict(*TITLES[trial], findings, remarks(results, trial))


def remarks(results: Results, trial: Trial) -> list[str]:
    """Whether others on the machine may have spoilt torc's figure."""
    disturbed = False
    if trial is LATENCY:
        disturbed = any(
            server.name == "torc" and median(sample.others for sample in samples) >= DISTURBED
            for server, samples in results.latency.items()
        )
    for (kind, server), samples in results.cold.items():
        if kind is trial and server.name == "torc":
            disturbed = median(sample.p99_us_alone for sample in samples) > WARM_P99_MS * 1e3
    return [DISTURBED_REMARK] if disturbed else []


def with_torc_first(findings: Sequence[Finding]) -> list[Finding]:
    """The others alone give no verdict."""
    ordered = sorted(findings, key=lambda finding: not finding.judged)
    if ordered and not ordered[0].judged:
        ordered.insert(0, unjudged("torc", "was not measured"))
    return ordered


def idle_findings(results: Results) -> list[Finding]:
    findings = []
    for server, sample in results.idle.items():
        each = sample.private_bytes_per_connection
        if server.name == "torc" and sample.connections < IDLE_CONNECTIONS:
            # What a server takes once, or in large pieces, is much for each of a few.
            findings.append(unjudged("torc", f"{each:,.0f} B with but {sample.connections:,}"))
        elif server.name == "torc":
            findings.append(
                Finding("torc", f"{each:,.0f} B", each, each <= IDLE_BYTES, f"≤ {IDLE_BYTES} B")
            )
        else:
            findings.append(for_information(server.name, f"{each:,.0f} B"))
    return with_torc_first(findings)


def latency_findings(results: Results) -> list[Finding]:
    if not results.latency:
        return []
    percentiles = {
        server.name: latency_percentiles(samples) for server, samples in results.latency.items()
    }
    return [percentile_finding(percentiles, name) for name in ("50", "99")]


def percentile_finding(percentiles: Mapping[str, Mapping[str, float]], name: str) -> Finding:
    what = f"p{name}"
    rivals = {peer: percentiles[peer][name] for peer in PEERS if peer in percentiles}
    if "torc" not in percentiles or not rivals:
        return unjudged(what, "torc or its rivals were not measured")
    peer, best = min(rivals.items(), key=lambda rival: rival[1])
    torc = percentiles["torc"][name]
    return Finding(what, f"{torc:,.0f} µs", torc, torc <= best, f"≤ {best:,.0f} µs, {peer}")


def spread_findings(results: Results) -> list[Finding]:
    findings = []
    for (connections, server), samples in results.spread.items():
        shares = [sample.busiest_share for sample in samples]
        figure = f"{median(shares):.0%} on the busier worker, {max(shares):.0%} at the worst"
        findings.append(for_information(f"{server.name}, {connections} connections", figure))
    return findings


def cold_findings(results: Results, trial: Trial) -> list[Finding]:
    return with_torc_first(
        [
            cold_finding(server.name, samples)
            for (kind, server), samples in results.cold.items()
            if kind is trial
        ]
    )


def cold_finding(name: str, samples: Sequence[ColdSample]) -> Finding:
    what = f"{name}, p99"
    sound = [sample for sample in samples if not sample.flaw]
    if not sound:
        flaw = samples[0].flaw
        return unjudged(what, flaw) if name == "torc" else for_information(what, flaw)
    p99_ms = median(sample.p99_us for sample in sound) / 1e3
    before = median(sample.threads_before for sample in sound)
    during = max(sample.threads_during for sample in sound)
    alone_ms = median(sample.p99_us_alone for sample in sound) / 1e3
    threads = f"alone {alone_ms:.2f} ms, threads {before:g} → {during}"
    if name == "torc":
        return at_most(what, p99_ms, WARM_P99_MS, " ms", threads)
    return for_information(what, f"{p99_ms:,.2f} ms, {threads}")


def start_findings(results: Results) -> list[Finding]:
    findings = []
    for server, seconds in results.starts_s.items():
        milliseconds = median(seconds) * 1e3
        if server.name == "torc":
            findings.append(at_most("torc", milliseconds, START_MS, " ms"))
        else:
            findings.append(for_information(server.name, f"{milliseconds:.1f} ms"))
    return with_torc_first(findings)
