"""Jobs of several processes: they find each other, record into one run, and end together."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.prerequisites import require

from trackboard.launch.queue.queue import cancel
from trackboard.model import Distribution, Launcher, RunId, RunState

if TYPE_CHECKING:
    from tests.e2e.conftest import Jobs

_MEET = (Path(__file__).parent / "programs" / "meet.py").read_text()


def _log_of(rank: int) -> str:
    return f"std_log_process_{rank}.txt"


def _series(jobs: Jobs, run: RunId) -> dict[str, object]:
    return {s.name: s.last_value for s in jobs.workspace.store.list_series(runs=[run])}


def test_pytorch(jobs: Jobs) -> None:
    run = jobs.submit(
        _MEET, "pytorch", distribution=Distribution(Launcher.PYTORCH, processes=4, nodes=2)
    )
    done = jobs.wait(run)
    assert (done.state, done.cause) == (RunState.COMPLETED, "")
    expected = [
        "rank 0 NODE_RANK=0 LOCAL_RANK=0 LOCAL_WORLD_SIZE=2 OMP_NUM_THREADS=\nmet [0, 1, 2, 3]\n",
        "rank 1 NODE_RANK=0 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 OMP_NUM_THREADS=\n",
        "rank 2 NODE_RANK=1 LOCAL_RANK=0 LOCAL_WORLD_SIZE=2 OMP_NUM_THREADS=\n",
        "rank 3 NODE_RANK=1 LOCAL_RANK=1 LOCAL_WORLD_SIZE=2 OMP_NUM_THREADS=\n",
    ]
    assert [jobs.console(run, _log_of(rank)) for rank in range(4)] == expected
    assert jobs.console(run) == expected[0]
    series = {"rank": 0, "rank1/rank": 1, "rank2/rank": 2, "rank3/rank": 3}
    assert _series(jobs, run) == series


def test_tensorflow_with_a_parameter_server(jobs: Jobs) -> None:
    """The server goes on when the workers are done, and is ended then, which is no failure."""
    together = Distribution(Launcher.TENSORFLOW, processes=3, nodes=2, parameter_servers=1)
    run = jobs.submit(_MEET, "tensorflow", distribution=together)
    done = jobs.wait(run)
    assert (done.state, done.cause) == (RunState.COMPLETED, "")
    assert "met [0, 1, 2]" in jobs.console(run, _log_of(0))
    assert "rank 2" in jobs.console(run, _log_of(2))
    assert _series(jobs, run) == {"rank": 0, "rank1/rank": 1, "rank2/rank": 2}


def test_threads_of_a_cluster_are_shared_out(jobs: Jobs) -> None:
    jobs.add_compute("cpu-cluster", 1)
    pair = Distribution(Launcher.PYTORCH, processes=2)
    script = "import os\nprint(os.environ.get('OMP_NUM_THREADS'))"
    ours = jobs.submit(script, compute="cpu-cluster", distribution=pair)
    theirs = jobs.submit(script, compute="cpu-cluster", distribution=pair, OMP_NUM_THREADS="7")
    jobs.wait(ours, theirs)
    cpus = len(psutil.Process().cpu_affinity() or "1") if sys.platform == "linux" else 2
    assert 1 <= int(jobs.console(ours, _log_of(1))) <= max(1, cpus // 2)
    assert jobs.console(theirs, _log_of(1)) == "7\n"


def test_one_that_fails_ends_the_others(jobs: Jobs) -> None:
    script = """if True:
        import os, sys, time
        if os.environ["RANK"] == "1":
            print("no data for rank 1")
            sys.exit(3)
        time.sleep(600)"""
    run = jobs.submit(script, distribution=Distribution(Launcher.PYTORCH, processes=3))
    failed = jobs.wait(run)
    assert failed.state is RunState.FAILED
    assert failed.cause == "rank 1 exited with code 3; its last lines:\nno data for rank 1"


def test_one_is_killed(jobs: Jobs) -> None:
    script = "import os, time\nprint(os.getpid())\ntime.sleep(600)"
    run = jobs.submit(script, distribution=Distribution(Launcher.PYTORCH, processes=2))
    jobs.until(lambda: jobs.console(run, _log_of(1)).endswith("\n"))
    os.kill(int(jobs.console(run, _log_of(1))), signal.SIGKILL)
    failed = jobs.wait(run)
    assert failed.state is RunState.FAILED
    assert failed.cause.startswith("rank 1 was ended by SIGKILL")


def test_cancel(jobs: Jobs) -> None:
    script = "import time\nprint('up')\ntime.sleep(600)"
    run = jobs.submit(script, distribution=Distribution(Launcher.PYTORCH, processes=2))
    jobs.until(lambda: all(jobs.console(run, _log_of(rank)) for rank in range(2)))
    cancel(jobs.launch_context, run)
    assert jobs.wait(run).state is RunState.CANCELED


def test_the_worker_is_killed(jobs: Jobs) -> None:
    """What a launcher such as torchrun starts in sessions of its own ends, too."""
    script = """if True:
        import os, subprocess, time
        other = subprocess.Popen(["sleep", "600"], start_new_session=True)
        print(os.getpid(), other.pid)
        time.sleep(600)"""
    run = jobs.submit(script, distribution=Distribution(Launcher.PYTORCH, processes=2))
    jobs.until(lambda: all(jobs.console(run, _log_of(rank)) for rank in range(2)))
    pids = [int(pid) for rank in range(2) for pid in jobs.console(run, _log_of(rank)).split()]
    worker = jobs.worker(run)
    worker.kill()
    jobs.until(lambda: not any(map(_runs, pids)))
    failed = jobs.wait(run)
    assert failed.state is RunState.FAILED
    assert failed.cause.startswith(f"the job's worker, process {worker.pid} on ")


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(params=["mpirun", "system-mpirun"])
def mpi_python(request: pytest.FixtureRequest) -> str:
    """An interpreter with a real mpirun beside it: PyPI's Open MPI 5, or that of the system."""
    mpirun: str = require(request.param)
    return sys.executable if request.param == "mpirun" else str(Path(mpirun).with_name("python3"))


def test_mpi(jobs: Jobs, mpi_python: str) -> None:
    together = Distribution(Launcher.MPI, processes=3)
    run = jobs.submit(_MEET, "mpi", distribution=together, interpreter=mpi_python)
    done = jobs.wait(run)
    assert (done.state, done.cause) == (RunState.COMPLETED, "")
    assert "met [0, 1, 2]\n" in jobs.console(run, _log_of(0))
    assert jobs.console(run, _log_of(2)).startswith("rank 2 ")
    assert _series(jobs, run) == {"rank": 0, "rank1/rank": 1, "rank2/rank": 2}


def test_a_rank_of_mpi_fails(jobs: Jobs, mpi_python: str) -> None:
    script = """if True:
        import os, sys, time
        if os.environ["OMPI_COMM_WORLD_RANK"] == "1":
            sys.exit("no data")
        time.sleep(600)"""
    together = Distribution(Launcher.MPI, processes=2)
    run = jobs.submit(script, distribution=together, interpreter=mpi_python)
    failed = jobs.wait(run)
    assert failed.state is RunState.FAILED
    assert failed.cause == "rank 1 exited with code 1; its last lines:\nno data"
    assert "run detected that one or more processes" in " ".join(jobs.console(run).split())
