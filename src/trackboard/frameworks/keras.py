"""A callback for Keras 3: `model.fit(..., callbacks=[TrackboardCallback()])`."""

from __future__ import annotations

from typing import Mapping, Optional

import keras

from trackboard.frameworks.joining import AnyRun, JoinedRun

Logs = Optional[Mapping[str, float]]


class TrackboardCallback(keras.callbacks.Callback):
    """Records what `fit` reports: the metrics of each epoch, and the main settings.

    Args: see `JoinedRun`. Without `run`, each `fit` begins a new one, which ends with it; when `fit`
    raises, with the process.
        every_batches: Also record the running values as `batch/...`, every so many batches.
    """

    def __init__(
        self,
        run: AnyRun = None,
        *,
        experiment: str = "keras",
        name: str = "",
        every_batches: int = 0,
    ) -> None:
        super().__init__()
        self.run = JoinedRun(run, experiment, name)
        self._every, self._batches = every_batches, 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin or join the run."""
        self.run.begin_again()
        optimizer = self.model.optimizer.get_config() if self.model.optimizer else {}
        wanted = {"epochs": self.params["epochs"], "optimizer": optimizer.get("name")}
        rate = optimizer.get("learning_rate")  # a schedule's settings, or a number of 32 bits
        wanted["learning_rate"] = float(f"{rate:.7g}") if isinstance(rate, float) else rate
        self.run.set_parameters(wanted)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Record the running values, if asked to."""
        self._batches += 1
        if self._every and self._batches % self._every == 0:
            self.run.log(logs or {}, self._batches, "batch/")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Record the epoch's values."""
        self.run.log(logs or {}, epoch)

    def on_train_end(self, logs: Logs = None) -> None:
        """End the run if it began here."""
        self.run.end(well=True)
