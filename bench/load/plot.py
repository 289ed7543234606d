"""Lines on two logarithmic axes, as an SVG picture for a light page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 860, 460
LEFT, RIGHT, TOP, BOTTOM = 84, 140, 52, 64
FONT = "font-family='system-ui, sans-serif'"
INK, FAINT, GRID = "#1f2937", "#4b5563", "#e5e7eb"
# Told apart by those who see no red or green, too; torc is the one that stands out.
COLOURS = {
    "torc": "#d55e00",
    "torc-epoll": "#e69f00",
    "floor": "#6b7280",
    "nginx": "#009e73",
    "h2o": "#0072b2",
    "lighttpd": "#cc79a7",
    "caddy": "#56b4e9",
}
DASHED = ("floor", "torc-epoll")


@dataclass(frozen=True)
class Axis:
    """A logarithmic axis; without ticks of its own it has those of the powers of ten."""

    title: str
    ticks: Mapping[float, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Series:
    name: str
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Chart:
    title: str
    x: Axis
    y: Axis
    series: list[Series]

    @property
    def worth_drawing(self) -> bool:
        return any(len(series.points) > 1 for series in self.series)


class Scale:
    """Values to pixels."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low = math.log(low)
        self._span = math.log(high) - self._low
        self._start = start
        self._end = end

    def __call__(self, value: float) -> float:
        return self._start + (math.log(value) - self._low) / self._span * (self._end - self._start)


def to_svg(chart: Chart) -> str:
    xs = [x for series in chart.series for x, _ in series.points]
    ys = [y for series in chart.series for _, y in series.points]
    x_ticks = {value: name for value, name in chart.x.ticks.items() if value in xs}
    y_low, y_high = bounds(min(ys), max(ys))
    x = Scale(min(xs), max(xs), LEFT + 18, WIDTH - RIGHT - 18)
    y = Scale(y_low, y_high, HEIGHT - BOTTOM, TOP)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' "
        f"width='{WIDTH}' height='{HEIGHT}' {FONT} role='img'>",
        f"<title>{escape(chart.title)}</title>",
        f"<rect width='{WIDTH}' height='{HEIGHT}' fill='#ffffff'/>",
        text(LEFT, 28, chart.title, size=17, weight=600),
        *y_grid(y, y_ticks(y_low, y_high)),
        *x_grid(x, x_ticks),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, chart.x.title, anchor="middle"),
        text(0, 0, chart.y.title, anchor="middle",
             transform=f"translate(20 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)"),
        # torc last, on top of the others.
        *(line(series, x, y) for series in reversed(chart.series)),
        *legend(chart.series),
        "</svg>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def bounds(low: float, high: float) -> tuple[float, float]:
    """The ticks around all values, so that no line touches the edge."""
    ticks = [m * 10.0**power for power in range(-3, 13) for m in (1, 2, 5)]
    return max(t for t in ticks if t <= low * 0.95), min(t for t in ticks if t >= high * 1.05)


def y_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each power of ten, unless these are many: then the powers alone."""
    steps = (1, 2, 5) if high / low <= 3000 else (1,)
    values = [m * 10.0**power for power in range(-3, 13) for m in steps]
    return [value for value in values if low <= value <= high]


def y_grid(y: Scale, ticks: list[float]) -> Iterator[str]:
    for tick in ticks:
        height = f"{y(tick):.1f}"
        yield (
            f"<line x1='{LEFT}' x2='{WIDTH - RIGHT}' y1='{height}' y2='{height}' stroke='{GRID}'/>"
        )
        yield text(LEFT - 8, y(tick) + 4, f"{tick:,g}", anchor="end", size=12, fill=FAINT)


def x_grid(x: Scale, ticks: Mapping[float, str]) -> Iterator[str]:
    for tick, name in ticks.items():
        across = f"{x(tick):.1f}"
        yield (
            f"<line x1='{across}' x2='{across}' y1='{TOP}' y2='{HEIGHT - BOTTOM}' stroke='{GRID}'/>"
        )
        yield text(x(tick), HEIGHT - BOTTOM + 20, name, anchor="middle", size=12, fill=FAINT)


def line(series: Series, x: Scale, y: Scale) -> str:
    colour, width = COLOURS.get(series.name, INK), 3 if series.name == "torc" else 1.8
    dash = " stroke-dasharray='6 4'" if series.name in DASHED else ""
    points = [(f"{x(across):.1f}", f"{y(up):.1f}") for across, up in series.points]
    path = " ".join(",".join(point) for point in points)
    dots = "".join(
        f"<circle cx='{across}' cy='{up}' r='{width + 0.8:g}' fill='{colour}'/>"
        for across, up in points
    )
    return (
        f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='{width}'"
        f" stroke-linejoin='round'{dash}/>{dots}"
    )


def legend(all_series: list[Series]) -> Iterator[str]:
    left = WIDTH - RIGHT + 16
    for index, series in enumerate(all_series):
        middle = TOP + 10 + 22 * index
        colour = COLOURS.get(series.name, INK)
        dash = " stroke-dasharray='6 4'" if series.name in DASHED else ""
        width = 3 if series.name == "torc" else 1.8
        yield (
            f"<line x1='{left}' x2='{left + 26}' y1='{middle}' y2='{middle}' stroke='{colour}'"
            f" stroke-width='{width}'{dash}/>"
        )
        yield text(left + 34, middle + 4, series.name, size=13)


def text(
    x: float,
    y: float,
    words: str,
    anchor: str = "start",
    size: int = 13,
    weight: int = 400,
    fill: str = INK,
    transform: str = "",
) -> str:
    turn = f" transform='{transform}'" if transform else ""
    return (
        f"<text x='{x:.1f}' y='{y:.1f}' font-size='{size}' font-weight='{weight}' fill='{fill}'"
        f" text-anchor='{anchor}'{turn}>{escape(words)}</text>"
    )
