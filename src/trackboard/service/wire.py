"""The one JSON shape of what is told to the outside: `--json`, the pages and the API say the same.

Numbers that JSON has no words for are text: "NaN", "Infinity", "-Infinity". Times are ISO 8601 in UTC.
What is there keeps its name and its meaning; keys may be added. What else changes makes a new `VERSION`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trackboard.format.times import took_s
from trackboard.model import Compute, Series
from trackboard.ports import RunFile
from trackboard.service.answers import (
    Comparison,
    ExperimentFacts,
    FileChange,
    FilePiece,
    JobFacts,
    RunDetails,
    RunFacts,
    WorkspaceFacts,
)

if TYPE_CHECKING:
    from trackboard.gc.answers import GcReport
    from trackboard.history.band import Band
    from trackboard.history.buckets import Buckets
    from trackboard.launch.queue.nodes import Node
    from trackboard.launch.queue.waiting import WaitingJob
    from trackboard.transfer.download import Download
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


def experiment_facts(facts: ExperimentFacts) -> Json:
    """An experiment becomes JSON."""
    experiment = facts.experiment
    return {
        "name": experiment.name,
        "tags": dict(experiment.tags),
        "archived": moment(experiment.archived_s),
        "runs": facts.runs,
        "active": facts.active,
        "newest": moment(facts.newest_s),
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


def download_facts(done: Download) -> Json:
    """What was downloaded becomes JSON."""
    return {
        "folder": str(done.folder),
        "dry_run": done.is_dry_run,
        "files": {file.path: file.size_bytes for file in done.files},
        "unchanged": {file.path: file.size_bytes for file in done.unchanged},
        "size_bytes": done.size_bytes,
        "left_out": [{"what": each.what, "why": each.why} for each in done.left_out],
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


def workspace_facts(facts: WorkspaceFacts, trackboard: str, version: int) -> Json:
    """A workspace becomes JSON.

    Args:
        facts: What is known of it.
        trackboard: The version of the program that answers.
        version: The cursor of all that is stored, see `Service.version`.
    """
    return {
        "name": facts.name,
        "id": facts.id,
        "folder": str(facts.folder),
        "created": moment(facts.created_s),
        "trackboard": trackboard,
        "version": version,
    }


def buckets(series: Series, found: Buckets) -> Json:
    """A metric in buckets of steps becomes JSON, a list for each column."""
    return {
        "run": series.run,
        "name": series.name,
        "count": found.count,
        "points": found.points,
        "first_steps": found.first_steps.tolist(),
        "last_steps": found.last_steps.tolist(),
        "counts": found.counts.tolist(),
        "nans": found.nans.tolist(),
        "min": list(map(number, found.least.tolist())),
        "max": list(map(number, found.greatest.tolist())),
        "last": list(map(number, found.last.tolist())),
        "last_times_s": found.last_times_s.tolist(),
    }


def band(name: str, found: Band) -> Json:
    """A metric over several runs becomes JSON, a list for each column."""
    return {
        "name": name,
        "runs": found.series,
        "points": found.points,
        "left_out": found.left_out,
        "first_x": found.first_x.tolist(),
        "last_x": found.last_x.tolist(),
        "counts": found.counts.tolist(),
        "mean": list(map(number, found.mean.tolist())),
        "deviation": list(map(number, found.deviation.tolist())),
        "min": found.least.tolist(),
        "max": found.greatest.tolist(),
    }


def file_facts(file: RunFile) -> Json:
    """A file of a run becomes JSON."""
    return {"path": file.path, "size_bytes": file.size_bytes, "time": moment(file.time_s)}


def log_piece(path: str, piece: FilePiece) -> Json:
    """A piece of a log becomes JSON; bytes that are no UTF-8 become the sign for that."""
    return {
        "path": path,
        "offset": piece.offset,
        "end": piece.end,
        "size_bytes": piece.size_bytes,
        "text": piece.data.decode("utf-8", "replace"),
    }


def compute_facts(
    compute: Compute, nodes: Collection[Node], waiting: Collection[WaitingJob]
) -> Json:
    """A cluster becomes JSON.

    Args:
        compute: What is known of it.
        nodes: Its nodes.
        waiting: The jobs that wait for it.
    """
    return {
        "name": compute.name,
        "kind": compute.kind,
        "nodes": compute.max_nodes,
        "busy": sum(node.run is not None for node in nodes),
        "waiting": len(waiting),
        "taken_by": [*dict.fromkeys(node.run for node in nodes if node.run is not None)],
        "description": compute.description,
        "tags": dict(compute.tags),
        "created": moment(compute.created_s),
    }


def queue_facts(waiting: WaitingJob, name: str) -> Json:
    """A job of a queue becomes JSON.

    Args:
        waiting: The job.
        name: What its run is called.
    """
    return {
        "id": waiting.job.run,
        "run_name": name,
        "compute": waiting.job.compute,
        "started": not waiting.number,
        "place": waiting.number or None,
        "queued": moment(waiting.job.submitted_s),
        "waits_for": waiting.reason or None,
    }


def series_facts(series: Series) -> Json:
    """What is known of a metric becomes JSON."""
    return {
        "last": number(series.last_value),
        "step": series.last_step,
        "count": series.count,
        "min": number(series.min_value),
        "max": number(series.max_value),
        "min_step": series.min_value_step,
        "max_step": series.max_value_step,
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
