"""A store that the real MLflow wrote, and what an import of it must hold."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from trackboard.model import RunState

MLFLOW = "mlflow==3.17.2"
_PROGRAM = Path(__file__).parent / "programs" / "write_mlflow_runs.py"
_BEGIN_S, _FAMILY = 1_700_000_000.0, 10
_STATES = RunState.COMPLETED, RunState.FAILED, RunState.CANCELED


def install(folder: Path) -> Path:
    """Install MLflow into an environment of its own; its Python."""
    uv = Path(sys.executable).parent / "uv"
    python = folder / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, MLFLOW], check=True)
    return python


def write(python: Path, folder: Path, *, runs: int, series: int, points: int) -> Path:
    """Write runs with MLflow's client; its database.

    Args:
        python: A Python that has MLflow.
        folder: An empty folder, for the database and the artifacts.
        runs: How many.
        series: How many metrics each has.
        points: How many points each metric has.
    """
    database = folder / "mlflow.db"
    counts = (str(count) for count in (runs, series, points))
    subprocess.run(
        [python, _PROGRAM, f"sqlite:///{database}", *counts, (folder / "artifacts").as_uri()],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return database


def expected(number: int, *, series: int, points: int) -> dict[str, Any]:
    """What a run holds after its import, but for ids; in the terms of `describe_history`."""
    begin_s = _BEGIN_S + 60.0 * number
    content = f"file of run {number}\n".encode()
    return {
        "experiment": f"study-{number // _FAMILY % 3}",
        "parent": f"run {number - number % _FAMILY}" if number % _FAMILY else None,
        "state": _STATES[number % 3],
        "times_s": (begin_s, begin_s, begin_s + 50.0),
        "description": f"Note *{number}*",
        "tags": {"team": f"team {number % 4}"},
        "parameters": {"lr": 0.1 / (1 + number % 7), "layers": number % 5},
        "files": {"outputs/note.txt": (len(content), hashlib.sha256(content).hexdigest())}
        if not number % 20
        else {},
        "series": {
            (f"m{each}", "FLOAT"): (
                "",
                list(range(points)),
                [begin_s + step for step in range(points)],
                [repr((number + each) / (step + 1)) for step in range(points)],
            )
            for each in range(series)
        },
    }


def by_name(described: dict[Any, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What `describe_history` found, by the runs' names, as `expected` tells it."""
    names = {key: found["run"]["given_name"] for key, found in described.items()}
    return {
        names[key]: {
            "experiment": found["run"]["experiment"],
            "parent": names.get(found["run"]["parent"]),
            "state": found["run"]["state"],
            "times_s": tuple(found["run"][f"{each}_s"] for each in ("created", "started", "ended")),
            "description": found["run"]["description"],
            **{each: found[each] for each in ("tags", "parameters", "files", "series")},
        }
        for key, found in described.items()
    }
