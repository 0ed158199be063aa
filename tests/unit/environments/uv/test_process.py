"""How uv is run, with a program in its place that does what a test needs."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from trackboard.environments.cache.locks import Canceled, EnvironmentLock
from trackboard.environments.uv import process
from trackboard.environments.uv.process import Uv, find_uv
from trackboard.errors import Unavailable

pytestmark = pytest.mark.usefixtures("leaves_no_process")


class Pretended:
    """A shell script that is taken for uv."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.log: list[str] = []
        self.is_canceled: Callable[[], bool] = lambda: False
        self._program = folder / "program"
        monkeypatch.setattr(process, "find_uv", lambda: str(self._program))

    def says(self, script: str, silence_s: float = 60.0) -> Uv:
        self._program.write_text(f"#!/bin/sh\n{script}\n")
        self._program.chmod(0o755)
        return Uv(
            self.folder,
            {**os.environ, "VIRTUAL_ENV": "/theirs", "UV_PYTHON": "2.7"},
            is_canceled=lambda: self.is_canceled(),
            log=self.log.append,
            silence_s=silence_s,
        )


@pytest.fixture
def pretended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pretended:
    return Pretended(tmp_path, monkeypatch)


def test_what_it_prints_and_what_it_says(pretended: Pretended) -> None:
    uv = pretended.says('echo out; printf "Downloading a (1 MiB)\\n + b\\nlast" >&2; exit 3')
    answer = uv.run(["pip", "x"], doing="testing")
    assert (answer.code, answer.output) == (3, "out\n")
    assert answer.words == "Downloading a (1 MiB)\n + b\nlast"
    assert pretended.log == ["$ uv pip x", "Downloading a (1 MiB)", " + b", "last"]


def test_it_is_not_led_astray(pretended: Pretended) -> None:
    uv = pretended.says('echo "$VIRTUAL_ENV,$UV_PYTHON,$UV_PYTHON_DOWNLOADS,$MORE"; pwd')
    answer = uv.run([], doing="testing", more={"MORE": "1"})
    assert answer.output == f",,never,1\n{pretended.folder}\n"


def test_files_that_its_command_line_names(pretended: Pretended) -> None:
    uv = pretended.says("cat a.in b.txt")
    answer = uv.run(["a.in"], doing="testing", files={"a.in": ["1"], "b.txt": ["2"]})
    assert (answer.output, pretended.log) == ("1\n2\n", ["$ uv a.in"])
    assert [path.name for path in pretended.folder.iterdir()] == ["program"]


def test_much_on_both_sides(pretended: Pretended) -> None:
    uv = pretended.says("for i in 1 2 3 4; do head -c 200000 /dev/zero; done | tee /dev/stderr")
    answer = uv.run([], doing="testing")
    assert len(answer.output) == len(answer.words) == 800_000


def test_silence_is_broken(pretended: Pretended) -> None:
    pretended.says("sleep 1.5", silence_s=0.3).run([], doing="installing")
    assert len(pretended.log) >= 3
    assert {*pretended.log[1:]} <= {f"installing, {n} s so far" for n in range(10)}


def test_canceled_with_all_that_it_started(pretended: Pretended) -> None:
    """Also what ignores SIGTERM, and holds the pipes open."""
    up = pretended.folder / "up"
    deaf = f"trap : TERM; touch {up}; while :; do sleep 0.1; done"
    uv = pretended.says(f'sh -c "{deaf}" & echo $!; wait')
    pretended.is_canceled = up.exists
    with pytest.raises(Canceled):
        uv.run([], doing="testing")
    left = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "trap : TERM" in " ".join(process.info["cmdline"] or [])
        and process.status() != psutil.STATUS_ZOMBIE
    ]
    assert left == []


def test_what_stays_behind_holds_nothing_up(pretended: Pretended) -> None:
    uv = pretended.says("sleep 600 & echo done")
    answer = uv.run([], doing="testing")
    assert (answer.code, answer.output) == (0, "done\n")


def test_a_lock_lasts_as_long_as_it(pretended: Pretended, tmp_path: Path) -> None:
    lock, other = EnvironmentLock(tmp_path / "lock"), EnvironmentLock(tmp_path / "lock")
    assert lock.try_hold()
    seen: list[bool] = []

    def look() -> bool:
        if not seen:
            lock.close()  # as the kernel does when we are killed
            seen.append(other.try_share())
        return False

    pretended.is_canceled = look
    pretended.says("sleep 1").run([], doing="testing", keep_fd=lock.fd)
    assert seen == [False]
    time.sleep(0.1)
    assert other.try_share()
    other.close()


def test_it_cannot_be_started(pretended: Pretended) -> None:
    uv = pretended.says("")
    (pretended.folder / "program").unlink()
    with pytest.raises(Unavailable, match="could not be started") as caught:
        uv.run([], doing="testing")
    assert "pip install" in caught.value.hint


def test_the_real_one_is_found() -> None:
    assert os.access(find_uv(), os.X_OK)
