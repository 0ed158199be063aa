from __future__ import annotations

from typing import TYPE_CHECKING

from tests.workspaces import store_events

from trackboard.board.provider.empty import list_empty
from trackboard.model import FileAdded

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab


def empty(lab: Lab, *runs: str) -> list[str]:
    return [run.id for run in list_empty(lab.store, [lab.add_run(run) for run in runs])]


def test_a_run_with_points_is_not_empty(lab: Lab) -> None:
    lab.add_run("full")
    lab.log("full", "loss", [1.0])

    assert empty(lab, "full", "bare") == ["bare"]


def test_data_of_descendants_counts(lab: Lab) -> None:
    lab.add_run("top")
    lab.add_run("child", parent="top")
    lab.add_run("grandchild", parent="child")
    lab.log("grandchild", "loss", [1.0])

    assert empty(lab, "top") == []


def test_a_parent_does_not_fill_its_children(lab: Lab) -> None:
    lab.add_run("top")
    lab.add_run("child", parent="top")
    lab.log("top", "loss", [1.0])

    assert empty(lab, "top", "child") == ["child"]


def test_event_files_count_and_other_files_do_not(lab: Lab) -> None:
    for run, path in (
        ("native", "logs/events.out.tfevents.1"),
        ("console", "user_logs/std_log.txt"),
    ):
        file = FileAdded(lab.add_run(run), path, "", 10, 0.0)
        store_events(lab.store, file)

    assert empty(lab, "native", "console") == ["console"]
