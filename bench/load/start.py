"""How long a server takes from nothing to its first answer."""

from __future__ import annotations

import socket
import time

from cases import SMALLEST
from process import RunningServer, ServerError, last_words, spawn
from servers import Server, Setting

TIMEOUT_S = 10.0
EXPECTED = b"HTTP/1.1 200 "


def measure_start(server: Server, setting: Setting) -> float:
    """Seconds from before fork(2) to the first bytes of an answer with the file."""
    log = setting.scratch / f"{server.name}.log"
    launch = server.launch(setting)
    began = time.monotonic()
    instance = RunningServer(spawn(launch, setting.cpus, log), setting.port)
    try:
        received = first_bytes(instance, began + TIMEOUT_S)
        took = time.monotonic() - began
    finally:
        instance.stop()
    if received is None:
        raise ServerError(f"{server.name}: no answer ({last_words(log)})")
    if not received.startswith(EXPECTED):
        raise ServerError(f"{server.name}: answered {received[:20]!r}")
    return took


def first_bytes(server: RunningServer, give_up: float) -> bytes | None:
    """Tries without a pause: a refusal costs some microseconds, on the client's CPU."""
    request = f"GET {SMALLEST.path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    while time.monotonic() < give_up:
        with socket.socket() as connection:
            connection.settimeout(TIMEOUT_S)
            try:
                connection.connect(("127.0.0.1", server.port))
            except ConnectionRefusedError:
                continue
            connection.sendall(request)
            return connection.recv(4096)
    return None
