"""What the command line says when something is wrong, and what it says about places."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from trackboard import Workspace, __version__
from trackboard.cli.main import main, trackboard
from trackboard.cli.verb_group import ALIASES, MEANT, VERBS, VerbGroup, nearest_verb

WITHOUT_WORKSPACE = {"completion", "env"}  # of this machine


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["trackboard", *words])
    return main()


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"trackboard, version {__version__}\n"


def test_a_process_that_ends_looks_for_no_garbage() -> None:
    program = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 0))\n"  # is called last
        "from trackboard.cli.main import main\n"
        "sys.argv = ['trackboard', '--version']\n"
        "main()\n"
        "print(gc.get_freeze_count() > 0)"  # whoever calls it in a process that goes on
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[-2:] == ["False", "True"]


def loaded_by(*words: str, **variables: str) -> tuple[str, set[str]]:
    """What the command prints, and which modules it loads for that."""
    program = (
        "import sys\n"
        "from trackboard.cli.main import main\n"
        f"sys.argv = ['trackboard', *{list(words)!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout, set(done.stderr.split())


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (["--version"], {}, __version__),
        (["--help"], {}, "tb "),
        (
            [],
            {
                "_TRACKBOARD_COMPLETE": "bash_complete",
                "COMP_WORDS": "trackboard s",
                "COMP_CWORD": "1",
            },
            "submit",
        ),
    ],
)
def test_what_answers_at_once_loads_no_verb(
    words: list[str], variables: dict[str, str], said: str
) -> None:
    printed, loaded = loaded_by(*words, **variables)
    assert said in printed
    ours = {name for name in loaded if name.startswith("trackboard")}
    own = {"trackboard", "trackboard.cli", "trackboard.cli.main", "trackboard.cli.verb_group"}
    assert ours - own <= {"trackboard.errors", "trackboard.cli.completing"}
    assert not {"numpy", "sqlalchemy", "yaml", "dataclasses", "concurrent.futures"} & loaded


def test_a_look_at_what_is_stored_loads_what_it_needs(tmp_path: Path) -> None:
    with Workspace.open(tmp_path).start_run("digits", capture=False) as live:
        live.log("loss", 0.5)
    loaded_by("runs", str(tmp_path))  # stores it
    printed, loaded = loaded_by("runs", str(tmp_path))
    assert live.id in printed
    assert "sqlalchemy" in loaded
    points = {"numpy", "zstandard", "trackboard.ingest.decode", "trackboard.history.table"}
    others = {"trackboard.stores.schema.migrate", "fsspec", "tensorboard", "yaml"}
    parts = {"launch", "targets", "environments", "eventfile", "stores.codec", "record.capture"}
    assert loaded & (points | others) == set()
    assert {name for name in loaded for part in parts if name == f"trackboard.{part}"} == set()


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_is_listed_with_what_its_own_help_says(verb: str) -> None:
    context = click.Context(trackboard)
    command = VerbGroup().get_command(context, verb)
    assert command is not None
    assert command.name == verb
    own, listed = (
        (text or "").replace(",", "").split()[:2] for text in (command.help, VERBS[verb])
    )
    assert own == listed
    assert len(VERBS[verb]) < 66  # one line of --help


def test_a_verb_of_another_word_is_named_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "rnus") == 2
    assert "No such command 'rnus'. Did you mean 'runs'?" in capsys.readouterr().err
    assert run(monkeypatch, "xyzzy") == 2
    assert "There is demo, up, tb, stop" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "verb"),
    [
        ("log", "logs"),
        ("lgos", "logs"),
        ("kill", "cancel"),
        ("Dashboard", "up"),
        ("ps", "runs"),
        ("tail", "logs -f"),
        ("lss", ""),
        ("x", ""),
    ],
)
def test_words_of_other_tools_are_understood(word: str, verb: str) -> None:
    found = nearest_verb(word)
    assert found == verb or (word == "ps" and found == "watch")


def test_what_is_suggested_is_there_and_is_no_verb_itself() -> None:
    for word, meant in MEANT.items():
        assert word not in VERBS
        assert word not in ALIASES
        assert nearest_verb(word).partition(" ")[0] in {"", *VERBS}
        assert meant


@pytest.mark.parametrize(("alias", "verb"), ALIASES.items())
def test_an_alias_is_its_verb(alias: str, verb: str) -> None:
    context = click.Context(trackboard)
    command = VerbGroup().get_command(context, alias)
    assert command is VerbGroup().get_command(context, verb)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_the_folder_in_the_same_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    command = VerbGroup().get_command(click.Context(trackboard), verb)
    assert command is not None
    every = [command]
    if isinstance(command, click.Group):
        every = list(command.commands.values())
    for each in every:
        options = {name: option for option in each.params for name in option.opts}
        if verb in WITHOUT_WORKSPACE:
            assert "-w" not in options
        else:
            assert options["-w"] is options["--folder"]
    assert run(monkeypatch, verb, "--help") == 0
    assert f"Usage: trackboard {verb}" in capsys.readouterr().out


@pytest.mark.usefixtures("empty_folder")
@pytest.mark.parametrize("verb", ["runs", "experiments", "where", "stop", "tb"])
def test_a_folder_is_an_argument_or_an_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    said = set()
    Path("there", ".trackboard").mkdir(parents=True)
    for words in (["there"], ["-w", "there"], ["there", "--folder", "there"]):
        code = run(monkeypatch, verb, *words)
        told = capsys.readouterr()
        said.add((code, told.out, told.err))
    assert len(said) == 1
    assert run(monkeypatch, verb, "there", "-w", "other") == 2
    said_then = capsys.readouterr().err
    assert "FOLDER" in said_then or "together" in said_then
    assert not Path("there", ".trackboard", "default").exists()


@pytest.mark.parametrize("words", [["--no-such-option"], ["no-such-verb"], ["tb", "--port", "x"]])
def test_wrong_words_are_a_usage_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert run(monkeypatch, *words) == 2
    assert "Usage: trackboard" in capsys.readouterr().err


@pytest.mark.usefixtures("empty_folder")
@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (["tb", "--port", "70000"], 2, "70000", "65535"),
        (["runs", "not-there"], 3, "not-there", "The first run makes it"),
        (["tb", ".", "--experiment", "x"], 2, "event files", "--experiment"),
    ],
)
def test_an_error_is_one_message_a_hint_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    message: str,
    hint: str,
) -> None:
    assert run(monkeypatch, *words) == code
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("trackboard: ")
    assert message in first
    assert hint in "\n".join(rest)


def test_where_names_the_history_that_belongs_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], empty_folder: Path
) -> None:
    folder = empty_folder / ".trackboard" / "default"
    assert run(monkeypatch, "where") == 0
    assert capsys.readouterr().out == f"{folder}  (not there yet: the first run makes it)\n"
    assert not folder.exists()

    folder.mkdir(parents=True)
    (folder / "data").write_bytes(b"x" * 3_000_000)
    assert run(monkeypatch, "where") == 0
    assert capsys.readouterr().out == f"{folder}  3.0 MB\n"

    inner = empty_folder / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert run(monkeypatch, "where", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["folder"], said["exists"]) == (str(folder), True)
    assert said["size_bytes"] == 3_000_000


@pytest.mark.usefixtures("empty_folder")
def test_stop_without_boards(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "stop") == 0
    assert capsys.readouterr().out == "nothing was running\n"


@pytest.fixture
def _one_run(empty_folder: Path) -> None:
    workspace = Workspace.open(empty_folder)
    with workspace.start_run("digits", name="-x", capture=False):
        pass
    workspace.close()


@pytest.mark.usefixtures("_one_run")
def test_a_name_that_looks_like_an_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for verb in ("show", "logs", "cancel", "rerun"):
        assert run(monkeypatch, verb, "-x") == 2
        assert "A name that begins with - goes behind --, as in: -- -x" in capsys.readouterr().err
    assert run(monkeypatch, "show", "--", "-x") == 0
    assert "digits/-x" in capsys.readouterr().out
    assert run(monkeypatch, "runs", "-x") == 2
    assert "goes behind" not in capsys.readouterr().err


@pytest.mark.usefixtures("_one_run")
@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [("| true", 0, ""), (">&-", 0, ""), ("> /dev/full", 5, "space")],
)
def test_output_that_nobody_takes(redirection: str, code: int, said: str) -> None:
    command = f"set -o pipefail; '{sys.executable}' -m trackboard runs {redirection}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == bool(said)


def test_reading_loads_nothing_that_records_or_runs_jobs(tmp_path: Path) -> None:
    Workspace.open(tmp_path).close()
    printed, loaded = loaded_by("runs", "-w", str(tmp_path))
    assert "no runs" in printed
    heavy = ("trackboard.record.live_run", "trackboard.launch.", "trackboard.server", "numpy")
    assert [name for name in loaded if name.startswith(heavy)] == []
