"""The files that are served, made for one run and removed after it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cases import COLD_DISK, MIB, SMALLEST, Case, Row
from tree import make_tree, remove_tree

COLD_FILE = "cold.bin"
# Where the slow file system is mounted.
SLOW_DIRECTORY = "slow"


@contextmanager
def served_site(rows: Iterable[Row], tree_files: int, cold_bytes: int) -> Iterator[Path]:
    """A scratch directory with `site/` in it. Others may read it: servers give up root."""
    with tempfile.TemporaryDirectory(prefix="torc-load-") as name:
        scratch = Path(name)
        site = scratch / "site"
        site.mkdir()
        scratch.chmod(0o755)
        try:
            fill(site, list(rows), tree_files, cold_bytes)
            # Writing what is dirty would disturb the first rounds.
            os.sync()
            yield scratch
        finally:
            remove_tree(site / "tree")


def fill(site: Path, rows: list[Row], tree_files: int, cold_bytes: int) -> None:
    # A file that was written just now is cached with caution.
    an_hour_ago = time.time() - 3600
    sizes = {row.body_bytes for row in rows if isinstance(row, Case) and not row.tree}
    # All that is no load asks for the smallest.
    for size in sizes | {SMALLEST.body_bytes}:
        make_file(site / f"{size}.bin", size, an_hour_ago)
    if any(isinstance(row, Case) and row.tree for row in rows):
        make_tree(site, tree_files, an_hour_ago)
    if COLD_DISK in rows:
        make_file(site / COLD_FILE, cold_bytes, an_hour_ago)


def make_file(path: Path, size: int, modified_at: float) -> None:
    """Of bytes that are on the disk, which a sparse file's are not."""
    piece = os.urandom(min(size, MIB))
    with path.open("wb") as file:
        for _ in range(size // len(piece)):
            file.write(piece)
    os.utime(path, (modified_at, modified_at))
