"""From `start()` to the first answer, /data/runs. `python benchmarks/start.py`

The same history for both: a few runs as our history, and exported to event files for the peer,
`tensorboard --logdir` with its default flags. In turns, medians.

`--python PATH` names another interpreter, of an environment that has trackboard and TensorFlow:

    python -m venv /tmp/tf && /tmp/tf/bin/pip install tensorflow-cpu .
    python benchmarks/start.py --python /tmp/tf/bin/python
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from report import Target, print_head, print_table, print_targets
from stock import await_answer, spawn_stock

ROUNDS = 9
RUNS, POINTS = 5, 100


def make_history(folder: Path, logs: Path) -> None:
    from azureml.core import Experiment, Workspace
    from azureml.tensorboard.export import export_to_tensorboard

    with contextlib.chdir(folder), contextlib.redirect_stderr(io.StringIO()):
        experiment = Experiment(Workspace.from_config(), "bench")
    for _ in range(RUNS):
        with experiment.start_logging() as run:
            for point in range(POINTS):
                run.log("loss", 1 / (1 + point))
    with contextlib.redirect_stdout(io.StringIO()):
        export_to_tensorboard(experiment, str(logs))
    experiment.workspace._service.recorder().close()


def start_ours(folder: Path) -> float:
    """In this interpreter, which has asked for runs before: seconds of `start()` and its first answer."""
    from azureml.core import Experiment, Workspace
    from azureml.tensorboard import Tensorboard

    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()):
        list(Experiment(Workspace.from_config(), "bench").get_runs())
        board = Tensorboard([], port=0)
        begin = time.perf_counter()
        url = board.start()
        runs = json.loads(await_answer(f"{url}data/runs"))
        spent = time.perf_counter() - begin
        board.stop()
    if len(runs) != RUNS:
        raise SystemExit(f"{RUNS} runs were expected: {runs}")
    return spent


def start_ours_with(python: str, folder: Path) -> float:
    """The same in the other interpreter, which has loaded what a notebook has loaded before."""
    words = [python, __file__, "--once", str(folder)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def start_peer(python: str, logs: Path) -> float:
    """Its first answer counts, also when it does not hold all runs yet."""
    begin = time.perf_counter()
    with spawn_stock(logs, python=python) as (url, _):
        await_answer(f"{url}data/runs")
        return time.perf_counter() - begin


def has_tensorflow(python: str) -> str:
    code = "import importlib.metadata as m; print(*{d.version for d in m.distributions()"
    code += " if d.name in ('tensorflow', 'tensorflow-cpu', 'tensorflow_cpu')})"
    found = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    return found.stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="an interpreter that has both")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        print(start_ours(given.once))
        return
    print_head("From start() to the first answer, /data/runs", "trackboard", "tensorboard")
    tensorflow = has_tensorflow(given.python)
    with tempfile.TemporaryDirectory() as name:
        folder, logs = Path(name, "history"), Path(name, "logs")
        folder.mkdir()
        make_history(folder, logs)
        ours, peers = [], []
        for _ in range(given.rounds + 1):  # the first one warms the page cache
            ours.append(start_ours_with(given.python, folder))
            peers.append(start_peer(given.python, logs))
    ours, peers = ours[1:], peers[1:]
    rows = [row("Tensorboard(...).start()", ours), row("tensorboard --logdir", peers)]
    print(f"TensorFlow {tensorflow or 'is not installed'}")
    print_table([f"way ({given.rounds} rounds)", "median s", "fastest s", "slowest s"], rows)
    ratio = float(np.median(ours) / np.median(peers))
    limit = 1 / 3 if tensorflow else 1.2
    with_it = "with TensorFlow installed" if tensorflow else "without TensorFlow"
    print_targets([Target(f"start to first answer, tensorboard = 1, {with_it}", ratio, limit)])


def row(name: str, spent: list[float]) -> list[str]:
    return [name, *(f"{found:.2f}" for found in (np.median(spent), min(spent), max(spent)))]


if __name__ == "__main__":
    main()
