"""What all rows have in common: a container with servers as services, and what comes out of a row."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clients import Load
from container import Container
from services import PORT, Service

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Outcome:
    """Of one row and one server."""

    text: str
    # What was wrong with what must never be: lost requests, lost lines. Empty: nothing.
    faults: list[str]
    # Whether the row's figures are within its goal.
    met: bool = True


@dataclass(frozen=True)
class Bench:
    """The container, and how much is to be done."""

    container: Container
    # Shared with the container.
    directory: Path
    # The part that is done of what each row does otherwise.
    scale: float

    def count(self, usual: int) -> int:
        return max(1, round(usual * self.scale))

    def write_settings(self, service: Service, text: str) -> None:
        # In one step, and to be read by whatever user a service is.
        fresh = self.directory / f"{service.file}.new"
        fresh.write_text(text)
        fresh.chmod(0o644)
        fresh.rename(self.directory / service.file)

    @contextmanager
    def running(self, service: Service, settings: str = "") -> Iterator[None]:
        self.write_settings(service, settings or service.settings)
        self.container.run("systemctl", "start", service.name)
        self.await_service(service.name, PORT)
        yield
        self.container.run("systemctl", "stop", service.name, check=False)
        self.container.run("systemctl", "reset-failed", service.name, check=False)

    def await_service(self, name: str, port: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        url = f"http://127.0.0.1:{port}/file"
        while not self.container.run("curl", "--silent", "--fail", url, check=False):
            if time.monotonic() > deadline:
                raise SystemExit(f"operations: {name} does not serve: "
                                 + self.container.run("systemctl", "status", name, check=False))
            time.sleep(0.05)

    def main_process(self, service: Service) -> str:
        found = self.container.run("systemctl", "show", "--property=MainPID", service.name)
        return found.strip().removeprefix("MainPID=")

    def shell(self, command: str, check: bool = True) -> str:
        return self.container.run("sh", "-c", command, check=check)

    def timed_ms(self, command: str) -> float:
        """How long a command takes inside."""
        found = self.shell(f"a=$(date +%s%N); {command} >&2 || exit; echo $(($(date +%s%N) - a))")
        return int(found) / 1e6


def faults_of(load: Load) -> list[str]:
    return [f"{load.failed} requests were lost"] if load.failed > 0 else []
