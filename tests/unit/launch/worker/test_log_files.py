"""Which files are followed: table by table, each over a folder of its own."""

import os
from pathlib import Path

import pytest

from trackboard.launch.worker import log_files
from trackboard.launch.worker.log_files import find_log_files

EVENTS = "events.out.tfevents.1"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "logs").mkdir(parents=True)
    return folder


def put(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def found(work: Path, own: frozenset[str] = frozenset()) -> set[str]:
    return set(find_log_files(os.fspath(work), own=own).locations)


@pytest.mark.parametrize(
    "mark",
    [
        EVENTS,
        "x.tfevents.gz",
        "projector_config.pbtxt",
        "tfdbg_events.1.h.execution",
        "worker0.1.pt.trace.json",
        "worker0.1.pt.trace.json.gz",
        "host.xplane.pb",
    ],
)
def test_a_log_directory_is_told_by_its_files(work: Path, mark: str) -> None:
    put(work / "runs" / mark)
    put(work / "runs" / "metadata.tsv")
    put(work / "runs" / ".hidden")
    put(work / "runs" / "below" / "weights.bin")
    put(work / "other" / "metadata.tsv")
    assert found(work) == {f"runs/{mark}", "runs/metadata.tsv"}


def test_plugins_have_their_whole_folder(work: Path) -> None:
    put(work / "runs" / EVENTS)
    put(work / "runs" / "plugins" / "profile" / "2026" / "x.json")
    put(work / "runs" / "plugins" / "new one" / "deep" / "er" / "y")
    put(work / "plugins" / "code" / "z.py")  # no log directory
    put(work / "runs" / "plugins" / "old" / "given")
    assert found(work, frozenset(["runs/plugins/old/given"])) == {
        f"runs/{EVENTS}",
        "runs/plugins/profile/2026/x.json",
        "runs/plugins/new one/deep/er/y",
    }


def test_what_a_projector_names_is_taken_and_other_large_files_are_not(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "SMALL_BYTES", 10)
    monkeypatch.setattr(log_files, "NAMED_BYTES", 1000)
    config = """
        model_checkpoint_path: "model.ckpt-7"
        embeddings { tensor_path: "00000/default/tensors.tsv" metadata_path: 'meta data.tsv'
          sprite { image_path: "huge.png" } bookmarks_path: "../other/secret" }
    """
    put(work / "runs" / "projector_config.pbtxt", config)
    for name in ("00000/default/tensors.tsv", "meta data.tsv", "model.bin"):
        put(work / "runs" / name, "more than ten bytes")
    for name in ("model.ckpt-7.index", "model.ckpt-7.data-00000-of-00001", "model.ckpt-70.index"):
        put(work / "runs" / name, "more than ten bytes")
    put(work / "runs" / "huge.png", "x" * 1001)
    put(work / "other" / "secret")
    looked = find_log_files(os.fspath(work))
    assert set(looked.locations) == {
        "runs/projector_config.pbtxt",
        "runs/00000/default/tensors.tsv",
        "runs/meta data.tsv",
        "runs/model.ckpt-7.index",
        "runs/model.ckpt-7.data-00000-of-00001",
    }
    (note,) = looked.notes
    assert "runs/huge.png has 1.0 kB" in note


def test_the_newest_checkpoint_of_a_folder_is_taken_where_a_projector_reads_it(work: Path) -> None:
    for folder in ("with", "without"):
        put(work / folder / "checkpoint", 'model_checkpoint_path: "m.ckpt-2"')
        put(work / folder / "m.ckpt-2.index")
    put(work / "with" / "projector_config.pbtxt")
    assert {path for path in found(work) if path.startswith("without")} == set()
    assert "with/m.ckpt-2.index" in found(work)


def test_code_is_nobody_s_neighbour(work: Path) -> None:
    put(work / "train.py")
    put(work / "exp" / "config.yaml")
    own = frozenset(["train.py", "exp/config.yaml"])
    put(work / EVENTS)
    put(work / "model.bin")  # the working folder itself is everybody's
    put(work / "exp" / EVENTS)
    put(work / "exp" / "hparams.yaml")
    assert found(work, own) == {EVENTS, f"exp/{EVENTS}", "exp/hparams.yaml"}


class TestLinks:
    """Followed as TensorBoard does, each folder once."""

    def test_logs_itself(self, work: Path) -> None:
        (work / "logs").rmdir()
        put(work.parent / "scratch" / "exp" / EVENTS)
        put(work.parent / "scratch" / "exp" / "private.txt")
        (work / "logs").symlink_to(work.parent / "scratch")
        looked = find_log_files(os.fspath(work))
        assert set(looked.locations) == {f"logs/exp/{EVENTS}"}
        (note,) = looked.notes
        assert note.startswith(f"logs is a link to {work.parent / 'scratch'}, outside")

    def test_a_folder_a_file_and_links_in_what_is_linked(self, work: Path) -> None:
        put(work.parent / "a" / EVENTS)
        put(work.parent / "b" / EVENTS)
        put(work.parent / "c.tfevents")
        (work.parent / "a" / "b").symlink_to(work.parent / "b")
        (work / "runs").symlink_to(work.parent / "a")
        (work / "logs" / "one.tfevents").symlink_to(work.parent / "c.tfevents")
        assert found(work) == {f"runs/{EVENTS}", f"runs/b/{EVENTS}", "logs/one.tfevents"}

    def test_each_folder_once_and_by_its_own_name(self, work: Path) -> None:
        put(work / "runs" / "exp_1" / EVENTS)
        (work / "latest").symlink_to("runs/exp_1")
        (work / "runs" / "latest").symlink_to("exp_1")
        (work / "runs" / "exp_1" / "above").symlink_to("..")
        put(work.parent / "scratch" / EVENTS)
        (work / "logs" / "x").symlink_to(work.parent / "scratch")
        (work / "logs" / "y").symlink_to(work.parent / "scratch")
        (work.parent / "scratch" / "itself").symlink_to(".")
        assert found(work) == {f"runs/exp_1/{EVENTS}", f"logs/x/{EVENTS}"}

    def test_not_where_copies_are_kept(self, work: Path) -> None:
        """Or they would be copied again, for ever."""
        workspace = work / "workspace"
        put(workspace / "runs" / "other" / EVENTS)
        root = workspace / "jobs" / "run" / "work"
        root.mkdir(parents=True)
        (root / "all").symlink_to(work)
        put(work / "tb" / EVENTS)
        looked = find_log_files(os.fspath(root), closed=[os.fspath(workspace)])
        assert set(looked.locations) == {f"all/tb/{EVENTS}"}

    def test_a_data_set_is_not_looked_through(
        self, work: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log_files, "LINKED_FILES", 3)
        for number in range(4):
            put(work.parent / "data" / f"{number}.jpg")
        (work / "data").symlink_to(work.parent / "data")
        looked = find_log_files(os.fspath(work))
        assert looked.notes == (
            f"data is a link to {work.parent / 'data'}, with more than 3 files: no event files are"
            " looked for",
        )

    def test_what_may_not_be_read_out_there_is_no_fault_of_the_job(
        self, work: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (work.parent / "closed").mkdir()
        (work / "closed").symlink_to(work.parent / "closed")
        scan = os.scandir

        def refuse(place: str) -> object:  # as root, no mode bits would
            if place.endswith("closed"):
                raise PermissionError(13, "Permission denied")
            return scan(place)

        monkeypatch.setattr(os, "scandir", refuse)
        assert find_log_files(os.fspath(work)).unreadable == {}
