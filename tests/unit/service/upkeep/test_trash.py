"""The trash as a service answers for it: what is in it is shown nowhere, and nothing of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from trackboard.errors import Conflict, NotFound, UsageError
from trackboard.model import RunId, RunState
from trackboard.ports import RunQuery
from trackboard.record import LiveRun
from trackboard.service import LocalService, open_service


@pytest.fixture
def service(empty_folder: Path) -> Iterator[LocalService]:
    service = open_service(empty_folder)
    yield service
    service.recorder().close()
    service.close()


def begin(service: LocalService, run: str, name: str = "", parent: str | None = None) -> LiveRun:
    above = None if parent is None else RunId(parent)
    live = service.recorder().create_run("digits", name=name, run_id=run, parent=above)
    live.log("loss", 0.5)
    return live


def test_a_run_that_goes_on_is_deleted_only_by_force(service: LocalService) -> None:
    live = begin(service, "a", "first")
    with pytest.raises(
        Conflict, match=r"digits/first \(a\) has not ended: it is running"
    ) as caught:
        service.trash.delete([live.id])
    assert "rm --force" in caught.value.hint
    with pytest.raises(Conflict, match="experiment 'digits' has runs that have not ended: a"):
        service.trash.delete_experiment("digits")
    assert service.runs.get(live.id).deleted_s is None

    assert service.trash.delete([live.id], force=True) == ("a",)
    live.log("loss", 0.25)
    live.complete()
    assert service.runs.get_status(live.id).word == "completed", "its process may ask"
    assert service.trash.restore([live.id]) == ("a",)
    assert service.runs.get(live.id).state is RunState.COMPLETED
    assert [each.count for each in service.metrics.list(runs=[live.id])] == [2]


def test_a_child_that_goes_on_keeps_its_parent(service: LocalService) -> None:
    begin(service, "a").complete()
    child = begin(service, "b", parent="a")
    with pytest.raises(Conflict, match=r"\(b\) has not ended"):
        service.trash.delete([RunId("a")])
    child.complete()
    assert service.trash.delete([RunId("a")]) == ("a", "b")


def test_many_runs_that_go_on_are_counted(service: LocalService) -> None:
    for number in range(7):
        begin(service, f"r{number}")
    with pytest.raises(Conflict, match="r0, r1, r2, r3, r4 and 2 more"):
        service.trash.delete_experiment("digits")
    with pytest.raises(NotFound, match="'nobody'"):
        service.trash.delete_experiment("nobody")


def test_nothing_shows_what_is_in_the_trash(service: LocalService) -> None:
    begin(service, "a", "first").complete()
    begin(service, "b", "second").complete()
    service.trash.delete([RunId("a")])
    runs = service.runs
    assert [run.id for run in runs.list()] == [run.id for run in runs.query(RunQuery())] == ["b"]
    assert runs.find(RunId("a")) is None
    assert runs.list_of_experiment("digits") == ("b",)
    assert [run.id for run in service.trash.list()] == ["a"]
    for ask in (lambda: runs.get(RunId("a")), lambda: runs.find_called("a")):
        with pytest.raises(NotFound, match="digits/first") as caught:
            ask()
        assert caught.value.hint == "trackboard restore a brings it back."
    with pytest.raises(NotFound, match="no run is called 'digits/first'"):
        runs.find_called("digits/first")
    assert runs.list_deleted([RunId("a"), RunId("b"), RunId("c")]) == {"a"}, "its id is taken"


def test_runs_in_the_trash_are_found_by_name(service: LocalService) -> None:
    for run, name in (("a", "one"), ("b", "two"), ("c", "two"), ("kept", "one")):
        begin(service, run, name).complete()
    service.trash.delete([RunId(each) for each in "abc"])
    find = service.trash.find_called
    assert find("one") == find("digits/one") == find("a") == "a"
    assert find("digits/two #3") == "c"
    with pytest.raises(UsageError, match=r"2 runs in the trash are called 'two'"):
        find("two")
    with pytest.raises(NotFound, match="no run in the trash"):
        find("kept")


def test_an_experiment_goes_and_comes_back(service: LocalService) -> None:
    begin(service, "a").complete()
    assert service.trash.delete_experiment("digits") == ("a",)
    assert service.experiments.list() == ()
    assert service.runs.list() == ()
    assert [each.name for each in service.trash.list_experiments()] == ["digits"]
    assert service.trash.restore_experiment("digits") == ("a",)
    assert [each.name for each in service.experiments.list()] == ["digits"]
    with pytest.raises(NotFound, match="no experiment 'digits' in the trash"):
        service.trash.restore_experiment("digits")


def test_archived_runs_are_found_by_name_and_in_no_list(service: LocalService) -> None:
    begin(service, "a", "first").complete()
    assert service.runs.archive([RunId("a")]) == ("a",)
    assert service.runs.query(RunQuery()) == ()
    assert [run.id for run in service.runs.query(RunQuery(archived=True))] == ["a"]
    assert service.runs.find_called("digits/first") == ("a",)
    assert service.runs.unarchive([RunId("a")]) == ("a",)
    assert len(service.runs.query(RunQuery())) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda runs: runs.set_name(RunId("a"), "x" * 70_000),
        lambda runs: runs.set_name(RunId("a"), 3),
        lambda runs: runs.set_tags(RunId("a"), {"k": 3}),
        lambda runs: runs.set_tags(RunId("a"), {"k" * 70_000: "v"}),
        lambda runs: runs.set_description(RunId("a"), "x" * (17 << 20)),
        lambda runs: runs.set_description(RunId("a"), None),
    ],
)
def test_what_cannot_be_said_of_a_run_changes_nothing(service: LocalService, change) -> None:  # type: ignore[no-untyped-def]
    begin(service, "a", "first").complete()
    before = service.runs.get_details(RunId("a"))
    with pytest.raises(UsageError):
        change(service.runs)
    assert service.runs.get_details(RunId("a")) == before
