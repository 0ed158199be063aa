"""What a new user types first, on a machine where nothing is installed, with as few rights as can be."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.prerequisites import require

pytestmark = [pytest.mark.long, pytest.mark.requires("root", "git")]

_CHECKOUT = Path(__file__).parents[2]
_NOBODY = 61234  # as scripts/bare-machine has it
_LACKING = """
    tests/arch tests/property/test_ignore_rules.py tests/contract/test_postgresql.py
    tests/unit/record tests/unit/launch/test_submit.py tests/unit/targets/test_ray_asking.py
    tests/facade/test_run_context.py tests/facade/test_environment_of_jobs.py
    tests/e2e/test_live_page.py tests/e2e/test_status.py tests/e2e/test_distributed.py
    tests/e2e/test_ray.py
"""


def on_a_bare_machine(checkout: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the shell, with files that only their owner reads and without a home."""
    return subprocess.run(
        [checkout / "scripts" / "bare-machine", "sh", "-c", f"umask 077; unset HOME; {command}"],
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter: pytest's own are root's alone."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_make_demo_in_a_fresh_clone(open_folder: Path) -> None:
    """In a folder whose name has a space, set up from nothing."""
    clone = open_folder / "a folder"
    command = ["clone", "--quiet", f"file://{_CHECKOUT}", str(clone)]
    subprocess.run([require("git"), "-c", "safe.directory=*", *command], check=True)
    for path in (clone, *clone.rglob("*")):
        os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)
    done = on_a_bare_machine(clone, "make demo ONCE=1")
    assert done.returncode == 0, done.stdout
    assert "all of this is there over HTTP" in done.stdout


def test_tests_that_need_something_are_skipped(
    record_property: Callable[[str, object], None],
) -> None:
    done = on_a_bare_machine(
        _CHECKOUT, f".venv/bin/python -m pytest -p no:cacheprovider {' '.join(_LACKING.split())}"
    )
    assert done.returncode == 0, done.stdout
    *_, counts, last = done.stdout.splitlines()
    assert re.match(r"To run the \d+ tests skipped for what is missing: apt-get install ", last)
    for package in ("chromium", "chromium-driver", "git", "openmpi-bin", "postgresql"):
        assert f" {package}" in last
    for count, outcome in re.findall(r"(\d+) (passed|skipped)", counts):
        record_property(outcome, int(count))
