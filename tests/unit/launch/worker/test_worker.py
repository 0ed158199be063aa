"""The worker with real scripts; what it said is read from its spool as any reader would."""

import errno
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.launch.worker.conftest import RUN, Bench
from tests.waiting import until

from trackboard.errors import Unavailable
from trackboard.launch.context.launch_context import LaunchContext
from trackboard.layout.cancel_flag import request_cancel
from trackboard.model import CONSOLE, ResourceLimits, RunState


def _later(action: Callable[[], None], condition: Callable[[], bool]) -> threading.Thread:
    def wait() -> None:
        try:
            until(condition)
        finally:
            action()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_completes_and_keeps_everything(bench: Bench) -> None:
    bench.save(
        """if True:
        import os, sys
        assert sorted(os.listdir()) == ["logs", "outputs", "train.py"], os.listdir()
        os.makedirs("outputs/sub"); os.makedirs("runs/x")
        open("outputs/sub/model.bin", "wb").write(b"weights")
        open("outputs/events.out.tfevents.1", "wb").write(b"events")
        open("runs/x/events.out.tfevents.2", "wb").write(b"more")
        open("logs/a.log", "w").write("log")
        print("hello", sys.argv[1:], os.environ["COLOUR"])""",
        "a b",
        COLOUR="blue",
    )
    run = bench.carry_out()
    assert (run.state, run.cause) == (RunState.COMPLETED, "")
    assert bench.file(CONSOLE) == b"[trackboard] planned with care\nhello ['a b'] blue\n"
    assert bench.file("logs/a.log") == b"log"
    assert bench.file("outputs/events.out.tfevents.1") == b"events"
    assert bench.file("runs/x/events.out.tfevents.2") == b"more"
    assert bench.output("outputs/sub/model.bin") == b"weights"
    events = {"outputs/events.out.tfevents.1", "runs/x/events.out.tfevents.2"}
    assert bench.paths() == {CONSOLE, "logs/a.log", "outputs/sub/model.bin"} | events
    assert not (bench.worker_context.paths.job(RUN).folder / "work").exists()
    assert run.started_s is not None
    assert run.ended_s is not None


def test_exit_code_and_last_lines_are_the_cause(bench: Bench) -> None:
    bench.save("import sys\nprint('step 1')\nprint('no data', file=sys.stderr)\nsys.exit(3)")
    run = bench.carry_out()
    assert run.state is RunState.FAILED
    assert run.cause.startswith("the script exited with code 3")
    assert run.cause.endswith("step 1\nno data")


def test_signal_is_the_cause(bench: Bench) -> None:
    bench.save("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    assert "was ended by SIGSEGV" in bench.carry_out().cause


@pytest.mark.parametrize("ending", ["sys.exit()", "sys.exit(0)", "os._exit(0)", "sys.exit(None)"])
def test_every_way_to_leave_with_0(bench: Bench, ending: str) -> None:
    bench.save(f"import os, sys\n{ending}")
    assert bench.carry_out().state is RunState.COMPLETED


def test_what_is_printed_and_logged_is_there_while_it_runs(bench: Bench) -> None:
    go_on = bench.source.parent / "go-on"
    bench.save(
        f"""if True:
        import os, time
        print("begun")
        open("logs/a.log", "w").write("live")
        while not os.path.exists({str(go_on)!r}): time.sleep(0.01)"""
    )
    seen: list[RunState] = []

    def is_live() -> bool:
        run = bench.run()
        try:
            live = bench.file("logs/a.log") == b"live" and b"begun\n" in bench.file(CONSOLE)
        except FileNotFoundError:
            return False
        if live:
            seen.append(run.state)
        return live

    thread = _later(go_on.touch, is_live)
    assert bench.carry_out().state is RunState.COMPLETED
    thread.join()
    assert seen == [RunState.RUNNING]


def test_cancel(bench: Bench) -> None:
    bench.save("import time\nprint('up')\ntime.sleep(600)")
    console = bench.worker_context.paths.job(RUN).folder / "console.txt"
    thread = _later(
        lambda: bench.store.request_cancel(RUN),
        lambda: bench.run().state is RunState.RUNNING and b"up" in console.read_bytes(),
    )
    run = bench.carry_out()
    thread.join()
    assert (run.state, run.cause) == (RunState.CANCELED, "it was canceled")


def test_cancel_before_the_script_starts(bench: Bench, tmp_path: Path) -> None:
    bench.save(f"open({str(tmp_path / 'ran')!r}, 'w')")
    request_cancel(bench.worker_context.paths.job(RUN))
    run = bench.carry_out()
    assert (run.state, run.cause) == (RunState.CANCELED, "it was canceled")
    assert not (tmp_path / "ran").exists()


def test_a_script_that_fails_when_it_is_canceled(bench: Bench) -> None:
    """Sooner than anybody looks."""
    bench.save(
        """if True:
        import sys
        open(sys.argv[1], "w")
        sys.exit(1)""",
        str(bench.worker_context.paths.job(RUN).folder / "cancel"),
    )
    assert bench.carry_out().state is RunState.CANCELED


def test_cancel_of_a_script_that_ignores_sigterm(bench: Bench) -> None:
    bench.save(
        """if True:
        import signal, time
        signal.signal(signal.SIGTERM, lambda *_: print("not me"))
        print("up")
        while True: time.sleep(1)"""
    )
    console = bench.worker_context.paths.job(RUN).folder / "console.txt"
    thread = _later(
        lambda: bench.store.request_cancel(RUN),
        lambda: bench.run().state is RunState.RUNNING and b"up" in console.read_bytes(),
    )
    assert bench.carry_out().state is RunState.CANCELED
    thread.join()
    assert b"not me" in bench.file(CONSOLE)


def test_sigterm_to_the_worker_ends_the_script(bench: Bench) -> None:
    bench.save("import time\nprint('up')\ntime.sleep(600)")
    console = bench.worker_context.paths.job(RUN).folder / "console.txt"
    thread = _later(
        lambda: os.kill(os.getpid(), signal.SIGTERM),
        lambda: console.exists() and b"up" in console.read_bytes(),
    )
    run = bench.carry_out()
    thread.join()
    assert run.state is RunState.FAILED
    assert "SIGTERM" in run.cause


def test_limit_of_time(bench: Bench) -> None:
    bench.save("import time\ntime.sleep(600)", max_duration_s=0.2)
    run = bench.carry_out()
    assert run.state is RunState.FAILED
    assert "longer than its limit of 0.2 s" in run.cause


def test_the_console_is_kept_once(bench: Bench) -> None:
    bench.save("print('all of it')")
    bench.carry_out()
    assert b"all of it" in bench.file(CONSOLE)
    assert sorted(path.name for path in bench.worker_context.paths.job(RUN).folder.iterdir()) == [
        "plan.json"
    ]


def test_the_console_stays_when_the_disk_refused_a_part(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.save("print('all of it')")

    def refuse(fd: int, data: bytes) -> int:
        if b"all of it" in data:
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.write(fd, data)

    monkeypatch.setattr("trackboard.spool.segment._write", refuse)
    bench.carry_out()
    console = bench.worker_context.paths.job(RUN).folder / "console.txt"
    assert "all of it" in console.read_text()


def test_command(bench: Bench) -> None:
    """A line for a shell, in which `python` is the job's interpreter."""
    command = 'python train.py "$COLOUR" && echo done > outputs/done; '
    command += "python -c 'import sys; print(sys.prefix)'"
    bench.save("import sys\nprint(sys.argv[1:])", command=command, COLOUR="light blue")
    assert bench.carry_out().state is RunState.COMPLETED
    said = f"['light blue']\n{sys.prefix}\n"
    assert bench.file(CONSOLE).decode() == f"[trackboard] planned with care\n{said}"
    assert bench.output("outputs/done") == b"done\n"


def test_share(bench: Bench) -> None:
    bench.save(
        "import os\nprint(os.environ['OMP_NUM_THREADS'], os.environ['CUDA_VISIBLE_DEVICES'])"
    )
    assert bench.carry_out(None, ResourceLimits(cpus=3, gpus=("2",))).state is RunState.COMPLETED
    assert bench.file(CONSOLE).endswith(b"3 2\n")


def test_limit_of_memory(bench: Bench) -> None:
    bench.save("data = b'x' * 300_000_000\nimport time\ntime.sleep(600)")
    run = bench.carry_out(None, ResourceLimits(memory_bytes=200 << 20))
    assert run.state is RunState.FAILED
    assert " GB of memory together, and it may have 0.20 GB" in run.cause
    assert b"[trackboard] ending the script: its processes held" in bench.file(CONSOLE)


def test_script_that_removes_its_folder(bench: Bench) -> None:
    bench.save("import os, shutil\nshutil.rmtree(os.getcwd())\nprint('gone')")
    run = bench.carry_out()
    assert (run.state, run.cause) == (RunState.COMPLETED, "")
    assert b"gone\n" in bench.file(CONSOLE)


def test_script_that_forks_and_exits(bench: Bench) -> None:
    bench.save("import os, time\nif os.fork() == 0:\n    time.sleep(600)")
    assert bench.carry_out().state is RunState.COMPLETED
    assert b"what it left running was ended too" in bench.file(CONSOLE)


def test_much_output(bench: Bench) -> None:
    bench.save("import sys\nfor n in range(200_000):\n    sys.stdout.write(f'line {n}\\n')")
    assert bench.carry_out().state is RunState.COMPLETED
    lines = bench.file(CONSOLE).splitlines()
    assert len(lines) == 200_001
    assert lines[-1] == b"line 199999"


def test_snapshot_that_is_gone(bench: Bench) -> None:
    bench.save("")
    for manifest in (bench.worker_context.paths.folder / "snapshots").glob("*.json"):
        manifest.unlink()
    run = bench.carry_out()
    assert run.state is RunState.FAILED
    assert "there is no snapshot" in run.cause


def test_store_that_does_not_answer(bench: Bench) -> None:
    def refuse() -> LaunchContext:
        raise Unavailable("locked")

    bench.save("import time\ntime.sleep(0.2)")
    assert bench.carry_out(refuse).state is RunState.COMPLETED


def test_outputs_that_cannot_be_kept(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.save("open('outputs/model', 'w').write('x')")

    def refuse(_source: object) -> tuple[str, int]:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(bench.worker_context.recorder.writer, "put_file", refuse)
    run = bench.carry_out()
    assert run.state is RunState.FAILED
    assert "the script ended well, but" in run.cause
    assert "the disk is full" in run.cause


def test_outputs_behind_links_within_the_working_copy(bench: Bench) -> None:
    bench.save(
        """if True:
        import os
        os.makedirs("ckpt/step5/deep")
        open("ckpt/step5/deep/model.pt", "w").write("weights")
        os.symlink("../ckpt/step5", "outputs/best")
        os.symlink("../ckpt/step5/deep/model.pt", "outputs/last.pt")
        os.symlink("..", "ckpt/step5/up")
        os.symlink(".", "outputs/self")
    """
    )
    run = bench.carry_out()
    assert (run.state, run.cause) == (RunState.COMPLETED, "")
    assert bench.paths() == {CONSOLE, "outputs/best/deep/model.pt", "outputs/last.pt"}
    assert bench.output("outputs/best/deep/model.pt") == b"weights"
    assert b"not kept" not in bench.file(CONSOLE)


def test_outputs_outside_of_the_working_copy_are_named(bench: Bench, tmp_path: Path) -> None:
    big = tmp_path / "big.pt"
    big.write_text("weights")
    (tmp_path / "elsewhere").mkdir()
    bench.save(
        """if True:
        import os, sys
        open("outputs/own", "w").write("x")
        os.symlink(sys.argv[1], "outputs/big.pt")
        os.symlink(sys.argv[2], "outputs/folder")
        os.symlink("nobody", "outputs/gone")
        os.symlink("ring", "outputs/ring")
    """,
        str(big),
        str(tmp_path / "elsewhere"),
    )
    run = bench.carry_out()
    assert (run.state, run.cause) == (RunState.COMPLETED, "")
    assert bench.paths() == {CONSOLE, "outputs/own"}
    said = bench.file(CONSOLE).decode()
    assert f"[trackboard] not kept: outputs/big.pt is a link to {big}, outside of" in said
    assert f"not kept: outputs/folder is a link to {tmp_path / 'elsewhere'}, outside of" in said
    assert "not kept: outputs/gone is a link to " in said
    assert "nobody, where there is nothing" in said
    assert "not kept: outputs/ring is a link to " in said


def test_outputs_that_became_a_link(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    bench.save(
        """if True:
        import os, sys
        os.rmdir("outputs")
        os.symlink(sys.argv[1], "outputs")
        open("outputs/model.pt", "w").write("weights")
    """,
        str(tmp_path / "elsewhere"),
    )
    assert bench.carry_out().state is RunState.COMPLETED
    assert bench.paths() == {CONSOLE}
    place = str(tmp_path / "elsewhere").encode()
    assert b"not kept: outputs is a link to " + place in bench.file(CONSOLE)


def test_of_many_links_some_are_named(bench: Bench) -> None:
    bench.save("import os\nfor n in range(60): os.symlink('/dev/null', f'outputs/{n:02}')")
    assert bench.carry_out().state is RunState.COMPLETED
    said = bench.file(CONSOLE).decode()
    assert said.count("not kept: outputs/") == 50
    assert "not kept: 10 more links like these" in said


def test_it_says_that_it_lives_while_the_script_is_silent(bench: Bench) -> None:
    bench.save("import time; time.sleep(0.3)")
    bench.carry_out()
    spool = b"".join(
        file.read_bytes() for file in bench.worker_context.paths.folder.glob("spool/*/*.seg")
    )
    assert spool.count(b'"k":"heartbeat"') == 1  # the next one 10 s later
    assert bench.run().state is RunState.COMPLETED


def test_event_files_at_paths_outside_are_named_and_those_behind_links_are_kept(
    bench: Bench, tmp_path: Path
) -> None:
    for name in ("lost", "linked"):
        (tmp_path / name).mkdir()
    bench.save(
        """if True:
        import os, sys, time
        lost, linked = sys.argv[1:]
        os.symlink(linked, "link")
        files = [open(f"{folder}/events.out.tfevents.1", "w") for folder in (lost, linked)]
        for file in files:
            file.write("x")
            file.flush()
        time.sleep(1.5)  # the worker looks all the time
    """,
        str(tmp_path / "lost"),
        str(tmp_path / "linked"),
    )
    run = bench.carry_out()
    assert run.state is RunState.COMPLETED
    console = bench.file(CONSOLE).decode()
    told = [line for line in console.splitlines() if "event files in" in line]
    if sys.platform == "linux":
        (line,) = told
        assert f"the event files in {tmp_path / 'lost'} are not kept" in line
    assert bench.file("link/events.out.tfevents.1") == b"x"
