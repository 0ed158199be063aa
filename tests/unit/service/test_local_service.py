"""What a local service answers: drained once, from one moment, the same for all who ask."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trackboard.errors import NotFound, UsageError
from trackboard.model import RunId
from trackboard.ports import RunQuery
from trackboard.service import LocalService, Principal, open_service, open_unmade
from trackboard.service.local.run_names import RunNames
from trackboard.workspace.parts import OpenParts


@pytest.fixture
def service(empty_folder: Path) -> Iterator[LocalService]:
    service = open_service(empty_folder)
    yield service
    service.recorder().close()
    service.close()


@pytest.fixture
def drains(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """A member for each time that what was said is stored."""
    counted: list[None] = []
    drain = OpenParts.drain

    def count(parts: OpenParts) -> object:
        counted.append(None)
        return drain(parts)

    monkeypatch.setattr(OpenParts, "drain", count)
    return counted


def test_each_question_stores_first_what_was_said(
    service: LocalService, drains: list[None]
) -> None:
    live = service.recorder().create_run("digits", run_id="a")
    live.log("loss", 0.5)
    assert service.runs.get(live.id).experiment == "digits"
    assert [one.name for one in service.metrics.list(runs=[live.id])] == ["loss"]
    assert len(drains) == 2


def test_questions_that_belong_together_store_once(
    service: LocalService, drains: list[None]
) -> None:
    live = service.recorder().create_run("digits", run_id="a")
    live.set_tag("team", "vision")
    now = service.now()
    live.log("loss", 0.5)
    assert now.runs.get_tags(live.id) == {"team": "vision"}
    assert now.metrics.list(runs=[live.id]) == (), "said after that moment"
    assert now.stored().runs.get_details(live.id).facts.word == "running"
    assert len(drains) == 1


def test_a_status_of_a_run_that_is_no_job_touches_no_queue(
    service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = service.recorder().create_run("digits", run_id="a")
    monkeypatch.setattr("trackboard.workspace.jobs.advance_queue", None)
    monkeypatch.setattr("trackboard.workspace.jobs.Targets", None)
    assert service.runs.get_status(live.id).word == "running"
    live.complete()
    assert service.runs.get_status(live.id).word == "completed"
    with pytest.raises(NotFound, match="no run 'b'"):
        service.runs.get_status(RunId("b"))


def test_who_asks(service: LocalService) -> None:
    assert service.principal == Principal.of_process()
    assert LocalService(service._workspace, Principal("ada")).now().principal.name == "ada"


def test_a_log_is_read_on(service: LocalService) -> None:
    live = service.recorder().create_run("digits", run_id="a")
    path = "user_logs/std_log.txt"
    assert service.files.tail(live.id, path, 0) is None
    live.append_bytes(path, 0, b"one\n")
    assert service.files.list_logs(live.id) == (path,)
    first = service.files.tail(live.id, path, 0)
    assert first is not None
    assert (first.data, first.end, first.size_bytes) == (b"one\n", 4, 4)
    live.append_bytes(path, 4, b"two\n")
    service.now()
    piece = service.files.tail(live.id, path, first.end, limit_bytes=2)
    assert piece is not None
    assert (piece.data, piece.offset, piece.size_bytes) == (b"tw", 4, 8)
    live.append_bytes(path, 0, b"new\n")
    service.now()
    again = service.files.tail(live.id, path, 8)
    assert again is not None
    assert (again.data, again.offset) == (b"new\n", 0), "it was begun anew"
    with pytest.raises(UsageError):
        service.files.tail(live.id, "../../trackboard.toml", 0)


def test_outputs_are_copied_once_for_each_set_of_files(service: LocalService) -> None:
    live = service.recorder().create_run("digits", run_id="a")
    assert service.files.copy_outputs(live.id) is None
    key = service.files.put(io.BytesIO(b"weights"))
    live.add_file("outputs/deep/model.pkl", key, 7)
    live.add_file("other.txt", key, 7)
    place = service.files.copy_outputs(live.id)
    assert place is not None
    copies = [path for path in place.rglob("*") if path.is_file()]
    assert [path.relative_to(place).as_posix() for path in copies] == ["deep/model.pkl"]
    assert copies[0].read_bytes() == b"weights"
    assert service.files.copy_outputs(live.id) == place
    assert [*place.parent.iterdir()] == [place]


def test_a_wrong_name_is_an_error_only_where_it_is_asked_for(service: LocalService) -> None:
    service.experiments.add("digits")
    query = RunQuery(tags={"team": None})
    assert service.runs.query(query) == ()
    with pytest.raises(NotFound, match="no run has a tag 'team'"):
        service.runs.query(query, strict=True)


def test_an_experiment_is_archived_and_taken_back(service: LocalService) -> None:
    service.experiments.add("digits")
    service.experiments.archive("digits")
    found = service.experiments.find("digits")
    assert found is not None
    assert found.archived_s is not None
    service.experiments.reactivate("digits")
    assert [one.archived_s for one in service.experiments.list()] == [None]
    assert service.experiments.find("other") is None


def test_a_workspace_that_shall_not_be_made(empty_folder: Path) -> None:
    from trackboard.config import find_location

    location = find_location(empty_folder)
    with open_unmade(location) as service:
        assert service.experiments.list() == ()
        assert service.folder != location.folder
        aside = service.folder
    assert not aside.exists()
    assert os.listdir(empty_folder) == []


@pytest.mark.parametrize(("few", "asked", "lists"), [(3, 2, 0), (1, 2, 1), (1, 3, 0), (2, 3, 0)])
def test_names_of_few_or_all_need_no_list_and_those_of_many_are_made_once_while_nothing_changes(
    service: LocalService, monkeypatch: pytest.MonkeyPatch, few: int, asked: int, lists: int
) -> None:
    first = service.recorder().create_run("digits", run_id="r0", name="try")
    service.recorder().create_run("digits", run_id="r1", name="try")
    service.recorder().create_run("digits", run_id="r2", name="other")
    store = service.now().runs._door.drained()
    runs, names = store.list_runs()[:asked], RunNames(few)
    listed: list[str] = []
    list_runs: Any = type(store).list_runs

    def count(self: object, **conditions: object) -> object:
        listed.append(str(conditions))
        return list_runs(self, **conditions)

    monkeypatch.setattr(type(store), "list_runs", count)
    for _ in range(3):
        assert [*names.show(store, runs).values()][:2] == ["digits/try", "digits/try #2"]
    assert len(listed) == lists
    service.runs.set_name(first.id, "best")
    renamed = list_runs(store)[:asked]
    assert [*names.show(store, renamed).values()][:2] == ["digits/best", "digits/try"]


def test_runs_are_described_without_their_values(service: LocalService) -> None:
    live = service.recorder().create_run("digits", name="try", run_id="a")
    live.set_tag("team", "vision")
    live.log("loss", 0.5)
    runs = service.runs.list()
    (whole,), (bare,) = service.runs.describe(runs), service.runs.describe(runs, values=False)
    assert (whole.tags, [*whole.metrics]) == ({"team": "vision"}, ["loss"])
    assert (bare.run, bare.name, bare.word) == (whole.run, "digits/try", "running")
    assert (bare.tags, bare.parameters, bare.metrics) == ({}, {}, {})
