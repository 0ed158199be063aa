"""All runs that match as one selection: changed in few statements, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from trackboard.errors import Conflict, NotFound
from trackboard.history.conditions import build_query
from trackboard.model import RunId
from trackboard.service import LocalService, open_service


@pytest.fixture
def service(empty_folder: Path) -> Iterator[LocalService]:
    service = open_service(empty_folder)
    yield service
    service.recorder().close()
    service.close()


def begin(service: LocalService, run: str, *, ends: bool = True, parent: str | None = None) -> None:
    live = service.recorder().create_run(
        "digits", run_id=run, parent=None if parent is None else RunId(parent)
    )
    live.set_parameter("lr", 0.1 if run < "r" else 0.2)
    if ends:
        live.complete()


def shown(service: LocalService) -> set[str]:
    return {run.id for run in service.runs.list()}


def test_a_thousand_runs_are_changed_in_few_statements(service: LocalService) -> None:
    for number in range(1_000):
        begin(service, f"r{number:03}")
    service.now()
    statements = 0

    def count(*_: object) -> None:
        nonlocal statements
        statements += 1

    query = build_query(where="lr = 0.2")
    sa.event.listen(sa.engine.Engine, "before_cursor_execute", count)
    try:
        tagged = service.runs.tag_matching(query, {"stage": "late"}, expected=1_000)
        archived = service.runs.archive_matching(query, expected=1_000)
        deleted = service.trash.delete_matching(build_query(archived=True), expected=1_000)
        back = service.trash.restore_deleted(deleted.time_s)
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", count)
    assert [len(each.runs) for each in (tagged, archived, deleted)] == [1_000] * 3
    assert len(back) == 1_000
    assert {str(each) for each in service.runs.list_tags(back).values()} == {"{'stage': 'late'}"}
    assert statements < 100


def test_where_another_number_matches_nothing_is_changed(service: LocalService) -> None:
    begin(service, "r0")
    begin(service, "r1")
    query = build_query(experiment="digits")
    said = r"^2 runs match now, and not 1: nothing was changed"
    with pytest.raises(Conflict, match=said):
        service.runs.tag_matching(query, {"a": "b"}, expected=1)
    with pytest.raises(Conflict, match=said):
        service.runs.archive_matching(query, expected=1)
    with pytest.raises(Conflict, match=said):
        service.trash.delete_matching(query, expected=1)
    assert shown(service) == {"r0", "r1"}
    assert service.runs.get_tags(RunId("r0")) == {}
    assert {run.archived_s for run in service.runs.list()} == {None}


def test_what_goes_on_is_left_and_what_it_is_below_of(service: LocalService) -> None:
    begin(service, "r0")
    begin(service, "r1", ends=False)
    begin(service, "r2")
    begin(service, "s0", parent="r2")
    begin(service, "s1", ends=False, parent="s0")
    begin(service, "r3")
    begin(service, "s2", parent="r3")
    done = service.trash.delete_matching(build_query(top_level=True), expected=4)
    assert (set(done.runs), done.below, done.going_on) == ({"r0", "r3"}, 1, 2)
    assert shown(service) == {"r1", "r2", "s0", "s1"}


def test_one_undo_restores_exactly_what_one_deletion_took(service: LocalService) -> None:
    for run in ("a0", "r0", "r1"):
        begin(service, run)
    begin(service, "s0", parent="r1")
    service.trash.delete([RunId("a0"), RunId("s0")])
    done = service.trash.delete_matching(build_query(), expected=2)
    assert shown(service) == set()
    assert set(service.trash.restore_deleted(done.time_s)) == {"r0", "r1"}
    assert shown(service) == {"r0", "r1"}
    assert service.trash.restore_deleted(done.time_s) == ()


def test_a_name_that_no_run_has_does_not_let_its_negation_mean_all(service: LocalService) -> None:
    begin(service, "r0")
    with pytest.raises(NotFound, match="teem"):
        service.trash.delete_matching(build_query(where="not tags.teem = a"))
    assert shown(service) == {"r0"}
