"""What a command costs, beside the peers' commands on the same data. `python benchmarks/cli.py`

The same 2,000 runs (two parameters, three metrics with 10 points each) in all stores, each written by its
own tool's Python API. CPU seconds of fresh processes, in turns, medians; all is compiled already, and the
first round is left out.

Each is asked what its users would type to list runs. What that prints differs: names, states and times here,
names and times of 1,000 at most by `mlflow runs list` (so MLflow is also asked through its API for all),
hashes alone by `aim runs ls`, names alone by `trackio list runs`.

The peers are installed by pip, each into an environment of its own below `--cache` (the newest, or the
version that is named), and their stores are written there; both are kept for the next time. One that cannot
be had is named with its reason, and one whose store is not written within `--patience` seconds is asked only
what needs none.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from report import Target, print_head, print_table, print_targets

RUNS, POINTS, ROUNDS = 2_000, 10, 7
OURS = [sys.executable, "-m", "trackboard"]
EMPTY, FLOOR = "python -c pass", 'python -c "import sqlalchemy, numpy"'
MANY = f"{RUNS:,} runs"

_VALUES = f"""
for number in range({RUNS}):
    name, parameters = f"run-{{number}}", {{"lr": 0.1 / (1 + number % 7), "layers": number % 5}}
    points = [{{"loss": 1 / (1 + step + number), "accuracy": 1 - 1 / (2 + step), "rate": number}}
              for step in range({POINTS})]
"""
WRITE_OURS = f"""
import trackboard
workspace = trackboard.Workspace.open(".")
{_VALUES}
    with workspace.start_run("bench", name=name, parameters=parameters, capture=False) as run:
        for step, values in enumerate(points):
            run.log(values, step=step)
workspace.runs(limit=1)
"""
WRITE_MLFLOW = f"""
import mlflow
from mlflow.entities import Metric, Param
mlflow.set_tracking_uri("sqlite:///mlflow.db")
client = mlflow.MlflowClient()
experiment = client.create_experiment("bench")
{_VALUES}
    run = client.create_run(experiment, run_name=name).info.run_id
    metrics = [Metric(key, value, 1_700_000_000_000, step)
               for step, values in enumerate(points) for key, value in values.items()]
    client.log_batch(run, metrics, [Param(key, str(value)) for key, value in parameters.items()])
    client.set_terminated(run)
"""
WRITE_AIM = f"""
import aim
{_VALUES}
    run = aim.Run(repo=".", experiment="bench", system_tracking_interval=None, capture_terminal_logs=False)
    run.name, run["hparams"] = name, parameters
    for step, values in enumerate(points):
        for key, value in values.items():
            run.track(value, name=key, step=step)
    run.close()
"""
WRITE_TRACKIO = f"""
from trackio.sqlite_storage import SQLiteStorage
{_VALUES}
    SQLiteStorage.bulk_log("bench", name, points, config=parameters)
"""
LIST_MLFLOW = f"""
import mlflow
for run in mlflow.MlflowClient().search_runs(["1"], max_results={RUNS}):
    print(run.info.start_time, run.info.run_name, run.info.run_id)
"""


class Peer(NamedTuple):
    """Another tool's command.

    Attributes:
        write: A program that writes the runs into the current folder.
        ways: What is typed, by what it answers; `{bin}` is the folder of its programs.
        variables: Its environment; `{store}` is the folder of its store.
    """

    write: str
    ways: Mapping[str, Sequence[str]]
    variables: Mapping[str, str] = {}


PEERS = {
    "mlflow": Peer(
        WRITE_MLFLOW,
        {
            "--version": ["{bin}/mlflow", "--version"],
            "--help": ["{bin}/mlflow", "--help"],
            f"1,000 of {MANY} (runs list)": [
                "{bin}/mlflow",
                "runs",
                "list",
                "--experiment-id",
                "1",
            ],
            f"{MANY} (search_runs)": ["{bin}/python", "-c", LIST_MLFLOW],
        },
        {"MLFLOW_TRACKING_URI": "sqlite:///mlflow.db"},
    ),
    "aim": Peer(
        WRITE_AIM,
        {
            "--version": ["{bin}/aim", "version"],
            "--help": ["{bin}/aim", "--help"],
            f"hashes of {MANY} (runs ls)": ["{bin}/aim", "runs", "--repo", ".", "ls"],
        },
    ),
    "trackio": Peer(
        WRITE_TRACKIO,
        {
            "--version": ["{bin}/trackio", "--version"],
            "--help": ["{bin}/trackio", "--help"],
            f"names of {MANY} (list runs)": ["{bin}/trackio", "list", "runs", "--project", "bench"],
            "one run (get run)": [
                "{bin}/trackio",
                "get",
                "run",
                "--project",
                "bench",
                "--run",
                "run-7",
            ],
        },
        {"TRACKIO_DIR": "{store}", "HF_HUB_OFFLINE": "1"},
    ),
}
WAYS: Mapping[str, Sequence[str]] = {
    EMPTY: [sys.executable, "-c", "pass"],
    FLOOR: [sys.executable, "-c", "import sqlalchemy, numpy"],
    "trackboard --version": [*OURS, "--version"],
    "trackboard --help": [*OURS, "--help"],
    "trackboard, completion of a verb": OURS,
    "trackboard, completion of a run": OURS,
    f"trackboard, {MANY} (runs -n 0)": [*OURS, "runs", "-n", "0"],
    "trackboard runs, the newest 20": [*OURS, "runs"],
    "trackboard, one run (show)": [*OURS, "show", "bench/run-7"],
    "trackboard compare of two": [*OURS, "compare", "bench/run-7", "bench/run-8"],
}
COMPLETING = {"_TRACKBOARD_COMPLETE": "bash_complete"}
VARIABLES: Mapping[str, Mapping[str, str]] = {
    "trackboard, completion of a verb": {
        **COMPLETING,
        "COMP_WORDS": "trackboard s",
        "COMP_CWORD": "1",
    },
    "trackboard, completion of a run": {
        **COMPLETING,
        "COMP_WORDS": "trackboard show bench/run-19",
        "COMP_CWORD": "2",
    },
}


class Way(NamedTuple):
    """A command in a folder."""

    words: Sequence[str]
    folder: Path
    variables: Mapping[str, str]


def cpu_s(way: Way) -> float:
    """The CPU seconds of one process and of those that it waited for."""
    inherited = {name: os.environ[name] for name in os.environ.keys() - {"PYTHONDONTWRITEBYTECODE"}}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ended = subprocess.run(
        way.words,
        cwd=way.folder,
        env={**inherited, **way.variables},
        capture_output=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ended.returncode and "COMP_WORDS" not in way.variables:
        raise SystemExit(f"{way.words}: {ended.returncode}\n{ended.stderr.decode()}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def place_of(name: str, cache: Path, version: str = "") -> Path:
    """Return the folder of a peer, or of one version of it."""
    return cache / (f"{name}-{version}" if version else name)


def install(name: str, cache: Path, version: str = "") -> str:
    """Install a peer, or one version of it, apart from all else; why it could not be, or nothing."""
    folder = place_of(name, cache, version)
    wanted = f"{name}=={version}.*" if version else name
    if not (folder / "bin" / name).exists():
        venv.create(folder, with_pip=True, clear=True, symlinks=True)  # of a try that failed
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", wanted]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1]
    return ""


def write(
    python: str | Path,
    program: str,
    store: Path,
    variables: Mapping[str, str],
    patience_s: float,
) -> str:
    """Write the runs, unless they were; why they could not be, or nothing."""
    marker = store / ".written"
    if marker.exists():
        return ""
    store.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            [python, "-c", program],
            cwd=store,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=patience_s,
        )
    except subprocess.TimeoutExpired:
        return f"{RUNS:,} runs were not written after {patience_s:g} s"
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    marker.touch()
    return ""


def installed_version(name: str, python: Path) -> str:
    """Return the version of a peer that was installed."""
    asked = f"import importlib.metadata; print(importlib.metadata.version({name!r}))"
    return subprocess.run(
        [python, "-c", asked], capture_output=True, text=True, check=True
    ).stdout.strip()


def ways_of(
    name: str, peer: Peer, cache: Path, version: str, patience_s: float
) -> Mapping[str, Way]:
    """What is typed of a peer; nothing where it cannot be had."""
    folder = place_of(name, cache, version)
    store, programs = folder.with_name(f"{folder.name}-store"), folder / "bin"
    variables = {key: value.format(store=store) for key, value in peer.variables.items()}
    if problem := install(name, cache, version):
        print(f"{name} is left out: {problem}")
        return {}
    print(f"{name} {installed_version(name, programs / 'python')}")
    unwritten = write(programs / "python", peer.write, store, variables, patience_s)
    if unwritten:
        print(f"{name} is not asked for runs: {unwritten}")
    return {
        f"{name} {what}" if what.startswith("--") else f"{name}, {what}": Way(
            [word.format(bin=programs) for word in words], store, variables
        )
        for what, words in peer.ways.items()
        if not unwritten or what.startswith("--")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--cache", type=Path, default=Path(os.path.expanduser("~/.cache/trackboard-benchmarks"))
    )
    parser.add_argument("--without-peers", action="store_true")
    for name in PEERS:
        parser.add_argument(f"--{name}", default="", metavar="VERSION", help="else the newest")
    parser.add_argument("--patience", type=float, default=1_800)
    given = parser.parse_args()
    cache = given.cache.absolute()
    cache.mkdir(parents=True, exist_ok=True)
    print_head("What a command costs", "trackboard", "sqlalchemy", "numpy", "click")
    store = cache / "trackboard-store"
    if problem := write(sys.executable, WRITE_OURS, store, {}, given.patience):
        raise SystemExit(problem)
    ways = {name: Way(words, store, VARIABLES.get(name, {})) for name, words in WAYS.items()}
    for name, peer in {} if given.without_peers else PEERS.items():
        ways |= ways_of(name, peer, cache, getattr(given, name), given.patience)
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(1 + given.rounds):
        for name, way in ways.items():
            spent[name].append(cpu_s(way))
    median = {name: statistics.median(each[1:]) for name, each in spent.items()}
    rows = [
        (
            name,
            f"{median[name] * 1000:.0f}",
            f"{min(spent[name][1:]) * 1000:.0f}",
            f"{median[name] / median[EMPTY]:.1f}",
            f"{median[name] / median[FLOOR]:.2f}",
        )
        for name in ways
    ]
    print_table(
        [f"way ({given.rounds} rounds)", "median ms", "least ms", "empty x", "floor x"], rows
    )
    quick = ("trackboard --version", "trackboard --help", "trackboard, completion of a verb")
    print_targets(
        [
            *(Target(f"{name}, {EMPTY} = 1", median[name] / median[EMPTY], 5) for name in quick),
            *(
                Target(f"{name}, {FLOOR} = 1", median[name] / median[FLOOR], 1.3)
                for name in (f"trackboard, {MANY} (runs -n 0)", "trackboard runs, the newest 20")
            ),
        ]
    )


if __name__ == "__main__":
    main()
