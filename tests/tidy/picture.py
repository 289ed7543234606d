"""Reads a picture of boxes and arrows that is drawn with characters."""

from __future__ import annotations

import re

Cell = tuple[int, int]

NORTH, SOUTH, WEST, EAST = (-1, 0), (1, 0), (0, -1), (0, 1)
# Where lines go on from a character of a line.
WAYS = {
    "│": (NORTH, SOUTH),
    "─": (WEST, EAST),
    "┌": (SOUTH, EAST),
    "┐": (SOUTH, WEST),
    "└": (NORTH, EAST),
    "┘": (NORTH, WEST),
    "┬": (SOUTH, WEST, EAST),
    "┴": (NORTH, WEST, EAST),
    "├": (NORTH, SOUTH, EAST),
    "┤": (NORTH, SOUTH, WEST),
    "┼": (NORTH, SOUTH, WEST, EAST),
}


def block_below(text: str, heading: str) -> list[str]:
    """The lines of the first fenced block below a heading; empty where there is none."""
    match = re.search(rf"^{re.escape(heading)}\n.*?^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return match[1].splitlines() if match else []


class Picture:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        # The cells of each box's outline, by its name.
        self.boxes: dict[Cell, str] = {}
        # Where a line leaves a box, downward.
        self.exits: list[tuple[str, Cell]] = []
        for row, line in enumerate(lines):
            for match in re.finditer(r"│\s+(\w+)\s+(?=│)", line):
                self._add_box(match[1], row, match.start(), match.end())
            for match in re.finditer(r"\bmain\.cpp\b", line):
                self._add_exits("main", row, match.start(), match.end() - 1, "│")

    def at(self, cell: Cell) -> str:
        row, column = cell
        if 0 <= row < len(self.lines) and 0 <= column < len(self.lines[row]):
            return self.lines[row][column]
        return " "

    def _add_box(self, name: str, row: int, left: int, right: int) -> None:
        if self.at((row - 1, left)) != "┌" or self.at((row + 1, right)) != "┘":
            return
        for column in range(left, right + 1):
            for outline in (row - 1, row, row + 1):
                self.boxes[outline, column] = name
        self._add_exits(name, row, left, right, "┬")

    def _add_exits(self, name: str, row: int, left: int, right: int, mark: str) -> None:
        below = row + 1
        for column in range(left, right + 1):
            if self.at((below, column)) == mark:
                self.exits.append((name, (below, column)))

    def targets_from(self, start: Cell) -> set[str]:
        """The boxes at whose tops the arrows end that the line from `start` downward is part of."""
        targets = set()
        seen: set[Cell] = set()
        waiting = [(start[0] + 1, start[1])]
        while waiting:
            cell = waiting.pop()
            if cell in seen or cell in self.boxes:
                continue
            seen.add(cell)
            if self.at(cell) == "▼":
                targets.add(self.boxes.get((cell[0] + 1, cell[1]), ""))
            for row, column in WAYS.get(self.at(cell), ()):
                waiting.append((cell[0] + row, cell[1] + column))
        return targets - {""}


def arrows_of(lines: list[str]) -> dict[str, set[str]]:
    """To which boxes arrows lead from each box, and from the word main.cpp (as "main")."""
    drawn = Picture(lines)
    arrows: dict[str, set[str]] = {name: set() for name in drawn.boxes.values()}
    for name, cell in drawn.exits:
        arrows.setdefault(name, set()).update(drawn.targets_from(cell))
    return arrows
