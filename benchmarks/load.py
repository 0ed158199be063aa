"""What it costs to start: the command, the SDK's names, a job's first import. `python benchmarks/load.py`

CPU seconds of fresh processes, in turns, medians; beside an empty Python and the packages that a history
needs. All is compiled already, as an installed package is; the first round is left out.
"""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from report import Target, print_head, print_table, print_targets

ROUNDS = 15
COMMAND = [sys.executable, "-m", "trackboard"]
EMPTY, HEAVY = "python -c pass", "import sqlalchemy, numpy"
VERSION, HELP, COMPLETION = "trackboard --version", "trackboard --help", "completion of a verb"
CLIENT, JOB = "from azureml.core import Workspace, Experiment, Run", "from azureml.core import Run"
RECORD = f"{JOB}; Run.get_context().log('a', 1)"
READING = "trackboard runs"
WAYS: Mapping[str, Sequence[str]] = {
    EMPTY: [sys.executable, "-c", "pass"],
    HEAVY: [sys.executable, "-c", HEAVY],
    VERSION: [*COMMAND, "--version"],
    HELP: [*COMMAND, "--help"],
    COMPLETION: COMMAND,
    CLIENT: [sys.executable, "-c", CLIENT],
    READING: [*COMMAND, "runs"],
    JOB: [sys.executable, "-c", JOB],
    RECORD: [sys.executable, "-c", RECORD],
}
COMPLETING = {
    "_TRACKBOARD_COMPLETE": "bash_complete",
    "COMP_WORDS": "trackboard s",
    "COMP_CWORD": "1",
}
IN_A_JOB = {"TRACKBOARD_RUN_ID": "job", "TRACKBOARD_WORKSPACE": "job"}
VARIABLES: Mapping[str, Mapping[str, str]] = {COMPLETION: COMPLETING, RECORD: IN_A_JOB}


def cpu_s(words: Sequence[str], folder: Path, variables: Mapping[str, str]) -> float:
    """Return the CPU seconds of one process."""
    inherited = {name: os.environ[name] for name in os.environ.keys() - {"PYTHONDONTWRITEBYTECODE"}}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        words, cwd=folder, env={**inherited, **variables}, capture_output=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    print_head("What it costs to start", "trackboard", "sqlalchemy", "numpy", "click")
    spent: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        subprocess.run(
            [sys.executable, "-c", RECORD],
            cwd=name,
            capture_output=True,
            check=True,
        )
        for _ in range(1 + ROUNDS):
            for way, words in WAYS.items():
                spent[way].append(cpu_s(words, Path(name), VARIABLES.get(way, {})))
    for each in spent.values():
        del each[0]  # it compiled what was not
    median = {way: statistics.median(each) for way, each in spent.items()}
    rows = [
        (
            way,
            f"{median[way] * 1000:.0f}",
            f"{min(spent[way]) * 1000:.0f}",
            f"{median[way] / median[EMPTY]:.2f}",
            f"{median[way] / median[HEAVY]:.2f}",
        )
        for way in WAYS
    ]
    print_table(("way", "median ms", "least ms", "x empty", "x packages"), rows)
    print_targets(
        [
            *(Target(way, median[way] / median[EMPTY], 5) for way in (VERSION, HELP, COMPLETION)),
            *(Target(way, median[way] / median[HEAVY], 1.3) for way in (CLIENT, READING)),
            Target(JOB, median[JOB] / median[EMPTY], 4),
        ]
    )


if __name__ == "__main__":
    main()
