"""Has an operator do to loaded servers what is done to servers in years, and counts what that loses."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bench import Bench, Outcome
from configurations import broken_configurations, growth, reload_of_many_sites
from container import Container, NoContainer
from disturbances import DISTURBANCES
from fleet import bounces, fleet_files, fleet_units
from services import Service, services
from watching import metrics, rotation

PROJECT = Path(__file__).resolve().parents[2]
BUILD = PROJECT / "build/bench"
SMOKE_ROWS = ("upgrade", "restart", "kill -9")


@dataclass(frozen=True)
class Row:
    """What is done, what torc is to be like, and which servers have that."""

    goal: str
    measure: Callable[[Bench, Service], Outcome]
    torc_alone: bool = False


ROWS = {
    "reload": Row("100 times: 0 lost", DISTURBANCES["reload"]),
    "sites": Row("1,000 sites: < 100 ms, p99 < +1 ms", reload_of_many_sites, torc_alone=True),
    "upgrade": Row("100 times: 0 lost, gap < 10 ms, a slow download completes",
                   DISTURBANCES["upgrade"]),
    "restart": Row("20 times: 0 lost, gap < 50 ms", DISTURBANCES["restart"]),
    "kill -9": Row("20 times: 0 connections refused", DISTURBANCES["kill -9"]),
    "haproxy": Row("`retries 0`, one of three bounced, 10 times: 0 lost", bounces,
                   torc_alone=True),
    "rotation": Row("10 times: 0 lines lost", rotation),
    "broken": Row("50 configurations: all refused with line and column, 0 lost",
                  broken_configurations, torc_alone=True),
    "growth": Row("10,000 reloads, 100 upgrades: no growth", growth, torc_alone=True),
    "metrics": Row("a scrape a second: < 1 % CPU a request, < 5 ms", metrics, torc_alone=True),
}

Results = dict[tuple[str, str], Outcome]


def has_row(service: Service, row: str) -> bool:
    if ROWS[row].torc_alone:
        return service.name == "torc"
    return row in service.operations


def table(results: Results, rows: Iterable[str], names: list[str]) -> str:
    lines = ["| row | goal | " + " | ".join(names) + " |",
             "| :-- | :-- |" + " :-- |" * len(names)]
    for row in rows:
        cells = [results[row, name].text if (row, name) in results else "–" for name in names]
        lines.append(f"| {row} | {ROWS[row].goal}{verdict(results, row)} | "
                     + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def verdict(results: Results, row: str) -> str:
    outcome = results.get((row, "torc"))
    if outcome is None:
        return ""
    return ": **met**" if outcome.met and not outcome.faults else ": **missed**"


def build(targets: list[str]) -> None:
    print("building the preset `bench`", file=sys.stderr, flush=True)
    for command in (["cmake", "--preset", "bench"],
                    ["cmake", "--build", "--preset", "bench", "--target", *targets]):
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{done.stdout}{done.stderr}\n{' '.join(command)} failed, see above")


def fill(directory: Path, torc: Path, chosen: list[Service]) -> dict[str, str]:
    """With all that the container shares; gives the units."""
    directory.chmod(0o755)
    (directory / "site").mkdir()
    for name in ("file", "other"):
        (directory / "site" / name).write_bytes(b"x" * 1024)
    shutil.copy(torc, directory / "torc")
    shutil.copy(BUILD / "bench/paced", directory / "paced")
    files = {service.file: service.settings for service in chosen} | fleet_files(PROJECT)
    for file, text in files.items():
        (directory / file).write_text(text)
    return {f"{service.name}.service": service.unit for service in chosen} | fleet_units(PROJECT)


def run(options: argparse.Namespace, rows: list[str], chosen: list[Service]) -> Results:
    """Writes the table after each server: what a run that is broken off has measured is there."""
    results: Results = {}
    loaded = os.getloadavg()[0]
    names = [service.name for service in chosen]
    with tempfile.TemporaryDirectory(prefix="torc-operations-") as name:
        directory = Path(name)
        units = fill(directory, options.torc, chosen)
        with Container(directory, units) as container:
            bench = Bench(container, directory, options.scale)
            for service in chosen:
                for row in rows:
                    if has_row(service, row):
                        outcome = ROWS[row].measure(bench, service)
                        results[row, service.name] = outcome
                        print(f"{row}: {service.name}: {outcome.text}", file=sys.stderr,
                              flush=True)
                if options.output:
                    write(options, table(results, rows, names), loaded)
    return results


def write(options: argparse.Namespace, text: str, loaded: float) -> None:
    version = subprocess.run([options.torc, "--version"], capture_output=True, text=True,
                             check=True).stdout.splitlines()[0]
    options.output.write_text(
        f"# What an operator's work loses\n\n{version}, {len(os.sched_getaffinity(0))} CPUs, "
        f"load average {loaded:.1f} before. How to read this: "
        f"[README](../README.md#operations-what-an-operators-work-loses).\n\n{text}")


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, prog="bench/operations/run")
    parser.add_argument("--torc", type=Path, help="another build than that of the preset `bench`")
    parser.add_argument("--scale", type=float, default=1.0,
                        help="the part that is done of what each row does; default: 1")
    parser.add_argument("--only", default=",".join(ROWS), help=f"of {', '.join(ROWS)}")
    parser.add_argument("--servers", default="", help="of torc, nginx, h2o, caddy; default: all")
    parser.add_argument("--output", type=Path, help="also writes the table there")
    parser.add_argument("--smoke", action="store_true",
                        help=f"does torc lose anything by one of {', '.join(SMOKE_ROWS)}?")
    return parser.parse_args()


def check_programs() -> None:
    if os.geteuid() != 0:
        raise NoContainer("systemd-nspawn takes root")
    for program in ("systemd-nspawn", "nsenter", "curl", "ip"):
        if shutil.which(program) is None:
            raise NoContainer(f"{program} is missing (scripts/setup bench)")


def main() -> int:
    # The container is ended then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options = parse_options()
    rows = list(SMOKE_ROWS) if options.smoke else options.only.split(",")
    wanted = ["torc"] if options.smoke else options.servers.split(",") if options.servers else []
    if options.smoke:
        options.scale = 0.01
    if unknown := [row for row in rows if row not in ROWS]:
        raise SystemExit(f"operations: there is no row {unknown[0]}; there are {', '.join(ROWS)}")
    chosen = [each for each in services(PROJECT) if not wanted or each.name in wanted]
    try:
        check_programs()
        build(["torc_bench_paced", *([] if options.torc else ["torc"])])
        options.torc = options.torc or BUILD / "src/torc"
        results = run(options, rows, chosen)
    except NoContainer as error:
        # Not every machine can have one.
        print(f"operations: {'skipped, ' if options.smoke else ''}{error}", file=sys.stderr)
        return 0 if options.smoke else 1
    print(table(results, rows, [service.name for service in chosen]))
    faults = [f"{row}: {fault}" for (row, server), outcome in results.items()
              if server == "torc" for fault in outcome.faults]
    for fault in faults:
        print(f"operations: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
