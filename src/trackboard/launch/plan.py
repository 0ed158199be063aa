"""From what the user asked for to a frozen plan, which a worker carries out and people can print.

Planning reads names and never changes anything; nothing in a plan is looked up again later.
"""

from __future__ import annotations

import difflib
import os
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Number
from pathlib import Path

from trackboard.config import LOCAL
from trackboard.environments import plan_environment
from trackboard.environments.tensorflow1_detection import fit_environment
from trackboard.errors import UsageError
from trackboard.launch.context.launch_context import Site
from trackboard.launch.snapshot.take import Snapshot, existing_folder
from trackboard.layout import LOGS, OUTPUTS
from trackboard.layout.safe_paths import given_path
from trackboard.model import (
    ANY_PYTHON,
    Distribution,
    EnvironmentPlan,
    EnvironmentRequest,
    JobPlan,
    RunId,
    check_experiment_name,
)

# What a notebook's kernel sets for itself and a script must not inherit.
_KERNEL_ONLY = frozenset(("JPY_PARENT_PID", "JPY_SESSION_NAME", "PYDEVD_USE_FRAME_EVAL"))

# What a launcher says to the client alone: its place among those that were started together.
_PLACE = frozenset(
    [
        *("RANK", "LOCAL_RANK", "GROUP_RANK", "ROLE_RANK", "NODE_RANK"),
        *("WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_WORLD_SIZE", "ROLE_WORLD_SIZE"),
        *("MASTER_ADDR", "MASTER_PORT", "TF_CONFIG", "SLURM_PROCID", "SLURM_LOCALID"),
    ]
)
_MPI = ("OMPI_", "PMI_", "PMIX_", "PRTE_", "HYDRA_")
_AZURE = ("AZ_BATCH", "AZUREML_CR_")
_NEVER_TAKEN = "Move it: version control, caches, virtual environments and histories stay behind."


@dataclass(frozen=True)
class Request:
    """What the user asked for, as it was said."""

    experiment: str
    source: Path
    script: str = ""
    arguments: Sequence[object] | str = ()  # text is split as a shell would
    command: Sequence[object] | str = ""  # instead of a script: a line for the shell, or its words
    compute: str = LOCAL
    environment: EnvironmentRequest = field(default_factory=EnvironmentRequest)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)  # beside the client's
    distribution: Distribution | None = None
    name: str = ""
    tags: Mapping[str, str | None] = field(default_factory=dict)
    max_duration_s: float | None = None
    parent: RunId | None = None  # the run that it is a child of
    run: str = ""  # the id that its run shall have; empty: a new one
    notes: tuple[str, ...] = ()  # what was decided for the user before, to be said in the job's log


def find_script(source: Path, script: str) -> str:
    """Find the script in the source folder.

    Returns:
        Its posix path within that folder.

    Raises:
        UsageError: It is not there, or outside.
    """
    folder = Path(os.path.abspath(given_path(source)))
    place = Path(os.path.abspath(folder / given_path(script)))
    if not script or not place.is_relative_to(folder):
        raise UsageError(
            f"the script {script!r} is outside of the source folder {str(folder)!r}",
            hint="Only that folder is copied to the job: move the script there, or pass the folder"
            f" that holds both, for example source_directory={os.path.commonpath([folder, place])!r}.",
        )
    existing_folder(source)
    if not place.is_file():
        raise UsageError(
            f"there is no script {script!r} in the source folder {str(folder)!r}",
            hint=_nearest(script, _scripts(folder)),
        )
    return place.relative_to(folder).as_posix()


def make_plan(
    request: Request,
    site: Site,
    run: RunId,
    snapshot: Snapshot,
    *,
    client: Mapping[str, str] | None,
    now_s: float,
) -> JobPlan:
    """Decide everything about a job.

    Args:
        request: What the user asked for.
        site: The workspace it belongs to.
        run: The id of its run.
        snapshot: The source folder, taken.
        client: The environment variables of the process that submits, which the job inherits with
            its interpreter; None: it runs elsewhere, with those of the machine there.
        now_s: The moment of submission.

    Raises:
        UsageError: The script, an argument or a variable cannot be used; all that is wrong is said.
    """
    _check_variables(request.variables)
    command = _command(request.command)
    script: tuple[str, ...] = ()
    if not command:
        script = (_script(request, snapshot), *plain_arguments(request.arguments))
    variables = {**_inherited(client or {}), **request.variables}
    environment = fit_environment(
        plan_environment(request.environment), request.source, script[:1], command, variables
    )
    work = site.paths.job(run).work
    ours = our_variables(request.experiment, site, run, work)
    return JobPlan(
        run=run,
        experiment=check_experiment_name(request.experiment),
        workspace=str(site.paths.folder),
        compute=request.compute,
        snapshot=snapshot.digest,
        script=script,
        command=command,
        environment=environment if client is not None else _elsewhere(environment),
        variables={**variables, **ours},
        distribution=request.distribution,
        submitted_s=now_s,
        max_duration_s=request.max_duration_s,
        notes=(*request.notes, *_say_snapshot(snapshot), *environment.substitutions),
        asked_variables=tuple(sorted(request.variables)),
    )


def _say_snapshot(snapshot: Snapshot) -> Iterator[str]:
    yield f"snapshot: {snapshot}"
    for path, folder in snapshot.followed:
        yield f"{path} is a copy of {folder}, which it links to"


def _script(request: Request, snapshot: Snapshot) -> str:
    script = find_script(request.source, request.script)
    if script not in snapshot.manifest.paths:
        file = snapshot.ignore_file_of(script)
        below = script[file.rfind("/") + 1 :]
        raise UsageError(
            f"the script {script!r} is left out of the snapshot by {file or 'its place'}",
            hint=f"Add the line !{below} to {file}." if file else _NEVER_TAKEN,
        )
    return script


def _command(given: Sequence[object] | str) -> str:
    """A line for the shell; words are joined as they are, so that the shell expands variables in them."""
    words = [given] if isinstance(given, str) else plain_arguments(given)
    return " ".join(words)


def plain_arguments(given: Sequence[object] | str) -> tuple[str, ...]:
    """Arguments as the words that a script gets.

    Raises:
        UsageError: Some are neither text nor numbers, or a text cannot be split.
    """
    if isinstance(given, str):
        try:
            return tuple(shlex.split(given))
        except ValueError as exc:
            raise UsageError(
                f"the arguments {given!r} cannot be split: {exc}",
                hint="Pass a list, one entry per argument.",
            ) from exc
    wrong = [
        f"number {position} ({value!r})"
        for position, value in enumerate(given)
        if not isinstance(value, str | os.PathLike | Number) or "\0" in str(value)
    ]
    if wrong:
        raise UsageError(
            f"these arguments cannot be passed to a script: {', '.join(wrong)}",
            hint='Use text, numbers and bools, for example ["--rate", 0.1].',
        )
    return tuple(map(str, given))


def _check_variables(given: Mapping[str, str]) -> None:
    wrong = [
        name
        for name, value in given.items()
        if not isinstance(name, str)
        or not isinstance(value, str)
        or not name
        or "=" in name
        or "\0" in name + value
    ]
    if wrong:
        raise UsageError(
            f"these environment variables cannot be set: {', '.join(map(repr, wrong))}",
            hint="Names and values are text, and a name holds no '='.",
        )


def _elsewhere(environment: EnvironmentPlan) -> EnvironmentPlan:
    """The interpreter that submits means the one of the machine that it will be."""
    if environment.interpreter != sys.executable:
        return environment
    return replace(environment, interpreter=ANY_PYTHON)


def _inherited(client: Mapping[str, str]) -> dict[str, str]:
    """The client's variables without those that only make sense to a kernel, or to one of many ranks."""
    is_rank_of_mpi = "OMPI_COMM_WORLD_RANK" in client or "PMI_RANK" in client
    return {
        name: value
        for name, value in client.items()
        if name not in _KERNEL_ONLY | _PLACE
        and not (name == "MPLBACKEND" and "inline" in value)
        and not name.startswith(_AZURE)
        and not (is_rank_of_mpi and name.startswith(_MPI))
    }


def our_variables(experiment: str, site: Site, run: RunId, work: Path) -> dict[str, str]:
    """What tells a script whose run it is."""
    return {
        "AZUREML_RUN_ID": run,
        "AZUREML_ARM_PROJECT_NAME": experiment,
        "AZUREML_ARM_SUBSCRIPTION": site.subscription_id,
        "AZUREML_ARM_RESOURCEGROUP": site.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": site.name,
        "AZUREML_OUTPUT_DIRECTORY": str(work / OUTPUTS),
        "TENSORBOARD_LOGGING_DIR": str(work / LOGS),
        "TRACKBOARD_RUN_ID": run,
        "TRACKBOARD_EXPERIMENT": experiment,
        "TRACKBOARD_WORKSPACE": str(site.paths.folder),
        "PYTHONUNBUFFERED": "1",
    }


def _scripts(folder: Path) -> Iterable[str]:
    """Names of scripts near the top of a folder, at most a few hundred looked at."""
    places = [
        place for pattern in ("*.py", "*/*.py") for place in sorted(folder.glob(pattern))[:300]
    ]
    return [place.relative_to(folder).as_posix() for place in places]


def _nearest(script: str, names: Iterable[str]) -> str:
    names = list(names)
    near = difflib.get_close_matches(script, names, n=3, cutoff=0.5) or sorted(names)[:3]
    if not near:
        return "There is no .py file in that folder; is it the right one?"
    return f"Did you mean {' or '.join(map(repr, near))}?"
