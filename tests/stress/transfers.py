"""Imports, exports and backups that are killed with SIGKILL at random moments, and repeated."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tests.histories import describe_history
from tests.waiting import PATIENCE_S

import trackboard
from trackboard.errors import TrackboardError
from trackboard.eventfile import encode
from trackboard.model import RunId
from trackboard.service.local.moving.restore import restore_backup
from trackboard.workspace import Workspace

_RUNS, _POINTS, _FILES = 24, 500, 60
_BEGIN_S = 1_700_000_000.0


@dataclass
class Killed:
    """What came of it."""

    kills: int = 0  # of processes that had not ended by themselves
    differences: list[str] = field(default_factory=list)


def write_log_folder(folder: Path) -> None:
    """Write runs with numbers, and a text that stays in an event file."""
    steps = np.arange(_POINTS, dtype=np.int64)
    times_s = np.arange(_POINTS, dtype=np.float64) + _BEGIN_S
    for number in range(_RUNS):
        path = folder / f"run{number}" / f"events.out.tfevents.{1_700_000_000 + number}.host"
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            file.write(encode.header(_BEGIN_S))
            for tag in ("loss", "accuracy"):
                values = np.linspace(0, number, _POINTS).astype(np.float32)
                file.writelines(encode.scalars(tag, steps, times_s, values))
            file.writelines(encode.texts("note", [1], [_BEGIN_S], [f"number {number}"]))


def kill_imports(source: Path, folder: Path, kills: int, *, seed: int) -> Killed:
    """Kill imports until so many are killed; each that was killed is repeated and killed again.

    Args:
        source: What is imported.
        folder: An empty folder; the import that nobody killed is `straight` there.
        kills: How many.
        seed: Of when.
    """
    done, begin_s = Killed(), time.monotonic()
    assert _import(source, folder / "straight").wait() == 0
    took_s = time.monotonic() - begin_s
    expected = describe(folder / "straight")
    moments, number = random.Random(seed), 0
    while done.kills < kills:
        number += 1
        history = folder / f"killed{number}"
        while done.kills < kills and not _kill(
            _import(source, history), moments.uniform(0.0, took_s)
        ):
            done.kills += 1
        assert _import(source, history).wait() == 0
        if describe(history) != expected:
            done.differences.append(f"{history} differs")
    return done


def kill_backups(folder: Path, kills: int, *, seed: int) -> Killed:
    """Kill backups: there is none, or a whole one; and restorings: there is no workspace, or a whole one.

    Args:
        folder: An empty folder.
        kills: How many of each.
        seed: Of when.
    """
    write_log_folder(folder / "logs")
    history, done, moments = folder / "history", Killed(), random.Random(seed)
    _import(folder / "logs", history).wait()
    expected = describe(history)
    begin_s = time.monotonic()
    assert _start("backup", str(folder / "whole.tar"), "-w", str(history)).wait() == 0
    took_s = time.monotonic() - begin_s
    for number in range(kills):
        saved, restored = folder / f"{number}.tar", folder / f"restored{number}"
        made = _start("backup", str(saved), "-w", str(history))
        done.kills += not _kill(made, moments.uniform(0, took_s))
        if saved.exists():
            restore_backup(saved, folder / f"checked{number}")
            if describe(folder / f"checked{number}") != expected:
                done.differences.append(f"{saved} is not whole")
        again = _start("restore-backup", str(folder / "whole.tar"), str(restored))
        done.kills += not _kill(again, moments.uniform(0, took_s))
        if (restored / ".trackboard" / "default").exists():
            if describe(restored) != expected:
                done.differences.append(f"{restored} is not whole")
        else:
            restore_backup(folder / "whole.tar", restored)
    return done


def kill_exports(folder: Path, kills: int, *, names: Sequence[str], seed: int) -> Killed:
    """Kill exports: what is there under its name is whole.

    Args:
        folder: An empty folder.
        kills: How many of each.
        names: Files to export to.
        seed: Of when.
    """
    write_log_folder(folder / "logs")
    history, done, moments = folder / "history", Killed(), random.Random(seed)
    _import(folder / "logs", history).wait()
    for name in names:
        begin_s = time.monotonic()
        expected = _export(folder / f"whole-{name}", name, history, PATIENCE_S)
        took_s = time.monotonic() - begin_s
        for number in range(kills):
            target = folder / f"killed{number}-{name}"
            found = _export(target, name, history, moments.uniform(0, took_s))
            done.kills += found is None
            if found not in (expected, None):
                done.differences.append(f"{target} is not whole")
        if expected is None:
            done.differences.append(f"{name} was not written")
    return done


def kill_downloads(folder: Path, kills: int, *, seed: int) -> Killed:
    """Kill downloads of a run's files: each file is there whole or not at all, and repeating brings the rest.

    Args:
        folder: An empty folder.
        kills: How many.
        seed: Of when.
    """
    history, done, moments = folder / "history", Killed(), random.Random(seed)
    expected = _write_files(history)
    begin_s = time.monotonic()
    assert _download(history, folder / "straight").wait() == 0
    took_s = time.monotonic() - begin_s
    number = 0
    while done.kills < kills:
        number += 1
        target = folder / f"killed{number}"
        while done.kills < kills and not _kill(
            _download(history, target), moments.uniform(0.0, took_s)
        ):
            done.kills += 1
            found = _read_files(target)
            if not found.items() <= expected.items():
                done.differences.append(f"{target} has files that are not whole")
        assert _download(history, target).wait() == 0
        if _read_files(target) != expected:
            done.differences.append(f"{target} differs")
    return done


def _write_files(history: Path) -> dict[str, bytes]:
    """Write a run's files into a history; what is in each."""
    contents = random.Random(0)
    files = {f"outputs/{n % 5}/{n}.bin": contents.randbytes(200_000 + n) for n in range(_FILES)}
    with (
        trackboard.Workspace.open(history) as workspace,
        workspace.start_run("files", name="one", capture=False) as run,
    ):
        for name, content in files.items():
            path = history / "given.bin"
            path.write_bytes(content)
            run.log_file(path, name)
        path.unlink()
    return files


def _read_files(folder: Path) -> dict[str, bytes]:
    """What is in each file that a download has put in its place."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def _download(history: Path, target: Path) -> subprocess.Popen[bytes]:
    return _start("download", "files/one", "--to", str(target), "-w", str(history))


def _export(folder: Path, name: str, history: Path, after_s: float) -> bytes | None:
    """Begin an export, and end it after a while; what is there then under its name."""
    folder.mkdir()
    _kill(_start("export", "--all", "--to", str(folder / name), "-w", str(history)), after_s)
    try:
        content = (folder / name).read_bytes()
    except FileNotFoundError:
        return None
    return re.sub(rb"\d{4}-\d\d-\d\d \d\d:\d\d UTC", b"", content)  # when a report was made


def _import(logs: Path, history: Path) -> subprocess.Popen[bytes]:
    return _start("import", str(logs), "-w", str(history))


def _start(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "trackboard", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _kill(process: subprocess.Popen[bytes], after_s: float) -> bool:
    """Kill a process after a while; whether it had ended by itself."""
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


def describe(history: Path) -> dict[RunId, dict[str, Any]]:
    """What a history holds after its spools are stored; why it cannot be read, instead."""
    workspace = Workspace.open(history)
    try:
        workspace.drain()
        return describe_history(workspace.store, workspace.blobs)
    except TrackboardError as error:
        return {RunId("error"): {"error": str(error)}}
    finally:
        workspace.close()
