"""What the demo puts into the history."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from trackboard.errors import InternalError
from trackboard.launch.request import Request
from trackboard.layout import WorkspacePaths
from trackboard.model import Compute, RunId
from trackboard.service import Service

RIDGE = "ridge"
CLUSTER = "cpu-cluster"
KILLED = "killed"
KILLED_POINTS = 20_000
_TIMED_POINTS = 20_000
_JOB = Path(__file__).with_name("job")

_VICTIM = """
import sys, time
from pathlib import Path
from trackboard.record import get_recorder
run = get_recorder(Path(sys.argv[1])).create_run(sys.argv[2])
print(run.id, flush=True)
for i in range(int(sys.argv[3])):
    run.log("value", float(i))
print("logged", flush=True)
time.sleep(60)
"""


def fit_ridge(service: Service) -> RunId:
    """A ridge regression for seven alphas: a run with a child for each, `alpha` and `mse` on the parent."""
    random = np.random.default_rng(0)
    truth = random.normal(size=10)
    inputs = random.normal(size=(60, 10))
    targets = inputs @ truth + random.normal(0, 3, 60)
    train, test = slice(0, 20), slice(20, 60)
    gram = inputs[train].T @ inputs[train]
    root = service.recorder().create_run(RIDGE)
    for alpha in (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0):
        child = root.child(f"alpha{alpha}")
        weights = np.linalg.solve(gram + alpha * np.eye(10), inputs[train].T @ targets[train])
        mse = float(np.mean((inputs[test] @ weights - targets[test]) ** 2))
        root.log("alpha", alpha)
        root.log("mse", mse)
        child.log("mse", mse)
        child.complete()
    root.complete()
    return root.id


def submit_job(service: Service, *, minutes: float) -> RunId:
    """A job on a cluster of two slots that learns digits and shows how."""
    service.compute.set(
        Compute(CLUSTER, "AmlCompute", "STANDARD_D2_V2", 0, 2, 1800, time.time(), {})
    )
    return service.jobs.submit(
        Request(
            experiment="digits",
            source=_JOB,
            script="train.py",
            arguments=["--log_dir", "./logs", "--minutes", minutes],
            compute=CLUSTER,
        )
    )


def kill_a_writer(service: Service) -> tuple[RunId, int]:
    """A process logs flat out and is killed the instant it has; returns what can be read back."""
    arguments = [str(WorkspacePaths(service.folder).spool), KILLED, str(KILLED_POINTS)]
    with subprocess.Popen(
        [sys.executable, "-c", _VICTIM, *arguments], stdout=subprocess.PIPE, text=True
    ) as victim:
        assert victim.stdout is not None
        run = RunId(victim.stdout.readline().strip())
        told = victim.stdout.readline().strip()
        os.kill(victim.pid, signal.SIGKILL)
    if told != "logged":
        raise InternalError("the demo's process that is to be killed ended before it had logged")
    (series,) = service.metrics.list(runs=[run])
    values = service.metrics.read([series.id])[series.id].values
    return run, int(np.count_nonzero(values == np.arange(len(values))))


def time_log(service: Service) -> float:
    """The median duration of `log()` on this machine, in microseconds."""
    run = service.recorder().create_run("speed")
    durations = np.empty(_TIMED_POINTS)
    clock = time.perf_counter_ns
    for i in range(_TIMED_POINTS):
        begin = clock()
        run.log("value", 0.5)
        durations[i] = clock() - begin
    run.complete()
    return float(np.median(durations)) / 1000
