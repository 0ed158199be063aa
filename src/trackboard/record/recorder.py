"""The door to a workspace's spool: one recorder per process and workspace."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Dict, Optional, Union

from trackboard.model import (
    Heartbeat,
    RunId,
    RunKind,
    check_experiment_name,
    check_run_id,
    new_run_id,
)
from trackboard.record.live_run import LiveRun
from trackboard.spool import SpoolWriter
from trackboard.spool.layout import SEGMENT_BYTES
from trackboard.spool.writer import RETRY_S

_BEAT_S = 10.0

_lock = threading.RLock()  # a signal handler may ask as well
_recorders: Dict[str, Recorder] = {}


class Recorder:
    """Begins runs and joins runs of others, all into one spool. Safe from any thread, and in forks.

    Args:
        spool_folder: See `SpoolWriter`.
        segment_bytes: See `SpoolWriter`.
        retry_s: See `SpoolWriter`.
    """

    def __init__(
        self, spool_folder: Path, *, segment_bytes: int = SEGMENT_BYTES, retry_s: float = RETRY_S
    ) -> None:
        self.writer = SpoolWriter(spool_folder, segment_bytes=segment_bytes, retry_s=retry_s)
        self._next_beat_s = 0.0  # on the monotonic clock

    def create_run(
        self,
        experiment: str,
        *,
        name: str = "",
        parent: Optional[RunId] = None,
        kind: RunKind = RunKind.INTERACTIVE,
        run_id: Optional[str] = None,
        description: str = "",
    ) -> LiveRun:
        """Begin a run.

        An interactive one is running at once and owned by this process; a job is queued and owned by
        nobody until its worker attaches.

        Raises:
            UsageError: The experiment's name or the run id is not allowed.
        """
        run = LiveRun(
            self.writer,
            new_run_id() if run_id is None else check_run_id(run_id),
            check_experiment_name(experiment),
            owner=kind is RunKind.INTERACTIVE,
            name=name,
        )
        run.announce(parent, kind, description)
        return run

    def attach(
        self,
        run_id: RunId,
        *,
        experiment: str = "",
        owner: bool,
        attempt: int = 0,
        rank: int = 0,
    ) -> LiveRun:
        """Join a run that another process created.

        Args:
            run_id: The run.
            experiment: Its experiment's name, where known.
            owner: Take over its state; for the worker of a job.
            attempt: Which try of the run this is.
            rank: Which process of a distributed job this is (see `identity`). All record into the same
                run; what ranks other than 0 log is named `rank<n>/...`.
        """
        prefix = f"rank{rank}/" if rank else ""
        return LiveRun(self.writer, run_id, experiment, owner=owner, attempt=attempt, prefix=prefix)

    def beat(self) -> None:
        """Say that this process lives, at most once in 10 s; for loops that may have nothing to say.

        Readers on other hosts know a silent writer from a dead one by nothing else.
        """
        now_s = time.monotonic()
        if now_s >= self._next_beat_s:
            self._next_beat_s = now_s + _BEAT_S
            self.writer.append_event(Heartbeat(time.time()))

    def close(self) -> None:
        """Say that nothing follows from this process for now. May be repeated."""
        self.writer.close()


def get_recorder(spool_folder: Union[Path, str]) -> Recorder:
    """This process's recorder for a workspace: the same one for the same folder."""
    folder = os.path.realpath(spool_folder)
    with _lock:
        if folder not in _recorders:
            _recorders[folder] = Recorder(Path(folder))
        return _recorders[folder]
