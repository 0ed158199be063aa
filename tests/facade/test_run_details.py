"""What is known of a run, and how it looks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from azureml.core import Experiment, Run, ScriptRunConfig, Workspace
from azureml.core.compute import AmlCompute
from azureml.core.runconfig import PyTorchConfiguration
from azureml.exceptions import ActivityFailedException, UserErrorException
from trackboard.ingest.silence import Silence
from trackboard.spool import list_writers

Submitted = Callable[..., ScriptRunConfig]
NASTY = "<script>alert(1)</script>"


@pytest.fixture
def run(exp: Experiment) -> Run:
    return exp.start_logging(outputs=False)


def test_a_jobs_details(exp: Experiment, script: Submitted) -> None:
    job = exp.submit(script("print('hello')", arguments=["--lr", 0.1]), tags={"a": 1})
    details = job.wait_for_completion()

    assert details["target"] == "local"
    assert details["status"] == "Completed"
    definition = details["runDefinition"]
    assert definition["script"] == "train.py"
    assert definition["arguments"] == ["--lr", "0.1"]
    assert [*details["logFiles"]] == ["user_logs/std_log.txt"]
    assert details["logFiles"]["user_logs/std_log.txt"].startswith("file://")
    assert (details["services"], details["inputDatasets"]) == ({}, [])
    logs = job.get_details_with_logs()["logFiles"]
    assert "hello" in logs["user_logs/std_log.txt"]
    (place,) = job.get_all_logs("copies")
    assert place == str(Path("copies/user_logs/std_log.txt").absolute())
    assert "hello" in Path(place).read_text()
    assert len(job.get_all_logs()) == 1
    assert Path(job.id, "user_logs", "std_log.txt").exists()


JOB = """
import io, sys
from azureml.core import Model, Run
run = Run.get_context()
run.log_list("list", [1, 2])
run.log_row("row", x=1)
run.log_confusion_matrix("matrix", {"data": {}})
run.upload_file("given/a.txt", io.BytesIO(b"a"))
open("outputs/model.pkl", "w").write("weights")
run.upload_file("model.pkl", "outputs/model.pkl")
run.tag("rank", 0)
run.remove_tags(["old"])
run.add_properties({"p": "q"})
run.display_name = "renamed"
run.register_model("digits", "model.pkl")
print(Model.get_model_path("digits"))
for child in run.create_children(count=2): child.complete()
with run: pass
print("status", run.get_status(), run.number)
run.fail("on purpose")
sys.exit(0)
"""


def test_everything_works_in_a_job(exp: Experiment, script: Submitted, ws: Workspace) -> None:
    job = exp.submit(script(JOB), tags={"old": "x"})
    job.wait_for_completion()

    metrics = job.get_metrics()
    assert metrics.pop("matrix").endswith("/matrix")
    assert metrics == {"list": [1, 2], "row": {"x": 1}}
    assert {"given/a.txt", "matrix", "model.pkl", "outputs/model.pkl"} <= {*job.get_file_names()}
    assert (job.get_tags(), job.display_name) == ({"rank": "0"}, "renamed")
    assert job.get_properties()["p"] == "q"
    assert ws.models["digits"].run_id == job.id
    assert len([*job.get_children(status="Completed")]) == 2
    log = job.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert "azureml-models/digits/1/model.pkl" in log
    assert "status Running 1" in log


def test_a_finished_run_prints_its_log(
    exp: Experiment, script: Submitted, capsys: pytest.CaptureFixture[str]
) -> None:
    job = exp.submit(script("print('hello')"))
    job.wait_for_completion()
    capsys.readouterr()

    job.wait_for_completion(show_output=True)

    assert "hello" in capsys.readouterr().out


def test_a_finished_run_prints_all_of_its_log(
    exp: Experiment, script: Submitted, capsys: pytest.CaptureFixture[str]
) -> None:
    bar = "for n in range(3): print(f'\\r{n}/3', end='', flush=True)\nprint()"
    job = exp.submit(script(f"print('hello')\n{bar}\nprint('end')"))
    job.wait_for_completion()
    job.wait_for_completion(show_output=True)

    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [f"RunId: {job.id}", f"Web View: {job.get_portal_url()}", "", lines[3]]
    assert lines[3:6] == ["Streaming user_logs/std_log.txt", "=" * 31, ""]
    assert lines[6].startswith("[trackboard] snapshot: 1 file, ")
    assert lines[7:10] == ["hello", "2/3", "end"]
    assert lines[10:13] == ["", "Execution Summary", "=" * 17]
    assert lines[-1] == "Status: Completed"


def test_a_failure_is_summed_up_or_raised(
    exp: Experiment, script: Submitted, capsys: pytest.CaptureFixture[str]
) -> None:
    job = exp.submit(script("raise SystemExit('no data')"))
    job.wait_for_completion(show_output=True, raise_on_error=False)
    said = capsys.readouterr().out
    assert said.endswith("Error: the script exited with code 1; its last lines:\nno data\n")

    with pytest.raises(ActivityFailedException, match="no data") as caught:
        job.wait_for_completion(show_output=True)
    assert "Error:" not in capsys.readouterr().out
    error = json.loads(caught.value.message.partition("Activity Failed:\n")[2])
    assert error["error"]["code"] == "UserError"
    assert error["error"]["message"] == "the script exited with code 1"


def test_what_a_queued_job_waits_for(
    exp: Experiment, script: Submitted, ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    AmlCompute.create(ws, "one", AmlCompute.provisioning_configuration("any", max_nodes=1))
    config = script("import time; time.sleep(600)", compute_target="one")
    first, second, third = (exp.submit(config) for _ in range(3))
    details = "number 2 of those that wait for one"
    assert third.get_detailed_status() == {"status": "Queued", "details": details}

    def cancel() -> None:
        for job in (third, second, first):
            job.cancel()

    stopped = threading.Timer(0.5, cancel)
    stopped.start()
    assert third.wait_for_completion(show_output=True)["status"] == "Canceled"
    said = capsys.readouterr().out
    assert f"Status: Queued ({details})\n" in said
    assert "Streaming" not in said
    assert said.endswith("Status: Canceled (it was canceled while it waited)\n")
    stopped.join()
    first.wait_for_completion()


def test_the_definition_of_a_run(exp: Experiment, script: Submitted) -> None:
    config = script("", arguments=["--password", "geheim", 3], max_run_duration_seconds=60)
    config.run_config.environment_variables = {"TOKEN": "geheim"}
    details = exp.submit(config).wait_for_completion()
    definition = details["runDefinition"]

    assert definition["arguments"] == ["--password", "***", "3"]
    assert (definition["framework"], definition["communicator"]) == ("Python", "None")
    assert (definition["target"], definition["nodeCount"]) == ("local", 1)
    assert definition["maxRunDurationSeconds"] == 60
    assert definition["environmentVariables"]["TOKEN"] == "***"
    assert definition["environment"]["python"]["userManagedDependencies"]
    assert definition["history"]["directoriesToWatch"] == ["logs"]
    assert "geheim" not in json.dumps(definition)


def test_the_definition_of_a_distributed_run(exp: Experiment, script: Submitted) -> None:
    config = script("import os; print('rank', os.environ['RANK'])")
    config.run_config.framework = "PyTorch"
    config.run_config.communicator = "Gloo"
    config.run_config.pytorch = PyTorchConfiguration("Gloo", process_count=2)
    details = exp.submit(config).wait_for_completion()
    definition = details["runDefinition"]

    assert (definition["framework"], definition["communicator"]) == ("PyTorch", "Gloo")
    assert definition["pyTorch"] == {"communicationBackend": "gloo", "processCount": 2}
    ranks = [f"user_logs/std_log_process_{rank}.txt" for rank in range(2)]
    assert {*ranks, "user_logs/std_log.txt"} == details["logFiles"].keys()


def test_interactive_runs_have_logs_too(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run.get_all_logs() == []
    assert run.get_details_with_logs()["logFiles"] == {}
    assert run.clean() == []
    run.complete()
    run.wait_for_completion(show_output=True)
    assert "Completed" in capsys.readouterr().out


def test_the_error_of_a_failed_run(run: Run) -> None:
    with pytest.raises(KeyError), run:
        raise KeyError("weights")

    error = run.get_details()["error"]["error"]
    assert error["code"] == "UserError"
    assert error["message"].startswith("user program failed with KeyError: 'weights'")
    assert error["debugInfo"]["type"] == "KeyError"
    assert error["debugInfo"]["message"] == "'weights'"
    assert "test_run_details.py" in error["debugInfo"]["stackTrace"]
    with pytest.raises(ActivityFailedException, match="weights"):
        run.wait_for_completion()
    assert run.wait_for_completion(raise_on_error=False)["status"] == "Failed"


def test_an_error_code(run: Run) -> None:
    run.fail("disk", error_code="SystemError")

    assert run.get_details()["error"]["error"] == {"code": "SystemError", "message": "disk"}


@pytest.mark.parametrize("details", [3, {"a": 1}, ["x"]])
def test_other_details_are_a_type_error(run: Run, details: object) -> None:
    with pytest.raises(TypeError, match="neither an exception nor text"):
        run.fail(details)

    assert run.get_status() == "Running"


def test_waiting_for_a_canceled_run_does_not_raise(run: Run) -> None:
    run.cancel()

    assert run.wait_for_completion()["status"] == "Canceled"


def test_waits_do_not_change_each_other(run: Run) -> None:
    run.complete()

    first = run.wait_for_completion(wait_post_processing=True)
    assert run.wait_for_completion() == first


def test_detailed_status(run: Run) -> None:
    assert run.get_detailed_status() == {"status": "Running", "details": None}


def test_a_run_that_is_lost_is_not_waited_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (writer,) = list_writers(Path(".trackboard/default/spool"))
    monkeypatch.setattr(Silence, "list_lost", lambda _silence: frozenset((writer,)))
    monkeypatch.setattr("azureml.core._run.reading.details.LOST_TIMEOUT_S", 0.3)

    assert run.get_status() == "NotResponding"
    with pytest.raises(ActivityFailedException, match="does not respond"):
        run.wait_for_completion()


def test_the_current_folder_comes_back(
    run: Run, empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty_folder / "below").mkdir()
    with run:
        monkeypatch.chdir("below")

    assert Path.cwd() == empty_folder


def test_numbers_do_not_warn(exp: Experiment, run: Run) -> None:
    assert [run.number, exp.start_logging().number] == [1, 2]


def test_secrets_say_what_to_do(run: Run) -> None:
    with pytest.raises(UserErrorException, match=r"os\.environ\['key'\]"):
        run.get_secret("key")
    with pytest.raises(UserErrorException):
        run.get_secrets(["key"])


def test_in_a_notebook_names_are_escaped(ws: Workspace, exp: Experiment) -> None:
    run = exp.start_logging(NASTY, outputs=False)

    for html in (run._repr_html_(), exp._repr_html_()):
        assert "<table" in html
        assert NASTY not in html
        assert NASTY.lower() not in html.lower()
    assert "&lt;script&gt;" in run._repr_html_()
    assert run.id in run.get_portal_url()
    assert str(ws._service.folder) in exp.get_portal_url()


def test_log_metric_is_log(run: Run) -> None:
    run.log_metric("loss", 1.0, step=3)
    run.flush()

    assert run.get_metrics() == {"loss": 1.0}
