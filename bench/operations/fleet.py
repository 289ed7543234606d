"""The row of three torcs behind HAProxy, by the files of config/examples/haproxy."""

import csv
import shutil
import time
from pathlib import Path

from bench import PATIENCE_SECONDS, Bench, Outcome, faults_of
from clients import Load
from container import INSIDE
from services import Service, torc_unit

PROGRAM = "/usr/sbin/haproxy"
TORCS = (1, 2, 3)
FRONT_PORT = 80
STATISTICS = ("\nlisten statistics\n    bind 127.0.0.1:8404\n    stats enable\n    stats uri /\n")


def replaced(text: str, part: str, replacement: str) -> str:
    if part not in text:
        raise SystemExit(f"operations: {part} is not in config/examples/haproxy")
    return text.replace(part, replacement)


def fleet_units(project: Path) -> dict[str, str]:
    units = {f"torc{n}.service": torc_unit(project, f"torc{n}", f"torc{n}.toml") for n in TORCS}
    return units | {
        "haproxy.service": f"[Service]\nExecStart={PROGRAM} -db -f {INSIDE}/haproxy.cfg\n",
    }


def fleet_files(project: Path) -> dict[str, str]:
    """Each torc has an address of the example's instead of a machine."""
    example = project / "config/examples/haproxy"
    text = replaced((example / "torc.toml").read_text(), "/srv/www", f"{INSIDE}/site")
    # Fewer connections: the container has as few descriptors as who starts it.
    proxy = replaced((example / "haproxy.cfg").read_text(), "maxconn 20000", "maxconn 2000")
    files = {"haproxy.cfg": proxy + STATISTICS}
    for n in TORCS:
        with_address = replaced(text, "0.0.0.0:8080", f"10.0.0.1{n}:8080")
        files[f"torc{n}.toml"] = replaced(with_address, "/var/log/torc/", f"/var/log/torc{n}/")
    return files


def states(bench: Bench) -> dict[str, tuple[str, int]]:
    """By HAProxy's account, of each torc: its status, and how often it was down."""
    table = bench.shell("curl --silent --fail 'http://127.0.0.1:8404/;csv'")
    rows = csv.DictReader(table.removeprefix("# ").splitlines())
    return {row["svname"]: (row["status"], int(row["chkdown"] or 0)) for row in rows
            if row["pxname"] == "torcs"}


def await_state(bench: Bench, name: str, status: str, downs: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while states(bench)[name] != (status, downs):
        if time.monotonic() > deadline:
            raise SystemExit(f"operations: haproxy does not see {name} {status}: {states(bench)}")
        time.sleep(0.05)


def bounces(bench: Bench, _: Service) -> Outcome:
    if not shutil.which(PROGRAM):
        return Outcome("haproxy is missing", [], met=False)
    count = bench.count(10)
    for n in TORCS:
        bench.shell(f"ip address add 10.0.0.1{n}/24 dev lo 2>&1", check=False)
        bench.shell(f"systemctl start torc{n}")
    bench.shell("systemctl start haproxy")
    bench.await_service("haproxy", FRONT_PORT)
    load = Load(bench.container, port=FRONT_PORT, scale=0.25)
    with load:
        for bounce in range(count):
            n = TORCS[bounce % len(TORCS)]
            name = f"torc{n}"
            downs = bounce // len(TORCS) + 1
            bench.shell(f"systemctl stop {name}")
            await_state(bench, name, "DOWN", downs)
            bench.shell(f"systemctl start {name}")
            await_state(bench, name, "UP", downs)
    bench.shell("systemctl stop haproxy " + " ".join(f"torc{n}" for n in TORCS))
    return Outcome(load.text(), faults_of(load))
