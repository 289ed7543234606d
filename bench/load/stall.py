"""Who waits while a call of a slow file system never comes back.

Some files of the site are on a file system, one kind of whose calls is stalled; clients ask for
them, and wait. Measured are those who want something else: a cached file, what is on a healthy disk
and was not asked for before, what was deployed meanwhile, and the server's end.
"""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cases import SMALLEST
from files import HEALTHY_DIRECTORY, HEALTHY_FILE, SLOW_DIRECTORY
from innocent import probe
from measure import Tools
from process import RunningServer
from slowfs import Slowfs

# More than a server has threads for.
SMALL_FILES = 12
LARGE_FILES = 6
ASKS = (
    *(f"/{SLOW_DIRECTORY}/d/{index:03}.txt" for index in range(SMALL_FILES)),
    *(f"/{SLOW_DIRECTORY}/large/{index:03}.bin" for index in range(LARGE_FILES)),
)
LISTINGS = tuple(f"/{SLOW_DIRECTORY}/{name}" for name in ("", "d/", "e/", "medium/", "large/"))
# Until the clients' requests have come to the stalled call, and what they do then.
REACH_TIMEOUT_S = 2.0
SETTLE_S = 0.3
HOT_S = 1
MISS_TIMEOUT_S = 1.0
DEPLOY_TIMEOUT_S = 3.0
STOP_TIMEOUT_S = 3.0
POLL_INTERVAL_S = 0.02


@dataclass(frozen=True)
class Stall:
    name: str
    # None: no call is stalled, and the figures are what the others compare with.
    call: str | None
    asks: tuple[str, ...] = ASKS
    direct_io: bool = False
    # The kernel asks for attributes each time.
    forgets_attributes: bool = False
    # The kernel closes what an exiting process has open, and heeds no signal while that waits: no
    # program can end before the file system answers.
    holds_up_exit: bool = False


# struct linger{.l_onoff = 1, .l_linger = 0}, see socket(7).
RESET_ON_CLOSE = struct.pack("ii", 1, 0)

ALL_STALLS = (
    Stall("nothing", None),
    Stall("lookup", "lookup"),
    Stall("getattr", "getattr", forgets_attributes=True),
    Stall("open", "open"),
    Stall("read", "read"),
    Stall("read, direct_io", "read", direct_io=True),
    Stall("flush, by close(2)", "flush", holds_up_exit=True),
    Stall("opendir", "opendir", asks=LISTINGS),
    Stall("readdir", "readdir", asks=LISTINGS),
)
HOLDING_UP_EXIT = frozenset(stall.name for stall in ALL_STALLS if stall.holds_up_exit)
SOME_STALLS = tuple(stall for stall in ALL_STALLS if stall.name == "open")


@dataclass(frozen=True)
class StallSample:
    """Times that are None ran out, see the timeouts above."""

    # Stalled calls, before anything else was asked for. 0: the server makes none.
    waiting: int
    # Of the cached file.
    hot_max_us: float
    hot_unanswered: int
    # The longest.
    miss_s: float | None
    deploy_s: float | None
    stop_s: float | None
    errors: dict[str, int]


def measure_stall(
    server: RunningServer, tools: Tools, stall: Stall, slow: Slowfs, root: Path, deployed: Path
) -> StallSample:
    """`root`: the symbolic link that is served. It leads to `deployed` afterwards; the server has
    been told to stop, and may not have ended.
    """
    prepare(slow, stall)
    try:
        with waiting_clients(server.port, stall.asks):
            waiting = await_stalled(slow, stall)
            hot = probe(server, tools, HOT_S)
            miss_s = longest_miss(server.port)
            deploy_s = deploy(server.port, root, deployed)
        # Who waited has left: the server owes nobody anything.
        slow.heed_signals()
        stop_s = server.seconds_to_end(STOP_TIMEOUT_S)
    finally:
        slow.release()
    return StallSample(
        waiting=waiting,
        hot_max_us=hot.percentiles_us["100"],
        hot_unanswered=hot.unanswered,
        miss_s=miss_s,
        deploy_s=deploy_s,
        stop_s=stop_s,
        errors=hot.errors,
    )


def prepare(slow: Slowfs, stall: Stall) -> None:
    if stall.direct_io:
        slow.set_mode("direct-io")
    if stall.forgets_attributes:
        slow.set_valid(0)
    if stall.call is not None:
        slow.stall(stall.call)


@contextmanager
def waiting_clients(port: int, paths: tuple[str, ...]) -> Iterator[None]:
    """Each asks for one of the files, reads nothing, and leaves with a reset: an end of the stream
    alone is what a client sends that still wants its response.
    """
    with ExitStack() as held:
        for path in paths:
            client = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        yield


def await_stalled(slow: Slowfs, stall: Stall) -> int:
    give_up = time.monotonic() + REACH_TIMEOUT_S
    if stall.call is not None:
        while slow.waiting(stall.call) == 0 and time.monotonic() < give_up:
            time.sleep(POLL_INTERVAL_S)
    time.sleep(SETTLE_S)
    return slow.waiting()


def get(port: int, path: str, timeout_s: float, status: int = 200) -> bytes | None:
    """The body, on a connection of its own; None without a whole answer of that status in time."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        return body if response.status == status else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def first_asked() -> dict[str, int]:
    """Each path with the status that it has. A name without a file is one that the kernel has not
    heard of either: the server can't find out without a call that may block.
    """
    healthy = f"/{HEALTHY_DIRECTORY}"
    nothing = f"{healthy}/{secrets.token_hex(8)}.txt"
    return {f"{healthy}/{HEALTHY_FILE}": 200, nothing: 404, f"{healthy}/": 200}


def longest_miss(port: int) -> float | None:
    longest = 0.0
    for path, status in first_asked().items():
        began = time.monotonic()
        if get(port, path, MISS_TIMEOUT_S, status) is None:
            return None
        longest = max(longest, time.monotonic() - began)
    return longest


def deploy(port: int, root: Path, deployed: Path) -> float | None:
    """Seconds until a cached file is the deployed one."""
    wanted = (deployed / SMALLEST.path[1:]).read_bytes()
    point_to(root, deployed)
    began = time.monotonic()
    while (took := time.monotonic() - began) < DEPLOY_TIMEOUT_S:
        if get(port, SMALLEST.path, DEPLOY_TIMEOUT_S - took) == wanted:
            return time.monotonic() - began
        time.sleep(POLL_INTERVAL_S)
    return None


def point_to(link: Path, target: Path) -> None:
    """In one step, as `ln -sfn` and `mv -T` do it."""
    new = link.with_name(f"{link.name}.new")
    new.symlink_to(target)
    os.replace(new, link)
