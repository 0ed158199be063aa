"""The processes of this machine as a table, who of them belongs to a job, and what they hold."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_ENDED = frozenset("ZX")  # zombie, dead
_PS = ("ps", "-axo", "pid=,ppid=,pgid=,state=")
_PS_MEMORY = ("ps", "-o", "rss=", "-p")


class Process(NamedTuple):
    """One process that runs, or has ended and waits for its parent to notice."""

    pid: int
    parent: int
    group: int
    has_ended: bool


def list_processes() -> Mapping[int, Process]:
    """All processes of this machine that we may see, by pid."""
    if sys.platform != "linux":
        asked = subprocess.run(_PS, capture_output=True, text=True, check=True)
        rows = [line.split() for line in asked.stdout.splitlines()]
        found = [Process(*map(int, row[:3]), row[3][0] in _ENDED) for row in rows]
        return {process.pid: process for process in found}
    table: dict[int, Process] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with suppress(OSError):  # it has just ended
                # The name in brackets may hold anything.
                fields = _read(f"/proc/{name}/stat").rpartition(b")")[2].split()
                state = fields[0].decode()
                table[int(name)] = Process(
                    int(name), int(fields[1]), int(fields[2]), state in _ENDED
                )
    return table


def list_members(
    groups: Collection[int], *, spare: Collection[int] = (), orphans: bool = False
) -> set[int]:
    """The processes of a job that run.

    Args:
        groups: Its process groups.
        spare: Children of this process that are none of the job's.
        orphans: Take everything below this process, which adopts orphans. Workers of other jobs are
            left out, which a script may have started by a submit or a status call.
    """
    table = list_processes()
    members = {process.pid for process in table.values() if process.group in groups}
    roots = {*members, os.getpid()} if orphans else members
    below = set(_descend(table, roots, {*spare, os.getpid()}))
    return {pid for pid in members | below if not table[pid].has_ended}


def measure_memory(pids: Iterable[int], at_most_bytes: int) -> int:
    """How much memory processes hold together, in bytes.

    Where that makes a difference to being at most so much, what they share is counted once (on Linux).
    """
    each = [*pids]
    if sys.platform != "linux":
        asked = subprocess.run([*_PS_MEMORY, *map(str, each)], capture_output=True, check=False)
        return sum(map(int, asked.stdout.split())) * 1024
    page_bytes = os.sysconf("SC_PAGE_SIZE")
    held = sum(_number_in(f"/proc/{pid}/statm", 1) * page_bytes for pid in each)
    if held <= at_most_bytes:
        return held
    return sum(_proportional(pid) for pid in each)


def _descend(
    table: Mapping[int, Process], roots: Iterable[int], without: Collection[int]
) -> Iterator[int]:
    """Everything below the roots, the roots themselves included; not what is below `without`."""
    children: dict[int, list[int]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process.pid)
    waiting = [*roots]
    seen: set[int] = set()
    while waiting:
        pid = waiting.pop()
        if pid in seen or pid not in table:
            continue
        seen.add(pid)
        if pid not in without:
            yield pid
        waiting += [
            child
            for child in children.get(pid, ())
            if child not in without and not _is_worker(child)
        ]


def _is_worker(pid: int) -> bool:
    """Whether it carries out a job, or is the shell that starts who does."""
    try:
        return b"\0trackboard\0worker\0" in _read(f"/proc/{pid}/cmdline")
    except OSError:
        return False


def _proportional(pid: int) -> int:
    """Its memory, with what it shares divided among those who share it."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _number_in(path: str, field: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(_read(path).split()[field])
    return 0


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
