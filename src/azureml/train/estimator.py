"""`azureml.train.estimator`: the estimator of any script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Union

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.train._distributed import Mpi
from azureml.train._estimator import MMLBaseEstimator

if TYPE_CHECKING:
    from azureml.core.compute import ComputeTarget
    from azureml.core.environment import Environment
    from azureml.train._script_params import ScriptParams

__getattr__ = other_names(__name__)

__all__ = ["Estimator", "MMLBaseEstimator", "Mpi"]


class Estimator(MMLBaseEstimator):
    """A script, its packages and where it runs; the arguments are those of `MMLBaseEstimator`.

    Without packages it means the Python that submits, as it is.

    Raises:
        TrainingException: An argument cannot be used.
    """

    def __init__(
        self,
        source_directory: str,
        *,
        compute_target: Union[ComputeTarget, str, None] = None,
        vm_size: Optional[str] = None,
        vm_priority: Optional[str] = None,
        entry_script: Optional[str] = None,
        script_params: ScriptParams = None,
        node_count: int = 1,
        process_count_per_node: int = 1,
        distributed_backend: Optional[str] = None,
        distributed_training: Optional[object] = None,
        use_gpu: bool = False,
        use_docker: bool = True,
        custom_docker_base_image: Optional[str] = None,
        custom_docker_image: Optional[str] = None,
        image_registry_details: Optional[object] = None,
        user_managed: bool = False,
        conda_packages: Optional[List[str]] = None,
        pip_packages: Optional[List[str]] = None,
        conda_dependencies_file_path: Optional[str] = None,
        pip_requirements_file_path: Optional[str] = None,
        conda_dependencies_file: Optional[str] = None,
        pip_requirements_file: Optional[str] = None,
        environment_variables: Optional[Dict[str, str]] = None,
        environment_definition: Optional[Environment] = None,
        inputs: Optional[List[Any]] = None,
        source_directory_data_store: Optional[object] = None,
        shm_size: Optional[str] = None,
        resume_from: Optional[object] = None,
        max_run_duration_seconds: Optional[float] = None,
        _enable_optimized_mode: bool = False,
        _disable_validation: bool = True,
        _show_lint_warnings: bool = False,
        _show_package_warnings: bool = False,
    ) -> None:
        self._set_up(locals())
