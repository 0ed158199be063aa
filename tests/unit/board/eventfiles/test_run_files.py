"""What belongs to the log directories of a run, wherever its bytes are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trackboard.board.eventfiles.run_files import RunFiles
from trackboard.model import RunId
from trackboard.model.tensorboard_files import SMALL_BYTES

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab

EVENTS = "events.out.tfevents.1"


def found(lab: Lab) -> dict[str, bytes]:
    """What is in each file, by the log directory and its path in that."""
    files = RunFiles(lab.source)
    kept = files.list_kept()
    run = RunId("a")
    return {
        f"{file.folder}:{file.path}": file.location.read_bytes()
        for file in files.list(run, kept.get(run, ()))
    }


@pytest.fixture(autouse=True)
def _run(lab: Lab) -> None:
    lab.add_run("a")


@pytest.mark.parametrize("where", ["grown", "kept"])
def test_a_log_directory_has_what_lies_in_it(lab: Lab, where: str) -> None:
    add = lab.add_file if where == "grown" else lab.keep_file
    add("a", f"logs/exp/{EVENTS}", b"events")
    add("a", "logs/exp/metadata.tsv", b"small")
    add("a", "logs/exp/00000/default/tensors.tsv", b"below")
    add("a", "logs/exp/plugins/profile/now/trace", bytes(SMALL_BYTES + 1))
    add("a", "logs/exp/model.pt", bytes(SMALL_BYTES + 2))
    add("a", "logs/other/notes.txt", b"of no log directory")
    add("a", "user_logs/std_log.txt", b"of no script")
    assert found(lab).keys() == {
        f"logs/exp:{EVENTS}",
        "logs/exp:metadata.tsv",
        "logs/exp:00000/default/tensors.tsv",
        "logs/exp:plugins/profile/now/trace",
    }


def test_what_a_projector_names_is_taken_however_large_it_is(lab: Lab) -> None:
    large = bytes(SMALL_BYTES + 1)
    config = """model_checkpoint_path: "/gone/jobs/a/work/runs/model.ckpt-3"
        embeddings { tensor_path: "deep/tensors.tsv" sprite { image_path: "sprite.png" } }"""
    lab.add_file("a", "runs/projector_config.pbtxt", config.encode())
    for name in ("deep/tensors.tsv", "sprite.png", "model.ckpt-3.index", "model.ckpt-30.index"):
        lab.add_file("a", f"runs/{name}", large)
    assert found(lab).keys() == {
        "runs:projector_config.pbtxt",
        "runs:deep/tensors.tsv",
        "runs:sprite.png",
        "runs:model.ckpt-3.index",
    }


def test_each_file_is_in_the_nearest_log_directory(lab: Lab) -> None:
    for path in ("logs/e.tfevents", "logs/train/e.tfevents", "logs/train/a/x", "logs/b/y"):
        lab.add_file("a", path)
    assert found(lab).keys() == {
        "logs:e.tfevents",
        "logs/train:e.tfevents",
        "logs/train:a/x",
        "logs:b/y",
    }


def test_of_the_run_s_own_folder_only_what_is_surely_a_plugin_s(lab: Lab) -> None:
    for path in (EVENTS, "beside.txt", "plugins/p/q", "outputs/model.bin", "user_logs/std_log.txt"):
        lab.add_file("a", path)
    assert found(lab).keys() == {f":{EVENTS}", ":beside.txt", ":plugins/p/q"}


@pytest.mark.parametrize("longer", ["grown", "kept"])
def test_an_uploaded_copy_of_an_event_file_is_shown_once(lab: Lab, longer: str) -> None:
    short, long = b"events" * 1000, b"events" * 2000
    lab.add_file("a", f"logs/tb/{EVENTS}", long if longer == "grown" else short)
    lab.keep_file("a", f"uploaded/{EVENTS}", long if longer == "kept" else short)
    lab.keep_file("a", f"again/{EVENTS}", short)
    lab.keep_file("a", "other/x.tfevents", b"another")
    assert found(lab).keys() == {f"logs/tb:{EVENTS}", "other:x.tfevents"}


def test_paths_that_lead_out_and_blobs_that_are_gone_are_left_out(lab: Lab) -> None:
    lab.keep_file("a", "../x.tfevents", b"out")
    lab.keep_file("a", "logs/gone.tfevents", b"gone").unlink()
    lab.keep_file("a", "logs/there.tfevents", b"there")
    assert found(lab) == {"logs:there.tfevents": b"there"}
