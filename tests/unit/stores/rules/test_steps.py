import pytest

from trackboard.stores.rules.steps import to_int64


@pytest.mark.parametrize(
    ("step", "stored"),
    [
        (0, 0),
        (-5, -5),
        (2**63 - 1, 2**63 - 1),
        (2**63, 2**63 - 1),
        (-(2**63), -(2**63)),
        (-(2**80), -(2**63)),
    ],
)
def test_a_step_is_cut_to_64_bits(step: int, stored: int) -> None:
    assert to_int64(step) == stored
