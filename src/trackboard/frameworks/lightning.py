"""A logger for Lightning: `Trainer(logger=TrackboardLogger())`."""

from importlib import import_module
from typing import Any, Mapping, Optional

from trackboard.frameworks.joining import AnyRun, JoinedRun, package_in_use
from trackboard.record import LiveRun

_package = package_in_use("lightning.pytorch", "pytorch_lightning")
_loggers: Any = import_module(f"{_package}.loggers.logger")
_rank_zero_only: Any = import_module(f"{_package}.utilities").rank_zero_only


class TrackboardLogger(_loggers.Logger):
    """Records, on rank 0, what a module logs, and its hyperparameters. Args: see `JoinedRun`."""

    def __init__(
        self, run: AnyRun = None, *, experiment: str = "lightning", name: str = ""
    ) -> None:
        super().__init__()
        self._run = JoinedRun(run, experiment, name)

    @property
    @_loggers.rank_zero_experiment
    def experiment(self) -> LiveRun:
        """The run, to record more into."""
        return self._run.live

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self._run.experiment

    @property
    def version(self) -> Optional[str]:
        """The run's id."""
        return self._run.live.id if _rank_zero_only.rank == 0 else None

    @property
    def save_dir(self) -> Optional[str]:
        """Where checkpoints go; None: the Trainer's `default_root_dir`."""
        return self._run.outputs_folder

    @_rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: Optional[int] = None) -> None:
        """Record values at a step."""
        self._run.log(metrics, step)

    @_rank_zero_only
    def log_hyperparams(self, params: object, *_more: object) -> None:
        """Record settings as the run's parameters."""
        self._run.set_parameters(params)

    @_rank_zero_only
    def finalize(self, status: str) -> None:
        """End the run with `fit`, if it began here."""
        self._run.end(well=status == "success", cause=f"Lightning says: {status}")
