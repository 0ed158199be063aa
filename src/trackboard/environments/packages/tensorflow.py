"""TensorFlow 1 can be installed on no Python of today: the newest TensorFlow 2 stands in for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trackboard.environments.packages.requirements import (
    parse_requirement,
    requirement_name,
    stays_below,
)

_TENSORFLOW = frozenset(("tensorflow", "tensorflow-gpu", "tensorflow-cpu"))
# Parts of TensorFlow 1 that had packages of their own, and whose versions of then fit to nothing else.
_PARTS = frozenset(("tensorboard", "tensorflow-estimator", "tensorflow-tensorboard"))


@dataclass(frozen=True)
class Replaced:
    """Requirements after the replacement.

    Attributes:
        requirements: What to install.
        is_v1: TensorFlow 1 was asked for.
        sentences: What was replaced, for people.
    """

    requirements: tuple[str, ...]
    is_v1: bool
    sentences: tuple[str, ...]


def replace_tensorflow(requirements: Iterable[str]) -> Replaced:
    """Put the newest TensorFlow 2 where a version 1 is asked for, and `tensorflow` for `-gpu`."""
    kept: list[str] = []
    sentences: list[str] = []
    is_v1 = False
    for line in requirements:
        name = requirement_name(line)
        found = parse_requirement(line) if name in _TENSORFLOW | _PARTS else None
        if found is None:
            kept.append(line)
        elif stays_below(line, 2):
            if name in _TENSORFLOW:
                is_v1 = True
                kept.append("tensorflow")
            else:
                sentences.append(f"{line} is left out: it is a part of TensorFlow 1")
                continue
            sentences.append(
                f"{line} can be installed on no Python of today: it becomes the newest TensorFlow 2,"
                " with the interface of version 1"
            )
        elif name == "tensorflow-gpu":
            found.name = "tensorflow"
            kept.append(str(found))
            sentences.append(f"{line} becomes {found}, which holds the GPU's part as well")
        else:
            kept.append(line)
    return Replaced(tuple(dict.fromkeys(kept)), is_v1, tuple(sentences))
