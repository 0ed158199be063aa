"""What a job's interpreter shall have installed: as it was asked for, and as it was decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

ANY_PYTHON = "python"  # as the interpreter of a plan: the one that the worker has there


@dataclass(frozen=True)
class EnvironmentRequest:
    """What the user asked for, in the words of pip and conda.

    Without an interpreter, a Python version and packages it means the interpreter that submits, as it
    is. With an interpreter it means that one, as it is, and `python` and the packages must be empty.
    """

    name: str = ""  # what people call it; curated names mean more than their packages
    version: str = ""  # of a registered environment
    interpreter: str = ""  # path of an interpreter to be used as it is, or a command of that name
    python: str = ""  # a version that the user wrote, such as "3.9"; "": any will do
    pip_packages: Tuple[str, ...] = ()  # requirement lines
    conda_packages: Tuple[str, ...] = ()  # match specifications
    pip_options: Tuple[str, ...] = ()  # such as "--extra-index-url", one word each
    tensorflow_v1: bool = False  # it was made for TensorFlow 1, whatever its packages say
    curated: str = ""  # the curated environment that its packages were taken from, under a new name


@dataclass(frozen=True)
class EnvironmentPlan:
    """What was decided about a job's interpreter; part of its plan.

    Either `interpreter` is used as it is, or a virtual environment with these requirements is built
    where the job runs, once for all jobs that ask for the same.
    """

    name: str = ""
    version: str = ""
    interpreter: str = ""  # empty: an environment is built
    python: str = ""  # a version that it must have; empty: any that the requirements allow
    oldest_python: bool = False  # of these, the oldest that has wheels for the requirements
    requirements: Tuple[str, ...] = ()
    or_newer: Tuple[str, ...] = ()  # of these, those for which the next newer with wheels will do
    optional: Tuple[
        str, ...
    ] = ()  # of these, those that nobody wrote: left out if they cannot be had
    options: Tuple[str, ...] = ()
    tensorflow_v1: bool = False  # `import tensorflow` is the interface of version 1
    substitutions: Tuple[str, ...] = ()  # what was asked for and what it became, a sentence each
