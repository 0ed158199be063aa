"""The projector's plugin over the installed TensorBoard's, asked as its page asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.test import Client

from trackboard.board.projector.plugin import ProjectorPlugin

Ask = Callable[[str], Any]


@pytest.fixture
def runs() -> list[str]:
    return ["one", "two"]


@pytest.fixture
def ask(tmp_path: Path, runs: list[str]) -> Ask:
    def list_runs(*_: object, **__: object) -> list[SimpleNamespace]:
        return [SimpleNamespace(run_name=run) for run in runs]

    provider = SimpleNamespace(list_runs=list_runs)
    context: Any = SimpleNamespace(data_provider=provider, logdir=str(tmp_path))
    plugin = ProjectorPlugin(context)
    apps = plugin.get_plugin_apps()

    def ask(question: str) -> Any:
        if question == "active":
            return plugin.is_active()
        route, _, query = question.partition("?")
        response = Client(apps[f"/{route}"]).get(f"/{route}?{query}")
        return json.loads(response.data) if response.status_code == 200 else response.status_code

    return ask


def write(folder: Path, tensors: str | None = "1\t2\n3\t4\n", name: str = "t.tsv") -> None:
    folder.mkdir(exist_ok=True)
    config = f'embeddings {{ tensor_name: "{name}" tensor_path: "{name}" }}'
    (folder / "projector_config.pbtxt").write_text(config)
    if tensors is not None:
        (folder / name).write_text(tensors)


def test_what_is_written_later_is_shown(ask: Ask, tmp_path: Path) -> None:
    assert ask("runs") == []
    assert ask("active") is False
    write(tmp_path / "one", tensors=None)
    assert ask("runs") == [], "its tensors have not arrived"
    write(tmp_path / "one")
    assert ask("runs") == ["one"]
    assert ask("active") is True
    assert ask("info?run=one")["embeddings"][0]["tensorShape"] == [2, 2]
    write(tmp_path / "one", "1\t2\t3\n", "other.tsv")
    assert ask("info?run=one")["embeddings"][0]["tensorShape"] == [1, 3]


def test_a_page_that_asks_once_has_the_right_answer(ask: Ask, tmp_path: Path) -> None:
    write(tmp_path / "two")
    assert ask("active") is True


@pytest.mark.parametrize("broken", ["embeddings { tensor", "\udcff"])
def test_a_run_that_cannot_be_read_takes_nothing_from_the_others(
    ask: Ask, tmp_path: Path, broken: str
) -> None:
    write(tmp_path / "one")
    write(tmp_path / "two", "no\tnumbers\n")
    assert ask("runs") == ["one"]
    config = tmp_path / "two" / "projector_config.pbtxt"
    config.write_bytes(broken.encode("utf-8", "surrogateescape"))
    for _ in range(2):
        assert ask("runs") == ["one"]
