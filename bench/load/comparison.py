"""torc beside another server in the same case.

Two servers are compared by requests/s where both had used up their CPU. Where one had not, the
client or the machine was the limit, and the CPU time that a request cost stands in: what the other
spends for one, divided by what torc spends, is how many times as many torc could have answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cases import PEERS, Case
from results import Summary
from verdict import Finding, at_least, unjudged

# The ratio, and what a reader must know of it.
Comparison = Callable[[Summary, Summary], tuple[float, str]]
# verdict.at_least or at_most.
Judge = Callable[..., Finding]
Summaries = Mapping[Case, Mapping[str, Summary]]

STAND_IN = {
    "client": "the client was the limit",
    "both": "client and server shared their CPUs",
    "neither": "no CPU was used up",
}


def by_rate(torc: Summary, other: Summary) -> tuple[float, str]:
    if torc.limit == other.limit == "server":
        return torc.requests_per_s / other.requests_per_s, "by requests/s"
    limit = torc.limit if torc.limit != "server" else other.limit
    ratio = other.server_us_per_request / torc.server_us_per_request
    return ratio, f"by CPU/request: {STAND_IN[limit]}"


def by_cpu(torc: Summary, other: Summary) -> tuple[float, str]:
    return torc.server_us_per_request / other.server_us_per_request, ""


def by_both_cpus(torc: Summary, other: Summary) -> tuple[float, str]:
    return torc.both_us_per_request / other.both_us_per_request, ""


def by_throughput(torc: Summary, other: Summary) -> tuple[float, str]:
    note = "" if torc.limit == "server" else STAND_IN[torc.limit]
    return torc.gigabytes_per_s / other.gigabytes_per_s, note


def judge_pair(
    torc: Summary | None, other: Summary | None, name: str, compare: Comparison, what: str,
    bound: float, judge: Judge,
) -> Finding:  # fmt: skip
    """`name`: of the other."""
    for summary, whose in ((torc, "torc"), (other, name)):
        if summary is None:
            return unjudged(what, f"{whose} was not measured")
        if summary.errors:
            return unjudged(what, f"{whose} gave wrong answers")
    assert torc is not None and other is not None
    ratio, note = compare(torc, other)
    return judge(what, ratio, bound, note=note)


def against(
    summaries: Summaries, case: Case, name: str, compare: Comparison, what: str, bound: float,
    judge: Judge, ours: str = "torc",
) -> Finding:  # fmt: skip
    """torc (`ours`: in which way) against one other in the same case."""
    rows = summaries.get(case, {})
    return judge_pair(rows.get(ours), rows.get(name), name, compare, what, bound, judge)


def against_best(
    summaries: Summaries, case: Case, compare: Comparison, what: str, bound: float, judge: Judge,
    ours: str = "torc",
) -> Finding:  # fmt: skip
    """torc against the rival that looks best beside it."""
    findings = [
        against(summaries, case, peer, compare, f"{what} ({peer})", bound, judge, ours)
        for peer in PEERS
        if peer in summaries.get(case, {})
    ]
    by_value = {finding.value: finding for finding in findings if finding.value is not None}
    if not by_value:
        return findings[0] if findings else unjudged(what, "no rival was measured")
    worst = min if judge is at_least else max
    return by_value[worst(by_value)]


def against_itself(
    summaries: Summaries, case: Case, base: Case, what: str, bound: float, ours: str = "torc"
) -> Finding:
    """torc in one case against torc in another."""
    torc, other = (summaries.get(each, {}).get(ours) for each in (case, base))
    name = f"“{base.title}”"
    return judge_pair(torc, other, name, by_rate, what, bound, at_least)
