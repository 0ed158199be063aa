from __future__ import annotations

import math
import re
import signal
import threading
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from azureml.core import Experiment, Run, get_run
from azureml.exceptions import ExperimentExecutionException, UserErrorException
from trackboard.model import RunId


@pytest.fixture
def run(exp: Experiment) -> Run:
    return exp.start_logging()


def steps(run: Run, name: str) -> list[int]:
    """Steps as they are stored: the SDK cannot read them back."""
    metrics = run._service().metrics
    (series,) = metrics.list(runs=[RunId(run.id)], names=[name])
    return [int(step) for step in metrics.read([series.id])[series.id].steps]


# -- log ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (0.1, 0.1),
        (3, 3),
        (True, True),
        ("text", "text"),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.int64(5), 5),
        (np.uint64(2**53 + 1), 2**53 + 1),
        (np.bool_(True), True),
        (np.array([2.5]), 2.5),
        (Decimal("0.25"), 0.25),
        (float("inf"), float("inf")),
    ],
    ids=repr,
)
def test_values_of_many_libraries(run: Run, value: object, stored: object) -> None:
    run.log("value", value)

    (found,) = run.get_metrics().values()
    assert (found, type(found)) == (stored, type(stored))


def test_nan_survives(run: Run) -> None:
    run.log("loss", float("nan"))

    assert math.isnan(run.get_metrics()["loss"])


def test_several_values_are_a_list_in_order(run: Run) -> None:
    for alpha in (0.3, 0.1, 0.2):
        run.log("alpha", alpha)
    run.log("mse", 1)

    assert run.get_metrics() == {"alpha": [0.3, 0.1, 0.2], "mse": 1}
    assert run.get_metrics("mse") == {"mse": 1}
    assert run.get_metrics("unknown") == {}


def test_steps_count_up_unless_given(run: Run) -> None:
    for _ in range(3):
        run.log("counted", 1)
    for step in (10, 20, 5):
        run.log("given", 1.0, step=step)
    run.log("given", 1.0, step=np.int64(30))  # type: ignore[arg-type]
    run.log("positional", 1.0, "a description", 7)
    run.log(name="named", value=1.0, description="", step=None)

    assert steps(run, "counted") == [0, 1, 2]
    assert sorted(steps(run, "given")) == [5, 10, 20, 30]
    assert steps(run, "positional") == [7]
    assert steps(run, "named") == [0]


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 1025, None, 5])
def test_metric_names_that_are_none(run: Run, name: str) -> None:
    with pytest.raises(UserErrorException, match="metric name"):
        run.log(name, 1)


# -- children ----------------------------------------------------------------------------------------


def test_the_articles_loop(run: Run) -> None:
    for alpha in (0.1, 0.2):
        with run.child_run("alpha" + str(alpha)) as child:
            run.log("alpha", alpha)
            assert child.get_status() == "Running"

    first, second = reversed([*run.get_children()])
    assert (first.name, second.name) == ("alpha0.1", "alpha0.2")
    assert (first.get_status(), second.get_status()) == ("Completed", "Completed")
    assert first.get_metrics() == {}
    assert run.get_metrics() == {"alpha": [0.1, 0.2]}
    assert run.get_status() == "Running"


def test_children_belong_to_their_parent(run: Run) -> None:
    child = run.child_run(name="fold", run_id="fold-1")
    grandchild = child.child_run()

    assert child.id == "fold-1"
    assert child.parent is not None
    assert child.parent.id == run.id
    assert run.parent is None
    assert grandchild.experiment.name == "trial"
    assert [one.id for one in run.get_children()] == ["fold-1"]
    assert {one.id for one in run.get_children(recursive=True)} == {"fold-1", grandchild.id}


def test_a_childs_id_that_could_be_a_path_is_refused(run: Run) -> None:
    with pytest.raises(UserErrorException, match="is not allowed"):
        run.child_run(run_id="../../x")


# -- its end -----------------------------------------------------------------------------------------


def test_complete(run: Run) -> None:
    run.log("loss", 1.0)
    run.complete()
    run.complete()

    assert run.get_status() == run.status == "Completed"


def test_fail_keeps_the_cause(run: Run) -> None:
    run.fail(error_details="no more data")

    assert run.get_status() == "Failed"
    assert run.get_details()["error"] == {"error": {"code": "UserError", "message": "no more data"}}


def test_a_run_that_has_ended_stays_so(run: Run) -> None:
    run.complete()

    with pytest.raises(UserErrorException, match="is completed already"):
        run.fail("too late")
    assert run.get_status() == "Completed"


def test_cancel(run: Run) -> None:
    run.cancel()

    assert run.get_status() == "Canceled"


def test_leaving_the_block_completes_it(run: Run) -> None:
    with run as entered:
        assert entered is run

    assert run.get_status() == "Completed"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SystemExit(), "Completed"),
        (SystemExit(0), "Completed"),
        (SystemExit(3), "Failed"),
        (SystemExit("no data"), "Failed"),
        (KeyboardInterrupt(), "Failed"),
        (ZeroDivisionError("by zero"), "Failed"),
    ],
    ids=repr,
)
def test_leaving_the_block_otherwise(run: Run, error: BaseException, status: str) -> None:
    with pytest.raises(type(error)) as caught, run:
        raise error

    assert caught.value is error, "it goes on to the caller"
    assert run.get_status() == status
    if status == "Failed":
        message = run.get_details()["error"]["error"]["message"]
        assert f"user program failed with {type(error).__name__}: {error}" in message
        assert "test_run.py" in message, "the traceback is kept"


def test_a_run_that_ended_in_its_block_stays_so(run: Run) -> None:
    with run:
        run.cancel()

    assert run.get_status() == "Canceled"


# -- reading it back ---------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [Run, get_run], ids=["Run", "get_run"])
def test_by_id(exp: Experiment, run: Run, how: Any) -> None:
    run.log("loss", 1.0)
    found = how(exp, run.id)

    assert (found.id, found.get_metrics()) == (run.id, {"loss": 1.0})
    found.log("loss", 2.0)
    assert run.get_metrics() == {"loss": [1.0, 2.0]}


def test_an_unknown_id_is_an_error_that_says_how_to_list_them(exp: Experiment) -> None:
    with pytest.raises(UserErrorException, match="there is no run 'nobody'") as caught:
        Run(exp, "nobody")

    assert "experiment.get_runs()" in caught.value.message


def test_tags_become_text(run: Run) -> None:
    run.tag("rank", 1)
    run.tag("checked")

    assert run.get_tags() == {"rank": "1", "checked": None}


def test_waiting_for_a_run_that_has_ended(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run.complete()
    details = run.wait_for_completion(show_output=True)

    head = f"RunId: {run.id}\nWeb View: {run.get_portal_url()}\n"
    summary = f"\nExecution Summary\n=================\n{head}Status: Completed\n"
    assert capsys.readouterr().out == head + summary
    assert details["runId"] == run.id
    assert details["status"] == "Completed"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", details["endTimeUtc"])


# Ctrl-C may come between a folder's listing and the block that closes it.
@pytest.mark.filterwarnings("ignore:unclosed scandir iterator:ResourceWarning")
@pytest.mark.usefixtures("no_collection")
@pytest.mark.parametrize(
    ("show_output", "error"), [(True, ExperimentExecutionException), (False, KeyboardInterrupt)]
)
def test_ctrl_c_stops_waiting_and_not_the_run(
    run: Run, *, show_output: bool, error: type[BaseException]
) -> None:
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(error):
        run.wait_for_completion(show_output=show_output)

    timer.join()
    assert run.get_status() == "Running"


def test_details_leave_out_what_is_not_there(run: Run) -> None:
    details = run.get_details()

    assert details["status"] == "Running"
    assert not {"error", "endTimeUtc", "warnings", "target"} & details.keys()
    assert None not in details.values()


def test_repr_says_where_it_is(run: Run) -> None:
    assert repr(run) == f"Run(Experiment: trial,\nId: {run.id},\nType: None,\nStatus: Running)"
