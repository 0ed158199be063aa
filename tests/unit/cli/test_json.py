"""`--json` says what the API says: every verb that has a twin there has the shape of the API's document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import jsonschema
import pytest
from tests.every_state import RUNS, WAITING, record_every_state

from trackboard.cli.main import main, trackboard
from trackboard.server.api.shapes import SHAPES
from trackboard.service import open_service

TWINS = {
    "compare": ("Comparison", ["compare", "all", "failed", "--json"]),
    "compute list": ("Compute", ["compute", "list", "--json"]),
    "compute queue": ("QueuedJob", ["compute", "queue", "--json"]),
    "experiments": ("Experiment", ["experiments", "--archived", "--json"]),
    "rerun": ("Run", ["rerun", "job", "--json"]),
    "runs": ("Run", ["runs", "--children", "--archived", "--json"]),
    "show": ("RunDetails", ["show", "all", "--json"]),
    "submit": ("Run", ["submit", "--json", "--compute", WAITING, "source/train.py"]),
    "trash": ("Run", ["trash", "--json"]),
}
OWN = {  # what the API does not answer
    *("backup", "copy", "diff", "doctor", "download", "env list", "export", "gc", "import"),
    *("tb", "up", "watch", "where"),
}


@pytest.fixture
def _workspace(empty_folder: Path) -> None:
    source = empty_folder / "source"
    source.mkdir()
    service = open_service(empty_folder)
    record_every_state(service, source)
    service.recorder().close()
    service.close()


def say(
    monkeypatch: pytest.MonkeyPatch, said: pytest.CaptureFixture[str], *words: str
) -> list[str]:
    said.readouterr()
    monkeypatch.setattr(sys, "argv", ["trackboard", *words])
    assert main() == 0, said.readouterr().err
    return said.readouterr().out.splitlines()


def check(shape: str, line: str) -> None:
    """No key is missing, none is there that has no name, and what is no number in JSON is text."""
    closed = {name: {**each, "additionalProperties": False} for name, each in SHAPES.items()}
    schema = {"$ref": f"#/components/schemas/{shape}", "components": {"schemas": closed}}
    jsonschema.validate(json.loads(line, parse_constant=refuse), schema)


def refuse(constant: str) -> float:
    raise AssertionError(f"{constant} is no JSON")


def verbs(command: click.Command, *names: str) -> Iterator[str]:
    """All commands that take `--json`, by what is typed."""
    if isinstance(command, click.Group):
        with click.Context(command) as context:
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from verbs(found, *names, name)
    if any("--json" in each.opts for each in command.params):
        yield " ".join(names)


def test_no_verb_with_json_is_forgotten() -> None:
    assert {*verbs(trackboard)} == {*TWINS} | OWN


@pytest.mark.usefixtures("_workspace")
@pytest.mark.parametrize(("shape", "words"), TWINS.values(), ids=TWINS)
def test_json_has_the_shape_of_the_api(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    shape: str,
    words: list[str],
) -> None:
    lines = say(monkeypatch, capsys, *words)
    assert lines
    for line in lines:
        check(shape, line)


@pytest.mark.usefixtures("_workspace")
def test_every_run_is_shown_in_the_shape_of_the_api(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = say(
        monkeypatch, capsys, "runs", "--children", "--archived", "--json", "--limit", "100"
    )
    assert {json.loads(line)["id"] for line in listed} == {*RUNS}
    for run in RUNS:
        (line,) = say(monkeypatch, capsys, "show", run, "--json")
        check("RunDetails", line)
    (line,) = say(monkeypatch, capsys, "watch", "--once", "--json")
    for each in json.loads(line)["runs"]:
        check("Run", json.dumps(each))
