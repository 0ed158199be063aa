"""From a run's configuration to what `trackboard.launch` is asked for, and to the run that comes of it."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from numbers import Number
from pathlib import Path
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Union

from azureml._console import print_line
from azureml._notice import warn_once
from azureml.core._jobs.distribution import distribution_of
from azureml.core._run.backends.home import RunHome
from azureml.core._run.backends.stored import StoredBackend
from azureml.core._run.recording.tags import plain_tags
from azureml.core.run import Run
from azureml.core.script_run import ScriptRun
from azureml.exceptions import ExperimentExecutionException, UserErrorException
from azureml.exceptions._tree import sdk_errors
from trackboard.config import LOCAL
from trackboard.launch.request import Request, plain_arguments
from trackboard.model import RunId

if TYPE_CHECKING:
    from azureml.core.experiment import Experiment
    from azureml.core.runconfig import RunConfiguration
    from azureml.core.workspace import Workspace

_MADE_FOR_ONE_JOB = ("amlcompute", "containerinstance")  # words of the SDK, not names
_DATA = ("data", "data_references", "output_data", "datacaches")
_NO_CONTAINERS = (
    "There are no containers here: the job runs in a virtual environment with the same packages"
)
_OUTPUTS = "outputs/"


@dataclass(frozen=True)
class Submission:
    """What is submitted.

    Attributes:
        source: The source folder.
        config: Everything else.
        resume_from: What the script goes on from.
        notes: What was decided for the user, said in the job's log.
    """

    source: Any
    config: RunConfiguration
    resume_from: Any = None
    notes: tuple[str, ...] = ()


def submit(
    submission: Submission,
    experiment: Experiment,
    tags: Mapping[str, Any],
    *,
    parent: Optional[RunId] = None,
    dry_run: bool = False,
    run_id: Optional[str] = None,
    display_name: str = "",
    credential_passthrough: bool = False,
) -> Union[ScriptRun, str]:
    """Queue a job.

    Args:
        submission: What.
        experiment: In this one.
        tags: The run's tags.
        parent: The run that it is a child of.
        dry_run: Print and return the plan; nothing is kept, and nothing starts.
        run_id: The id of the run; None: a new one.
        display_name: The name of the run.
        credential_passthrough: Accepted: a job runs as the user who submits in any case.
    """
    service = experiment.workspace._service
    with sdk_errors(ExperimentExecutionException):
        request = _request(
            submission,
            experiment,
            tags=plain_tags(tags),
            parent=parent,
            run=str(run_id or ""),
            name=display_name,
        )
        if dry_run:
            text = service.jobs.preview(request)
            print_line(text)
            return text
        run = service.jobs.submit(request)
    live = service.recorder().attach(run, experiment=experiment.name, owner=False)
    return ScriptRun._with(StoredBackend(live, RunHome(experiment)))


def _request(submission: Submission, experiment: Experiment, **more: Any) -> Request:
    config = submission.config
    _refuse_data(config)
    if not config.script and not config.command:
        raise ExperimentExecutionException(
            "There is nothing to run. Pass script='train.py', a file in source_directory, or command=."
        )
    script, command = _words(config, _resume_path(submission.resume_from, experiment.workspace))
    environment = config.environment
    return Request(
        experiment=experiment.name,
        source=Path(submission.source or os.curdir),
        script=config.script or "",
        arguments=script,
        command=command,
        compute=LOCAL if config.target in _MADE_FOR_ONE_JOB else config.target,
        environment=environment._request(),
        variables=_texts({**environment._job_variables(), **config.environment_variables}),
        distribution=distribution_of(config),
        max_duration_s=config.max_run_duration_seconds,
        notes=(*submission.notes, *environment._notes(), *_notes(config)),
        **more,
    )


def _texts(variables: Mapping[str, Any]) -> Dict[str, Any]:
    """Numbers become text; what else is no text is said when the plan is made."""
    return {
        name: str(value) if isinstance(value, (int, float)) else value
        for name, value in variables.items()
    }


def _words(config: RunConfiguration, resume: Optional[str]) -> tuple[List[Any], List[Any]]:
    """The arguments of the script, and the words of the command; the one or the other is empty."""
    more = [] if resume is None else ["--resume-from", resume]
    if config.command:
        words = [config.command] if isinstance(config.command, str) else _plain(config.command)
        split = [word for word in words[1:] if shlex.quote(str(word)) != word and " " in str(word)]
        if split and not isinstance(config.command, str):
            warn_once(
                f"command: the shell splits {split[0]!r} into several words; if it is one, write"
                f" shlex.quote({split[0]!r})."
            )
        return [], [*words, *map(shlex.quote, more)]
    given = config.arguments
    if isinstance(given, str):
        with sdk_errors():
            return [*plain_arguments(given), *more], []
    return [*_plain(given or ()), *more], []


def _plain(words: Sequence[Any]) -> List[Any]:
    """Text and numbers only.

    Raises:
        UserErrorException: Something else is among them.
    """
    found: List[Any] = []
    for word in words:
        if getattr(word, "shape", None) == () and hasattr(word, "item"):
            word = word.item()  # one of numpy's
        if not isinstance(word, (str, os.PathLike, Number)):
            raise UserErrorException(
                f"The argument {word!r} is {type(word).__name__}, which no script can be given: use"
                " text, numbers and bools. There are no datasets and datastores here: pass the path of"
                " the data, on this machine or in a folder that all machines share."
            )
        found.append(word)
    return found


def _refuse_data(config: RunConfiguration) -> None:
    given = [name for name in _DATA if getattr(config, name)]
    if given:
        raise UserErrorException(
            f"run_config.{given[0]} cannot be used: there are no datasets and datastores here. Pass the"
            " path of the data to the script, as an argument."
        )


def _notes(config: RunConfiguration) -> List[str]:
    """What the job's log says of what has no effect."""
    notes = []
    if config.docker.use_docker:
        warn_once(f"{_NO_CONTAINERS}.")
        notes.append(_NO_CONTAINERS)
    if config.target in _MADE_FOR_ONE_JOB:
        notes.append(f"compute target {config.target!r} is this machine")
    return notes


def _resume_path(given: Any, workspace: Workspace) -> Optional[str]:
    """Where the script finds what it goes on from.

    Raises:
        UserErrorException: There is no such path, or nothing to go on from.
    """
    if given is None:
        return None
    if isinstance(given, Run):
        return _outputs_of(given, workspace)
    if not isinstance(given, (str, os.PathLike)):
        raise UserErrorException(
            f"resume_from={given!r} is {type(given).__name__}. Pass a file or folder of this machine,"
            " or an earlier run: its outputs are then copied for the job."
        )
    path = os.path.abspath(os.path.expanduser(given))
    if not os.path.exists(path):
        raise UserErrorException(
            f"resume_from={os.fspath(given)!r}: there is no {path}. Pass a file or folder of this"
            " machine, or an earlier run."
        )
    return path


def _outputs_of(run: Run, workspace: Workspace) -> str:
    """Copy the outputs of an earlier run to where jobs find them."""
    with sdk_errors():
        location = workspace._service.files.copy_outputs(RunId(run.id))
    if location is None:
        raise UserErrorException(
            f"resume_from: run {run.id} ({run.get_status()}) has no files in {_OUTPUTS} to go on from."
        )
    return str(location)
