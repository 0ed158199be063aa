"""SIGKILL at random moments, of every kind of process: writers, readers, boards, jobs."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.stress.victims import Verdict, Victim, judge, killed_at_the_end
from tests.waiting import until
from tests.workspaces import parts

from trackboard import Workspace
from trackboard.spool import list_writers

_READ_AND_DIE = Path(__file__).parents[1] / "e2e" / "programs" / "read_and_die.py"
_AT_ONCE = 4
_VARIANTS: tuple[tuple[str, ...], ...] = (
    (),
    ("threads",),
    ("fork",),
    ("handler",),
    ("exit",),
    ("segfault",),
)


def kill_writers(folder: Path, kills: int, *, seed: int) -> Verdict:
    """Kill processes that record everything; each workspace is that of some 40 of them."""
    chance, verdict = random.Random(seed), Verdict()
    for begin in range(0, kills, 40):
        workspace = Workspace.open(folder / f"of-{begin}")
        verdict += _kill_in(workspace, min(40, kills - begin), begin, chance)
        workspace.close()
    return verdict


def _kill_in(workspace: Workspace, kills: int, first: int, chance: random.Random) -> Verdict:
    victims: list[Victim] = []
    verdict = Verdict()
    for begin in range(0, kills, _AT_ONCE):
        batch = [
            Victim.start(
                parts(workspace).spool_folder,
                f"victim-{first + number}",
                *_VARIANTS[(first + number) % len(_VARIANTS)],
                seed=first + number,
            )
            for number in range(begin, min(begin + _AT_ONCE, kills))
        ]
        victims += batch
        with killed_at_the_end(*batch):
            for victim in batch:
                victim.wait_until_it_records()
                time.sleep(chance.uniform(0, 0.05))
                victim.kill()
        parts(workspace).drain()
        for victim in batch:
            found = judge(workspace, victim)
            if found.lost or found.missing:
                found.faults.append(f"{victim.experiment}: lost {found}")
            verdict += found
            victim.journal.unlink()
    verdict.faults += _look_at_the_end(workspace)
    return verdict


def _look_at_the_end(workspace: Workspace) -> list[str]:
    """Every spool was stored and removed, every run has ended without a warning."""
    deadline_s = time.monotonic() + 60
    while (left := list_writers(parts(workspace).spool_folder)) and time.monotonic() < deadline_s:
        parts(workspace).drain()
        time.sleep(0.05)
    faults = [f"spools stay: {left}"] if left else []
    for run in parts(workspace).store.list_runs():
        if run.warnings:
            faults.append(f"{run.id}: {run.warnings}")
        if not run.state.is_terminal:
            faults.append(f"{run.id} is {run.state.value}")
    return faults


# -- readers ------------------------------------------------------------------------------------------------


def kill_readers(folder: Path, kills: int, *, seed: int) -> Verdict:
    """Kill boards, commands and plain readers while two processes record; these are stored whole."""
    chance = random.Random(seed)
    workspace = Workspace.open(folder)
    parts(workspace).drain()
    victims = [
        Victim.start(parts(workspace).spool_folder, f"of-{flag}", "slow", "told", flag, seed=seed)
        for flag in ("threads", "fork")
    ]
    forks = subprocess.Popen(  # of one process each, which begin at once
        [sys.executable, str(_READ_AND_DIE), str(workspace.folder), str(kills - kills // 4), "1"],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    try:
        with killed_at_the_end(*victims):
            for _ in range(kills // 4):
                _kill_a_reader(workspace.folder, chance)
            assert forks.wait(timeout=600) == 0
            said = [victim.end() for victim in victims]
    finally:
        forks.kill()
        forks.wait()
    parts(workspace).drain()
    verdict = Verdict(said="".join(said))
    for victim in victims:
        verdict += judge(workspace, victim)
    if verdict.lost or verdict.missing:
        verdict.faults.append(f"{verdict.missing} are missing, {verdict.lost} are lost")
    verdict.faults += _look_at_the_end(workspace)
    workspace.close()
    return verdict


def _kill_a_reader(folder: Path, chance: random.Random) -> None:
    board = ("tb", "--port", str(chance.randrange(20_000, 30_000)), "--no-browser", str(folder))
    words = chance.choice((board, ("runs", "--json", "--limit", "0", str(folder))))
    reader = subprocess.Popen(
        [sys.executable, "-m", "trackboard", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(chance.uniform(0.2, 3.0))
    with suppress(ProcessLookupError):
        os.killpg(reader.pid, signal.SIGKILL)
    reader.wait()


# -- jobs ---------------------------------------------------------------------------------------------------

_SCRIPT = """
import os, sys
from azureml.core import Run

run = Run.get_context()
journal = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600)
os.pwrite(journal, os.getpid().to_bytes(8, "little"), 0)
for number in range(20_000):
    run.log("n", number)
    os.pwrite(journal, (number + 1).to_bytes(8, "little"), 8)
"""


@dataclass
class Job:
    """A job, as its journal tells: the pid of its script, and how many points it has logged."""

    name: str
    journal: Path
    client: "subprocess.Popen[bytes]"

    @property
    def noted(self) -> tuple[int, int]:
        """The script's pid and its points; zeros where nothing is noted yet."""
        content = self.journal.read_bytes() if self.journal.exists() else b""
        pid, points = content[:8].ljust(8, b"\0"), content[8:16].ljust(8, b"\0")
        return int.from_bytes(pid, "little"), int.from_bytes(points, "little")

    def wait_until_it_logs(self) -> int:
        """Wait for its first point; the script's pid."""
        until(lambda: self.noted[1], f"{self.name} does not log", pause_s=0.01)
        return self.noted[0]


def kill_jobs(folder: Path, kills: int, *, seed: int) -> Verdict:
    """Kill clients that submit, workers and scripts in turn; every job ends, its points are stored."""
    chance, verdict = random.Random(seed), Verdict()
    workspace = Workspace.open(folder / "workspace")
    source = folder / "source"
    source.mkdir()
    (source / "train.py").write_text(_SCRIPT)
    jobs = []
    for number in range(kills):
        job = _submit(workspace.folder, source, folder / f"job-{number}")
        jobs.append(job)
        _kill_part(job, ("client", "worker", "script")[number % 3], workspace, chance)

    def have_ended() -> bool:
        workspace.advance_queue()
        return all(run.state.is_terminal for run in workspace.runs())

    until(have_ended, "jobs do not end", patience_s=300, pause_s=0.2)
    for job in jobs:
        verdict += _judge_job(workspace, job)
    verdict.faults += [f for f in _look_at_the_end(workspace) if "spools" in f]
    workspace.close()
    return verdict


def _submit(folder: Path, source: Path, journal: Path) -> Job:
    words = ("submit", "--folder", str(folder), "--source", str(source), "--name", journal.name)
    client = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "trackboard",
            *words,
            "--experiment",
            "jobs",
            "train.py",
            str(journal),
        ],
        stdout=subprocess.DEVNULL,
    )
    return Job(journal.name, journal, client)


def _kill_part(job: Job, part: str, workspace: Workspace, chance: random.Random) -> None:
    if part == "client":
        time.sleep(chance.uniform(0.3, 3.0))
        job.client.kill()
        job.client.wait()
        return
    assert job.client.wait(timeout=120) == 0
    pid = job.wait_until_it_logs()
    time.sleep(chance.uniform(0, 0.1))
    if part == "worker":
        (run,) = parts(workspace).store.list_runs(name=job.name)
        handle = (workspace.folder / "jobs" / run.id / "handle").read_text()
        pid = int(json.loads(handle)["pid"])
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _judge_job(workspace: Workspace, job: Job) -> Verdict:
    verdict = Verdict(returned=job.noted[1])
    for run in parts(workspace).store.list_runs(name=job.name):
        for series in parts(workspace).store.list_series(runs=[run.id], names=["n"]):
            found = parts(workspace).store.read_points([series.id])[series.id].values.tolist()
            verdict.stored = len(found)
            if found != list(range(len(found))):
                verdict.faults.append(f"{job.name}: stored twice, or out of order")
    verdict.missing = max(0, verdict.returned - verdict.stored)
    if verdict.missing:
        verdict.faults.append(f"{job.name}: {verdict.missing} of {verdict.returned} are missing")
    return verdict
