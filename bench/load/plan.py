"""The command line, and everything that must be there before the first measurement."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cases import CASES, Case
from environment import PROJECT
from measure import Cpus
from servers import SERVERS, Server, find_program

BUILD = PROJECT / "build" / "bench"
# What this project builds: the file and CMake's name for it.
BUILT = {
    "torc": (BUILD / "src" / "torc", "torc"),
    "floor": (BUILD / "bench" / "floor", "torc_bench_floor"),
}
# Descriptors that a process needs besides those of its connections.
SPARE_DESCRIPTORS = 200


class SetupError(Exception):
    """The measurement cannot start; the message says what to do."""


@dataclass(frozen=True)
class Size:
    """How much is measured when the options do not say otherwise."""

    rounds: int
    seconds: int
    idle_connections: int
    servers: tuple[Server, ...]


FULL = Size(rounds=5, seconds=3, idle_connections=5000, servers=SERVERS)
SMOKE = Size(
    rounds=1,
    seconds=1,
    idle_connections=200,
    servers=tuple(s for s in SERVERS if s.name in ("torc", "floor", "nginx")),
)


@dataclass(frozen=True)
class Plan:
    """What is to be measured, with all that it takes."""

    rounds: int
    seconds: int
    idle_connections: int
    cases: tuple[Case, ...]
    servers: tuple[Server, ...]
    # Server to the path of its program.
    binaries: dict[str, str]
    wrk: str
    cpus: Cpus
    output: Path
    # Servers that were named run in every case, the others in their default ones.
    servers_named: bool
    # The command line that leads to this plan, without the paths of this machine.
    command: str

    def servers_in(self, case: Case) -> list[Server]:
        return [s for s in self.servers if self.servers_named or case in s.default_cases]


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: give at least 1")
    return number


def names_among(known: Iterable[str]) -> Callable[[str], list[str]]:
    """An argparse type: names separated by commas, all of them known."""
    choices = list(known)

    def parse(text: str) -> list[str]:
        names = text.split(",")
        for name in names:
            if name not in choices:
                raise argparse.ArgumentTypeError(f"{name}: not one of {', '.join(choices)}")
        return names

    return parse


def parse_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/load/run",
        description="Loads torc, nginx, h2o, lighttpd, Caddy and a floor in turn, one worker each, "
        "and writes load.md and load.json. The full run takes about 11 minutes.",
    )
    parser.add_argument("--smoke", action="store_true", help="a quick look at whether all works")
    parser.add_argument("--rounds", type=positive, help=f"default: {FULL.rounds}")
    parser.add_argument(
        "--seconds", type=positive, help=f"of one run of wrk; default: {FULL.seconds}"
    )
    parser.add_argument(
        "--idle",
        type=int,
        metavar="N",
        help=f"idle connections to hold, 0 for none; default: {FULL.idle_connections}",
    )
    parser.add_argument(
        "--only",
        type=names_among(case.name for case in CASES),
        metavar="CASE,…",
        help=f"of {', '.join(case.name for case in CASES)}",
    )
    parser.add_argument(
        "--servers",
        type=names_among(server.name for server in SERVERS),
        metavar="NAME,…",
        help=f"of {', '.join(server.name for server in SERVERS)}",
    )
    parser.add_argument(
        "--torc", type=Path, metavar="PATH", help="a torc that is built already; default: build it"
    )
    parser.add_argument(
        "--output-dir",
        type=Path,
        metavar="DIR",
        help="default: bench/results, or build/bench for --smoke",
    )
    return parser.parse_args(arguments)


def make_plan(arguments: Sequence[str]) -> Plan:
    options = parse_options(arguments)
    size = SMOKE if options.smoke else FULL
    wanted = [s for s in SERVERS if s.name in options.servers] if options.servers else size.servers
    binaries = find_binaries(wanted, options.torc)
    return Plan(
        rounds=options.rounds or size.rounds,
        seconds=options.seconds or size.seconds,
        idle_connections=affordable(
            size.idle_connections if options.idle is None else options.idle
        ),
        cases=tuple(case for case in CASES if not options.only or case.name in options.only),
        servers=tuple(server for server in wanted if server.name in binaries),
        binaries=binaries,
        wrk=required_program("wrk"),
        cpus=choose_cpus(),
        output=options.output_dir or (BUILD if options.smoke else PROJECT / "bench" / "results"),
        servers_named=bool(options.servers),
        command=command_of(options),
    )


def command_of(options: argparse.Namespace) -> str:
    words = ["bench/load/run"]
    for name, value in vars(options).items():
        if value is None or value is False or isinstance(value, Path):
            continue
        words.append(f"--{name}")
        if value is not True:
            words.append(",".join(value) if isinstance(value, list) else str(value))
    return " ".join(words)


def required_program(package: str) -> str:
    program = find_program(package)
    if program is None:
        raise SetupError(f"{package} is missing: apt-get install {package}")
    return program


def existing_program(path: Path) -> Path:
    if not os.access(path, os.X_OK) or path.is_dir():
        raise SetupError(f"{path}: no program is there")
    return path.resolve()


def find_binaries(servers: Iterable[Server], torc: Path | None) -> dict[str, str]:
    """Server to path. Builds what is of this project; names absent peers and leaves them out."""
    binaries = {}
    missing = []
    to_build = []
    for server in servers:
        if server.package is None:
            path, target = BUILT[server.binary_name]
            if server.binary_name == "torc" and torc is not None:
                path = existing_program(torc)
            else:
                to_build.append(target)
            binaries[server.name] = str(path)
        elif program := find_program(server.binary_name):
            binaries[server.name] = program
        else:
            missing.append(server.package)
    if missing:
        note(f"left out, not installed: apt-get install {' '.join(missing)}")
    build(to_build)
    return binaries


def build(targets: list[str]) -> None:
    """Always, not only if there is nothing: an old binary measured by mistake costs more."""
    if not targets:
        return
    note("building the preset `bench`")
    for command in (
        ["cmake", "--preset", "bench"],
        ["cmake", "--build", "--preset", "bench", "--target", *targets],
    ):
        run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise SetupError(f"{run.stdout}{run.stderr}\n{' '.join(command)} failed, see above")


def affordable(connections: int) -> int:
    """Raises the limit of descriptors as far as it goes, for the servers too; they inherit it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    most = max(hard - SPARE_DESCRIPTORS, 0)
    if hard != resource.RLIM_INFINITY and connections > most:
        note(f"only {most} idle connections: the hard limit of descriptors is {hard}")
        return most
    return connections


def choose_cpus() -> Cpus:
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) == 1:
        note("one CPU: server and client share it, so requests/s say little")
    return Cpus(server=allowed[0], client=allowed[min(1, len(allowed) - 1)])


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
