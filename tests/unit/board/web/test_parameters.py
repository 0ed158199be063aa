"""Every address of every plugin that TensorBoard brings, asked as no page would ask it."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import Client

from trackboard.board import tensorboard_internals as internals
from trackboard.board.web.parameters import PARAMETERS, check_parameters
from trackboard.board.web.routes import Mount
from trackboard.errors import UsageError

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab

PLUGINS = "/data/plugin/"
NEED_NOTHING = {
    "audio/tags",
    "custom_scalars/layout",
    "debugger-v2/runs",
    "distributions/tags",
    "graphs/info",
    "histograms/tags",
    "images/tags",
    "mesh/tags",
    "pr_curves/tags",
    "projector/index.js",
    "projector/projector_binary.html",
    "projector/projector_binary.js",
    "projector/runs",
    "scalars/tags",
    "text/tags",
    "timeseries/tags",
}
# They read a form, or JSON, and check it themselves, or `routes` does.
READ_A_BODY = {
    "hparams/experiment",
    "hparams/metric_evals",
    "hparams/session_groups",
    "scalars/scalars_multirun",
    "timeseries/timeSeries",
}
NAMES = {name for parameters in PARAMETERS.values() for name in parameters} | {
    "columnsVisibility",
    "conceptual",
    "format",
    "large_attrs_key",
    "num_records",
    "request",
    "requests",
    "runs",
}


def same(value: str) -> dict[str, str]:
    return dict.fromkeys(NAMES, value)


EXISTING = {"run": "exp/a", "tag": "loss"}
ASKED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a run": {"run": "exp/a"},
    "empty": same(""),
    "text for what exists": same("x") | EXISTING,
    "numbers for what exists": same("7") | EXISTING,
    "huge": same("9" * 6000) | EXISTING,
    "patterns": same("("),
    "an object": same("{}") | EXISTING,
    "control characters": same("\x00\x1b\ud7ff"),
    "doubled": {name: ["1", "x"] for name in NAMES},
    "the debugger's run": same("1") | {"run": "__default_debugger_run__"},
}


@pytest.fixture
def app(lab: Lab) -> Any:
    lab.add_run("a", name="a")
    lab.log("a", "loss", [0.5, 0.25])
    lab.log_text("a", "loss", 0, "a text")
    lab.set_parameter("a", "lr", 0.1)
    return internals.build_app(lab.open(), logdir="nowhere")


def test_every_address_of_a_plugin_is_known(app: Any) -> None:
    """A new TensorBoard may bring more: what they need goes into the table."""
    routes = {route.removeprefix(PLUGINS) for route in app.exact_routes if PLUGINS in route}
    assert routes == {*PARAMETERS, *NEED_NOTHING, *READ_A_BODY}
    assert list(app.prefix_routes) == []


def test_no_question_is_a_failure_of_the_server(
    app: Any, lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL + 1)  # what is logged of it is no concern here
    client = Client(Mount(app, lab.open()))
    failed = []
    for route in [one for one in app.exact_routes if one.startswith("/data/")]:
        for name, asked in ASKED.items():
            answers = [
                client.get(route, query_string=asked),
                client.post(route, data=asked, query_string=asked),
            ]
            if route.startswith(f"{PLUGINS}hparams"):
                answers.append(client.post(route, data=json.dumps(asked)))
            failed += [(route, name, one.text) for one in answers if one.status_code >= 500]
            for one in answers:
                one.close()
    assert failed == []


@pytest.mark.parametrize("route", PARAMETERS)
def test_what_is_missing_is_named(app: Any, lab: Lab, route: str) -> None:
    answer = Client(Mount(app, lab.open())).get(f"{PLUGINS}{route}")
    assert answer.status_code == 400
    assert f"the parameter {next(iter(PARAMETERS[route]))!r} is missing" in answer.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"run": "a", "tag": "t", "sample": "x"}, "'sample' is no whole number"),
        ({"run": "a", "tag": "t", "sample": "1.5"}, "'sample' is no whole number"),
        ({"run": "a", "tag": "t", "sample": "1" * 19}, "'sample' is no whole number"),
        ({"run": "a", "tag": ""}, "'tag' is missing"),
    ],
)
def test_what_is_wrong_is_named(given: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_parameters(f"{PLUGINS}images/images", given)


def test_what_the_page_asks_passes() -> None:
    check_parameters(f"{PLUGINS}images/images", {"run": "a\nb", "tag": "t", "sample": "0"})
    check_parameters(f"{PLUGINS}mesh/data", EXISTING | {"content_type": "VERTEX", "step": "1e3"})
    check_parameters("/data/runs", {})


@pytest.mark.parametrize("error", [ValueError("it is damaged"), RecursionError("it is damaged")])
def test_a_failure_of_the_data_is_not_blamed_on_who_asks(
    app: Any, lab: Lab, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_given: object, **_more: object) -> None:
        raise error

    client = Client(Mount(app, lab.open()))
    monkeypatch.setattr(lab.store, "list_series", fail)
    answer = client.get(f"{PLUGINS}text/text", query_string=EXISTING)
    assert answer.status_code == 500
    assert "it is damaged" in answer.text
