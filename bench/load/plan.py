"""The command line, and everything that must be there before the first measurement."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cases import COMPARED, COMPARED_SERVERS, GROUPS, MIB, ROWS, Case, Row, Trial, rows_named
from environment import PROJECT
from files import Contents
from measure import Cpus, Tools
from results import Scale
from servers import (
    BEFORE, CACHE_OPTION, SERVERS, Server, find_program, has_cache_option, open_files_of_nginx,
)  # fmt: skip
from stall import ALL_STALLS, SOME_STALLS, Stall
from workers import CONNECTIONS as SPREAD_CONNECTIONS

BUILD = PROJECT / "build" / "bench"
# What this project builds.
TORC = BUILD / "src" / "torc"
FLOOR = BUILD / "bench" / "floor"
PACED = BUILD / "bench" / "paced"
SLOWFS = BUILD / "bench" / "slowfs" / "slowfs"
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
    starts: int
    tree_files: int
    cold_bytes: int
    storm_directories: int
    # For so long clients are watched beside storms and half-closed readers.
    watch_seconds: int
    stalls: tuple[Stall, ...]
    spread_connections: tuple[int, ...]
    servers: tuple[Server, ...]
    rows: tuple[Row, ...] = ROWS


FULL = Size(
    rounds=5,
    seconds=3,
    idle_connections=10_000,
    starts=20,
    tree_files=100_000,
    cold_bytes=1024 * MIB,
    storm_directories=8000,
    watch_seconds=5,
    stalls=ALL_STALLS,
    spread_connections=SPREAD_CONNECTIONS,
    servers=SERVERS,
)
QUICK = replace(FULL, rounds=2, seconds=1, starts=10)
SMOKE = Size(
    rounds=1,
    seconds=1,
    idle_connections=200,
    starts=2,
    tree_files=2000,
    cold_bytes=128 * MIB,
    storm_directories=200,
    watch_seconds=2,
    stalls=SOME_STALLS,
    spread_connections=SPREAD_CONNECTIONS[:1],
    servers=tuple(s for s in SERVERS if s.name in ("torc", "torc-64m", "floor", "nginx")),
    # One of each kind: all that they have in common need not work twice.
    rows=rows_named(
        "1k 4m pipelined16 close not-modified missing log-file log-pipe-2 tree latency idle workers "
        "cold-disk cold-fuse storm-mkdir half-closed stalls start".split()
    ),
)


@dataclass(frozen=True)
class Plan:
    """What is to be measured, with all that it takes."""

    rounds: int
    tools: Tools
    idle_connections: int
    # Of each server, over all rounds.
    starts: int
    contents: Contents
    watch_seconds: int
    stalls: tuple[Stall, ...]
    spread_connections: tuple[int, ...]
    rows: tuple[Row, ...]
    servers: tuple[Server, ...]
    # Server to the path of its program.
    binaries: dict[str, str]
    output: Path
    # Servers that were named run in every row that they can, the others in their default ones.
    servers_named: bool
    # The command line that leads to this plan, without the paths of this machine.
    command: str

    @property
    def scale(self) -> Scale:
        contents = self.contents
        return Scale(
            self.rounds, contents.tree_files, contents.directories, open_files_of_nginx()
        )

    @property
    def cases(self) -> list[Case]:
        return [row for row in self.rows if isinstance(row, Case)]

    @property
    def trials(self) -> list[Trial]:
        return [row for row in self.rows if isinstance(row, Trial)]

    def servers_in(self, row: Row) -> list[Server]:
        return [
            server
            for server in self.servers
            if server.takes_part_in(row) and (self.servers_named or server.name in row.servers)
        ]


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
        "and writes load.md, load.json and plots. The full run takes about 45 minutes.",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--smoke", action="store_true", help="does it all work? One row of each kind")
    size.add_argument("--quick", action="store_true", help="all of it, in fewer and shorter rounds")
    parser.add_argument("--rounds", type=positive, help=f"default: {FULL.rounds}")
    parser.add_argument(
        "--seconds", type=positive, help=f"of one load; default: {FULL.seconds}"
    )
    parser.add_argument(
        "--idle",
        type=int,
        metavar="N",
        help=f"idle connections to hold, 0 for none; default: {FULL.idle_connections}",
    )
    parser.add_argument(
        "--only",
        type=names_among([*(row.name for row in ROWS), *GROUPS]),
        metavar="ROW,…",
        help=f"of {', '.join(row.name for row in ROWS)}; or of the groups {', '.join(GROUPS)}",
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
        "--compare",
        type=Path,
        metavar="PATH",
        help="another build of torc to measure beside it, by default in "
        f"{', '.join(case.name for case in COMPARED)} and with no other server",
    )
    parser.add_argument(
        "--output-dir",
        type=Path,
        metavar="DIR",
        help="default: bench/results, or build/bench for --smoke, --quick and --compare",
    )
    return parser.parse_args(arguments)


def make_plan(arguments: Sequence[str]) -> Plan:
    options = parse_options(arguments)
    size = SMOKE if options.smoke else QUICK if options.quick else FULL
    rows = rows_of(options, size)
    wanted = servers_of(options, size)
    build(torc=options.torc is None)
    own = {"torc": existing_program(options.torc or TORC), "floor": FLOOR}
    if options.compare:
        own[BEFORE] = existing_program(options.compare)
    binaries = find_binaries(wanted, rows, own)
    brief = options.smoke or options.quick or options.compare
    return Plan(
        rounds=options.rounds or size.rounds,
        tools=Tools(
            wrk=required_program("wrk"),
            paced=str(existing_program(PACED)),
            slowfs=str(SLOWFS) if SLOWFS.exists() else None,
            cpus=choose_cpus(),
            seconds=options.seconds or size.seconds,
            files=size.tree_files,
        ),
        idle_connections=affordable(
            size.idle_connections if options.idle is None else options.idle
        ),
        starts=size.starts,
        contents=Contents(size.tree_files, size.cold_bytes, size.storm_directories),
        watch_seconds=size.watch_seconds,
        stalls=size.stalls,
        spread_connections=size.spread_connections,
        rows=rows,
        servers=tuple(server for server in wanted if server.name in binaries),
        binaries=binaries,
        output=options.output_dir or (BUILD if brief else PROJECT / "bench" / "results"),
        servers_named=bool(options.servers or options.compare),
        command=command_of(options),
    )


def rows_of(options: argparse.Namespace, size: Size) -> tuple[Row, ...]:
    if options.only:
        return rows_named(options.only)
    return COMPARED if options.compare else size.rows


def servers_of(options: argparse.Namespace, size: Size) -> list[Server]:
    if options.servers:
        names = set(options.servers)
        if options.compare:
            names |= {COMPARED_SERVERS[name] for name in names if name in COMPARED_SERVERS}
    elif options.compare:
        names = {*COMPARED_SERVERS, *COMPARED_SERVERS.values()}
    else:
        return list(size.servers)
    return [server for server in SERVERS if server.name in names]


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


def find_binaries(
    servers: Iterable[Server], rows: Iterable[Row], own: Mapping[str, Path]
) -> dict[str, str]:
    """Server to path; `own`: of this project's. Names those that cannot be measured, and leaves
    them out.
    """
    rows = list(rows)
    binaries = {}
    missing = []
    for server in servers:
        if not any(map(server.takes_part_in, rows)):
            continue
        if server.name == "torc-64m" and not has_cache_option(str(own["torc"])):
            note(f"left out: torc-64m, since this torc has no {CACHE_OPTION}")
        elif server.package is None:
            # There is none of the other build without --compare.
            if server.binary_name in own:
                binaries[server.name] = str(own[server.binary_name])
        elif program := find_program(server.binary_name):
            binaries[server.name] = program
        else:
            missing.append(server.package)
    if missing:
        note(f"left out, not installed: apt-get install {' '.join(missing)}")
    return binaries


def build(torc: bool) -> None:
    """Always, not only if there is nothing: an old binary measured by mistake costs more."""
    note("building the preset `bench`")
    targets = ["torc_bench_load", *(["torc"] if torc else [])]
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
