from __future__ import annotations

from pathlib import Path

import pytest

from trackboard.board.eventfiles.log_folders import LogFolder
from trackboard.board.process.options import COMMAND, Command, Show
from trackboard.board.series.samples import Samples


@pytest.mark.parametrize(
    "show",
    [
        Show(workspace=Path("/a b/.trackboard/default")),
        Show(workspace=Path("/w"), experiment="-odd name", raw_ids=True),
        Show(workspace=Path("/w"), runs=()),
        Show(workspace=Path("/w"), runs=("one", "-two")),
        Show(log_folder=Path("/logs")),
        Show(log_folders=(LogFolder("a:b", Path("/x:/y")), LogFolder("-", Path("/z")))),
        Show(log_folder=Path("/logs"), samples=Samples.parse("images=all,scalars=5000")),
    ],
)
def test_a_command_line_says_what_went_in(show: Show) -> None:
    command = Command(show, "127.0.0.1", 6006, 7, Path("/tmp/x.log"), path_prefix="/-odd")
    first, *words = command.to_arguments()
    assert first == COMMAND
    assert Command.parse(words) == command


def test_a_board_shows_a_workspace_or_a_folder() -> None:
    with pytest.raises(AssertionError):
        Show()
    with pytest.raises(AssertionError):
        Show(workspace=Path("/w"), log_folder=Path("/l"))
