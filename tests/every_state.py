"""A workspace with a run of every state, values that JSON has no words for, and names that mean harm."""

from __future__ import annotations

import io
import math
import time
from pathlib import Path

from trackboard.launch.request import Request
from trackboard.model import Compute, RunId, RunKind, RunState
from trackboard.service import LocalService

HOSTILE = "\"'><script>alert(1)</script>{{ 7 * 7 }} \u202egnp"
WAITING = "cluster"  # which has no nodes
RUNS = ("all", "child", *(state.value for state in RunState), "empty", "archived", "job")
DELETED = "deleted"


def record_every_state(service: LocalService, source: Path) -> None:
    """Fill a workspace with these runs.

    Args:
        service: The workspace, which is empty.
        source: An empty folder for the code of a job.
    """
    recorder = service.recorder()
    whole = recorder.create_run("digits", run_id="all", name="with everything")
    for key, value in {"lr": 0.1, "layers": 3, "fast": True, "odd": math.inf}.items():
        whole.set_parameter(key, value)
    whole.set_parameter(HOSTILE, HOSTILE)
    for step in range(50):
        whole.log("loss", 1 / (step + 1), step=step)
        whole.log("accuracy", step / 50, step=step)
    for value in (math.nan, math.inf, -math.inf, 2**63 - 1, 1e308):
        whole.log("odd", value)
    whole.log("words", "some text")
    whole.log("flag", True)
    whole.log(HOSTILE, 1.0)
    whole.log("at the ends", 1.0, step=-(2**63))
    whole.log("at the ends", -1.0, step=2**63 - 1)
    whole.log_row("table", {"a": 1, "b": "x"})
    whole.set_tag("team", "vision")
    whole.set_tag("reviewed")
    whole.set_tag(HOSTILE, HOSTILE)
    whole.append_bytes("logs/a.txt", 0, b"one\ntwo\r\x1b[31mred\x1b[0m\xff\n")
    whole.add_file("outputs/words.txt", *whole.put_file(io.BytesIO(b"words")))
    whole.add_file(f"outputs/{HOSTILE}", *whole.put_file(io.BytesIO(b"<p>")))
    whole.child("part", run_id="child").complete()
    for state in RunState:
        run = recorder.create_run("states", run_id=state.value, name=f"{state.value} {HOSTILE}")
        run.set_parameter("lr", 0.01)
        run.log("loss", 2.0)
        run.set_state(state, HOSTILE if state is RunState.FAILED else "")
    recorder.create_run("empty", run_id="empty", kind=RunKind.JOB)
    for name in ("archived", DELETED):
        recorder.create_run("digits", run_id=name).complete()
    stored = service.now()
    stored.runs.set_description(RunId("all"), f"**note** {HOSTILE}")
    stored.runs.archive([RunId("archived")])
    stored.trash.delete([RunId(DELETED)])
    stored.compute.set(Compute(WAITING, "AmlCompute", "", 0, 0, 0, time.time(), {}))
    (source / "train.py").write_text("print(1)\n")
    stored.jobs.submit(
        Request("jobs", source, "train.py", ["--lr", "1"], compute=WAITING, run="job")
    )
    service.now()
