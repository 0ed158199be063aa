"""Files that TensorBoard and its plugins look for in a log directory, told by their names."""

from __future__ import annotations

import re
from typing import List

EVENTS = "tfevents"
PROJECTOR = "projector_config.pbtxt"
CHECKPOINT = "checkpoint"  # TensorFlow's list of checkpoints in a folder
PLUGINS = "plugins"  # the folder beside event files that belongs to plugins, whole

# A folder with such a file is a log directory: words that the names of these files hold.
MARKS = (
    EVENTS,
    PROJECTOR,
    "tfdbg_events.",  # Debugger V2
    ".pt.trace.json",  # PyTorch's profiler
    ".xplane.pb",  # TensorFlow's and JAX's
)

SMALL_BYTES = 16 << 20  # of a file that belongs to an event file because it lies beside it

_NAMED = re.compile(
    r"\b(tensor_path|metadata_path|bookmarks_path|image_path|model_checkpoint_path)"
    r"\s*:\s*(?:\"((?:[^\"\\\n]|\\.)*)\"|'((?:[^'\\\n]|\\.)*)')"
)
_CHECKPOINT = "model_checkpoint_path"


def is_event_file(name: str) -> bool:
    """Whether TensorBoard takes a file for an event file."""
    return EVENTS in name


def is_marked(name: str) -> bool:
    """Whether the folder of a file is a log directory because of it."""
    return any(mark in name for mark in MARKS)


def find_named(text: str) -> List[str]:
    """Find the paths that a projector's configuration or a list of checkpoints names.

    Returns:
        What is written there: absolute, or relative to the folder of that file. A checkpoint is several
        files; its path ends with a dot then, and their names begin with it.
    """
    return [
        (double or single) + ("." if field == _CHECKPOINT else "")
        for field, double, single in _NAMED.findall(text)
    ]
