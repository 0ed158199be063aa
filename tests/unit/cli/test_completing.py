"""What a shell completes: by the script that it reads, in a real bash."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from trackboard.cli.completing import SHELLS
from trackboard.cli.main import main
from trackboard.environments.cache.environment_cache import About, EnvironmentCache
from trackboard.workspace import Workspace

NAMES = ("first", "a b", "-x", "it's $HOME", "line\nbreak", "שלום")


@pytest.fixture
def _history(empty_folder: Path) -> None:
    workspace = Workspace.open(empty_folder)
    for number, name in enumerate(NAMES):
        live = workspace.recorder().create_run("digits", name=name, run_id=f"id-{number}")
        live.set_tag("team", "vision")
        live.complete()
    workspace.drain()
    workspace.store.add_environment("mine", {})
    workspace.close()


def complete(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> list[str]:
    monkeypatch.setenv("_TRACKBOARD_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", shlex.join(["trackboard", *words]).replace("''", ""))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    monkeypatch.setattr(sys, "argv", ["trackboard"])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr()
    assert said.err == ""
    return [line.partition(",")[2] for line in said.out.splitlines() if line]


@pytest.mark.usefixtures("_history")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["show", "digits/f"], ["digits/first"]),
        (["show", "fi"], ["first"]),
        (["show", "id-3"], ["id-3"]),
        (["cancel", "digits/-"], ["digits/-x"]),
        (["wait", "digits/first", "digits/a"], [r"digits/a\ b"]),
        (["tb", "--run", "digits/it"], [r"digits/it\'s\ \$HOME"]),
        (["runs", "--state", "fa"], ["failed"]),
        (["runs", "--experiment", "d"], ["digits"]),
        (["runs", "--tag", "t"], ["team"]),
        (["runs", "--tag", "team="], ["team=vision"]),
        (["submit", "--compute", "l"], ["local"]),
        (["submit", "--env", "mi"], ["mine"]),
        (["submit", "--env", "AzureML-Min"], ["AzureML-Minimal"]),
        (["completion", ""], [*SHELLS]),
        (["sho"], ["show"]),
        (["show", "nobody"], []),
    ],
)
def test_what_may_follow(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    found: list[str],
) -> None:
    assert complete(monkeypatch, capsys, *words) == found


def test_environments_that_are_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("TRACKBOARD_CACHE", str(tmp_path))
    cache = EnvironmentCache(tmp_path)
    for key in ("aaaa1111", "bbbb2222"):
        cache.finish(key, About("3.11.7", "/usr/bin/python3", (), 1.7e9, 1.0, 12_000))
    assert complete(monkeypatch, capsys, "env", "rm", "b") == ["bbbb2222"]


def test_without_a_history_there_is_nothing_and_none_is_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_folder: Path
) -> None:
    assert complete(monkeypatch, capsys, "show", "d") == []
    assert complete(monkeypatch, capsys, "show", "-w", "there", "d") == []
    assert list(empty_folder.iterdir()) == []


@pytest.mark.usefixtures("_history")
def test_what_is_recorded_is_not_stored_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace.open()
    workspace.recorder().create_run("digits", name="finest")
    assert complete(monkeypatch, capsys, "show", "digits/f") == ["digits/first"]
    workspace.drain()
    assert complete(monkeypatch, capsys, "show", "digits/f") == ["digits/finest", "digits/first"]
    workspace.close()


@pytest.mark.usefixtures("_history")
def test_a_real_bash_writes_names_that_it_reads_as_one_word(tmp_path: Path) -> None:
    command = tmp_path / "trackboard"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m trackboard "$@"\n')
    command.chmod(0o755)
    program = f"""
    PATH={shlex.quote(str(tmp_path))}:$PATH
    eval "$(trackboard completion bash)"
    COMP_WORDS=(trackboard show digits/); COMP_CWORD=2
    _trackboard_completion trackboard
    for each in "${{COMPREPLY[@]}}"; do
        eval "words=($each)"; printf '%s %s\\n' "${{#words[@]}}" "${{words[0]}}"
    done
    """
    done = subprocess.run(
        ["bash", "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    whole = [f"1 digits/{name}" for name in reversed(NAMES) if "\n" not in name]
    assert done.stdout.splitlines() == whole, json.dumps(done.stderr)


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_gets_its_script(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["trackboard", "completion", shell])
    assert main() == 0
    assert f"_TRACKBOARD_COMPLETE={shell}_complete" in capsys.readouterr().out
