"""A machine of its own: systemd in a container, with a network of its own."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

BOOT_PATIENCE_SECONDS = 60.0
# What is shared with the container, as it is called there.
INSIDE = "/opt/operations"
CONTROL_GROUPS = Path("/sys/fs/cgroup")


class NoContainer(Exception):
    """There can be none here; the message says why."""


def control_groups() -> set[Path]:
    """Those that systemd-nspawn makes where it is run, and does not remove."""
    return {path for name in ("payload", "supervisor") for path in CONTROL_GROUPS.rglob(name)}


def remove_empty(groups: set[Path]) -> None:
    for group in groups:
        for path in sorted([group, *(each for each in group.rglob("*") if each.is_dir())],
                           reverse=True):
            with suppress(OSError):
                path.rmdir()


class Container:
    """Runs while it is entered; what is in /etc, /run and /var of it goes with it."""

    def __init__(self, directory: Path, units: dict[str, str]) -> None:
        """`directory` is INSIDE there; `units` are the texts of unit files by name."""
        self._units = directory / "units"
        self._units.mkdir()
        self._directory = directory
        for name, text in units.items():
            (self._units / name).write_text(text)
        self._process: subprocess.Popen[bytes] | None = None
        self._groups_before: set[Path] = set()
        self._leader = 0

    def __enter__(self) -> "Container":
        self._groups_before = control_groups()
        binds = [
            f"--bind-ro={self._units / unit.name}:/etc/systemd/system/{unit.name}"
            for unit in self._units.iterdir()
        ]
        self._process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--directory=/", "--volatile=yes", "--register=no",
             "--keep-unit", "--console=pipe", "--private-network", "--machine=operations",
             f"--bind={self._directory}:{INSIDE}", *binds, "--boot",
             "systemd.unit=basic.target"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            self._await_boot()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._end()

    def _await_boot(self) -> None:
        deadline = time.monotonic() + BOOT_PATIENCE_SECONDS
        while time.monotonic() < deadline:
            self._leader = self._find_leader()
            if self._leader and self.run("systemctl", "is-active", "basic.target", check=False):
                self.run("ip", "link", "set", "lo", "up")
                return
            time.sleep(0.1)
        raise NoContainer("systemd does not start in a container (systemd-nspawn)")

    def _find_leader(self) -> int:
        """The systemd inside, which is the only child; 0 while there is none."""
        assert self._process is not None
        if self._process.poll() is not None:
            raise NoContainer("systemd-nspawn has ended; it needs root")
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        found = children.read_text().split()
        return int(found[0]) if found else 0

    def _end(self) -> None:
        if self._process is None:
            return
        if self._leader:
            # A halt (systemd(1)).
            with suppress(ProcessLookupError):
                os.kill(self._leader, signal.SIGRTMIN + 4)
        else:
            self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        remove_empty(control_groups() - self._groups_before)

    def run(self, *command: str, check: bool = True) -> str:
        """What a command printed inside; empty if it failed and need not succeed."""
        done = subprocess.run(["nsenter", "--target", str(self._leader), "--all", *command],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            if check:
                raise SystemExit(f"operations: {' '.join(command)}: {done.stderr.strip()}")
            return ""
        return done.stdout or "\n"

    def start(self, *command: str) -> "subprocess.Popen[str]":
        """Begins a command inside."""
        return subprocess.Popen(["nsenter", "--target", str(self._leader), "--all", *command],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True)
