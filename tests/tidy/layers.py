"""The arrows between layers: docs/architecture.md draws them, src/CMakeLists.txt links them, and no
source file includes what they do not lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import picture
from project import Finding, Project

ARCHITECTURE = "docs/architecture.md"
CMAKE = "src/CMakeLists.txt"

# By the first part of the name that is included: which files may include it.
LIBRARIES = {
    "CLI": r"src/config/command_line\.cpp",
    "crypt.h": r"src/site/access/",
    "liburing.h": r"src/io/",
    "liburing": r"src/io/",
    "openssl": r"(src|include/torc)/tls/",
    "qrencode.h": r"src/server/qr_code\.cpp",
    "spdlog": r"(src|include/torc)/server/|src/main\.cpp",
    "toml++": r"src/config/",
    "xxhash.h": r"src/(base|site)/",
}

INCLUDE = re.compile(r'#include ([<"])([^>"]+)[>"]')


def linked(cmake: str) -> dict[str, set[str]]:
    """Which layers each layer links, by src/CMakeLists.txt; "main" is the program."""
    arrows = {}
    for call in re.findall(r"^torc_layer\(\s*(\w+\s[^)]*)\)", cmake, re.MULTILINE):
        links = re.search(r"\sLINKS\s([^A-Z]*)", call)
        arrows[call.split()[0]] = set(re.findall(r"torc_(\w+)", links[1] if links else ""))
    program = re.search(r"target_link_libraries\(torc PRIVATE([^)]*)\)", cmake)
    if program:
        arrows["main"] = set(re.findall(r"torc_(\w+)", program[1])) - {"options"}
    return arrows


def reachable(arrows: dict[str, set[str]], layer: str) -> set[str]:
    """What a file of that layer may include: its own layer, and all to which arrows lead."""
    found = {layer}
    waiting = [layer]
    while waiting:
        for target in arrows.get(waiting.pop(), set()) - found:
            found.add(target)
            waiting.append(target)
    return found


def check_picture(project: Project) -> Iterator[Finding]:
    """The picture and the build agree on each arrow."""
    text = project.text(ARCHITECTURE)
    line = text[: text.find("## The layers")].count("\n") + 1
    drawn = picture.arrows_of(picture.block_below(text, "## The layers"))
    built = linked(project.text(CMAKE))
    for layer in sorted(built.keys() | drawn.keys()):
        for target in sorted(built.get(layer, set()) - drawn.get(layer, set())):
            yield Finding(
                "arrow", ARCHITECTURE, line,
                f"{layer} links {target}, and the picture has no such arrow",
                f"draw it, or take the link out of {CMAKE}",
            )
        for target in sorted(drawn.get(layer, set()) - built.get(layer, set())):
            yield Finding(
                "arrow", ARCHITECTURE, line,
                f"an arrow leads from {layer} to {target}, which it does not link",
                f"take it out of the picture, or link torc_{target} in {CMAKE}",
            )


def layer_of(path: str) -> str:
    """Of a file of src/, include/torc/ or tests/; "main" for src/main.cpp, empty for what has none."""
    parts = PurePosixPath(path).parts
    if path == "src/main.cpp":
        return "main"
    if path.startswith("include/torc/") and len(parts) > 3:
        return parts[2]
    return parts[1] if path.startswith(("src/", "tests/")) and len(parts) > 2 else ""


def check_includes(project: Project) -> Iterator[Finding]:
    """Includes follow the arrows, those of tests too; libraries are included where they may be."""
    arrows = linked(project.text(CMAKE))
    for file in project.under("src/", "include/torc/", "tests/"):
        layer = layer_of(file.path)
        allowed = reachable(arrows, layer)
        if not file.is_code() or layer not in arrows:
            continue
        for number, text in enumerate(file.lines, start=1):
            match = INCLUDE.match(text)
            if not match:
                continue
            first, *rest = match[2].split("/")
            if first == "torc" and rest[0] not in allowed:
                yield Finding(
                    "include", file.path, number, f"{layer} includes {match[2]}, to which no arrow leads",
                    f"move what is wanted to a layer that both may see ({', '.join(sorted(allowed))})",
                )
            where = LIBRARIES.get(first)
            if where and not file.path.startswith("tests/") and not re.match(where, file.path):
                yield Finding(
                    "library", file.path, number, f"{match[2]} is included here",
                    f"only files that match {where} may; keep the library behind what they offer",
                )
