"""From the words of pip and conda to a frozen plan of an environment; nothing is installed here."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from trackboard.environments.gpus import has_gpu
from trackboard.environments.interpreters.python_version import PythonChoice, choose_python
from trackboard.environments.packages.conda import join_pythons, parse_spec
from trackboard.environments.packages.conda_names import is_python_package
from trackboard.environments.packages.curated import find_curated
from trackboard.environments.packages.requirements import (
    read_lines,
    read_options,
    requirement_name,
    without_versions,
)
from trackboard.environments.packages.sdk_packages import (
    is_installed_here,
    is_of_the_sdk,
    replace_sdk,
)
from trackboard.environments.packages.tensorflow import replace_tensorflow
from trackboard.errors import UsageError
from trackboard.model import EnvironmentPlan, EnvironmentRequest

_TOOLS = frozenset(("pip", "setuptools", "wheel"))  # nobody asks for an environment to have these
_FOR_GPUS = re.compile(r"gpu|cuda", re.IGNORECASE)
_OLD_CODE = (
    "packages without a version are installed in their newest one; where code of that age fails in them,"
    " name versions of its time, such as numpy<1.24 and pandas<2"
)


@dataclass
class _Draft:
    """A plan while it is made."""

    python: list[str]
    packages: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    or_newer: list[str] = field(default_factory=list)  # of the packages
    optional: list[str] = field(default_factory=list)


def plan_environment(request: EnvironmentRequest) -> EnvironmentPlan:
    """Decide what a job's interpreter shall have.

    Raises:
        UsageError: What was asked for contradicts itself, or is not in the words of pip and conda.
        NotFound: A file that it names is not there.
    """
    if request.interpreter:
        return _use_interpreter(request)
    draft = _Draft([request.python])
    _add_pip(draft, request)
    _add_conda(draft, request.conda_packages)
    python = choose_python(join_pythons(draft.python))
    is_curated_v1 = _add_curated(draft, request)
    if not python.version and all(map(_is_here, draft.packages)):
        return EnvironmentPlan(
            request.name,
            request.version,
            sys.executable,
            tensorflow_v1=request.tensorflow_v1 or is_curated_v1,
            substitutions=(*draft.sentences, *replace_sdk(draft.packages).sentences),
        )
    _replace_sdk(draft)
    replaced = replace_tensorflow(draft.packages)
    is_v1 = request.tensorflow_v1 or is_curated_v1 or replaced.is_v1
    _describe_python(draft, python, replaced.requirements)
    return EnvironmentPlan(
        name=request.name,
        version=request.version,
        python=python.version,
        oldest_python=python.is_raised,
        requirements=replaced.requirements,
        or_newer=tuple(line for line in draft.or_newer if line in replaced.requirements),
        optional=tuple(draft.optional),
        options=tuple(draft.options),
        tensorflow_v1=is_v1,
        substitutions=(*draft.sentences, *replaced.sentences),
    )


def _use_interpreter(request: EnvironmentRequest) -> EnvironmentPlan:
    if request.python or request.pip_packages or request.conda_packages or request.pip_options:
        raise UsageError(
            f"the environment {request.name!r} names the interpreter {request.interpreter!r}, which is"
            " used as it is, and packages or a version as well",
            hint="Leave out the packages, and install them into that interpreter; or leave out the"
            " interpreter (user_managed_dependencies=False), and an environment is built.",
        )
    named = Path(os.path.expanduser(request.interpreter))
    if request.interpreter == "python":
        interpreter = sys.executable
    elif named.name == str(named):
        interpreter = request.interpreter  # a command, looked up where the job runs
    else:
        interpreter = str(named.absolute())
    return EnvironmentPlan(
        request.name, request.version, interpreter, tensorflow_v1=request.tensorflow_v1
    )


def _add_pip(draft: _Draft, request: EnvironmentRequest) -> None:
    here = Path.cwd()
    for wanted in (
        read_lines(request.pip_packages, here),
        read_options(request.pip_options, here),
    ):
        draft.packages += wanted.packages
        draft.options += wanted.options


def _add_conda(draft: _Draft, packages: Iterable[str]) -> None:
    became: list[str] = []
    left_out: list[str] = []
    for text in packages:
        spec = parse_spec(text)
        if spec.unclear and is_python_package(spec.name):
            draft.sentences.append(f"{text}: pip has no words for {spec.unclear!r}, left out")
        if spec.name == "python":
            draft.python.append(spec.versions)
        elif spec.name in _TOOLS:
            draft.packages.append(spec.name)  # a version of that age is of no use to anybody
        elif not spec.requirement:
            left_out.append(text)
        else:
            draft.packages.append(spec.requirement)
            became.append(f"{text} -> {spec.requirement}" if text != spec.requirement else text)
    if became:
        draft.sentences.append(f"conda packages are installed from PyPI: {', '.join(became)}")
    if left_out:
        draft.sentences.append(
            f"left out, as they are no packages of Python: {', '.join(left_out)};"
            " what they hold comes with the packages that need it, or from this machine"
        )


def _add_curated(draft: _Draft, request: EnvironmentRequest) -> bool:
    """Say what a ready-made environment is today; whether it held TensorFlow 1."""
    curated = find_curated(request.curated) or find_curated(request.name)
    if curated is None:
        return False
    if not draft.packages and not draft.python[0] and find_curated(request.name):
        draft.packages += curated.pip_packages
    if set(draft.packages) >= set(curated.pip_packages):
        draft.sentences.insert(0, curated.description)
    draft.or_newer += (line for line in draft.packages if line in curated.pip_packages)
    if _FOR_GPUS.search(curated.name) and not curated.tensorflow_v1 and has_gpu():
        _add_cuda(draft)
    return curated.tensorflow_v1


def _add_cuda(draft: _Draft) -> None:
    for lines in (draft.packages, draft.or_newer):
        for location, line in enumerate(lines):
            if re.match(r"tensorflow(?![\w.\[-])", line):
                lines[location] = f"tensorflow[and-cuda]{line.removeprefix('tensorflow')}"
                if lines is draft.packages:
                    what = "tensorflow comes with NVIDIA's libraries, as there is a GPU here"
                    draft.sentences.append(what)


def _is_here(line: str) -> bool:
    """Whether the interpreter that submits has it, or what would be installed in its place."""
    if requirement_name(line) in _TOOLS:
        return True
    return is_of_the_sdk(line) and is_installed_here(line)


def _replace_sdk(draft: _Draft) -> None:
    replaced = replace_sdk(draft.packages)
    draft.packages = [*replaced.others, *replaced.brought]
    draft.optional += replaced.brought
    draft.or_newer += (line for line in replaced.brought if without_versions(line) != line)
    draft.sentences += replaced.sentences
    if replaced.brought:
        what = ", ".join(replaced.brought)
        draft.sentences.append(f"installed, as the SDK's packages bring it along: {what}")


def _describe_python(draft: _Draft, python: PythonChoice, requirements: Iterable[str]) -> None:
    if python.sentence:
        draft.sentences.append(python.sentence)
    if python.is_of_old and any(without_versions(line) == line for line in requirements):
        draft.sentences.append(_OLD_CODE)
