"""A run in our own words from its `with` block to the command line, in processes of their own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from tests.waiting import PATIENCE_S, until
from tests.workspaces import api

from trackboard.model import RunState
from trackboard.workspace import Workspace

_TRAIN = """
import sys, trackboard

workspace = trackboard.Workspace.open()
with workspace.start_run("digits", name=sys.argv[1], parameters={"lr": 0.1}, console=True) as run:
    for step in range(5):
        run.log("loss", 1 / (step + 1), step)
        print("epoch", step)
    exec(sys.argv[2])
"""
_COMMAND = Path(sys.executable).with_name("trackboard")


def train(folder: Path, name: str, ending: str) -> "subprocess.Popen[str]":
    program = folder / "train.py"
    program.write_text(_TRAIN)
    return subprocess.Popen(
        [sys.executable, str(program), name, ending, "--token", "S3CRET"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def tell(folder: Path, *words: str) -> str:
    answer = subprocess.run(
        [_COMMAND, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize(
    ("ending", "state", "cause", "code"),
    [
        ("pass", "completed", "", 0),
        pytest.param("sys.exit(0)", "completed", "", 0, marks=pytest.mark.long),
        pytest.param("sys.exit(4)", "failed", "sys.exit(4)", 4, marks=pytest.mark.long),
        ("raise ValueError('no good')", "failed", "ValueError: no good", 1),
    ],
)
def test_from_the_block_to_the_command(
    empty_folder: Path, ending: str, state: str, cause: str, code: int
) -> None:
    process = train(empty_folder, "first", ending)
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code
    printed = "".join(f"epoch {step}\n" for step in range(5))
    assert output == printed
    told = json.loads(tell(empty_folder, "runs", "--json", "--sort", "loss"))
    assert (told["name"], told["state"]) == ("first", state)
    assert told["cause"].partition("\n")[0] == cause
    assert told["metrics"]["loss"]["last"] == 0.2
    shown = json.loads(tell(empty_folder, "show", "digits/first", "--json"))
    assert "S3CRET" not in json.dumps(shown)
    assert shown["properties"]["trackboard.command"].endswith("--token '***'")
    assert shown["metrics"]["loss"]["count"] == 5
    assert tell(empty_folder, "logs", "first").startswith(printed)
    assert "digits/first" in tell(empty_folder, "runs", "--where", "loss < 0.3").splitlines()[1]


@pytest.mark.parametrize(
    ("number", "state"), [(signal.SIGINT, RunState.CANCELED), (signal.SIGKILL, RunState.FAILED)]
)
def test_a_run_that_is_interrupted(
    empty_folder: Path, number: signal.Signals, state: RunState
) -> None:
    process = train(
        empty_folder, "first", "import time; print('ready', flush=True); time.sleep(600)"
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line == "ready\n":
            break
    os.kill(process.pid, number)
    process.communicate(timeout=PATIENCE_S)
    workspace = Workspace.open(empty_folder)
    until(lambda: api(workspace).runs()[0].state is not RunState.RUNNING, "still running")
    run = api(workspace).runs()[0]
    assert run.state is state
    assert api(workspace).history(run, "loss").values.tolist() == [
        1 / (step + 1) for step in range(5)
    ]
    workspace.close()


_STREAMS = ("stdout", "stderr")
_CELLS = """
import sys, trackboard
workspace = trackboard.Workspace.open()
with workspace.start_run("notebook", console=True) as run:
    print("hello")
    print("careful", file=sys.stderr)
    for percent in range(101):
        sys.stderr.write(f"\\r{percent}%")
----
print(workspace.open_file(run, "user_logs/std_log.txt").read().decode())
print(type(sys.stdout).__name__)
"""


def test_the_console_of_a_notebook(empty_folder: Path) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in _CELLS.split("----")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    metadata = {"metadata": {"path": str(empty_folder)}}
    NotebookClient(notebook, timeout=PATIENCE_S, resources=metadata).execute()
    first, second = (
        {name: "".join(o.text for o in cell.outputs if o.get("name") == name) for name in _STREAMS}
        for cell in notebook.cells
    )
    notice, *printed = first["stdout"].splitlines()
    assert notice.startswith("trackboard: new workspace in ")
    assert printed == ["hello"]
    assert "careful\n" in first["stderr"]
    assert first["stderr"].endswith("\r100%")
    assert second["stdout"] == "hello\ncareful\n100%\n\nOutStream\n"
