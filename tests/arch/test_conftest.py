"""The rules that tests/conftest.py imposes on all tests do bite."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from tests.waiting import PATIENCE_S

TESTS = Path(__file__).parents[1]


def run_pytest(folder: Path, test: str, *more: str, ci: bool) -> tuple[int, str]:
    conftest = (TESTS / "conftest.py").read_text()
    (folder / "conftest.py").write_text(
        conftest.replace("_LEAVE_WITHIN_S = 30.0", "_LEAVE_WITHIN_S = 1.0")
    )
    (folder / "tests").mkdir()
    for name in ("prerequisites.py", "slow_tests.py", "slow_tests.txt", "waiting.py"):
        shutil.copy(TESTS / name, folder / "tests")
    (folder / "test_it.py").write_text(test)
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    if ci:
        environment["CI"] = "true"
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "test_it.py", *more],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return answer.returncode, answer.stdout


@pytest.mark.parametrize(
    "test",
    [
        "import pytest\ndef test_it(): pytest.skip('no browser')",
        "import pytest\npytest.skip('no browser', allow_module_level=True)",
        "import pytest\n@pytest.mark.skipif(True, reason='no browser')\ndef test_it(): pass",
    ],
)
def test_a_skip_fails_in_ci_and_says_why(tmp_path: Path, test: str) -> None:
    status, output = run_pytest(tmp_path, test, ci=True)
    assert status != 0
    assert "skipped, which is a failure in CI: " in output
    assert "no browser" in output


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    test = "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False"
    assert run_pytest(tmp_path, test, ci=True)[0] == 0


def test_outside_of_ci_a_skip_is_a_skip(tmp_path: Path) -> None:
    test = "import pytest\ndef test_it(): pytest.skip('no browser')"
    status, output = run_pytest(tmp_path, test, ci=False)
    assert status == 0
    assert "1 skipped" in output


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_processes_left_behind_fail_the_test_and_are_ended(tmp_path: Path) -> None:
    test = """
import subprocess, sys

def test_it(leaves_no_process):
    nap = [sys.executable, "-c", "import time; time.sleep({})"]
    child = [part.format(601) for part in nap]
    detached = [part.format(602) for part in nap]
    subprocess.Popen(child)
    starter = f"import subprocess; subprocess.Popen({detached!r}, start_new_session=True)"
    subprocess.run([sys.executable, "-c", starter], check=True)
"""
    status, output = run_pytest(tmp_path, test, ci=False)
    assert status == 1
    assert "processes were left behind" in output
    left = re.findall(r"(\d+): .*time.sleep\((60[12])\)", output)
    assert {seconds for _, seconds in left} == {"601", "602"}
    assert not any(runs(int(pid)) for pid, _ in left)
