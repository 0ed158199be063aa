"""The parameters of all estimators: one table, in groups, from which their signatures are made."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Callable, Concatenate, Dict, List, Optional, ParamSpec, Union

if TYPE_CHECKING:
    from azureml.core.compute import ComputeTarget
    from azureml.core.environment import Environment
    from azureml.train._script_params import ScriptParams

# A dataclass of several groups has the fields of the last one first: each is written from its end.


@dataclass(frozen=True, kw_only=True)
class TargetParameters:
    """Those of what runs, and where."""

    source_directory: str = field(kw_only=False)
    compute_target: Union[ComputeTarget, str, None] = None
    vm_size: Optional[str] = None
    vm_priority: Optional[str] = None
    entry_script: Optional[str] = None
    script_params: ScriptParams = None


@dataclass(frozen=True, kw_only=True)
class ProcessParameters:
    """Those of the processes of a distributed job."""

    node_count: int = 1
    process_count_per_node: int = 1


@dataclass(frozen=True, kw_only=True)
class WorkerParameters:
    """Those of the processes of TensorFlow."""

    worker_count: int = 1
    parameter_server_count: int = 1


@dataclass(frozen=True, kw_only=True)
class DistributedParameters:
    """Those of how processes find each other, and of what they run on."""

    distributed_backend: Optional[str] = None
    distributed_training: Optional[object] = None
    use_gpu: bool = False


@dataclass(frozen=True, kw_only=True)
class PackageParameters:
    """Those of the environment, and of all else that is the same for every estimator."""

    use_docker: bool = True
    custom_docker_base_image: Optional[str] = None
    custom_docker_image: Optional[str] = None
    image_registry_details: Optional[object] = None
    user_managed: bool = False
    conda_packages: Optional[List[str]] = None
    pip_packages: Optional[List[str]] = None
    conda_dependencies_file_path: Optional[str] = None
    pip_requirements_file_path: Optional[str] = None
    conda_dependencies_file: Optional[str] = None
    pip_requirements_file: Optional[str] = None
    environment_variables: Optional[Dict[str, str]] = None
    environment_definition: Optional[Environment] = None
    inputs: Optional[List[Any]] = None
    source_directory_data_store: Optional[object] = None
    shm_size: Optional[str] = None
    resume_from: Optional[object] = None
    max_run_duration_seconds: Optional[float] = None


@dataclass(frozen=True, kw_only=True)
class FrameworkParameters:
    """That of a framework."""

    framework_version: Optional[str] = None


@dataclass(frozen=True, kw_only=True)
class UnusedParameters:
    """Those that are accepted for the SDK's signature."""

    _enable_optimized_mode: bool = False
    _disable_validation: bool = True
    _show_lint_warnings: bool = False
    _show_package_warnings: bool = False


@dataclass(frozen=True, kw_only=True)
class Arguments(
    UnusedParameters,
    FrameworkParameters,
    PackageParameters,
    DistributedParameters,
    WorkerParameters,
    ProcessParameters,
    TargetParameters,
):
    """The arguments of an estimator, those that it does not take at their defaults.

    `MMLBaseEstimator` says what they mean. These are the parameters of `TensorFlow`, which takes all.
    """

    def list_said(self, *names: str) -> List[str]:
        """Return which of some arguments were given another value than their default."""
        defaults = {one.name: one.default for one in fields(self)}
        return [name for name in names if getattr(self, name) != defaults[name]]


@dataclass(frozen=True, kw_only=True)
class OfFramework(
    UnusedParameters,
    FrameworkParameters,
    PackageParameters,
    DistributedParameters,
    ProcessParameters,
    TargetParameters,
):
    """The parameters of `PyTorch` and `Chainer`."""


@dataclass(frozen=True, kw_only=True)
class OfOneProcess(UnusedParameters, FrameworkParameters, PackageParameters, TargetParameters):
    """The parameters of `SKLearn`."""


@dataclass(frozen=True, kw_only=True)
class OfScript(
    UnusedParameters,
    PackageParameters,
    DistributedParameters,
    ProcessParameters,
    TargetParameters,
):
    """The parameters of `Estimator`."""


P = ParamSpec("P")


def takes(
    table: Callable[P, Any],
) -> Callable[[Callable[[Any, Arguments], None]], Callable[Concatenate[Any, P], None]]:
    """Give a constructor the parameters of a table, for its callers, `inspect` and type checkers alike.

    Args:
        table: One of the dataclasses above; the constructor itself is called with all `Arguments`.
    """

    def decorate(
        construct: Callable[[Any, Arguments], None],
    ) -> Callable[Concatenate[Any, P], None]:
        @functools.wraps(construct)
        def constructor(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> None:
            try:
                given = vars(table(*args, **kwargs))
            except TypeError as error:
                words = str(error).partition(".__init__")
                raise TypeError("".join([type(self).__name__, *words[1:]])) from None
            construct(self, Arguments(**given))

        parameters = inspect.signature(table).parameters.values()
        own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        constructor.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [own, *parameters], return_annotation="None"
        )
        return constructor

    return decorate
