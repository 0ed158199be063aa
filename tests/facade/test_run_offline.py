"""The run of a script that nobody submitted."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from azureml.core import Experiment, Run, Workspace, _OfflineRun

EVERYTHING = """
import io, os
from azureml.core import Run
run = Run.get_context()
before = (run.get_metrics(), run.get_tags(), run.tags, run.properties, run.get_file_names(),
          [*run.get_children()], run.get_status(), run.parent, run.number, run.get_snapshot_id(),
          run.get_details()["status"], run.type, run.input_datasets, repr(run)[:3], run._repr_html_()[:6])
assert run.id.startswith("OfflineRun_"), run.id
print("exists" if os.path.exists(".trackboard") else "nothing", flush=True)
run.log("loss", 0.5, step=1)
run.log_list("list", [1, 2])
run.log_row("row", x=1)
run.log_table("table", {"x": [1, 2]})
run.log_confusion_matrix("matrix", {"data": {}})
run.tag("a"); run.set_tags({"b": "c"}); run.remove_tags(["a"])
run.add_properties({"p": "q"})
run.upload_file("f", io.BytesIO(b"x"))
run.display_name = "named"; run.description = "described"
with run.child_run("fold") as child: child.log("loss", 1)
run.create_children(count=2)
run.flush()
"""


def run_script(text: str, **variables: str) -> subprocess.CompletedProcess[str]:
    import os

    script = Path("learn.py")
    script.write_text(text)
    return subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **variables},
    )


@pytest.mark.usefixtures("empty_folder")
def test_it_has_the_whole_interface() -> None:
    answer = run_script(EVERYTHING)

    assert (answer.returncode, answer.stdout) == (0, "nothing\n"), answer.stderr
    ws = Workspace.from_config()
    (run,) = Experiment(ws, "learn").get_runs()
    assert run.get_status() == "Completed"
    assert (run.display_name, run.description, run.get_tags()) == ("named", "described", {"b": "c"})
    metrics = run.get_metrics()
    assert metrics.pop("matrix").endswith("/matrix")
    assert metrics == {"loss": 0.5, "list": [1, 2], "row": {"x": 1}, "table": {"x": [1, 2]}}
    assert len([*run.get_children()]) == 3
    assert {"f", "matrix"} <= {*run.get_file_names()}
    ws._service.close()


@pytest.mark.usefixtures("empty_folder")
def test_disabled_it_is_silent() -> None:
    answer = run_script(EVERYTHING + "run.complete()\n", TRACKBOARD_MODE="disabled")

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "nothing\n", "")
    assert not Path(".trackboard").exists()


@pytest.mark.parametrize(
    ("leave", "code", "status"),
    [
        ("sys.exit()", 0, "Completed"),
        ("sys.exit(0)", 0, "Completed"),
        ("sys.exit(3)", 3, "Failed"),
        ("sys.exit('no data')", 1, "Failed"),
        ("raise KeyboardInterrupt", -2, "Failed"),
    ],
)
@pytest.mark.usefixtures("empty_folder")
def test_how_the_process_ends_is_how_it_ends(leave: str, code: int, status: str) -> None:
    answer = run_script(
        f"import sys\nfrom azureml.core import Run\nRun.get_context().log('a', 1)\n{leave}\n"
    )

    assert answer.returncode == code, answer.stderr
    ws = Workspace.from_config()
    (run,) = Experiment(ws, "learn").get_runs()
    assert run.get_status() == status
    ws._service.close()


FORKS = """
import multiprocessing, os
from azureml.core import Run
run = Run.get_context()
fork = multiprocessing.get_context("fork")
workers = [fork.Process(target=run.log, args=("loss", i)) for i in range(3)]
for worker in workers: worker.start()
for worker in workers: worker.join()
"""


@pytest.mark.usefixtures("empty_folder")
def test_its_forks_record_into_it() -> None:
    answer = run_script(FORKS)

    assert answer.returncode == 0, answer.stderr
    ws = Workspace.from_config()
    (run,) = Experiment(ws, "learn").get_runs()
    assert run.get_status() == "Completed"
    assert sorted(run.get_metrics()["loss"]) == [0, 1, 2]
    ws._service.close()


@pytest.mark.parametrize(
    "first",
    [
        "run.upload_file('f', io.BytesIO(b'x'))",
        "run.log_confusion_matrix('matrix', {'data': {}})",
        "run.add_properties({'a': 'b'})",
        "run.remove_tags(['a'])",
        "run.take_snapshot('.')",
    ],
)
@pytest.mark.usefixtures("empty_folder")
def test_whatever_a_script_says_first_begins_it(first: str) -> None:
    answer = run_script(
        f"import io\nfrom azureml.core import Run\nrun = Run.get_context()\n{first}\n"
    )

    assert answer.returncode == 0, answer.stderr
    ws = Workspace.from_config()
    (run,) = Experiment(ws, "learn").get_runs()
    assert run.get_status() == "Completed"
    ws._service.close()


def test_it_lacks_no_member_of_a_run() -> None:
    assert issubclass(_OfflineRun, Run)
    for name, member in inspect.getmembers(Run, inspect.isfunction):
        if not name.startswith("_"):
            ours = inspect.signature(getattr(_OfflineRun, name))
            assert ours == inspect.signature(member), name
