from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NoReturn

import pytest
from tests.unit.board.eventfiles.test_tag_kinds import image, record, scalar, write
from tests.waiting import until

from trackboard.board.eventfiles.discovery import PlainFolder
from trackboard.board.eventfiles.kinds_provider import KindsProvider
from trackboard.board.provider.combined import BoardProvider


def never(_: Path) -> NoReturn:
    raise AssertionError("nobody asked for a value")


def test_what_cannot_be_told_apart_is_said_with_run_tag_and_kinds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train").mkdir()
    write(tmp_path / "train/x.tfevents", record(scalar("w")), record(image("w")))
    board = BoardProvider(None, KindsProvider(PlainFolder(tmp_path), never))
    assert board.left_out == {}
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    board.change_token()
    said = (
        "'w' of train holds scalars and images, and is not shown whole: No such file or directory."
    )
    until(lambda: board.left_out == {"scalars": said, "images": said}, lambda: str(board.left_out))
    board.close()
