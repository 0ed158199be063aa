"""From `submit()` to the first line of the script. `python benchmarks/submit.py`

The floor is the same script started by a bare `subprocess` in the same interpreter. Beside that: a job whose
environment was built for an earlier one (a small package from PyPI; `--offline` leaves it out), a folder of
200 MB with one changed line, and a hundred submits in a row. `--files 400000` adds a folder of so many files.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from report import Target, print_head, print_table, print_targets

from trackboard.config import LOCAL
from trackboard.environments import prepare_environment
from trackboard.launch.context.plan_file import load_plan
from trackboard.launch.request import Request
from trackboard.launch.snapshot.manifest import load_manifest, restore
from trackboard.launch.submit import prepare
from trackboard.model import Compute, EnvironmentRequest, RunId
from trackboard.workspace import Workspace

ROUNDS = 20
SUBMITS = 100
FILES, FILE_BYTES = 200, 1_000_000
LIMIT_S = 60.0
PACKAGE = "six==1.17.0"
SCRIPT = """import os, time
with open(os.environ["BENCH_MARK"], "w") as file: file.write(str(time.monotonic()))
"""


class Bench:
    """A workspace, and a folder with a script that notes when its first line ran."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "source"
        self.source.mkdir()
        (self.source / "train.py").write_text(SCRIPT)
        with contextlib.redirect_stderr(io.StringIO()):
            self.workspace = Workspace.open(folder / "history")
        self.mark = folder / "mark"

    def request(
        self, environment: EnvironmentRequest | None = None, compute: str = LOCAL
    ) -> Request:
        return Request(
            "bench",
            self.source,
            "train.py",
            environment=environment or EnvironmentRequest(),
            variables={"BENCH_MARK": str(self.mark)},
            compute=compute,
        )

    def submit(self, request: Request) -> tuple[float, float, RunId]:
        """Seconds until submit has returned, and until the first line; the job has ended then."""
        begin_s = time.monotonic()
        run = self.workspace.jobs.submit(request)
        returned_s = time.monotonic()
        self.wait(run)
        return returned_s - begin_s, float(self.mark.read_text()) - begin_s, run

    def wait(self, run: RunId) -> None:
        deadline_s = time.monotonic() + LIMIT_S
        while True:
            self.workspace.drain()
            found = self.workspace.store.find_run(run)
            if found is not None and found.state.is_terminal:
                break
            if time.monotonic() > deadline_s:
                raise SystemExit(f"{run} did not end in {LIMIT_S:.0f} s")
            time.sleep(0.02)
        if found.state.value != "completed":
            raise SystemExit(f"{run} {found.state.value}: {found.cause}")
        while self.workspace.store.list_jobs():  # its worker is about to end
            time.sleep(0.02)

    def start_bare(self, python: str) -> float:
        """Seconds from `subprocess` to the first line."""
        variables = {**os.environ, "BENCH_MARK": str(self.mark)}
        begin_s = time.monotonic()
        subprocess.run([python, "train.py"], cwd=self.source, env=variables, check=True)
        return float(self.mark.read_text()) - begin_s


@contextlib.contextmanager
def a_bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory() as name:
        os.environ["TRACKBOARD_CACHE"] = f"{name}/cache"  # nothing was built yet
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each worker compiles what it loads
        bench = Bench(Path(name))
        yield bench
        bench.workspace.recorder().close()
        bench.workspace.close()


def measure_starts(
    bench: Bench, rounds: int, environment: EnvironmentRequest
) -> dict[str, list[float]]:
    """In turns: the bare start, and what submit takes, in an environment that exists."""
    _, first_s, run = bench.submit(bench.request(environment))
    plan = load_plan(bench.workspace.launch_context.paths.job(run))
    python = ready(
        lambda: prepare_environment(
            plan.environment, plan.variables, report=lambda _: None, is_canceled=lambda: False
        )
    )
    bare, returned, line = [], [], []
    for _ in range(rounds):
        bare.append(bench.start_bare(python))
        returned_s, line_s, _ = bench.submit(bench.request(environment))
        returned.append(returned_s)
        line.append(line_s)
    return {"bare": bare, "returned": returned, "line": line, "first": [first_s]}


def ready(prepare: Callable[[], object]) -> str:
    prepared = prepare()
    python: str = getattr(prepared, "python", sys.executable)
    getattr(prepared, "release", lambda: None)()
    return python


def measure_large(bench: Bench) -> list[list[str]]:
    """A folder of 200 MB: submitted, submitted again with one changed line, and given to the job."""
    data = os.urandom(FILE_BYTES)
    for number in range(FILES):
        (bench.source / f"{number}.bin").write_bytes(number.to_bytes(4, "big") + data[4:])
    time.sleep(2.1)  # files that have just changed are read again
    rows = []
    for what in ("first submit of 200 MB", "the same with one changed line"):
        with open(bench.source / "train.py", "a") as file:
            file.write("# one line more\n")
        before = size_of(bench.workspace.folder / "blobs")
        returned_s, line_s, run = bench.submit(bench.request())
        copied = size_of(bench.workspace.folder / "blobs") - before
        rows.append([what, f"{returned_s:.3f}", f"{line_s:.3f}", f"{copied:,}"])
    plan = load_plan(bench.workspace.launch_context.paths.job(run))
    manifest = load_manifest(bench.workspace.folder / "snapshots", plan.snapshot)
    begin_s = time.monotonic()
    restore(bench.workspace.blobs, manifest, bench.folder / "copy")
    rows.append(["its working copy alone", f"{time.monotonic() - begin_s:.3f}", "", ""])
    begin_s = time.monotonic()
    shutil.copytree(bench.source, bench.folder / "floor")
    rows.append(["floor: shutil.copytree", f"{time.monotonic() - begin_s:.3f}", "", ""])
    for number in range(FILES):
        (bench.source / f"{number}.bin").unlink()
    return rows


def size_of(folder: Path) -> int:
    return sum(place.stat().st_size for place in folder.rglob("*") if place.is_file())


def measure_many(bench: Bench) -> tuple[float, float]:
    """Seconds of one of many submits in a row, and the slowest; one of them runs, the others wait."""
    store = bench.workspace.store
    store.add_compute(Compute("one", "AmlCompute", "any", 0, 1, 1800, time.time(), {}))
    spent, runs = [], []
    for _ in range(SUBMITS):
        begin_s = time.monotonic()
        runs.append(bench.workspace.jobs.submit(bench.request(compute="one")))
        spent.append(time.monotonic() - begin_s)
    for run in reversed(runs):
        bench.workspace.jobs.cancel(run)
    deadline_s = time.monotonic() + LIMIT_S
    while store.list_jobs() and time.monotonic() < deadline_s:
        bench.workspace.jobs.advance_queue()
        time.sleep(0.05)
    return statistics.mean(spent), max(spent)


def measure_files(bench: Bench, number: int) -> list[list[str]]:
    """A folder of very many small files: read and kept at first, then only looked at."""
    for name in range(number):
        folder = bench.source / "data" / f"{name // 1000}"
        if name % 1000 == 0:
            folder.mkdir(parents=True)
        (folder / f"{name}.txt").write_text(f"{name}")
    time.sleep(2.1)
    rows = []
    for what in ("snapshot", "the same again"):
        begin_s = time.monotonic()
        with contextlib.redirect_stderr(io.StringIO()):
            plan = prepare(bench.workspace.launch_context, bench.request())
        rows.append([what, f"{time.monotonic() - begin_s:.1f}"])
    manifest = load_manifest(bench.workspace.folder / "snapshots", plan.snapshot)
    begin_s = time.monotonic()
    restore(bench.workspace.blobs, manifest, bench.folder / "many")
    rows.append(["the working copy", f"{time.monotonic() - begin_s:.1f}"])
    begin_s = time.monotonic()
    found = sum(
        os.lstat(f"{at}/{name}").st_size for at, _, names in os.walk(bench.source) for name in names
    )
    rows.append([f"floor: os.walk and lstat, {found:,} bytes", f"{time.monotonic() - begin_s:.1f}"])
    return rows


def row(name: str, spent: list[float], floor: list[float]) -> list[str]:
    middle = statistics.median(spent)
    over = middle - statistics.median(floor)
    cells = (middle, min(spent), max(spent), over)
    return [name, *(f"{cell:.3f}" for cell in cells)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--offline", action="store_true", help="no environment with a package")
    parser.add_argument("--files", type=int, default=0, help="also a folder of so many files")
    given = parser.parse_args()
    print_head("From submit() to the first line of the script", "trackboard", "uv")
    targets, rows = [], []
    with a_bench() as bench:
        environments = {"this interpreter": EnvironmentRequest()}
        if not given.offline:
            environments["a built environment"] = EnvironmentRequest(pip_packages=(PACKAGE,))
        for name, environment in environments.items():
            found = measure_starts(bench, given.rounds, environment)
            rows.append(row(f"floor: subprocess, {name}", found["bare"], found["bare"]))
            rows.append(row(f"submit() returns, {name}", found["returned"], found["bare"]))
            rows.append(row(f"submit() to first line, {name}", found["line"], found["bare"]))
            if environment.pip_packages:
                rows.append(row("the first submit, which builds it", found["first"], found["bare"]))
            value = statistics.median(found["line"])
            targets.append(Target(f"submit to first line, {name}", value, 1.0, "s"))
        large = measure_large(bench)
        mean_s, worst_s = measure_many(bench)
        many_files = measure_files(bench, given.files) if given.files else []
    head = [f"way ({given.rounds} rounds)", "median s", "fastest s", "slowest s", "over floor s"]
    print_table(head, rows)
    print_table(["200 MB in 200 files", "s", "first line s", "bytes copied"], large)
    many = [["submit() to a queue", f"{mean_s:.4f}", f"{worst_s:.4f}"]]
    print_table([f"{SUBMITS} in a row", "mean s", "worst s"], many)
    if many_files:
        print_table([f"{given.files:,} files", "s"], many_files)
    print_targets(targets)


if __name__ == "__main__":
    main()
