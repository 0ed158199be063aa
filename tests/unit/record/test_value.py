import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from trackboard.errors import UsageError
from trackboard.record.value import plain_step, plain_value


class Tensor:
    """As torch behaves: size is a method, numel counts."""

    def __init__(self, *values: float) -> None:
        self.values = values

    def __repr__(self) -> str:
        return f"Tensor{self.values}"

    def size(self) -> tuple[int, ...]:
        return (len(self.values),)

    def numel(self) -> int:
        return len(self.values)

    def __len__(self) -> int:
        return len(self.values)

    def item(self) -> float:
        (value,) = self.values
        return value


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (1, 1),
        (True, True),
        (0.5, 0.5),
        ("text", "text"),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.int64(-(2**63)), -(2**63)),
        (np.uint64(2**63 - 1), 2**63 - 1),
        (np.int8(5), 5),
        (np.bool_(True), True),
        (np.array(3), 3),
        (np.array([2.5]), 2.5),
        (Tensor(1.5), 1.5),
        (Decimal("0.25"), 0.25),
        (Fraction(1, 4), 0.25),
        (np.str_("a"), "a"),
    ],
    ids=repr,
)
def test_kept_as_python_would(value: object, plain: object) -> None:
    got = plain_value("m", value)
    assert got == plain
    assert type(got) is type(plain)


def test_special_floats_survive() -> None:
    assert math.isnan(float(plain_value("m", np.float32("nan"))))
    assert plain_value("m", -math.inf) == -math.inf


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "NoneType"),
        ([1, 2], "list"),
        ({"a": 1}, "dict"),
        (np.arange(3), "ndarray"),
        (Tensor(1.0, 2.0), "Tensor"),
        pytest.param(object(), "object", id="object"),
        (2**63, "64 bits"),
        (np.uint64(2**64 - 1), "64 bits"),
        (1 + 2j, "complex"),
        (b"bytes", "bytes"),
    ],
    ids=repr,
)
def test_refused_in_words_that_name_metric_and_value(value: object, says: str) -> None:
    with pytest.raises(UsageError, match="'m'") as error:
        plain_value("m", value)
    assert says in str(error.value)
    assert error.value.hint


def test_lone_surrogates_do_not_reach_the_store() -> None:
    assert plain_value("m", "a\ud800b") == "a?b"


@pytest.mark.parametrize(("step", "plain"), [(3, 3), (np.int32(4), 4), (5.0, 5), (True, 1)])
def test_steps(step: object, plain: int) -> None:
    assert plain_step("m", step) == plain


@pytest.mark.parametrize("step", [1.5, "3", None, 2**63, [1]])
def test_bad_steps(step: object) -> None:
    with pytest.raises(UsageError, match="'m'"):
        plain_step("m", step)


@pytest.mark.parametrize(
    "value",
    [np.datetime64("NaT"), np.timedelta64("NaT"), Decimal("sNaN"), Fraction(10**400)],
    ids=str,
)
def test_numbers_that_are_none(value: object) -> None:
    with pytest.raises(UsageError, match="'m'"):
        plain_value("m", value)


def test_what_numpy_masks_is_missing() -> None:
    masked = np.ma.masked_array([7.0], mask=[True])
    for value in (masked, masked.mean()):
        found = plain_value("m", value)
        assert isinstance(found, float)
        assert math.isnan(found)
