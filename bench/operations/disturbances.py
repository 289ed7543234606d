"""Rows in which a loaded server is reloaded, upgraded, restarted and killed."""

import subprocess
import time
from dataclasses import dataclass

from bench import Bench, Outcome, faults_of
from clients import Load
from services import PORT, Service

DOWNLOAD_BYTES_PER_SECOND = 1_000_000
# What an event takes at least, besides the pause.
EVENT_SECONDS = 0.1


@dataclass(frozen=True)
class Disturbance:
    """What is done so many times, and the pause after each."""

    row: str
    events: int
    pause_seconds: float
    # Of torc's clients; None: there is no such goal.
    gap_ms_max: float | None = None
    # Somebody downloads slowly meanwhile, and must be served to the end.
    with_download: bool = False
    # What a killed process was about to say is lost, but nobody is to be refused.
    is_violent: bool = False

    def __call__(self, bench: Bench, service: Service) -> Outcome:
        events = bench.count(self.events)
        faults = []
        with bench.running(service):
            seconds = events * (self.pause_seconds + EVENT_SECONDS)
            download = start_download(bench, seconds) if self.with_download else None
            load = Load(bench.container)
            with load:
                time.sleep(0.5)
                for _ in range(events):
                    faults += self.disturb(bench, service)
            # Before the service is stopped, which would wait for it or cut it off.
            outcome = download.communicate()[0].strip() if download else ""
        text = load.text()
        if download:
            faults += [] if outcome == "whole" else [f"the slow download: {outcome}"]
            text += f"<br>slow download: {outcome}"
        if self.is_violent:
            refused = load.kept.refused + load.fresh.refused
            text += f"<br>refused: {refused:,}"
            faults += [f"{refused} connections were refused"] if refused else []
        else:
            faults += faults_of(load)
        gap_ms = max(load.kept.gap_ms, load.fresh.gap_ms)
        return Outcome(text, faults, self.gap_ms_max is None or gap_ms < self.gap_ms_max)

    def disturb(self, bench: Bench, service: Service) -> list[str]:
        """Once; gives what was wrong with that."""
        before = bench.main_process(service)
        done = bench.container.run("sh", "-c", f"{service.operations[self.row]} 2>&1; echo $?",
                                   check=False)
        time.sleep(self.pause_seconds)
        is_another = bench.main_process(service) != before
        if service.name == "torc" and (not done.endswith("0\n")
                                       or is_another == (self.row == "reload")):
            return [f"{self.row} did not do what it should: {done.strip()}"]
        return []


def start_download(bench: Bench, seconds: float) -> "subprocess.Popen[str]":
    """As long as the row; says "whole" in the end, or what was wrong."""
    size = round(seconds * DOWNLOAD_BYTES_PER_SECOND)
    large = bench.directory / "site/large"
    with large.open("wb") as file:
        file.truncate(size)
    url = f"http://127.0.0.1:{PORT}/large"
    return bench.container.start(
        "sh", "-c",
        f"curl --silent --show-error --limit-rate {DOWNLOAD_BYTES_PER_SECOND} {url} | wc -c | "
        f"sed 's/^{size}$/whole/'")


DISTURBANCES = {
    "reload": Disturbance("reload", 100, 0.15),
    "upgrade": Disturbance("upgrade", 100, 0.2, gap_ms_max=10, with_download=True),
    "restart": Disturbance("restart", 20, 0.5, gap_ms_max=50),
    "kill -9": Disturbance("kill -9", 20, 0.9, is_violent=True),
}
