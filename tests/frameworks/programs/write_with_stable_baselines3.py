"""Reinforcement learning that logs to TensorBoard; the argument is a folder for a copy of what it writes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import gymnasium
import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import torch
from stable_baselines3 import A2C, PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Figure, HParam, Image

HIDDEN = ("stdout", "log", "json", "csv")


class Extras(BaseCallback):
    """Logs what SB3's own documentation shows how to log."""

    def _on_training_start(self) -> None:
        tried = {"algorithm": type(self.model).__name__, "gamma": self.model.gamma}
        metrics = {"rollout/ep_len_mean": 0.0, "train/value_loss": 0.0}
        self.logger.record("hparams", HParam(tried, metrics), exclude=HIDDEN)

    def _on_step(self) -> bool:
        if self.n_calls == 20:
            figure = plt.figure(figsize=(1, 1))
            self.logger.record("figure", Figure(figure, close=True), exclude=HIDDEN)
            picture = np.full((8, 8, 3), 77, np.uint8)
            self.logger.record("picture", Image(picture, "HWC"), exclude=HIDDEN)
            self.logger.record("words", "some text")
        return True


torch.manual_seed(1)
for algorithm in (PPO, A2C):
    game = gymnasium.make("CartPole-v1")
    model = algorithm("MlpPolicy", game, n_steps=16, tensorboard_log="logs", seed=1)
    model.learn(64, callback=Extras(), log_interval=1)
Path(sys.argv[1]).parent.mkdir(exist_ok=True)
shutil.copytree("logs", sys.argv[1])
