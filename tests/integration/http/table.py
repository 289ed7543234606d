"""What the suite found, as the tables of docs/conformance.md."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sections import TITLES

BEGIN = "<!-- conformance table: written by scripts/conformance -->"
END = "<!-- end of the conformance table -->"
# What a server is judged by. The rest, "choice", is what the RFC leaves open.
JUDGED = ("MUST", "SHOULD", "hardening")
# As they are written in prose, in place of a test's name.
SPELLINGS = {
    "http10": "HTTP/1.0",
    "http11": "HTTP/1.1",
    "utf8": "UTF-8",
    "ascii": "ASCII",
    "imf": "IMF",
    "rfc850": "RFC 850",
    "ipv4": "IPv4",
    "ipv6": "IPv6",
    "cr": "CR",
    "lf": "LF",
    "nul": "NUL",
    "tls": "TLS",
    "uri": "URI",
    "gib": "GiB",
    "kib": "KiB",
    "etag": "ETag",
    "html": "HTML",
    "json": "JSON",
    "get": "GET",
    "head": "HEAD",
    "post": "POST",
    "put": "PUT",
    "delete": "DELETE",
    "patch": "PATCH",
    "options": "OPTIONS",
    "connect": "CONNECT",
    "trace": "TRACE",
    "fifo": "FIFO",
    "css": "CSS",
    "brotli": "Brotli",
    "x": "x",
}


@dataclass(frozen=True)
class Clause:
    section: str
    # As the test is named.
    name: str
    level: str

    def in_words(self) -> str:
        words = [SPELLINGS.get(word.lower(), word) for word in self.name.split("_")]
        return " ".join(words)


Results = dict[Clause, bool]


@dataclass(frozen=True)
class Column:
    title: str
    version: str
    results: Results

    def judged(self) -> Results:
        return {clause: ok for clause, ok in self.results.items() if clause.level in JUDGED}

    def fails(self) -> bool:
        return not all(self.results.values())

    def summary(self) -> str:
        judged = self.judged()
        return f"{sum(judged.values())} of {len(judged)} judged clauses hold"


def read_results(report: dict[str, Any]) -> Results:
    """From GoogleTest's JSON. Tests that were skipped are left out."""
    results = {}
    for suite in report["testsuites"]:
        # "Http/Rfc9112_3_2" has "A_missing_host_in_http11_is_400/uring".
        section = suite["name"].partition("/")[2]
        for test in suite["testsuite"]:
            if test["result"] == "COMPLETED":
                name = test["name"].partition("/")[0]
                # A test says its level first; only one whose torc does not start never gets there.
                level = test.get("level", "choice")
                results[Clause(section, name, level)] = "failures" not in test
    return results


def sort_key(section: str) -> tuple[bool, list[int | str]]:
    """RFCs by number and section, then what is torc's own."""
    numbers: list[int | str] = [int(number) for number in re.findall(r"\d+", section)]
    return (not section.startswith("Rfc"), numbers or [section])


def section_name(section: str) -> str:
    """Rfc9112_3_2: RFC 9112 §3.2, and its title."""
    found = re.fullmatch(r"Rfc(\d+)((?:_\d+)*)", section)
    if found is None:
        return TITLES[section]
    number = f"RFC {found[1]}"
    if found[2]:
        number += " §" + found[2][1:].replace("_", ".")
    return f"{number} {TITLES[section]}"


def sections_of(clauses: Iterable[Clause]) -> list[str]:
    return sorted({clause.section for clause in clauses}, key=sort_key)


def cell(results: Results, clauses: list[Clause]) -> str:
    """Passed/total; bold where something failed."""
    run = [results[clause] for clause in clauses if clause in results]
    if not run:
        return "–"
    text = f"{sum(run)}/{len(run)}"
    return text if all(run) else f"**{text}**"


def rows(columns: list[Column], clauses: list[Clause]) -> list[str]:
    lines = ["| | " + " | ".join(f"{c.title} {c.version}" for c in columns) + " |"]
    lines.append("| --- |" + " ---: |" * len(columns))
    groups = [
        (f"*all {level}*", [clause for clause in clauses if clause.level == level])
        for level in JUDGED
    ]
    groups += [
        (section_name(section), [clause for clause in clauses if clause.section == section])
        for section in sections_of(clauses)
    ]
    for title, group in groups:
        if group:
            cells = " | ".join(cell(column.results, group) for column in columns)
            lines.append(f"| {title} | {cells} |")
    return lines


def details(columns: list[Column], clauses: list[Clause]) -> list[str]:
    """Every clause, by section, with whom it does not hold for."""
    lines = []
    for section in sections_of(clauses):
        lines += ["<details>", f"<summary>{section_name(section)}</summary>", ""]
        for clause in clauses:
            if clause.section != section:
                continue
            failing = [c.title for c in columns if not c.results.get(clause, True)]
            level = f" ({clause.level})" if clause.level in JUDGED else ""
            text = f"- {clause.in_words()}{level}"
            lines.append(text + (f" — not {', '.join(failing)}" if failing else ""))
        lines += ["", "</details>", ""]
    return lines


def deviations(column: Column) -> list[str]:
    """What fails of what must hold, in words."""
    lines = []
    for section in sections_of(column.results):
        failing = [
            clause.in_words()
            for clause, ok in column.results.items()
            if clause.section == section and clause.level in ("MUST", "hardening") and not ok
        ]
        if failing:
            lines.append(f"- {section_name(section)}. Not so: {'; '.join(failing)}.")
    return lines or ["- None."]


def to_markdown(columns: list[Column]) -> str:
    # A clause that one server skips another may keep.
    every = list(dict.fromkeys(clause for column in columns for clause in column.results))
    judged = [clause for clause in every if clause.level in JUDGED]
    choices = [clause for clause in every if clause.level not in JUDGED]
    lines = [*rows(columns, judged), "", "Each clause, and for whom it does not hold:", ""]
    lines += details(columns, judged)
    lines += ["## What the RFC leaves open", ""]
    lines += ["Where torc has decided. Nobody is wrong who decided otherwise.", ""]
    lines += [*rows(columns, choices), "", *details(columns, choices)]
    lines += ["## Deviations", ""]
    lines += ["Of what must hold, server by server, in the words of the tests.", ""]
    for column in columns:
        lines += [f"**{column.title} {column.version}**", "", *deviations(column), ""]
    return "\n".join(lines)


def replace_between_markers(document: str, text: str) -> str:
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("docs/conformance.md has lost the markers of the table")
    return f"{before}{BEGIN}\n\n{text.strip()}\n\n{END}{after}"
