"""The environment variables of a job: inherited, asked for, and those that tell a script whose run it is."""

from __future__ import annotations

from collections.abc import Mapping

from trackboard.launch.context.launch_context import LaunchContext
from trackboard.layout import LOGS, OUTPUTS
from trackboard.model import RunId

# What a notebook's kernel sets for itself and a script must not inherit.
_KERNEL_ONLY = frozenset(("JPY_PARENT_PID", "JPY_SESSION_NAME", "PYDEVD_USE_FRAME_EVAL"))

# What a launcher says to the client alone: its place among those that were started together.
_LOCATION = frozenset(
    [
        *("RANK", "LOCAL_RANK", "GROUP_RANK", "ROLE_RANK", "NODE_RANK"),
        *("WORLD_SIZE", "LOCAL_WORLD_SIZE", "GROUP_WORLD_SIZE", "ROLE_WORLD_SIZE"),
        *("MASTER_ADDR", "MASTER_PORT", "TF_CONFIG", "SLURM_PROCID", "SLURM_LOCALID"),
    ]
)
_MPI = ("OMPI_", "PMI_", "PMIX_", "PRTE_", "HYDRA_")
_AZURE = ("AZ_BATCH", "AZUREML_CR_")


def job_variables(
    asked: Mapping[str, str],
    client: Mapping[str, str],
    context: LaunchContext,
    experiment: str,
    run: RunId,
) -> dict[str, str]:
    """Return all variables of a job: what was asked for wins over the client's, and ours over both.

    Args:
        asked: The variables that were asked for.
        client: The variables of the process that submits, as far as the job inherits them.
        context: The workspace.
        experiment: The experiment's name.
        run: The id of the job's run.
    """
    return {**_inherited(client), **asked, **run_variables(context, experiment, run)}


def run_variables(context: LaunchContext, experiment: str, run: RunId) -> dict[str, str]:
    """Return the variables that tell a script whose run it is.

    Args:
        context: The workspace.
        experiment: The experiment's name.
        run: The id of the job's run.
    """
    work = context.paths.job(run).work
    return {
        "AZUREML_RUN_ID": run,
        "AZUREML_ARM_PROJECT_NAME": experiment,
        "AZUREML_ARM_SUBSCRIPTION": context.subscription_id,
        "AZUREML_ARM_RESOURCEGROUP": context.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": context.name,
        "AZUREML_OUTPUT_DIRECTORY": str(work / OUTPUTS),
        "TENSORBOARD_LOGGING_DIR": str(work / LOGS),
        "TRACKBOARD_RUN_ID": run,
        "TRACKBOARD_EXPERIMENT": experiment,
        "TRACKBOARD_WORKSPACE": str(context.paths.folder),
        "PYTHONUNBUFFERED": "1",
    }


def _inherited(client: Mapping[str, str]) -> dict[str, str]:
    """The client's variables without those that only make sense to a kernel, or to one of many ranks."""
    is_rank_of_mpi = "OMPI_COMM_WORLD_RANK" in client or "PMI_RANK" in client
    return {
        name: value
        for name, value in client.items()
        if name not in _KERNEL_ONLY | _LOCATION
        and not (name == "MPLBACKEND" and "inline" in value)
        and not name.startswith(_AZURE)
        and not (is_rank_of_mpi and name.startswith(_MPI))
    }
