"""Where a run's artifacts lie: as MLflow says, or beside its store where that was moved as a whole."""

from pathlib import Path

import pytest

from trackboard.transfer.sources.mlflow_artifacts import find_folder


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "artifacts" / "r1" / "artifacts").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    "there",
    [
        "/home/ann/tracking/artifacts/r1/artifacts",
        "file:///home/ann/tracking/artifacts/r1/artifacts",
        "file:///C:/Users/ann/tracking/artifacts/r1/artifacts",
        r"C:\Users\ann\tracking\artifacts\r1\artifacts",
        "c:/tracking/artifacts/r1/artifacts",
    ],
)
def test_moved_as_a_whole(store: Path, there: str) -> None:
    assert find_folder(there, store, None) == store / "artifacts" / "r1" / "artifacts"


def test_not_moved(store: Path) -> None:
    here = store / "elsewhere" / "artifacts" / "r1" / "artifacts"
    here.mkdir(parents=True)
    assert find_folder(str(here), store, None) == here


def test_the_folder_of_all_runs_is_not_that_of_one(store: Path) -> None:
    gone = Path("/home/ann/tracking/r2/artifacts")
    assert find_folder(str(gone), store, None) == gone
