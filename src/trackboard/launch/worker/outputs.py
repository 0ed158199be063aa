"""What a script left in `outputs/`: kept whole when it has ended."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from trackboard.launch.worker.log_files import printable
from trackboard.layout import OUTPUTS
from trackboard.record import LiveRun


@dataclass(frozen=True)
class Outputs:
    """What there is in `outputs/`.

    Attributes:
        files: Paths of files in the working copy, also those behind links within it.
        outside: What each link says that leads out of the working copy, or nowhere. Those are never
            followed: no file of the machine is taken by accident.
    """

    files: tuple[Path, ...]
    outside: tuple[str, ...]


def find_outputs(work: Path) -> Outputs:
    """Look for what is to be kept.

    Args:
        work: The working copy; `outputs` may be gone.
    """
    files: list[Path] = []
    outside: list[str] = []
    root = os.path.realpath(work)
    # With the real folders above each, so that links to one of those end.
    locations: list[tuple[str, tuple[str, ...]]] = [(os.path.join(work, OUTPUTS), ())]
    while locations:
        location, above = locations.pop()
        real = os.path.realpath(location)
        if os.path.islink(location):
            why = _rejection_reason(real, root)
            if why:
                path = printable(os.path.relpath(location, work))
                outside.append(f"{path} is a link to {printable(real)}, {why}")
                continue
        if os.path.isdir(real):
            if real not in above:
                below = _names(location)
                locations += [(os.path.join(location, name), (*above, real)) for name in below]
        elif above and os.path.isfile(real):
            files.append(Path(location))
    return Outputs(tuple(files), tuple(outside))


def keep_outputs(
    work: Path, files: Iterable[Path], live: LiveRun, sent: Collection[str]
) -> list[str]:
    """Keep files of `outputs/` with the run.

    Args:
        work: The working copy.
        files: Those that `find_outputs` found.
        live: The run.
        sent: Paths that were followed while the script ran and are complete.

    Returns:
        What could not be read, and why.

    Raises:
        Unavailable: The disk refuses.
    """
    unreadable: list[str] = []
    for location in files:
        path = printable(location.relative_to(work).as_posix())
        if path in sent:
            continue
        try:
            file = open(location, "rb")  # noqa: SIM115 - what `put_file` raises must not be mistaken for this
        except OSError as exc:
            unreadable.append(f"{path}: {exc.strerror or exc}")
            continue
        with file:
            key, size_bytes = live.put_file(file)
        live.add_file(path, key, size_bytes)
    return unreadable


def _rejection_reason(real: str, root: str) -> str:
    """Why what a link leads to is not kept; empty: it is."""
    if not os.path.exists(real):
        return "where there is nothing"
    if real != root and not real.startswith(root + os.sep):
        return "outside of the job's folder; only what is copied into that is kept"
    return ""


def _names(folder: str) -> list[str]:
    """Backwards, as the last one is taken first."""
    try:
        return sorted(os.listdir(folder), reverse=True)
    except OSError:
        return []  # gone, or closed to us, which the follower has said
