"""Measures torc with many sites: the start, a reload, its memory; and whether it grows by reloads."""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from configurations import ManySites, TwoConfigurations
from server import BenchError, Bystander, Client, Usage, free_port, running

PROJECT = Path(__file__).resolve().parents[2]
BUILT_TORC = PROJECT / "build" / "bench" / "src" / "torc"
RESULT = PROJECT / "bench" / "results" / "scale.md"

ROUNDS = 5
RELOADS_EACH = 5
PAGES = 20


@dataclass(frozen=True)
class Round:
    """One start of many sites, and reloads by which so many of them differ."""

    start_s: float
    resident_kib: int
    reload_s: dict[str, float]
    longest_wait_s: dict[str, float]
    worker_s: dict[str, float]


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def build() -> None:
    note("building the preset `bench`")
    for command in (
        ["cmake", "--preset", "bench"],
        ["cmake", "--build", "--preset", "bench", "--target", "torc"],
    ):
        run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise BenchError(f"{run.stdout}{run.stderr}\n{' '.join(command)} failed, see above")


def measure_round(torc: Path, directory: Path, options: argparse.Namespace) -> Round:
    port = free_port()
    many = ManySites(directory, options.sites, options.rules)
    file = directory / "torc.toml"
    changes = {"no site": range(0), "one site": range(1), "all sites": range(options.sites)}

    def write(changed: range, value: str) -> None:
        file.write_text(many.text(f"workers = {options.workers}\n", port, changed, value))

    write(range(0), "")
    with running(torc, file, port) as server:
        start_s = server.first_response_s(many.host(options.sites // 2))
        resident_kib = server.usage().resident_kib
        reload_s = {}
        longest_s = {}
        worker_s = {}
        for name, changed in changes.items():
            # While nobody asks for anything.
            write(changed, "alone")
            used_before = server.worker_cpu_s()
            server.reload_s()
            worker_s[name] = server.worker_cpu_s() - used_before
            with Bystander(port, many.host(options.sites - 1)) as bystander:
                times = []
                for reload in range(RELOADS_EACH):
                    write(changed, f"value{reload}")
                    times.append(server.reload_s())
            if bystander.failures:
                raise BenchError(f"{bystander.failures} requests failed during reloads")
            reload_s[name] = statistics.median(times)
            longest_s[name] = bystander.longest_s
    return Round(start_s, resident_kib, reload_s, longest_s, worker_s)


def measure_growth(
    torc: Path, directory: Path, options: argparse.Namespace
) -> list[tuple[int, Usage]]:
    """What torc takes up after so many reloads, to and fro between two configurations."""
    port = free_port()
    two = TwoConfigurations(directory)
    file = directory / "torc.toml"
    more = f"workers = {options.workers}\n"
    file.write_text(two.text(more, port, 0))
    found: list[tuple[int, Usage]] = []
    with running(torc, file, port) as server:
        server.first_response_s(two.HOSTS[0])
        clients = [Client(port) for _ in range(2 * options.workers)]
        ask(clients, two.HOSTS[0])
        found.append((0, server.usage()))
        for reload in range(1, options.reloads + 1):
            file.write_text(two.text(more, port, reload % 2))
            server.reload_s()
            ask(clients, two.HOSTS[0])
            if reload == 100 or reload % max(1, options.reloads // 10) == 0:
                found.append((reload, server.usage()))
                note(f"{reload:8,}  {found[-1][1]}")
        for client in clients:
            client.close()
    return found


def ask(clients: Sequence[Client], known_host: str) -> None:
    """Something of each site, so that there is something to be let go of."""
    for client in clients:
        if client.status(known_host, "/page0.html") != 200:
            raise BenchError(f"{known_host} is not served")
        for host in TwoConfigurations.HOSTS[1:]:
            for path in ("/page1.html", "/inner/page2.html", "/inner/?C=M", "/old/x", "/closed/x"):
                client.status(host, path)
        for page in range(PAGES):
            client.status(TwoConfigurations.HOSTS[2], f"/page{page}.html")


def output_of(*command: str) -> str:
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()[0]


def milliseconds(seconds: Sequence[float]) -> str:
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    return f"{middle * 1000:,.1f} ({low * 1000:,.1f}–{high * 1000:,.1f})"


def render(
    rounds: Sequence[Round],
    growth: Sequence[tuple[int, Usage]],
    torc: Path,
    options: argparse.Namespace,
) -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    sizes = [f"{one.resident_kib / 1024:,.1f}" for one in rounds]
    lines = [
        "# Many sites, many reloads",
        "",
        f"{options.sites:,} sites with a root and {options.rules} rules each, {options.workers} "
        f"workers; medians of {len(rounds)} starts,",
        "with the lowest and the highest. How to read this: "
        "[README](../README.md#scale-many-sites-and-many-reloads).",
        "",
        "| what | which |",
        "| :-- | --: |",
        f"| commit | {output_of('git', 'describe', '--always', '--dirty')} |",
        f"| torc | {output_of(str(torc), '--version')} |",
        f"| processor | {len(os.sched_getaffinity(0))} × {model[1] if model else 'unknown'} |",
        "",
        "| what | ms |",
        "| :-- | --: |",
        "| from exec(3) to the first response | "
        f"{milliseconds([one.start_s for one in rounds])} |",
    ]
    for name in rounds[0].reload_s:
        times = [one.reload_s[name] for one in rounds]
        lines.append(f"| reload, {name} changed | {milliseconds(times)} |")
    for name in rounds[0].worker_s:
        times = [one.worker_s[name] for one in rounds]
        lines.append(f"| CPU of a worker for a reload, {name} changed | {milliseconds(times)} |")
    for name in rounds[0].longest_wait_s:
        waits = [one.longest_wait_s[name] for one in rounds]
        lines.append(
            f"| longest wait of a request during {RELOADS_EACH} of them, {name} changed | "
            f"{milliseconds(waits)} |"
        )
    lines += [
        "",
        f"Resident memory after the start: {statistics.median(map(float, sizes)):,.1f} MiB.",
    ]
    if growth:
        lines += [
            "",
            "Two small configurations that differ in sites, areas, rules, redirects and users, to "
            "and fro,",
            "with requests between the reloads:",
            "",
            "| reloads | resident KiB | descriptors | threads |",
            "| --: | --: | --: | --: |",
            *(
                f"| {reloads:,} | {usage.resident_kib:,} | {usage.descriptors} | {usage.threads} |"
                for reloads, usage in growth
            ),
        ]
    return "\n".join(lines) + "\n"


def parse_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/scale/run", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("--torc", type=Path, help="another build than that of the preset `bench`")
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--rules", type=int, default=20, help="of each site")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--reloads", type=int, default=10_000, help="0: growth is left out")
    parser.add_argument("--output", type=Path, default=RESULT)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    options = parse_options(arguments)
    try:
        if not options.torc:
            build()
        torc = options.torc.resolve() if options.torc else BUILT_TORC
        rounds = []
        with tempfile.TemporaryDirectory(prefix="torc-scale-") as name:
            for _ in range(options.rounds):
                rounds.append(measure_round(torc, Path(name) / "many", options))
                note(f"{rounds[-1]}")
            growth = (
                measure_growth(torc, Path(name) / "two", options) if options.reloads > 0 else []
            )
        report = render(rounds, growth, torc, options)
        print(report)
        options.output.write_text(report)
    except (BenchError, OSError, subprocess.SubprocessError) as error:
        print(f"bench/scale/run: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
