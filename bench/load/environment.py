"""What a reader must know of the machine and the programs to place the figures."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

from servers import SERVERS, version_of

PROJECT = Path(__file__).resolve().parents[2]


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def commit() -> str:
    run = subprocess.run(
        ["git", "-C", str(PROJECT), "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout.strip() or "unknown"


def describe(wrk: str, binaries: Mapping[str, str]) -> dict[str, str]:
    """`binaries`: name of the server to path of its program. No path or host name comes out."""
    versions = {"wrk": version_of(wrk, ("-v",))}
    for server in SERVERS:
        if server.name in binaries and server.version_arguments:
            versions[server.binary_name] = version_of(
                binaries[server.name], server.version_arguments
            )
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "kernel": f"{platform.system()} {platform.release()}",
        "processor": f"{processor()}, {os.cpu_count()} CPUs",
        "versions": ", ".join(f"{name} {version}" for name, version in sorted(versions.items())),
        "commit": commit(),
    }
