"""How fast is a store of MLflow imported, beside MLflow's own ways? `python benchmarks/imports.py`

1,000 runs of 10 metrics of 10 points each, written by the real MLflow into its SQLite. Imported by
`trackboard import` into a new workspace; read through MLflow's client (every run, every metric's history);
exported by mlflow-export-import, which is half of a move: its import into another store comes on top. CPU and
wall seconds of fresh processes, in turns.

MLflow and mlflow-export-import are installed by pip into an environment below `--cache`, and the store is
written there; both are kept for the next time.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

from report import Target, print_head, print_table, print_targets

RUNS, SERIES, POINTS, ROUNDS = 1_000, 10, 10, 3
PACKAGES = "mlflow==3.17.2", "mlflow-export-import==1.2.0", "tabulate"
WRITE = Path(__file__).parents[1] / "tests" / "stress" / "programs" / "write_mlflow_runs.py"
READ = """
import sys, mlflow
client, points, token = mlflow.MlflowClient(sys.argv[1]), 0, None
experiments = [each.experiment_id for each in client.search_experiments()]
while True:
    page = client.search_runs(experiments, max_results=1000, page_token=token)
    for run in page:
        for name in run.data.metrics:
            points += len(client.get_metric_history(run.info.run_id, name))
        client.list_artifacts(run.info.run_id)
    token = page.token
    if not token:
        break
print(points)
"""
OURS, CLIENT, EXPORT = (
    "trackboard import",
    "MLflow's client, reading",
    "mlflow-export-import, export",
)


def prepare(cache: Path) -> tuple[Path, Path]:
    """Install MLflow and write its store, unless they are there: its programs, and the database."""
    programs, store = cache / "mlflow-export-import" / "bin", cache / f"mlflow-store-{RUNS}"
    if not (programs / "export-experiments").exists():
        venv.create(programs.parent, with_pip=True)
        pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", *PACKAGES]
        subprocess.run(pip, check=True)
    if not (store / ".written").exists():
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir(parents=True)
        counts = [str(count) for count in (RUNS, SERIES, POINTS)]
        address = f"sqlite:///{store}/mlflow.db"
        subprocess.run(
            [programs / "python", WRITE, address, *counts, (store / "artifacts").as_uri()],
            cwd=store,
            check=True,
            capture_output=True,
        )
        (store / ".written").touch()
    return programs, store / "mlflow.db"


def spent_s(words: Sequence[str | Path], folder: Path, tracking: str) -> tuple[float, float]:
    """The CPU seconds and the wall seconds of a program."""
    before, begin_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "MLFLOW_TRACKING_URI": tracking}
    ended = subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=False)
    took_s, after = time.perf_counter() - begin_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode:
        raise SystemExit(f"{words}: {ended.returncode}\n{ended.stderr.decode()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--cache", type=Path, default=Path(os.path.expanduser("~/.cache/trackboard-benchmarks"))
    )
    given = parser.parse_args()
    cache = given.cache.absolute()
    cache.mkdir(parents=True, exist_ok=True)
    print_head("An import of what MLflow wrote", "trackboard", "sqlalchemy", "numpy")
    programs, database = prepare(cache)
    ours, theirs, address = cache / "imported", cache / "exported", f"sqlite:///{database}"
    ways: dict[str, Sequence[str | Path]] = {
        OURS: [sys.executable, "-m", "trackboard", "import", database, "-w", ours],
        CLIENT: [programs / "python", "-c", READ, address],
        EXPORT: [programs / "export-experiments", "--experiments", "all", "--output-dir", theirs],
    }
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(given.rounds):
        for name, words in ways.items():
            for made in (ours, theirs):
                shutil.rmtree(made, ignore_errors=True)
            spent[name].append(spent_s(words, cache, address))
    cpu_s, wall_s = (
        {name: statistics.median(each[kind] for each in spent[name]) for name in ways}
        for kind in (0, 1)
    )
    rows = [
        (
            name,
            f"{cpu_s[name]:.2f}",
            f"{wall_s[name]:.2f}",
            f"{cpu_s[name] / cpu_s[OURS]:.1f}",
            f"{wall_s[name] / wall_s[OURS]:.1f}",
        )
        for name in ways
    ]
    head = [f"way ({RUNS:,} runs, {RUNS * SERIES * POINTS:,} points)"]
    print_table([*head, "CPU s", "wall s", "CPU x", "wall x"], rows)
    print_targets(
        Target(f"{name}, {OURS} = 1", cpu_s[name] / cpu_s[OURS], 20, at_least=True)
        for name in (EXPORT, CLIENT)
    )


if __name__ == "__main__":
    main()
