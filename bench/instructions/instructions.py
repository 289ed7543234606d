"""Counts the instructions that torc itself executes for a cached request.

torc runs under callgrind twice for each case, once for N requests and once for 3N: the difference
leaves out the start, the first load of the file and the stop. The kernel's instructions are not in
it; those that torc and its libraries execute to call the kernel are. Time does not matter, so the
figure is the same on a busy machine and, but for the C library's choice of routines by processor,
on another one.
"""

from __future__ import annotations

import argparse
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cases import BROWSER, CASES, FILE_BYTES, FILE_NAME, Case

PROJECT = Path(__file__).resolve().parents[2]
BUILD = PROJECT / "build" / "bench"
BUILT_TORC = BUILD / "src" / "torc"
RESULT = PROJECT / "bench" / "results" / "instructions.md"

START_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 60.0
TOP_FUNCTIONS = 40


class BenchError(Exception):
    """The measurement cannot start or went wrong; the message says what to do."""


@dataclass(frozen=True)
class Profile:
    """What callgrind wrote of one run."""

    path: Path
    instructions: int


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def required_program(name: str, package: str) -> str:
    program = shutil.which(name)
    if program is None:
        raise BenchError(f"{name} is missing: apt-get install {package}")
    return program


def build() -> None:
    """Always, not only if there is nothing: an old binary measured by mistake costs more."""
    note("building the preset `bench`")
    for command in (
        ["cmake", "--preset", "bench"],
        ["cmake", "--build", "--preset", "bench", "--target", "torc", "torc_bench_openat2"],
    ):
        run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise BenchError(f"{run.stdout}{run.stderr}\n{' '.join(command)} failed, see above")


def make_site(directory: Path) -> Path:
    site = directory / "site"
    site.mkdir()
    file = site / FILE_NAME
    file.write_bytes(b"x" * FILE_BYTES)
    # A file that was written just now is cached with caution.
    an_hour_ago = time.time() - 3600
    os.utime(file, (an_hour_ago, an_hour_ago))
    return site


def port_of(output: Iterator[str]) -> int:
    for line in output:
        if match := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return int(match[1])
    raise BenchError("torc ended before it listened")


def lines_of(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """What the process writes, until it ends or has said nothing new for too long."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        unfinished = b""
        while selector.select(START_TIMEOUT_S):
            text = os.read(process.stdout.fileno(), 4096)
            if not text:
                return
            *lines, unfinished = (unfinished + text).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)


@contextmanager
def running(torc: Path, site: Path, profile: Path) -> Iterator[int]:
    """torc under callgrind; gives its port. It is told to stop at the end, and then writes."""
    command = [
        *("valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={profile}"),
        *(str(torc), str(site), "--address", "127.0.0.1", "--port", "0"),
        *("--workers", "1", "--io", "epoll", "--access-log", "off"),
    ]
    environment = os.environ | {"LD_PRELOAD": str(BUILD / "bench" / "openat2.so")}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        try:
            yield port_of(lines_of(process))
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_TIMEOUT_S)
        finally:
            with suppress(ProcessLookupError):
                process.kill()


class Client:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), ANSWER_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes, status: int, body_bytes: int) -> bytes:
        """A whole answer to one request."""
        self._socket.sendall(request)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0 or len(answer) < end + 4 + body_bytes:
            answer += self._receive()
        if not answer.startswith(b"HTTP/1.1 %d " % status) or len(answer) != end + 4 + body_bytes:
            raise BenchError(f"not the answer that was expected: {answer[:end]!r}")
        return answer

    def send(self, requests: bytes) -> None:
        self._socket.sendall(requests)

    def receive(self, answers_bytes: int) -> None:
        """The same answers as before, of which the length is known."""
        while answers_bytes > 0:
            answers_bytes -= len(self._receive())
        if answers_bytes < 0:
            raise BenchError("an answer was longer than the first one")

    def _receive(self) -> bytes:
        received = self._socket.recv(65536)
        if not received:
            raise BenchError("torc closed the connection")
        return received


def profile_of(torc: Path, case: Case, requests: int, scratch: Path, site: Path) -> Profile:
    path = scratch / f"callgrind.{CASES.index(case)}.{requests}"
    with running(torc, site, path) as port, ExitStack() as stack:
        clients = [stack.enter_context(Client(port)) for _ in range(case.connections)]
        first = clients[0].ask(CASES[0].head(""), 200, FILE_BYTES)
        etag = re.search(rb"ETag: (\S+)", first)
        if etag is None:
            raise BenchError("an answer without an entity tag")
        request = case.head(etag[1].decode())
        answer = clients[0].ask(request, case.status, case.body_bytes)
        for _ in range(requests // case.requests_at_once):
            for client in clients:
                client.send(request * case.pipelined)
            for client in clients:
                client.receive(len(answer) * case.pipelined)
    match = re.search(r"^(?:totals|summary): (\d+)", path.read_text(), re.MULTILINE)
    if match is None:
        raise BenchError(f"{path.name} has no total")
    return Profile(path, int(match[1]))


@dataclass(frozen=True)
class Profiles:
    """Of the same case, for N requests and for 3N."""

    few: Profile
    many: Profile
    requests: int

    def per_request(self, few: int, many: int) -> float:
        return (many - few) / (2 * self.requests)


def profiles_of(torc: Path, case: Case, requests: int, directory: Path) -> Profiles:
    few, many = (
        profile_of(torc, case, count, directory, directory / "site")
        for count in (requests, 3 * requests)
    )
    return Profiles(few, many, requests)


def instructions_per_request(profiles: Profiles) -> int:
    return round(profiles.per_request(profiles.few.instructions, profiles.many.instructions))


def print_top(profiles: Profiles) -> None:
    """The functions in which most instructions are, those inlined into them included."""
    few, many = (by_function(profile.path) for profile in (profiles.few, profiles.many))
    costs = Counter({name: profiles.per_request(few[name], count) for name, count in many.items()})
    print(f"{instructions_per_request(profiles):8,}  instructions/request, of which in")
    for name, cost in costs.most_common(TOP_FUNCTIONS):
        print(f"{cost:8,.0f}  {name}")


def by_function(profile: Path) -> Counter[str]:
    annotate = required_program("callgrind_annotate", "valgrind")
    run = subprocess.run(
        [annotate, "--threshold=100", str(profile)], capture_output=True, text=True, check=True
    )
    # "1,234 ( 5.67%)  source file:function [program]", once for each file it has lines of.
    rows = re.findall(r"^\s*([\d,]+) \([ \d.]+%\)  [^\s:]*:(\S.*)$", run.stdout, re.MULTILINE)
    counts: Counter[str] = Counter()
    for count, function in rows:
        counts[short_name(function)] += int(count.replace(",", ""))
    return counts


def short_name(function: str) -> str:
    """A function's name without its arguments and those of templates."""
    name = re.sub(r" \[.*", "", function).replace("(anonymous namespace)::", "")
    while (shorter := re.sub(r"<[^<>]*>", "", name)) != name:
        name = shorter
    return name.split("(")[0]


def describe(torc: Path) -> dict[str, str]:
    def output_of(*command: str) -> str:
        run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)
        return run.stdout.strip().split("\n")[0]

    return {
        "commit": output_of("git", "describe", "--always", "--dirty"),
        "torc": output_of(str(torc), "--version"),
        "compiler": re.sub(r"^\S+ ", "g++ ", output_of("c++", "--version")),
        "valgrind": output_of("valgrind", "--version").removeprefix("valgrind-"),
    }


def render(figures: dict[Case, int], about: dict[str, str]) -> str:
    facts = "".join(f"| {name} | {value} |\n" for name, value in about.items())
    rows = "".join(
        f"| {case.title} | {len(case.head('0' * 22))} | {figure:,} |\n"
        for case, figure in figures.items()
    )
    return f"""\
# Instructions per cached request

User space alone, counted by callgrind over `torc --io epoll --workers 1`; a file of 1 KiB in memory.
How to read this: [README](../README.md#instructions-what-torc-itself-does-for-a-request).

| what | which |
| :-- | --: |
{facts}
| case | bytes of head | instructions/request |
| :-- | --: | --: |
{rows}"""


def parse_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/instructions/run", description=__doc__)
    parser.add_argument("--requests", type=int, default=2000, metavar="N", help="default: 2000")
    parser.add_argument(
        "--top", action="store_true", help="the browser's GET alone, with its most costly functions"
    )
    parser.add_argument(
        "--torc", type=Path, metavar="PATH", help="a torc that is built already; default: build it"
    )
    parser.add_argument(
        "--output", type=Path, default=RESULT, metavar="FILE", help="default: bench/results/"
    )
    options = parser.parse_args(arguments)
    at_once = max(case.requests_at_once for case in CASES)
    if options.requests < at_once:
        parser.error(f"--requests: give at least {at_once}")
    # So that it is a whole number of turns in each case.
    options.requests -= options.requests % at_once
    return options


def main(arguments: Sequence[str]) -> int:
    options = parse_options(arguments)
    try:
        required_program("valgrind", "valgrind")
        build()
        torc = options.torc.resolve() if options.torc else BUILT_TORC
        with tempfile.TemporaryDirectory(prefix="torc-instructions-") as name:
            directory = Path(name)
            make_site(directory)
            if options.top:
                print_top(profiles_of(torc, BROWSER, options.requests, directory))
                return 0
            figures = {}
            for case in CASES:
                figures[case] = instructions_per_request(
                    profiles_of(torc, case, options.requests, directory)
                )
                note(f"{figures[case]:8,}  {case.title}")
        report = render(figures, describe(torc))
        print(report)
        options.output.write_text(report)
    except (BenchError, OSError, subprocess.SubprocessError) as error:
        print(f"bench/instructions/run: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
