from pathlib import Path

import pytest

from trackboard.environments.uv.failures import explain, is_about_python
from trackboard.errors import TrackboardError, Unavailable, UsageError

_FULL = "error: failed to write to file: No space left on device (os error 28)"
_OFFLINE = "cause: error sending request for url (https://pypi.org/simple/six/)\ncause: dns error"
_MISSING = (
    "Because nmpy was not found in the package registry and you require nmpy, we can conclude"
)
_CONFLICT = (
    "Because you require a==1 and a>2, we can conclude that your requirements are unsatisfiable"
)
_WHEELS = "Because numpy==1.21.0 has no usable wheels and you require numpy==1.21.0"
_READ_ONLY = "error: failed to create directory: Read-only file system (os error 30)"


def _explain(words: str) -> TrackboardError:
    variables = {"UV_CACHE_DIR": "/nowhere/uv", "TMPDIR": "/tmp"}
    return explain(words, "installed", Path("/nowhere/envs"), variables)


@pytest.mark.parametrize(
    ("words", "family", "said", "hint"),
    [
        (_FULL, Unavailable, "bytes free)", "trackboard env rm"),
        (_OFFLINE, Unavailable, "does not answer", "PIP_INDEX_URL"),
        (_READ_ONLY, Unavailable, "cannot be written to", "TRACKBOARD_CACHE"),
        (_MISSING, UsageError, "nmpy was not found", "no package 'nmpy'"),
        (_CONFLICT, UsageError, "a==1 and a>2", "contradict"),
        (_WHEELS, UsageError, "no usable wheels", "wheels for this Python"),
    ],
)
def test_the_words_of_uv(words: str, family: type, said: str, hint: str) -> None:
    error = _explain(words)
    assert type(error) is family
    assert said in error.message
    assert words in error.message
    assert hint in error.hint


def test_a_long_explanation_loses_its_middle() -> None:
    words = "Resolved 3 packages\nerror: first\n" + "".join(f"line {n}\n" for n in range(500))
    lines = _explain(words).message.splitlines()
    assert lines[1] == "error: first"
    assert lines[-1] == "line 499"
    assert len(lines) < 30
    assert "476 lines, which are in the build log" in lines[6]


def test_what_is_not_understood_is_passed_on() -> None:
    error = _explain("error: something new")
    assert type(error) is UsageError
    assert error.message.endswith("\nerror: something new")
    assert "build log" in error.hint


def test_no_space_names_the_folders() -> None:
    assert "/nowhere/envs: " in _explain(_FULL).hint
    assert "/nowhere/uv: " in _explain(_FULL).hint


@pytest.mark.parametrize(
    ("words", "may_help"),
    [
        (_WHEELS, True),
        ("the requested Python version (3.11.7) does not satisfy Python>=3.12", True),
        (_CONFLICT, False),
        (_MISSING, False),
        (_OFFLINE, False),
    ],
)
def test_when_another_python_may_help(words: str, may_help: bool) -> None:
    assert is_about_python(words) is may_help
