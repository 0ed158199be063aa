"""Identifiers, minted by us before anything outside is called.

A run id becomes a folder name (`runs/<run id>/`), so it is checked here, once, at the only door.
"""

from __future__ import annotations

import os
import re
from typing import NewType

from trackboard.errors import UsageError

RunId = NewType("RunId", str)
WriterId = NewType("WriterId", str)

_RUN_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,255}"


def new_run_id() -> RunId:
    """Mint the id of a run that a process creates for itself: a random UUID."""
    import uuid  # no job needs it

    return RunId(str(uuid.uuid4()))


def new_job_run_id(experiment: str, now_s: float) -> RunId:
    """Mint the id of a submitted run: `<experiment>_<unix seconds>_<8 hex digits>`, as the SDK did."""
    stem = re.sub(r"[^A-Za-z0-9._-]", "-", experiment)[:200]
    return RunId(f"{stem}_{int(now_s)}_{os.urandom(4).hex()}")


def new_writer_id() -> WriterId:
    """Mint the id of one process's spool: 128 random bits in hex."""
    return WriterId(os.urandom(16).hex())


def check_run_id(value: str) -> RunId:
    """Accept a run id chosen by the user.

    Raises:
        UsageError: It could not safely name a folder.
    """
    if not isinstance(value, str) or not re.fullmatch(_RUN_ID, value):
        raise UsageError(
            f"run id {value!r} is not allowed",
            hint="Use 1 to 256 of A-Z a-z 0-9 . _ - and start with a letter or a digit.",
        )
    return RunId(value)
