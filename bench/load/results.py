"""All that was measured, and its medians."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

from cases import Case, Trial
from cold import ColdSample
from half_closed import HalfClosedSample
from idle import IdleSample
from latency import LatencySample
from measure import Sample
from servers import Server
from stall import StallSample
from storm import StormSample
from workers import SpreadSample

# From here on a CPU counts as used up: a client and the servers need some of the run to start and
# stop.
SATURATED = 0.95
# From here on the work of others makes a figure doubtful.
DISTURBED = 0.10
LIMIT_REMARKS = {
    "server": "",
    "client": "client-limited",
    "neither": "neither CPU used up",
    "both": "client and server shared their CPUs",
}


@dataclass(frozen=True)
class Scale:
    """What a reader of the results must know of how they were made."""

    rounds: int
    tree_files: int
    # Whose modes are changed.
    storm_directories: int
    # What nginx's open_file_cache may hold of them.
    nginx_open_files: int


class WithErrors(Protocol):
    """Any sample that counts what went wrong, by its kind."""

    @property
    def errors(self) -> dict[str, int]: ...


@dataclass
class Results:
    """Lists have one entry a round, those of starts one for each start."""

    scale: Scale
    loads: dict[tuple[Case, Server], list[Sample]] = field(
        default_factory=lambda: defaultdict(list)
    )
    idle: dict[Server, IdleSample] = field(default_factory=dict)
    latency: dict[Server, list[LatencySample]] = field(default_factory=lambda: defaultdict(list))
    # The number is that of the connections.
    spread: dict[tuple[int, Server], list[SpreadSample]] = field(
        default_factory=lambda: defaultdict(list)
    )
    cold: dict[tuple[Trial, Server], list[ColdSample]] = field(
        default_factory=lambda: defaultdict(list)
    )
    storms: dict[tuple[Trial, Server], list[StormSample]] = field(
        default_factory=lambda: defaultdict(list)
    )
    half_closed: dict[Server, list[HalfClosedSample]] = field(
        default_factory=lambda: defaultdict(list)
    )
    # By what is stalled.
    stalls: dict[tuple[str, Server], StallSample] = field(default_factory=dict)
    starts_s: dict[Server, list[float]] = field(default_factory=lambda: defaultdict(list))
    # Why a trial could not be made here.
    skipped: dict[Trial, str] = field(default_factory=dict)
    # One line for each thing that went wrong besides the errors in the samples.
    failures: list[str] = field(default_factory=list)

    def all_errors(self) -> Iterator[dict[str, int]]:
        rounds: list[Sequence[WithErrors]] = [
            *self.loads.values(), *self.latency.values(), *self.spread.values(),
            *self.cold.values(), *self.storms.values(), *self.half_closed.values(),
            list(self.stalls.values()),
        ]  # fmt: skip
        for samples in rounds:
            yield from (sample.errors for sample in samples)

    def failed(self) -> bool:
        return bool(self.failures) or any(self.all_errors())


@dataclass(frozen=True)
class Summary:
    """The rounds of one server in one case: medians, but for the range and the errors."""

    requests_per_s: float
    requests_per_s_range: tuple[float, float]
    # Of the bodies.
    gigabytes_per_s: float
    server_us_per_request: float
    p50_us: float | None
    p99_us: float | None
    server_share: float
    client_share: float
    others_on_server_cpu: float
    others_on_client_cpu: float
    one_cpu: bool
    private_bytes: float
    # Over all rounds.
    lost_lines: int | None
    errors: dict[str, int]

    @property
    def limit(self) -> str:
        """Who had no CPU left: only then do requests/s say something about him."""
        if self.one_cpu:
            return "both"
        if self.server_share >= SATURATED:
            return "server"
        return "client" if self.client_share >= SATURATED else "neither"

    @property
    def both_us_per_request(self) -> float:
        """CPU of the server and of the client: over loopback each may do a part of the other's
        work.
        """
        return self.server_us_per_request + self.client_share * 1e6 / self.requests_per_s

    @property
    def disturbance(self) -> float:
        return max(self.others_on_server_cpu, self.others_on_client_cpu)

    @property
    def disturbed(self) -> bool:
        return self.disturbance >= DISTURBED

    @property
    def notes(self) -> str:
        notes = [failed_text(self.errors)] if self.errors else []
        if remark := LIMIT_REMARKS[self.limit]:
            notes.append(remark)
        if self.disturbed:
            notes.append(f"disturbed: others took {self.disturbance:.0%} of a CPU")
        return "; ".join(notes)


def failed_text(errors: Mapping[str, int]) -> str:
    return "; ".join(f"**FAILED**: {count} × {kind}" for kind, count in sorted(errors.items()))


def summarise(case: Case, samples: list[Sample]) -> Summary:
    def middle(figure: Callable[[Sample], float]) -> float:
        return median(map(figure, samples))

    def middle_if_any(figures: Iterable[float | None]) -> float | None:
        known = [figure for figure in figures if figure is not None]
        return median(known) if known else None

    rates = [sample.requests_per_s for sample in samples]
    return Summary(
        requests_per_s=median(rates),
        requests_per_s_range=(min(rates), max(rates)),
        gigabytes_per_s=median(rates) * case.body_bytes / 1e9,
        server_us_per_request=middle(lambda sample: sample.server_us_per_request),
        p50_us=middle_if_any(sample.p50_us for sample in samples),
        p99_us=middle_if_any(sample.p99_us for sample in samples),
        server_share=middle(lambda sample: sample.server_share),
        client_share=middle(lambda sample: sample.client_share),
        others_on_server_cpu=middle(lambda sample: sample.others_on_server_cpu),
        others_on_client_cpu=middle(lambda sample: sample.others_on_client_cpu),
        one_cpu=samples[0].one_cpu,
        private_bytes=middle(lambda sample: sample.private_bytes),
        lost_lines=sum(sample.lost_lines or 0 for sample in samples) if case.log else None,
        errors=sum_errors(sample.errors for sample in samples),
    )


def sum_errors(rounds: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for errors in rounds:
        for kind, count in errors.items():
            total[kind] += count
    return dict(total)


def by_case(results: Results) -> dict[Case, dict[Server, Summary]]:
    summaries: dict[Case, dict[Server, Summary]] = defaultdict(dict)
    for (case, server), samples in results.loads.items():
        summaries[case][server] = summarise(case, samples)
    return summaries


def latency_percentiles(samples: list[LatencySample]) -> dict[str, float]:
    """The median of the rounds, for each percentile."""
    return {
        name: median(sample.percentiles_us[name] for sample in samples)
        for name in samples[0].percentiles_us
    }
