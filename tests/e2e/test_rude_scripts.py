"""Scripts that do what no script should: each leaves an honest state, and nothing of it stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.workspaces import api

from trackboard.launch.queue.queue import cancel
from trackboard.model import RunId, RunState

if TYPE_CHECKING:
    from tests.e2e.conftest import Jobs

_LEFT = "[trackboard] the script has ended; what it left running was ended too\n"
_LINES = 10_000_000
_MEGABYTE = 1 << 20


def _has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_forks_and_exits(jobs: Jobs) -> None:
    run = jobs.submit(
        """if True:
        import os, time
        if os.fork() == 0:
            print(os.getpid())
            time.sleep(600)
        time.sleep(0.2)"""
    )
    assert jobs.wait(run).state is RunState.COMPLETED
    said = jobs.console(run)
    assert said.endswith(_LEFT)
    assert _has_ended(int(said.split()[0]))


@pytest.mark.requires("linux")
@pytest.mark.parametrize("more", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
def test_daemonises(jobs: Jobs, tmp_path: Path, more: str) -> None:
    pid = tmp_path / "pid"
    run = jobs.submit(
        f"""if True:
        import os, signal, time
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            {more}
            open({str(pid)!r}, "w").write(str(os.getpid()))
            time.sleep(600)
        while not os.path.exists({str(pid)!r}): time.sleep(0.01)
        time.sleep(0.2)"""
    )
    assert jobs.wait(run).state is RunState.COMPLETED
    assert jobs.console(run) == _LEFT
    assert _has_ended(int(pid.read_text()))


def test_starts_the_job_of_another(jobs: Jobs, tmp_path: Path) -> None:
    """A script that submits: the other job outlives it, though its worker is an orphan below ours."""
    go_on = tmp_path / "go-on"
    other = tmp_path / "other"
    other.mkdir()
    (other / "train.py").write_text(
        f"import os, time\nwhile not os.path.exists({str(go_on)!r}): time.sleep(0.02)"
    )
    run = jobs.submit(
        f"""if True:
        from pathlib import Path
        from trackboard.launch.request import Request
        from trackboard.workspace import Workspace
        workspace = Workspace.open({str(jobs.workspace.folder)!r})
        print(workspace.jobs.submit(Request("demo", Path({str(other)!r}), "train.py")))"""
    )
    assert jobs.wait(run).state is RunState.COMPLETED
    (started,) = jobs.console(run).split()
    assert not jobs.run(RunId(started)).state.is_terminal
    go_on.touch()
    assert jobs.wait(RunId(started)).state is RunState.COMPLETED


def test_ignores_sigterm_and_is_canceled(jobs: Jobs) -> None:
    """It gets SIGKILL once its ten seconds are over."""
    run = jobs.submit(
        """if True:
        import signal, time
        signal.signal(signal.SIGTERM, lambda *_: print("not me"))
        print("up")
        while True: time.sleep(1)"""
    )
    jobs.until(lambda: "up" in jobs.console(run))
    cancel(jobs.launch_context, run)
    assert jobs.wait(run).state is RunState.CANCELED
    assert "not me" in jobs.console(run)


def test_stops_itself_and_is_canceled(jobs: Jobs) -> None:
    run = jobs.submit(
        """if True:
        import os, signal, sys
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("woken up to hear it"))
        print("up")
        os.kill(os.getpid(), signal.SIGSTOP)
        signal.pause()"""
    )
    jobs.until(lambda: "up" in jobs.console(run))
    cancel(jobs.launch_context, run)
    assert jobs.wait(run).state is RunState.CANCELED
    assert "woken up to hear it" in jobs.console(run)


def test_removes_its_own_folder(jobs: Jobs) -> None:
    run = jobs.submit(
        """if True:
        import os, shutil
        shutil.rmtree(os.getcwd())
        print("gone")"""
    )
    done = jobs.wait(run)
    assert (done.state, done.cause) == (RunState.COMPLETED, "")
    assert jobs.console(run) == "gone\n"


def test_removes_the_folder_of_its_job(jobs: Jobs, tmp_path: Path) -> None:
    """Its plan and its console with it: what had been seen of it is kept."""
    go = tmp_path / "go"
    run = jobs.submit(
        """if True:
        import os, shutil, sys, time
        print("up", flush=True)
        while not os.path.exists(sys.argv[1]):
            time.sleep(0.05)
        shutil.rmtree(os.path.dirname(os.getcwd()))""",
        str(go),
    )
    jobs.until(lambda: jobs.console(run) == "up\n")
    go.touch()
    assert jobs.wait(run).state is RunState.COMPLETED
    assert jobs.console(run) == "up\n"


def test_removes_the_folder_of_its_job_and_is_canceled(jobs: Jobs) -> None:
    """There is no place left to say so in its log; its state does."""
    run = jobs.submit(
        """if True:
        import os, shutil, time
        shutil.rmtree(os.path.dirname(os.getcwd()))
        time.sleep(600)"""
    )
    folder = jobs.workspace.folder / "jobs" / run
    worker = jobs.worker(run)
    jobs.until(lambda: not folder.exists())
    cancel(jobs.launch_context, run)
    canceled = jobs.wait(run)
    assert (canceled.state, canceled.cause) == (RunState.CANCELED, "it was canceled")
    jobs.until(lambda: _has_ended(worker.pid))


def test_closes_its_streams(jobs: Jobs) -> None:
    run = jobs.submit(
        """if True:
        import os
        print("last words")
        for fd in (0, 1, 2):
            os.close(fd)
        open("outputs/after", "w").write("still here")"""
    )
    done = jobs.wait(run)
    assert (done.state, done.cause) == (RunState.COMPLETED, "")
    assert jobs.console(run) == "last words\n"
    assert "outputs/after" in {file.path for file in api(jobs.workspace).files(run)}


def test_ends_by_a_signal(jobs: Jobs) -> None:
    failed = jobs.wait(jobs.submit("import os, signal\nos.kill(os.getpid(), signal.SIGBUS)"))
    assert failed.state is RunState.FAILED
    assert failed.cause == "the script was ended by SIGBUS; it printed nothing"


def test_arguments_of_every_kind(jobs: Jobs) -> None:
    given = ["two words", "", "'", '"', "a\nb", "$HOME", "*", "\\", "--x=ü 日本 🎈", "-", "\t"]
    run = jobs.submit("import json, sys\nprint(json.dumps(sys.argv[1:]))", *given)
    assert jobs.wait(run).state is RunState.COMPLETED
    assert json.loads(jobs.console(run)) == given


def test_takes_too_long(jobs: Jobs) -> None:
    run = jobs.submit("import time\ntime.sleep(600)", max_duration_s=0.5)
    failed = jobs.wait(run)
    assert failed.state is RunState.FAILED
    assert failed.cause == "it ran longer than its limit of 0.5 s"


def test_takes_too_much_memory(jobs: Jobs) -> None:
    jobs.add_compute("small", 1)
    settings = jobs.workspace.folder / "trackboard.toml"
    settings.write_text(settings.read_text() + "\n[compute.small]\nmemory_gb = 0.25\n")
    jobs.reopen()
    run = jobs.submit(
        """if True:
        import os, time
        pids = [os.fork() for _ in range(2)]
        data = b"x" * 150_000_000 if not all(pids) else b""
        time.sleep(600)""",
        compute="small",
    )
    failed = jobs.wait(run)
    assert failed.state is RunState.FAILED
    assert " GB of memory together, and it may have 0.25 GB" in failed.cause


@pytest.mark.long
def test_one_line_of_200_megabytes(jobs: Jobs) -> None:
    run = jobs.submit("import sys\nfor _ in range(200): sys.stdout.write('x' * 1_000_000)")
    peak = _peak_until_it_ends(jobs, run)
    assert jobs.run(run).state is RunState.COMPLETED
    log = jobs.workspace.run_folder(run) / "user_logs" / "std_log.txt"
    assert log.stat().st_size >= 200_000_000
    assert peak < 300 * _MEGABYTE


_CLIENT = """if True:
    import sys
    from azureml.core import Experiment, ScriptRunConfig, Workspace
    workspace = Workspace.create("talk", location="local")
    config = ScriptRunConfig(sys.argv[1], "train.py", compute_target="local")
    run = Experiment(workspace, "demo").submit(config)
    run.wait_for_completion(show_output=True)
    if sys.platform == "linux":  # getrusage also counts the process that this one was forked from
        peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))
        sys.stderr.write(peak.split()[1])"""


@pytest.mark.long
@pytest.mark.timeout(600)
def test_ten_million_lines(jobs: Jobs, tmp_path: Path) -> None:
    """Nobody holds more of them than a few: not the worker, nor who watches them all go by."""
    (jobs.source / "train.py").write_text(
        f"""if True:
        import sys
        for start in range(0, {_LINES}, 1000):
            sys.stdout.write("".join(f"line {{n}}\\n" for n in range(start, start + 1000)))"""
    )
    shown = tmp_path / "shown"
    with shown.open("wb") as file:
        client = subprocess.run(
            [sys.executable, "-c", _CLIENT, str(jobs.source)],
            cwd=tmp_path,
            stdout=file,
            stderr=subprocess.PIPE,
            text=True,
            timeout=500,
            check=False,
        )
    assert client.returncode == 0, client.stderr
    if sys.platform == "linux":
        assert int(client.stderr.split()[-1]) * 1024 < 300 * _MEGABYTE
    with shown.open("rb") as file:
        file.seek(-4096, os.SEEK_END)
        assert f"line {_LINES - 1}\n".encode() in file.read()


def _peak_until_it_ends(jobs: Jobs, run: RunId) -> int:
    """The most memory that a worker held, in bytes; 0 where the system does not say."""
    worker, peak = jobs.worker(run), 0

    def has_ended() -> bool:
        nonlocal peak
        try:
            for line in Path(f"/proc/{worker.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peak = int(line.split()[1]) * 1024
        except OSError:
            pass
        return jobs.run(run).state.is_terminal

    jobs.until(has_ended)
    return peak
