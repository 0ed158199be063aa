"""A fit with Lightning's own TensorBoard logger; the argument is a folder for a copy of what it writes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.loggers import TensorBoardLogger

torch.manual_seed(1)


class Line(pl.LightningModule):
    def __init__(self, **settings: object) -> None:
        super().__init__()
        self.save_hyperparameters(settings)
        self.layer = torch.nn.Linear(1, 1)
        self.example_input_array = torch.zeros(1, 1)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.layer(batch)

    def training_step(self, batch: torch.Tensor, _number: int) -> torch.Tensor:
        loss = (self(batch) - 2 * batch).square().mean()
        self.log("loss", loss, on_step=True, on_epoch=True)
        return loss

    def validation_step(self, batch: torch.Tensor, _number: int) -> None:
        loss = (self(batch) - 2 * batch).square().mean()
        self.log_dict({"val/loss": loss, "hp_metric": loss})
        self.logger.experiment.add_histogram("weight", self.layer.weight, self.global_step)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.hparams["rate"])


data = torch.utils.data.DataLoader(torch.linspace(0, 1, 8).reshape(8, 1), batch_size=4)
for rate in (0.1, 0.2):
    trainer = pl.Trainer(
        logger=TensorBoardLogger("logs", name="line", log_graph=True),
        max_epochs=2,
        accelerator="cpu",
        devices=1,
        log_every_n_steps=1,
        enable_progress_bar=False,
    )
    trainer.fit(Line(rate=rate, kind="linear", layers=[1, 1]), data, data)
Path(sys.argv[1]).parent.mkdir(exist_ok=True)
shutil.copytree("logs", sys.argv[1])
