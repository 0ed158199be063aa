"""Where what trackboard says by itself goes: to standard error, in a notebook to the cell's output."""

import logging
import sys
from types import SimpleNamespace

import pytest

from trackboard import notice

Said = pytest.CaptureFixture[str]


@pytest.fixture(params=[False, True], ids=["terminal", "notebook"])
def is_notebook(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param:
        shell = SimpleNamespace(kernel=object())
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    else:
        monkeypatch.delitem(sys.modules, "IPython", raising=False)
    notice.say_once.cache_clear()
    return bool(request.param)


def test_a_line_is_said_once(is_notebook: bool, capsys: Said) -> None:
    assert notice.in_notebook() is is_notebook
    notice.say_once("hello")
    notice.say_once("hello")
    said = capsys.readouterr()
    assert (said.out, said.err)[not is_notebook] == "trackboard: hello\n"
    assert (said.out, said.err)[is_notebook] == ""


@pytest.mark.parametrize("name", ["trackboard", "azureml", "trackboard.board.process.registry"])
def test_warnings_are_no_red_boxes(
    is_notebook: bool, name: str, capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    logging.getLogger(name).warning("look at %s", "this")
    logging.getLogger(name).info("not this")
    said = capsys.readouterr()
    assert (said.out, said.err)[not is_notebook] == "look at this\n"
    assert (said.out, said.err)[is_notebook] == ""


def test_whoever_handles_warnings_has_them_alone(
    capsys: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", lambda record: kept.append(record.getMessage()))
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])
    logging.getLogger("azureml").warning("mine")
    said = capsys.readouterr()
    assert (kept, said.out, said.err) == (["mine"], "", "")
