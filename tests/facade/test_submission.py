from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.waiting import until

from azureml.core import Environment, Experiment, Run, ScriptRunConfig, Workspace
from azureml.core._jobs.distribution import distribution_of
from azureml.core.compute import AmlCompute, ComputeTarget
from azureml.core.runconfig import (
    CondaDependencies,
    MpiConfiguration,
    ParallelTaskConfiguration,
    PyTorchConfiguration,
    RunConfiguration,
    TensorflowConfiguration,
)
from azureml.exceptions import (
    RunConfigurationException,
    UserErrorException,
)

if TYPE_CHECKING:
    from tests.facade.conftest import Submitted

ECHO = """
import json, os, sys
from azureml.core import Run
Run.get_context().log("seen", json.dumps([sys.argv[1:], os.environ.get("GIVEN", "")]))
"""


@pytest.fixture
def cluster(ws: Workspace) -> ComputeTarget:
    """One slot."""
    return ComputeTarget.create(
        ws, "cpu-cluster", AmlCompute.provisioning_configuration(max_nodes=1)
    )


# -- run_config -----------------------------------------------------------------------------------


def plan_of(exp: Experiment, config: ScriptRunConfig, **more: Any) -> dict[str, Any]:
    """The plan that would start."""
    plan: dict[str, Any] = json.loads(exp.submit(config, dry_run=True, **more))
    return plan


@pytest.mark.usefixtures("cluster")
def test_what_is_assigned_to_run_config_counts_at_submit(
    exp: Experiment, script: Submitted
) -> None:
    config = script(ECHO)
    config.run_config.target = "cpu-cluster"
    config.run_config.environment = Environment("mine")
    config.run_config.environment.python.conda_dependencies = CondaDependencies.create(
        pip_packages=["numpy"]
    )
    config.run_config.environment_variables["GIVEN"] = "1"
    config.run_config.environment_variables["NUMBER"] = 4  # type: ignore[assignment]
    config.run_config.max_run_duration_seconds = 60
    config.run_config.node_count = 1
    plan = plan_of(exp, config)

    assert (plan["compute"], plan["environment"]["name"]) == ("cpu-cluster", "mine")
    assert plan["environment"]["requirements"] == ["numpy"]
    assert {"GIVEN", "NUMBER"} <= {*plan["variables"]}
    assert plan["max_duration_s"] == 60


def test_variables_of_the_configuration_win_over_those_of_the_environment(
    exp: Experiment, script: Submitted
) -> None:
    config = script(ECHO, environment=Environment("mine"))
    config.environment.environment_variables["GIVEN"] = "by the environment"
    config.run_config.environment_variables["GIVEN"] = "by the configuration"
    run = exp.submit(config)
    config.run_config.environment_variables["GIVEN"] = "after submit"

    run.wait_for_completion()
    assert json.loads(run.get_metrics()["seen"]) == [[], "by the configuration"]


def test_without_anything_it_is_the_python_that_submits(exp: Experiment, script: Submitted) -> None:
    plan = plan_of(exp, script(""))

    assert plan["environment"]["interpreter"] == sys.executable
    assert (plan["compute"], plan["max_duration_s"]) == ("local", 2592000)
    assert plan["distribution"] is None


@pytest.mark.usefixtures("cluster")
def test_a_run_config_decides_and_what_it_leaves_open_is_taken_from_beside_it(
    exp: Experiment, script: Submitted, caplog: pytest.LogCaptureFixture
) -> None:
    given = RunConfiguration(arguments=["--theirs"])
    given.environment = Environment("theirs")
    before = repr(given)
    config = script(
        "",
        run_config=given,
        compute_target="cpu-cluster",
        environment=Environment("ours"),
        max_run_duration_seconds=9,
    )
    plan = plan_of(exp, config)

    assert (plan["compute"], plan["environment"]["name"]) == ("cpu-cluster", "theirs")
    assert (plan["script"], plan["max_duration_s"]) == (["train.py", "--theirs"], 9)
    (said,) = [record.message for record in caplog.records if record.name == "azureml"]
    assert "ScriptRunConfig: environment= is ignored, because run_config says it, too" in said
    assert repr(given) == before, "the user's own is not changed"
    assert config.run_config is given

    given.target = "local"
    given.max_run_duration_seconds = 8
    config.arguments = ["--ours"]
    plan = plan_of(exp, config)
    assert (plan["script"], plan["max_duration_s"]) == (["train.py", "--ours"], 8)


def test_a_run_config_assigned_later(exp: Experiment, script: Submitted) -> None:
    config = script("", arguments=["-v"])
    config.run_config = RunConfiguration(script="other.py", framework="Python")
    config.run_config.environment_variables["GIVEN"] = "1"
    plan = plan_of(exp, config)

    assert plan["script"] == ["train.py", "-v"]
    assert "GIVEN" in plan["variables"]
    with pytest.raises(UserErrorException, match="run_config='x' is str"):
        config.run_config = "x"  # type: ignore[assignment]


def test_all_of_it_in_a_run_config(exp: Experiment, script: Submitted) -> None:
    folder = script("").source_directory
    by_script = RunConfiguration(script="train.py", arguments="--rate 0.1")
    by_command = RunConfiguration(command=["python", "train.py"])

    plan = plan_of(exp, ScriptRunConfig(folder, run_config=by_script))
    assert plan["script"] == ["train.py", "--rate", "0.1"]
    plan = plan_of(exp, ScriptRunConfig(folder, run_config=by_command))
    assert (plan["script"], plan["command"]) == ([], "python train.py")
    plan = plan_of(exp, ScriptRunConfig(folder, script="train.py", run_config=by_command))
    assert (plan["script"], plan["command"]) == (["train.py"], ""), "what is given here counts"


# -- commands -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    ["python train.py --rate $GIVEN 'a b'", ["python", "train.py", "--rate", "$GIVEN", "'a b'"]],
)
def test_a_command_is_a_line_for_the_shell(
    exp: Experiment, script: Submitted, command: object
) -> None:
    folder = script(ECHO).source_directory
    config = ScriptRunConfig(folder, command=command)  # type: ignore[arg-type]
    config.run_config.environment_variables["GIVEN"] = "0.1"
    run = exp.submit(config)

    run.wait_for_completion()
    assert json.loads(run.get_metrics()["seen"]) == [["--rate", "0.1", "a b"], "0.1"]


def test_words_of_a_command_may_be_numbers(exp: Experiment, script: Submitted) -> None:
    folder = script("").source_directory
    config = ScriptRunConfig(folder, command=["python", "train.py", "--rate", 0.1, np.int64(3)])

    assert plan_of(exp, config)["command"] == "python train.py --rate 0.1 3"


def test_a_word_that_the_shell_splits_is_said(
    exp: Experiment, script: Submitted, caplog: pytest.LogCaptureFixture
) -> None:
    folder = script("").source_directory
    plan_of(exp, ScriptRunConfig(folder, command=["python train.py", "--name", "a b"]))

    (said,) = [record.message for record in caplog.records if record.name == "azureml"]
    assert "the shell splits 'a b' into several words" in said
    assert "shlex.quote('a b')" in said


@pytest.mark.parametrize("more", [{"script": "train.py"}, {"arguments": ["-v"]}])
def test_a_script_or_a_command(more: dict[str, Any]) -> None:
    with pytest.raises(UserErrorException, match="or command=, not both"):
        ScriptRunConfig(".", command="ls", **more)


# -- several processes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (PyTorchConfiguration("Gloo", process_count=2), ("pytorch", 2, 1, 0, "gloo")),
        (PyTorchConfiguration(node_count=2), ("pytorch", 2, 2, 0, "nccl")),
        (PyTorchConfiguration(process_count=4, node_count=2), ("pytorch", 4, 2, 0, "nccl")),
        (TensorflowConfiguration(2, 1), ("tensorflow", 3, 2, 1, "")),
        (MpiConfiguration(2, 2), ("mpi", 4, 2, 0, "")),
        (MpiConfiguration(), None),
    ],
    ids=str,
)
def test_distributed(script: Submitted, job: object, expected: object) -> None:
    found = distribution_of(script("", distributed_job_config=job).run_config)

    assert expected == (
        found
        and (
            found.launcher.value,
            found.processes,
            found.nodes,
            found.parameter_servers,
            found.backend,
        )
    )


def test_two_processes_are_one_run(exp: Experiment, script: Submitted) -> None:
    job = PyTorchConfiguration("Gloo", process_count=2)
    run = exp.submit(
        script(
            "import os; from azureml.core import Run\n"
            "Run.get_context().log('rank', int(os.environ['RANK']))\n",
            distributed_job_config=job,
        )
    )
    run.wait_for_completion()
    assert run.get_metrics() == {"rank": 0, "rank1/rank": 1}


def test_the_older_way_to_say_it(script: Submitted) -> None:
    config = script("").run_config
    config.framework, config.communicator = "TensorFlow", "ParameterServer"
    config.tensorflow.worker_count = 3
    found = distribution_of(config)
    assert found is not None
    assert (found.processes, found.parameter_servers) == (4, 1)
    config.framework, config.communicator = "python", "Mpi"
    config.mpi.process_count_per_node = 2
    found = distribution_of(config)
    assert found is not None
    assert (found.processes, found.launcher.value) == (2, "mpi")


@pytest.mark.parametrize(
    ("set_up", "said"),
    [
        ({"node_count": 2}, "node_count=2, but nothing says how the processes find each other"),
        ({"framework": "PySpark"}, "framework='PySpark' cannot be run"),
        ({"communicator": "Smoke"}, "communicator='Smoke' cannot be used; there is Mpi"),
        (
            {
                "pytorch": PyTorchConfiguration(process_count=3),
                "node_count": 2,
                "communicator": "Nccl",
            },
            "process_count=3 cannot be spread over node_count=2",
        ),
    ],
)
def test_what_cannot_be_started(
    exp: Experiment, script: Submitted, set_up: dict[str, Any], said: str
) -> None:
    config = script("")
    for name, value in set_up.items():
        setattr(config.run_config, name, value)

    with pytest.raises(RunConfigurationException, match=said):
        exp.submit(config)
    assert [*exp.get_runs()] == []


def test_parallel_tasks_are_kept_and_refused(exp: Experiment, script: Submitted) -> None:
    config = script("", distributed_job_config=ParallelTaskConfiguration())

    with pytest.raises(
        RunConfigurationException, match="communicator='ParallelTask' cannot be used"
    ):
        exp.submit(config)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "distributed_job_config",
            r"distributed_job_config='x' is str; write PyTorchConfiguration\(",
        ),
        ("docker_runtime_config", r"docker_runtime_config='x' is str; write DockerConfiguration\("),
    ],
)
def test_what_is_no_configuration(script: Submitted, name: str, said: str) -> None:
    with pytest.raises(RunConfigurationException, match=said):
        script("", **{name: "x"})


@pytest.fixture
def waiting(exp: Experiment, script: Submitted) -> Run:
    """A job that waits for a slot that there is not."""
    closed = AmlCompute.provisioning_configuration(max_nodes=0)
    ComputeTarget.create(exp.workspace, "closed", closed)
    run: Run = exp.submit(script("", compute_target="closed"))
    return run


def test_nobody_fails_the_job_of_another_process(waiting: Run) -> None:
    with pytest.raises(UserErrorException, match=r"run.cancel\(\) ends it"):
        waiting.fail(error_details="I do not like it")

    assert waiting.get_status() == "Queued"
    assert "error" not in waiting.get_details()
    assert waiting.get_properties().keys().isdisjoint({"azureml.error_code", "trackboard.reason"})


def test_completing_the_job_of_another_process_is_a_warning(
    waiting: Run, caplog: pytest.LogCaptureFixture
) -> None:
    waiting.complete()

    assert "goes on in the process that runs it; cancel() ends it" in caplog.text
    assert waiting.get_status() == "Queued"


def test_a_canceled_job_says_so_at_once(waiting: Run, exp: Experiment, script: Submitted) -> None:
    waiting.cancel()
    assert waiting.get_status() == "Canceled"

    running = exp.submit(script("import time\ntime.sleep(600)"))
    until(lambda: running.get_status() == "Running")
    running.cancel()

    assert running.get_status() in ("CancelRequested", "Canceled")
    assert running.get_details()["status"] in ("CancelRequested", "Canceled")
    assert running.wait_for_completion()["status"] == "Canceled"
