import math

import pytest

from trackboard.launch.script_parameters import read_parameters


@pytest.mark.parametrize(
    ("words", "parameters"),
    [
        (["--rate", "0.1"], {"rate": 0.1}),
        (["--rate=1e-3"], {"rate": 0.001}),
        (["-r", "3"], {"r": 3}),
        (["--shift", "-2"], {"shift": -2}),
        (["--shift", "-.5", "x"], {"shift": -0.5}),
        (["--fast"], {"fast": True}),
        (["--fast", "--name", "a b"], {"fast": True, "name": "a b"}),
        (["--fast", "false"], {"fast": False}),
        (["data.csv", "fit", "--x=", "y"], {"x": ""}),
        (["--rate", "1", "--rate", "2"], {"rate": 2}),
        (["--log_dir", "./logs"], {"log_dir": "./logs"}),
        (["--api-key", "abc"], {"api-key": "***"}),
        (["--big", "1" * 30], {"big": float("1" * 30)}),
        (["-", "--", "1"], {}),
        ([], {}),
    ],
    ids=str,
)
def test_named_arguments_are_parameters(words: list[str], parameters: dict[str, object]) -> None:
    found = read_parameters(words)
    assert found == parameters
    assert [type(value) for value in found.values()] == [
        type(value) for value in parameters.values()
    ]


def test_a_number_that_is_none() -> None:
    assert math.isnan(float(read_parameters(["--x", "nan"])["x"]))
