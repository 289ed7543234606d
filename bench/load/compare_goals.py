"""Whether torc is as fast as another build of it: what `--compare` decides.

The two run in turn in each round, so that a machine that gets slower or faster does so for both.
The rounds are compared one by one, and the median of their ratios counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from cases import COMPARED_SERVERS, Case
from comparison import by_rate
from measure import Sample
from results import DISTURBED, Results, summarise
from verdict import DISTURBED_REMARK, Finding, Verdict, at_least, unjudged

# Less than this is a loss; what is between is noise.
NO_LOSS = 0.97


def compare_verdicts(results: Results) -> Iterator[Verdict]:
    """A row for each case that both builds were measured in."""
    samples: dict[Case, dict[str, list[Sample]]] = {}
    for (case, server), rounds in results.loads.items():
        samples.setdefault(case, {})[server.name] = rounds
    for case, rows in samples.items():
        findings = [
            pair_finding(case, after, rows.get(after, []), rows[before])
            for after, before in COMPARED_SERVERS.items()
            if before in rows
        ]
        if findings:
            compared = [each for name in COMPARED_SERVERS for each in rows.get(name, [])]
            disturbed = any(is_disturbed(sample) for sample in compared)
            goal = f"≥ {NO_LOSS:g} × the build before"
            remarks = [DISTURBED_REMARK] if disturbed else []
            yield Verdict(f"{case.title}, against the build before", goal, findings, remarks)


def is_disturbed(sample: Sample) -> bool:
    return max(sample.others_on_server_cpu, sample.others_on_client_cpu) >= DISTURBED


def pair_finding(case: Case, name: str, after: list[Sample], before: list[Sample]) -> Finding:
    if len(after) != len(before):
        return unjudged(name, "a round of one of the two failed")
    if any(sample.errors for sample in [*after, *before]):
        return unjudged(name, "one of the two gave wrong answers")
    compared = [
        by_rate(summarise(case, [ours]), summarise(case, [theirs]))
        for ours, theirs in zip(after, before, strict=True)
    ]
    ratios = [ratio for ratio, _ in compared]
    grounds = ", ".join(sorted({note for _, note in compared}))
    note = f"{min(ratios):.2f} – {max(ratios):.2f}, {grounds}"
    return at_least(name, median(ratios), NO_LOSS, note=note)
