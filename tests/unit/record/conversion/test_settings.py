"""Settings of any kind as parameters: nothing ends a training, and one warning says what is no such value."""

from __future__ import annotations

import argparse
import dataclasses
import enum
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trackboard import Workspace
from trackboard.errors import UsageError
from trackboard.record.conversion.settings import plain_setting, plain_settings


class Mode(enum.Enum):
    FAST = "fast"
    EXACT = 2


class Level(enum.IntEnum):
    LOW = 1


@dataclasses.dataclass
class Config:
    lr: float = 0.1
    _cache: int = 3


@pytest.mark.parametrize(
    ("value", "kept", "is_same"),
    [
        (0.1, 0.1, True),
        (True, True, True),
        (np.float32(0.5), 0.5, True),
        (np.int64(3), 3, True),
        (np.bool_(True), True, True),
        (np.str_("adam"), "adam", True),
        (np.array([7]), 7, True),
        (Path("data/train"), "data/train", True),
        (Mode.FAST, "fast", True),
        (Mode.EXACT, "EXACT", True),
        (Level.LOW, 1, True),
        (None, "None", False),
        ([64, "a", None, 0.5], '[64, "a", null, 0.5]', False),
        ((1, 2), "[1, 2]", False),
        (np.array([[1, 2]]), "[[1, 2]]", False),
        ({}, "{}", False),
        ({1}, "{1}", False),
        (int, "<class 'int'>", False),
        (1j, "1j", False),
        (2**64, 2.0**64, False),
    ],
    ids=repr,
)
def test_one_value(value: object, kept: object, is_same: bool) -> None:
    found = plain_setting("p", value)
    assert found == (kept, is_same)
    assert type(found[0]) is type(kept)


def test_settings_within_settings_have_names_of_both() -> None:
    nested = {"lr": 0.1, "model": {"layers": [8], "act": {"name": "relu"}}, "seed": None, 3: True}
    found, remark = plain_settings(nested)
    assert found == {
        "lr": 0.1,
        "model/layers": "[8]",
        "model/act/name": "relu",
        "seed": "None",
        "3": True,
    }
    assert remark == "model/layers (list), seed (NoneType) kept as it fits best, mostly as text"


@pytest.mark.parametrize("settings", [argparse.Namespace(lr=0.1), Config(), {"lr": 0.1}])
def test_objects_with_attributes(settings: object) -> None:
    assert plain_settings(settings) == ({"lr": 0.1}, "")


def circle() -> dict[str, Any]:
    made: dict[str, Any] = {}
    made["self"] = made
    return made


@pytest.mark.parametrize(
    "value",
    [circle(), {"a" * 2000: 1}, {"a\nb": 1}, {"": {"": 1}}, {n: n for n in range(2000)}],
    ids=["a circle", "a long name", "a line break", "no name", "2,000 of them"],
)
def test_what_cannot_be_named_is_one_text(value: object) -> None:
    found, remark = plain_settings({"config": value})
    if set(found) == {"config"}:
        assert isinstance(found["config"], str)
        assert "config (dict) kept as it fits best" in remark
    else:
        assert all(name.startswith("config/") for name in found)
    assert len(found) == 1


def test_a_run_takes_them_at_any_time_with_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "trackboard")
    workspace = Workspace.open(tmp_path / "w")
    with workspace.start_run("digits", capture=False) as run:
        run.set_parameter("lr", 0.1)
        run.log("loss", 1)
        run.set_parameters({"lr": 0.2, "layers": [1], "by": {"a": None}})
        run.set_parameter("layers", [2, 3])
        run.set_parameter("huge", 2**70)
        run.set_parameters(3)
        for name in ("", "a\nb", 3):
            with pytest.raises(UsageError):
                run.set_parameter(name, [1])  # type: ignore[arg-type]
        with pytest.raises(UsageError):
            run.set_parameters({"good": 1, "": 1})
    first, second, third, fourth = caplog.messages
    assert "set_parameters: layers (list), by/a (NoneType) kept as it fits best" in first
    assert "set_parameter('layers'): layers (list) kept as it fits best" in second
    assert "huge (int)" in third
    assert "a value of type int has no settings" in fourth
    assert workspace.parameters(run.id) == {
        "lr": 0.2,
        "layers": "[2, 3]",
        "by/a": "None",
        "huge": 2.0**70,
    }
    workspace.close()
