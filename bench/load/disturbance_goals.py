"""The goals of the trials in which something goes on that must not keep others waiting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from cases import CHMOD_STORM, MKDIR_STORM, STALLS, Trial
from half_closed import CLIENTS, HalfClosedSample
from results import Results
from stall import (
    DEPLOY_TIMEOUT_S,
    HOLDING_UP_EXIT,
    MISS_TIMEOUT_S,
    STOP_TIMEOUT_S,
    StallSample,
)
from storm import FILES_PER_DIRECTORY, NEW_DIRECTORIES, StormSample
from verdict import DISTURBED_REMARK, Finding, Verdict, at_most, for_information, unjudged

# Both are torc, and have to reach the goals.
JUDGED = ("torc", "torc-epoll")
STORM_WAIT_MS = 20.0
HALF_CLOSED_SHARE = 0.05
HALF_CLOSED_P99_MS = 3.0
HOT_WAIT_MS = 20.0
MISS_MS = 100.0
DEPLOY_S = 2.0
STOP_S = 1.0


def disturbance_verdicts(results: Results) -> Iterator[Verdict]:
    """A row for each goal that something was measured for, or could not be."""
    for trial in (CHMOD_STORM, MKDIR_STORM):
        if any(kind is trial for kind, _ in results.storms):
            yield storm_verdict(results, trial)
    if results.half_closed:
        yield half_closed_verdict(results)
    if STALLS in results.skipped:
        yield Verdict(STALLS.title, stall_goal(), [unjudged("left out", results.skipped[STALLS])])
    for name in dict.fromkeys(name for name, _ in results.stalls):
        yield stall_verdict(results, name)


def storm_verdict(results: Results, trial: Trial) -> Verdict:
    rows = {
        server.name: samples for (kind, server), samples in results.storms.items() if kind is trial
    }
    scale = results.scale
    if trial is CHMOD_STORM:
        files = scale.storm_directories * FILES_PER_DIRECTORY
        work = f"chmod of {scale.storm_directories:,} directories, {files:,} files cached"
    else:
        work = f"{NEW_DIRECTORIES:,} new directories beside {scale.tree_files:,} cached files"
    goal = f"no warm request beside it waits more than {STORM_WAIT_MS:g} ms"
    findings = [storm_finding(name, samples) for name, samples in rows.items()]
    disturbed = any(
        median(sample.max_us_alone for sample in rows.get(name, [])) > STORM_WAIT_MS * 1e3
        for name in JUDGED
        if name in rows
    )
    return Verdict(work, goal, findings, [DISTURBED_REMARK] if disturbed else [])


def storm_finding(name: str, samples: Sequence[StormSample]) -> Finding:
    longest_ms = max(sample.max_us for sample in samples) / 1e3
    alone_ms = median(sample.max_us_alone for sample in samples) / 1e3
    what, note = f"{name}, longest wait", f"alone {alone_ms:.2f} ms"
    if name in JUDGED:
        return at_most(what, longest_ms, STORM_WAIT_MS, " ms", note)
    return for_information(what, f"{longest_ms:,.2f} ms, {note}")


def half_closed_verdict(results: Results) -> Verdict:
    rows = {server.name: samples for server, samples in results.half_closed.items()}
    findings = [each for name, samples in rows.items() for each in half_closed_pair(name, samples)]
    work = f"{CLIENTS} clients that ask for 100 MiB, send no more and do not read"
    goal = (
        f"they cost ≤ {HALF_CLOSED_SHARE:.0%} of a CPU; "
        f"p99 of warm requests beside them ≤ {HALF_CLOSED_P99_MS:g} ms"
    )
    disturbed = any(
        median(sample.p99_us_alone for sample in rows[name]) > HALF_CLOSED_P99_MS * 1e3
        for name in JUDGED
        if name in rows
    )
    return Verdict(work, goal, findings, [DISTURBED_REMARK] if disturbed else [])


def half_closed_pair(name: str, samples: Sequence[HalfClosedSample]) -> list[Finding]:
    share = median(sample.share - sample.share_alone for sample in samples)
    p99_ms = median(sample.p99_us for sample in samples) / 1e3
    alone_ms = median(sample.p99_us_alone for sample in samples) / 1e3
    cpu, wait, note = f"{name}, CPU", f"{name}, p99", f"alone {alone_ms:.2f} ms"
    if name not in JUDGED:
        figure = f"{p99_ms:,.2f} ms, {note}"
        return [for_information(cpu, f"{share:.1%}"), for_information(wait, figure)]
    met = share <= HALF_CLOSED_SHARE
    return [
        Finding(cpu, f"{share:.1%}", share, met, f"≤ {HALF_CLOSED_SHARE:.0%}"),
        at_most(wait, p99_ms, HALF_CLOSED_P99_MS, " ms", note),
    ]


def stall_goal(name: str = "") -> str:
    """Of the file system on which `name` is stalled; without it, of most of them."""
    end = "" if name in HOLDING_UP_EXIT else f"; an end ≤ {STOP_S:g} s after SIGTERM"
    return (
        f"a cached file ≤ {HOT_WAIT_MS:g} ms; first asked, on a healthy disk, a file, a 404 and a "
        f"listing ≤ {MISS_MS:g} ms; a deploy seen ≤ {DEPLOY_S:g} s{end}"
    )


def stall_verdict(results: Results, name: str) -> Verdict:
    rows = {
        server.name: sample for (stall, server), sample in results.stalls.items() if stall == name
    }
    findings = [
        finding
        for server, sample in rows.items()
        if server in JUDGED
        for finding in stall_findings(name, server, sample)
    ]
    return Verdict(f"a file system on which {name} is stalled", stall_goal(name), findings)


def stall_findings(name: str, server: str, sample: StallSample) -> Iterator[Finding]:
    yield at_most(f"{server}, cached", sample.hot_max_us / 1e3, HOT_WAIT_MS, " ms")
    miss_ms = None if sample.miss_s is None else sample.miss_s * 1e3
    yield in_time(f"{server}, first-asked", miss_ms, MISS_TIMEOUT_S * 1e3, MISS_MS, " ms")
    yield in_time(f"{server}, deploy", sample.deploy_s, DEPLOY_TIMEOUT_S, DEPLOY_S, " s")
    if name not in HOLDING_UP_EXIT:
        yield in_time(f"{server}, end", sample.stop_s, STOP_TIMEOUT_S, STOP_S, " s")


def in_time(what: str, value: float | None, timeout: float, bound: float, unit: str) -> Finding:
    if value is None:
        return Finding(what, f"> {timeout:g}{unit}", None, False, f"≤ {bound:g}{unit}")
    return at_most(what, value, bound, unit)
