import math

from trackboard.server.pages.csv_answer import answer_csv


def test_a_table_is_written_with_numbers_in_full_and_lines_that_end_as_spreadsheets_want() -> None:
    answer = answer_csv(["a", "b"], [[0.1 + 0.2, None], ["x,y", math.nan]])
    assert bytes(answer.body) == b'a,b\r\n0.30000000000000004,\r\n"x,y",NaN\r\n'


def test_no_cell_and_no_title_is_a_formula() -> None:
    answer = answer_csv(["=now()"], [["+1"], ["-1+1"], ["@x"], ["\tx"], [-1.5]])
    lines = bytes(answer.body).decode().split("\r\n")
    assert lines == ["'=now()", "'+1", "'-1+1", "'@x", "'\tx", "-1.5", ""]
