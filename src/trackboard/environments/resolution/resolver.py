"""From requirements to exact versions for one interpreter."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trackboard.environments.interpreters.discovery import (
    Interpreter,
    find_python,
    list_pythons,
    this_interpreter,
)
from trackboard.environments.packages.local_packages import fingerprint, has_sources
from trackboard.environments.packages.requirements import (
    CONSTRAINT,
    requirement_name,
    without_versions,
)
from trackboard.environments.resolution.nearest_versions import (
    at,
    describe_newer,
    list_newer,
    or_newer,
    read_lock,
)
from trackboard.environments.uv.failures import explain, is_about_python, is_contradiction
from trackboard.environments.uv.process import Answer, Uv
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
    def describe_build(self) -> bool:
        """Whether the user decided between wheels and sources."""
        return any(line.startswith(("--no-binary", "--only-binary")) for line in self.lines)

    def for_install(self) -> tuple[str, ...]:
        """The words that installing knows, too."""
        return tuple(word for word in self.words if word != "--prerelease=allow")


class Resolver:
    """Finds versions that fit together.

    Args:
        uv: Runs anywhere.
        plan: What is asked for.
        folder: Where environments are kept, for messages.
    """

    def __init__(self, uv: Uv, plan: EnvironmentPlan, folder: Path) -> None:
        self._folder = folder
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
        requirements = self._plan.requirements
        if self._plan.python and not self._is_range:
            return self._resolve_for(find_python(self._uv, self._plan.python))
        pythons = self._candidates()
        first = next(pythons)
        if self.options.describe_build or has_sources(requirements) or not requirements:
            return self._resolve_for(first)
        answer = self._compile(first, wheels_only=True)
        if answer.code == 0:
            return self._resolved(first, answer)
        if not is_about_python(answer.words):
            raise self.failure(first, answer, "resolved")
        found = self._resolve_elsewhere(first, pythons)
        if found is None:
            self._uv.report("not everything has wheels: trying what is built from sources")
            return self._resolve_for(first)
        return found

    @property
    def _is_range(self) -> bool:
        return not self._plan.python[:1].isdigit()

    def _candidates(self) -> Iterator[Interpreter]:
        """The Pythons that will do, the best first; the others are looked for when that one did not."""
        wanted = self._plan.python
        if self._plan.oldest_python:
            yield from reversed(list_pythons(self._uv, wanted))
            return
        first = find_python(self._uv, wanted) if wanted else this_interpreter()
        yield first
        others = list_pythons(self._uv, wanted)
        yield from (other for other in others if other.minor != first.minor)

    def _resolve_elsewhere(
        self, first: Interpreter, others: Iterator[Interpreter]
    ) -> Resolved | None:
        """For the next other Python for which everything has wheels."""
        for other in others:
            answer = self._compile(other, wheels_only=True)
            if answer.code == 0:
                submits = ", which submits" if first == this_interpreter() else ""
                note = (
                    f"Python {other.version} is used: not all of {self._names} can be had for Python"
                    f" {first.version}{submits}"
                )
                found = self._resolved(other, answer)
                return replace(found, notes=(note, *found.notes))
        return None

    def _resolve_for(self, python: Interpreter) -> Resolved:
        """For one Python; what has no wheels is built."""
        if not self._plan.requirements:
            return Resolved(python)
        answer = self._compile(python)
        if answer.code != 0:
            raise self.failure(python, answer, "resolved")
        return self._resolved(python, answer)

    def failure(self, python: Interpreter, answer: Answer, doing: str) -> TrackboardError:
        """The error that uv's words mean, and what to ask for instead.

        Args:
            python: The interpreter that it was for.
            answer: What uv said.
            doing: What it was to do: "the environment cannot be ...".
        """
        what = f"{doing} for Python {python.version}"
        error = explain(answer.words, what, self._folder, self._uv.variables)
        if isinstance(error, UsageError) and is_about_python(answer.words):
            error.hint = self._describe_interpreters(python)
        if self._plan.tensorflow_v1 and isinstance(error, UsageError):
            error.hint = (
                "TensorFlow 1 became the newest TensorFlow 2: versions of other packages from its time"
                f" do not fit to that, so leave the versions out. {error.hint}"
            )
        return error

    def _describe_interpreters(self, python: Interpreter) -> str:
        """What to ask for instead: versions near those that were asked for, or another Python."""
        settled = self._settle(python, self._plan.requirements)
        lock = "\n".join(new.replace("~=", "==") for new in settled.values())
        nearest = [f"{name}=={version}" for name, version, _ in list_newer(settled, lock)]
        hints: list[str] = []
        if nearest:
            what = f"The nearest with wheels for Python {python.version}"
            hints.append(f"{what}: {', '.join(nearest)}.")
        other = self._other_python(python)
        if other:
            hints.append(f'Python {other} has wheels for all of it: python_version="{other}".')
        if not hints:
            return f"Nothing near it has wheels for Python {python.version}: use another package."
        return f"{' '.join(hints)} Or leave the versions out."

    def _other_python(self, tried: Interpreter) -> str:
        """A version of Python that has wheels for everything; empty: none, or all were tried."""
        if not self._plan.python or self._is_range:
            return ""
        for other in list_pythons(self._uv):
            if other.minor != tried.minor and self._compile(other, wheels_only=True).code == 0:
                return ".".join(map(str, other.minor))
        return ""

    def _compile(self, python: Interpreter, *, wheels_only: bool = False) -> Answer:
        """Find exact versions; without what nobody wrote, if it is that which cannot be had."""
        plan = self._plan
        answer = self._fit(python, plan.requirements, wheels_only=wheels_only)
        written = [line for line in plan.requirements if line not in plan.optional]
        is_less = 0 < len(written) < len(plan.requirements)
        if answer.code == 0 or not is_less or not is_contradiction(answer.words):
            return answer
        without = self._fit(python, written, wheels_only=wheels_only)
        return without if without.code == 0 else answer

    def _fit(
        self, python: Interpreter, lines: Sequence[str], *, wheels_only: bool = False
    ) -> Answer:
        """Find exact versions; those that may be newer than they say are settled first."""
        lenient = [line for line in self._plan.or_newer if line in lines]
        if not lenient:
            return self._ask(python, lines, wheels_only=wheels_only)
        settled = self._settle(python, lenient)
        answer = self._ask(
            python, [settled.get(line, line) for line in lines], wheels_only=wheels_only
        )
        if answer.code == 0 or not is_contradiction(answer.words):
            return answer
        loose = {line: or_newer(line) or line for line in lenient}
        return self._ask(python, [loose.get(line, line) for line in lines], wheels_only=wheels_only)

    def _settle(self, python: Interpreter, lines: Sequence[str]) -> dict[str, str]:
        """The lowest versions from those on that are asked for that have wheels and fit together."""
        loose = {line: newer for line in lines if (newer := or_newer(line)) is not None}
        if not loose:
            return {}
        others = [line for line in self._plan.requirements if line not in loose]
        answer = self._ask(
            python,
            [*loose.values()],
            [line for line in others if requirement_name(line) and "[" not in line],
            more=("--resolution", "lowest-direct"),
            wheels_only=True,
        )
        if answer.code != 0:  # not one of all its versions has wheels: any will do
            return {line: without_versions(line) for line in loose}
        locked = read_lock(answer.output)
        return {
            line: at(line, locked[name])
            for line in loose
            if (name := requirement_name(line)) in locked
        }

    def _ask(
        self,
        python: Interpreter,
        lines: Sequence[str],
        constraints: Sequence[str] = (),
        *,
        more: Sequence[str] = (),
        wheels_only: bool,
    ) -> Answer:
        self._uv.report(f"resolving {self._names} for Python {python.version}")
        limits = (*self.options.constraints, *constraints)
        command = ["pip", "compile", "requirements.in", "--python", python.path, "--no-header"]
        command += ["--no-annotate", *self.options.words, *more]
        if limits:
            command += ["--constraints", "constraints.txt"]
        if wheels_only:
            command += ["--only-binary", ":all:"]
        files = {"requirements.in": (*self.options.lines, *lines), "constraints.txt": limits}
        return self._uv.run(command, doing="resolving", files=files)

    def _resolved(self, python: Interpreter, answer: Answer) -> Resolved:
        lock = "\n".join((*self.options.lines, answer.output))
        notes = describe_newer(self._plan.or_newer, lock, python.version)
        missing = [
            line for line in self._plan.optional if requirement_name(line) not in read_lock(lock)
        ]
        left_out = f"left out, as it cannot be had with the rest: {', '.join(missing)}"
        local = json.dumps(fingerprint(self._plan.requirements))
        return Resolved(python, lock, (*notes, *([left_out] if missing else [])), local)


def _pairs(options: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options with their values, empty for those that have none."""
    words = iter(options)
    for name in words:
        yield name, "" if name in ("--no-index", "--pre") else next(words, "")
