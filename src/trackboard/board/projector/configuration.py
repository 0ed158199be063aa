"""Configurations of TensorBoard's projector, which may name files by where they were once."""

from __future__ import annotations

import re
from collections.abc import Collection

from trackboard.model.tensorboard_files import CHECKPOINT, PROJECTOR

_ABSOLUTE = re.compile(r"([\"'])(/[^\"'\n]+)\1")


def names_files(path: str) -> bool:
    """Whether a file of a log directory names others of it."""
    return path.rpartition("/")[2] in (PROJECTOR, CHECKPOINT)


def localize_beside(path: str, content: bytes, beside: Collection[str]) -> bytes:
    """Localize what a configuration holds.

    Args:
        path: Its path within the log directory.
        content: What it holds.
        beside: Paths of the files in that.
    """
    folder = path.rpartition("/")[0]
    below = [each.removeprefix(f"{folder}/") if folder else each for each in beside]
    text = content.decode("utf-8", "surrogateescape")
    return localize(text, below).encode("utf-8", "surrogateescape")


def localize(text: str, files: Collection[str]) -> str:
    """Name files by their paths within the log directory, where an absolute path ends with one.

    A job's working copy is gone when it has ended, and what was uploaded lies elsewhere.

    Args:
        text: The configuration, or TensorFlow's list of checkpoints.
        files: Paths of the files of the log directory, relative to the configuration's folder.
    """
    known = set(files)
    known.update(re.sub(r"\.(index|meta|data-\d+-of-\d+)$", "", each) for each in files)

    def replace(match: re.Match[str]) -> str:
        parts = match[2].strip("/").split("/")
        ends = ("/".join(parts[at:]) for at in range(len(parts)))
        found = next((end for end in ends if end in known), match[2])
        return f"{match[1]}{found}{match[1]}"

    return _ABSOLUTE.sub(replace, text)
