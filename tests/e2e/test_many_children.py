"""Fifty processes that make two hundred child runs each, of one parent and all at once.

What is promised about the order of `get_children`: newest first by the time at which each was begun,
whichever process began it; so the children of one process come in the reverse of the order in which it
began them, and those of several are interleaved as they happened.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from azureml.core import Run, Workspace

_PROGRAM = Path(__file__).parent / "programs" / "make_children.py"
_FORKS, _CHILDREN = 50, 200


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("empty_folder")
def test_fifty_processes_make_ten_thousand_children() -> None:
    program = [sys.executable, str(_PROGRAM), str(_FORKS), str(_CHILDREN)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    workspace = Workspace.from_config()
    parent = Run.get(workspace, done.stdout.split()[-1])

    children = [*parent.get_children()]

    assert len({child.id for child in children}) == _FORKS * _CHILDREN
    stored = {run.id: run for run in workspace._service.runs.list(parent=parent._live.id)}
    in_order = [stored[child._live.id] for child in children]
    times_s = [run.created_s for run in in_order]
    assert times_s == sorted(times_s, reverse=True)
    for fork in range(_FORKS):
        own = [run.name for run in in_order if run.name.startswith(f"{fork}.")]
        assert own == [f"{fork}.{number}" for number in reversed(range(_CHILDREN))]
    assert sorted(run.number for run in in_order) == [*range(2, _FORKS * _CHILDREN + 2)]
    assert {str(run.state.value) for run in in_order} == {"completed"}
    assert not any(run.warnings or run.lost_points for run in in_order)

    scores = {found["score"] for found in parent.get_metrics(recursive=True).values()}
    assert scores == {1000 * fork + n for fork in range(_FORKS) for n in range(_CHILDREN)}
    assert parent.get_status() == "Completed"
