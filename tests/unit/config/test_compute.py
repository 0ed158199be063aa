"""What `trackboard.toml` says about compute targets."""

from typing import Any

import pytest

from trackboard.config import ComputeSettings, check_options
from trackboard.config.compute import read_compute
from trackboard.errors import UsageError


def read(**table: Any) -> ComputeSettings:
    return read_compute("file", {"big": table})["big"]


def test_what_is_not_said_is_left_to_the_engine() -> None:
    assert read() == ComputeSettings(None, None, None, "", {})
    assert read_compute("file", {}) == {}


def test_each_target_has_its_own() -> None:
    found = read_compute("file", {"a": {"cpus": 1}, "b": {"gpus": 0, "engine": "ray"}})
    assert found == {"a": ComputeSettings(cpus=1), "b": ComputeSettings(gpus=0, engine="ray")}


def test_what_only_an_engine_knows_is_kept_for_it() -> None:
    found = read(cpus=2, memory_gb=0.5, gpus=1, engine="slurm", partition="long", nodes=[1])
    assert found == ComputeSettings(2, 0.5, 1, "slurm", {"partition": "long", "nodes": [1]})


@pytest.mark.parametrize(
    ("memory_gb", "size_bytes"), [(None, None), (1, 1 << 30), (0.5, 1 << 29), (1.3, 1395864371)]
)
def test_memory_is_of_binary_gigabytes(memory_gb: float | None, size_bytes: int | None) -> None:
    assert ComputeSettings(memory_gb=memory_gb).memory_bytes == size_bytes


@pytest.mark.parametrize(
    "table", [{"cpus": 1}, {"gpus": 0}, {"memory_gb": 1e-6}, {"memory_gb": 2**20 - 1}]
)
def test_the_least_and_the_most(table: dict[str, Any]) -> None:
    assert read(**table) == ComputeSettings(**table)


@pytest.mark.parametrize(
    ("table", "said", "hint"),
    [
        ({"cpus": 0}, "cpus = 0 is too small", "Write 1 or more."),
        ({"gpus": -1}, "gpus = -1 is too small", "Write 0 or more."),
        ({"memory_gb": 0}, "memory_gb = 0 is no amount of memory", "gigabytes"),
        ({"memory_gb": -0.5}, "memory_gb = -0.5 is no amount of memory", "gigabytes"),
        ({"memory_gb": 2**20}, "memory_gb = 1048576 is no amount of memory", "gigabytes"),
        ({"memory_gb": float("nan")}, "memory_gb = nan is no amount of memory", "gigabytes"),
        ({"cpus": "2"}, "cpus = '2' is not a whole number", "Write a whole number."),
        ({"engine": 3}, "engine = 3 is not text", "Write text."),
    ],
)
def test_what_no_slot_can_give_is_refused(table: dict[str, Any], said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(**table)
    assert caught.value.message == f"file: [compute.big]: {said}"
    assert hint in caught.value.hint


def test_a_target_is_a_table() -> None:
    with pytest.raises(UsageError) as caught:
        read_compute("file", {"a": {}, "big": 4})
    assert caught.value.message == "file: [compute.big] = 4 is not a table"
    assert "[compute.<name>]" in caught.value.hint


def test_the_target_that_is_always_there_has_no_slots() -> None:
    with pytest.raises(UsageError, match=r"^file: \[compute.local\] cannot be set"):
        read_compute("file", {"local": {}})


def test_options_are_checked_by_their_engine() -> None:
    options = {"partition": "long"}
    assert check_options("file: [compute.big]", options, {"partition": str}) is options
    with pytest.raises(UsageError, match="partition = 'long' is not a whole number"):
        check_options("file: [compute.big]", options, {"partition": int})
    with pytest.raises(UsageError) as caught:
        check_options("file: [compute.big]", {"cpu": 1}, {"partition": str})
    assert "Did you mean cpus?" in caught.value.hint
    assert caught.value.hint.endswith("Known are: cpus, engine, gpus, memory_gb, partition.")
