"""How following a run ends."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from trackboard.cli.follow import end_with
from trackboard.model import CONSOLE, RunId
from trackboard.service import open_service


@pytest.mark.parametrize(
    ("cause", "console", "said"),
    [
        ("exit 3", "", "exit 3"),
        ("", "", ""),
        ("it ended without a word:\none\n\ntwo", "", "it ended without a word:\none\n\ntwo"),
        (
            "no package x:\npip says\n\tno",
            "[trackboard] pip says\n[trackboard] \tno\n",
            "no package x",
        ),
        ("it exited; its last lines:\none\ntwo", "zero\none\ntwo\n", "it exited"),
        ("rank 1 exited; its last lines:\none", "two\n", "rank 1 exited; its last lines:\none"),
        ("first\n\x1b[2Jevil", "", "first\n�[2Jevil"),
    ],
)
def test_a_cause_is_told_whole_unless_it_was_printed(
    cause: str, console: str, said: str, empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = open_service(empty_folder)
    live = service.recorder().create_run("digits", run_id="a")
    if console:
        live.append_bytes(CONSOLE, 0, console.encode())
    live.fail(cause)
    with pytest.raises(click.exceptions.Exit):
        end_with(service, RunId("a"))
    service.close()
    told = capsys.readouterr()
    assert told.out == console
    err = told.err.partition("\n")[2]  # behind the line on the new workspace
    assert err == f"trackboard: run a failed{': ' if said else ''}{said}\n"
