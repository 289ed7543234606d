"""Rows about configurations: many sites, broken ones, and thousands of reloads."""

import re
import time
from collections.abc import Callable

from bench import Bench, Outcome, faults_of
from clients import Load
from container import INSIDE
from services import Service, torc_client, torc_settings

SITES = 1000
RELOAD_MS_MAX = 100
P99_MORE_MS_MAX = 1
# What an allocator may take for a while.
GROWTH_KIB_MAX = 2048
# So many, then it counts: by then all that is made once is there.
RELOADS_BEFORE = 200

SITE = '[[site]]\nhosts = ["{host}"]\nroot = "{root}"\n'
RULE = '[[site.rule]]\nmatch = "/assets/*"\ncache = "max-age={seconds}"\n'
BROKEN = (
    "[server]\nlisten = [\"127.0.0.1:{n}\"\n",
    "[server]\nwrokers = {n}\n",
    "[server]\nport = \"{n}\"\n",
    "[server.drain]\ndelay = \"{n} fortnights\"\n",
    "[[site]]\nroot = \"/nowhere/{n}\"\n",
    "[[site]]\nroot = \"/srv\"\nhosts = [\"a b{n}\"]\n",
    "[[site]]\nroot = \"/srv\"\n[[site.redirect]]\nfrom = \"/a\"\nto = \"/b\"\nstatus = 2{n}\n",
    "[[site]]\nroot = \"/srv\"\n[[site.area]]\npath = \"/a/\"\nallow = [\"10.0.0.0/{n}\"]\n",
    "[server.log]\naccess = {{ file = \"/var/log/torc/a\", format = \"f{n}\" }}\n",
    "[[site]]\nroot = \"/srv\"\n[[site.rule]]\nmatch = \"/*\"\nset = {{ \"N {n}\" = \"v\" }}\n",
)


def reload_of_many_sites(bench: Bench, service: Service) -> Outcome:
    """Each with a root and a rule of its own, of which one reload changes all."""
    many = bench.count(SITES)
    roots = bench.directory / "many"
    for site in range(many):
        (roots / str(site)).mkdir(parents=True, exist_ok=True)

    def settings(change: int) -> str:
        return torc_settings(sites="".join(
            SITE.format(host=f"s{site}.example", root=f"{INSIDE}/many/{site}")
            + RULE.format(seconds=site + change) for site in range(many)))

    with bench.running(service, settings(0)):
        quiet = Load(bench.container)
        with quiet:
            time.sleep(10 * bench.scale)
        times = []
        load = Load(bench.container)
        with load:
            for change in range(1, bench.count(20) + 1):
                bench.write_settings(service, settings(change))
                times.append(bench.timed_ms(service.operations["reload"]))
                time.sleep(0.4)
    more_ms = max(load.kept.p99_ms - quiet.kept.p99_ms, load.fresh.p99_ms - quiet.fresh.p99_ms)
    middle = sorted(times)[len(times) // 2]
    text = (f"{middle:.0f} ms ({min(times):.0f}–{max(times):.0f}), p99 {more_ms:+.2f} ms; "
            f"lost: {load.failed}")
    return Outcome(text, faults_of(load),
                   middle < RELOAD_MS_MAX and more_ms < P99_MORE_MS_MAX)


def broken_configurations(bench: Bench, service: Service) -> Outcome:
    count = bench.count(50)
    refused = 0
    faults = []
    with bench.running(service):
        load = Load(bench.container)
        with load:
            for number in range(count):
                broken = BROKEN[number % len(BROKEN)].format(n=number + 70)
                bench.write_settings(service, f"version = 1\n{broken}")
                said = bench.shell(f"{service.operations['reload']} 2>&1; echo \"status $?\"")
                if "status 1" in said and re.search(rf"{service.file}:\d+:\d+: ", said):
                    refused += 1
                else:
                    faults.append(f"{broken!r}: {said.strip()}")
            bench.write_settings(service, service.settings)
            bench.shell(service.operations["reload"])
    text = f"{refused} of {count} refused with line and column; lost: {load.failed}"
    return Outcome(text, faults + faults_of(load))


def growth(bench: Bench, service: Service) -> Outcome:
    """By reloads, each with another host and rule, and by upgrades."""
    reloads = bench.count(10_000)
    upgrades = bench.count(100)
    more = RELOADS_BEFORE
    faults = []
    with bench.running(service):
        faults += lost_during(bench, lambda: reload_often(bench, service, 0, more))
        before = usage(bench, service)
        faults += lost_during(bench, lambda: reload_often(bench, service, more, more + reloads))
        after = usage(bench, service)
        # Not faster: the process before has up to 2 s to drain, and the container may lock 8 MiB of
        # memory, of which each has a part.
        upgrade = (f"for i in $(seq {upgrades}); do {torc_client('upgrade')} || exit; "
                   "sleep 0.1; done")
        faults += lost_during(bench, lambda: bench.shell(upgrade))
        faults += lost_during(bench, lambda: reload_often(bench, service, 0, more))
        last = usage(bench, service)
    text = (f"{before[0]:,} KiB and {before[1]} descriptors; after {reloads:,} reloads "
            f"{after[0]:,} and {after[1]}; after {upgrades} upgrades {last[0]:,} and {last[1]}")
    for grown in (after, last):
        if grown[0] > before[0] + GROWTH_KIB_MAX or grown[1] > before[1]:
            faults.append(f"it has grown: {text}")
    return Outcome(text, faults)


def lost_during(bench: Bench, action: Callable[[], object]) -> list[str]:
    load = Load(bench.container, scale=0.1)
    with load:
        action()
    return faults_of(load)


def usage(bench: Bench, service: Service) -> tuple[int, int]:
    """Of the main process, without a connection: KiB and descriptors."""
    time.sleep(0.5)
    process = bench.main_process(service)
    found = re.search(r"VmRSS:\s+(\d+)", bench.shell(f"cat /proc/{process}/status"))
    assert found is not None
    return int(found[1]), int(bench.shell(f"ls /proc/{process}/fd | wc -l"))


def reload_often(bench: Bench, service: Service, first: int, end: int) -> None:
    """The loop is inside, where a reload costs one process."""
    file = f"{INSIDE}/{service.file}"
    text = service.settings + SITE.format(host="s$i.example", root=f"{INSIDE}/site") + RULE.format(
        seconds="$i")
    bench.shell(f"i={first}; while [ $i -lt {end} ]; do i=$((i + 1)); cat >{file} <<END\n{text}"
                f"END\n{service.operations['reload']} >/dev/null || exit; done")
    bench.write_settings(service, service.settings)
