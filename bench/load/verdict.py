"""What a goal's row says in the end, and on what grounds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """One figure of a row."""

    what: str
    # As a reader wants to see it, and as it is.
    figure: str
    value: float | None = None
    # None: not judged, and `note` says why.
    met: bool | None = None
    bound: str = ""
    note: str = ""
    # False: it has no bound, and is there to be seen.
    judged: bool = True

    @property
    def text(self) -> str:
        bound = f" ({self.bound})" if self.bound else ""
        note = f", {self.note}" if self.note else ""
        figure = f"**{self.figure}**" if self.met is False else self.figure
        return f"{self.what}: {figure}{bound}{note}"


def at_least(what: str, value: float, bound: float, unit: str = "", note: str = "") -> Finding:
    figure = f"{value:.2f}{unit}"
    return Finding(what, figure, value, value >= bound, f"≥ {bound:g}{unit}", note)


def at_most(what: str, value: float, bound: float, unit: str = "", note: str = "") -> Finding:
    figure = f"{value:.2f}{unit}"
    return Finding(what, figure, value, value <= bound, f"≤ {bound:g}{unit}", note)


def unjudged(what: str, why: str) -> Finding:
    return Finding(what, "not judged", note=why)


def for_information(what: str, figure: str) -> Finding:
    return Finding(what, figure, judged=False)


# What is said of a figure that others may have spoilt.
DISTURBED_REMARK = "but disturbed by others"


@dataclass
class Verdict:
    """A row of the table of goals."""

    work: str
    goal: str
    findings: list[Finding]
    # What makes it doubtful.
    remarks: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        judged = [finding for finding in self.findings if finding.judged]
        if any(finding.met is False for finding in judged):
            return "missed"
        if not judged or any(finding.met is None for finding in judged):
            return "not judged"
        return "met"

    @property
    def text(self) -> str:
        return "; ".join([f"**{self.state}**", *self.remarks])
