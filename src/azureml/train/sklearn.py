"""`azureml.train.sklearn`: the scikit-learn estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Union

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml.train._environment import Framework
from azureml.train._estimator import MMLBaseEstimator

if TYPE_CHECKING:
    from azureml.core.compute import ComputeTarget
    from azureml.core.environment import Environment
    from azureml.train._script_params import ScriptParams

__getattr__ = other_names(__name__)

__all__ = ["SKLearn"]


def _packages(_version: str, _has_gpu: bool) -> List[str]:
    return ["scikit-learn"]


class SKLearn(MMLBaseEstimator):
    """A scikit-learn script and where it runs; the arguments are those of `MMLBaseEstimator`.

    Raises:
        TrainingException: An argument cannot be used.
    """

    FRAMEWORK_NAME = "SKLearn"
    DEFAULT_VERSION = "0.20.3"

    _backends = ()
    _framework = Framework(
        "scikit-learn", versions=(DEFAULT_VERSION,), version=DEFAULT_VERSION, packages=_packages
    )

    def __init__(
        self,
        source_directory: str,
        *,
        compute_target: Union[ComputeTarget, str, None] = None,
        vm_size: Optional[str] = None,
        vm_priority: Optional[str] = None,
        entry_script: Optional[str] = None,
        script_params: ScriptParams = None,
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
        framework_version: Optional[str] = None,
        _enable_optimized_mode: bool = False,
        _disable_validation: bool = True,
        _show_lint_warnings: bool = False,
        _show_package_warnings: bool = False,
    ) -> None:
        self._set_up(locals())
