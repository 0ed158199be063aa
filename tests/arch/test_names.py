"""Names that were given up stay so: a reader finds the term that the field has for a thing.

What is looked at are names that the code gives (functions, classes, parameters, variables, attributes,
modules), not words in comments and texts.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.arch.source import SOURCE, parse

RETIRED = {  # without leading underscores, in small letters: what to say instead
    "album": "ArtifactSeries",
    "albums": "ArtifactLookup",
    "aside": "set_aside, or a temporary file",
    "beat_and_look": "beat_and_check_cancel",
    "bury": "finish",
    "elsewhere": "unsupported_host",
    "end_by": "close_run",
    "ended_by": "closing_run",
    "fall_silent": "pause_polling",
    "find_gone": "find_dead",
    "halfway": "recovery",
    "hang_up": "shutdown",
    "heard": "growth",
    "heir": "successor",
    "heirs": "successors",
    "how_it_ended": "describe_exit",
    "kick": "advance_queue",
    "let_go": "release, detach",
    "life": "run_transitions",
    "look": "poll, scan, read, inspect",
    "look_around": "capture_surroundings",
    "look_at": "inspect, scan",
    "mention": "batch_runs",
    "offers": "machine_sizes",
    "pace": "Throttle",
    "pass_by": "beat_and_check_cancel",
    "place": "location, path",
    "places": "locations, paths",
    "roster": "RunList",
    "rosters": "RunLists",
    "run_book": "run_updates",
    "runbook": "RunUpdates",
    "say": "print, log, warn, describe, match",
    "sheaf": "TableSeries",
    "sheet": "TablePreview",
    "shelf": "SpoolArea",
    "sight": "Visibility",
    "take_back": "cancel_if_not_started",
    "take_further": "recover_submissions",
    "take_turn": "take_start_lock",
    "tell": "apply, report, log, send",
    "thin": "sample_evenly, downsample",
    "thinned": "downsample_points",
    "wish_for_end": "request_cancel",
    "withdraw": "cancel_if_not_started",
}
ALLOWED: dict[tuple[str, str], str] = {  # path and name: why
}


def given_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and the text of each name that a module gives to something."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def retired_in(path: str, tree: ast.Module) -> list[str]:
    """The retired names that a module gives, each with its line and with what to say instead."""
    names = [(1, Path(path).stem), *given_names(tree)]
    return [
        f"{path}:{line}: {name} -> {RETIRED[plain]}"
        for line, name in names
        if (plain := name.strip("_").lower()) in RETIRED and (path, name) not in ALLOWED
    ]


def test_no_retired_name_comes_back() -> None:
    found = []
    for file in sorted(SOURCE.rglob("*.py")):
        found += retired_in(str(file.relative_to(SOURCE)), parse(file))
    assert found == []


def test_a_retired_name_is_found_wherever_it_is_given() -> None:
    code = "import x as roster\n_pace = 1\nclass Sheaf: ...\ndef tell(place): self._heard = place\n"
    assert len(retired_in("a/look.py", ast.parse(code))) == 7
    assert retired_in("a/b.py", ast.parse("print(place, roster.tell())  # a sheaf\n")) == []


def test_every_exception_is_needed() -> None:
    for path, name in ALLOWED:
        assert name in {each for _, each in given_names(parse(SOURCE / path))}, (path, name)
