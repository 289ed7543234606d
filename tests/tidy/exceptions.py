"""The exceptions, each with a figure that may only go down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from project import Finding

LIST = "tests/tidy/exceptions.txt"


@dataclass(frozen=True)
class Exemption:
    figure: int
    line: int


def read(text: str) -> dict[tuple[str, str], Exemption]:
    """The list, by rule and key. A line is: rule, figure, key."""
    exemptions = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            rule, figure, key = line.split(maxsplit=2)
            exemptions[rule, key] = Exemption(int(figure), number)
    return exemptions


def group(findings: Iterable[Finding]) -> dict[tuple[str, str], list[Finding]]:
    groups = defaultdict(list)
    for finding in findings:
        groups[finding.rule, finding.key].append(finding)
    return groups


def apply(findings: Iterable[Finding], text: str) -> list[Finding]:
    """The findings that no exception covers, and the exceptions that are larger than need be."""
    groups = group(findings)
    exemptions = read(text)
    left = []
    for where, found in groups.items():
        figure = sum(finding.figure for finding in found)
        if where not in exemptions or figure > exemptions[where].figure:
            left += found
    for (rule, key), exemption in exemptions.items():
        figure = sum(finding.figure for finding in groups.get((rule, key), []))
        if figure < exemption.figure:
            left.append(
                Finding(
                    "exception", LIST, exemption.line,
                    f"{rule} of {key} is {figure or 'within the rule'} by now, not {exemption.figure}",
                    "write that down: scripts/tidy --lower",
                )
            )  # fmt: skip
    return left


def lower(findings: Iterable[Finding], text: str) -> str:
    """The list with each figure as low as it may be, and without what is no exception any more."""
    groups = group(findings)
    lines = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            rule, figure, key = line.split(maxsplit=2)
            now = sum(finding.figure for finding in groups.get((rule, key), []))
            if now == 0:
                continue
            if now < int(figure):
                line = f"{rule} {now} {key}"
        lines.append(line)
    return "\n".join(lines) + "\n"
