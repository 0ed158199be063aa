"""`trackboard env`: what is kept on this machine, and how it goes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from trackboard.cli.main import main
from trackboard.environments.cache.environment_cache import About, EnvironmentCache

_USED_S = 1_700_000_000.0
_KEYS = ("aaaa1111aaaa1111", "aaaa2222aaaa2222")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EnvironmentCache:
    """Two environments that were not built by uv: nobody runs them here."""
    monkeypatch.setenv("TRACKBOARD_CACHE", str(tmp_path))
    cache = EnvironmentCache(tmp_path)
    for age, key in enumerate(_KEYS):
        cache.finish(key, About("3.11.7", "/usr/bin/python3", ("six==1.0",), _USED_S, 1.0, 12_000))
        folder = cache.environments / key
        (folder / "names").write_text(f"name{age}\n")
        (folder / "used").touch()
        for path in (folder / "used", folder):
            os.utime(path, (_USED_S - age, _USED_S - age))
    return cache


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["trackboard", "env", *words])
    return main()


@pytest.mark.usefixtures("cache")
def test_a_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "list", "--packages") == 0
    head, first, package, second, _ = capsys.readouterr().out.splitlines()
    assert head.split() == ["KEY", "PYTHON", "PACKAGES", "SIZE", "LAST", "USED", "NAMES"]
    assert first.split()[:5] == [_KEYS[0], "3.11.7", "1", "12.0", "kB"]
    assert first.endswith("name0")
    assert package == "    six==1.0"
    assert second.startswith(_KEYS[1])


@pytest.mark.usefixtures("cache")
def test_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "list", "--json") == 0
    first, _ = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["key"], first["names"], first["size_bytes"]) == (_KEYS[0], ["name0"], 12_000)
    assert first["used"] == "2023-11-14T22:13:20+00:00"
    assert first["in_use"] is False


def test_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRACKBOARD_CACHE", str(tmp_path))
    assert run(monkeypatch, "list") == 0
    assert run(monkeypatch, "rm", "--all") == 0
    assert capsys.readouterr().out == "no environments\nnothing to remove\n"


def test_removing(
    cache: EnvironmentCache, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "rm", "aaaa") == 4  # which of the two?
    said = capsys.readouterr().err
    assert all(key in said for key in _KEYS)
    assert run(monkeypatch, "rm", "bbbb", "aaaa2") == 3  # the one that is there goes all the same
    done = capsys.readouterr()
    assert done.out == f"removed {_KEYS[1]} (12.0 kB)\n"
    assert "'bbbb'" in done.err
    assert [path.name for path in cache.environments.iterdir()] == [_KEYS[0]]
    assert run(monkeypatch, "rm", "--unused-for", "1") == 0
    assert [*cache.environments.iterdir()] == []


def test_those_in_use_stay(
    cache: EnvironmentCache, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = cache.lock(_KEYS[0])
    assert lock.try_share()
    assert run(monkeypatch, "list") == 0
    assert "in use" in capsys.readouterr().out
    assert run(monkeypatch, "rm", "--all") == 0
    assert [path.name for path in cache.environments.iterdir()] == [_KEYS[0]]
    assert run(monkeypatch, "rm", _KEYS[0]) == 4
    assert "in use" in capsys.readouterr().err
    lock.close()


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("words", [[], ["aaaa1", "--all"], ["--all", "--unused-for", "1"]])
def test_it_must_be_said_what_to_remove(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "rm", *words) == 2
    assert "trackboard env rm KEY" in capsys.readouterr().err
