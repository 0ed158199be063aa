"""Fit a tiny module by the real Trainer; print each loss.

Arguments: which package; `fail` for a module that raises.
"""

import json
import sys
from importlib import import_module
from typing import Any

import torch

pl: Any = import_module(sys.argv[1])

from trackboard.frameworks.lightning import TrackboardLogger  # noqa: E402  (after the package)

losses: list[float] = []


class Line(pl.LightningModule):
    def __init__(self, **settings: object) -> None:
        super().__init__()
        self.save_hyperparameters(settings)
        self.layer = torch.nn.Linear(1, 1)

    def training_step(self, batch: torch.Tensor, _number: int) -> torch.Tensor:
        if "fail" in sys.argv and self.current_epoch == 1:
            raise ValueError("the data ran out")
        loss = (self.layer(batch) - 2 * batch).square().mean()
        self.log("loss", loss)
        losses.append(loss.item())
        return loss

    def validation_step(self, batch: torch.Tensor, _number: int) -> None:
        self.log("val/loss", (self.layer(batch) - 2 * batch).square().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.hparams["rate"])


data = torch.utils.data.DataLoader(torch.linspace(0, 1, 8).reshape(8, 1), batch_size=4)
trainer = pl.Trainer(
    logger=TrackboardLogger(name="line"),
    max_epochs=2,
    accelerator="cpu",
    devices=1,
    log_every_n_steps=1,
    enable_progress_bar=False,
)
trainer.fit(Line(rate=0.1, shape={"kind": "linear", "layers": [1, 1]}), data, data)
sys.stdout.write(json.dumps(losses))
