"""The goals that loads decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cases import (
    CLOSE, FALLBACK, GET, HEAD, LARGE, LARGEST, LOGS, MEDIUM, MIB, MISSING, NOT_MODIFIED, PIPELINED,
    SMALL, SMALLEST, TREE, Case,
)  # fmt: skip
from comparison import (
    Summaries, against, against_best, against_itself, by_both_cpus, by_cpu, by_rate, by_throughput,
)  # fmt: skip
from results import Scale, Summary
from servers import CACHE_OPTION, SMALL_CACHE_BYTES
from verdict import DISTURBED_REMARK, Finding, Verdict, at_least, at_most, for_information, unjudged

TREE_FILES = 100_000
# What torc may take besides its cache: its program, its ring, its connections.
BESIDES_CACHE_BYTES = 16 * MIB
# Of the best rival's, from this machine.
LARGE_RATE = 1.1
# Of the requests/s without a log.
LOGGED_RATE = 0.93
# Of the requests/s of a file that is there.
MISSING_RATE = 0.85


@dataclass(frozen=True)
class SizeGoal:
    """Of one size of file; each bound is of torc's figure ÷ the other's."""

    case: Case
    rates: dict[str, float]
    cpus: dict[str, float]

    @property
    def text(self) -> str:
        rates = [f"≥ {bound:g} × {name}" for name, bound in self.rates.items()]
        cpus = [f"≤ {bound:g} × {name}" for name, bound in self.cpus.items()]
        parts = [f"requests/s {' and '.join(rates)}"] if rates else []
        parts += [f"CPU/request {' and '.join(cpus)}"] if cpus else []
        return "; ".join(parts)


SIZE_GOALS = (
    SizeGoal(SMALLEST, rates={"nginx": 1.7, "h2o": 1.15}, cpus={"floor": 1.05}),
    SizeGoal(SMALL, rates={"nginx": 1.5, "h2o": 1.1}, cpus={"floor": 1.05}),
    SizeGoal(MEDIUM, rates={}, cpus={"nginx": 0.85, "h2o": 0.8}),
)


EPOLL_GOALS = (
    SizeGoal(SMALLEST, {"nginx": 1.3}, {}),
    SizeGoal(SMALL, {"nginx": 1.3}, {}),
    SizeGoal(MEDIUM, {}, {"nginx": 1}),
    SizeGoal(CLOSE, {"nginx": 1.2}, {}),
    SizeGoal(PIPELINED, {"nginx": 4}, {}),
)


def load_verdicts(summaries: Summaries, scale: Scale) -> Iterator[Verdict]:
    """A row for each goal that something was measured for."""
    for goal in SIZE_GOALS:
        if goal.case in summaries:
            yield size_verdict(summaries, goal)
    for case in (*LARGE, LARGEST):
        if case in summaries:
            yield from large_verdicts(summaries, case)
    if PIPELINED in summaries:
        yield pipelined_verdict(summaries)
    if CLOSE in summaries:
        yield close_verdict(summaries)
    if NOT_MODIFIED in summaries or HEAD in summaries:
        yield bodiless_verdict(summaries)
    if MISSING in summaries or FALLBACK in summaries:
        yield missing_verdict(summaries)
    if TREE in summaries:
        yield tree_verdict(summaries, scale)
    yield from (log_verdict(summaries, case) for case in LOGS if case in summaries)
    yield from epoll_verdicts(summaries)


def verdict(
    summaries: Summaries, work: str, goal: str, findings: list[Finding], *cases: Case
) -> Verdict:
    """`cases`: where torc's figures are from, and may have been disturbed."""
    torcs = [summaries.get(case, {}).get("torc") for case in cases]
    disturbed = any(torc is not None and torc.disturbed for torc in torcs)
    return Verdict(work, goal, findings, [DISTURBED_REMARK] if disturbed else [])


def size_findings(summaries: Summaries, goal: SizeGoal, ours: str = "torc") -> list[Finding]:
    findings = [
        against(summaries, goal.case, name, by_rate, f"× {name}", bound, at_least, ours)
        for name, bound in goal.rates.items()
    ]
    findings += [
        against(summaries, goal.case, name, by_cpu, f"CPU/request ÷ {name}", bound, at_most, ours)
        for name, bound in goal.cpus.items()
    ]
    return findings


def size_verdict(summaries: Summaries, goal: SizeGoal) -> Verdict:
    findings = size_findings(summaries, goal)
    work = f"{goal.case.title} keep-alive, {goal.case.connections} connections"
    return verdict(summaries, work, goal.text, findings, goal.case)


def large_verdicts(summaries: Summaries, case: Case) -> Iterator[Verdict]:
    """By what was sent, whoever was the limit: over loopback the server can do so much of the work
    for the client, or so little, that its own CPU alone tells nothing.
    """
    rate = 1 if case is LARGEST else LARGE_RATE
    goal = f"GB/s ≥ {rate:g} × the best rival; CPU of server and client ≤ the best rival"
    for ours, prefix in (("torc", ""), ("torc-epoll", "--io epoll: ")):
        if ours in summaries[case]:
            findings = [
                against_best(
                    summaries, case, by_throughput, "GB/s ÷ the best rival", rate, at_least, ours
                ),
                against_best(
                    summaries, case, by_both_cpus, "CPU of both ÷ the best rival", 1, at_most, ours
                ),
            ]
            yield verdict(summaries, f"{prefix}{case.title}", goal, findings, case)


def pipelined_verdict(summaries: Summaries) -> Verdict:
    findings = [against_best(summaries, PIPELINED, by_rate, "× the best rival", 4, at_least)]
    return verdict(summaries, PIPELINED.title, "≥ 4 × the best rival", findings, PIPELINED)


def close_verdict(summaries: Summaries) -> Verdict:
    findings = [
        against_best(summaries, CLOSE, by_rate, "× the best rival", 1.2, at_least),
        against(summaries, CLOSE, "floor", by_cpu, "CPU/request ÷ floor", 1.1, at_most),
    ]
    goal = "≥ 1.2 × the best rival; CPU/request ≤ 1.1 × a floor that accepts, answers, closes"
    return verdict(summaries, "a new connection for each request", goal, findings, CLOSE)


def bodiless_verdict(summaries: Summaries) -> Verdict:
    findings = [
        against_itself(summaries, NOT_MODIFIED, GET, "304 against GET", 1),
        against_itself(summaries, HEAD, GET, "HEAD against GET", 1),
    ]
    goal = "≥ the 1 KiB figure, by the same client"
    return verdict(summaries, "304 and HEAD", goal, findings, NOT_MODIFIED, HEAD, GET)


def missing_verdict(summaries: Summaries) -> Verdict:
    findings = [
        against_itself(summaries, MISSING, GET, "404 against GET", MISSING_RATE),
        against_itself(summaries, FALLBACK, GET, "fallback against GET", MISSING_RATE),
    ]
    goal = f"≥ {MISSING_RATE:g} × the 1 KiB figure, by the same client"
    return verdict(
        summaries, "what is missing, and what comes instead", goal, findings, MISSING, FALLBACK, GET
    )


def tree_verdict(summaries: Summaries, scale: Scale) -> Verdict:
    findings = [
        against(summaries, TREE, "nginx", by_rate, "× nginx", 1.5, at_least),
        *small_cache_findings(summaries[TREE]),
    ]
    if scale.nginx_open_files < scale.tree_files:
        figure = f"{scale.nginx_open_files:,}, for want of descriptors"
        findings.append(for_information("files that nginx may keep open", figure))
    if scale.tree_files < TREE_FILES:
        findings.append(unjudged("size", f"the tree had but {scale.tree_files:,} files"))
    work = f"a tree of {TREE_FILES:,} files of 4 KiB, uniformly at random, page cache warm"
    goal = "≥ 1.5 × nginx with open_file_cache; memory bounded by the setting"
    return verdict(summaries, work, goal, findings, TREE)


def small_cache_findings(rows: Mapping[str, Summary]) -> Iterator[Finding]:
    """Of torc with a cache that holds a part of the tree alone."""
    what = f"with {CACHE_OPTION} 64m"
    if "torc-64m" not in rows:
        yield unjudged(what, "was not measured")
        return
    small = rows["torc-64m"]
    most = (SMALL_CACHE_BYTES + BESIDES_CACHE_BYTES) / MIB
    yield at_most(f"private memory {what}", small.private_bytes / MIB, most, " MiB")
    if "nginx" in rows:
        ratio, note = by_rate(small, rows["nginx"])
        yield for_information(f"× nginx {what}", f"{ratio:.2f}, {note}")


def log_verdict(summaries: Summaries, case: Case) -> Verdict:
    base = LOGS[case]
    findings = []
    for name in (name for name in ("torc", "torc-epoll") if name in case.servers):
        what = f"{name}, with ÷ without"
        findings.append(against_itself(summaries, case, base, what, LOGGED_RATE, name))
        findings.append(lost_lines_finding(summaries, case, name))
    goal = f"≥ {LOGGED_RATE:g} × the figure without a log; no line lost"
    return verdict(summaries, case.title, goal, findings, case, base)


def lost_lines_finding(summaries: Summaries, case: Case, name: str) -> Finding:
    what = f"{name}, lines lost"
    row = summaries[case].get(name)
    if row is None or row.lost_lines is None:
        return unjudged(what, "was not measured")
    return Finding(what, f"{row.lost_lines:,}", row.lost_lines, row.lost_lines == 0, "0")


def epoll_verdicts(summaries: Summaries) -> Iterator[Verdict]:
    """What containers get beside nginx."""
    for goal in EPOLL_GOALS:
        if "torc-epoll" in summaries.get(goal.case, {}):
            findings = size_findings(summaries, goal, "torc-epoll")
            work = f"--io epoll: {goal.case.title}"
            yield verdict(summaries, work, goal.text, findings, goal.case)
