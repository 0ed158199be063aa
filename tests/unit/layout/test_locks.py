import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from trackboard.errors import Unavailable
from trackboard.layout.locks import FileLock

_HOLD = """
import sys
from pathlib import Path
from trackboard.layout.locks import FileLock
with FileLock(Path(sys.argv[1])).attempt() as is_held:
    print(is_held, flush=True)
    sys.stdin.read()
"""


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    with one.attempt() as first, other.attempt() as second, one.attempt() as third:
        assert (first, second, third) == (True, False, False)
        assert other.holder().startswith(f"pid {os.getpid()} on ")
    with other.attempt() as again:
        assert again


def test_threads_too(tmp_path: Path) -> None:
    lock, got = FileLock(tmp_path / "lock"), []

    def attempt() -> None:
        with lock.attempt() as is_held:
            got.append(is_held)

    with lock.attempt():
        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()
    assert got == [False]


def test_it_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"True\n"
        lock = FileLock(path)
        with lock.attempt() as is_held:
            assert not is_held
        assert lock.holder().startswith(f"pid {process.pid} ")
    finally:
        process.kill()
        process.communicate()
    with lock.attempt() as is_held:
        assert is_held


def test_a_fork_does_not_keep_it(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    go, told = os.pipe()
    with lock.attempt():
        child = os.fork()
        if child == 0:
            os.close(told)
            os.read(go, 1)
            os._exit(0)
    with lock.attempt() as is_held:
        assert is_held, "the child holds what its parent let go"
    os.close(told)
    os.close(go)
    assert os.waitpid(child, 0)[1] == 0


def test_an_error_lets_go(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with pytest.raises(KeyError), lock.attempt():
        raise KeyError
    with lock.attempt() as is_held:
        assert is_held


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"), FileLock(tmp_path / "x" / "l").attempt():
        pass
    assert FileLock(tmp_path / "x" / "l").holder() == "another process"
