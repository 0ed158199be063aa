"""Frozen data, standard library only: what trackboard talks about.

Import from here; the modules below are one noun each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.lazy_names import lazy_names

if TYPE_CHECKING:
    from trackboard.model.compute import (
        Compute,
        QueuedJob,
        check_compute,
        is_compute_name,
        is_reserved_compute_name,
    )
    from trackboard.model.environment import ANY_PYTHON, EnvironmentPlan, EnvironmentRequest
    from trackboard.model.event import (
        ArtifactLogged,
        Created,
        Ended,
        Event,
        FileAdded,
        FileBytes,
        FileRemoved,
        Heartbeat,
        ParameterSet,
        PropertyAdded,
        RecordsDropped,
        StateChanged,
        Tagged,
        TextLogged,
    )
    from trackboard.model.ids import (
        RunId,
        WriterId,
        check_run_id,
        new_job_run_id,
        new_run_id,
        new_writer_id,
    )
    from trackboard.model.job import Distribution, JobPlan, Launcher, ResourceLimits
    from trackboard.model.logs import BUILD_LOG, CONSOLE, LOG_FOLDERS, console_of_rank
    from trackboard.model.missing import MISSING, is_missing
    from trackboard.model.names import (
        LIMITS,
        SNAPSHOT_ID,
        check_experiment_name,
        check_length,
        check_metric_name,
    )
    from trackboard.model.refs import FileRef, Ref, SeriesRef
    from trackboard.model.run import Run
    from trackboard.model.series import Series, SeriesId
    from trackboard.model.spool import Liveness, Segment
    from trackboard.model.state import LOST, REASON, RunKind, RunState, StateStamp
    from trackboard.model.value import ArtifactKind, Value, ValueKind
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "compute": (
                "Compute",
                "QueuedJob",
                "check_compute",
                "is_compute_name",
                "is_reserved_compute_name",
            ),
            "environment": ("ANY_PYTHON", "EnvironmentPlan", "EnvironmentRequest"),
            "event": (
                "ArtifactLogged",
                "Created",
                "Ended",
                "Event",
                "FileAdded",
                "FileBytes",
                "FileRemoved",
                "Heartbeat",
                "ParameterSet",
                "PropertyAdded",
                "RecordsDropped",
                "StateChanged",
                "Tagged",
                "TextLogged",
            ),
            "ids": (
                "RunId",
                "WriterId",
                "check_run_id",
                "new_job_run_id",
                "new_run_id",
                "new_writer_id",
            ),
            "job": ("Distribution", "JobPlan", "Launcher", "ResourceLimits"),
            "logs": ("BUILD_LOG", "CONSOLE", "LOG_FOLDERS", "console_of_rank"),
            "missing": ("MISSING", "is_missing"),
            "names": (
                "LIMITS",
                "SNAPSHOT_ID",
                "check_experiment_name",
                "check_length",
                "check_metric_name",
            ),
            "refs": ("FileRef", "Ref", "SeriesRef"),
            "run": ("Run",),
            "series": ("Series", "SeriesId"),
            "spool": ("Liveness", "Segment"),
            "state": ("LOST", "REASON", "RunKind", "RunState", "StateStamp"),
            "value": ("ArtifactKind", "Value", "ValueKind"),
        },
    )

__all__ = [
    "ANY_PYTHON",
    "BUILD_LOG",
    "CONSOLE",
    "LIMITS",
    "LOG_FOLDERS",
    "LOST",
    "MISSING",
    "REASON",
    "SNAPSHOT_ID",
    "ArtifactKind",
    "ArtifactLogged",
    "Compute",
    "Created",
    "Distribution",
    "Ended",
    "EnvironmentPlan",
    "EnvironmentRequest",
    "Event",
    "FileAdded",
    "FileBytes",
    "FileRef",
    "FileRemoved",
    "Heartbeat",
    "JobPlan",
    "Launcher",
    "Liveness",
    "ParameterSet",
    "PropertyAdded",
    "QueuedJob",
    "RecordsDropped",
    "Ref",
    "ResourceLimits",
    "Run",
    "RunId",
    "RunKind",
    "RunState",
    "Segment",
    "Series",
    "SeriesId",
    "SeriesRef",
    "StateChanged",
    "StateStamp",
    "Tagged",
    "TextLogged",
    "Value",
    "ValueKind",
    "WriterId",
    "check_compute",
    "check_experiment_name",
    "check_length",
    "check_metric_name",
    "check_run_id",
    "console_of_rank",
    "is_compute_name",
    "is_missing",
    "is_reserved_compute_name",
    "new_job_run_id",
    "new_run_id",
    "new_writer_id",
]
