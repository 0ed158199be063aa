"""Jobs with the real worker processes: submit, follow, queue, cancel, and every way to be killed."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from trackboard.errors import NotFound, UsageError
from trackboard.launch.place import open_place
from trackboard.launch.plan import Request
from trackboard.launch.queue import cancel, kick
from trackboard.launch.site import Site
from trackboard.launch.submit import submit
from trackboard.model import Compute, Run, RunId, RunState
from trackboard.workspace import Workspace

_DEADLINE_S = 30.0


class Jobs:
    """A workspace, and a source folder to submit from."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.source.mkdir()
        self.workspace = Workspace.open(folder / "workspace")

    @property
    def site(self) -> Site:
        return self.workspace.site

    def submit(self, script: str, *arguments: str, compute: str = "local", **more: str) -> RunId:
        (self.source / "train.py").write_text(script)
        request = Request(
            "demo", self.source, "train.py", arguments, compute=compute, variables=more
        )
        return submit(self.site, request)

    def add_compute(self, name: str, slots: int) -> None:
        self.workspace.store.add_compute(
            Compute(name, "AmlCompute", "STANDARD_D2_V2", 0, slots, 1800, 0.0, {})
        )

    def run(self, run: RunId) -> Run:
        found = self.workspace.find_run(run)
        assert found is not None
        return found

    def wait(self, *runs: RunId, state: RunState | None = None) -> Run:
        """Until they have ended, or are in the given state; the last of them."""
        until(
            lambda: all(
                (found := self.run(run)).state is state or (not state and found.state.is_terminal)
                for run in runs
            ),
            lambda: "\n".join(f"{self.run(run)}\n{self.worker_log(run)}" for run in runs),
        )
        return self.run(runs[-1])

    def console(self, run: RunId) -> str:
        """What was printed, without what is said about the snapshot."""
        self.workspace.drain()
        path = self.workspace.run_folder(run) / "user_logs" / "std_log.txt"
        text = path.read_text() if path.exists() else ""
        return "".join(
            line
            for line in text.splitlines(keepends=True)
            if not line.startswith("[trackboard] snapshot: ")
        )

    def worker_log(self, run: RunId) -> str:
        path = self.workspace.folder / "jobs" / run / "worker.log"
        return path.read_text() if path.exists() else ""

    def started_at(self, *runs: RunId) -> list[int]:
        """When each worker's handle was written, which is before it does anything."""
        folder = self.workspace.folder / "jobs"
        return [(folder / run / "handle").stat().st_mtime_ns for run in runs]

    def worker(self, run: RunId) -> psutil.Process:
        handle = (self.workspace.folder / "jobs" / run / "handle").read_text()
        return psutil.Process(json.loads(handle)["pid"])


def until(condition: Callable[[], bool], say: Callable[[], str] = str) -> None:
    deadline_s = time.monotonic() + _DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"it did not happen in time\n{say()}"
        time.sleep(0.05)


@pytest.fixture
def jobs(tmp_path: Path, leaves_no_process: None) -> Iterator[Jobs]:  # noqa: ARG001
    jobs = Jobs(tmp_path)
    yield jobs
    for handle in jobs.workspace.folder.glob("jobs/*/handle"):  # of a test that failed halfway
        jobs.workspace.site.target_for("local").cancel(handle.read_text())
    jobs.workspace.recorder().close()
    jobs.workspace.close()


def _most_at_once(notes: Path) -> int:
    at_once, most = 0, 0
    for line in notes.read_text().splitlines():
        at_once += 1 if line[0] == "+" else -1
        most = max(most, at_once)
    assert at_once == 0
    return most


def _notes(path: Path, seconds: float) -> str:
    """A script that notes when it began and ended."""
    return f"""if True:
        import os, sys, time
        def note(what):
            fd = os.open({str(path)!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(fd, f"{{what}} {{sys.argv[1]}}\\n".encode())
        note("+")
        time.sleep({seconds})
        note("-")"""


def _waits_for(path: Path, before: str = "") -> str:
    return f"import os, time\n{before}\nwhile not os.path.exists({str(path)!r}): time.sleep(0.02)\n"


def test_logs_are_there_while_it_runs(jobs: Jobs, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    write = (
        "print('begun', os.environ['COLOUR'])\nopen('logs/events.out.tfevents.1', 'w').write('e')"
    )
    run = jobs.submit(_waits_for(go_on, write), COLOUR="blue")
    events = jobs.workspace.run_folder(run) / "logs" / "events.out.tfevents.1"
    until(lambda: jobs.console(run) == "begun blue\n" and events.exists())
    assert events.read_text() == "e"
    assert jobs.run(run).state is RunState.RUNNING
    go_on.touch()
    done = jobs.wait(run)
    assert (done.state, done.cause, done.experiment) == (RunState.COMPLETED, "", "demo")
    until(lambda: not jobs.workspace.store.list_jobs())


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
        submit(jobs.site, Request("demo", jobs.source, "trian.py"))
    assert "'train.py'" in caught.value.hint
    assert jobs.workspace.store.list_jobs() == ()
    assert not (jobs.workspace.folder / "jobs").exists()


def test_unknown_compute(jobs: Jobs) -> None:
    jobs.add_compute("cpu-cluster", 1)
    with pytest.raises(NotFound, match="'cpu'") as caught:
        jobs.submit("", compute="cpu")
    assert "cpu-cluster, local" in caught.value.hint


def test_two_slots_for_four_jobs(jobs: Jobs, tmp_path: Path) -> None:
    """Each job notes when it began and ended; nobody but finishing workers kicks the queue."""
    jobs.add_compute("cpu-cluster", 2)
    notes = tmp_path / "notes"
    script = _notes(notes, 0.5)
    runs = [jobs.submit(script, str(n), compute="cpu-cluster") for n in range(4)]
    assert jobs.run(runs[3]).state is RunState.QUEUED
    assert jobs.wait(*runs).state is RunState.COMPLETED
    assert _most_at_once(notes) == 2
    assert jobs.started_at(*runs) == sorted(jobs.started_at(*runs))


def test_killed_worker(jobs: Jobs, tmp_path: Path) -> None:
    """Its script dies too, the run is Failed, and the slot goes to the next."""
    jobs.add_compute("one", 1)
    run = jobs.submit(_waits_for(tmp_path / "never", "print(os.getpid())"), compute="one")
    after = jobs.submit("print('my turn')", compute="one")
    until(lambda: jobs.console(run).endswith("\n"))
    script = psutil.Process(int(jobs.console(run)))
    jobs.worker(run).kill()
    until(lambda: not script.is_running() or script.status() == psutil.STATUS_ZOMBIE)
    failed = jobs.wait(run)
    assert failed.state is RunState.FAILED
    assert failed.cause
    assert jobs.run(after).state is RunState.QUEUED  # nobody has come along since
    kick(jobs.site)
    assert jobs.wait(after).state is RunState.COMPLETED
    assert not (jobs.workspace.folder / "jobs" / run / "work").exists()
    until(lambda: not jobs.workspace.store.list_jobs())


def test_worker_killed_before_it_said_anything(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")  # no interpreter starts like this
    run = jobs.submit("print('never')")
    monkeypatch.delenv("PYTHONHOME")
    until(lambda: jobs.worker_log(run) != "")
    until(lambda: kick(jobs.site) == () and not jobs.workspace.store.list_jobs())
    failed = jobs.wait(run)
    assert failed.state is RunState.FAILED
    assert "ended without a word" in failed.cause
    assert "/nowhere" in failed.cause


def test_starter_killed_between_claim_and_start(jobs: Jobs) -> None:
    jobs.add_compute("none-yet", 0)
    run = jobs.submit("print('late')", compute="none-yet")
    assert jobs.workspace.store.claim_job("none-yet") is not None  # and nothing comes of it
    jobs.workspace.store.set_compute(Compute("none-yet", "AmlCompute", "S", 0, 1, 1800, 0.0, {}))
    assert kick(jobs.site) == (run,)
    assert jobs.wait(run).state is RunState.COMPLETED


def test_worker_whose_starter_was_killed_does_nothing(jobs: Jobs) -> None:
    go, starter = os.pipe()
    command = [sys.executable, "-m", "trackboard", "worker", "demo_1_a", "--go-fd", str(go)]
    command += ["--workspace", str(jobs.workspace.folder)]
    with subprocess.Popen(command, pass_fds=[go]) as worker:
        os.close(go)
        os.close(starter)  # as the kernel does at its death
        assert worker.wait(timeout=30) == 0
    jobs.workspace.drain()
    assert jobs.workspace.store.list_runs() == ()


def test_client_exits(jobs: Jobs, tmp_path: Path) -> None:
    go_on = tmp_path / "go-on"
    (jobs.source / "train.py").write_text(_waits_for(go_on, "print('up')") + "print('done')")
    client = f"""if True:
        from pathlib import Path
        from trackboard.launch.plan import Request
        from trackboard.workspace import Workspace
        workspace = Workspace.open({str(jobs.workspace.folder)!r})
        print(workspace.submit(Request("demo", Path({str(jobs.source)!r}), "train.py")))"""
    done = subprocess.run(
        [sys.executable, "-c", client], capture_output=True, text=True, check=True, timeout=30
    )
    run = RunId(done.stdout.strip())
    until(lambda: "up" in jobs.console(run))
    go_on.touch()
    assert jobs.wait(run).state is RunState.COMPLETED
    assert jobs.console(run) == "up\ndone\n"


def test_cancel_while_it_waits(jobs: Jobs, tmp_path: Path) -> None:
    jobs.add_compute("one", 1)
    first = jobs.submit(_waits_for(tmp_path / "go-on"), compute="one")
    second = jobs.submit("print('never')", compute="one")
    cancel(jobs.site, second)
    assert jobs.run(second).state is RunState.CANCELED
    (tmp_path / "go-on").touch()
    assert jobs.wait(first).state is RunState.COMPLETED
    assert jobs.console(second) == ""


def test_cancel_while_it_runs(jobs: Jobs) -> None:
    run = jobs.submit("import time\nprint('up')\ntime.sleep(60)")
    until(lambda: "up" in jobs.console(run))
    cancel(jobs.site, run)
    assert jobs.wait(run).state is RunState.CANCELED
    cancel(jobs.site, run)
    assert jobs.run(run).state is RunState.CANCELED


def test_cancel_of_nothing(jobs: Jobs) -> None:
    with pytest.raises(NotFound):
        cancel(jobs.site, RunId("unknown"))


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


def test_many_kick_at_once(jobs: Jobs, tmp_path: Path) -> None:
    jobs.add_compute("two", 2)
    notes = tmp_path / "notes"
    script = _notes(notes, 0.1)
    jobs.workspace.store.set_compute(Compute("two", "AmlCompute", "S", 0, 0, 1, 0.0, {}))
    runs = [jobs.submit(script, str(n), compute="two") for n in range(6)]
    jobs.workspace.store.set_compute(Compute("two", "AmlCompute", "S", 0, 2, 1, 0.0, {}))
    kicker = f"""if True:
        from trackboard.workspace import Workspace
        workspace = Workspace.open({str(jobs.workspace.folder)!r})
        for _ in range(20):
            workspace.kick()"""
    kickers = [subprocess.Popen([sys.executable, "-c", kicker]) for _ in range(4)]
    assert [process.wait(timeout=60) for process in kickers] == [0] * 4
    jobs.wait(*runs)
    assert {jobs.run(run).state for run in runs} == {RunState.COMPLETED}
    assert sorted(notes.read_text().split()[1::2]) == sorted("001122334455")  # each exactly once
    assert _most_at_once(notes) <= 2
    assert jobs.started_at(*runs) == sorted(jobs.started_at(*runs))


def test_a_worker_loads_little_before_its_script_starts() -> None:
    code = """if True:
        import sys
        import trackboard.cli.worker
        print(*{"numpy", "sqlalchemy", "fsspec", "click"} & set(sys.modules))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_a_worker_and_its_client_mean_the_same_place(jobs: Jobs) -> None:
    place = open_place(jobs.workspace.folder)
    key, _ = jobs.workspace.blobs.put(io.BytesIO(b"content"))
    assert place.blobs.exists(key)
    assert place.recorder is jobs.workspace.recorder()


def test_sigterm_to_a_worker(jobs: Jobs) -> None:
    run = jobs.submit("import time\nprint('up')\ntime.sleep(60)")
    until(lambda: "up" in jobs.console(run))
    os.kill(jobs.worker(run).pid, signal.SIGTERM)
    failed = jobs.wait(run)
    assert (failed.state, failed.cause) == (RunState.FAILED, "its worker was ended by SIGTERM")
