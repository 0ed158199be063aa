from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trackboard.board.dashboards.table import TablePreview, read_preview

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab


def read(lab: Lab, **limits: int) -> TablePreview:
    return read_preview(lab.store, lab.store.list_series(), **limits)


def test_cells_meet_by_the_number_of_their_row(lab: Lab) -> None:
    lab.add_run("a")
    lab.log_rows("a", "t", "y", [0.5, 0.25], [0, 2])
    lab.log_rows("a", "t", "x", ["<a|b>", "c", "d"], [0, 1, 2])
    found = read(lab)
    assert found.columns == ("y", "x")  # in the order first logged
    assert found.rows == (
        (0, ("0.5", "&#60;a&#124;b&#62;")),
        (1, ("", "c")),
        (2, ("0.25", "d")),
    )
    assert found.markdown() == (
        "3 rows\n\n| &#35; | y | x |\n| --- | --- | --- |\n"
        "| 0 | 0.5 | &#60;a&#124;b&#62; |\n| 1 |  | c |\n| 2 | 0.25 | d |"
    )


def test_a_column_of_numbers_and_text_is_one_column(lab: Lab) -> None:
    lab.add_run("a")
    lab.log_rows("a", "t", "x", [1, 2], [0, 2])
    lab.log_rows("a", "t", "x", ["none"], [1])
    found = read(lab)
    assert found.columns == ("x",)
    assert [cells for _, cells in found.rows] == [("1",), ("none",), ("2",)]


def test_rows_of_several_processes_do_not_hide_each_other(lab: Lab) -> None:
    lab.add_run("a")
    for offset in (0, 10):
        lab.log_rows("a", "t", "x", [offset + 1, offset + 2], [0, 1])
        lab.log_rows("a", "t", "y", [float(offset), float(offset)], [0, 1])
    assert read(lab).rows == (
        (0, ("1", "0.0")),
        (0, ("11", "10.0")),
        (1, ("2", "0.0")),
        (1, ("12", "10.0")),
    )


def test_a_long_table_is_shown_from_both_ends(lab: Lab) -> None:
    lab.add_run("a")
    lab.log_rows("a", "t", "x", np.arange(1000), list(range(1000)))
    found = read(lab)
    assert [number for number, _ in found.rows] == [*range(100), *range(900, 1000)]
    said = found.markdown().splitlines()[0]
    assert said == "1,000 rows; the first 100 and the last 100 are shown"
    assert len(read(lab, at_most=7).rows) == 7


def test_an_enormous_table_is_shown_from_its_beginning(lab: Lab) -> None:
    lab.add_run("a")
    lab.log_rows("a", "t", "x", np.arange(1000), list(range(1000)))
    found = read(lab, max_points=500)
    assert [number for number, _ in found.rows] == list(range(200))
    assert found.markdown().startswith("1,000 rows; the first 200 are shown\n\n| &#35; | x |")


def test_a_table_of_long_texts_shows_fewer_rows(lab: Lab) -> None:
    lab.add_run("a")
    for column in "xyz":
        lab.log_rows("a", "t", column, ["<" * 1000] * 100, list(range(100)))
    found = read(lab)
    assert [number for number, _ in found.rows] == [0, 1, 2, 3, 97, 98, 99]
    assert found.markdown().startswith("100 rows; the first 4 and the last 3 are shown\n")


def test_the_widest_table_keeps_to_the_budget_of_a_page(lab: Lab) -> None:
    lab.add_run("a")
    for column in range(1000):
        lab.log_rows("a", "t", f"{column}{'<' * 600}"[:500], ["<" * 1000] * 3, [0, 1, 2])
    found = read(lab)
    text = found.markdown()
    assert text.startswith(
        "3 rows; the first 1 and the last 1 are shown; the first 125 of 1,000 columns are shown\n"
    )
    assert len(text) < 130_000
