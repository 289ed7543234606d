"""Has an operator restart, reload, upgrade and kill loaded servers, and counts what that loses."""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from container import Container
from services import PORT, Service, services

ROWS = ["reload", "upgrade", "restart", "kill -9"]
PROJECT = Path(__file__).resolve().parents[2]
URL = f"http://127.0.0.1:{PORT}/file"


@dataclass(frozen=True)
class Loss:
    """What clients of one kind have seen."""

    requests: int
    failed: int
    longest_ms: float


def milliseconds(text: str) -> float:
    """Of what wrk prints: 1.5ms, 2.00s, 80.00us."""
    match = re.fullmatch(r"([0-9.]+)(us|ms|s|m)", text)
    if match is None:
        return 0.0
    return float(match[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}[match[2]]


def loss_in(report: str) -> Loss:
    requests = re.search(r"(\d+) requests in", report)
    if requests is None:
        raise SystemExit(f"operations: wrk: {report.strip()}")
    errors = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", report)
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", report)
    failed = sum(int(each) for each in errors.groups()) if errors else 0
    failed += int(others[1]) if others else 0
    latency = re.search(r"Latency\s+\S+\s+\S+\s+(\S+)", report)
    return Loss(int(requests[1]), failed, milliseconds(latency[1]) if latency else 0.0)


def await_service(container: Container, service: Service) -> None:
    deadline = time.monotonic() + 10
    while not container.run("curl", "--silent", "--fail", URL, check=False):
        if time.monotonic() > deadline:
            raise SystemExit(f"operations: {service.name} does not serve: "
                             + container.run("systemctl", "status", service.name, check=False))
        time.sleep(0.05)


def main_process(container: Container, service: Service) -> str:
    return container.run("systemctl", "show", "--property=MainPID", service.name)


def measure(container: Container, service: Service, row: str, events: int,
            pause: float) -> tuple[Loss, Loss]:
    """Losses of connections that are kept, and of those with one request each."""
    container.run("systemctl", "start", service.name)
    await_service(container, service)
    seconds = str(round(events * (pause + 0.1) + 2))
    wrk = ["wrk", "-t1", f"-d{seconds}"]
    loads = [container.start(*wrk, "-c32", URL),
             container.start(*wrk, "-c8", "-HConnection: close", URL)]
    time.sleep(1)
    for _ in range(events):
        before = main_process(container, service)
        container.run("sh", "-c", service.operations[row], check=False)
        time.sleep(pause)
        if service.name == "torc" and (row == "reload") == (
                main_process(container, service) != before):
            raise SystemExit(f"operations: {row} did not do what it should")
    kept, fresh = (loss_in(load.communicate()[0]) for load in loads)
    container.run("systemctl", "stop", service.name, check=False)
    container.run("systemctl", "reset-failed", service.name, check=False)
    return kept, fresh


def table(results: dict[tuple[str, str], tuple[Loss, Loss]], names: list[str],
          events: int) -> str:
    lines = [f"Failed requests of all, and the longest wait, in {events} events each.", ""]
    lines.append("| what is done | clients | " + " | ".join(names) + " |")
    lines.append("| :-- | :-- |" + " --: |" * len(names))
    for row in ROWS:
        for kind, clients in enumerate(("kept connections", "one request each")):
            cells = []
            for name in names:
                losses = results.get((row, name))
                cells.append(f"{losses[kind].failed} of {losses[kind].requests:,}, "
                             f"{losses[kind].longest_ms:.0f} ms" if losses else "–")
            lines.append(f"| {row} | {clients} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--torc", type=Path, default=PROJECT / "build/release/src/torc")
    parser.add_argument("--events", type=int, default=20, help="of each kind; default: 20")
    parser.add_argument("--pause", type=float, default=0.9, help="seconds between; default: 0.9")
    parser.add_argument("--only", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--servers", default="", help="of torc, nginx, h2o, caddy; default: all")
    parser.add_argument("--output", type=Path, help="also writes the table there")
    options = parser.parse_args()
    for program in ("systemd-nspawn", "nsenter", "wrk", "curl"):
        if shutil.which(program) is None:
            raise SystemExit(f"operations: {program} is missing (scripts/setup bench)")
    wanted = options.servers.split(",") if options.servers else []
    chosen = [each for each in services(PROJECT) if not wanted or each.name in wanted]
    results = {}
    with tempfile.TemporaryDirectory(prefix="torc-operations-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        (directory / "site").mkdir()
        (directory / "site/file").write_bytes(b"x" * 1024)
        shutil.copy(options.torc, directory / "torc")
        for service in chosen:
            for file, text in service.files.items():
                (directory / file).write_text(text)
        units = {f"{service.name}.service": service.unit for service in chosen}
        with Container(directory, units) as container:
            for row in options.only.split(","):
                for service in chosen:
                    if row in service.operations:
                        print(f"{row}: {service.name}", file=sys.stderr, flush=True)
                        results[row, service.name] = measure(container, service, row,
                                                             options.events, options.pause)
    text = table(results, [service.name for service in chosen], options.events)
    print(text)
    if options.output:
        version = subprocess.run([options.torc, "--version"], capture_output=True, text=True,
                                 check=True).stdout.splitlines()[0]
        options.output.write_text(f"# What an operator's work loses\n\n{version}; how to read "
                                  "this: [README](../README.md#operations-what-a-restart-loses)."
                                  f"\n\n{text}")
    lost = sum(loss.failed for (row, server), losses in results.items()
               if server == "torc" and row != "kill -9" for loss in losses)
    return 1 if lost > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
