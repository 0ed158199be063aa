from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.waiting import until

from azureml.core import Environment, Experiment, ScriptRun, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import (
    DockerConfiguration,
    RunConfiguration,
)
from azureml.exceptions import (
    ActivityFailedException,
    AzureMLException,
    ExperimentExecutionException,
    ServiceException,
    UserErrorException,
)

if TYPE_CHECKING:
    from tests.facade.conftest import Submitted

ECHO = """
import json, os, sys
from azureml.core import Run
Run.get_context().log("seen", json.dumps([sys.argv[1:], os.environ.get("GIVEN", "")]))
"""
WAIT_FOR_END = """
import os, time
for _ in range(600):
    if os.path.exists(os.environ["END"]):
        break
    time.sleep(0.05)
"""


@pytest.fixture
def cluster(ws: Workspace) -> ComputeTarget:
    """One slot."""
    return ComputeTarget.create(
        ws, "cpu-cluster", AmlCompute.provisioning_configuration(max_nodes=1)
    )


@pytest.fixture
def end(empty_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Jobs end when this file is there; they find it by a variable of ours, which is passed on."""
    monkeypatch.setenv("END", str(empty_folder / "end"))
    return empty_folder / "end"


def test_it_runs_and_completes(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(script("print('hello')"))

    assert isinstance(run, ScriptRun)
    assert run.type == ScriptRun.RUN_TYPE == "azureml.scriptrun"
    assert run.id.startswith("trial_")
    details = run.wait_for_completion()
    assert (details["status"], details["target"]) == ("Completed", "local")
    assert "user_logs/std_log.txt" in details["logFiles"]
    assert "user_logs/std_log.txt" in run.get_file_names()


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        (["--rate", 0.1, "--flag", True, "a b"], ["--rate", "0.1", "--flag", "True", "a b"]),
        ("--rate 0.1 'a b'", ["--rate", "0.1", "a b"]),
        (
            ("a\nb", 'it\'s "so"', "$HOME", "größe", ""),
            ["a\nb", 'it\'s "so"', "$HOME", "größe", ""],
        ),
        ([np.int64(3), np.float32(0.5), np.bool_(True), Path("a/b")], ["3", "0.5", "True", "a/b"]),
        (None, []),
    ],
)
def test_arguments(exp: Experiment, script: Submitted, arguments: object, seen: list[str]) -> None:
    run = exp.submit(script(ECHO, arguments=arguments))

    run.wait_for_completion()
    assert json.loads(run.get_metrics()["seen"]) == [seen, ""]


def test_the_clients_variables_and_the_environments_are_passed_on(
    exp: Experiment, script: Submitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIVEN", "by the client")
    environment = Environment("mine")
    runs = [exp.submit(script(ECHO))]
    environment.environment_variables["GIVEN"] = "by the environment"
    runs.append(exp.submit(script(ECHO, environment=environment)))

    for run in runs:
        run.wait_for_completion()
    found = [json.loads(run.get_metrics()["seen"])[1] for run in runs]
    assert found == ["by the client", "by the environment"]


def test_tags_are_there_from_the_beginning(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(script(""), tags={"try": 1, "baseline": None})

    assert run.get_tags() == {"try": "1", "baseline": None}
    run.wait_for_completion()


def test_a_script_that_exits_with_3_fails(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(script("import sys; print('before', file=sys.stderr); sys.exit(3)"))

    with pytest.raises(ActivityFailedException, match="the script exited with code 3") as caught:
        run.wait_for_completion()

    assert run.id in caught.value.message
    assert "std_log.txt" in caught.value.message, "where to look"
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"
    assert "3" in run.get_details()["error"]["error"]["message"]


@pytest.mark.parametrize(("code", "status"), [(0, "Completed"), (3, "Failed")])
def test_what_a_script_says_of_its_failure_is_told(
    exp: Experiment, script: Submitted, code: int, status: str
) -> None:
    run = exp.submit(
        script(
            "import sys\nfrom azureml.core import Run\nrun = Run.get_context()\n"
            "run.fail('no more data', 'DataError')\nrun.fail('again')\n"
            f"sys.exit({code})"
        )
    )

    details = run.wait_for_completion(raise_on_error=False)

    assert details["status"] == status, "the exit code decides"
    assert details["error"] == {"error": {"code": "DataError", "message": "no more data"}}


def test_show_output_prints_the_console_once(
    exp: Experiment, script: Submitted, capsys: pytest.CaptureFixture[str]
) -> None:
    run = exp.submit(
        script(
            "import time\n"
            "for i in range(3): print('line', i, flush=True); time.sleep(.3)\n"
            "print('end', end='')\n"
        )
    )
    run.wait_for_completion(show_output=True)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"RunId: {run.id}"
    assert [line for line in lines if line.startswith(("line", "end"))] == [
        "line 0",
        "line 1",
        "line 2",
        "end",
    ]
    assert lines[-1] == "Status: Completed"


def test_one_slot_runs_one_job_at_once(
    exp: Experiment,
    script: Submitted,
    cluster: ComputeTarget,
    end: Path,
) -> None:
    config = script(WAIT_FOR_END, compute_target=cluster)
    first, second = exp.submit(config), exp.submit(config)
    until(lambda: first.get_status() == "Running")

    assert second.get_status() == "Queued"
    status = cluster.get_status().serialize()
    assert status["nodeStateCounts"]["runningNodeCount"] == 1
    end.touch()
    second.wait_for_completion()
    assert first.get_status() == "Completed"


@pytest.mark.usefixtures("cluster")
def test_by_the_name_of_the_compute_target(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(script("", compute_target="cpu-cluster"))

    assert run.wait_for_completion()["target"] == "cpu-cluster"


@pytest.mark.usefixtures("end")
def test_cancel_ends_it_and_waiting_does_not_raise(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(script(WAIT_FOR_END))
    run.cancel()

    assert run.wait_for_completion()["status"] == "Canceled"


def test_attributes_are_read_and_assigned_later(exp: Experiment, script: Submitted) -> None:
    config = script(ECHO)
    config.arguments = ["later"]
    config.compute_target = "local"

    run = exp.submit(config)
    run.wait_for_completion()
    assert json.loads(run.get_metrics()["seen"]) == [["later"], ""]


# -- what submit is asked for ---------------------------------------------------------------------


def plan_of(exp: Experiment, config: ScriptRunConfig, **more: Any) -> dict[str, Any]:
    """The plan that would start."""
    plan: dict[str, Any] = json.loads(exp.submit(config, dry_run=True, **more))
    return plan


def test_a_dry_run_prints_and_returns_the_plan_and_starts_nothing(
    exp: Experiment,
    script: Submitted,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("INHERITED", "hunter1")
    config = script("", arguments=["--rate", 0.1])
    config.run_config.environment_variables["SECRET"] = "hunter2"
    text = exp.submit(config, dry_run=True)

    assert json.loads(text)["script"] == ["train.py", "--rate", "0.1"]
    assert capsys.readouterr().out == text + "\n"
    assert "SECRET" in text
    assert "INHERITED" not in text
    assert "hunter" not in text
    assert json.loads(text)["snapshot_files"] == ["train.py"]
    assert [*exp.get_runs()] == []


def test_an_id_and_a_name_of_ones_own(exp: Experiment, script: Submitted) -> None:
    run = exp.submit(
        script(""), run_id="mine", display_name="the first", credential_passthrough=True
    )
    run.wait_for_completion()

    assert (run.id, run.display_name) == ("mine", "the first")
    with pytest.raises(ServiceException, match="'mine' is taken") as caught:
        exp.submit(script(""), run_id="mine")
    assert caught.value.status_code == 409
    with pytest.raises(ExperimentExecutionException, match="is not allowed"):
        exp.submit(script(""), run_id="../mine")


def test_what_becomes_of_the_lists_afterwards_does_not_matter(
    exp: Experiment, script: Submitted
) -> None:
    arguments: list[object] = ["--rate", 0.1]
    config = script(ECHO, arguments=arguments)
    arguments.append("before")
    run = exp.submit(config)
    arguments.append("after")

    run.wait_for_completion()
    assert json.loads(run.get_metrics()["seen"])[0] == ["--rate", "0.1", "before"]
    assert arguments == ["--rate", 0.1, "before", "after"]


def test_docker_has_no_effect_and_the_log_says_so(exp: Experiment, script: Submitted) -> None:
    plan = plan_of(exp, script("", docker_runtime_config=DockerConfiguration(use_docker=True)))

    assert any("no containers here" in note for note in plan["notes"])
    plan = plan_of(exp, script("", docker_runtime_config=DockerConfiguration()))
    assert not any("containers" in note for note in plan["notes"])


def test_going_on_from_a_path(exp: Experiment, script: Submitted, empty_folder: Path) -> None:
    (empty_folder / "a b").mkdir()
    config = script("", arguments=["-v"], resume_from="a b")
    path = str(empty_folder / "a b")

    assert plan_of(exp, config)["script"] == ["train.py", "-v", "--resume-from", path]
    config = ScriptRunConfig(config.source_directory, command="python x.py", resume_from=path)
    assert plan_of(exp, config)["command"] == f"python x.py --resume-from '{path}'"


def test_going_on_from_a_run(exp: Experiment, script: Submitted) -> None:
    first = exp.submit(
        script("import os; os.makedirs('outputs/m'); open('outputs/m/w', 'w').write('weights')")
    )
    first.wait_for_completion()
    config = script(
        "import sys; from azureml.core import Run\n"
        "Run.get_context().log('found', open(sys.argv[2] + '/m/w').read())\n",
        resume_from=first._get_outputs_datapath(),
    )
    folder = Path(plan_of(exp, config)["script"][2])
    assert [path.name for path in folder.rglob("*")] == ["m", "w"]
    second = exp.submit(config)
    second.wait_for_completion()
    assert [*folder.parent.iterdir()] == [folder]
    assert second.get_metrics() == {"found": "weights"}


def test_nothing_to_go_on_from(exp: Experiment, script: Submitted) -> None:
    for given, said in (
        ("nothing", r"resume_from='nothing': there is no /.*nothing\. Pass a file or folder"),
        (3, "resume_from=3 is int. Pass a file or folder of this machine, or an earlier run"),
        (exp.start_logging(outputs=False), r"\(Running\) has no files in outputs/"),
    ):
        with pytest.raises(UserErrorException, match=said):
            exp.submit(script("", resume_from=given))


# -- what cannot be ----------------------------------------------------------------------------------


@pytest.mark.parametrize("argument", [object(), {"a": 1}, None, [1], RunConfiguration])
def test_arguments_that_no_script_can_be_given(
    exp: Experiment, script: Submitted, argument: object
) -> None:
    with pytest.raises(UserErrorException, match=r"no script can be given.*no datasets"):
        exp.submit(script("", arguments=["--data", argument]))


def test_datasets_of_a_configuration_are_refused(exp: Experiment, script: Submitted) -> None:
    config = script("")
    config.run_config.data_references["x"] = object()

    with pytest.raises(
        UserErrorException, match="data_references cannot be used: there are no data"
    ):
        exp.submit(config)


def test_what_is_nothing_to_submit(exp: Experiment) -> None:
    for wrong in ("train.py", ScriptRunConfig, RunConfiguration()):
        with pytest.raises(AzureMLException, match="which cannot be submitted; a ScriptRunConfig"):
            exp.submit(wrong)


def test_a_script_that_is_not_there_is_said_with_the_nearest(
    exp: Experiment, script: Submitted
) -> None:
    config = script("")
    config.script = "trian.py"

    with pytest.raises(ExperimentExecutionException, match=r"no script 'trian.py'") as caught:
        exp.submit(config)
    assert "Did you mean 'train.py'?" in caught.value.message
    assert [*exp.get_runs()] == [], "nothing was begun"


def test_a_folder_that_is_not_there(exp: Experiment) -> None:
    with pytest.raises(ExperimentExecutionException, match="nowhere"):
        exp.submit(ScriptRunConfig("nowhere", script="train.py"))


def test_no_script_at_all(exp: Experiment) -> None:
    with pytest.raises(ExperimentExecutionException, match=r"script='train\.py'"):
        exp.submit(ScriptRunConfig(source_directory=os.curdir))


@pytest.mark.usefixtures("cluster")
def test_an_unknown_compute_target_lists_what_there_is(exp: Experiment, script: Submitted) -> None:
    with pytest.raises(ExperimentExecutionException, match="no compute target 'gpu'") as caught:
        exp.submit(script("", compute_target="gpu"))

    assert "There is: cpu-cluster, local" in caught.value.message


def test_an_environment_is_an_environment(script: Submitted) -> None:
    with pytest.raises(UserErrorException, match=r"Environment.get\(workspace, name\)"):
        script("", environment="AzureML-TensorFlow-2.2-GPU")


def test_submits_arguments_are_checked(exp: Experiment, script: Submitted) -> None:
    with pytest.raises(UserErrorException, match="submit: script_params cannot be used"):
        exp.submit(script(""), script_params={})


def test_the_variable_of_the_page_on_tensorflow_1(exp: Experiment, empty_folder: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "tensorflow-1.md"
    example = page.read_text().partition("```python\n")[2].partition("```")[0]
    (empty_folder / "training").mkdir()
    (empty_folder / "training" / "train.py").write_text(
        "import os\nfrom azureml.core import Run\n"
        'Run.get_context().log("seen", os.environ["TRACKBOARD_TENSORFLOW_V1"])\n'
    )
    names: dict[str, Any] = {"ScriptRunConfig": ScriptRunConfig}
    exec(example, names)

    run = exp.submit(names["config"])

    run.wait_for_completion()
    assert run.get_metrics() == {"seen": "0"}
