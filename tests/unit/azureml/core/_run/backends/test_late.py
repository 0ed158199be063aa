"""A run that begins with its first record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from azureml.core._run.backends.home import ScriptHome
from azureml.core._run.backends.late import LateBackend
from azureml.core._run.backends.live import LiveBackend
from azureml.core._run.backends.port import RunBackend
from trackboard.model import RunId

FIRST_WORDS: dict[str, Callable[[RunBackend], object]] = {
    "log": lambda run: run.log("loss", 1, None),
    "log_row": lambda run: run.log_row("table", {"x": 1}),
    "set_tags": lambda run: run.set_tags({"a": "b"}),
    "remove_tags": lambda run: run.remove_tags(["a"]),
    "add_properties": lambda run: run.add_properties({"a": "b"}),
    "set_name": lambda run: run.set_name("named"),
    "set_description": lambda run: run.set_description("described"),
    "take_snapshot": lambda run: run.take_snapshot("."),
    "catalogue": lambda run: run.catalogue("call"),
    "child": lambda run: run.child("fold", None),
    "complete": lambda run: run.complete(),
    "fail": lambda run: run.fail("why", None),
    "cancel": lambda run: run.cancel(),
    "live": lambda run: run.live,
}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RunBackend]]:
    """The backends that took the late one's place."""
    monkeypatch.chdir(tmp_path)
    taken: list[RunBackend] = []
    yield taken
    for backend in taken:
        service = backend.home.service
        service.recorder().close()
        service.close()


@pytest.fixture
def late(places: list[RunBackend]) -> LateBackend:
    return LateBackend(RunId("r"), "trial", ScriptHome("trial"), places.append)


def test_asking_it_makes_nothing(late: LateBackend, tmp_path: Path) -> None:
    history = late.history

    assert history.read().status == "Running"
    assert history.stored().experiment == late.home.experiment.name == "trial"
    assert (history.tags(), history.files(), history.file_names(), history.portal_url()) == (
        {},
        [],
        set(),
        "",
    )
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("word", FIRST_WORDS)
def test_whatever_is_said_first_begins_it_once(
    late: LateBackend, places: list[RunBackend], word: str
) -> None:
    FIRST_WORDS[word](late)
    late.log("loss", 2, None)  # of one who still holds it

    (begun,) = places
    assert isinstance(begun, LiveBackend)
    assert begun.history.stored().id == "r"
    assert "loss" in begun.history.metrics(None, recursive=False, run_type=None, populate=False)
