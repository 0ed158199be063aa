"""From requirements to exact versions for one interpreter."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trackboard.environments.failures import explain, is_about_python
from trackboard.environments.local_packages import fingerprint, has_sources
from trackboard.environments.pythons import (
    Interpreter,
    find_python,
    list_pythons,
    this_interpreter,
)
from trackboard.environments.requirements import CONSTRAINT
from trackboard.environments.uv_process import Answer, Uv
from trackboard.errors import TrackboardError, UsageError
from trackboard.model import EnvironmentPlan

_KEY_CHARACTERS = 16
_IN_FILES = frozenset(
    ("--index-url", "--extra-index-url", "--find-links", "--no-binary", "--only-binary")
)
_NAMES_SHOWN = 5


@dataclass(frozen=True)
class Resolved:
    """Exact versions for one interpreter.

    Attributes:
        python: The interpreter.
        lock: A requirements file, options first.
        notes: What was decided on the way, a sentence each.
        local: How the local packages among them look now.
    """

    python: Interpreter
    lock: str = ""
    notes: tuple[str, ...] = ()
    local: str = "[]"

    @property
    def key(self) -> str:
        """A name for what this is installed into."""
        identity = "\n".join((self.python.version, self.python.path, self.local, self.lock))
        return hashlib.sha256(identity.encode()).hexdigest()[:_KEY_CHARACTERS]

    @property
    def packages(self) -> tuple[str, ...]:
        """What is installed, one requirement each."""
        lines = (line.strip() for line in self.lock.splitlines())
        return tuple(line for line in lines if line and not line.startswith(("--", "#")))


@dataclass(frozen=True)
class Options:
    """Options of pip, by how uv takes them."""

    lines: tuple[str, ...]  # for a requirements file; variables in them are not expanded yet
    words: tuple[str, ...]  # for the command line
    constraints: tuple[str, ...]

    @classmethod
    def of(cls, plan: EnvironmentPlan, uv: Uv) -> Options:
        """The options of a plan, and what pip's settings say of all installations."""
        lines: list[str] = []
        words = ["--no-index"] if uv.no_index else []
        constraints: list[str] = []
        for name, value in _pairs(plan.options):
            if name == CONSTRAINT:
                constraints.append(value)
            elif name in _IN_FILES:
                lines.append(f"{name} {value}")
                if name == "--index-url":
                    uv.forget_index()
            elif name == "--pre":
                words.append("--prerelease=allow")
            elif name == "--trusted-host":
                words += ["--allow-insecure-host", value]
            elif name not in words:
                words.append(name)
        return cls(tuple(lines), tuple(words), tuple(constraints))

    @property
    def say_what_is_built(self) -> bool:
        """Whether the user decided between wheels and sources."""
        return any(line.startswith(("--no-binary", "--only-binary")) for line in self.lines)

    def for_install(self) -> tuple[str, ...]:
        """The words that installing knows, too."""
        return tuple(word for word in self.words if word != "--prerelease=allow")


class Resolver:
    """Finds versions that fit together.

    Args:
        uv: Runs in the folder of the environments.
        plan: What is asked for.
    """

    def __init__(self, uv: Uv, plan: EnvironmentPlan) -> None:
        self._uv = uv
        self._plan = plan
        self.options = Options.of(plan, uv)
        split = (re.split(r"[\s<>=!~;\[@]", line, maxsplit=1)[0] for line in plan.requirements)
        names = [*dict.fromkeys(split)]
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        self._names = ", ".join(names[:_NAMES_SHOWN]) + more

    def resolve(self) -> Resolved:
        """Exact versions, for the Python that is asked for or one that they have wheels for.

        Raises:
            UsageError: There are none.
            Unavailable: There is no space, or no network.
            Canceled: Nobody wants them any more.
        """
        if self._plan.python:
            return self._resolve_for(find_python(self._uv, self._plan.python))
        ours = this_interpreter()
        if self.options.say_what_is_built or has_sources(self._plan.requirements):
            return self._resolve_for(ours)
        if not self._plan.requirements:
            return Resolved(ours)
        answer = self._compile(ours, wheels_only=True)
        if answer.code == 0:
            return self._resolved(ours, answer)
        if not is_about_python(answer.words):
            raise self._failure(ours, answer)
        found = self._resolve_elsewhere(ours)
        if found is None:
            self._uv.report("not everything has wheels: trying what is built from sources")
            return self._resolve_for(ours)
        return found

    def _resolve_elsewhere(self, ours: Interpreter) -> Resolved | None:
        """For the newest other Python for which everything has wheels."""
        for other in list_pythons(self._uv):
            if other.minor == ours.minor:
                continue
            answer = self._compile(other, wheels_only=True)
            if answer.code == 0:
                note = (
                    f"Python {other.version} is used: not all of {self._names} can be had for Python"
                    f" {ours.version}, which submits"
                )
                return replace(self._resolved(other, answer), notes=(note,))
        return None

    def _resolve_for(self, python: Interpreter) -> Resolved:
        """For one Python; what has no wheels is built."""
        if not self._plan.requirements:
            return Resolved(python)
        answer = self._compile(python)
        if answer.code != 0:
            raise self._failure(python, answer)
        return self._resolved(python, answer)

    def _failure(self, python: Interpreter, answer: Answer) -> TrackboardError:
        doing = f"resolved for Python {python.version}"
        error = explain(answer.words, doing, self._uv.folder, self._uv.variables)
        if self._plan.tensorflow_v1 and isinstance(error, UsageError):
            error.hint = (
                "TensorFlow 1 became the newest TensorFlow 2: versions of other packages from its time"
                f" do not fit to that, so leave the versions out. {error.hint}"
            )
        return error

    def _compile(self, python: Interpreter, *, wheels_only: bool = False) -> Answer:
        self._uv.report(f"resolving {self._names} for Python {python.version}")
        stem = f".asked-{os.getpid()}-{time.monotonic_ns()}"
        asked, limits = (self._uv.folder / f"{stem}.{kind}" for kind in ("in", "limits"))
        command = ["pip", "compile", asked.name, "--python", python.path, "--no-header"]
        command += ["--no-annotate", *self.options.words]
        if self.options.constraints:
            command += ["--constraints", limits.name]
        if wheels_only:
            command += ["--only-binary", ":all:"]
        try:
            asked.write_text("\n".join((*self.options.lines, *self._plan.requirements, "")))
            limits.write_text("\n".join((*self.options.constraints, "")))
            return self._uv.run(command, doing="resolving")
        finally:
            asked.unlink(missing_ok=True)
            limits.unlink(missing_ok=True)

    def _resolved(self, python: Interpreter, answer: Answer) -> Resolved:
        lock = "\n".join((*self.options.lines, answer.output))
        return Resolved(python, lock, local=json.dumps(fingerprint(self._plan.requirements)))


def _pairs(options: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options with their values, empty for those that have none."""
    words = iter(options)
    for name in words:
        yield name, "" if name in ("--no-index", "--pre") else next(words, "")
