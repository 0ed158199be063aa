"""The list of slow tests names tests that there are: one that was renamed would count as fast for ever."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from tests.arch.source import ROOT, SOURCE
from tests.slow_tests import choose_slow, name_of, read_list


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def test_every_name_is_that_of_a_test() -> None:
    contracts = "".join(text_of(path) for path in (SOURCE / "trackboard/testing").rglob("*.py"))
    gone = []
    for listed in read_list():
        path, *_, name = listed.split("::")
        if f"def {name}(" not in text_of(ROOT / path) + contracts:
            gone.append(listed)
    assert gone == [], (
        "take these lines out of tests/slow_tests.txt, or measure anew: make slow-tests"
    )


def test_the_mean_of_a_function_s_tests_decides() -> None:
    took_s = {"a": [0.05, 0.05], "b": [0.0, 0.5], "c": [0.2]}
    assert choose_slow(took_s) == ["b", "c"]
    assert name_of("tests/a.py::test_b[c[d]]") == "tests/a.py::test_b"
