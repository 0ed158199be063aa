from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.board.eventfiles.test_tag_kinds import histogram, image, record, scalar, write
from tests.waiting import until

from trackboard.board.eventfiles.discovery import PlainFolder
from trackboard.board.eventfiles.event_copy import parse
from trackboard.board.eventfiles.kind_folders import KindFolders
from trackboard.eventfile import encode, read


class Folder(PlainFolder):
    """Looks at every question."""

    def follow(self, experiment_id: str) -> None:
        self._throttle = type(self._throttle)()
        super().follow(experiment_id)


class Setting:
    def __init__(self, root: Path) -> None:
        self.root = root / "logs"
        self.root.mkdir()
        self.folder = Folder(self.root)
        self.copies = KindFolders(self.folder, [root])

    def write(self, run: str, *records: bytes, name: str = "x.tfevents") -> None:
        (self.root / run).mkdir(exist_ok=True)
        write(self.root / run / name, *records)

    def find(self) -> dict[tuple[str, str], list[tuple[str, int]]]:
        """What the copies hold, once the thread has seen all there is: tags and steps by run and kind."""
        self.folder.follow("")
        self.copies.follow()
        until(lambda: self.copies._looked == self.folder.changes)
        root = self.copies.find_root()
        return {
            (apart.run, apart.kind): [
                (value.tag, event.step)
                for file in sorted((root / number).iterdir())
                for each in read.iter_records(file)
                if (event := parse(each.data))
                for value in event.summary.value
            ]
            for number, apart in self.copies.list_apart().items()
            if root
        }


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    setting = Setting(tmp_path)
    yield setting
    setting.copies.close()


def test_nothing_is_copied_of_tags_of_one_kind(setting: Setting) -> None:
    setting.write("a", encode.header(1.0), record(scalar("v")), record(image("w")))
    setting.write("b", encode.header(1.0), record(image("v")))
    assert setting.find() == {}
    assert setting.copies.find_root() is None
    assert setting.copies.generation == setting.copies.changes == 0


def test_each_kind_is_copied_apart_as_it_grows(setting: Setting) -> None:
    setting.write("a", record(scalar("w"), scalar("v"), step=1), record(image("w"), step=2))
    expected = {("a", "scalars"): [("w", 1)], ("a", "images"): [("w", 2)]}
    assert setting.find() == expected
    numbers = set(setting.copies.list_apart())
    assert setting.copies.is_complete(numbers)
    assert not setting.copies.is_complete(["0"])
    changes = setting.copies.changes
    setting.write("a", record(image("w"), scalar("v"), step=3))
    setting.write("a", record(scalar("w"), step=4), name="y.tfevents")
    expected["a", "images"].append(("w", 3))
    expected["a", "scalars"].append(("w", 4))
    assert setting.find() == expected
    assert set(setting.copies.list_apart()) == numbers
    assert setting.copies.changes > changes


def test_another_kind_and_another_tag_are_copied_to_other_folders(setting: Setting) -> None:
    setting.write("a", record(scalar("w"), step=1), record(image("w"), step=2))
    setting.find()
    numbers = set(setting.copies.list_apart())
    setting.write("a", record(histogram("w"), step=3), record(image("v")), record(scalar("v")))
    assert setting.find() == {
        ("a", "scalars"): [("w", 1), ("v", 0)],
        ("a", "images"): [("w", 2), ("v", 0)],
        ("a", "histograms"): [("w", 3)],
    }
    assert not numbers & set(setting.copies.list_apart())
    root = setting.copies.find_root()
    assert root
    assert not any((root / number).exists() for number in numbers)


def test_what_is_gone_or_was_replaced_is_forgotten(setting: Setting) -> None:
    for run in "ab":
        setting.write(run, record(scalar("w"), step=1), record(image("w"), step=2))
    assert len(setting.find()) == 4
    shutil.rmtree(setting.root / "a")
    assert set(setting.find()) == {("b", "scalars"), ("b", "images")}
    other = write(setting.root / "new", record(scalar("w"), step=9), record(histogram("w"), step=9))
    other.replace(setting.root / "b/x.tfevents")
    assert setting.find() == {("b", "scalars"): [("w", 9)], ("b", "histograms"): [("w", 9)]}


def test_what_cannot_be_copied_is_said(setting: Setting) -> None:
    setting.write("a", record(scalar("w")), record(image("w")))
    assert len(setting.find()) == 2
    root = setting.copies.find_root()
    assert root
    (root / "2").touch()  # where the next folder should be
    setting.write("b", record(scalar("w")), record(image("w")))
    assert len(setting.find()) == 2
    assert setting.copies.list_failed() == {"b": ({"w": ("scalars", "images")}, "File exists")}


def test_after_the_end_nothing_is_left(setting: Setting) -> None:
    setting.write("a", record(scalar("w")), record(image("w")))
    setting.find()
    root = setting.copies.find_root()
    assert root
    thread = setting.copies._thread
    assert thread
    for _ in range(2):
        setting.copies.close()
    assert not root.exists()
    assert not thread.is_alive()
    setting.copies.follow()
