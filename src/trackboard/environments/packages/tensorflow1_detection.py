"""How old a script is: whether it was written for TensorFlow 1, which no Python of today has."""

from __future__ import annotations

import io
import re
import shlex
import sys
import tokenize
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from trackboard.inside import TENSORFLOW_V1
from trackboard.model import EnvironmentPlan

_READ_BYTES = 1 << 20  # of a script
_MODULES = re.compile(
    r"^[ \t]*(?:from|import) tensorflow\.(?:examples\.tutorials|contrib)\b", re.MULTILINE
)
_AWARE = re.compile(r"\bcompat\.v1\b|\bcompat import v1\b|\bdisable_v2_behavior\b")
_IMPORT = re.compile(r"\bimport\b[^\n;]{0,500}?\btensorflow(?: as (\w+))?(?=\s*(?:[,;\n]|$))")
_FROM = re.compile(r"^[ \t]*from tensorflow import\b([^\n;]+)", re.MULTILINE)
# What only version 1 has under `tf.`.
_NAMES = re.compile(
    r"app\.(?:run|flags)\b|flags\.|contrib\.|placeholder\(|(?:Interactive)?Session\(|ConfigProto\("
    r"|get_variable\(|global_variables_initializer\(|initialize_all_variables\("
    r"|summary\.(?:FileWriter|merge_all)\(|train\.\w+Optimizer\("
)
_IMPORTED = re.compile(r"\b(?:app|contrib|flags|placeholder|Session|InteractiveSession)\b")
_TENSORFLOW = re.compile(
    r"(tensorflow(?:[-_.](?:cpu|gpu|intel|macos))?)(\[[^\]]*\])?\s*($|[^\w.\-])"
)


def wants_tensorflow_v1(text: str) -> bool:
    """Whether a script uses what TensorFlow 1 has and TensorFlow 2 has not.

    One that says `compat.v1` itself knows of both; comments and texts do not count.

    Args:
        text: The script, for whatever version of Python.
    """
    if "tensorflow" not in text:
        return False
    code = _code_of(text)
    if _MODULES.search(code):
        return True
    if _AWARE.search(code):
        return False
    if any(_IMPORTED.search(names) for names in _FROM.findall(code)):
        return True
    names = {found or "tensorflow" for found in _IMPORT.findall(code)}
    return any(
        _NAMES.match(code, used.end())
        for name in names
        for used in re.finditer(rf"(?<![\w.]){name}\.", code)
    )


def fit_environment(
    environment: EnvironmentPlan,
    source: Path,
    script: Sequence[str],
    command: str,
    variables: Mapping[str, str],
) -> EnvironmentPlan:
    """Decide whether TensorFlow has the interface of version 1 in a job, and say so.

    The variable TRACKBOARD_TENSORFLOW_V1 decides where it is set, to "1" or "0"; else what was asked for
    and the script's age do, where TensorFlow is to be had at all.

    Args:
        environment: What was decided by its packages alone.
        source: The source folder.
        script: The script's path within it, if the job is one.
        command: The line for a shell, if it is that.
        variables: The job's variables.
    """
    switch = variables.get(TENSORFLOW_V1)
    if switch == "0":
        return replace(environment, tensorflow_v1=False)
    why = ""
    if switch == "1":
        why = f"{TENSORFLOW_V1}=1"
    elif not _may_hold_tensorflow(environment):
        return environment
    elif environment.tensorflow_v1:
        why = "it was asked for"
    else:
        old = next(filter(None, map(_old_script, _scripts(source, script, command))), "")
        why = f"{old} is written for it" if old else ""
    if not why:
        return environment
    sentence = (
        f"TensorFlow has the interface of version 1 in this job, as {why}; {TENSORFLOW_V1}=0 in the"
        " environment variables leaves version 2 as it is"
    )
    return replace(
        environment,
        tensorflow_v1=True,
        requirements=_with_legacy_keras(environment.requirements),
        substitutions=(*environment.substitutions, sentence),
    )


def _may_hold_tensorflow(environment: EnvironmentPlan) -> bool:
    if environment.interpreter == sys.executable:
        return "tensorflow" in sys.modules or find_spec("tensorflow") is not None
    if environment.interpreter:
        return True  # nobody has looked
    return any(map(_TENSORFLOW.match, environment.requirements))


def _with_legacy_keras(requirements: tuple[str, ...]) -> tuple[str, ...]:
    """`tf.layers` and `tf.keras` of version 1 are in Keras 2, which the newest TensorFlow has no longer."""
    found = [_TENSORFLOW.match(line) for line in requirements]
    is_newest = any(match and match[1] == "tensorflow" and not match[3] for match in found)
    if not is_newest or any(re.match(r"tf[-_.]keras\b", line) for line in requirements):
        return requirements
    return (*requirements, "tf-keras")


def _scripts(source: Path, script: Sequence[str], command: str) -> Iterator[Path]:
    """The script, or what a command line names in the folder that could be one."""
    yield from (source / name for name in script)
    try:
        words = shlex.split(command)
    except ValueError:  # a shell's own grammar, which need not be ours
        words = command.split()
    for word in words:
        path = source / word
        if word.endswith(".py") and path.is_file():
            yield path


def _old_script(path: Path) -> str:
    """The script's name if it is written for version 1, else nothing."""
    if path.suffix != ".py":
        return ""
    with open(path, "rb") as file:
        text = file.read(_READ_BYTES).decode(errors="replace")
    return path.name if wants_tensorflow_v1(text) else ""


def _code_of(text: str) -> str:
    """The script without comments and texts, and without spaces that mean nothing."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):  # of Python 2, or no Python: take it as it is
        return text
    parts: list[str] = []
    for token in tokens:
        is_word = token.type in (tokenize.NAME, tokenize.NUMBER)
        if token.type == tokenize.NEWLINE:
            parts.append("\n")
        elif is_word and parts and (parts[-1][-1].isalnum() or parts[-1][-1] == "_"):
            parts.append(f" {token.string}")
        elif is_word or token.type == tokenize.OP:
            parts.append(token.string)
    return "".join(parts)
