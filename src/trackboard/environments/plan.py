"""From the words of pip and conda to a frozen plan of an environment; nothing is installed here."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from trackboard.environments.conda import join_pythons, parse_spec
from trackboard.environments.conda_names import NOT_PYTHON
from trackboard.environments.curated import find_curated
from trackboard.environments.requirements import (
    read_lines,
    read_options,
    requirement_name,
)
from trackboard.environments.tensorflow import replace_tensorflow
from trackboard.errors import UsageError
from trackboard.model import EnvironmentPlan, EnvironmentRequest

_OURS = "azureml-"  # the SDK's packages, whose part this trackboard plays
_TOOLS = frozenset(("pip", "setuptools", "wheel"))  # nobody asks for an environment to have these
_FOR_GPUS = re.compile(r"gpu|cuda", re.IGNORECASE)
_PYTHON = re.compile(r"\d+(\.\d+){0,2}|([<>=!~]=?\s*\d+(\.\d+)*(\.\*)?\s*(,\s*)?)+")


@dataclass
class _Draft:
    """A plan while it is made."""

    python: list[str]
    packages: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)


def plan_environment(request: EnvironmentRequest) -> EnvironmentPlan:
    """Decide what a job's interpreter shall have.

    Raises:
        UsageError: What was asked for contradicts itself, or is not in the words of pip and conda.
        NotFound: A file that it names is not there.
    """
    if request.interpreter:
        return _as_it_is(request)
    draft = _Draft([_checked_python(request.python)])
    _add_pip(draft, request)
    _add_conda(draft, request.conda_packages)
    is_curated_v1 = _add_curated(draft, request)
    _drop_ours(draft)
    replaced = replace_tensorflow(draft.packages)
    python = join_pythons(draft.python)
    sentences = (*draft.sentences, *replaced.sentences)
    is_v1 = request.tensorflow_v1 or is_curated_v1 or replaced.is_v1
    if not python and all(requirement_name(line) in _TOOLS for line in replaced.requirements):
        return EnvironmentPlan(
            request.name,
            request.version,
            sys.executable,
            tensorflow_v1=is_v1,
            substitutions=sentences,
        )
    return EnvironmentPlan(
        name=request.name,
        version=request.version,
        python=python,
        requirements=replaced.requirements,
        options=tuple(draft.options),
        tensorflow_v1=is_v1,
        substitutions=sentences,
    )


def _as_it_is(request: EnvironmentRequest) -> EnvironmentPlan:
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


def _checked_python(version: str) -> str:
    text = version.strip()
    if text and not _PYTHON.fullmatch(text):
        raise UsageError(
            f"{version!r} is no version of Python",
            hint='Write it as "3.11", "3.11.4" or ">=3.10,<3.13".',
        )
    return text


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
        if spec.unclear and spec.name not in NOT_PYTHON:
            draft.sentences.append(f"{text}: pip has no words for {spec.unclear!r}, left out")
        if spec.name == "python":
            draft.python.append(_checked_python(spec.versions))
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
    curated = find_curated(request.name)
    if curated is None:
        return False
    if not draft.packages and not draft.python[0]:
        draft.packages += curated.pip_packages
    if set(draft.packages) >= set(curated.pip_packages):
        draft.sentences.insert(0, curated.description)
    if _FOR_GPUS.search(request.name) and "tensorflow" in draft.packages and _has_gpu():
        draft.packages[draft.packages.index("tensorflow")] = "tensorflow[and-cuda]"
        draft.sentences.append("tensorflow comes with NVIDIA's libraries, as there is a GPU here")
    return curated.tensorflow_v1


def _has_gpu() -> bool:
    return shutil.which("nvidia-smi") is not None


def _drop_ours(draft: _Draft) -> None:
    ours = dict.fromkeys(
        line for line in draft.packages if requirement_name(line).startswith(_OURS)
    )
    if ours:
        draft.packages = [line for line in draft.packages if line not in ours]
        draft.sentences.append(
            f"not installed, as this trackboard answers to their names: {', '.join(ours)}"
        )
    draft.packages = [*dict.fromkeys(draft.packages)]
