"""The view of some runs goes through an address and back."""

import pytest

from trackboard.board.view.view_ids import runs_of, view_id_of


@pytest.mark.parametrize("runs", [("a",), ("a", "b.c_d-e"), ("demo_1796084250_56484013",)])
def test_there_and_back(runs: tuple[str, ...]) -> None:
    assert runs_of(view_id_of(runs)) == runs


def test_an_experiment_is_none() -> None:
    assert runs_of("digits") is None
