"""What all estimators do: they are a ScriptRunConfig under older names."""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, Any, ClassVar, Iterator, List, Mapping, Optional, Tuple, Union

from azureml._notice import warn_once
from azureml.core._jobs.checks import variables_of
from azureml.core._jobs.distribution import set_distributed
from azureml.core._jobs.submission import Submission, submit
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import DockerConfiguration, RunConfiguration
from azureml.core.script_run import ScriptRun
from azureml.exceptions import AzureMLException, TrainingException
from azureml.train._distributed import find_distributed
from azureml.train._environment import Framework, check_version, choose_environment
from azureml.train._parameters import Arguments
from azureml.train._script_params import arguments_of, put_over

if TYPE_CHECKING:
    from azureml.core.experiment import Experiment

_NO_DATASETS = (
    "inputs= cannot be used: there are no datasets and datastores here. Pass the path of the data in"
    " script_params=."
)


class MMLBaseEstimator:
    """A script and where it runs; the base of all estimators.

    Args:
        source_directory: Folder that is copied to the job.
        compute_target: A compute target or its name.
        vm_size: Instead of a compute target: a machine for this job alone, which is this one.
        vm_priority: Accepted.
        entry_script: The script's path in that folder.
        script_params: Its arguments: a dict (an empty text or None stands for a flag) or a list. The SDK
            crashed on a list, which one of the articles passes.
        node_count: Nodes of a distributed job.
        process_count_per_node: Processes on each of them, with MPI.
        worker_count: Workers of TensorFlow.
        parameter_server_count: Parameter servers of TensorFlow.
        distributed_backend: `mpi`, `ps`, `gloo` or `nccl`; older than the next one.
        distributed_training: How the processes of a distributed job find each other.
        use_gpu: Ask for the framework's version for GPUs; without a GPU the job uses CPUs, and says so.
        use_docker: Accepted: there are no containers.
        custom_docker_base_image: Accepted.
        custom_docker_image: Accepted.
        image_registry_details: Accepted.
        user_managed: Use the Python that submits, as it is.
        conda_packages: More packages, of conda.
        pip_packages: More packages, of pip; one that the framework brings as well replaces that.
        conda_dependencies_file_path: A conda file in the source folder, instead of the framework.
        pip_requirements_file_path: More packages: a requirements file in the source folder.
        conda_dependencies_file: A conda file, instead of the framework.
        pip_requirements_file: More packages: a requirements file.
        environment_variables: Variables of the job.
        environment_definition: An Environment, instead of all that is said above about packages.
        inputs: Refused: there are no datasets.
        source_directory_data_store: Accepted.
        shm_size: Accepted.
        resume_from: See `ScriptRunConfig`.
        max_run_duration_seconds: The job is ended when it runs longer; None: never.
        framework_version: Which version was meant; see `get_supported_versions`.

    Attributes:
        run_config: Everything about the job; what is assigned to its attributes counts at submit.
        source_directory: The source folder.
        framework_version: The version that was meant, else None.

    Raises:
        TrainingException: An argument cannot be used.
    """

    _submit_arguments: ClassVar[Tuple[str, ...]] = (
        "script_params",
        "inputs",
        "source_directory_data_store",
        "run_id",
        "display_name",
    )
    _framework: ClassVar[Optional[Framework]] = None
    _backends: ClassVar[Tuple[str, ...]] = ("mpi",)

    source_directory: str
    framework_version: Optional[str]
    run_config: RunConfiguration

    def _set_up(self, asked: Arguments) -> None:
        """Take the arguments of a constructor."""
        owner = type(self).__name__
        warn_once(
            f"{owner} is an older way to say it: ScriptRunConfig(source_directory=..., script=...,"
            " environment=...) does the same, and more."
        )
        _check(owner, asked)
        framework = self._framework
        with _training_errors():
            version = None
            if framework is not None:
                version = check_version(owner, framework, asked.framework_version)
            chosen = choose_environment(owner, asked, framework, version)
            distributed = find_distributed(owner, asked, self._backends)
            config = RunConfiguration(script=asked.entry_script)
            config.arguments = arguments_of(asked.script_params)
            config.environment = chosen.environment
            config.environment_variables = {**variables_of(asked.environment_variables)}
            config.max_run_duration_seconds = asked.max_run_duration_seconds
            config.docker = DockerConfiguration(shm_size=asked.shm_size)
            config.target = asked.compute_target or "amlcompute"
            config.amlcompute.vm_size = asked.vm_size
            config.amlcompute.vm_priority = asked.vm_priority
            if distributed is not None:
                set_distributed(config, distributed)
        self.source_directory = asked.source_directory
        self.framework_version = version
        self.run_config = config
        self._params = asked.script_params
        self._resume_from = asked.resume_from
        self._notes = chosen.notes

    @property
    def conda_dependencies(self) -> Optional[CondaDependencies]:
        """What the environment shall have installed."""
        return self.run_config.environment.python.conda_dependencies

    @classmethod
    def get_supported_versions(cls) -> List[str]:
        """The versions of the framework that can be asked for."""
        return [] if cls._framework is None else [*cls._framework.versions]

    def _submit(
        self,
        experiment: Experiment,
        tags: Mapping[str, Any],
        *,
        script_params: Any = None,
        inputs: Any = None,
        source_directory_data_store: Any = None,
        **how: Any,
    ) -> Union[ScriptRun, str]:
        """Start it, or say what would start."""
        if inputs:
            raise TrainingException(f"submit: {_NO_DATASETS}")
        config = copy.copy(self.run_config)
        with _training_errors():
            if script_params is not None:
                config.arguments = arguments_of(put_over(self._params, script_params))
            return submit(
                Submission(self.source_directory, config, self._resume_from, self._notes),
                experiment,
                tags,
                **how,
            )


def _check(owner: str, asked: Arguments) -> None:
    if asked.compute_target is None and asked.vm_size is None:
        raise TrainingException(f"{owner}(...) needs compute_target: a compute target, or 'local'.")
    if not asked.entry_script:
        raise TrainingException(f"{owner}(...) needs entry_script, a file in source_directory.")
    if asked.inputs:
        raise TrainingException(f"{owner}: {_NO_DATASETS}")


@contextlib.contextmanager
def _training_errors() -> Iterator[None]:
    """Raise what estimators raise, in the same words."""
    try:
        yield
    except TrainingException:
        raise
    except AzureMLException as error:
        raise TrainingException(error.message, inner_exception=error) from error
