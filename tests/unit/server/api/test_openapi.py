"""The API is what its document says, whatever it is asked: schemathesis asks what it allows, and the rest.

Its pytest plugin stays unloaded (`addopts`), as every process of every test would import it.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis import config
from schemathesis.engine import events, from_schema
from schemathesis.generation import GenerationMode
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from tests.every_state import DELETED, HOSTILE, RUNS, record_every_state
from tests.unit.server.conftest import KEY

from trackboard.server.api.openapi import PREFIX
from trackboard.service import LocalService

FEW, MANY = 5, 100
STREAM = f"{PREFIX}/changes"  # it has no end
FILES = ["logs/a.txt", "outputs/words.txt", f"outputs/{HOSTILE}", "../trackboard.db"]
WORDS: Mapping[str, list[str]] = {  # that mean something here, right or wrong
    "run": [*RUNS, DELETED, "nobody"],
    "path": FILES,
    "name": ["loss", "odd", "flag", "at the ends", HOSTILE],
    "where": ["loss.min < 1", "lr = 0.1 or tags.team = vision", "state = failed", "loss <", "odd"],
    "order": ["loss", "-odd.max", "created", "params.layers", HOSTILE],
    "group": ["params.lr", "tags.team", "state", "params.odd", "params.fast", "tags.none"],
    "column": ["loss.min", "odd", "words", "params.layers", "loss <"],
    "experiment": ["digits", "states"],
    "parent": ["all", "empty"],
    "compute": ["cluster", "local"],
    "range": ["bytes=0-2", "bytes=-3", "bytes=99-", "lines=1"],
    "x": ["step", "time", "relative", "metric:odd", "metric:none"],
}


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    """The document, where no answer may hold what it does not name."""
    document: dict[str, Any] = client.get(f"{PREFIX}/openapi.json").json()
    for shape in document["components"]["schemas"].values():
        assert "properties" in shape
        shape["additionalProperties"] = False
    del document["paths"][STREAM]
    return document


def with_words(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document, where only these words are said."""
    narrow = copy.deepcopy(dict(document))
    for path in narrow["paths"].values():
        parameters = path["get"]["parameters"]
        asks_for_file = any(each["name"] == "path" for each in parameters)
        for parameter in parameters:
            name, schema = parameter["name"], parameter["schema"]
            if name in WORDS:
                short = name == "run" and asks_for_file
                schema.get("items", schema)["enum"] = ["all", "nobody"] if short else WORDS[name]
    return narrow


def settings(
    most: int, modes: list[GenerationMode], *, is_thorough: bool
) -> config.SchemathesisConfig:
    """All checks but one: a condition is a language, and the document does not say what is none."""
    accepts = config.PositiveDataAcceptanceConfig(enabled=False)
    random = config.GenerationConfig(
        modes=modes, max_examples=most, deterministic=not is_thorough, database="none"
    )
    phases = config.PhasesConfig(
        coverage=config.CoveragePhaseConfig(enabled=is_thorough),
        stateful=config.StatefulPhaseConfig(enabled=is_thorough),
    )
    project = config.ProjectConfig(
        headers={"Authorization": f"Bearer {KEY.text}", "Host": "localhost:6060"},
        generation=random,
        phases=phases,
        continue_on_failure=True,
        checks=config.ChecksConfig(positive_data_acceptance=accepts),
    )
    projects = config.ProjectsConfig(default=project)
    return config.SchemathesisConfig(projects=projects, seed=None if is_thorough else 1)


def ask(
    document: Mapping[str, Any], app: ASGIApp, given: config.SchemathesisConfig
) -> tuple[list[str], set[str]]:
    """What is not as the document says, and what was answered with 200 at least once."""
    schema = schemathesis.openapi.from_dict(dict(document), config=given)
    schema.app = app
    wrong: dict[str, str] = {}
    answered: set[str] = set()
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.FatalError | events.NonFatalError), vars(event)
        if not isinstance(event, events.ScenarioFinished):
            continue
        for case, interaction in event.recorder.interactions.items():
            assert interaction.response is not None
            if interaction.response.status_code == 200:
                answered.add(event.recorder.cases[case].value.path)
        for checks in event.recorder.checks.values():
            for check in checks:
                if found := check.failure_info:
                    title = f"{event.label}: {found.failure.title}"
                    wrong[title] = f"{title}\n{found.failure.message}\n{found.code_sample}"
    return list(wrong.values()), answered


def check(document: Mapping[str, Any], app: ASGIApp, most: int, *, is_thorough: bool) -> None:
    """Ask in words that mean something, then as it comes, then what the document does not allow."""
    right, both = [GenerationMode.POSITIVE], list(GenerationMode)
    answered: set[str] = set()
    for asked, modes in ((with_words(document), right), (document, both)):
        wrong, found = ask(asked, app, settings(most, modes, is_thorough=is_thorough))
        assert wrong == [], "\n\n".join(wrong)
        answered |= found
    assert {*document["paths"]} == answered


@pytest.fixture
def _every_state(service: LocalService, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    record_every_state(service, source)


@pytest.mark.usefixtures("_every_state")
def test_every_answer_is_as_the_document_says(document: dict[str, Any], app: ASGIApp) -> None:
    check(document, app, FEW, is_thorough=False)


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.usefixtures("_every_state")
def test_every_answer_to_many_questions_is_as_the_document_says(
    document: dict[str, Any], app: ASGIApp
) -> None:
    check(document, app, MANY, is_thorough=True)


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("GET", {"Authorization": "Bearer wrong"}, None, 403),
        ("GET", {"Host": "elsewhere.example"}, None, 400),
        ("POST", {"Content-Length": "999999999999"}, b"", 413),
        ("POST", {}, b"", 405),
        ("GET", {}, None, 400),
    ],
)
def test_every_refusal_has_the_shape_of_an_error(
    client: TestClient, method: str, headers: dict[str, str], body: bytes | None, status: int
) -> None:
    answer = client.request(method, f"{PREFIX}/runs?unknown=1", headers=headers, content=body)
    assert answer.status_code == status
    assert {*answer.json()["error"]} == {"message", "hint"}
    assert ("allow" in answer.headers) == (status == 405)
