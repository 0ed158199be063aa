"""The watchdog ends what it was told of, and nothing else, once its owner is killed."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
from tests.waiting import until

_OWNER = """if True:
    import subprocess, sys, time
    from trackboard.launch.processes.watchdog import Watchdog
    watchdog = Watchdog()
    watched, forgotten, dismissed = [
        subprocess.Popen(["sleep", "600"], process_group=0) for _ in range(3)
    ]
    watchdog.watch(watched.pid)
    watchdog.watch(forgotten.pid)
    watchdog.forget(forgotten.pid)
    other = Watchdog()
    other.watch(dismissed.pid)
    other.close()
    other.close()
    print(watchdog.pid, watched.pid, forgotten.pid, dismissed.pid, flush=True)
    time.sleep(600)"""


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_who_is_watched_ends_with_the_owner(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _OWNER], stdout=subprocess.PIPE, cwd=tmp_path, text=True
    ) as owner:
        assert owner.stdout is not None
        watchdog, watched, *others = map(int, owner.stdout.readline().split())
        owner.kill()
    try:
        until(lambda: _is_gone(watched) and _is_gone(watchdog))
        assert not any(map(_is_gone, others))
    finally:
        for pid in others:
            os.kill(pid, 9)


def test_locks_hold_until_who_is_watched_has_been_ended(tmp_path: Path) -> None:
    """The watchdog is stopped between the end of its owner and its own work."""
    lock = tmp_path / "lock"
    owner_code = f"""if True:
        import fcntl, os, subprocess, time
        from trackboard.launch.processes.watchdog import Watchdog
        lock = os.open({str(lock)!r}, os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
        watchdog = Watchdog([lock])
        watched = subprocess.Popen(["sleep", "600"], process_group=0)
        watchdog.watch(watched.pid)
        print(watchdog.pid, watched.pid, flush=True)
        time.sleep(600)"""
    with subprocess.Popen(
        [sys.executable, "-c", owner_code], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        watchdog, watched = map(int, owner.stdout.readline().split())
        os.kill(watchdog, signal.SIGSTOP)
        owner.kill()
    try:
        assert not _is_free(lock)
    finally:
        os.kill(watchdog, signal.SIGCONT)
    until(lambda: _is_free(lock))
    until(lambda: _is_gone(watched))  # it has got its SIGKILL


def _is_free(lock: Path) -> bool:
    with open(lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_a_guard_that_was_killed_is_no_trouble() -> None:
    code = """if True:
        import os
        from trackboard.launch.processes.watchdog import Watchdog
        watchdog = Watchdog()
        os.kill(watchdog.pid, 9)
        os.waitid(os.P_PID, watchdog.pid, os.WEXITED | os.WNOWAIT)
        watchdog.watch(os.getpid())
        watchdog.forget(os.getpid())
        watchdog.close()"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
