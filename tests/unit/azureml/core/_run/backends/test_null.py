"""A run that is not recorded."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from azureml.core._run.backends.home import ScriptHome
from azureml.core._run.backends.null import NullBackend
from azureml.core._run.reading.filters import RunFilter
from azureml.exceptions import UserErrorException
from trackboard.errors import UsageError
from trackboard.model import ArtifactKind, RunId


@pytest.fixture
def null(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NullBackend:
    monkeypatch.chdir(tmp_path)
    return NullBackend.begin(RunId("r"), "trial", ScriptHome("trial"))


def test_it_takes_everything_and_makes_nothing(null: NullBackend, tmp_path: Path) -> None:
    null.log("loss", 0.5, None)
    null.log("count", 3, 2)
    null.log("note", "text", None)
    null.log_row("table", {"x": 1})
    null.add_file("f", *null.put(io.BytesIO(b"x")))
    null.log_artifact("curve", ArtifactKind.IMAGE, "curve.png", "", 0)
    null.set_tags({"a": None})
    null.remove_tags(["a"])
    null.add_properties({"p": "q"})
    null.set_name("named")
    null.set_description("described")
    assert null.take_snapshot(".") is None
    child = null.child("fold", None)
    child.log("loss", 1, None)
    child.complete()

    assert child.history.read().status == "Completed"
    assert child.history.stored().name == "fold"
    assert null.history.metrics(None, recursive=True, run_type=None, populate=False) == {}
    assert [*null.history.children(RunFilter(), recursive=False)] == []
    assert (null.history.tags(), null.history.properties(), null.history.files()) == ({}, {}, [])
    assert [*tmp_path.iterdir()] == []


def test_it_checks_names_all_the_same(null: NullBackend) -> None:
    with pytest.raises(UsageError):
        null.log("", 1, None)


def test_it_has_a_state(null: NullBackend) -> None:
    assert null.history.read().status == "Running"
    null.fail("why", "UserError")
    assert null.history.details()["status"] == "Failed"
    with pytest.raises(UsageError, match="failed already"):
        null.complete()


def test_what_needs_a_workspace_is_refused_by_name(null: NullBackend, tmp_path: Path) -> None:
    with pytest.raises(UserErrorException, match=r"^submit_child: TRACKBOARD_MODE=disabled"):
        null.catalogue("submit_child")
    assert [*tmp_path.iterdir()] == []
