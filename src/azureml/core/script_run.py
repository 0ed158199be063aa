"""`azureml.core.script_run`: the run of a submitted script."""

from __future__ import annotations

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.core.run import Run

__getattr__ = other_names(__name__)


class ScriptRun(Run):
    """A submitted run, as the one who submitted it sees it."""

    RUN_TYPE = "azureml.scriptrun"
