"""What was measured, for programs: load.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from statistics import median
from typing import Any

from cases import Case
from report import Report
from results import Results, Summary, latency_percentiles
from servers import Server
from verdict import Verdict


def to_json(report: Report) -> str:
    results = report.results
    document = {
        "environment": dict(report.environment),
        "goals": [goal(verdict) for verdict in report.verdicts],
        "failures": results.failures,
        "skipped": {trial.name: why for trial, why in results.skipped.items()},
        "cases": {
            case.name: case_rows(results, case, rows) for case, rows in report.summaries.items()
        },
        "idle": {server.name: asdict(sample) for server, sample in results.idle.items()},
        "latency": {
            server.name: {
                "median": latency_percentiles(samples),
                "rounds": [asdict(sample) for sample in samples],
            }
            for server, samples in results.latency.items()
        },
        "workers": nested(
            {
                (str(connections), server.name): [asdict(sample) for sample in samples]
                for (connections, server), samples in results.spread.items()
            }
        ),
        "cold": nested(
            {
                (trial.name, server.name): [asdict(sample) for sample in samples]
                for (trial, server), samples in results.cold.items()
            }
        ),
        "storms": nested(
            {
                (trial.name, server.name): [asdict(sample) for sample in samples]
                for (trial, server), samples in results.storms.items()
            }
        ),
        "half-closed": {
            server.name: [asdict(sample) for sample in samples]
            for server, samples in results.half_closed.items()
        },
        "stalls": nested(
            {
                (stall, server.name): asdict(sample)
                for (stall, server), sample in results.stalls.items()
            }
        ),
        "start": {
            server.name: {"median_s": median(seconds), "all_s": seconds}
            for server, seconds in results.starts_s.items()
        },
    }
    return json.dumps(document, indent=2) + "\n"


def goal(verdict: Verdict) -> dict[str, Any]:
    return asdict(verdict) | {"verdict": verdict.state}


def case_rows(
    results: Results, case: Case, rows: Mapping[Server, Summary]
) -> dict[str, dict[str, Any]]:
    return {
        server.name: {
            "median": asdict(row) | {"limit": row.limit},
            "rounds": [asdict(sample) for sample in results.loads[case, server]],
        }
        for server, row in rows.items()
    }


def nested(flat: Mapping[tuple[str, str], Any]) -> dict[str, dict[str, Any]]:
    tree: dict[str, dict[str, Any]] = {}
    for (outer, inner), value in flat.items():
        tree.setdefault(outer, {})[inner] = value
    return tree
