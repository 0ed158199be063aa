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
        maven_libraries: Packages of Maven; kept and shown.
        pypi_libraries: Packages of PyPI; kept and shown.
        rcran_libraries: Packages of R; kept and shown.
        jar_libraries: Archives of Java; kept and shown.
        egg_libraries: Archives of Python; kept and shown.
        cluster: The cluster's description; kept and shown.
    """

    maven_libraries: List[Any] = field(default_factory=list)
    pypi_libraries: List[Any] = field(default_factory=list)
    rcran_libraries: List[Any] = field(default_factory=list)
    jar_libraries: List[Any] = field(default_factory=list)
    egg_libraries: List[Any] = field(default_factory=list)
    cluster: Optional[Any] = None
