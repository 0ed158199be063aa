"""`trackboard show`: all that is known of one run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import formatting
from trackboard.cli.completing import complete_runs
from trackboard.cli.workspace_option import find_one, folder_option, opened
from trackboard.model import REASON, SNAPSHOT_ID

if TYPE_CHECKING:
    from trackboard.model import Series
    from trackboard.service import JobFacts, RunDetails

_WIDTH = 13
_COMMIT_DIGITS = 10
_PLUMBING = ("trackboard.", "azureml.", "_azureml.", "mlflow.", SNAPSHOT_ID, "ProcessInfo")


@click.command()
@click.argument("run", shell_complete=complete_runs)
@click.option(
    "--all",
    "--properties",
    "everything",
    is_flag=True,
    help="Also what is recorded of code and machine.",
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, with everything.")
@folder_option
def show(run: str, folder: Path | None, *, everything: bool, as_json: bool) -> None:
    """Show one run: its state and why, tags, parameters, metrics, files.

    RUN: `experiment/name` as TensorBoard shows it, a name, an id or its beginning.
    """
    from trackboard.service import wire

    with opened(folder) as service:
        found = find_one(service, run)
        details = service.runs.get_details(found.id)
    if as_json:
        click.echo(json.dumps(wire.run_details(details)))
        return
    for line in _lines(details, everything=everything):
        click.echo(line)


def _lines(details: RunDetails, *, everything: bool) -> Iterator[str]:
    facts, run, properties = details.facts, details.facts.run, details.properties
    yield from _field("run", facts.name)
    yield from _field("id", run.id)
    yield from _field("parent", run.parent or "")
    yield from _field("description", run.description)
    yield from _field("state", facts.word + _waits(details.job))
    yield from _field("cause", run.cause)
    yield from _field("archived", formatting.moment(run.archived_s))
    yield from _field("error", properties.get(REASON, ""))
    took = formatting.duration(formatting.took_s(run))
    started = formatting.moment(run.started_s)
    yield from _field("started", f"{started}  took {took}" if took else "")
    yield from _field("warnings", "\n".join(run.warnings))
    for name, fact in {**_surroundings(properties), **_job(details.job)}.items():
        yield from _field(name, fact or "")
    yield from _pairs("tags", {key: "" if tag is None else tag for key, tag in facts.tags.items()})
    yield from _pairs("parameters", facts.parameters)
    yield from _properties(properties, everything=everything)
    yield from _metrics(tuple(facts.metrics.values()))
    files = [[formatting.clean(f.path), formatting.size(f.size_bytes)] for f in details.files]
    yield from _block("files", files)


def _waits(job: JobFacts | None) -> str:
    if job is None or job.position is None:
        return ""
    return f", number {job.position} of those that wait for {job.compute}"


def _job(job: JobFacts | None) -> dict[str, str | None]:
    if job is None:
        return {}
    return {
        "compute": job.compute,
        "snapshot": job.snapshot,
        "environment": job.environment,
        "command": job.command,
    }


def _surroundings(properties: Mapping[str, str]) -> dict[str, str]:
    """The code and the machine of a run, as far as people ask for them."""
    known = {key: properties.get(f"trackboard.{key}", "") for key in ("user", "host", "python")}
    commit = properties.get("azureml.git.commit", "")[:_COMMIT_DIGITS]
    branch = properties.get("azureml.git.branch", "")
    changed = ", with changes" if properties.get("azureml.git.dirty") == "True" else ""
    return {
        "rerun of": properties.get("trackboard.rerun_of", ""),
        "code": f"{commit}{f' on {branch}' if branch else ''}{changed}" if commit else "",
        "command": properties.get("trackboard.command", ""),
        "machine": f"{known['user']}@{known['host']}, Python {known['python']}"
        if known["host"]
        else "",
    }


def _properties(properties: Mapping[str, str], *, everything: bool) -> Iterator[str]:
    """What people gave; of what is recorded by itself only how much there is, unless asked for."""
    others = {key: each for key, each in properties.items() if key != REASON}
    own = {key: each for key, each in others.items() if not key.startswith(_PLUMBING)}
    yield from _pairs("properties", others if everything else own)
    hidden = len(others) - len(own)
    if hidden and not everything:
        yield from _field(
            "recorded",
            f"{formatting.count(hidden, 'more fact')} on code and machine: --all lists them",
        )


def _field(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines()):
        yield f"{'' if number else name:{_WIDTH}}{formatting.clean(line)}"


def _pairs(name: str, pairs: Mapping[str, object]) -> Iterator[str]:
    yield from _block(
        name, [[formatting.clean(key), formatting.value(each)] for key, each in pairs.items()]
    )


def _metrics(series: tuple[Series, ...]) -> Iterator[str]:
    rows = [
        [
            formatting.clean(each.name),
            formatting.value(each.last_value),
            f"step {each.last_step:,}",
            f"{each.count:,} point{'' if each.count == 1 else 's'}",
            "" if math.isnan(each.min_value) else _range(each),
        ]
        for each in series
    ]
    yield from _block("metrics", rows)


def _range(series: Series) -> str:
    least, greatest = (
        formatting.value(value) + ("" if step is None or series.count == 1 else f" (step {step:,})")
        for value, step in (
            (series.min_value, series.min_value_step),
            (series.max_value, series.max_value_step),
        )
    )
    return f"{least} to {greatest}"


def _block(name: str, rows: list[list[str]]) -> Iterator[str]:
    for number, line in enumerate(formatting.aligned(rows)):
        yield f"{'' if number else name:{_WIDTH}}{line}"
