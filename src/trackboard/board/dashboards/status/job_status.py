"""A text `status` for every job, from submit on: so that a run without data is not a blank page.

It is stored nowhere but made when it is asked for: which jobs there are is in the list of runs, everything
else is looked up for the runs that a page shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.data import provider as tb

from trackboard.board.dashboards.status.status_text import Facts, Log, Wait, describe
from trackboard.board.dashboards.texts import TEXT, TextData, TextSeries
from trackboard.board.series.scalars import matches
from trackboard.board.view.run_list import RunList, RunLists
from trackboard.board.view.source import Source
from trackboard.errors import NotFound
from trackboard.model import BUILD_LOG, Run, RunId, RunKind, RunState
from trackboard.record.log_end import read_end

TAG = "status"
_COMPUTE = "trackboard.compute"  # the property that names a job's compute target
_CONSOLES = "user_logs"
_CONSOLE = re.compile(r"std_log(?:_process_(\d+))?\.txt")
_LINES = 30  # of all logs together, or nearly
_FEWEST_LINES = 5  # of one
_MOST_LOGS = 8
_WAITS = (RunState.NOT_STARTED, RunState.QUEUED)
_PREPARES = (RunState.PREPARING, RunState.STARTING)


class Statuses:
    """The status texts of a workspace, in the words of a data provider."""

    def __init__(self, source: Source, run_lists: RunLists) -> None:
        self._source = source
        self._run_lists = run_lists

    def exist(self, experiment_id: str) -> bool:
        """Whether there is any job."""
        run_list = self._run_lists.get(experiment_id)
        return any(run.kind is RunKind.JOB for run in run_list.runs)

    def list_tensors(
        self,
        ctx: Any = None,  # noqa: ARG002 - TensorBoard says what methods take
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> TextSeries:
        """List the texts; looks nothing up."""
        if plugin_name != TEXT:
            return {}
        run_list = self._run_lists.get(experiment_id)
        return {
            run_list.names[run.id]: {
                TAG: tb.TensorTimeSeries(
                    max_step=0,
                    max_wall_time=_time_s(run),
                    plugin_content=b"",
                    description="",
                    display_name=TAG,
                )
            }
            for run in _jobs(run_list, run_tag_filter)
        }

    def read_tensors(
        self,
        ctx: Any = None,  # noqa: ARG002
        *,
        experiment_id: str,
        plugin_name: str,
        downsample: int | None = None,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> TextData:
        """Write the texts that are asked for."""
        if plugin_name != TEXT or (downsample is not None and downsample < 1):
            return {}
        run_list = self._run_lists.get(experiment_id)
        found: TextData = {}
        for run in _jobs(run_list, run_tag_filter):
            text = describe(self._read_facts(run, run_list))
            datum = tb.TensorDatum(0, _time_s(run), np.array(text, dtype=object))
            found[run_list.names[run.id]] = {TAG: [datum]}
        return found

    def _read_facts(self, run: Run, run_list: RunList) -> Facts:
        store = self._source.store
        try:
            compute = store.get_properties(run.id).get(_COMPUTE, "")
            is_unwanted = store.is_cancel_requested(run.id)
        except NotFound:  # deleted since it was listed
            compute, is_unwanted = "", False
        return Facts(
            run,
            compute,
            self._wait(run.id, compute, run_list) if run.state in _WAITS else None,
            is_unwanted,
            tuple(self._read_logs(run)),
        )

    def _wait(self, run: RunId, compute: str, run_list: RunList) -> Wait | None:
        jobs = self._source.store.list_jobs(compute)
        waiting = [job.run for job in jobs if not job.claimed]
        if run not in [job.run for job in jobs]:
            return None
        target = self._source.store.find_compute(compute)
        return Wait(
            compute,
            None if target is None else target.max_nodes,
            [run_list.names.get(job.run, job.run) for job in jobs if job.claimed],
            waiting.index(run) + 1 if run in waiting else 0,
            len(waiting),
        )

    def _read_logs(self, run: Run) -> Iterator[Log]:
        if run.state in _WAITS:
            return
        folder = self._source.run_folder(run.id)
        consoles = [] if run.state in _PREPARES else _list_consoles(folder)[:_MOST_LOGS]
        logs = [
            Log(path, read_end(folder / path, max(_FEWEST_LINES, _LINES // len(consoles))))
            for path in consoles
        ]
        yield from logs
        if not any(log.lines for log in logs):
            yield Log(BUILD_LOG, read_end(folder / BUILD_LOG, _LINES))


def _jobs(run_list: RunList, run_tag_filter: tb.RunTagFilter | None) -> Iterator[Run]:
    return (
        run
        for run in run_list.runs
        if run.kind is RunKind.JOB and matches(run_list.names[run.id], TAG, run_tag_filter)
    )


def _list_consoles(folder: Path) -> list[str]:
    """What a job's processes printed: a file for all, or one for each, by rank."""
    try:
        names = [path.name for path in (folder / _CONSOLES).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = [(int(rank[1] or -1), rank[0]) for name in names if (rank := _CONSOLE.fullmatch(name))]
    return [f"{_CONSOLES}/{name}" for _, name in sorted(found)]


def _time_s(run: Run) -> float:
    times = (run.ended_s, run.started_s, run.created_s)
    return next(time_s for time_s in times if time_s is not None)
