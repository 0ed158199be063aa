from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from trackboard.board.series.samples import ALL, Samples
from trackboard.config import find_location, make_workspace
from trackboard.errors import NotFound, UsageError
from trackboard.processes import plugin_data


class Served(list[tuple[Path, Path | None, Samples]]):
    """What was to be served: which history, with the event files beside it, how much of each series."""

    def __call__(self, _process_id: int, *what: Any) -> str:
        self.append(what)
        return "unix:/socket"

    def show(self, logdir: object, **samples: int) -> argparse.Namespace:
        return show(logdir, self, **samples)


def show(
    logdir: object, serve: plugin_data.Serve | None = None, **samples: int
) -> argparse.Namespace:
    """Start a TensorBoard, as far as the flags that it is left with."""
    flags = argparse.Namespace(
        logdir=str(logdir), samples_per_plugin=samples, grpc_data_provider="", grpc_creds_type=None
    )
    plugin_data.show_history(flags, serve=serve)
    return flags


@pytest.fixture
def served() -> Served:
    return Served()


def test_event_files_beside_the_history_are_shown_with_it(
    served: Served, empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = find_location().folder
    make_workspace(folder)
    for logdir in (".", empty_folder, ".trackboard", ".trackboard/default"):
        assert served.show(logdir).grpc_data_provider == "unix:/socket"
    monkeypatch.setenv("HOME", str(empty_folder))
    served.show("~")
    assert [each[:2] for each in served] == [
        (folder, empty_folder),
        (folder, empty_folder),
        (folder, None),
        (folder, None),
        (folder, empty_folder),
    ]


@pytest.mark.usefixtures("empty_folder")
def test_as_much_is_shown_as_was_asked_for(served: Served) -> None:
    make_workspace(find_location().folder)
    served.show(".", scalars=5, images=0, unheard_of=3)
    assert served[-1][2] == Samples((("scalars", 5), ("images", ALL)))
    served.show(".")
    assert served[-1][2] == Samples()


def test_a_folder_for_histories_that_has_none_stays_as_it_is(
    served: Served, empty_folder: Path
) -> None:
    (empty_folder / ".trackboard").mkdir()
    assert served.show(".").grpc_data_provider == ""
    assert served == []


def test_of_several_histories_none_is_guessed(served: Served, empty_folder: Path) -> None:
    for name in ("one", "two"):
        make_workspace(empty_folder / ".trackboard" / name)
    with pytest.raises(UsageError, match=r"several workspaces in .*: one, two"):
        served.show(".")
    served.show(".trackboard/two")
    assert [folder.name for folder, _, _ in served] == ["two"]


@pytest.mark.usefixtures("empty_folder")
def test_a_damaged_history_is_not_served() -> None:
    folder = find_location().folder
    make_workspace(folder)
    (folder / "trackboard.toml").write_text("[")
    with pytest.raises(UsageError, match="not valid TOML"):
        show(".")
    (folder / "trackboard.toml").unlink()
    (folder / "other").mkdir()
    with pytest.raises(NotFound, match="no history"):
        show(".")
