"""What an estimator was asked for: the arguments of all of them, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, List, Mapping


@dataclass(frozen=True)
class Asked:
    """The arguments of an estimator, as they were given; see `MMLBaseEstimator` for what they mean."""

    source_directory: Any = None
    compute_target: Any = None
    vm_size: Any = None
    vm_priority: Any = None
    entry_script: Any = None
    script_params: Any = None
    node_count: Any = 1
    process_count_per_node: Any = 1
    worker_count: Any = 1
    parameter_server_count: Any = 1
    distributed_backend: Any = None
    distributed_training: Any = None
    use_gpu: Any = False
    use_docker: Any = True
    custom_docker_base_image: Any = None
    custom_docker_image: Any = None
    image_registry_details: Any = None
    user_managed: Any = False
    conda_packages: Any = None
    pip_packages: Any = None
    conda_dependencies_file_path: Any = None
    pip_requirements_file_path: Any = None
    conda_dependencies_file: Any = None
    pip_requirements_file: Any = None
    environment_variables: Any = None
    environment_definition: Any = None
    inputs: Any = None
    source_directory_data_store: Any = None
    shm_size: Any = None
    resume_from: Any = None
    max_run_duration_seconds: Any = None
    framework_version: Any = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Asked:
        """From the local variables of a constructor."""
        return cls(
            **{field.name: given[field.name] for field in fields(cls) if field.name in given}
        )

    def list_said(self, *names: str) -> List[str]:
        """Which of some arguments were given another value than their default."""
        defaults = {field.name: field.default for field in fields(self)}
        return [name for name in names if getattr(self, name) != defaults[name]]
