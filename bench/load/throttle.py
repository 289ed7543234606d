"""A disk that reads slowly for one server: a control group with a limit of its own.

Of version 1 (blkio) or 2 (io), whichever the kernel has the disk under. It takes root.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

# The last of the group's processes may still be on its way out.
REMOVE_TIMEOUT_S = 5.0


class ThrottleError(Exception):
    """No disk can be slowed down here; the message says why."""


@dataclass(frozen=True)
class Hierarchy:
    """A mounted hierarchy of control groups that can limit disks."""

    root: Path
    version: int

    def limit(self, group: Path, disk: str, bytes_per_s: int | None) -> None:
        """None is no limit."""
        if self.version == 1:
            knob, value = "blkio.throttle.read_bps_device", str(bytes_per_s or 0)
        else:
            knob, value = "io.max", f"rbps={bytes_per_s or 'max'}"
        (group / knob).write_text(f"{disk} {value}\n")


class Group:
    """A control group whose processes read at a limited rate."""

    def __init__(self, hierarchy: Hierarchy, path: Path) -> None:
        self._hierarchy = hierarchy
        self._path = path

    def add(self, processes: Iterable[int]) -> None:
        """With all their threads; those that they make later are in it, too."""
        for pid in processes:
            (self._path / "cgroup.procs").write_text(str(pid))

    @contextmanager
    def limited(self, disk: str, bytes_per_s: int) -> Iterator[None]:
        """To be left before the processes are stopped, or they would wait for the disk."""
        self._hierarchy.limit(self._path, disk, bytes_per_s)
        try:
            yield
        finally:
            self._hierarchy.limit(self._path, disk, None)


def mounts() -> Iterator[tuple[Path, str, list[str]]]:
    """Directory, type and options of all that is mounted."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _device, directory, kind, options, *_ = line.split()
        yield Path(directory), kind, options.split(",")


def find_hierarchy() -> Hierarchy:
    for directory, kind, options in mounts():
        if kind == "cgroup" and "blkio" in options:
            return Hierarchy(directory, 1)
    for directory, kind, _options in mounts():
        if kind == "cgroup2" and "io" in (directory / "cgroup.controllers").read_text().split():
            return Hierarchy(directory, 2)
    raise ThrottleError("no control group of this kernel limits disks")


def disk_of(path: Path) -> str:
    """MAJOR:MINOR of the whole disk that has the file; limits are not for partitions."""
    device = path.stat().st_dev
    entry = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    if not entry.exists():
        raise ThrottleError("the files to be served are on no disk: set TMPDIR to one that is")
    entry = entry.resolve()
    if (entry / "partition").exists():
        entry = entry.parent
    return (entry / "dev").read_text().strip()


def check_throttle(path: Path) -> None:
    """Raises ThrottleError if reads of the file cannot be slowed down."""
    if os.geteuid() != 0:
        raise ThrottleError("it takes root to slow a disk down")
    find_hierarchy()
    disk_of(path)


@contextmanager
def group() -> Iterator[Group]:
    """A group without a limit; its processes must have ended when it is left."""
    hierarchy = find_hierarchy()
    path = hierarchy.root / f"torc-load-{os.getpid()}"
    with controller_enabled(hierarchy):
        path.mkdir()
        try:
            yield Group(hierarchy, path)
        finally:
            remove(path)


@contextmanager
def controller_enabled(hierarchy: Hierarchy) -> Iterator[None]:
    """In version 2 a group has a controller only if its parent hands it down."""
    control = hierarchy.root / "cgroup.subtree_control"
    if hierarchy.version == 1 or "io" in control.read_text().split():
        yield
        return
    control.write_text("+io")
    try:
        yield
    finally:
        with suppress(OSError):  # somebody else may use it by now
            control.write_text("-io")


def remove(path: Path) -> None:
    give_up = time.monotonic() + REMOVE_TIMEOUT_S
    while True:
        try:
            return path.rmdir()
        except OSError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)
