"""The SDK's own packages: which this trackboard answers to, and what each of them brought along.

Scripts count on what came with `azureml-*`, so that is installed in its place. The table says what the
packages' metadata says, without what only their own code needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from trackboard.environments.packages.requirements import canonical, requirement_name, stays_below

PREFIX = "azureml-"

_DATA = ("numpy", "pyarrow")  # azureml-dataset-runtime, which nearly all of them require
_PYARROW_1 = "pyarrow~=20.0.0"  # later ones need numpy 2, and do not say so
_PANDAS = ("pandas~=1.5.0", "numpy~=1.26.0", _PYARROW_1)  # pandas<2 and numpy<2: the last of these
_INTERPRET = ("interpret-community~=0.31.0", "numpy~=1.23.0")

# Modules of these names are here.
_ANSWERED = frozenset(
    (
        *("core", "defaults", "sdk", "telemetry"),
        *("tensorboard", "train", "train-core", "widgets"),
    )
)
_BROUGHT = {
    "automl-core": _DATA,
    "automl-runtime": (*_DATA, "pandas", "scikit-learn", "scipy"),
    "contrib-fairness": ("fairlearn",),
    "dataprep": (),
    "dataset-runtime": _DATA,
    "defaults": _DATA,
    "explain-model": _INTERPRET,
    "interpret": _INTERPRET,
    "mlflow": ("mlflow-skinny",),
    "opendatasets": (*_DATA, *_PANDAS, "scipy"),
    "responsibleai": (*_INTERPRET, *_DATA, "responsibleai", "fairlearn"),
    "sdk": _DATA,
    "train-automl": (*_DATA, "pandas", "scikit-learn", "scipy"),
    "train-automl-client": _DATA,
    "train-automl-runtime": (*_DATA, "pandas", "scikit-learn", "scipy"),
}
_EXTRAS = {
    ("dataprep", "pandas"): (*_DATA, *_PANDAS),
    ("dataprep", "parquet"): _DATA[1:],
    ("dataprep", "pyarrow"): _DATA[1:],
    ("dataprep", "pyspark"): ("pyspark",),
    ("dataprep", "scipy"): ("scipy",),
    ("dataset-runtime", "pandas"): _PANDAS,
    ("dataset-runtime", "pyspark"): ("pyspark",),
    ("dataset-runtime", "scipy"): ("scipy",),
    ("mlflow", "deployments"): ("numpy", "pandas"),
    ("sdk", "explain"): _INTERPRET,
    ("sdk", "interpret"): _INTERPRET,
    ("sdk", "responsibleai"): (*_INTERPRET, "responsibleai", "fairlearn"),
}
_SAME = {"mlflow-skinny": "mlflow"}  # the second holds the first
_LINE = re.compile(r"azureml[-_.]+(?P<name>[\w.-]*\w)\s*(?:\[(?P<extras>[^\]]*)\])?", re.IGNORECASE)


@dataclass(frozen=True)
class Replaced:
    """Requirements after the replacement.

    Attributes:
        others: What is not the SDK's, as it was asked for.
        brought: What is installed for it, beside the others or instead of one without a version.
        sentences: What became of the SDK's, for people.
    """

    others: tuple[str, ...]
    brought: tuple[str, ...]
    sentences: tuple[str, ...]


def is_of_the_sdk(line: str) -> bool:
    """Whether a requirement is one of the SDK's packages."""
    return requirement_name(line).startswith(PREFIX)


def is_installed_here(line: str) -> bool:
    """Whether this interpreter has what one of the SDK's packages brought along.

    What all of them bring does not count: scripts that need it have it here, or ask for it.
    """
    names = {requirement_name(each) for each in _brought_by(line)}.difference(_DATA)
    return all(_is_installed(name) or _is_installed(_SAME.get(name, "")) for name in names)


def replace_sdk(requirements: Iterable[str]) -> Replaced:
    """Put what the SDK's packages brought in their place."""
    lines = [*dict.fromkeys(requirements)]
    ours = [line for line in lines if is_of_the_sdk(line)]
    if not ours:
        return Replaced(tuple(lines), (), ())
    others = {requirement_name(line): line for line in lines if line not in ours}
    brought: dict[str, str] = {}
    for line in (each for one in ours for each in _brought_by(one)):
        name = requirement_name(line)
        asked = others.get(name) or others.get(_SAME.get(name, ""))
        if asked is not None and (canonical(asked) != name or line == name):
            continue  # the user says which version, or we have none to say
        if line != name or name not in brought:
            brought[name] = line
    numpy = brought.get("numpy", others.get("numpy", ""))
    if brought.get("pyarrow") == "pyarrow" and stays_below(numpy or "numpy", 2):
        brought["pyarrow"] = _PYARROW_1
    kept = tuple(
        line for line in lines if line not in ours and requirement_name(line) not in brought
    )
    return Replaced(kept, tuple(brought.values()), tuple(_sentences(ours)))


def _brought_by(line: str) -> Iterable[str]:
    name, extras = _parts(line)
    yield from _BROUGHT.get(name, ())
    for extra in extras:
        yield from _EXTRAS.get((name, extra), ())


def _parts(line: str) -> tuple[str, tuple[str, ...]]:
    """`dataset-runtime` and `("pandas", "fuse")` of `azureml-dataset-runtime[pandas,fuse]~=1.61.0`."""
    name = requirement_name(line).removeprefix(PREFIX)
    match = _LINE.match(line)
    extras = (match["extras"] or "") if match else ""
    return name, tuple(re.sub(r"[-_.]+", "-", one.strip()).lower() for one in extras.split(","))


def _is_installed(name: str) -> bool:
    from importlib.metadata import Distribution

    return bool(name) and next(iter(Distribution.discover(name=name)), None) is not None


def _sentences(ours: list[str]) -> Iterable[str]:
    answered = [line for line in ours if _parts(line)[0] in _ANSWERED]
    others = [line for line in ours if line not in answered]
    if answered:
        yield f"not installed, as this trackboard answers to their names: {', '.join(answered)}"
    if others:
        yield f"not installed, and nothing here answers to their names: {', '.join(others)}"
