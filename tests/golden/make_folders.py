"""The golden spools, and a golden workspace with its files, made with the code of a past commit."""

import dataclasses
import io
import json
import os
import shutil
from pathlib import Path

import make_content as content
import make_golden as golden

from trackboard import Workspace, model
from trackboard.board.view.run_names import name_runs
from trackboard.launch.request import Request
from trackboard.launch.submit import enqueue, prepare
from trackboard.spool import alive
from trackboard.spool.layout import HAS_STEP
from trackboard.layout.cancel_flag import request_cancel
from trackboard.layout.start_lock import take_start_lock
from trackboard.spool.writer import SpoolWriter
from trackboard.targets.process import Process

HOME = Path("/tmp/trackboard-golden")  # plans hold absolute paths


def make(folder):
    alive.boot_id = lambda: golden.BOOT
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    make_spools(folder)
    make_workspace(folder)


# -- spools ------------------------------------------------------------------------------


def make_spools(folder):
    spools = HOME / "spool"
    whole = SpoolWriter(spools, segment_bytes=20_000)
    write_content(whole)
    ended = whole.writer
    whole.close()
    open_end = SpoolWriter(spools)
    write_run(open_end, "open-end")
    torn_end = SpoolWriter(spools)
    write_run(torn_end, "torn-end")
    torn_middle = SpoolWriter(spools, segment_bytes=1_000)
    write_run(torn_middle, "torn-middle")
    tear(spools / torn_end.writer / "0.seg", 25)
    names = sorted((spools / torn_middle.writer).glob("*.seg"), key=lambda p: int(p.stem))
    tear(names[0], 17)
    shutil.copytree(spools, folder / "spool-format-1", dirs_exist_ok=True)
    expected = {
        "writers": {
            "whole": ended,
            "open-end": open_end.writer,
            "torn-end": torn_end.writer,
            "torn-middle": torn_middle.writer,
        },
        "runs_in_every_state": [
            [event["run"], event["state"]] for _, event in list(content.runs_in_every_state())[2::3]
        ],
        "small_runs": {"points": 60, "torn-end": 59, "torn-middle": "all but one in segment 0"},
        "growing": {"run": "parent", "path": "logs/日本.txt", "text": "line 1\nline 2\nrest"},
        "properties": {"parent": {e["key"]: e["value"] for e in of("PropertyAdded", "parent")}},
        "tags": {"parent": tags_of("parent"), "never-created": tags_of("never-created")},
    }
    about = golden.describe_content(short_series())
    golden.write_json(folder / "spool-format-1.json", about | expected)


def short_series():
    return [each for each in content.all_series() if len(each[-1]) <= 1000]


def of(kind, run):
    return [
        fields for name, fields in content.all_events() if name == kind and fields["run"] == run
    ]


def tags_of(run):
    tags = {}
    for event in of("Tagged", run):
        if event["removed"]:
            del tags[event["key"]]
        else:
            tags[event["key"]] = event["value"]
    return tags


def write_content(writer):
    said = [golden.to_event(*event) for event in content.all_events()]
    for event in said:
        writer.append_event(event)
    file = writer.file("parent", "logs/日本.txt")
    for offset, data in ((0, b"line 1\n"), (7, b"line 2\n"), (14, b"rest")):
        writer.append_bytes(file, offset, data)
    writer.append_bytes(writer.file("parent", "logs/empty.txt"), 0, b"")
    writer.append_event(model.Heartbeat(content.T0))
    for run, name, table, kind, points in short_series():
        write_series(writer, writer.series(run, name, table), kind, points)


def write_series(writer, series, kind, points):
    for step, at, value in points:
        golden.Clock.now = at
        flags = 0 if step is None else HAS_STEP
        if kind == "float":
            writer.append_float(series, flags, step or 0, value)
        else:
            writer.append_int(series, 1 if kind == "bool" else 2, flags, step or 0, value)


def write_run(writer, run):
    """Sixty points and no end, as of a process that lives or was killed."""
    writer.append_event(golden.to_event(*content.created(run, "ends", run)))
    writer.append_event(
        golden.to_event(*content.moved(run, "running", 0, 1, content.T0 + 1, "", 0.0))
    )
    write_series(writer, writer.series(run, "loss"), "float", content.points(60, content.noise))


def tear(path, missing):
    os.truncate(path, path.stat().st_size - missing)


# -- a workspace ------------------------------------------------------------------------------


def make_workspace(folder):
    place = HOME / ".trackboard" / "default"
    workspace = Workspace.open(HOME)
    with (place / "trackboard.toml").open("a") as settings:
        settings.write("\n[compute.cpu-cluster]\ncpus = 2\nmemory_gb = 0.5\ngpus = 0\n")
    stored = record(workspace, "stored")
    workspace.runs()  # makes the database, reads the spool
    workspace.recorder().close()
    workspace.runs()
    job = keep_job(workspace)
    workspace.drain()
    exported = HOME / "exported"
    workspace.export([stored], exported, recursive=True, report=print)
    runs = workspace.runs()
    workspace.close()
    unread = record(workspace, "unread")
    workspace.recorder().close()
    shutil.copytree(place, folder / "workspace", dirs_exist_ok=True, symlinks=True)
    shutil.copytree(exported, folder / "exported", dirs_exist_ok=True)
    (folder / "workspace" / "lock").unlink()
    names = name_runs(runs)
    golden.write_json(
        folder / "workspace.json",
        {
            "runs": [golden.plain(dataclasses.asdict(run)) for run in runs],
            "stored": stored,
            "unread": unread,
            "exported_as": names[stored],
            "loss": content.points(300, content.noise),
            "job": json.loads(json.dumps(dataclasses.asdict(job), default=lambda e: e.value)),
            "sources": {k: v.decode() for k, v in SOURCES.items()},
            "source_link": ["link.py", "train.py"],
        },
    )


def record(workspace, name):
    golden.Clock.now = content.T0
    with workspace.start_run(
        "digits",
        name=name,
        parameters=content.PARAMETERS,
        tags={"kept": name, "none": None},
        capture=False,
    ) as run:
        for step, at, value in content.points(300, content.noise):
            golden.Clock.now = at
            run.log("loss", value, step)
        run.log("note", "text 日本", 3)
        run.log_row("table", {"x": 1, "y": 0.5})
        key, size_bytes = workspace.blobs.put(io.BytesIO(b"weights of " + name.encode()))
        run.add_file("outputs/weights.bin", key, size_bytes)
        run.append_bytes("logs/out.txt", 0, b"first line\n")
        child = run.child("part")
        child.log("loss", 0.5, 0)
        child.complete()
    return run.id


SOURCES = {"train.py": b"print('trained')\n", "data/x y.txt": b"1,2\n", "empty.txt": b""}


def keep_job(workspace):
    """A job that was submitted and has ended: plan, snapshot, blobs; nothing waits in the queue."""
    source = HOME / "source"
    for path, data in SOURCES.items():
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        (source / path).write_bytes(data)
        os.utime(source / path, (content.T0, content.T0))
    (source / "link.py").symlink_to("train.py")
    golden.Clock.now = content.T0 + 50
    environment = model.EnvironmentRequest(
        name="env",
        version="3",
        python="3.11",
        pip_packages=("numpy==1.26.4", "six"),
        pip_options=("--no-index",),
    )
    request = Request(
        "digits",
        source,
        "train.py",
        ["--rate", 0.1, "--name", "日本"],
        environment=environment,
        variables={"GREETING": "hello 日本"},
        name="a job",
        tags={"of": "job"},
        max_duration_s=60.0,
        distribution=model.Distribution(model.Launcher.PYTORCH, 2, 1, 0, "gloo"),
    )
    plan = prepare(workspace.launch_context, request)
    enqueue(
        workspace.launch_context,
        plan,
        "a job",
        None,
        {"of": "job"},
        {"trackboard.source": "/source"},
    )
    workspace.store.remove_job(plan.run)
    worker = workspace.recorder().attach(plan.run, owner=True)
    worker.set_state(model.RunState.RUNNING)
    worker.append_bytes("user_logs/std_log.txt", 0, b"trained\n")
    worker.cancel("somebody asked")
    keep_handle(workspace.launch_context.paths.job(plan.run))
    return plan


def keep_handle(job):
    """What the target and the worker leave in a job's folder."""
    job.handle.write_text(Process("golden-host", golden.BOOT, 4242, "12345").handle())
    job.worker_log.write_text("")
    take_start_lock(job, "worker")
    request_cancel(job)
