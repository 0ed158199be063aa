"""One name for one run, and one run for one name: everywhere the same, or refused with the candidates."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.workspaces import api

from trackboard.board.view.run_names import name_runs
from trackboard.errors import NotFound, UsageError
from trackboard.model import RunId
from trackboard.service.local.short_ids import find_ids, shorten_ids
from trackboard.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """`good` holds dup, a run without a name, and dup again with a child; `bad` holds dup, good and twin."""
    workspace = Workspace.open(tmp_path)
    for number, (experiment, name) in enumerate(
        [
            ("good", "dup"),
            ("good", ""),
            ("good", "dup"),
            ("bad", "dup"),
            ("bad", "good"),
            ("bad", "bad"),
        ]
    ):
        run = workspace.recorder().create_run(experiment, name=name, run_id=f"id-{number}")
        if number == 2:
            run.child("part", run_id="id-part").complete()
        run.complete()
    yield workspace
    workspace.close()


@pytest.mark.parametrize(
    ("text", "run"),
    [
        ("id-2", "id-2"),
        ("good/dup #3", "id-2"),
        ("good/dup #1", "id-0"),
        ("good/run-2", "id-1"),
        ("run-2", "id-1"),
        ("bad/dup", "id-3"),
        ("bad/dup #1", "id-3"),
        ("dup #3", "id-2"),
        ("good/dup #3/part", "id-part"),
        ("part", "id-part"),
        ("bad/good", "id-4"),
    ],
)
def test_a_name_that_means_one_run(workspace: Workspace, text: str, run: str) -> None:
    assert api(workspace).runs_called(text) == [run]
    found = api(workspace).find_run(text)
    assert found is not None
    assert found.id == run


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("good/dup", ["good/dup #1  id-0", "good/dup #3  id-2"]),
        ("dup", ["good/dup #1  id-0", "good/dup #3  id-2", "bad/dup  id-3"]),
        ("dup #1", ["good/dup #1  id-0", "bad/dup  id-3"]),
        ("good", ["bad/good  id-4", "the experiment good"]),
        ("bad", ["bad/bad  id-5", "the experiment bad"]),
    ],
)
def test_a_name_that_means_several(workspace: Workspace, text: str, candidates: list[str]) -> None:
    for ask in (
        api(workspace).runs_called,
        api(workspace).find_run,
        api(workspace).history,
        api(workspace).files,
    ):
        with pytest.raises(UsageError) as caught:
            ask(text)
        listed = [line.strip() for line in caught.value.message.splitlines()[1:]]
        assert listed == candidates
    for line in candidates:
        name = line.rpartition("  ")[0]
        assert not name or len(api(workspace).runs_called(name)) == 1


def test_the_names_are_those_of_tensorboard(workspace: Workspace) -> None:
    runs = api(workspace).runs()
    names = api(workspace).names(runs)
    assert names == name_runs(workspace.store.list_runs())
    assert api(workspace).names(runs[:1]) == {runs[0].id: names[runs[0].id]}
    assert sorted(names.values())[-4:] == [
        "good/dup",
        "good/dup #3",
        "good/dup #3/part",
        "good/run-2",
    ]
    assert api(workspace).history(runs).run_names == tuple(names.values())


def test_a_run_without_a_name_is_called_by_its_number(workspace: Workspace) -> None:
    run = api(workspace).find_run("good/run-2")
    assert run is not None
    assert (run.name, run.given_name) == ("run-2", "")


def test_nobody_is_called_so(workspace: Workspace) -> None:
    assert api(workspace).find_run("nobody") is None
    with pytest.raises(NotFound, match="Did you mean 'good/run-2'"):
        api(workspace).runs_called("good/run-22")
    with pytest.raises(NotFound, match="trackboard runs lists"):
        api(workspace).runs_called("qqq")


def test_an_experiment_of_one_run_that_is_called_like_it(tmp_path: Path) -> None:
    workspace = Workspace.open(tmp_path / "other")
    workspace.recorder().create_run("sine", name="sine", run_id="only").complete()
    assert api(workspace).runs_called("sine") == ["only"]
    workspace.close()


def test_what_describes_a_run(workspace: Workspace) -> None:
    with api(workspace).start_run("e", parameters={"lr": 1}, tags={"t": None}) as run:
        run.log("loss", 3)
        run.log("loss", 1)
    assert api(workspace).parameters(run) == {"lr": 1}
    assert api(workspace).tags("e/run-1") == {"t": None}
    assert api(workspace).properties(run.id)["trackboard.pid"]
    loss = api(workspace).metrics(run)["loss"]
    assert (loss.last_value, loss.min_value, loss.max_value, loss.count) == (1, 1, 3, 2)
    assert api(workspace).parameters("id-0") == {}


IDS = [
    RunId(text)
    for text in (
        "0a1b2c3d-0000-4000-8000-000000000000",
        "0a1b2c3d-1111-4000-8000-000000000000",
        "digits_1700000000_0a1b2c3e",
        "digits_1700000000_ffff0000",
        "digits_1700000001_ffff0000",
        "chosen",
        "chosen-2",
    )
]


def test_short_ids_tell_each_run_from_all_others() -> None:
    short = shorten_ids(IDS, IDS)
    assert list(short.values()) == [
        "0a1b2c3d-0",
        "0a1b2c3d-1",
        "0a1b2c3e",
        "digits_1700000000_ffff0000",
        "digits_1700000001_ffff0000",
        "chosen",
        "chosen-2",
    ]
    for run, text in short.items():
        assert text in IDS or find_ids(text, IDS) == [run]


DIGITS = st.text("01", min_size=8, max_size=10)


@given(st.sets(DIGITS, max_size=8), st.sets(DIGITS.map(lambda text: f"d_1_{text[:8]}")))
def test_short_ids_of_any_runs(own: set[str], jobs: set[str]) -> None:
    ids = [RunId(text) for text in own | jobs]
    for run, text in shorten_ids(ids, ids).items():
        assert text == run or find_ids(text, ids) == [run]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0a1b2c3d-0", [0]),
        ("0a1b", [0, 1, 2]),
        ("0a1", []),
        ("ffff0000", [3, 4]),
        ("digits_1700000001", [4]),
        ("2c3d", []),
    ],
)
def test_ids_that_begin_so(text: str, found: list[int]) -> None:
    assert find_ids(text, IDS) == [IDS[number] for number in found]


def test_a_run_is_found_by_the_beginning_of_its_id(workspace: Workspace) -> None:
    assert api(workspace).runs_called("id-p") == ["id-part"]
    with pytest.raises(NotFound):
        api(workspace).runs_called("id-")
    assert api(workspace).service.runs.shorten([RunId("id-part")]) == {"id-part": "id-part"}
