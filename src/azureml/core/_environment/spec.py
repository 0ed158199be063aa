"""What an environment says, as one value: `Environment` becomes one, and is made of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Optional

from azureml.core._environment.sections import (
    DockerSection,
    PythonSection,
    RSection,
    SparkSection,
)
from azureml.core.databricks import DatabricksSection


@dataclass(frozen=True)
class EnvironmentSpec:
    """All that an environment says at one moment; see `Environment` for what the fields mean.

    What registers, describes and installs environments takes and returns these, and knows nothing of
    `Environment`, which people hold and change. The sections are the environment's own, not copies.
    """

    name: str
    version: Optional[str] = None
    asset_id: Any = None
    environment_variables: Dict[str, str] = field(default_factory=dict)
    python: PythonSection = field(default_factory=PythonSection)
    docker: DockerSection = field(default_factory=DockerSection)
    spark: SparkSection = field(default_factory=SparkSection)
    databricks: DatabricksSection = field(default_factory=DatabricksSection)
    r: Optional[RSection] = None
    inferencing_stack_version: Any = None
