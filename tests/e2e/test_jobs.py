"""Jobs with the real worker processes: submit, follow, cancel, and every way to be killed."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from tests.waiting import PATIENCE_S

from trackboard.errors import NotFound, UsageError
from trackboard.launch.context.worker_context import open_worker_context
from trackboard.launch.queue.queue import advance_queue, cancel
from trackboard.launch.request import Request
from trackboard.launch.submit import submit
from trackboard.model import RunId, RunState

if TYPE_CHECKING:
    from tests.e2e.conftest import Jobs


def _waits_for(path: Path, before: str = "") -> str:
    return f"import os, time\n{before}\nwhile not os.path.exists({str(path)!r}): time.sleep(0.02)\n"


def test_logs_are_there_while_it_runs(jobs: Jobs, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    write = (
        "print('begun', os.environ['COLOUR'])\nopen('logs/events.out.tfevents.1', 'w').write('e')"
    )
    run = jobs.submit(_waits_for(go_on, write), COLOUR="blue")
    events = jobs.workspace.run_folder(run) / "logs" / "events.out.tfevents.1"
    jobs.until(lambda: jobs.console(run) == "begun blue\n" and events.exists())
    assert events.read_text() == "e"
    assert jobs.run(run).state is RunState.RUNNING
    go_on.touch()
    done = jobs.wait(run)
    assert (done.state, done.cause, done.experiment) == (RunState.COMPLETED, "", "demo")
    jobs.until(lambda: not jobs.workspace.store.list_jobs())


def test_context_reaches_the_script(jobs: Jobs) -> None:
    run = jobs.submit(
        """if True:
        import os
        from trackboard.record import get_recorder
        folder = os.environ["TRACKBOARD_WORKSPACE"]
        live = get_recorder(folder + "/spool").attach(os.environ["AZUREML_RUN_ID"], owner=False)
        for step in range(5):
            live.log("loss", 1.0 / (step + 1), step)
        live.complete()"""
    )
    assert jobs.wait(run).state is RunState.COMPLETED
    (series,) = jobs.workspace.store.list_series(runs=[run])
    assert (series.name, series.count, series.last_value) == ("loss", 5, 0.2)


def test_exit_code_3(jobs: Jobs) -> None:
    run = jobs.submit("import sys\nprint('reading')\nraise SystemExit(3)")
    done = jobs.wait(run)
    assert done.state is RunState.FAILED
    assert done.cause == "the script exited with code 3; its last lines:\nreading"


def test_missing_script_leaves_nothing(jobs: Jobs) -> None:
    (jobs.source / "train.py").write_text("")
    with pytest.raises(UsageError, match=r"no script 'trian\.py'") as caught:
        submit(jobs.launch_context, Request("demo", jobs.source, "trian.py"))
    assert "'train.py'" in caught.value.hint
    assert jobs.workspace.store.list_jobs() == ()
    assert not (jobs.workspace.folder / "jobs").exists()


def test_unknown_compute(jobs: Jobs) -> None:
    jobs.add_compute("cpu-cluster", 1)
    with pytest.raises(NotFound, match="'cpu'") as caught:
        jobs.submit("", compute="cpu")
    assert "cpu-cluster, local" in caught.value.hint


def test_killed_worker(jobs: Jobs, tmp_path: Path) -> None:
    """Its script dies too, the run is Failed, and the slot goes to the next."""
    jobs.add_compute("one", 1)
    run = jobs.submit(_waits_for(tmp_path / "never", "print(os.getpid())"), compute="one")
    after = jobs.submit("print('my turn')", compute="one")
    jobs.until(lambda: jobs.console(run).endswith("\n"))
    script = psutil.Process(int(jobs.console(run)))
    jobs.worker(run).kill()
    jobs.until(lambda: not script.is_running() or script.status() == psutil.STATUS_ZOMBIE)
    failed = jobs.wait(run)
    assert failed.state is RunState.FAILED
    assert failed.cause
    assert jobs.run(after).state is RunState.QUEUED  # nobody has come along since
    advance_queue(jobs.launch_context)
    assert jobs.wait(after).state is RunState.COMPLETED
    assert not (jobs.workspace.folder / "jobs" / run / "work").exists()
    jobs.until(lambda: not jobs.workspace.store.list_jobs())


def test_worker_killed_before_it_said_anything(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # no interpreter starts like this
    run = jobs.submit("print('never')")
    monkeypatch.delenv("PYTHONHOME")
    jobs.until(lambda: jobs.worker_log(run) != "")
    jobs.until(
        lambda: advance_queue(jobs.launch_context) == () and not jobs.workspace.store.list_jobs()
    )
    failed = jobs.wait(run)
    assert failed.state is RunState.FAILED
    assert "ended without a word" in failed.cause
    assert "/nowhere" in failed.cause


def test_worker_whose_starter_was_killed_does_nothing(jobs: Jobs) -> None:
    go, starter = os.pipe()
    command = [sys.executable, "-m", "trackboard", "worker", "demo_1_a", "--go-fd", str(go)]
    command += ["--workspace", str(jobs.workspace.folder)]
    with subprocess.Popen(command, pass_fds=[go]) as worker:
        os.close(go)
        os.close(starter)  # as the kernel does at its death
        assert worker.wait(timeout=PATIENCE_S) == 0
    jobs.workspace.drain()
    assert jobs.workspace.store.list_runs() == ()


def test_client_exits(jobs: Jobs, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    (jobs.source / "train.py").write_text(_waits_for(go_on, "print('up')") + "print('done')")
    client = f"""if True:
        from pathlib import Path
        from trackboard.launch.request import Request
        from trackboard.workspace import Workspace
        workspace = Workspace.open({str(jobs.workspace.folder)!r})
        print(workspace.jobs.submit(Request("demo", Path({str(jobs.source)!r}), "train.py")))"""
    done = subprocess.run(
        [sys.executable, "-c", client],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    )
    run = RunId(done.stdout.strip())
    jobs.until(lambda: "up" in jobs.console(run))
    go_on.touch()
    assert jobs.wait(run).state is RunState.COMPLETED
    assert jobs.console(run) == "up\ndone\n"


def test_cancel_while_it_runs(jobs: Jobs) -> None:
    run = jobs.submit("import time\nprint('up')\ntime.sleep(600)")
    jobs.until(lambda: "up" in jobs.console(run))
    cancel(jobs.launch_context, run)
    assert jobs.wait(run).state is RunState.CANCELED
    cancel(jobs.launch_context, run)
    assert jobs.run(run).state is RunState.CANCELED


def test_cancel_of_nothing(jobs: Jobs) -> None:
    with pytest.raises(NotFound):
        cancel(jobs.launch_context, RunId("unknown"))


def test_ctrl_c_works_in_scripts(jobs: Jobs) -> None:
    """The shell in between makes its children deaf to SIGINT; the worker undoes that."""
    run = jobs.submit(
        """if True:
        import os, signal
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            print("heard")"""
    )
    assert jobs.wait(run).state is RunState.COMPLETED
    assert jobs.console(run) == "heard\n"


def test_shadowed_modules_do_not_reach_the_worker(
    jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise RuntimeError('the wrong json')")
    monkeypatch.chdir(tmp_path)
    assert jobs.wait(jobs.submit("print('fine')")).state is RunState.COMPLETED


def test_a_worker_loads_little_before_its_script_starts() -> None:
    code = """if True:
        import sys
        import trackboard.processes.worker
        print(*{"numpy", "sqlalchemy", "fsspec", "click"} & set(sys.modules))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_a_worker_and_its_client_mean_the_same_place(jobs: Jobs) -> None:
    place = open_worker_context(jobs.workspace.folder)
    key, _ = jobs.workspace.blobs.put(io.BytesIO(b"content"))
    assert place.blobs.exists(key)
    assert place.recorder is jobs.workspace.recorder()


def test_sigterm_to_a_worker(jobs: Jobs) -> None:
    run = jobs.submit("import time\nprint('up')\ntime.sleep(600)")
    jobs.until(lambda: "up" in jobs.console(run))
    os.kill(jobs.worker(run).pid, signal.SIGTERM)
    failed = jobs.wait(run)
    assert (failed.state, failed.cause) == (RunState.FAILED, "its worker was ended by SIGTERM")
