"""Many small files in directories, as a site or a package mirror has them."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cases import TREE
from client import ClientError

PER_DIRECTORY = 1000
# Requests on the wire at a time; servers may end a connection after so many.
BATCH = 100
BATCHES_PER_CONNECTION = 10
TIMEOUT_S = 5.0
REMOVERS = 32


def path_of(index: int) -> str:
    """wrk.lua has the same."""
    return f"/tree/{index // PER_DIRECTORY:02}/{index % PER_DIRECTORY:03}.bin"


def make_tree(site: Path, files: int, modified_at: float) -> None:
    body = os.urandom(TREE.body_bytes)
    for index in range(files):
        path = site / path_of(index)[1:]
        if index % PER_DIRECTORY == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(body)
        os.utime(path, (modified_at, modified_at))


def remove_tree(tree: Path) -> None:
    """By many threads: where a file system tells the disk of each file that goes, one waits for
    minutes. A tree that is not there is fine.
    """
    directories = list(tree.glob("*"))
    with ThreadPoolExecutor(REMOVERS) as pool:
        list(pool.map(shutil.rmtree, directories))


def paths_of(files: int) -> list[str]:
    return [path_of(index) for index in range(files)]


def visit(port: int, paths: Sequence[str], body_bytes: int) -> None:
    """Asks for each file once: what the server can cache is cached then, and each was right."""
    per_connection = BATCH * BATCHES_PER_CONNECTION
    for first in range(0, len(paths), per_connection):
        with socket.create_connection(("127.0.0.1", port), TIMEOUT_S) as connection:
            answers = answers_of(connection)
            last = min(first + per_connection, len(paths))
            for begin in range(first, last, BATCH):
                batch = paths[begin : min(begin + BATCH, last)]
                connection.sendall("".join(request_for(path, port) for path in batch).encode())
                for path in batch:
                    check(next(answers), path, body_bytes)


def request_for(path: str, port: int) -> str:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"


def check(answer: tuple[int, int], path: str, body_bytes: int) -> None:
    status, length = answer
    if status != 200 or length != body_bytes:
        raise ClientError(f"{path}: answered {status} with {length} bytes")


def answers_of(connection: socket.socket) -> Iterator[tuple[int, int]]:
    """Status and length of the body of each answer, as they come."""
    received = b""
    while True:
        while (head_end := received.find(b"\r\n\r\n")) < 0:
            received += receive_some(connection)
        head = received[:head_end].lower()
        _, _, rest = head.partition(b"\r\ncontent-length:")
        length = int(rest.split(b"\r\n", 1)[0] or b"0")
        while len(received) < head_end + 4 + length:
            received += receive_some(connection)
        received = received[head_end + 4 + length :]
        yield int(head.split(b" ", 2)[1]), length


def receive_some(connection: socket.socket) -> bytes:
    part = connection.recv(1 << 18)
    if not part:
        raise ClientError("the server closed a connection in the middle of an answer")
    return part
