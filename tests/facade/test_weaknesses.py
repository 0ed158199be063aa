"""What went wrong with the SDK, one test each, where no other module of this folder has it already."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.workspaces import parts

import azureml
from azureml.core import Environment, Experiment, Run, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.environment import DockerBuildContext
from azureml.core.experiment import ViewType
from azureml.exceptions import ServiceException, UserErrorException, WorkspaceException
from trackboard.errors import Unavailable
from trackboard.record import LiveRun


@pytest.fixture
def run(exp: Experiment) -> Run:
    return exp.start_logging(outputs=False)


# -- metrics -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.int64, np.uint64, np.int8, np.intp, np.float16, np.longdouble])
def test_numpys_numbers_are_numbers_everywhere(run: Run, kind: Callable[[int], Any]) -> None:
    value = kind(5)
    run.log("scalar", value)
    run.log_list("list", [value, value])
    run.log_row("row", x=value)
    run.log_table("table", {"x": [value, value]})
    run.log("dimensionless", np.array(value))

    assert run.get_metrics() == {
        "scalar": 5,
        "list": [5, 5],
        "row": {"x": 5},
        "table": {"x": [5, 5]},
        "dimensionless": 5,
    }


def test_large_integers_are_exact_in_rows(run: Run) -> None:
    run.log_row("row", x=2**62 + 1)

    assert run.get_metrics() == {"row": {"x": 2**62 + 1}}


def test_values_come_back_in_the_order_they_were_logged(run: Run) -> None:
    for i in range(450):
        run.log("order", i)
    run.log_list("list", range(450))

    assert run.get_metrics() == {"order": [*range(450)], "list": [*range(450)]}


def test_runs_leave_no_thread(exp: Experiment) -> None:
    before = threading.active_count()
    for _ in range(40):
        with exp.start_logging(outputs=False) as run:
            run.log("x", 1)

    assert threading.active_count() == before


def test_there_are_no_small_limits(run: Run) -> None:
    for i in range(60):
        run.log(f"metric {i}", i)
        run.tag(f"tag {i}", "x" * 2000)
    run.log("text", "x" * 5000)
    run.log_row("row", None, **{f"column{i}": i for i in range(30)})

    metrics = run.get_metrics()
    assert len(metrics) == 62
    assert (len(metrics["text"]), len(metrics["row"])) == (5000, 30)
    assert len(run.get_tags()["tag 59"] or "") == 2000


def test_what_cannot_be_read_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.log("x", 1)
    store = parts(run._service()).store

    def refuse(**_: object) -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(store, "list_series", refuse)
    with pytest.raises(ServiceException, match="does not answer") as caught:
        run.get_metrics()
    assert caught.value.status_code == 503


def test_complete_waits_for_nobody(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(10_000):
        run.log("x", float(i))
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
    run.complete()


# -- files and the end -------------------------------------------------------------------------------


def test_outputs_are_there_when_it_is_completed(
    exp: Experiment, empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []
    begun: list[Run] = []
    complete = LiveRun.complete

    def look(live: LiveRun) -> None:
        seen.append(begun[0].get_file_names())
        complete(live)

    monkeypatch.setattr(LiveRun, "complete", look)
    with exp.start_logging() as run:
        begun.append(run)
        (empty_folder / "outputs" / "model").write_text("x")

    assert seen == [["outputs/model"]]


def test_polling_is_no_matter_of_environment_variables(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("POLLING_INTERVAL_MIN", "POLLING_INTERVAL_MAX"):
        monkeypatch.setenv(f"AZUREML_RUN_{name}", "5")
    run.complete()

    assert run.wait_for_completion()["status"] == "Completed"


def test_snapshots_leave_out_what_is_no_code(exp: Experiment, empty_folder: Path) -> None:
    for name in (".git/config", "__pycache__/a.pyc", ".ipynb_checkpoints/a", "a/train.py"):
        path = empty_folder / "src" / name
        path.parent.mkdir(parents=True)
        path.write_text("x")
    place = exp.start_logging(snapshot_directory="src").restore_snapshot()

    with zipfile.ZipFile(place) as archive:
        assert archive.namelist() == ["a/train.py"]


def test_an_interrupted_start_leaves_no_run(exp: Experiment, empty_folder: Path) -> None:
    (empty_folder / "file").write_text("")

    with pytest.raises(UserErrorException, match="folder of outputs"):
        exp.start_logging(outputs="file")
    assert [*exp.get_runs()] == []


def test_nothing_warns(exp: Experiment, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = exp.start_logging(outputs=False)
        assert run.number == 1
        run.complete()

    assert capfd.readouterr().err == ""


# -- configuration -----------------------------------------------------------------------------------


def test_write_config_can_be_read_from_everywhere(ws: Workspace, empty_folder: Path) -> None:
    (empty_folder / "elsewhere" / "aml_config").mkdir(parents=True)
    ws.write_config(path="elsewhere")
    ws.write_config()

    for path in ("elsewhere", ".", str(empty_folder / ".azureml" / "config.json")):
        found = Workspace.from_config(path)
        assert found._service.folder == ws._service.folder
        found._service.close()
    assert (empty_folder / "elsewhere" / "aml_config" / "config.json").exists()


def test_create_get_and_list(empty_folder: Path) -> None:
    with pytest.raises(WorkspaceException, match="no workspace 'mine'"):
        Workspace.get("mine")
    made = Workspace.create("mine", subscription_id="s", resource_group="g", location="here")
    with pytest.raises(WorkspaceException, match="exist_ok=True"):
        Workspace.create("mine")
    again = Workspace.create("mine", exist_ok=True)
    found = Workspace.get("mine", subscription_id="s", resource_group="g")
    (listed,) = Workspace.list("s")["mine"]

    assert (made.subscription_id, made.resource_group) == ("s", "g")
    for one in (made, again, found, listed):
        assert one._service.folder == empty_folder / ".trackboard" / "mine"
        one._service.close()


@pytest.mark.parametrize("name", ["a", "", "-ab", "a b", "a" * 34, "mine\n", None])
def test_new_names_that_are_none(empty_folder: Path, name: Any) -> None:
    with pytest.raises(WorkspaceException, match="2 to 33"):
        Workspace.create(name)

    assert [*empty_folder.iterdir()] == []


def test_a_workspaces_details(ws: Workspace) -> None:
    details = ws.get_details()

    assert (details["name"], details["location"], details["sku"]) == ("default", "local", "basic")
    assert None not in details.values()
    assert details["id"].endswith("/workspaces/default")
    assert ws.models == ws.webservices == ws.linked_services == ws.tags == {}


@pytest.mark.parametrize(
    "ask",
    [
        lambda ws: ws.datastores,
        lambda ws: ws.datasets,
        lambda ws: ws.get_default_datastore(),
        lambda ws: ws.set_default_datastore("x"),
        lambda ws: ws.get_default_keyvault(),
        lambda ws: ws.get_mlflow_tracking_uri(),
    ],
)
def test_what_is_not_here_says_what_to_do(ws: Workspace, ask: Callable[[Workspace], None]) -> None:
    with pytest.raises(UserErrorException, match="There are no"):
        ask(ws)


def test_experiments_say_what_they_cannot(ws: Workspace, exp: Experiment) -> None:
    assert [one.name for one in Experiment.list(ws)] == ["trial"]
    assert Experiment.list(ws, experiment_name="other") == []
    assert Experiment.list(ws, view_type=ViewType.ArchivedOnly) == []
    assert (exp.tags, exp.archived_time, exp.id) == ({}, None, "trial")
    exp.reactivate()
    attempts: list[Callable[[], object]] = [
        lambda: exp.reactivate("new"),
        lambda: Experiment.delete(ws, "other"),
        lambda: exp.tag(""),
        lambda: exp.set_tags(3),  # type: ignore[arg-type]
        lambda: Experiment.list(ws, view_type="Some"),
    ]
    for attempt in attempts:
        with pytest.raises(UserErrorException):
            attempt()


def test_a_retired_environment_is_found_and_a_wrong_one_is_a_named_error(ws: Workspace) -> None:
    assert Environment.get(ws, "AzureML-TensorFlow-2.2-GPU").name == "AzureML-TensorFlow-2.2-GPU"
    with pytest.raises(UserErrorException, match=r"AzureML-TensorFlow-2\.2-GPU"):
        Environment.get(ws, "AzureML-TensorFlo-2.2-GPU")


def test_environments_hold_no_examples_and_insist_on_no_python() -> None:
    assert Environment("mine").environment_variables == {}
    environment = Environment("mine")
    environment.python.conda_dependencies = CondaDependencies.create(pip_packages=["numpy"])
    assert environment._request().python == CondaDependencies()._written_python == ""


def test_packages_come_with_no_options_that_nobody_asked_for(empty_folder: Path) -> None:
    assert [*CondaDependencies.create().pip_options] == []
    lines = "# numbers\n\nnumpy  # of all kinds\n-r more.txt\n"
    (empty_folder / "requirements.txt").write_text(lines)
    (empty_folder / "more.txt").write_text("scipy\n")
    request = Environment.from_pip_requirements("mine", "requirements.txt")._request()
    assert (request.pip_packages, request.pip_options) == (("numpy", "scipy"), ())


def test_build_contexts_are_not_flattened(empty_folder: Path) -> None:
    for name in ("Dockerfile", "a/config", "b/config"):
        path = empty_folder / "context" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    context = DockerBuildContext.from_local_directory(None, "context")

    assert context.location == str(empty_folder / "context")
    with pytest.raises(UserErrorException, match="no 'Dockerfile'"):
        DockerBuildContext.from_local_directory(None, str(empty_folder / "context" / "a"))


def test_modules_that_python_dropped_are_not_needed() -> None:
    root = Path(azureml.__path__[0])
    for file in root.rglob("*.py"):
        assert not {"import distutils", "import imghdr"} & {*file.read_text("utf-8").splitlines()}


def test_logging_needs_no_package() -> None:
    program = "import sys; from azureml.core import Run; print(*sys.modules)"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert not {"numpy", "sqlalchemy", "azure", "msrest"} & {*answer.stdout.split()}
