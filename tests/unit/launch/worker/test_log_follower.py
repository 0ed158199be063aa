"""Followed files: the copy always ends as the source, whatever the script does to it."""

import os
import shutil
from pathlib import Path

import pytest

from trackboard.launch.worker.log_follower import PIECE_BYTES, Follower


class Copies:
    """What a reader of the run would have: the contract of FileBytes."""

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.sent_bytes = 0
        self.largest = 0

    def append(self, path: str, offset: int, data: bytes) -> None:
        held = b"" if offset == 0 else self.content[path]
        assert offset == len(held), f"{path}: offset {offset} after {len(held)} bytes"
        self.content[path] = held + data
        self.sent_bytes += len(data)
        self.largest = max(self.largest, len(data))

    def remove(self, path: str) -> None:
        del self.content[path]


@pytest.fixture
def copies() -> Copies:
    return Copies()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "logs").mkdir(parents=True)
    return folder


@pytest.fixture
def follower(work: Path, copies: Copies) -> Follower:
    """It looks for new files every time."""
    return Follower(work, copies.append, copies.remove, walk_rest=0.0)


def test_growing_file(follower: Follower, copies: Copies, work: Path) -> None:
    log = work / "logs" / "a.log"
    for count in range(1, 4):
        with open(log, "a") as file:
            file.write("line\n")
        follower.poll()
        assert copies.content == {"logs/a.log": b"line\n" * count}
    follower.poll()
    assert copies.sent_bytes == 15  # each byte once


def test_which_files(follower: Follower, copies: Copies, work: Path) -> None:
    for name in (
        "logs/deep/er/x.txt",
        "logs/.part",
        "outputs/model.bin",
        "events.out.tfevents.1",
        "runs/a b/events.out.tfevents.2.v2",
        "lightning_logs/v0/hparams.yaml",
    ):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(name)
    follower.poll()
    live = {"logs/deep/er/x.txt", "events.out.tfevents.1", "runs/a b/events.out.tfevents.2.v2"}
    assert set(copies.content) == live
    follower.finish()
    assert set(copies.content) == live | {"logs/.part"}


def test_empty_file_is_there(follower: Follower, copies: Copies, work: Path) -> None:
    (work / "logs" / "a").touch()
    follower.poll()
    assert copies.content == {"logs/a": b""}
    (work / "logs" / "a").write_text("x")
    follower.poll()
    assert copies.content == {"logs/a": b"x"}


@pytest.mark.parametrize(
    "text", ["", "short", "another text, longer than what was there before", "old text, same siz3"]
)
def test_rewritten_in_place(follower: Follower, copies: Copies, work: Path, text: str) -> None:
    log = work / "logs" / "a"
    log.write_text("old text, same size")
    follower.poll()
    log.write_text(text)
    os.utime(log, ns=(1, 1))  # however coarse the clock is
    follower.poll()
    assert copies.content == {"logs/a": text.encode()}


@pytest.mark.parametrize("changed_at", [10, 4_990])
def test_rewritten_in_place_and_longer(
    follower: Follower, copies: Copies, work: Path, changed_at: int
) -> None:
    log = work / "logs" / "a"
    log.write_bytes(bytes(5_000))
    follower.poll()
    with open(log, "r+b") as file:
        file.seek(changed_at)
        file.write(b"changed")
        file.seek(0, os.SEEK_END)
        file.write(b"and longer")
    follower.poll()
    assert copies.content["logs/a"] == log.read_bytes()


def test_replaced_by_a_longer_one_that_begins_alike(
    follower: Follower, copies: Copies, work: Path
) -> None:
    log, aside = work / "logs" / "a", work / "logs" / ".aside"
    log.write_bytes(b"h" * 5000 + b"old")
    follower.poll()
    aside.write_bytes(b"h" * 5000 + b"new and longer")
    aside.replace(log)
    follower.poll()
    assert copies.content["logs/a"] == b"h" * 5000 + b"new and longer"


def test_changed_in_the_middle(follower: Follower, copies: Copies, work: Path) -> None:
    log = work / "logs" / "a"
    log.write_bytes(bytes(10_000))
    follower.poll()
    with open(log, "r+b") as file:
        file.seek(5_000)
        file.write(b"changed")
    os.utime(log, ns=(1, 1))
    follower.poll()
    assert copies.content["logs/a"] == log.read_bytes()


def test_logs_removed_and_written_again(follower: Follower, copies: Copies, work: Path) -> None:
    (work / "logs" / "a").write_text("first life")
    (work / "logs" / "b").write_text("only once")
    follower.poll()
    shutil.rmtree(work / "logs")
    follower.poll()
    (work / "logs").mkdir()
    (work / "logs" / "a").write_text("second life")
    follower.poll()
    assert copies.content == {"logs/a": b"second life", "logs/b": b"only once"}


def test_same_content_again_after_removal(follower: Follower, copies: Copies, work: Path) -> None:
    (work / "logs" / "a").write_text("1234")
    follower.poll()
    (work / "logs" / "a").unlink()
    follower.poll()
    (work / "logs" / "a").write_text("1234567")
    follower.poll()
    assert copies.content["logs/a"] == b"1234567"


def test_working_copy_removed(follower: Follower, copies: Copies, work: Path) -> None:
    (work / "logs" / "a").write_text("x")
    follower.poll()
    shutil.rmtree(work)
    follower.poll()
    follower.finish()
    assert copies.content == {"logs/a": b"x"}
    assert follower.unreadable == {}


def test_large_file_goes_in_pieces_and_in_turns(copies: Copies, work: Path) -> None:
    follower = Follower(work, copies.append, copies.remove, poll_bytes=3 * PIECE_BYTES)
    (work / "logs" / "big").write_bytes(os.urandom(5 * PIECE_BYTES + 17))
    assert follower.poll()
    assert copies.sent_bytes == 3 * PIECE_BYTES
    assert not follower.poll()
    assert copies.content["logs/big"] == (work / "logs" / "big").read_bytes()
    assert copies.largest <= PIECE_BYTES


def test_finish_sends_all(copies: Copies, work: Path) -> None:
    follower = Follower(work, copies.append, copies.remove, poll_bytes=1000)
    (work / "logs" / "big").write_bytes(os.urandom(12_345))
    follower.finish()
    assert copies.content["logs/big"] == (work / "logs" / "big").read_bytes()


def test_links(follower: Follower, copies: Copies, work: Path) -> None:
    outside = work.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("s")
    (work / "logs" / "real").write_text("r")
    (work / "logs" / "inside").symlink_to("real")
    (work / "logs" / "file").symlink_to(outside / "secret")
    (work / "logs" / "folder").symlink_to(outside)
    (work / "logs" / "circle").symlink_to(".")
    (work / "logs" / "nowhere").symlink_to("gone")
    assert sorted(follower.list_untaken()) == [
        f"logs/file is a link to {outside / 'secret'}, outside of the job's folder: it is not kept",
        f"logs/folder is a link to {outside}, outside of the job's folder: of its files only"
        " TensorBoard's are kept",
        f"logs/nowhere is a link to {work / 'logs' / 'gone'}, where there is nothing",
    ]
    follower.finish()
    assert copies.content == {"logs/real": b"r", "logs/inside": b"r"}


def test_pipes_are_passed_over(follower: Follower, copies: Copies, work: Path) -> None:
    os.mkfifo(work / "logs" / "pipe")
    follower.finish()
    assert copies.content == {}


def test_unreadable_file_is_said(
    follower: Follower, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "logs" / "a").write_text("x")

    def refuse(*_args: object, **_kwargs: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # as root, no mode bits would
    follower.poll()
    assert follower.unreadable == {"logs/a": "Permission denied"}


def test_odd_names(follower: Follower, copies: Copies, work: Path) -> None:
    place = os.path.join(os.fsencode(work), b"logs", b"a\xff\n'")
    with open(place, "wb") as file:
        file.write(b"x")
    follower.poll()
    assert copies.content == {"logs/a\\xff\n'": b"x"}


def test_a_file_elsewhere(follower: Follower, copies: Copies, work: Path) -> None:
    follower.watch("user_logs/std_log.txt", work.parent / "console")
    follower.poll()
    (work.parent / "console").write_text("hello")
    follower.poll()
    assert copies.content == {"user_logs/std_log.txt": b"hello"}


EVENTS = "events.out.tfevents.1"


def write_events(folder: Path, text: str, name: str = EVENTS) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / name, "a") as file:
        file.write(text)


@pytest.mark.parametrize("seen_before", [True, False])
@pytest.mark.parametrize("how", ["rename", "another disk", "to another name"])
def test_a_renamed_file_has_one_copy(
    follower: Follower, copies: Copies, work: Path, how: str, *, seen_before: bool
) -> None:
    write_events(work / "runs" / "exp.tmp", "26 points")
    if seen_before:
        follower.poll()
    write_events(work / "runs" / "exp.tmp", ", 30 points")
    at = work / "runs" / "exp" / EVENTS
    if how == "rename":
        os.rename(work / "runs" / "exp.tmp", work / "runs" / "exp")
    elif how == "another disk":
        shutil.copytree(work / "runs" / "exp.tmp", work / "runs" / "exp")
        follower.poll()
        shutil.rmtree(work / "runs" / "exp.tmp")
    else:
        at = work / "runs" / "exp.tmp" / "final.tfevents"
        os.rename(work / "runs" / "exp.tmp" / EVENTS, at)
    for look in (follower.poll, follower.finish):
        look()
        path = at.relative_to(work).as_posix()
        assert copies.content == {path: b"26 points, 30 points"}


def test_a_writer_goes_on_in_a_renamed_folder(
    follower: Follower, copies: Copies, work: Path
) -> None:
    write_events(work / "a", "1")
    follower.poll()
    with open(work / "a" / EVENTS, "a") as file:
        os.rename(work / "a", work / "b")
        follower.poll()
        file.write("2")
    follower.poll()
    assert copies.content == {f"b/{EVENTS}": b"12"}


def test_a_folder_that_was_begun_again_has_its_new_curve_only(
    follower: Follower, copies: Copies, work: Path
) -> None:
    write_events(work / "logs" / "exp", "first life")
    follower.poll()
    shutil.rmtree(work / "logs" / "exp")
    follower.poll()
    assert copies.content == {f"logs/exp/{EVENTS}": b"first life"}  # no heir: its curve stays
    write_events(work / "logs" / "exp", "second life", "events.out.tfevents.2")
    follower.poll()
    assert copies.content == {"logs/exp/events.out.tfevents.2": b"second life"}


def test_a_removed_folder_keeps_its_copy_whatever_else_is_written(
    follower: Follower, copies: Copies, work: Path
) -> None:
    write_events(work / "trial_1", "one")
    write_events(work / "trial_2", "two")
    follower.poll()
    shutil.rmtree(work / "trial_1")
    write_events(work / "trial_3", "three")  # its inode may be the one that was freed
    follower.finish()
    assert sorted(copies.content.values()) == [b"one", b"three", b"two"]


def test_a_replaced_file_starts_again(follower: Follower, copies: Copies, work: Path) -> None:
    write_events(work / "logs", "50 points")
    follower.poll()
    write_events(work / "logs", "10", ".new")
    os.replace(work / "logs" / ".new", work / "logs" / EVENTS)
    follower.poll()
    assert copies.content == {f"logs/{EVENTS}": b"10"}
