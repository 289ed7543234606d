"""Rows about what a server tells of itself: its access log while it is rotated, and its metrics."""

import statistics
import time

from bench import Bench, Outcome, faults_of
from clients import Load
from services import LOGS, Service, torc_settings

METRICS_PORT = 9145
SCRAPE_MS_MAX = 5
CPU_PART_MAX = 0.01


def rotation(bench: Bench, service: Service) -> Outcome:
    """Each request has a number: it must be in one line of one of the files."""
    rotations = bench.count(10)
    log = f"{LOGS}/access.log"
    bench.shell(f"rm -f {log}*")
    with bench.running(service, service.with_log):
        bench.shell(f": >{log}")
        load = Load(bench.container, numbered=True)
        with load:
            for number in range(rotations):
                time.sleep(0.5)
                bench.shell(f"mv {log} {log}.{number} && {service.operations['rotation']}")
            time.sleep(0.5)
    answered = load.kept.answered + load.fresh.answered
    files = int(bench.shell(f"ls {log}* | wc -l"))
    found = f"cat {log}* | grep -o 'GET /[a-z]*?[0-9]*'"
    written = int(bench.shell(f"{found} | wc -l"))
    different = int(bench.shell(f"{found} | sort -u | wc -l"))
    text = f"{answered - different:,} of {answered:,} lines, in {files} files"
    if written != different:
        text += f"; {written - different:,} twice"
    faults = [f"rotation: {text}"] if written != answered or different != answered else []
    return Outcome(text, faults + faults_of(load))


def metrics(bench: Bench, service: Service) -> Outcome:
    """CPU of a request with a scrape each second and without, in turn."""
    seconds = 10 * bench.scale
    url = f"http://127.0.0.1:{METRICS_PORT}/metrics"
    costs: dict[bool, list[float]] = {False: [], True: []}
    scrapes: list[float] = []
    lost = []
    with bench.running(service, torc_settings(f'metrics = "127.0.0.1:{METRICS_PORT}"\n')):
        process = bench.main_process(service)
        for round_ in range(2 * bench.count(3)):
            is_scraped = round_ % 2 == 1
            load = Load(bench.container)
            with load:
                time.sleep(0.5)
                used = cpu_seconds(bench, process)
                began_at = time.monotonic()
                while time.monotonic() < began_at + seconds:
                    if is_scraped:
                        scrapes.append(float(bench.shell(
                            f"curl --silent --fail -o /dev/null -w '%{{time_total}}' {url}")) * 1000)
                    time.sleep(1)
                used = cpu_seconds(bench, process) - used
                # The rate is fixed: that is in proportion to what a request costs.
                costs[is_scraped].append(used / (time.monotonic() - began_at))
            lost += faults_of(load)
    without, with_ = (statistics.median(costs[each]) if costs[each] else 0 for each in costs)
    part = with_ / without - 1 if without and with_ else 0
    scrape = statistics.median(scrapes) if scrapes else 0
    longest = max(scrapes, default=0)
    text = f"CPU {part:+.1%}, a scrape {scrape:.1f} ms (longest {longest:.1f} ms)"
    return Outcome(text, lost, part < CPU_PART_MAX and scrape < SCRAPE_MS_MAX)


def cpu_seconds(bench: Bench, process: str) -> float:
    """Of all its threads; see proc(5), schedstat."""
    threads = bench.shell(f"cat /proc/{process}/task/*/schedstat").splitlines()
    return sum(int(thread.split()[0]) for thread in threads) / 1e9
