"""The slow file system of ../slowfs, mounted for as long as it is needed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

# The file of slowfs.cpp whose size is chosen, and what each of its reads takes in the rows of cold
# files.
FILE = "cold.bin"
DELAY_MS = 20
TIMEOUT_S = 5.0


class SlowfsError(Exception):
    """There is no slow file system, or it does not obey; the message says why."""


def check_slowfs(binary: str | None) -> None:
    if binary is None:
        raise SlowfsError("slowfs was not built: apt-get install libfuse3-dev")
    if os.geteuid() != 0:
        raise SlowfsError("it takes root to mount a file system for a server's user")
    if not os.access("/dev/fuse", os.W_OK):
        raise SlowfsError("there is no /dev/fuse")


class Slowfs:
    """Takes the commands that the head of slowfs.cpp lists."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def stall(self, call: str) -> None:
        self._command(f"stall {call}")

    def delay(self, call: str, milliseconds: int) -> None:
        self._command(f"delay {call} {milliseconds}")

    def release(self, call: str = "all") -> None:
        self._command(f"release {call}")

    def waiting(self, call: str = "all") -> int:
        """How many such calls wait now."""
        return int(self._command(f"waiting {call}"))

    def set_mode(self, mode: str) -> None:
        """`keep-cache` or `direct-io`."""
        self._command(f"mode {mode}")

    def set_valid(self, milliseconds: int) -> None:
        """How long the kernel may keep names and attributes."""
        self._command(f"valid {milliseconds}")

    def heed_signals(self) -> None:
        """A process that waits can end from now on."""
        self._command("heed-signals")

    def expect(self, line: str) -> None:
        answer = self._receive()
        if answer != line:
            raise SlowfsError(f"slowfs said “{answer}” and not “{line}”")

    def _command(self, line: str) -> str:
        """What the answer has after “ok”."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise SlowfsError("slowfs has ended") from error
        answer = self._receive()
        if not answer.startswith("ok"):
            raise SlowfsError(f"slowfs answered “{answer}” to “{line}”")
        return answer.removeprefix("ok").strip()

    def _receive(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")


@contextmanager
def mounted(binary: str, mountpoint: Path, cpu: int, cold_bytes: int = 1 << 30) -> Iterator[Slowfs]:
    """A new mount each time: nothing of its files is in memory. `cold_bytes`: the size of FILE."""
    mountpoint.mkdir(exist_ok=True)
    command = ["taskset", "-c", str(cpu), binary, "--cold-bytes", str(cold_bytes), str(mountpoint)]
    # A session of its own: Ctrl-C is for the bench, which unmounts when its server has ended.
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        slowfs = Slowfs(process)
        try:
            slowfs.expect("ready")
            yield slowfs
        finally:
            unmount(process, mountpoint)


def unmount(process: subprocess.Popen[str], mountpoint: Path) -> None:
    """What waits is answered before, so that nobody waits for ever."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(TIMEOUT_S)
    process.kill()
    process.wait()
    if is_in_mount_table(mountpoint):
        subprocess.run(["umount", "--lazy", str(mountpoint)], check=False)


def is_in_mount_table(mountpoint: Path) -> bool:
    """Not by stat(2), which fails on a mount whose server is gone."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return any(line.split()[1] == str(mountpoint) for line in lines)
