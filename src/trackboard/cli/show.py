"""`trackboard show`: all that is known of one run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackboard.cli import words
from trackboard.cli.job import job_facts
from trackboard.cli.opening import find_one, folder_option, name_of, opened
from trackboard.model import REASON

if TYPE_CHECKING:
    from trackboard.model import Run, Series
    from trackboard.workspace import Workspace

_WIDTH = 13
_COMMIT_DIGITS = 10
_PLUMBING = ("trackboard.", "azureml.", "_azureml.", "mlflow.", "ContentSnapshotId", "ProcessInfo")


@click.command()
@click.argument("run")
@folder_option
@click.option(
    "--properties", "everything", is_flag=True, help="Also what is recorded of code and machine."
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, with everything.")
def show(run: str, folder: Path | None, *, everything: bool, as_json: bool) -> None:
    """Show one run: its state and why, tags, parameters, metrics, files.

    RUN: an id, `experiment/name` as TensorBoard shows it, or a name.
    """
    with opened(folder) as workspace:
        found = find_one(workspace, run)
        if as_json:
            click.echo(json.dumps(_facts(workspace, found)))
            return
        for line in _lines(workspace, found, everything=everything):
            click.echo(line)


def _facts(workspace: Workspace, run: Run) -> dict[str, object]:
    store = workspace.store
    job = job_facts(workspace, run, store.get_properties(run.id))
    return {
        **words.facts(run, name_of(workspace, run), workspace.lost_runs()),
        **({"job": job} if job else {}),
        "tags": dict(store.get_tags(run.id)),
        "parameters": words.plain(store.list_parameters([run.id]).get(run.id, {})),
        "properties": dict(store.get_properties(run.id)),
        "metrics": {
            each.name: words.metric_facts(each) for each in store.list_series(runs=[run.id])
        },
        "files": {file.path: file.size_bytes for file in store.list_files(run.id)},
        "folder": str(workspace.run_folder(run.id)),
    }


def _lines(workspace: Workspace, run: Run, *, everything: bool) -> Iterator[str]:
    store = workspace.store
    lost = workspace.lost_runs()
    yield from _field("run", name_of(workspace, run))
    yield from _field("id", run.id)
    yield from _field("parent", run.parent or "")
    yield from _field("description", run.description)
    properties = store.get_properties(run.id)
    job = job_facts(workspace, run, properties)
    position = job.pop("queue_position", None)
    waits = f", number {position} of those that wait for {job['compute']}" if position else ""
    yield from _field("state", words.state(run, lost) + waits)
    yield from _field("cause", run.cause)
    yield from _field("error", properties.get(REASON, ""))
    took = words.duration(words.took_s(run))
    yield from _field("started", f"{words.moment(run.started_s)}  took {took}" if took else "")
    yield from _field("warnings", "\n".join(run.warnings))
    surroundings = _surroundings(properties)
    for name, fact in {**surroundings, **job}.items():
        yield from _field(name, str(fact or ""))
    tags = {key: "" if tag is None else tag for key, tag in store.get_tags(run.id).items()}
    yield from _pairs("tags", tags)
    yield from _pairs("parameters", store.list_parameters([run.id]).get(run.id, {}))
    yield from _properties(properties, everything=everything)
    yield from _metrics(store.list_series(runs=[run.id]))
    files = store.list_files(run.id)
    yield from _block("files", [[words.clean(f.path), words.size(f.size_bytes)] for f in files])


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
            f"{words.count(hidden, 'more fact')} on code and machine: --properties lists them",
        )


def _field(name: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines()):
        yield f"{'' if number else name:{_WIDTH}}{words.clean(line)}"


def _pairs(name: str, pairs: Mapping[str, object]) -> Iterator[str]:
    yield from _block(name, [[words.clean(key), words.value(each)] for key, each in pairs.items()])


def _metrics(series: tuple[Series, ...]) -> Iterator[str]:
    rows = [
        [
            words.clean(each.name),
            words.value(each.last_value),
            f"step {each.last_step:,}",
            f"{each.count:,} point{'' if each.count == 1 else 's'}",
            "" if math.isnan(each.min_value) else _range(each),
        ]
        for each in series
    ]
    yield from _block("metrics", rows)


def _range(series: Series) -> str:
    return f"{words.value(series.min_value)} to {words.value(series.max_value)}"


def _block(name: str, rows: list[list[str]]) -> Iterator[str]:
    for number, line in enumerate(words.aligned(rows)):
        yield f"{'' if number else name:{_WIDTH}}{line}"
