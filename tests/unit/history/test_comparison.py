"""Conditions on metrics: what is read, and how the place of a mistake is pointed at."""

import math

import pytest

from trackboard.errors import UsageError
from trackboard.history.comparison import check_comparison, parse_metric


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("loss<3", ("loss", "<", 3)),
        ("  val/acc  >=  9e-1 ", ("val/acc", ">=", 0.9)),
        ("two words == -1", ("two words", "==", -1)),
        ("acc@k=5 > 0.3", ("acc@k=5", ">", 0.3)),
        ("p<0.05 != 1", ("p<0.05", "!=", 1)),
        ("loss < inf", ("loss", "<", math.inf)),
    ],
)
def test_what_is_read(text: str, condition: tuple[str, str, float]) -> None:
    assert parse_metric(text) == condition


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("loss << 3", "     ^^", "Did you mean <?"),
        ("loss = 3", "     ^", "Did you mean ==?"),
        ("loss =< 3", "     ^^", "Did you mean <=?"),
        ("loss => 3", "     ^^", "Did you mean >=?"),
        ("loss <> 3", "     ^^", "Did you mean !=?"),
        ("loss < < 3", "     ^", "one comparison"),
        ("loss > 1 and acc < 3", "     ^", "one comparison"),
        ("loss", "    ^", "a comparison is missing here"),
        ("loss lt 3", "         ^", "a comparison is missing here"),
        ("", "^", "a comparison is missing here"),
        ("< 3", "^", "a metric's name is missing"),
        ("loss <", "      ^", "a number is missing here"),
        ("loss < low", "       ^^^", "'low' is no number"),
        ("0.9 <= acc", "       ^^^", 'The metric comes first: "acc >= 0.9"'),
    ],
)
def test_what_is_pointed_at(text: str, place: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_metric(text)
    _, shown, pointer, *_ = str(caught.value).split("\n")
    assert (shown, pointer) == (f"    {text}", f"    {place}")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "given", [("loss", "<"), ("loss", "<<", 3), ("loss", "<", "3"), (1, "<", 3), 7, None, b"loss<3"]
)
def test_what_is_no_condition(given: object) -> None:
    with pytest.raises(UsageError, match="no condition on a metric"):
        check_comparison(given)
