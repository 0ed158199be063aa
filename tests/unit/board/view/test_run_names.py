from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from trackboard.board.view.run_names import (
    folder_path,
    name_event_folders,
    name_runs,
    name_unrecorded_folders,
)
from trackboard.model import Run, RunId, RunKind, RunState

RUN = Run(RunId(""), "exp", 0, "", None, RunKind.JOB, RunState.RUNNING, "", 0, 0, None, 0, ())


def run(id_: str, number: int, name: str = "", parent: str | None = None, exp: str = "exp") -> Run:
    above = RunId(parent) if parent else None
    return replace(RUN, id=RunId(id_), number=number, given_name=name, parent=above, experiment=exp)


def names(*runs: Run) -> dict[str, str]:
    return {str(id_): name for id_, name in name_runs(runs).items()}


def test_runs_carry_the_names_people_gave_below_their_experiment_and_parent() -> None:
    found = names(
        run("a", 1, "ridge"),
        run("b", 2, "fold", "a"),
        run("c", 3, "", "b"),
        run("d", 4),
        run("e", 1, "x", exp="o"),
    )
    assert found == {
        "a": "exp/ridge",
        "b": "exp/ridge/fold",
        "c": "exp/ridge/fold/run-3",
        "d": "exp/run-4",
        "e": "o/x",
    }


def test_of_runs_of_one_name_the_lowest_number_keeps_it_whatever_the_order() -> None:
    twins = [run("c", 9, "a"), run("a", 2, "a"), run("b", 5, "a"), run("k", 10, "kid", "b")]
    expected = {"a": "exp/a", "b": "exp/a #5", "c": "exp/a #9", "k": "exp/a #5/kid"}
    assert names(*twins) == names(*reversed(twins)) == expected


def test_a_name_never_equals_a_literal_one_and_older_runs_keep_theirs() -> None:
    older = [run("a", 1, "a"), run("b", 2, "a")]
    newer = [run("c", 3, "a #2"), run("d", 4, "kid", "a"), run("e", 5, "a/kid")]
    before, after = names(*older), names(*older, *newer)
    assert before == {"a": "exp/a", "b": "exp/a #2"}
    assert after == before | {"c": "exp/a #2 #3", "d": "exp/a/kid", "e": "exp/a/kid #5"}


def test_strange_families_still_get_names() -> None:
    found = names(
        run("ring1", 1, "x", "ring2"),
        run("ring2", 2, "y", "ring1"),
        run("orphan", 3, "o", "nobody"),
        run("abroad", 1, "z", "orphan", exp="other"),
        run("stub", 0),
        run("stub2", 0),
    )
    assert found["orphan"] == "exp/o"
    assert found["abroad"] == "other/z"  # the same as when only `other` is shown
    assert found["stub"] == "exp/stub"
    assert len(set(found.values())) == len(found)


def test_a_chain_of_parents_may_be_long() -> None:
    chain = [run(str(n), n, "x", str(n + 1)) for n in range(1, 3000)]
    assert names(*chain)["2998"] == "exp/x/x"


def test_raw_ids() -> None:
    assert name_runs([run("a", 1, "n"), run("b", 2, "n", "a")], raw_ids=True) == {
        "a": "a",
        "b": "b",
    }


def test_folders_of_event_files_are_named_after_their_run() -> None:
    runs = {RunId("a"): "exp/a", RunId("b"): "exp/a/train", RunId("c"): "exp/c"}
    paths = ["logs", "logs/train", "logs/x", "x", "outputs/tb", "", "logs2"]
    named = name_event_folders([(RunId("a"), path) for path in paths], runs)
    assert {path: name for (_, path), name in named.items()} == {
        "logs": "exp/a",
        "": "exp/a #2",
        "logs/train": "exp/a/train #2",  # `exp/a/train` is a child run
        "logs/x": "exp/a/x",
        "x": "exp/a/x #2",
        "outputs/tb": "exp/a/outputs/tb",
        "logs2": "exp/a/logs2",
    }


def test_folders_of_no_run_are_called_as_tensorboard_does_unless_a_run_is() -> None:
    paths = ["", "logs/train", "exp/a", "exp/b", "bad\udcff"]
    assert name_unrecorded_folders(paths, {"exp/a", "exp/a #2", "logs"}) == {
        "": ".",
        "logs/train": "logs/train",
        "exp/a": "exp/a #3",
        "exp/b": "exp/b",
        "bad\udcff": "bad\ufffd",
    }


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("exp/run-1/train #2", "exp/run-1/train #2"),
        ("exp/größe λ=0.1", "exp/größe λ=0.1"),
        ("exp/../../etc", "exp/%2E./%2E./etc"),
        ("exp/.", "exp/%2E"),
        ("/exp//a/", "%/exp/%/a/%"),
        ("exp/a\nb\x00", "exp/a%0Ab%00"),
        ("exp/100%", "exp/100%25"),
        ("exp/a\\b", "exp/a%5Cb"),
        ('exp/{"lr": 1}', "exp/{%22lr%22: 1}"),
        ("exp/\udcff", "exp/%ED%B3%BF"),
    ],
)
def test_folder_paths(name: str, path: str) -> None:
    assert str(folder_path(name)) == path


def test_long_names_fit_and_stay_apart() -> None:
    long = [folder_path(f"exp/{'ü' * 500}{end}") for end in "ab"]
    deep = [folder_path(f"exp/{'part/' * 1000}{end}") for end in "ab"]
    for one, other in (long, deep):
        assert one != other
        assert len(str(one).encode()) < 1600
        assert all(len(part.encode()) <= 200 for part in one.parts)
    assert folder_path("exp") == PurePosixPath("exp")
