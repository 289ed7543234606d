"""Each source file has a row in the table of docs/architecture.md, each row a file, each test a unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from project import Finding, Project

ARCHITECTURE = "docs/architecture.md"
HEADING = "### Where things are"
SUFFIXES = (".cpp", ".hpp", ".inc")


def unit_of(path: str) -> str:
    """"http/date" of src/http/date.cpp and include/torc/http/date.hpp; empty for what is no unit's."""
    for root in ("include/torc/", "src/"):
        name = path.removeprefix(root)
        if name != path and "/" in name and name.endswith(SUFFIXES):
            return str(PurePosixPath(name).with_suffix(""))
    return ""


def units_of(project: Project) -> dict[str, str]:
    """A file of each unit, by its name."""
    files = {unit_of(file.path): file.path for file in project.under("include/torc/", "src/")}
    files.pop("", None)
    return files


def units_in(row: str) -> Iterator[str]:
    """The units that a row is of: "site/load/text" in its first cell, and "text" for one in the same
    folder; `…_steps`, for a name that goes on from the one before; and `name.cpp` anywhere in the row."""
    cells = row.split("|")
    before = ""
    for name in re.findall(r"`([^`]+)`", cells[1]):
        if "/" in name:
            before = name
            yield name
        elif name.startswith("…"):
            yield before + name.removeprefix("…")
        else:
            yield str(PurePosixPath(before).parent / name)
    folder = PurePosixPath(before).parent
    for name in re.findall(r"`(\w+)\.(?:cpp|hpp|inc)`", "|".join(cells[2:])):
        yield str(folder / name)


def check_rows(project: Project) -> Iterator[Finding]:
    lines = project.text(ARCHITECTURE).splitlines()
    start = lines.index(HEADING) if HEADING in lines else len(lines)
    units = units_of(project)
    named: dict[str, int] = {}
    for number, text in enumerate(lines[start:], start=start + 1):
        if text.startswith("## "):
            break
        if text.startswith("| `"):
            named |= {unit: number for unit in units_in(text)}
    for unit, number in named.items():
        if unit not in units:
            yield Finding(
                "row", ARCHITECTURE, number, f"the row names {unit}, and there is no such file",
                "follow it to where it has gone, or take it out",
            )
    for unit, path in units.items():
        if unit not in named:
            yield Finding(
                "row", path, 1, f"{unit} has no row in {ARCHITECTURE}",
                f'say under "{HEADING.strip("# ")}" what it is for',
            )


def check_tests(project: Project) -> Iterator[Finding]:
    """tests/<layer>/x_test.cpp or x_what_test.cpp is of the unit <layer>/x."""
    units = units_of(project)
    layers = {unit.split("/")[0] for unit in units}
    for file in project.under("tests/"):
        path = PurePosixPath(file.path).relative_to("tests")
        if path.parts[0] not in layers or not path.name.endswith("_test.cpp"):
            continue
        subject = path.name.removesuffix("_test.cpp")
        of_layer = [unit for unit in units if unit.startswith(path.parts[0] + "/")]
        # The longest: asset_load_test is of asset_load, not of asset.
        best = max(
            (unit for unit in of_layer if f"{subject}_".startswith(PurePosixPath(unit).name + "_")),
            key=lambda unit: len(PurePosixPath(unit).name),
            default="",
        )
        if not best:
            yield Finding(
                "test-unit", file.path, 1, f"no file of {path.parts[0]} is called {subject}",
                "name the test after the file whose behaviour it states",
            )
        elif PurePosixPath(best).parent != path.parent:
            yield Finding(
                "test-unit", file.path, 1, f"the test of {best} is in tests/{path.parent}",
                f"move it to tests/{PurePosixPath(best).parent}",
            )
