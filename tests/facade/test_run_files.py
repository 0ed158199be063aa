"""Files of a run: up, down, and what is kept by itself."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from azureml.core import Experiment, Run
from azureml.exceptions import AzureMLException, ServiceException, UserErrorException


@pytest.fixture
def run(exp: Experiment) -> Run:
    return exp.start_logging(outputs=False)


def text(path: Path, content: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return str(path)


def test_up_and_down(run: Run, empty_folder: Path) -> None:
    run.upload_file("outputs/a.txt", text(empty_folder / "a.txt", "one"))
    run.upload_file(name="./b//c.txt", path_or_stream=io.BytesIO(b"two"))
    run.upload_file("d.txt", io.StringIO("drei: ä"))

    assert run.get_file_names() == ["b/c.txt", "d.txt", "outputs/a.txt"]
    run.download_file("outputs/a.txt")
    run.download_file("b/c.txt", output_file_path="new/folder/file.txt")
    run.download_file("d.txt", str(empty_folder / "new"))
    assert (empty_folder / "a.txt").read_text() == "one"
    assert (empty_folder / "new" / "folder" / "file.txt").read_text() == "two"
    assert (empty_folder / "new" / "d.txt").read_text() == "drei: ä"


def test_a_name_that_exists_is_a_conflict(run: Run, exp: Experiment) -> None:
    run.upload_file("a", io.BytesIO(b"one"))

    for other in (run, Run(exp, run.id)):
        with pytest.raises(ServiceException, match=r"Resource Conflict.*'a'") as caught:
            other.upload_file("a", io.BytesIO(b"two"))
        assert caught.value.status_code == 409
        assert isinstance(caught.value, AzureMLException)
    run.download_file("a")
    assert Path("a").read_bytes() == b"one"


@pytest.mark.parametrize("name", ["", ".", "../a", "a/../../b", "a/", "a\nb", "x" * 1025, None, 3])
def test_names_that_are_none(run: Run, name: Any) -> None:
    with pytest.raises(UserErrorException):
        run.upload_file(name, io.BytesIO(b"x"))

    assert run.get_file_names() == []


@pytest.mark.parametrize("source", ["missing.txt", ".", 3, b"bytes", "a\0b"], ids=repr)
def test_sources_that_are_none(run: Run, source: Any) -> None:
    with pytest.raises(UserErrorException):
        run.upload_file("a", source)


def test_a_datastore_is_refused(run: Run) -> None:
    with pytest.raises(UserErrorException, match="datastore"):
        run.upload_file("a", io.BytesIO(b""), datastore_name="workspaceblobstore")


def test_several(run: Run, empty_folder: Path) -> None:
    paths: list[Any] = [text(empty_folder / name, name) for name in ("1", "2")]

    assert run.upload_files(["a", "b"], paths, return_artifacts=True) == ["a", "b"]
    with pytest.raises(TypeError, match="3 names, but 2 paths"):
        run.upload_files(["c", "d", "e"], paths)
    with pytest.raises(ServiceException):
        run.upload_files(["c", "a"], paths)
    with pytest.raises(ServiceException):
        run.upload_files(["c", "c"], paths)
    with pytest.raises(UserErrorException):
        run.upload_files(["c", "d"], [paths[0], "missing"])
    assert run.get_file_names() == ["a", "b"], "all or none"


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_folder(run: Run, empty_folder: Path, slash: str) -> None:
    text(empty_folder / "src" / "a" / "c.txt", "c")
    text(empty_folder / "src" / "b.txt", "b")

    run.upload_folder(f"important{slash}", f"src{slash}")

    assert run.get_file_names() == ["important/a/c.txt", "important/b.txt"]
    with pytest.raises(UserErrorException, match="no folder"):
        run.upload_folder("x", "src/b.txt")


def test_a_missing_file_is_an_error_that_lists_what_there_is(run: Run) -> None:
    run.upload_file("outputs/a", io.BytesIO(b""))

    with pytest.raises(UserErrorException, match="'outputs/a'"):
        run.download_file("outputs/b")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, ["out/a", "out/b/c", "other"]),
        ({"prefix": "out"}, ["out/a", "out/b/c"]),
        ({"prefix": "out/", "append_prefix": False}, ["a", "b/c"]),
        ({"prefix": "out", "output_directory": "d"}, ["d/out/a", "d/out/b/c"]),
        ({"prefix": "out", "output_directory": "d", "append_prefix": False}, ["d/a", "d/b/c"]),
        ({"prefix": "ou"}, ["out/a", "out/b/c"]),
        ({"prefix": "out", "output_paths": ["x", "y/z"]}, ["x", "y/z"]),
        ({"prefix": "nothing"}, []),
    ],
    ids=str,
)
def test_download_files(
    run: Run, empty_folder: Path, arguments: dict[str, Any], found: list[str]
) -> None:
    for name in ("out/a", "out/b/c", "other"):
        run.upload_file(name, io.BytesIO(name.encode()))

    run.download_files(**arguments)

    files = {path for path in empty_folder.rglob("*") if path.is_file()}
    names = {path.relative_to(empty_folder).as_posix() for path in files}
    assert {name for name in names if not name.startswith(".trackboard/")} == set(found)


def test_outputs_are_kept_before_it_is_completed(exp: Experiment, empty_folder: Path) -> None:
    text(empty_folder / "outputs" / "old.txt", "of another run")
    with exp.start_logging() as run:
        text(empty_folder / "outputs" / "new" / "model.pkl", "model")
        run.upload_file("outputs/given.txt", text(empty_folder / "outputs" / "given.txt", "x"))

    assert run.get_status() == "Completed"
    assert run.get_file_names() == ["outputs/given.txt", "outputs/new/model.pkl"]
    assert not (empty_folder / "logs").exists(), "no folder that nobody asked for"


@pytest.mark.parametrize("end", ["complete", "fail", "cancel"])
def test_outputs_are_kept_however_it_ends(exp: Experiment, empty_folder: Path, end: str) -> None:
    run = exp.start_logging(outputs="results")
    text(empty_folder / "results" / "a", "a")

    getattr(run, end)()

    assert run.get_file_names() == ["results/a"]


def test_children_keep_only_what_they_are_told_to(exp: Experiment, empty_folder: Path) -> None:
    run = exp.start_logging()
    with run.child_run("a") as plain, run.child_run("b", outputs="fold") as told:
        text(empty_folder / "outputs" / "o", "o")
        text(empty_folder / "fold" / "f", "f")

    assert (plain.get_file_names(), told.get_file_names()) == ([], ["fold/f"])
    assert run.get_file_names() == []


def test_an_exception_is_not_hidden_by_outputs(exp: Experiment, empty_folder: Path) -> None:
    run = exp.start_logging()
    text(empty_folder / "outputs" / "a", "a")
    with pytest.raises(ZeroDivisionError), run:
        raise ZeroDivisionError

    assert run.get_status() == "Failed"
    assert run.get_file_names() == ["outputs/a"]


def test_snapshots(exp: Experiment, empty_folder: Path) -> None:
    import zipfile

    from azureml.exceptions import SnapshotException

    text(empty_folder / "src" / "train.py", "print(1)")
    assert exp.start_logging().get_snapshot_id() is None, "not of the current folder"
    run = exp.start_logging(snapshot_directory="src")
    digest = run.get_snapshot_id()
    assert digest == run.get_properties()["ContentSnapshotId"]
    with pytest.raises(SnapshotException, match="already"):
        run.take_snapshot("src")
    place = run.restore_snapshot(path="zips")
    assert place == str(empty_folder / "zips" / f"{digest}.zip")
    with zipfile.ZipFile(place) as archive:
        assert archive.read("train.py") == b"print(1)"
    other = exp.start_logging()
    assert other.take_snapshot("src") == digest
    with pytest.raises(SnapshotException):
        exp.start_logging(snapshot_directory="missing")
    with pytest.raises(SnapshotException):
        other.restore_snapshot("../../x")
    assert len([*exp.get_runs()]) == 3, "no run is left over"
