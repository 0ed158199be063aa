"""`Run.get_context()` in scripts: submitted ones, and those that a person starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.prerequisites import find

from azureml.core import Experiment, Run, Workspace
from azureml.exceptions import RunEnvironmentException

if TYPE_CHECKING:
    from tests.facade.conftest import Submitted

SOURCE = Path(__file__).parents[2] / "src"


# Ours, and the oldest ones that jobs may have, where they are installed.
INTERPRETERS = [*filter(None, (sys.executable, find("python3.9"), find("python3.10")))]


def run_script(
    text: str, *options: str, python: str = sys.executable, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a file `learn.py` of the current folder, as a person does."""
    Path("learn.py").write_text(text)
    return subprocess.run(
        [python, *options, "learn.py"],
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def the_only_run(ws: Workspace, experiment: str = "learn") -> Run:
    (run,) = Experiment(ws, experiment).get_runs(include_children=False)
    return run


# -- outside of a job --------------------------------------------------------------------------------


def test_outside_it_is_a_run_that_completes_with_the_process(ws: Workspace) -> None:
    answer = run_script(
        "from azureml.core import Run\n"
        "run = Run.get_context()\n"
        "assert run is Run.get_context()\n"
        "run.log('loss', 0.5, step=3)\n"
        "run.tag('a', 'b')\n"
        "with run.child_run('fold') as child: child.log('loss', 1)\n"
    )

    assert (answer.returncode, answer.stderr) == (0, "")
    run = the_only_run(ws)
    assert run.get_status() == "Completed"
    assert run.get_metrics() == {"loss": 0.5}
    assert [child.name for child in run.get_children()] == ["fold"]


def test_outside_an_exception_that_nobody_catches_fails_it(ws: Workspace) -> None:
    answer = run_script("from azureml.core import Run\nRun.get_context()\n1 / 0\n")

    assert answer.returncode == 1
    assert "ZeroDivisionError: division by zero" in answer.stderr, "it is shown as ever"
    run = the_only_run(ws)
    assert run.get_status() == "Failed"
    assert "ZeroDivisionError" in run.get_details()["error"]["error"]["message"]


def test_outside_a_killed_process_fails_it(ws: Workspace) -> None:
    run_script(
        "import os\nfrom azureml.core import Run\nRun.get_context().log('loss', 1)\nos.kill(os.getpid(), 9)\n"
    )

    run = the_only_run(ws)
    assert (run.get_status(), run.get_metrics()) == ("Failed", {"loss": 1})


def test_outside_it_may_be_completed_by_hand(ws: Workspace) -> None:
    answer = run_script(
        "from azureml.core import Run\nrun = Run.get_context()\nrun.fail('by hand')\n"
    )

    assert answer.returncode == 0
    assert the_only_run(ws).get_details()["error"]["error"]["message"] == "by hand"


@pytest.mark.usefixtures("empty_folder")
def test_scripts_compare_its_type() -> None:
    answer = run_script(
        "from azureml.core.run import Run, _OfflineRun\n"
        "assert type(Run.get_context()) == _OfflineRun\n"
        "assert isinstance(Run.get_context(), Run)\n"
    )

    assert answer.returncode == 0, answer.stderr


def test_outside_it_can_be_refused(empty_folder: Path) -> None:
    with pytest.raises(RunEnvironmentException, match="not started as a job"):
        Run.get_context(allow_offline=False)

    assert [*empty_folder.iterdir()] == [], "asking makes no workspace"


# -- inside of a job ---------------------------------------------------------------------------------


def test_in_a_job_it_is_the_jobs_run(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(
        script(
            "from azureml.core import Run\n"
            "run = Run.get_context(allow_offline=False)\n"
            "assert run is Run.get_context()\n"
            "run.log('loss', 0.25)\n"
            "with run.child_run('fold') as child: child.log('loss', 1)\n"
            "run.complete()\n"
            "print('I am', run.id)\n"
            "run.log('loss', 0.5)\n"
        )
    )

    assert run.wait_for_completion()["status"] == "Completed"
    assert run.get_metrics() == {"loss": [0.25, 0.5]}, "complete() in the script ends nothing"
    assert [child.get_metrics() for child in run.get_children()] == [{"loss": 1}]
    assert f"I am {run.id}" in (run._folder() / "user_logs" / "std_log.txt").read_text()


def test_in_a_job_the_rest_of_the_run_is_there_too(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(
        script(
            "from azureml.core import Run\n"
            "run = Run.get_context()\n"
            "run.log('seen', f'{run.experiment.name} {run.number} {run.get_status()}')\n"
            "run.log('workspace', run.experiment.workspace.name)\n"
        )
    )

    run.wait_for_completion()
    assert run.get_metrics() == {"seen": "trial 1 Running", "workspace": "default"}


def test_with_run_in_a_job_leaves_the_state_to_the_job(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(
        script(
            "from azureml.core import Run\n"
            "with Run.get_context() as run: run.log('loss', 1)\n"
            "raise SystemExit(3)\n"
        )
    )

    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    assert run.get_metrics() == {"loss": 1}


# -- what it needs -----------------------------------------------------------------------------------


@pytest.mark.parametrize("python", INTERPRETERS, ids=lambda path: Path(path).parent.parent.name)
def test_a_script_needs_nothing_but_the_standard_library(ws: Workspace, python: str) -> None:
    run = Experiment(ws, "trial").start_logging()
    answer = run_script(
        f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n"
        "import azureml.core.run\n"
        "from azureml.core import Run\n"
        "run = Run.get_context()\n"
        "run.log('loss', 0.5)\n"
        "run.log('note', 'text', step=2)\n"
        "run.complete()\n",
        "-S",  # no site packages
        "-I",  # nor what PYTHONPATH names
        python=python,
        TRACKBOARD_RUN_ID=run.id,
        TRACKBOARD_WORKSPACE=str(ws._service.folder),
        TRACKBOARD_EXPERIMENT="trial",
    )

    assert (answer.returncode, answer.stderr) == (0, "")
    assert run.get_metrics() == {"loss": 0.5, "note": "text"}
    assert run.get_status() == "Running"


RECORDS = """
import io, os
from azureml.core import Run
from azureml.exceptions import UserErrorException

run = Run.get_context()
with open("picture.png", "wb") as file:
    file.write(b"\\x89PNG\\r\\n\\x1a\\n and so on")
run.log_list("list", [1, 2])
run.log_row("row", x=1, y=2)
run.log_table("table", {"x": [1, 2]})
run.log_image("image", path="picture.png")
run.log_confusion_matrix("matrix", {"data": {}})
run.upload_file("model.txt", io.BytesIO(b"weights"))
run.upload_folder("folder", ".")
run.tag("colour", "green")
run.remove_tags("none")
run.add_properties({"author": "me"})
run.flush()
with run.child_run("fold") as child:
    child.log("loss", 1)
    child.upload_file("child.txt", io.BytesIO(b"more"))
for read in (run.get_metrics, run.get_file_names, run.get_status, lambda: run.experiment):
    try:
        read()
    except UserErrorException as error:
        assert "sqlalchemy" in str(error), error
    else:
        raise AssertionError(read)
run.complete()
"""


@pytest.mark.parametrize("python", INTERPRETERS, ids=lambda path: Path(path).parent.parent.name)
def test_all_that_records_needs_nothing_else_either(
    ws: Workspace, python: str, empty_folder: Path
) -> None:
    run = Experiment(ws, "trial").start_logging(outputs=False)
    (empty_folder / "records.py").write_text(RECORDS)
    answer = run_script(
        f"import sys; sys.path.insert(0, {str(SOURCE)!r})\n"
        "exec(compile(open('records.py').read(), 'records.py', 'exec'))\n",
        "-S",
        "-I",
        python=python,
        TRACKBOARD_RUN_ID=run.id,
        TRACKBOARD_WORKSPACE=str(ws._service.folder),
        TRACKBOARD_EXPERIMENT="trial",
    )

    assert (answer.returncode, answer.stderr) == (0, "")
    metrics = run.get_metrics()
    assert {name: metrics[name] for name in ("list", "row", "table")} == {
        "list": [1, 2],
        "row": {"x": 1, "y": 2},
        "table": {"x": [1, 2]},
    }
    assert {"image", "matrix"} <= metrics.keys()
    assert run.get_tags() == {"colour": "green"}
    assert run.get_properties()["author"] == "me"
    assert {"model.txt", "picture.png", "folder/picture.png"} <= {*run.get_file_names()}
    (child,) = run.get_children()
    assert (child.get_metrics(), child.get_file_names()) == ({"loss": 1}, ["child.txt"])
    run.complete()


def test_names_of_core_are_there_without_importing_their_modules() -> None:
    text = (
        "import azureml.core\n"
        "assert azureml.core.run.Run is azureml.core.Run\n"
        "assert azureml.core.VERSION == azureml.core.__version__\n"
        "assert {'Workspace', 'Experiment', 'Environment'} <= {*dir(azureml.core)}\n"
        "assert not hasattr(azureml.core, 'NoSuchThing')\n"
        "import sys; assert 'sqlalchemy' not in sys.modules and 'numpy' not in sys.modules\n"
        "assert azureml.core.workspace.Workspace is azureml.core.Workspace\n"
        "assert azureml.core.compute.ComputeTarget is azureml.core.ComputeTarget\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=False
    )

    assert (answer.returncode, answer.stderr) == (0, "")
