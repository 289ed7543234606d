"""Whether others wait while very many changes are made to what is served and cached."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from innocent import ALONE_S, probe, probing
from measure import Tools
from process import RunningServer

DIRECTORIES = "storm"
FILES_PER_DIRECTORY = 12
FILE_BYTES = 64
# Of the storm of mkdir, beside the files of the tree.
NEW_DIRECTORIES = 3000
# The storm begins so long after the probes.
LEAD_S = 0.5


@dataclass(frozen=True)
class StormSample:
    """What the warm requests waited, and what the server did about it."""

    # The same requests at the same rate, before the storm.
    max_us_alone: float
    p99_us: float
    max_us: float
    # Of the warm requests, two seconds after the last of them was due.
    unanswered: int
    changes: int
    # What making the changes took.
    changes_s: float
    # CPU time of the server from the beginning of the storm on.
    server_cpu_s: float
    errors: dict[str, int]


def measure_storm(
    server: RunningServer, tools: Tools, seconds: int, storm: Callable[[], int]
) -> StormSample:
    """`storm` makes the changes and says how many; the probes take `seconds`."""
    alone = probe(server, tools, ALONE_S)
    with probing(server, tools, seconds) as probes:
        time.sleep(LEAD_S)
        cpu_s = server.cpu_seconds()
        began = time.monotonic()
        changes = storm()
        changes_s = time.monotonic() - began
        load = probes.result()
    return StormSample(
        max_us_alone=alone.percentiles_us["100"],
        p99_us=load.percentiles_us["99"],
        max_us=load.percentiles_us["100"],
        unanswered=load.unanswered,
        changes=changes,
        changes_s=changes_s,
        server_cpu_s=server.cpu_seconds() - cpu_s,
        errors=alone.errors | load.errors,
    )


def directory_of(index: int) -> str:
    return f"/{DIRECTORIES}/{index:04}"


def paths_of(directories: int) -> list[str]:
    """Of all files in so many directories."""
    return [
        f"{directory_of(index)}/{file:02}.txt"
        for index in range(directories)
        for file in range(FILES_PER_DIRECTORY)
    ]


def make_directories(site: Path, directories: int, modified_at: float) -> None:
    for index in range(directories):
        (site / directory_of(index)[1:]).mkdir(parents=True)
    for path in paths_of(directories):
        file = site / path[1:]
        file.write_bytes(b"x" * FILE_BYTES)
        os.utime(file, (modified_at, modified_at))


def change_modes(site: Path, directories: int) -> int:
    """To what they are: that too is a change of the directory."""
    for index in range(directories):
        os.chmod(f"{site}{directory_of(index)}", 0o755)
    return directories


@contextmanager
def new_directories(parent: Path, count: int) -> Iterator[Callable[[], int]]:
    """A storm that makes so many directories; they are removed at the end."""
    paths = [parent / f"new-{index:04}" for index in range(count)]

    def make() -> int:
        for path in paths:
            path.mkdir()
        return len(paths)

    try:
        yield make
    finally:
        for path in paths:
            if path.exists():
                path.rmdir()
