"""Clients that keep to a rate, inside the container, and what they have seen."""

import json
from dataclasses import dataclass
from types import TracebackType

from container import INSIDE, Container
from services import PORT

# Longer than any row takes; the clients end when they are told to.
SECONDS_MAX = 900


@dataclass(frozen=True)
class Seen:
    """What clients of one kind have seen."""

    answered: int
    # Connections that could not be made, and all that went wrong with those among them.
    refused: int
    failed: int
    opened: int
    gap_ms: float
    p99_ms: float

    def text(self) -> str:
        gap = f"gap {self.gap_ms:.1f} ms, p99 {self.p99_ms:.1f} ms"
        return f"{self.failed:,} of {self.answered + self.failed:,}, {gap}"


def seen_in(report: str) -> Seen:
    try:
        found = json.loads(report.splitlines()[-1])
    except (IndexError, ValueError):
        raise SystemExit(f"operations: paced: {report.strip()}") from None
    errors = found["errors"]
    return Seen(
        answered=found["requests"],
        refused=errors["connect"],
        failed=sum(errors.values()),
        opened=found["opened"],
        gap_ms=found["longest_gap_us"] / 1000,
        p99_ms=found["percentiles_us"]["99"] / 1000,
    )


class Client:
    """Asks from when it is made until its end is asked for."""

    def __init__(self, container: Container, name: str, *options: str, port: int = PORT,
                 path: str = "/file") -> None:
        self._container = container
        self._file = f"/run/{name}.pid"
        command = f"echo $$ >{self._file}; exec {INSIDE}/paced \"$@\""
        self._process = container.start(
            "sh", "-c", command, "sh", "--port", str(port), "--path", path, "--seconds",
            str(SECONDS_MAX), *options)

    def end(self) -> Seen:
        self._container.run("sh", "-c", f"kill -TERM $(cat {self._file})", check=False)
        output, _ = self._process.communicate()
        return seen_in(output)

    def kill(self) -> None:
        """After something else has gone wrong."""
        if self._process.poll() is None:
            self._container.run("sh", "-c", f"kill -KILL $(cat {self._file})", check=False)
            self._process.communicate()


class Load:
    """4,000 requests/s on 64 kept connections, and 2,000 connections/s with one request each."""

    def __init__(self, container: Container, port: int = PORT, scale: float = 1.0,
                 numbered: bool = False) -> None:
        self._container = container
        self._port = port
        self._scale = scale
        self._more = ["--numbered"] if numbered else []
        self._clients: list[Client] = []
        self.kept = Seen(0, 0, 0, 0, 0, 0)
        self.fresh = self.kept

    def __enter__(self) -> "Load":
        rates = [str(round(rate * self._scale)) for rate in (4000, 2000)]
        self._clients = [
            Client(self._container, "kept", "--connections", "64", "--rate", rates[0],
                   *self._more, port=self._port),
            Client(self._container, "fresh", "--connections", "200", "--rate", rates[1],
                   "--fresh", *self._more, port=self._port, path="/other"),
        ]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if error is None:
            self.kept, self.fresh = (client.end() for client in self._clients)
        for client in self._clients:
            client.kill()

    @property
    def failed(self) -> int:
        return self.kept.failed + self.fresh.failed

    def text(self) -> str:
        return f"kept: {self.kept.text()}<br>fresh: {self.fresh.text()}"
