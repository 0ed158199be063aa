"""Snapshots: what is in them, what is left out, and that nothing is copied twice."""

import os
import socket
import stat
import time
from pathlib import Path
from typing import BinaryIO, Protocol
from unittest.mock import patch

import pytest

from trackboard.blobs.folder import FolderBlobs
from trackboard.errors import NotFound, UsageError
from trackboard.launch.snapshot import walk as walk_module
from trackboard.launch.snapshot.manifest import Manifest, load_manifest, restore
from trackboard.launch.snapshot.take import Snapshot, take_snapshot
from trackboard.ports import Blobs


class CountingBlobs(Blobs, Protocol):
    puts: int


class CountedFolder(FolderBlobs):
    """Counts the bytes that are put."""

    put_bytes = 0

    def put(self, source: BinaryIO) -> tuple[str, int]:
        key, size_bytes = super().put(source)
        self.put_bytes += size_bytes
        return key, size_bytes


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


def _take(source: Path, blobs: Blobs, settled_s: float = 2.0) -> Snapshot:
    return take_snapshot(source, source.parent / "snapshots", blobs, settled_s=settled_s)


def _take_aged(source: Path, blobs: Blobs) -> Snapshot:
    """As if the files had been there for a while."""
    return _take(source, blobs, settled_s=-1.0)


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)


def _settle(source: Path, settled_s: float) -> None:
    """Until nothing in it can have changed just now: change times cannot be set."""
    newest_s = max(place.stat().st_ctime for place in source.iterdir())
    time.sleep(max(0.0, newest_s + settled_s - time.time()) + 0.01)


def test_restores_content_modes_links_and_empty_folders(source: Path, blobs: Blobs) -> None:
    (source / "pkg" / "deep").mkdir(parents=True)
    (source / "empty" / "inner").mkdir(parents=True)
    (source / "pkg" / "deep" / "a.bin").write_bytes(bytes(range(256)))
    run = source / "run.sh"
    run.write_text("#!/bin/sh\n")
    run.chmod(0o755)
    (source / "link.bin").symlink_to("pkg/deep/a.bin")
    (source / "pkg" / "absolute").symlink_to(source / "run.sh")
    (source / "folder").symlink_to("pkg")
    taken = _take(source, blobs)
    copy = source.parent / "copy"
    restore(blobs, taken.manifest, copy)
    assert (copy / "pkg/deep/a.bin").read_bytes() == bytes(range(256))
    assert stat.S_IMODE((copy / "run.sh").stat().st_mode) == 0o755
    assert os.readlink(copy / "link.bin") == "pkg/deep/a.bin"
    assert (copy / "pkg/absolute").resolve() == copy.resolve() / "run.sh"
    assert (copy / "folder/deep/a.bin").is_file()
    assert (copy / "empty/inner").is_dir()


def test_second_snapshot_reads_nothing_and_has_the_same_name(
    source: Path, blobs: CountingBlobs
) -> None:
    _write(source, a="1", b="2")
    first = _take_aged(source, blobs)
    second = _take_aged(source, blobs)
    assert (first.read_files, second.read_files) == (2, 0)
    assert blobs.puts == 2
    assert second.digest == first.digest


def test_one_changed_file_is_the_only_one_read(source: Path, blobs: CountingBlobs) -> None:
    _write(source, a="1", b="2")
    first = _take_aged(source, blobs)
    _write(source, b="3")
    second = _take_aged(source, blobs)
    assert second.read_files == 1
    assert second.digest != first.digest


def test_same_size_and_mtime_put_back_is_still_noticed(source: Path, blobs: Blobs) -> None:
    _write(source, a="1")
    before = (source / "a.py").stat()
    first = _take_aged(source, blobs)
    _write(source, a="2")
    os.utime(source / "a.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert _take_aged(source, blobs).digest != first.digest


def test_a_file_that_has_just_changed_is_not_trusted(source: Path, blobs: Blobs) -> None:
    _write(source, a="1")
    assert _take(source, blobs).read_files == 1
    assert _take(source, blobs).read_files == 1


def test_digest_does_not_depend_on_where_the_folder_is(tmp_path: Path, blobs: Blobs) -> None:
    digests = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        _write(folder, train="print()")
        digests.add(_take(folder, blobs).digest)
    assert len(digests) == 1


def test_never_takes_what_is_not_source(source: Path, blobs: Blobs) -> None:
    for name in (".git", ".trackboard", "__pycache__", ".ipynb_checkpoints", "venv", "history"):
        (source / name).mkdir()
        (source / name / "x").write_text("")
    (source / "venv" / "pyvenv.cfg").write_text("")
    (source / "history" / "trackboard.db").write_text("")
    (source / "pkg" / "__pycache__").mkdir(parents=True)
    (source / "pkg" / "__pycache__" / "a.pyc").write_text("")
    _write(source, train="")
    assert _take(source, blobs).manifest.paths == {"train.py"}


def test_amlignore_counts_before_gitignore(source: Path, blobs: Blobs) -> None:
    (source / ".gitignore").write_text("kept.txt\n")
    (source / ".amlignore").write_text("# data\n*.csv\n!small.csv\n/data/\n")
    for name in ("kept.txt", "big.csv", "small.csv", "data/x", "pkg/data/y"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    taken = _take(source, blobs)
    assert taken.ignore_files == (".amlignore",)
    expected = {".gitignore", ".amlignore", "kept.txt", "small.csv", "pkg/data/y"}
    assert taken.manifest.paths == expected


def test_gitignore_counts_alone(source: Path, blobs: Blobs) -> None:
    (source / ".gitignore").write_bytes(b"\xef\xbb\xbf*.log\r\nout/\r\n")
    (source / "out").mkdir()
    for name in ("a.log", "b.txt", "out/c"):
        (source / name).write_text("")
    assert _take(source, blobs).manifest.paths == {".gitignore", "b.txt"}


def test_nested_ignore_files_count_for_their_folder(source: Path, blobs: Blobs) -> None:
    (source / "a" / "deep").mkdir(parents=True)
    (source / ".gitignore").write_text("*.log\n")
    (source / "a" / ".gitignore").write_text("!kept.log\n/data\n")
    (source / "a" / "deep" / ".amlignore").write_text("*.bin\n")
    for name in ("x.log", "data", "a/kept.log", "a/data", "a/deep/data", "a/deep/x.bin", "a/x.bin"):
        (source / name).write_text("")
    taken = _take(source, blobs)
    ignore_files = (".gitignore", "a/.gitignore", "a/deep/.amlignore")
    assert taken.ignore_files == ignore_files
    files = {"data", "a/kept.log", "a/deep/data", "a/x.bin"}
    assert taken.manifest.paths == {*files, *ignore_files}
    nearest = [taken.ignore_file_of(path) for path in ("ab", "a/b", "a/deeper", "a/deep/c")]
    assert nearest == [".gitignore", "a/.gitignore", "a/.gitignore", "a/deep/.amlignore"]


def test_amlignore_at_the_top_replaces_every_gitignore(source: Path, blobs: Blobs) -> None:
    (source / "a").mkdir()
    (source / ".amlignore").write_text("*.log\n")
    (source / "a" / ".gitignore").write_text("*.py\n")
    _write(source / "a", train="")
    assert "a/train.py" in _take(source, blobs).manifest.paths


def test_counts_in_words(source: Path, blobs: Blobs) -> None:
    _write(source, a="1", b="2" * 999)
    assert str(_take(source, blobs)) == "2 files, 1.0 kB (2 new)"
    assert str(_take(source, blobs)) == "2 files, 1.0 kB (0 new)"  # read again, and the same
    _write(source, a="3")
    assert str(_take_aged(source, blobs)) == "2 files, 1.0 kB (1 new)"


def test_one_changed_line_copies_one_file(tmp_path: Path, source: Path) -> None:
    """A folder of 200 MB: what is there stays as it is, and only the changed file is added."""
    data = b"".join(number.to_bytes(4, "big") * 64 for number in range(4 * 1024))
    for number in range(200):
        (source / f"{number}.bin").write_bytes(number.to_bytes(4, "big") + data)
        os.utime(source / f"{number}.bin", (1, 1))
    _write(source, train="print(1)\n")
    _settle(source, 0.5)
    kept = CountedFolder(tmp_path / "blobs")
    assert _take(source, kept, 0.5).manifest.size_bytes > 200_000_000
    kept.put_bytes = 0
    _write(source, train="print(2)\n")
    second = _take(source, kept, 0.5)
    assert (second.read_files, second.new_files, kept.put_bytes) == (1, 1, 9)


def test_link_to_a_file_outside_is_copied(source: Path, blobs: Blobs) -> None:
    (source.parent / "outside.txt").write_text("hello")
    (source / "in.txt").symlink_to(source.parent / "outside.txt")
    copy = source.parent / "copy"
    restore(blobs, _take(source, blobs).manifest, copy)
    assert not (copy / "in.txt").is_symlink()
    assert (copy / "in.txt").read_text() == "hello"


def test_link_to_a_folder_of_shared_code_is_followed(source: Path, blobs: Blobs) -> None:
    shared = source.parent / "shared"
    (shared / "deep").mkdir(parents=True)
    (shared / "__pycache__").mkdir()
    (shared / "__pycache__" / "a.pyc").write_text("")
    _write(shared, a="1")
    _write(shared / "deep", b="2")
    (shared / ".gitignore").write_text("*.log\n")
    (shared / "x.log").write_text("")
    (shared / "beside.py").symlink_to("a.py")
    (shared / "home.py").symlink_to(source / "train.py")
    _write(source, train="")
    (source / "lib").symlink_to(shared)
    taken = _take(source, blobs)
    copy = source.parent / "copy"
    restore(blobs, taken.manifest, copy)

    assert taken.manifest.paths == {
        *("train.py", "lib/a.py", "lib/deep/b.py", "lib/beside.py", "lib/home.py"),
        "lib/.gitignore",
    }
    assert (copy / "lib" / "deep" / "b.py").read_text() == "2"
    assert os.readlink(copy / "lib" / "home.py") == "../train.py"
    assert taken.followed == (("lib", str(shared)),)
    (source / ".amlignore").write_text("lib\n")
    assert _take(source, blobs).manifest.paths == {".amlignore", "train.py"}


def test_links_to_folders_outside_that_lead_in_a_circle_end(source: Path, blobs: Blobs) -> None:
    one, other = source.parent / "one", source.parent / "other"
    for folder in (one, other):
        folder.mkdir()
        _write(folder, code=folder.name)
    (one / "self").symlink_to(one)
    (one / "other").symlink_to(other)
    (other / "one").symlink_to(one)
    (source / "one").symlink_to(one)
    assert _take(source, blobs).manifest.paths == {"one/code.py", "one/other/code.py"}


@pytest.mark.parametrize("limit", ["LARGE_FILES", "LARGE_BYTES"])
def test_link_to_a_folder_of_data_is_refused(
    source: Path, blobs: Blobs, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(walk_module, limit, 2)
    (source.parent / "data").mkdir()
    for number in range(3):
        (source.parent / "data" / f"{number}").write_text("x")
    (source / "data").symlink_to(source.parent / "data")
    with pytest.raises(UsageError, match=r"'data' in .* is a link to .* outside.*data\?") as caught:
        _take(source, blobs)
    assert "Add data to .amlignore" in caught.value.hint
    (source / ".amlignore").write_text("data\n")
    assert _take(source, blobs).manifest.paths == {".amlignore"}


def test_link_to_a_folder_above_is_refused(source: Path, blobs: Blobs) -> None:
    (source / "up").symlink_to("..")
    with pytest.raises(UsageError, match="which holds this one"):
        _take(source, blobs)


def test_without_keeping_nothing_is_written(source: Path, blobs: Blobs, tmp_path: Path) -> None:
    _write(source, a="1", b="2")
    before = sorted(tmp_path.rglob("*"))
    seen = take_snapshot(source, tmp_path / "snapshots", blobs, keep=False)
    assert sorted(tmp_path.rglob("*")) == before
    taken = _take(source, blobs)
    assert (seen.digest, seen.manifest, str(seen)) == (taken.digest, taken.manifest, str(taken))


def test_links_that_lead_nowhere_or_in_a_circle_are_kept(source: Path, blobs: Blobs) -> None:
    (source / ".#lock").symlink_to("me@host.1")
    (source / "circle").symlink_to("circle")
    manifest = _take(source, blobs).manifest
    copy = source.parent / "copy"
    restore(blobs, manifest, copy)
    assert os.readlink(copy / ".#lock") == "me@host.1"
    assert (copy / "circle").is_symlink()


def test_restore_never_writes_through_a_link(blobs: Blobs, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "d").mkdir(parents=True)
    (source / "d" / "f").write_text("x")
    taken = _take(source, blobs).manifest
    copy = tmp_path / "copy"
    copy.mkdir()
    (tmp_path / "victim").write_text("untouched")
    (copy / "d").mkdir()
    (copy / "d" / "f").symlink_to(tmp_path / "victim")
    with pytest.raises(FileExistsError):
        restore(blobs, taken, copy)
    assert (tmp_path / "victim").read_text() == "untouched"


def test_restoring_ends_when_it_is_canceled(source: Path, blobs: Blobs) -> None:
    for name in ("a", "b", "c"):
        (source / name).write_text(name)
    manifest = _take(source, blobs).manifest
    copy = source.parent / "copy"
    answers = iter([False, True])
    assert not restore(blobs, manifest, copy, lambda: next(answers))
    assert len([*copy.iterdir()]) == 1


def test_sockets_and_pipes_are_left_out_and_named(
    source: Path, blobs: Blobs, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "s"))
        assert _take(source, blobs).manifest == Manifest()
    said = capsys.readouterr().err
    assert "without what is no file" in said
    assert "'pipe'" in said
    assert "'s'" in said


def test_a_large_file_is_named_before_it_is_read(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever has one by accident need not wait for the end; ended, nothing is left of it."""

    class Interrupted(FolderBlobs):
        said = ""

        def put(self, source: BinaryIO) -> tuple[str, int]:
            Interrupted.said = capsys.readouterr().err
            with patch.object(source, "read", side_effect=[b"x" * 1_000, KeyboardInterrupt]):
                return super().put(source)

    with (source / "disk.img").open("wb") as file:
        file.truncate(3 << 30)
    with pytest.raises(KeyboardInterrupt):
        _take(source, Interrupted(tmp_path / "blobs"))
    assert "'disk.img'" in Interrupted.said
    assert "3.2 GB" in Interrupted.said
    assert ".amlignore" in Interrupted.said
    assert [place for place in (tmp_path / "blobs").rglob("*") if place.is_file()] == []


def test_empty_folder(source: Path, blobs: Blobs) -> None:
    assert _take(source, blobs).manifest == Manifest()


@pytest.mark.parametrize("name", ["missing", "file.txt"])
def test_not_a_folder(source: Path, blobs: Blobs, name: str) -> None:
    (source / "file.txt").write_text("")
    with pytest.raises(UsageError, match=name):
        _take(source / name, blobs)


def test_unknown_digest(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="abc"):
        load_manifest(tmp_path, "abc")


def test_damaged_shortcut_is_only_slower(source: Path, blobs: Blobs) -> None:
    _write(source, a="1")
    first = _take_aged(source, blobs)
    for cache in (source.parent / "snapshots" / "known").iterdir():
        cache.write_text("{")
    assert _take_aged(source, blobs).digest == first.digest
