"""Plans: decided once, refused with a reason, never printed with a secret."""

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from tests.workspaces import launch_context_of

from trackboard.errors import InternalError, NotFound, UsageError
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.launch.context.plan_file import decode_plan, encode_plan, load_plan, save_plan
from trackboard.launch.context.plan_text import describe
from trackboard.launch.context.worker_context import WorkerContext
from trackboard.launch.request import Request
from trackboard.launch.script import find_script
from trackboard.launch.submit import (
    check_request,
    make_plan,
    plan_job_environment,
    snapshot_source,
)
from trackboard.launch.variables import job_variables
from trackboard.layout import JobPaths
from trackboard.model import Distribution, JobPlan, Launcher, RunId
from trackboard.ports import Store

RUN = RunId("demo_1_abc")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "pkg").mkdir(parents=True)
    (folder / "train.py").write_text("")
    (folder / "pkg" / "evaluate.py").write_text("")
    return folder


def _context(worker_context: WorkerContext) -> LaunchContext:
    context = launch_context_of(worker_context, cast(Store, None))  # planning asks nobody
    return replace(context, name="demo-ws", subscription_id="sub", resource_group="group")


def _plan(
    worker_context: WorkerContext, request: Request, client: dict[str, str] | None = None
) -> JobPlan:
    context = _context(worker_context)
    checked = replace(check_request(context, request), run=RUN, submitted_s=12.5)
    snapshot = snapshot_source(context, checked)
    variables = job_variables(request.variables, client or {}, context, request.experiment, RUN)
    environment = plan_job_environment(checked, variables, is_here=True)
    return make_plan(context, checked, snapshot, environment, variables)


def test_what_runs(worker_context: WorkerContext, source: Path) -> None:
    arguments = ["--rate", 0.1, 3, True, "a b", "é\n'\"", Path("x/y")]
    plan = _plan(worker_context, Request("exp", source, "pkg/evaluate.py", arguments))
    given = ("--rate", "0.1", "3", "True", "a b", "é\n'\"", "x/y")
    assert plan.script == ("pkg/evaluate.py", *given)
    assert plan.environment.interpreter == sys.executable
    assert (plan.run, plan.compute, plan.submitted_s) == (RUN, "local", 12.5)


def test_text_is_split_as_a_shell_would(worker_context: WorkerContext, source: Path) -> None:
    plan = _plan(worker_context, Request("exp", source, "train.py", "--name 'two words' -n 3"))
    assert plan.script[1:] == ("--name", "two words", "-n", "3")


def test_the_place_of_the_client_among_its_peers_is_not_the_jobs(
    worker_context: WorkerContext, source: Path
) -> None:
    """A job that rank 3 submits is a job of its own."""
    client = {"RANK": "3", "MASTER_PORT": "1234", "TF_CONFIG": "{}", "OMPI_COMM_WORLD_RANK": "3"}
    client |= {"PMIX_ID": "7", "OMPI_MCA_ess": "pmi"}
    said = {"MASTER_ADDR": "elsewhere"}  # for the job
    plan = _plan(worker_context, Request("exp", source, "train.py", variables=said), client)
    theirs = {*client, "MASTER_ADDR"} & {*plan.variables}
    assert theirs == {"MASTER_ADDR"}
    settings = {"OMPI_MCA_btl": "self,tcp"}  # of a shell that no launcher started
    plan = _plan(worker_context, Request("exp", source, "train.py"), settings)
    assert plan.variables["OMPI_MCA_btl"] == "self,tcp"


def test_variables(worker_context: WorkerContext, source: Path) -> None:
    client = {
        "SECRET": "s3cret",
        "AZUREML_RUN_ID": "of-an-outer-job",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "JPY_PARENT_PID": "7",
        "RATE": "client",
    }
    plan = _plan(
        worker_context, Request("exp", source, "train.py", variables={"RATE": "job"}), client
    )
    work = worker_context.paths.folder / "jobs" / RUN / "work"
    assert plan.variables == {
        "SECRET": "s3cret",
        "RATE": "job",
        "AZUREML_RUN_ID": RUN,
        "AZUREML_ARM_PROJECT_NAME": "exp",
        "AZUREML_ARM_SUBSCRIPTION": "sub",
        "AZUREML_ARM_RESOURCEGROUP": "group",
        "AZUREML_ARM_WORKSPACE_NAME": "demo-ws",
        "AZUREML_OUTPUT_DIRECTORY": str(work / "outputs"),
        "TENSORBOARD_LOGGING_DIR": str(work / "logs"),
        "TRACKBOARD_RUN_ID": RUN,
        "TRACKBOARD_EXPERIMENT": "exp",
        "TRACKBOARD_WORKSPACE": str(worker_context.paths.folder),
        "PYTHONUNBUFFERED": "1",
    }


def test_planning_leaves_its_input_alone(worker_context: WorkerContext, source: Path) -> None:
    arguments: list[object] = ["a"]
    client = {"A": "1"}
    plan = _plan(worker_context, Request("exp", source, "train.py", arguments), client)
    arguments.append("b")
    assert (plan.script[1:], client) == (("a",), {"A": "1"})


def test_missing_script_names_the_nearest(source: Path) -> None:
    with pytest.raises(UsageError, match=r"no script 'tran\.py' in .*source") as caught:
        find_script(source, "tran.py")
    assert "'train.py'" in caught.value.hint


def test_source_folder_that_is_none(source: Path) -> None:
    with pytest.raises(UsageError, match=r"the source folder '.*/nowhere' does not exist"):
        find_script(source / "nowhere", "train.py")
    with pytest.raises(UsageError, match=r"the source folder '.*/train\.py' is not a folder"):
        find_script(source / "train.py", "train.py")


def test_missing_script_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find_script(tmp_path, "train.py")
    assert "no .py file" in caught.value.hint


@pytest.mark.parametrize("script", ["../other.py", "/etc/passwd", "pkg/../../other.py", ""])
def test_script_outside(source: Path, script: str) -> None:
    (source.parent / "other.py").write_text("")
    with pytest.raises(UsageError, match="outside of the source folder"):
        find_script(source, script)


def test_script_by_absolute_path_inside(source: Path) -> None:
    assert find_script(source, str(source / "pkg" / "evaluate.py")) == "pkg/evaluate.py"


def test_script_that_is_ignored(worker_context: WorkerContext, source: Path) -> None:
    (source / ".amlignore").write_text("train.py\n")
    with pytest.raises(UsageError, match=r"'train\.py' is left out .*by \.amlignore") as caught:
        _plan(worker_context, Request("exp", source, "train.py"))
    assert "!train.py" in caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["a", None, {"b": 1}], r"number 1 \(None\), number 2"), (["a\0"], "0"), ("'", "split")],
)
def test_arguments_that_cannot_be_passed(
    worker_context: WorkerContext, source: Path, arguments: list[object] | str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        _plan(worker_context, Request("exp", source, "train.py", arguments))


@pytest.mark.parametrize("environment", [{"A=B": "1"}, {"": "1"}, {"A": "\0"}, {"A": 1}])
def test_variables_that_cannot_be_set(
    worker_context: WorkerContext, source: Path, environment: dict[str, str]
) -> None:
    with pytest.raises(UsageError, match="cannot be set"):
        _plan(worker_context, Request("exp", source, "train.py", variables=environment))


@pytest.fixture
def plan(worker_context: WorkerContext, source: Path) -> JobPlan:
    return _plan(
        worker_context, Request("exp", source, "train.py", ["--x"]), {"TOKEN": "s3cret\udcff"}
    )


def test_round_trip(plan: JobPlan) -> None:
    assert decode_plan(encode_plan(plan)) == plan
    limited = replace(plan, max_duration_s=3.5, notes=("a", "b"))
    assert decode_plan(encode_plan(limited)) == limited
    together = replace(plan, distribution=Distribution(Launcher.PYTORCH, 4, nodes=2))
    assert decode_plan(encode_plan(together)) == together
    assert (plan.nodes, together.nodes) == (1, 2)


def test_kept_for_the_owner_only(plan: JobPlan, tmp_path: Path) -> None:
    folder = tmp_path / "jobs" / "x"
    save_plan(JobPaths(folder), plan)
    assert load_plan(JobPaths(folder)) == plan
    assert [path.name for path in folder.iterdir()] == ["plan.json"]
    assert stat.S_IMODE((folder / "plan.json").stat().st_mode) == 0o600


def test_printing_masks_values(plan: JobPlan) -> None:
    shown = replace(plan, asked_variables=("TOKEN",))
    assert "s3cret" not in describe(shown, []) + repr(plan) + str(plan)
    assert json.loads(describe(shown, []))["variables"]["TOKEN"] == "***"


def test_printing_names_what_the_job_has_of_its_own_and_counts_what_it_inherits(
    plan: JobPlan,
) -> None:
    variables = {"TOKEN": "s3cret", "AZUREML_RUN_ID": "r", "HOME": "/root", "LANG": "C"}
    plan = replace(plan, variables=variables, asked_variables=("TOKEN",))
    told = json.loads(describe(plan, ["a.py", "b/c.py"]))
    assert told["variables"] == {"AZUREML_RUN_ID": "***", "TOKEN": "***"}
    assert told["inherited_variables"] == 2
    assert told["snapshot_files"] == ["a.py", "b/c.py"]


def test_missing_plan(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"plan\.json"):
        load_plan(JobPaths(tmp_path))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": 99}', '{"format": 1}'])
def test_damaged_plan(text: str) -> None:
    with pytest.raises(InternalError, match="plan"):
        decode_plan(text)
