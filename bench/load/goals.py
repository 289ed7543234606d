"""What torc is to reach, and whether it does: a row for each kind of work."""

from __future__ import annotations

from compare_goals import compare_verdicts
from disturbance_goals import disturbance_verdicts
from load_goals import load_verdicts
from results import Results, by_case
from trial_goals import trial_verdicts
from verdict import Verdict, for_information

INSTRUCTIONS = "[instructions.md](instructions.md)"


def verdicts(results: Results) -> list[Verdict]:
    summaries = {
        case: {server.name: summary for server, summary in rows.items()}
        for case, rows in by_case(results).items()
    }
    if compared := list(compare_verdicts(results)):
        return compared
    return [
        *load_verdicts(summaries, results.scale),
        *trial_verdicts(results),
        *disturbance_verdicts(results),
        instructions_verdict(),
    ]


def instructions_verdict() -> Verdict:
    finding = for_information("counted by another tool", INSTRUCTIONS)
    return Verdict("user-space instructions per cached request", "≤ 2,500", [finding])
