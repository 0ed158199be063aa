"""A training script as anybody would write it; submit-a-job.ipynb runs it as a job.

It fits a polynomial to noisy points of a sine, and shows how it goes in both ways there are: `run.log`
for the history, and TensorBoard logs of its own.
"""

import argparse
import time

import numpy as np
from tensorboardX import SummaryWriter

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--log_dir", default="./logs")
parser.add_argument("--steps", type=int, default=50)
parser.add_argument("--rate", type=float, default=0.3)
said = parser.parse_args()

run = Run.get_context()
random = np.random.default_rng(0)
x = np.linspace(-1, 1, 80)
y = np.sin(3 * x) + random.normal(0, 0.1, x.size)
powers = np.stack([x**power for power in range(6)], axis=1)
weights = np.zeros(powers.shape[1])

with SummaryWriter(said.log_dir, flush_secs=1) as writer:
    for step in range(said.steps):
        error = powers @ weights - y
        loss = float(np.mean(error**2))
        run.log("loss", loss)
        writer.add_scalar("error/largest", np.abs(error).max(), step)
        writer.add_histogram("weights", weights, step)
        if step % 10 == 0:
            print(f"step {step}: loss {loss:.4f}", flush=True)
        weights -= said.rate * 2 * powers.T @ error / x.size
        time.sleep(0.1)
