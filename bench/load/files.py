"""The files that are served, made for one run and removed after it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cases import (
    CHMOD_STORM, COLD_DISK, HALF_CLOSED, LARGEST, MIB, MKDIR_STORM, SMALLEST, STALLS, Case, Row,
)  # fmt: skip
from storm import DIRECTORIES, make_directories
from tree import make_tree, remove_tree

COLD_FILE = "cold.bin"
# Where the slow file system is mounted.
SLOW_DIRECTORY = "slow"
# Beside it: what nobody has asked for.
HEALTHY_DIRECTORY = "healthy"
HEALTHY_FILE = "page.txt"
# Beside the site: what a deploy puts in its place.
DEPLOYED_DIRECTORY = "deployed"


@dataclass(frozen=True)
class Contents:
    """How much there is of what has no fixed size."""

    tree_files: int
    cold_bytes: int
    # Of the storm.
    directories: int


@contextmanager
def served_site(contents: Contents, rows: Iterable[Row]) -> Iterator[Path]:
    """A scratch directory with `site/` in it. Others may read it: servers give up root."""
    with tempfile.TemporaryDirectory(prefix="torc-load-") as name:
        scratch = Path(name)
        site = scratch / "site"
        site.mkdir()
        scratch.chmod(0o755)
        try:
            fill(site, list(rows), contents)
            # Writing what is dirty would disturb the first rounds.
            os.sync()
            yield scratch
        finally:
            remove_tree(site / "tree")
            remove_tree(site / DIRECTORIES)


def fill(site: Path, rows: list[Row], contents: Contents) -> None:
    # A file that was written just now is cached with caution.
    an_hour_ago = time.time() - 3600
    sizes = {row.body_bytes for row in rows if isinstance(row, Case) and not row.tree}
    # All that is no load asks for the smallest.
    sizes.add(SMALLEST.body_bytes)
    if HALF_CLOSED in rows:
        sizes.add(LARGEST.body_bytes)
    for size in sizes:
        make_file(site / f"{size}.bin", size, an_hour_ago)
    if MKDIR_STORM in rows or any(isinstance(row, Case) and row.tree for row in rows):
        make_tree(site, contents.tree_files, an_hour_ago)
    if CHMOD_STORM in rows:
        make_directories(site, contents.directories, an_hour_ago)
    if COLD_DISK in rows:
        make_file(site / COLD_FILE, contents.cold_bytes, an_hour_ago)
    if STALLS in rows:
        make_healthy_directory(site, an_hour_ago)


def make_healthy_directory(site: Path, modified_at: float) -> None:
    healthy = site / HEALTHY_DIRECTORY
    healthy.mkdir()
    make_file(healthy / HEALTHY_FILE, SMALLEST.body_bytes, modified_at)
    deployed = site.parent / DEPLOYED_DIRECTORY
    deployed.mkdir()
    # Not the bytes of the site's own.
    make_file(deployed / SMALLEST.path[1:], SMALLEST.body_bytes, modified_at)


def make_file(path: Path, size: int, modified_at: float) -> None:
    """Of bytes that are on the disk, which a sparse file's are not."""
    piece = os.urandom(min(size, MIB))
    with path.open("wb") as file:
        for _ in range(size // len(piece)):
            file.write(piece)
    os.utime(path, (modified_at, modified_at))
