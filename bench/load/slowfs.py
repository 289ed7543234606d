"""The bench's own slow file system, mounted for as long as it is needed."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# What slowfs.cpp calls its file.
FILE = "cold.bin"
DELAY_MS = 20
TIMEOUT_S = 5.0


class SlowfsError(Exception):
    """There is no slow file system; the message says why."""


def check_slowfs(binary: str | None) -> None:
    if binary is None:
        raise SlowfsError("slowfs was not built: apt-get install libfuse3-dev")
    if os.geteuid() != 0:
        raise SlowfsError("it takes root to mount a file system for a server's user")
    if not os.access("/dev/fuse", os.W_OK):
        raise SlowfsError("there is no /dev/fuse")


@contextmanager
def mounted(binary: str, mountpoint: Path, size: int, cpu: int) -> Iterator[None]:
    """A new mount each time: nothing of the file is in memory."""
    mountpoint.mkdir(exist_ok=True)
    command = ["taskset", "-c", str(cpu), binary, "--size", str(size)]
    command += ["--delay-ms", str(DELAY_MS), str(mountpoint)]
    # A session of its own: Ctrl-C is for the bench, which unmounts when its server has ended.
    with subprocess.Popen(command, start_new_session=True) as slowfs:
        try:
            wait_until_mounted(slowfs, mountpoint)
            yield
        finally:
            unmount(slowfs, mountpoint)


def wait_until_mounted(slowfs: subprocess.Popen[bytes], mountpoint: Path) -> None:
    give_up = time.monotonic() + TIMEOUT_S
    while not mountpoint.is_mount():
        if slowfs.poll() is not None or time.monotonic() > give_up:
            raise SlowfsError("slowfs could not be mounted")
        time.sleep(0.02)


def unmount(slowfs: subprocess.Popen[bytes], mountpoint: Path) -> None:
    slowfs.terminate()
    with suppress(subprocess.TimeoutExpired):
        slowfs.wait(TIMEOUT_S)
    # What still waits for a read gets an error when nobody is there to answer it.
    slowfs.kill()
    slowfs.wait()
    if is_in_mount_table(mountpoint):
        subprocess.run(["umount", "--lazy", str(mountpoint)], check=False)


def is_in_mount_table(mountpoint: Path) -> bool:
    """Not by stat(2), which fails on a mount whose server is gone."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return any(line.split()[1] == str(mountpoint) for line in lines)
