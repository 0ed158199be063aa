"""What runs are called in TensorBoard and in exported folders: the names people gave, made unique.

A name is `experiment/name`, a child's is `parent's name/name`. It depends on the runs of its own
experiment only, and an older run never loses a name to a newer one, so that live view, single
experiment and export agree.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

from trackboard.model import Run, RunId

_PART_BYTES = 200  # file systems allow 255 bytes in a name
_PATH_BYTES = 1500  # and 4,096 in a path, ours comes below another one
_DIGEST_DIGITS = 32


def name_runs(runs: Iterable[Run], *, raw_ids: bool = False) -> dict[RunId, str]:
    """Name every run of one or more experiments; pass all runs of each, or names may differ.

    Where two would be called the same, the lower number keeps the plain name and the other gets
    ` #<number>`. A child is named after all that is above it, whose numbers may be higher.
    """
    ordered = sorted(runs, key=lambda run: (run.experiment, run.number, run.created_s, run.id))
    if raw_ids:
        return {run.id: run.id for run in ordered}
    by_id = {run.id: run for run in ordered}
    names: dict[RunId, str] = {}
    taken: set[str] = set()
    for run in _parents_first(ordered, by_id):
        if run.id in names:
            continue
        for unnamed in _unnamed_line(run, by_id, names) if run.parent else (run,):
            parent = _parent(unnamed, by_id)
            above = names.get(parent.id, unnamed.experiment) if parent else unnamed.experiment
            name = f"{above}/{unnamed.name}"
            if name in taken:
                name = _free(name, _run_suffixes(unnamed.number), taken.__contains__)
            names[unnamed.id] = name
            taken.add(name)
    return names


def name_event_folders(
    folders: Iterable[tuple[RunId, str]], names: Mapping[RunId, str]
) -> dict[tuple[RunId, str], str]:
    """Name folders of native event files after their runs, without a leading `logs/`.

    Args:
        folders: Pairs of a run and a posix path relative to that run's folder, "" for itself.
        names: Names of all runs of these experiments. A folder may carry the name of its own run
            but never that of another.
    """
    named: dict[tuple[RunId, str], str] = {}
    run_names = frozenset(names.values())
    taken: set[str] = set()

    def is_taken(own: str, name: str) -> bool:
        return name in taken or (name in run_names and name != own)

    for run, path in sorted(folders, key=lambda folder: (names[folder[0]], _order(folder[1]))):
        own = names[run]
        below = _below_logs(path)
        wanted = f"{own}/{below}" if below else own
        suffixes = (f" #{number}" for number in itertools.count(2))
        name = _free(wanted, suffixes, partial(is_taken, own))
        named[run, path] = name
        taken.add(name)
    return named


def name_unrecorded_folders(paths: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """Name folders of event files that belong to no run, as TensorBoard does: by their paths.

    Args:
        paths: Posix paths relative to the log directory, "" for itself.
        taken: Names of runs and of their folders; one called so gets ` #2`.
    """
    named: dict[str, str] = {}
    used = set(taken)
    for path in sorted(paths):
        text = os.fsencode(path).decode(errors="replace") or "."
        named[path] = _free(
            text, (f" #{number}" for number in itertools.count(2)), used.__contains__
        )
        used.add(named[path])
    return named


def folder_path(name: str) -> PurePosixPath:
    """Turn a run's name into a relative folder that is safe to create; no two names share one.

    Ordinary names stay as they are. Unsafe characters become `%XX`, what is too long ends in `%~`
    and a digest.
    """
    parts = [_safe_part(part) for part in name.split("/")]
    path = "/".join(parts)
    if len(path.encode()) > _PATH_BYTES:
        path = f"{parts[0]}/%~{_digest(name)}"
    return PurePosixPath(path)


def _unnamed_line(run: Run, by_id: Mapping[RunId, Run], names: Mapping[RunId, str]) -> list[Run]:
    """The run and its ancestors that have no name yet, the highest first."""
    line: dict[RunId, Run] = {}
    current: Run | None = run
    while current and current.id not in names and current.id not in line:  # parents may form a ring
        line[current.id] = current
        current = _parent(current, by_id)
    return list(reversed(line.values()))


def _parents_first(ordered: Sequence[Run], by_id: Mapping[RunId, Run]) -> Sequence[Run]:
    """The same order, but for children of lower numbers than their parents, which wait for these."""
    ranks = {run.id: rank for rank, run in enumerate(ordered)}
    late = {
        run.id: (max(ranks[each.id] for each in line), len(line))
        for run in ordered
        if run.parent
        for line in [_unnamed_line(run, by_id, {})]
    }
    if not late:
        return ordered
    return sorted(ordered, key=lambda run: (*late.get(run.id, (ranks[run.id], 1)), ranks[run.id]))


def _parent(run: Run, by_id: Mapping[RunId, Run]) -> Run | None:
    parent = by_id.get(run.parent) if run.parent else None
    return parent if parent and parent.experiment == run.experiment else None


def _run_suffixes(number: int) -> Iterator[str]:
    yield f" #{number}"
    yield from (f" #{number}.{more}" for more in itertools.count(2))


def _free(wanted: str, suffixes: Iterator[str], is_taken: Callable[[str], bool]) -> str:
    name = wanted
    while is_taken(name):
        name = wanted + next(suffixes)
    return name


def _below_logs(path: str) -> str:
    return "" if path == "logs" else path.removeprefix("logs/")


def _order(path: str) -> tuple[bool, str]:
    return (path != "logs" and not path.startswith("logs/"), path)


def _safe_part(part: str) -> str:
    safe = "".join(char if _is_safe(char) else _escape(char) for char in part) or "%"
    if safe in (".", ".."):
        safe = "%2E" + safe[1:]
    if len(safe.encode()) <= _PART_BYTES:
        return safe
    kept = safe.encode()[: _PART_BYTES - _DIGEST_DIGITS - 2].decode(errors="ignore")
    return f"{kept}%~{_digest(part)}"


def _is_safe(char: str) -> bool:
    return char.isprintable() and char not in '%\\"'


def _escape(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode(errors="surrogatepass"))


def _digest(text: str) -> str:
    encoded = text.encode(errors="surrogatepass")
    return hashlib.sha256(encoded).hexdigest()[:_DIGEST_DIGITS]
