"""What is asked of every server: loads, and what else is measured of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB

PEERS = ("nginx", "h2o", "lighttpd", "caddy")
EVERYBODY = ("torc", "floor", *PEERS)
CONNECTIONS = 64
LOG_CONNECTIONS = 256
# From here on parts of answers count: a run ends in the middle of too large a share of them.
COUNTED_BY_BYTES_FROM = 1 * MIB


@dataclass(frozen=True)
class Case:
    """One load: every connection asks for the same file again and again."""

    name: str
    title: str
    body_bytes: int
    connections: int = CONNECTIONS
    pipeline: int = 1
    close: bool = False
    method: str = "GET"
    # With the file's own validator, so that the answer is 304.
    conditional: bool = False
    # By paced instead of wrk, which waits for the body of an answer to HEAD and takes 404 for an
    # error.
    own_client: bool = False
    # What is asked for in place of the file, and is not there.
    missing: str = ""
    # The file is what the server sends for it, as a single-page application wants.
    fallback: bool = False
    # Each request asks for one of many files, see tree.py.
    tree: bool = False
    # Where the access log goes: "file", "stdout" (a file that is the server's standard output),
    # "pipe" (its standard output, which is read as it comes), or nowhere.
    log: str = ""
    # More than one share both CPUs with the client.
    workers: int = 1
    # Those that run when no servers are named.
    servers: tuple[str, ...] = EVERYBODY

    @property
    def path(self) -> str:
        """A file that must be there, and that has `body_bytes`."""
        return "/tree/00/000.bin" if self.tree else f"/{self.body_bytes}.bin"

    @property
    def target(self) -> str:
        """What the load asks for."""
        return self.missing or self.path

    @property
    def status(self) -> int:
        """Of its answers, but for those that are conditional."""
        return 404 if self.missing and not self.fallback else 200

    @property
    def counted_by_bytes(self) -> bool:
        return self.body_bytes >= COUNTED_BY_BYTES_FROM


SOME = ("torc", "nginx", "h2o")
# torc on epoll is what containers get, whose filters forbid io_uring.
WITH_EPOLL = (*EVERYBODY, "torc-epoll")
SMALLEST = Case("1k", "1 KiB", 1 * KIB, servers=WITH_EPOLL)
LOG = Case("log", "1 KiB, access log on", 1 * KIB, log="file", servers=SOME)
SMALL = Case("10k", "10 KiB", 10 * KIB, servers=WITH_EPOLL)
MEDIUM = Case("100k", "100 KiB", 100 * KIB, servers=WITH_EPOLL)
LARGE = (
    Case("256k", "256 KiB", 256 * KIB, servers=WITH_EPOLL),
    Case("1m", "1 MiB", 1 * MIB, servers=WITH_EPOLL),
    Case("4m", "4 MiB", 4 * MIB, servers=WITH_EPOLL),
)
SIZES = (SMALLEST, SMALL, MEDIUM, *LARGE)
LARGEST = Case("100m", "100 MiB, 8 connections", 100 * MIB, connections=8, servers=WITH_EPOLL)
PIPELINED = Case("pipelined16", "1 KiB, pipelined ×16", 1 * KIB, pipeline=16, servers=WITH_EPOLL)
CLOSE = Case("close", "1 KiB, Connection: close", 1 * KIB, close=True, servers=WITH_EPOLL)
GET = Case("get", "1 KiB, GET by the own client", 1 * KIB, own_client=True, servers=SOME)
HEAD = Case("head", "1 KiB, HEAD", 1 * KIB, method="HEAD", own_client=True, servers=SOME)
NOT_MODIFIED = Case(
    "not-modified", "1 KiB, 304", 1 * KIB, conditional=True, own_client=True, servers=SOME
)
MISSING = Case(
    "missing",
    "404, sixteen directories deep",
    1 * KIB,
    own_client=True,
    missing="/" + "no/" * 16 + "page",
    servers=(*SOME, "torc-epoll"),
)
FALLBACK = Case(
    "fallback",
    "1 KiB, a single-page application's page in place of what is missing",
    1 * KIB,
    own_client=True,
    missing="/users/7/posts",
    fallback=True,
    servers=("torc", "torc-epoll", "nginx"),
)
TREE = Case(
    "tree",
    "a tree of 4 KiB files, at random",
    4 * KIB,
    tree=True,
    # lighttpd keeps a descriptor of each file for some seconds, and answers 403 for want of one.
    servers=("torc", "torc-64m", "nginx", "h2o"),
)


def log_case(name: str, title: str, log: str, workers: int = 1) -> Case:
    """By the own client, which knows exactly how many answers there were, so how many lines."""
    servers = ("torc", "torc-epoll", *(("nginx",) if workers == 1 else ()))
    title = f"{LOG_CONNECTIONS} connections, {title}"
    return Case(
        name, title, 1 * KIB, LOG_CONNECTIONS, own_client=True, log=log, workers=workers,
        servers=servers,
    )  # fmt: skip


LOG_OFF = log_case("log-off", "no access log", "")
LOG_FILE = log_case("log-file", "access log to a file", "file")
LOG_PIPE = log_case("log-pipe", "access log to a pipe", "pipe")
LOG_OFF_2 = log_case("log-off-2", "two workers, no access log", "", workers=2)
LOG_FILE_2 = log_case("log-file-2", "two workers, access log to a file", "file", workers=2)
LOG_STDOUT_2 = log_case(
    "log-stdout-2", "two workers, access log to standard output, a file", "stdout", workers=2
)
LOG_PIPE_2 = log_case("log-pipe-2", "two workers, access log to a pipe", "pipe", workers=2)
LOG_PIPELINED = Case(
    "log-pipelined",
    "1 KiB, pipelined ×16, access log to a file",
    1 * KIB,
    pipeline=16,
    log="file",
    servers=("torc", "torc-epoll"),
)
# Each with the case that it is compared with.
LOGS = {
    LOG: SMALLEST,
    LOG_FILE: LOG_OFF,
    LOG_PIPE: LOG_OFF,
    LOG_FILE_2: LOG_OFF_2,
    LOG_STDOUT_2: LOG_OFF_2,
    LOG_PIPE_2: LOG_OFF_2,
    LOG_PIPELINED: PIPELINED,
}
# Cases that are compared with each other stand side by side: a machine gets slower or faster within
# minutes by more than the log costs.
CASES = (
    SMALLEST, LOG, SMALL, MEDIUM, *LARGE, LARGEST, PIPELINED, LOG_PIPELINED, CLOSE, GET, HEAD,
    NOT_MODIFIED, MISSING, FALLBACK,
    LOG_OFF, LOG_FILE, LOG_PIPE, LOG_OFF_2, LOG_FILE_2, LOG_STDOUT_2, LOG_PIPE_2, TREE,
)  # fmt: skip


# What --compare measures, and the servers: each with the same of the other build.
COMPARED = (SMALLEST, SMALL, PIPELINED, CLOSE)
COMPARED_SERVERS = {"torc": "torc-before", "torc-epoll": "torc-epoll-before"}


@dataclass(frozen=True)
class Trial:
    """Something that is measured of a server and is not a load as such."""

    name: str
    title: str
    servers: tuple[str, ...]
    # In the first round alone: the figure hardly changes from one time to the next.
    once: bool = False
    # Times that each round measures every server.
    repeats: int = 1


# Caddy cannot do the rate of the latencies on one CPU. On a virtual machine p99 is where its
# absences begin, so that it differs from one time to the next by much more than other figures.
LATENCY = Trial(
    "latency",
    "latency at a fixed rate",
    ("torc", "floor", "nginx", "h2o", "lighttpd"),
    repeats=3,
)
IDLE = Trial("idle", "idle keep-alive connections", ("torc", "torc-epoll", *PEERS), once=True)
WORKERS = Trial("workers", "two workers on two CPUs", ("torc", "nginx"))
# Of the trials in which something goes on beside warm requests.
BESIDE = ("torc", "torc-epoll", "nginx")
COLD_DISK = Trial("cold-disk", "a slow disk beside warm requests", BESIDE)
COLD_FUSE = Trial("cold-fuse", "a slow file system beside warm requests", BESIDE)
CHMOD_STORM = Trial("storm-chmod", "a chmod of every directory beside warm requests", BESIDE)
MKDIR_STORM = Trial("storm-mkdir", "new directories beside warm requests", BESIDE)
HALF_CLOSED = Trial("half-closed", "half-closed readers beside warm requests", BESIDE)
STALLS = Trial("stalls", "a file system that stalls", BESIDE, once=True)
START = Trial("start", "start-up", ("torc", *PEERS))
TRIALS = (
    LATENCY, IDLE, WORKERS, COLD_DISK, COLD_FUSE, CHMOD_STORM, MKDIR_STORM, HALF_CLOSED, STALLS,
    START,
)  # fmt: skip

Row = Case | Trial
ROWS: tuple[Row, ...] = (*CASES, *TRIALS)
# Names for several rows at a time.
GROUPS: dict[str, tuple[Row, ...]] = {
    "logs": tuple(case for case in CASES if case in LOGS or case in LOGS.values()),
    "storms": (CHMOD_STORM, MKDIR_STORM),
}


def rows_named(names: Iterable[str]) -> tuple[Row, ...]:
    """In the order of ROWS; a name is a row's or a group's."""
    wanted = set(names)
    grouped = {row for name in wanted for row in GROUPS.get(name, ())}
    return tuple(row for row in ROWS if row.name in wanted or row in grouped)
