"""Where a part is missing its tests are skipped, and one line says what to install."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tests.arch.test_conftest import TESTS, run_pytest
from tests.prerequisites import PREREQUISITES, advise

_TESTS = """
import pytest
from tests import prerequisites

for name in ("chromium", "chromedriver", "system-mpirun", "frameworks"):
    prerequisites.PREREQUISITES[name] = prerequisites.Prerequisite(
        lambda: None, prerequisites.PREREQUISITES[name].package, prerequisites.PREREQUISITES[name].advice)

@pytest.fixture
def browser():
    prerequisites.require("chromium", "chromedriver")

def test_page(browser): ...
def test_charts(browser): ...
@pytest.mark.requires("system-mpirun", "chromedriver")
def test_mpi(): ...
@pytest.mark.requires("frameworks")
def test_training(): ...
@pytest.mark.requires("here")
def test_here(): ...
def test_other(): pytest.skip("of another kind")

prerequisites.PREREQUISITES["here"] = prerequisites.Prerequisite(lambda: "/here")
"""
_LAST = (
    "To run the 4 tests skipped for what is missing: apt-get install chromium chromium-driver "
    "openmpi-bin python3; make test-frameworks (1.2 GB)"
)


@pytest.mark.parametrize("more", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_the_last_line_says_once_what_to_install(tmp_path: Path, more: tuple[str, ...]) -> None:
    status, output = run_pytest(tmp_path, _TESTS, *more, ci=False)
    assert status == 0, output
    assert "1 passed, 5 skipped" in output
    assert output.count("To run the ") == 1
    assert output.rstrip().splitlines()[-1] == _LAST


def test_in_ci_what_is_missing_fails_with_the_same_words(tmp_path: Path) -> None:
    status, output = run_pytest(tmp_path, _TESTS, ci=True)
    assert status == 1
    assert "1 passed" in output
    assert "needs chromium, chromedriver: apt-get install chromium chromium-driver" in output
    assert "To run the" not in output


def test_where_nothing_is_missing_there_is_no_such_line(tmp_path: Path) -> None:
    status, output = run_pytest(tmp_path, "def test_it(): ...", ci=False)
    assert (status, "To run" in output) == (0, False)


def test_each_part_says_how_to_get_it() -> None:
    assert all(advise([name]) for name in PREREQUISITES)
    assert advise(["git", "chromium", "git", "root"]) == (
        "apt-get install chromium git; make test as root (for mounts)"
    )


def test_no_test_looks_for_a_part_by_itself() -> None:
    """A skip that the registry does not know says nobody what to install."""
    found = [
        f"{path.relative_to(TESTS)}:{node.lineno}: {ast.unparse(node)}"
        for path in sorted(TESTS.rglob("*.py"))
        if path.name != "prerequisites.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("skip", "skipif", "importorskip")
    ]
    assert found == [], "mark them `requires`, or call `require`: see tests/prerequisites.py"
