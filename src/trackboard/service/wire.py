"""The one JSON shape of what is told to the outside: `--json`, the pages and the API say the same.

Numbers that JSON has no words for are text: "NaN", "Infinity", "-Infinity". Times are ISO 8601 in UTC.
What is there keeps its name and its meaning; keys may be added. What else changes makes a new `VERSION`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Container, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackboard.format.times import took_s
from trackboard.model import Run, RunId, Series
from trackboard.ports import Experiment
from trackboard.service.answers import Comparison, FileChange, JobFacts, RunDetails, RunFacts

if TYPE_CHECKING:
    from trackboard.gc.answers import GcReport
    from trackboard.transfer.export.answers import ExportReport
    from trackboard.transfer.report import ImportReport

VERSION = 1

Json = dict[str, object]


def run_facts(facts: RunFacts) -> Json:
    """A run in a list of runs becomes JSON."""
    run = facts.run
    return {
        "id": run.id,
        "experiment": run.experiment,
        "number": run.number,
        "run_name": facts.name,
        "name": facts.name.removeprefix(f"{run.experiment}/"),
        "parent": run.parent,
        "kind": run.kind.value,
        "state": facts.word,
        "cause": run.cause,
        "description": run.description,
        "created": moment(run.created_s),
        "started": moment(run.started_s),
        "ended": moment(run.ended_s),
        "archived": moment(run.archived_s),
        "deleted": moment(run.deleted_s),
        "duration_s": took_s(run),
        "warnings": list(run.warnings),
        "tags": dict(facts.tags),
        "parameters": values(facts.parameters),
        "metrics": {name: series_facts(each) for name, each in facts.metrics.items()},
    }


def run_details(details: RunDetails) -> Json:
    """A run with all that is known of it becomes JSON."""
    return {
        **run_facts(details.facts),
        **({} if details.job is None else {"job": job_facts(details.job)}),
        "properties": dict(details.properties),
        "files": {file.path: file.size_bytes for file in details.files},
        "folder": str(details.folder),
    }


def experiment_facts(experiment: Experiment, runs: Collection[Run], lost: Container[RunId]) -> Json:
    """An experiment becomes JSON.

    Args:
        experiment: Its name and what people say of it.
        runs: The experiment's runs that are below no other.
        lost: Runs that are not counted as active: their processes may be dead, see `RunStatus`.
    """
    return {
        "name": experiment.name,
        "tags": dict(experiment.tags),
        "archived": moment(experiment.archived_s),
        "runs": len(runs),
        "active": sum(not run.state.is_terminal and run.id not in lost for run in runs),
        "newest": moment(max((run.created_s for run in runs), default=None)),
    }


def import_facts(report: ImportReport) -> Json:
    """What an import did becomes JSON."""
    return {
        "kind": report.kind,
        "location": report.location,
        "dry_run": report.is_dry_run,
        "runs": {"new": report.new, "changed": report.changed, "unchanged": report.unchanged},
        "points": report.points,
        "files": report.files,
        "size_bytes": report.size_bytes,
        "left_out": [{"what": each.what, "why": each.why} for each in report.left_out],
        "left_out_count": report.left_out_count,
    }


def export_facts(report: ExportReport) -> Json:
    """What an export wrote becomes JSON."""
    destination = report.destination
    return {
        "path": str(destination.path),
        "format": destination.file_format.value,
        "table": None if destination.table is None else destination.table.value,
        "dry_run": report.is_dry_run,
        "runs": report.runs,
        "points": report.points,
        "files": report.files,
        "size_bytes": report.size_bytes,
        "notes": list(report.notes),
    }


def gc_facts(report: GcReport) -> Json:
    """What a garbage collection freed becomes JSON."""
    kinds = ("runs", "files", "snapshots", "working_copies", "leftovers")
    return {
        "dry_run": report.is_dry_run,
        "size_bytes": report.size_bytes,
        **{kind: dict(vars(getattr(report, kind))) for kind in kinds},
        "experiments": list(report.experiments),
        "database_bytes": report.database_bytes,
        "notes": list(report.notes),
    }


def series_facts(series: Series) -> Json:
    """What is known of a metric becomes JSON."""
    return {
        "last": number(series.last_value),
        "step": series.last_step,
        "count": series.count,
        "min": number(series.min_value),
        "max": number(series.max_value),
    }


def comparison(compared: Comparison) -> Json:
    """Runs side by side become JSON."""
    return {
        "runs": [run_facts(facts) for facts in compared.runs],
        "facts": [
            {
                "kind": fact.kind,
                "name": fact.name,
                "values": [number(value) for value in fact.values],
                "equal": fact.is_equal,
            }
            for fact in compared.facts
        ],
    }


def file_change(change: FileChange) -> Json:
    """How a file of a run's code differs becomes JSON."""
    return {"path": change.path, "change": change.kind, "diff": change.diff}


def job_facts(job: JobFacts) -> Json:
    """What is known of a job becomes JSON."""
    return {
        "compute": job.compute,
        "queue_position": job.position,
        "snapshot": job.snapshot,
        "environment": job.environment,
        "command": job.command,
    }


def values(given: Mapping[str, object]) -> Json:
    """Values by name become JSON."""
    return {key: number(value) for key, value in given.items()}


def number(value: object) -> object:
    """A value becomes JSON: what is no finite number there is text."""
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    return value


def moment(time_s: float | None) -> str | None:
    """Seconds since the epoch become ISO 8601 in UTC."""
    return None if time_s is None else datetime.fromtimestamp(time_s, UTC).isoformat()
