"""The API is what its document says, whatever it is asked: schemathesis asks what it allows, and the rest.

Its pytest plugin stays unloaded (`addopts`), as every process of every test would import it.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis import config
from schemathesis.engine import events, from_schema
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from tests.every_state import DELETED, HOSTILE, RUNS, record_every_state
from tests.unit.server.conftest import KEY

from trackboard.server.api.openapi import PREFIX
from trackboard.service import LocalService

FEW, MANY = 6, 150
STREAM = f"{PREFIX}/changes"  # it has no end
EXACT: Mapping[str, list[str]] = {
    "run": [*RUNS, DELETED, "nobody"],
    "path": ["logs/a.txt", "outputs/words.txt", f"outputs/{HOSTILE}", "../trackboard.db"],
    "group": ["params.lr", "tags.team", "state", "params.odd", "params.fast", "tags.none"],
    "column": ["loss.min", "odd", "words", "params.layers", "loss <"],
}
LIKELY: Mapping[str, list[str]] = {
    "name": ["loss", "odd", "flag", "at the ends", HOSTILE],
    "where": ["loss.min < 1", "lr = 0.1 or tags.team = vision", "state = failed", "loss <", "odd"],
    "order": ["loss", "-odd.max", "created", "params.layers", HOSTILE],
    "experiment": ["digits", "states"],
    "parent": ["all", "empty"],
    "compute": ["cluster", "local"],
    "range": ["bytes=0-2", "bytes=-3", "bytes=99-", "lines=1"],
}


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    """The document, where no answer may hold what it does not name, with words that mean something here."""
    document: dict[str, Any] = copy.deepcopy(client.get(f"{PREFIX}/openapi.json").json())
    for shape in document["components"]["schemas"].values():
        assert "properties" in shape
        shape["additionalProperties"] = False
    del document["paths"][STREAM]
    for path in document["paths"].values():
        parameters = path["get"]["parameters"]
        asks_for_file = any(each["name"] == "path" for each in parameters)
        for parameter in parameters:
            schema, name = parameter["schema"], parameter["name"]
            one = schema.get("items", schema)
            if name == "run" and asks_for_file:
                one["enum"] = ["all", "nobody"]
            elif name in EXACT:
                one["enum"] = EXACT[name]
            elif name in LIKELY:
                likely = {"anyOf": [{"enum": LIKELY[name]}, dict(one)]}
                one.clear()
                one.update(likely)
    return document


def settings(most: int, *, is_thorough: bool) -> config.SchemathesisConfig:
    """All checks but one: a condition is a language, and the document does not say what is none."""
    accepts = config.PositiveDataAcceptanceConfig(enabled=False)
    random = config.GenerationConfig(
        max_examples=most, deterministic=not is_thorough, database="none"
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
    document: Mapping[str, Any], app: ASGIApp, most: int, *, is_thorough: bool
) -> tuple[list[str], Counter[tuple[str, int]]]:
    """What is not as the document says, and how often each operation answered with which status."""
    schema = schemathesis.openapi.from_dict(
        dict(document), config=settings(most, is_thorough=is_thorough)
    )
    schema.app = app
    wrong: dict[str, str] = {}
    answered: Counter[tuple[str, int]] = Counter()
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.FatalError | events.NonFatalError), vars(event)
        if not isinstance(event, events.ScenarioFinished):
            continue
        for case, interaction in event.recorder.interactions.items():
            assert interaction.response is not None
            path = event.recorder.cases[case].value.path.removeprefix(PREFIX)
            answered[path, interaction.response.status_code] += 1
        for checks in event.recorder.checks.values():
            for check in checks:
                if found := check.failure_info:
                    title = f"{event.label}: {found.failure.title}"
                    wrong[title] = f"{title}\n{found.failure.message}\n{found.code_sample}"
    return list(wrong.values()), answered


def check(
    document: Mapping[str, Any],
    app: ASGIApp,
    service: LocalService,
    source: Path,
    most: int,
    *,
    is_thorough: bool,
) -> None:
    record_every_state(service, source)
    wrong, answered = ask(document, app, most, is_thorough=is_thorough)
    assert wrong == [], "\n\n".join(wrong)
    silent = {path.removeprefix(PREFIX) for path in document["paths"]}
    assert silent - {path for path, status in answered if status == 200} == set()


def test_every_answer_is_as_the_document_says(
    document: dict[str, Any], app: ASGIApp, service: LocalService, tmp_path: Path
) -> None:
    check(document, app, service, tmp_path, FEW, is_thorough=False)


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_every_answer_to_many_questions_is_as_the_document_says(
    document: dict[str, Any], app: ASGIApp, service: LocalService, tmp_path: Path
) -> None:
    check(document, app, service, tmp_path, MANY, is_thorough=True)


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
