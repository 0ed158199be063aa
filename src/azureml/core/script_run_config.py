"""`azureml.core.script_run_config`: what to run, with what, where."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence, Union

from azureml import _guard as _guard
from azureml.core._tags import plain_tags
from azureml.core.environment import Environment
from azureml.core.script_run import ScriptRun
from azureml.exceptions import ExperimentExecutionException, UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.launch.plan import LOCAL, Request
from trackboard.model import RunId

if TYPE_CHECKING:
    from azureml.core.compute import ComputeTarget
    from azureml.core.experiment import Experiment

Arguments = Union[str, Sequence[object], None]


class ScriptRunConfig:
    """A script, its arguments and where it runs.

    Args:
        source_directory: Folder that is copied to the job.
        script: The script's path in that folder.
        arguments: A list of text and numbers, or one text that is split as a shell would.
        compute_target: A compute target or its name; `"local"` runs at once on this machine.
        environment: An Environment. All of them mean the interpreter that submits, for now.

    Source: article, "Configure and submit your run".
    """

    def __init__(
        self,
        source_directory: str,
        script: Optional[str] = None,
        arguments: Arguments = None,
        run_config: Optional[object] = None,
        _telemetry_values: Optional[object] = None,
        compute_target: Union[ComputeTarget, str, None] = None,
        environment: Optional[Environment] = None,
        distributed_job_config: Optional[object] = None,
        resume_from: Optional[object] = None,
        max_run_duration_seconds: float = 2592000,
        command: Optional[object] = None,
        docker_runtime_config: Optional[object] = None,
    ) -> None:
        unsupported = {
            "run_config": run_config,
            "distributed_job_config": distributed_job_config,
            "resume_from": resume_from,
            "command": command,
            "docker_runtime_config": docker_runtime_config,
        }
        given = [name for name, value in unsupported.items() if value is not None]
        if given:
            raise UserErrorException(
                f"ScriptRunConfig: {', '.join(given)} cannot be used yet."
                " Use script=, arguments=, compute_target= and environment=."
            )
        if environment is not None and not isinstance(environment, Environment):
            raise UserErrorException(
                f"ScriptRunConfig: environment={environment!r} is not an Environment."
                " Write environment=Environment.get(workspace, name) or Environment(name)."
            )
        self.source_directory = source_directory
        self.script = script
        self.arguments = arguments
        self.compute_target = compute_target
        self.environment = environment
        self.max_run_duration_seconds = max_run_duration_seconds

    def _submit(
        self, experiment: Experiment, tags: Mapping[str, Any], parent: Optional[RunId] = None
    ) -> ScriptRun:
        if not self.script:
            raise ExperimentExecutionException(
                "ScriptRunConfig: no script. Pass script='train.py', a file in source_directory."
            )
        workspace = experiment.workspace._workspace
        request = Request(
            experiment=experiment.name,
            source=Path(self.source_directory or os.curdir),
            script=self.script,
            arguments=_list_of(self.arguments),
            compute=_name_of(self.compute_target),
            variables={} if self.environment is None else self.environment.environment_variables,
            tags={key: str(value) for key, value in plain_tags(tags).items()},
            max_duration_s=self.max_run_duration_seconds,
            parent=parent,
        )
        with sdk_errors(ExperimentExecutionException):
            run_id = workspace.submit(request)
        live = workspace.recorder().attach(run_id, experiment=experiment.name, owner=False)
        run = ScriptRun.__new__(ScriptRun)
        run._init(live, experiment)
        return run


def _list_of(arguments: Arguments) -> Union[str, List[object]]:
    return arguments if isinstance(arguments, str) else list(arguments or ())


def _name_of(target: Union[ComputeTarget, str, None]) -> str:
    return LOCAL if target is None else target if isinstance(target, str) else target.name
