"""`trackboard download`, as it is typed, and the same from Python."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trackboard import Workspace
from trackboard.cli.main import main
from trackboard.errors import Conflict, NotFound, UsageError
from trackboard.record import LiveRun

Said = pytest.CaptureFixture[str]
Run = Callable[[str], int]
FILES = {
    "images/sample 1.png": b"image",
    "logs/log.txt": b"first",
    "outputs/deep/er/model.bin": bytes(3_000_000),
    "outputs/model.bin": b"model",
}


@pytest.fixture
def live(empty_folder: Path) -> Iterator[LiveRun]:
    """A run in the current folder's history, with files, one of which grows."""
    del empty_folder
    workspace = Workspace.open()
    run = workspace.recorder().create_run("digits", name="first")
    for path, content in FILES.items():
        if path.startswith("logs"):
            run.append_bytes(path, 0, content)
        else:
            add_file(run, path, content)
    yield run
    run.complete()
    workspace.recorder().close()
    workspace.close()


def add_file(run: LiveRun, path: str, content: bytes) -> None:
    key, size_bytes = run.put_file(io.BytesIO(content))
    run.add_file(path, key, size_bytes)


@pytest.fixture
def run(live: LiveRun, monkeypatch: pytest.MonkeyPatch) -> Run:
    del live

    def typed(words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["trackboard", *words.split(" ")])
        return main()

    return typed


def there(folder: str) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


def test_all_files_in_a_folder_that_is_called_like_the_run(run: Run, capsys: Said) -> None:
    assert run("download digits/first") == 0
    assert capsys.readouterr().out == "digits/first: 4 files of 3.0 MB\n"
    assert there("digits/first") == FILES


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("outputs", ["outputs/deep/er/model.bin", "outputs/model.bin"]),
        ("outputs/", ["outputs/deep/er/model.bin", "outputs/model.bin"]),
        ("outputs/model.bin logs", ["logs/log.txt", "outputs/model.bin"]),
        ("*.png", ["images/sample 1.png"]),
        ("outputs/*.bin", ["outputs/deep/er/model.bin", "outputs/model.bin"]),
    ],
)
def test_some_files(run: Run, words: str, expected: list[str]) -> None:
    assert run(f"download first {words} --to here") == 0
    assert sorted(there("here")) == expected


def test_a_dry_run_lists_what_it_would_write(run: Run, capsys: Said) -> None:
    assert run("download first --to here --dry-run") == 0
    assert capsys.readouterr().out.splitlines() == [
        "      5 B  images/sample 1.png",
        "      5 B  logs/log.txt",
        "   3.0 MB  outputs/deep/er/model.bin",
        "      5 B  outputs/model.bin",
        "here would get 4 files of 3.0 MB",
    ]
    assert os.listdir() == [".trackboard"]
    assert run("download first --to here --dry-run --json outputs/model.bin") == 0
    assert json.loads(capsys.readouterr().out) == {
        "folder": "here",
        "dry_run": True,
        "files": {"outputs/model.bin": 5},
        "unchanged": {},
        "size_bytes": 5,
        "left_out": [],
    }


def test_again_only_what_is_missing_or_has_grown(run: Run, live: LiveRun, capsys: Said) -> None:
    assert run("download first --to here") == 0
    os.unlink("here/outputs/model.bin")
    live.append_bytes("logs/log.txt", 5, b", second")
    capsys.readouterr()
    assert run("download first --to here") == 0
    assert capsys.readouterr().out == "here: 2 files of 18 B (2 there already)\n"
    assert there("here") == {**FILES, "logs/log.txt": b"first, second"}


def test_other_files_are_replaced_when_it_is_said(run: Run, capsys: Said) -> None:
    Path("here/outputs").mkdir(parents=True)
    Path("here/outputs/model.bin").write_bytes(b"mine")
    for more in ("", " --dry-run"):
        assert run(f"download first --to here{more}") == 4
        assert "other files are in here already: outputs/model.bin" in capsys.readouterr().err
    assert there("here") == {"outputs/model.bin": b"mine"}
    assert run("download first --to here --force") == 0
    assert there("here") == FILES


def test_a_link_is_replaced_and_not_followed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"mine")
    Path("here/outputs").mkdir(parents=True)
    Path("here/outputs/model.bin").symlink_to(tmp_path / "other")
    assert run("download first --to here --force") == 0
    assert (tmp_path / "other").read_bytes() == b"mine"
    assert not Path("here/outputs/model.bin").is_symlink()


@pytest.mark.parametrize("path", ["../out", "/absolute", "a/../../out", "x" * 300])
def test_paths_that_no_folder_holds_are_left_out(
    run: Run, live: LiveRun, capsys: Said, path: str, tmp_path: Path
) -> None:
    add_file(live, path, b"bad")
    assert run("download first --to here") == 0
    said = capsys.readouterr()
    assert said.err.startswith("not downloaded: ")
    assert there("here") == FILES
    assert not (tmp_path / "out").exists()
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("download unknown", 3, "no run is called 'unknown'"),
        ("download digits", 2, "is an experiment"),
        ("download first model.bin", 3, "outputs/model.bin"),
        ("download first ../x", 2, "leads out of its folder"),
        ("download first --to file", 2, "is a file, and no folder"),
    ],
)
def test_wrong_words_are_told(run: Run, capsys: Said, words: str, code: int, said: str) -> None:
    Path("file").write_bytes(b"")
    if "digits" in words:
        with Workspace.open().start_run("digits", name="second", capture=False):
            pass
    assert run(words) == code
    assert said in capsys.readouterr().err
    assert sorted(os.listdir()) == [".trackboard", "file"]


def test_from_python(live: LiveRun, tmp_path: Path) -> None:
    workspace = Workspace.open()
    done = workspace.download("digits/first", "outputs", folder=tmp_path / "here")
    assert [file.path for file in done.files] == ["outputs/deep/er/model.bin", "outputs/model.bin"]
    assert workspace.download(live, folder=tmp_path / "here", dry_run=True).size_bytes == 10
    (tmp_path / "here" / "outputs" / "model.bin").write_bytes(b"other")
    with pytest.raises(Conflict):
        workspace.download(live, folder=tmp_path / "here")
    assert len(workspace.download(live, folder=tmp_path / "here", force=True).files) == 3
    with pytest.raises(NotFound):
        workspace.download(live, ["outputs", "nothing"], folder=tmp_path / "other")
    with pytest.raises(UsageError):
        workspace.download(live, "../outputs", folder=tmp_path / "other")
    assert not (tmp_path / "other").exists()
    workspace.close()


def test_progress_is_told_in_bytes_up_to_the_end(live: LiveRun, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    service = Workspace.open().service
    total = sum(map(len, FILES.values()))
    for _ in range(2):  # the second time all is there
        service.transfer.download(
            live.id, [], tmp_path / "here", progress=lambda *given: told.append(given[:2])
        )
        assert told[-1] == (total, total)
        assert told == sorted(told)
        assert len(told) >= len(FILES)
        told.clear()
    service.close()
