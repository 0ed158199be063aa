"""`azureml.core.databricks`: libraries of a Databricks cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, List, Optional

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.core._settings.sections import Section

__getattr__ = other_names(__name__)


@dataclass(repr=False)
class DatabricksSection(Section):
    """*Accepted*: nothing runs on Databricks.

    Args:
        maven_libraries: Kept and shown, like the other ones.
        pypi_libraries: Those.
        rcran_libraries: Those.
        jar_libraries: Those.
        egg_libraries: Those.
        cluster: That.
    """

    maven_libraries: List[Any] = field(default_factory=list)
    pypi_libraries: List[Any] = field(default_factory=list)
    rcran_libraries: List[Any] = field(default_factory=list)
    jar_libraries: List[Any] = field(default_factory=list)
    egg_libraries: List[Any] = field(default_factory=list)
    cluster: Optional[Any] = None
