"""What the user asks for, and the words that a job's process gets of it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Number
from pathlib import Path

from trackboard.config import LOCAL
from trackboard.errors import UsageError
from trackboard.model import Distribution, EnvironmentRequest, RunId


@dataclass(frozen=True)
class Request:
    """What the user asked for, as it was said."""

    experiment: str
    source: Path
    script: str = ""
    arguments: Sequence[object] | str = ()  # text is split as a shell would
    command: Sequence[object] | str = ""  # instead of a script: a line for the shell, or its words
    compute: str = LOCAL
    environment: EnvironmentRequest = field(default_factory=EnvironmentRequest)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)  # beside the client's
    distribution: Distribution | None = None
    name: str = ""
    tags: Mapping[str, str | None] = field(default_factory=dict)
    max_duration_s: float | None = None
    parent: RunId | None = None  # the run that it is a child of
    run: str = ""  # the id that its run shall have; empty: a new one
    notes: tuple[str, ...] = ()  # what was decided for the user before, to be said in the job's log


def plain_words(request: Request) -> tuple[tuple[str, ...], str]:
    """Return the script's arguments, and the line for the shell, as a process gets them.

    Words of a command are joined as they are, so that the shell expands variables in them.

    Args:
        request: What the user asked for.

    Raises:
        UsageError: A variable, an argument or a word of the command cannot be used.
    """
    _check_variables(request.variables)
    given = request.command
    command = given if isinstance(given, str) else " ".join(plain_arguments(given))
    return () if command else plain_arguments(request.arguments), command


def plain_arguments(given: Sequence[object] | str) -> tuple[str, ...]:
    """Turn arguments into the words that a script gets.

    Raises:
        UsageError: Some are neither text nor numbers, or a text cannot be split.
    """
    if isinstance(given, str):
        try:
            given = shlex.split(given)
        except ValueError as exc:
            raise UsageError(
                f"the arguments {given!r} cannot be split: {exc}",
                hint="Pass a list, one entry per argument.",
            ) from exc
    wrong = [
        f"number {position} ({value!r})"
        for position, value in enumerate(given)
        if not isinstance(value, str | os.PathLike | Number) or "\0" in str(value)
    ]
    if wrong:
        raise UsageError(
            f"these arguments cannot be passed to a script: {', '.join(wrong)}",
            hint='Use text, numbers and bools, for example ["--rate", 0.1].',
        )
    return tuple(map(str, given))


def _check_variables(given: Mapping[str, str]) -> None:
    wrong = [
        name
        for name, value in given.items()
        if not isinstance(name, str)
        or not isinstance(value, str)
        or not name
        or "=" in name
        or "\0" in name + value
    ]
    if wrong:
        raise UsageError(
            f"these environment variables cannot be set: {', '.join(map(repr, wrong))}",
            hint="Names and values are text, and a name holds no '='.",
        )
