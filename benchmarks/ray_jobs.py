"""Jobs on a Ray cluster: a submission beside Ray's own, and many at once. `python benchmarks/ray_jobs.py`

A cluster of two nodes on loopback, started and ended here. First its CPUs are held, so that what is submitted
waits and takes nothing from what is measured; our way and Ray's in turns, the same folder and script. Then
`--jobs` of them (default 200) are submitted at once and must all end, each once: that takes some minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from report import Target, print_head, print_table, print_targets

from trackboard.launch.request import Request
from trackboard.model import RunId
from trackboard.testing.ray_cluster import RayCluster
from trackboard.workspace import Workspace

ROUNDS = 15
PROGRAMS = 3
PATIENCE_S = 1200.0
SCRIPT = "import sys\nopen(sys.argv[1], 'a').write('x')\n"

THEIRS = """
from ray.job_submission import JobSubmissionClient
client = JobSubmissionClient({address!r})
client.submit_job(entrypoint="python train.py /dev/null", runtime_env={{"working_dir": {source!r}}},
                  entrypoint_num_cpus=1)
"""
OURS = """
from pathlib import Path
from trackboard.launch.request import Request
from trackboard.workspace import Workspace
source = Path({source!r})
Workspace.open({folder!r}).submit(Request("e", source, "train.py", ["/dev/null"], compute="cluster"))
"""


def make_workspace(folder: Path, address: str) -> Workspace:
    with contextlib.redirect_stderr(io.StringIO()):
        made = Workspace.open(folder).folder
    with (made / "trackboard.toml").open("a") as settings:
        settings.write(f"[compute.cluster]\nengine = 'ray'\naddress = '{address}'\n")
    return Workspace.open(made)


def time_of(action: Callable[[], object]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def run_program(text: str) -> None:
    subprocess.run([sys.executable, "-c", text], check=True, capture_output=True)


def measure_submit(workspace: Workspace, source: Path, address: str) -> list[Target]:
    from ray.job_submission import JobSubmissionClient

    def ours() -> None:
        workspace.jobs.submit(Request("e", source, "train.py", ["/dev/null"], compute="cluster"))

    def theirs() -> None:
        client.submit_job(
            entrypoint="python train.py /dev/null",
            runtime_env={"working_dir": str(source)},
            entrypoint_num_cpus=1,
        )

    logging.getLogger("ray").setLevel(logging.WARNING)
    client = JobSubmissionClient(address)
    client.submit_job(entrypoint="sleep 1000", entrypoint_num_cpus=2)  # holds the one node it has
    ours()
    theirs()
    spent: dict[str, list[float]] = {"ours": [], "theirs": [], "program": [], "their program": []}
    for _ in range(ROUNDS):
        spent["theirs"].append(time_of(theirs))
        spent["ours"].append(time_of(ours))
    words = {"address": address, "source": str(source), "folder": str(workspace.folder)}
    for _ in range(PROGRAMS):
        spent["their program"].append(time_of(lambda: run_program(THEIRS.format(**words))))
        spent["program"].append(time_of(lambda: run_program(OURS.format(**words))))
    median = {way: statistics.median(values) for way, values in spent.items()}
    rows = [
        ["Workspace.submit", f"{median['ours'] * 1e3:.1f}", f"{median['program']:.2f}"],
        [
            "Ray's JobSubmissionClient",
            f"{median['theirs'] * 1e3:.1f}",
            f"{median['their program']:.2f}",
        ],
    ]
    print_table(["way", "median ms, in one process", "median s, a program of its own"], rows)
    return [
        Target("a submission in one process, Ray's = 1", median["ours"] / median["theirs"], 2),
        Target("a program that submits, Ray's = 1", median["program"] / median["their program"], 2),
    ]


def run_many(workspace: Workspace, source: Path, count: int, marks: Path) -> list[Target]:
    begin = time.perf_counter()
    runs = [
        workspace.jobs.submit(Request("many", source, "train.py", [str(marks)], compute="cluster"))
        for _ in range(count)
    ]
    submitted_s = time.perf_counter() - begin
    ended = await_end(workspace, runs)
    spent = time.perf_counter() - begin
    ran = len(marks.read_text()) if marks.exists() else 0
    rows = [[str(count), f"{submitted_s:.1f}", f"{spent:.0f}", f"{spent / count:.2f}"]]
    print_table(["jobs", "s until all are submitted", "s until all have ended", "s a job"], rows)
    return [
        Target("jobs that completed", ended, count, "", at_least=True),
        Target("times that their script ran", ran, count, ""),
    ]


def await_end(workspace: Workspace, runs: list[RunId]) -> int:
    """How many completed."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        workspace.jobs.advance_queue()
        workspace.drain()
        states = [run.state for run in workspace.store.list_runs(ids=runs)]
        if all(state.is_terminal for state in states):
            break
        time.sleep(1)
    return sum(state.value == "completed" for state in states)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=200)
    count = parser.parse_args().jobs
    print_head("Jobs on a Ray cluster of this machine", "ray")
    targets: list[Target] = []
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "source"
        source.mkdir()
        (source / "train.py").write_text(SCRIPT)
        with RayCluster(2) as cluster:
            workspace = make_workspace(Path(name) / "one", cluster.address)
            targets += measure_submit(workspace, source, cluster.address)
            workspace.recorder().close()
        if count:
            with RayCluster(2, 2) as cluster:
                workspace = make_workspace(Path(name) / "many", cluster.address)
                targets += run_many(workspace, source, count, Path(name) / "marks")
                workspace.recorder().close()
    print_targets(targets)


if __name__ == "__main__":
    main()
