"""Scripts as real processes: how they end, and that nothing of them is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from tests.waiting import PATIENCE_S, until

from trackboard.errors import UsageError
from trackboard.launch.processes.process_group import ProcessGroup, wait_for_any
from trackboard.launch.processes.watchdog import Watchdog


def _is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _pid_in(path: Path) -> int:
    until(lambda: path.exists() and path.read_text().endswith("\n"))
    return int(path.read_text())


@pytest.fixture
def console(tmp_path: Path) -> Path:
    return tmp_path / "console"


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watchdog = Watchdog()
    yield watchdog
    watchdog.close()


Run = Callable[..., ProcessGroup]


@pytest.fixture
def run(watchdog: Watchdog, console: Path) -> Run:
    def run(code: str, **environment: str) -> ProcessGroup:
        argv = (sys.executable, "-c", code)
        variables = {"PATH": os.environ["PATH"], **environment}
        return ProcessGroup(argv, variables, console.parent, console, watchdog)

    return run


def _wait(group: ProcessGroup) -> int | None:
    wait_for_any([group], PATIENCE_S)
    return group.code


def test_exit_code_folder_variables_and_both_streams(run: Run, console: Path) -> None:
    code = """if True:
        import os, sys
        print(os.getcwd(), os.environ["GREETING"], sys.stdin.read() == "", flush=True)
        print("error", file=sys.stderr)
        sys.exit(3)"""
    group = run(code, GREETING="hello")
    assert _wait(group) == 3
    assert not group.close(1.0)
    assert console.read_text() == f"{console.parent} hello True\nerror\n"


def test_waits_no_longer_than_asked(run: Run) -> None:
    group = run("import time; time.sleep(600)")
    wait_for_any([group], 0.01)
    assert group.code is None
    group.kill()
    assert _wait(group) == -signal.SIGKILL
    group.close(1.0)


def test_waits_where_the_kernel_does_not_tell(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    group = run("import sys; sys.exit(3)")
    other = run("import time; time.sleep(600)")
    wait_for_any([other, group], PATIENCE_S)
    assert group.code == 3
    assert other.code is None
    wait_for_any([other], 0.01)
    other.kill()
    assert _wait(other) == -signal.SIGKILL
    assert not group.close(1.0)
    assert not group.close(1.0)  # may be repeated
    other.close(1.0)


def test_terminate_reaches_children_too(run: Run, tmp_path: Path) -> None:
    child = tmp_path / "child"
    code = f"""if True:
        import subprocess, sys, time
        other = subprocess.Popen(["sleep", "600"])
        open({str(child)!r}, "w").write(f"{{other.pid}}\\n")
        time.sleep(600)"""
    group = run(code)
    pid = _pid_in(child)
    group.terminate()
    assert _wait(group) == -signal.SIGTERM
    group.close(1.0)
    assert _is_gone(pid)


def test_close_ends_what_ignores_sigterm(run: Run, tmp_path: Path) -> None:
    child = tmp_path / "child"
    code = f"""if True:
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork():
            os._exit(0)
        open({str(child)!r}, "w").write(f"{{os.getpid()}}\\n")
        time.sleep(600)"""
    group = run(code)
    assert _wait(group) == 0
    pid = _pid_in(child)
    assert group.close(0.1)
    until(lambda: _is_gone(pid))


def test_interpreter_that_does_not_exist(console: Path, watchdog: Watchdog) -> None:
    with pytest.raises(UsageError, match="'/no/python' could not be started"):
        ProcessGroup(("/no/python",), {}, console.parent, console, watchdog)


def test_script_dies_with_its_worker(tmp_path: Path) -> None:
    """The worker is killed by SIGKILL: script and grandchild follow, the watchdog too."""
    pids = tmp_path / "pids"
    group = f"""if True:
        import os, subprocess, time
        other = subprocess.Popen(["sleep", "600"], start_new_session=True)
        open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{other.pid}}\\n")
        time.sleep(600)"""
    worker = f"""if True:
        import sys, time
        from pathlib import Path
        from trackboard.launch.processes.watchdog import Watchdog
        from trackboard.launch.processes.process_group import ProcessGroup
        argv = (sys.executable, "-c", {group!r})
        console = Path({str(tmp_path / "console")!r})
        ProcessGroup(argv, {{}}, Path({str(tmp_path)!r}), console, Watchdog())
        time.sleep(600)"""
    environment = {**os.environ, "PATH": os.environ["PATH"]}
    process = subprocess.Popen([sys.executable, "-c", worker], env=environment)
    try:
        until(lambda: pids.exists() and pids.read_text().endswith("\n"))
        children = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.wait()
    assert {int(pid) for pid in pids.read_text().split()} <= {child.pid for child in children}
    until(lambda: all(_is_gone(child.pid) for child in children))
