"""Who a process is among its peers, as launchers say it."""

import doctest
import json
from pathlib import Path

import pytest

from trackboard.errors import UsageError
from trackboard.model import ArtifactKind, RunId
from trackboard.record import Identity, identify, identity
from trackboard.record.recorder import Recorder
from trackboard.workspace import Workspace

RUN = RunId("run")


def _task(kind: str, index: int) -> str:
    """One of two workers and a parameter server of TensorFlow."""
    cluster = {"worker": ["a:1", "b:1"], "ps": ["c:1"]}
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("said", "rank"),
    [
        ({}, 0),
        ({"RANK": "5", "LOCAL_RANK": "1", "SLURM_PROCID": "7"}, 5),
        ({"RANK": "0", "SLURM_PROCID": "3"}, 0),  # torchrun in a Slurm step
        (
            {"LOCAL_RANK": "2", "SLURM_PROCID": "0"},
            2,
        ),  # Lightning's launcher in an interactive step
        ({"LOCAL_RANK": "1", "SLURM_PROCID": "9"}, 9),  # srun, and a script that sets LOCAL_RANK
        ({"OMPI_COMM_WORLD_RANK": "4"}, 4),
        ({"PMI_RANK": "6"}, 6),
        ({"RANK": "first", "PMI_RANK": "2"}, 2),
        ({"RANK": "-1"}, 0),
        ({"RANK": ""}, 0),
        ({"TF_CONFIG": _task("worker", 1)}, 1),
        ({"TF_CONFIG": _task("ps", 0), "SLURM_PROCID": "0"}, 2),  # in an interactive step
        ({"TF_CONFIG": _task("worker", 1), "RANK": "0"}, 0),
        ({"TF_CONFIG": "{}"}, 0),
        ({"TF_CONFIG": "no JSON"}, 0),
        ({"TF_CONFIG": "[1]"}, 0),
    ],
)
def test_the_rank(said: dict[str, str], rank: int) -> None:
    assert identify(said).rank == rank


def test_how_many_there_are() -> None:
    assert identify({"TF_CONFIG": _task("worker", 0)}).world_size == 3
    assert identify({"WORLD_SIZE": "4"}).world_size == 4


def test_everything_else() -> None:
    said = {
        "RANK": "3",
        "LOCAL_RANK": "1",
        "WORLD_SIZE": "8",
        "SLURM_JOB_ID": "77",
        "SLURM_ARRAY_JOB_ID": "70",
        "SLURM_ARRAY_TASK_ID": "7",
        "TORCHELASTIC_RUN_ID": "abc",
    }
    assert identify(said) == Identity(
        rank=3,
        local_rank=1,
        world_size=8,
        slurm_job_id="77",
        slurm_array_job_id="70",
        slurm_array_task_id="7",
        torchelastic_run_id="abc",
    )


def test_this_process_is_asked_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "2")
    assert identify().rank == 2


def test_examples() -> None:
    assert doctest.testmod(identity).failed == 0


def test_ranks_log_into_one_run_each_under_its_name(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path)
    workspace.recorder().create_run("e", run_id=RUN)
    for rank in (0, 1, 12):
        recorder = Recorder(workspace.spool_folder)
        live = recorder.attach(RUN, owner=False, rank=rank)
        live.log("loss", 0.5)
        live.log("loss", 0.25)
        live.log("note", "text")
        live.log_row("table", {"x": rank})
        with pytest.raises(UsageError):
            live.log("", 1)
        recorder.close()
    workspace.drain()
    names = {series.name: series.count for series in workspace.store.list_series(runs=[RUN])}
    assert names == {
        f"{prefix}{name}": count
        for prefix in ("", "rank1/", "rank12/")
        for name, count in {"loss": 2, "note": 1, "table/x": 1}.items()
    }
    workspace.close()


def test_the_table_and_the_files_of_a_rank_are_its_own(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    live = recorder.attach(RUN, owner=False, rank=3)
    live.log_row("table", {"x": 1})
    live.log_artifact("image", ArtifactKind.IMAGE, "image.png", "key", 3)
    recorder.close()
    written = b"".join(file.read_bytes() for file in tmp_path.glob("*/*.seg"))
    assert b'"name":"rank3/table/x","table":"rank3/table"' in written
    assert b'"name":"rank3/image"' in written


def test_a_child_of_a_rank_is_a_run_of_its_own(tmp_path: Path) -> None:
    child = Recorder(tmp_path).attach(RUN, experiment="e", owner=False, rank=3).child("fold")
    assert child.prefix == ""
