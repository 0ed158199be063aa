"""`azureml.core.script_run_config`: what to run, with what, where."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Union

from azureml import _guard as _guard
from azureml._finder import other_names
from azureml._notice import warn
from azureml.core._jobs.checks import Arguments, arguments_of, command_of
from azureml.core._jobs.distribution import check_distributed, is_distributed, set_distributed
from azureml.core._jobs.submission import Submission, submit
from azureml.core.environment import Environment
from azureml.core.runconfig import DockerConfiguration, RunConfiguration
from azureml.core.script_run import ScriptRun
from azureml.exceptions import RunConfigurationException, UserErrorException

if TYPE_CHECKING:
    from azureml.core.compute import ComputeTarget
    from azureml.core.experiment import Experiment

__getattr__ = other_names(__name__)

_LONGEST_S = 2592000  # 30 days


class ScriptRunConfig:
    """A script, or a command, and everything about how it is run.

    With a `run_config`, that one decides; what it leaves as it was made is taken from the other
    arguments. Where both say something, a warning says what is ignored. The script, its arguments and the
    command are different: they are taken from `run_config` only where they are not given here.

    Args:
        source_directory: Folder that is copied to the job.
        script: The script's path in that folder.
        arguments: A list of text and numbers, or one text that is split as a shell would.
        run_config: Another place for all of the others.
        compute_target: A compute target or its name; `"local"` runs at once on this machine.
        environment: An Environment; None: the Python that submits, as it is.
        distributed_job_config: Several processes: a `PyTorchConfiguration`, `TensorflowConfiguration` or
            `MpiConfiguration`.
        resume_from: A file or folder of this machine, or an earlier run, whose outputs are then copied:
            `--resume-from <path>` follows the arguments.
        max_run_duration_seconds: The job is ended when it runs longer; None: never.
        command: Instead of a script: a line for a shell, or a list of its words, which are joined by
            spaces and not quoted, so that the shell expands variables in them.
        docker_runtime_config: Accepted: there are no containers here, which the job's log says.

    Attributes:
        run_config: All of it but the source folder; what is assigned to its attributes counts when the
            job is submitted.

    Raises:
        UserErrorException: A value is of the wrong type, or there are a script and a command.
        RunConfigurationException: What describes a distributed job, or Docker, is of the wrong type.

    Source: article, "Configure and submit your run".
    """

    _submit_arguments = ("run_id", "display_name", "credential_passthrough")

    def __init__(
        self,
        source_directory: str,
        script: Optional[str] = None,
        arguments: Arguments = None,
        run_config: Optional[RunConfiguration] = None,
        _telemetry_values: Optional[object] = None,
        compute_target: Union[ComputeTarget, str, None] = None,
        environment: Optional[Environment] = None,
        distributed_job_config: Optional[object] = None,
        resume_from: Optional[object] = None,
        max_run_duration_seconds: Optional[float] = _LONGEST_S,
        command: Union[str, List[Any], None] = None,
        docker_runtime_config: Optional[DockerConfiguration] = None,
    ) -> None:
        self.source_directory = source_directory
        self.script = script
        self.arguments = arguments_of(arguments)
        self.command = command_of(command)
        self.resume_from = resume_from
        given = {
            "compute_target": compute_target,
            "environment": environment,
            "distributed_job_config": distributed_job_config,
            "max_run_duration_seconds": max_run_duration_seconds,
            "docker_runtime_config": docker_runtime_config,
        }
        self._given = {name: value for name, value in given.items() if value is not None}
        self._run_config = _filled(RunConfiguration(), self._given)  # checks them all
        self._beside: Dict[str, Any] = {}  # what fills up a run_config of the user's
        if run_config is not None:
            self.run_config = run_config
        self._what()

    @property
    def run_config(self) -> RunConfiguration:
        """Everything about the job but its source folder."""
        return self._run_config

    @run_config.setter
    def run_config(self, run_config: RunConfiguration) -> None:
        if not isinstance(run_config, RunConfiguration):
            raise UserErrorException(
                f"run_config={run_config!r} is {type(run_config).__name__}; pass a RunConfiguration."
            )
        self._run_config, self._beside = run_config, self._given
        ignored = [
            name
            for name, value in self._given.items()
            if not _is_open(run_config, name) and value != _LONGEST_S
        ]
        if ignored:
            warn(
                f"ScriptRunConfig: {', '.join(f'{name}=' for name in ignored)} is ignored, because"
                " run_config says it, too. Say it in one of the two places only."
            )

    @property
    def compute_target(self) -> str:
        """The name of the compute target."""
        return str(self._resolved().target)

    @compute_target.setter
    def compute_target(self, target: Union[ComputeTarget, str]) -> None:
        self._run_config.target = target
        self._beside.pop("compute_target", None)

    @property
    def environment(self) -> Environment:
        """The environment."""
        return self._resolved().environment

    @environment.setter
    def environment(self, environment: Environment) -> None:
        self._run_config.environment = environment
        self._beside.pop("environment", None)

    def __repr__(self) -> str:
        return (
            f"ScriptRunConfig(source_directory={self.source_directory!r}, script={self.script!r},"
            f" arguments={self.arguments!r}, command={self.command!r})"
        )

    def _resolved(self) -> RunConfiguration:
        """What counts, in a configuration of its own."""
        found = copy.copy(self._run_config)
        beside = {name: one for name, one in self._beside.items() if _is_open(found, name)}
        found.script, found.arguments, found.command = self._what()
        return _filled(found, beside)

    def _what(self) -> tuple[Optional[str], Arguments, Arguments]:
        """The script, its arguments and the command."""
        arguments, command = arguments_of(self.arguments), command_of(self.command)
        config = self._run_config
        if command and (self.script or arguments):
            raise UserErrorException(
                "ScriptRunConfig takes script= and arguments=, or command=, not both. To run the"
                " script by a command, write command=['python', 'train.py', '--rate', '0.1']."
            )
        if command or not (self.script or config.script):
            return None, None, command or config.command
        return (
            self.script or config.script,
            config.arguments if arguments is None else arguments,
            None,
        )

    def _submit(
        self, experiment: Experiment, tags: Mapping[str, Any], **how: Any
    ) -> Union[ScriptRun, str]:
        """Start it, or say what would start."""
        return submit(
            Submission(self.source_directory, self._resolved(), self.resume_from),
            experiment,
            tags,
            **how,
        )


def _filled(config: RunConfiguration, given: Mapping[str, Any]) -> RunConfiguration:
    """Put into a configuration what was given beside it."""
    for name, value in given.items():
        if name == "compute_target":
            config.target = value
        elif name == "environment":
            config.environment = value
        elif name == "max_run_duration_seconds":
            config.max_run_duration_seconds = value
        elif name == "distributed_job_config":
            check_distributed(value)
            set_distributed(config, value)
        elif not isinstance(value, DockerConfiguration):
            raise RunConfigurationException(
                f"docker_runtime_config={value!r} is {type(value).__name__}; write"
                " DockerConfiguration(use_docker=True)."
            )
        else:
            config.docker = value
    return config


def _is_open(config: RunConfiguration, name: str) -> bool:
    """Whether a configuration leaves something as it was made."""
    if name == "distributed_job_config":
        return not is_distributed(config)
    if name == "environment":
        return repr(config.environment) == repr(RunConfiguration().environment)
    made = RunConfiguration()
    attribute = {"compute_target": "target", "docker_runtime_config": "docker"}.get(name, name)
    return bool(getattr(config, attribute) == getattr(made, attribute))
