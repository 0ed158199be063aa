"""Registered models."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from azureml.core import Experiment, Model, Run, Workspace
from azureml.exceptions import (
    ModelNotFoundException,
    ModelPathNotFoundException,
    UserErrorException,
    WebserviceException,
)


@pytest.fixture
def run(exp: Experiment) -> Run:
    run = exp.start_logging(outputs=False)
    run.upload_file("outputs/model.pkl", io.BytesIO(b"weights"))
    run.upload_file("outputs/net/a.bin", io.BytesIO(b"a"))
    run.upload_file("outputs/net/sub/b.bin", io.BytesIO(b"b"))
    return run


def test_a_file_of_a_run(run: Run, ws: Workspace) -> None:
    model = run.register_model(
        "digits",
        model_path="./outputs/model.pkl",
        tags={"a": 1},
        properties={"p": 2},
        model_framework=Model.Framework.SCIKITLEARN,
        model_framework_version="1.5",
        description="d",
    )

    assert (model.name, model.version, model.id) == ("digits", 1, "digits:1")
    assert (model.tags, model.properties, model.description) == ({"a": "1"}, {"p": "2"}, "d")
    assert (model.model_framework, model.model_framework_version) == ("ScikitLearn", "1.5")
    assert model.run is not None
    assert (model.run_id, model.run.id, model.experiment_name) == (run.id, run.id, "trial")
    assert run.register_model("digits", "outputs/model.pkl").version == 2
    assert Model(ws, "digits").version == 2
    assert Model(ws, "digits", version=1).description == "d"
    assert Model(ws, id="digits:1").tags == {"a": "1"}
    assert {name: one.version for name, one in ws.models.items()} == {"digits": 2}
    assert [one.version for one in Model.list(ws, "digits")] == [2, 1]
    assert [one.version for one in Model.list(ws, tags={"a": 1}, run_id=run.id)] == [1]
    assert [one.version for one in Model.list(ws, tags=["a"])] == [1]
    assert [one.version for one in Model.list(ws, latest=True)] == [2]
    assert model.serialize()["id"] == "digits:1"


def test_download(run: Run, empty_folder: Path) -> None:
    model = run.register_model("digits", "outputs/model.pkl")
    folder = run.register_model("net", "outputs/net/")

    assert model.download() == "./model.pkl"
    assert (empty_folder / "model.pkl").read_bytes() == b"weights"
    assert folder.download(target_dir="there") == "there/net"
    assert (empty_folder / "there" / "net" / "sub" / "b.bin").read_bytes() == b"b"
    with pytest.raises(WebserviceException, match="exist_ok=True"):
        model.download()
    assert model.download(exist_ok=True) == "./model.pkl"
    assert model.download(exists_ok=True) == "./model.pkl"


def test_files_of_this_machine(
    ws: Workspace, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty_folder / "m").mkdir()
    (empty_folder / "m" / "a").write_text("a")
    (empty_folder / "m" / "b").write_text("b")

    whole = Model.register(ws, "m", "whole")
    part = Model.register(workspace=ws, model_path="m", model_name="part", child_paths=["a"])

    assert "Registering model whole" in capsys.readouterr().out
    assert whole.run is None
    assert sorted(path.name for path in Path(whole.download("x")).iterdir()) == ["a", "b"]
    assert [path.name for path in Path(part.download("y")).iterdir()] == ["a"]


def test_what_is_not_there(run: Run, ws: Workspace) -> None:
    with pytest.raises(ModelPathNotFoundException, match=r"outputs/model\.pkl"):
        run.register_model("digits", "outputs/nothing")
    with pytest.raises(WebserviceException, match="ModelNotFound"):
        Model(ws, "nobody")
    with pytest.raises(WebserviceException):
        Model.register(ws, "missing", "m")
    assert Model.list(ws) == []


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "x" * 256, None])
def test_names_that_are_none(run: Run, name: Any) -> None:
    with pytest.raises(WebserviceException, match="is not allowed"):
        run.register_model(name, "outputs/model.pkl")


def test_get_model_path(run: Run, ws: Workspace, empty_folder: Path) -> None:
    run.register_model("digits", "outputs/model.pkl")

    with pytest.raises(ModelNotFoundException, match="_workspace=workspace"):
        Model.get_model_path("digits")
    with pytest.raises(UserErrorException, match="not an int"):
        Model.get_model_path("digits", version="1")  # type: ignore[arg-type]
    place = empty_folder / "azureml-models" / "digits" / "1" / "model.pkl"
    assert Model.get_model_path("digits", _workspace=ws) == str(place)
    assert Model.get_model_path("digits") == str(place), "it is here now"
    assert Model.get_model_path("digits", version=1) == str(place)
    (empty_folder / "own").write_text("x")
    assert Model.get_model_path("own") == str(empty_folder / "own")


def test_what_is_said_of_a_version_changes(run: Run, ws: Workspace) -> None:
    model = run.register_model("digits", "outputs/model.pkl", tags={"a": 1, "b": 2})
    other = run.register_model("digits", "outputs/model.pkl", tags={"a": 1})

    model.add_tags({"c": 3, "a": "x"})
    model.remove_tags(["b", "nothing"])
    model.add_properties({"auc": 0.9})
    model.update(description="good")

    for seen in (model, Model(ws, "digits", version=1)):
        assert (seen.tags, seen.description) == ({"a": "x", "c": "3"}, "good")
        assert seen.properties == {"auc": "0.9"}
    model.update(tags={"only": 1})
    assert (model.tags, model.description) == ({"only": "1"}, "good")
    model.update(tags={})
    assert Model(ws, "digits", version=1).tags == {}
    assert Model(ws, id=other.id).tags == {"a": "1"}
    with pytest.raises(WebserviceException, match=r"'0\.9' and cannot become '1'") as caught:
        model.add_properties({"new": 1, "auc": 1})
    assert caught.value.status_code == 409
    assert model.properties == {"auc": "0.9"}


def test_a_deleted_version_is_gone(run: Run, ws: Workspace) -> None:
    first = run.register_model("digits", "outputs/model.pkl")
    model = run.register_model("digits", "outputs/model.pkl")

    model.delete()

    assert Model(ws, "digits").version == first.version == 1
    with pytest.raises(WebserviceException, match="ModelNotFound"):
        Model(ws, id=model.id)
    with pytest.raises(WebserviceException, match="no model digits:2") as caught:
        model.delete()
    assert caught.value.status_code == 404
    with pytest.raises(WebserviceException, match="no model digits:2"):
        model.add_tags({"a": 1})
    assert run.register_model("digits", "outputs/model.pkl").version == 3
    assert first.download("x") == "x/model.pkl", "the versions share a blob, which stays"


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(WebserviceException, match="nothing is deployed"):
        Model.deploy()
