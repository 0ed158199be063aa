"""All that PyTorch's SummaryWriter writes; the argument is a folder for a copy of it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import torch
from torch.utils.tensorboard import SummaryWriter

torch.manual_seed(1)
MODEL = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
LAYOUT = {
    "all": {
        "both": ["Multiline", ["loss/.*", "accuracy"]],
        "band": ["Margin", ["accuracy", "loss/total", "lr"]],
    }
}


def write(writer: SummaryWriter) -> None:
    for step in range(10):
        writer.add_scalar("loss/total", 1 / (1 + step), step)
        writer.add_scalar("accuracy", step / 10, step, new_style=True, double_precision=True)
        writer.add_scalar("lr", 0.1, step, new_style=True)
        writer.add_histogram("weights", torch.randn(100), step)
        writer.add_histogram("bins", torch.randn(100), step, bins="doane")
        writer.add_image("picture", torch.rand(3, 8, 8), step)
        writer.add_text("note", f"**step** {step}", step)
        writer.add_pr_curve("pr", torch.randint(2, (50,)), torch.rand(50), step)
    for number, value in enumerate((float("nan"), float("inf"), -float("inf"), 1e300)):
        writer.add_scalar("odd", value, number, new_style=True, double_precision=True)
    writer.add_scalars("together", {"one": 1.0, "two": 2.0}, 1)
    writer.add_images("pictures", torch.rand(3, 3, 8, 8), 1)
    writer.add_image_with_boxes("boxes", torch.rand(3, 16, 16), torch.tensor([[2, 2, 9, 9]]), 1)
    figure = plt.figure(figsize=(1, 1))
    writer.add_figure("figure", figure, 1)
    writer.add_audio("beep", torch.rand(1, 800) - 0.5, 1, sample_rate=8000)
    writer.add_mesh("mesh", torch.rand(1, 9, 3), faces=torch.randint(9, (1, 4, 3)), global_step=1)
    writer.add_mesh("points", torch.rand(1, 9, 3), torch.randint(255, (1, 9, 3)), global_step=1)
    writer.add_tensor("tensor", torch.rand(3), 1)
    writer.add_graph(MODEL, torch.rand(1, 4))
    pictures = torch.rand(5, 3, 8, 8)
    writer.add_embedding(torch.rand(5, 3), list("abcde"), pictures, 1, tag="words")
    writer.add_embedding(
        torch.rand(5, 3), [(letter, "x") for letter in "abcde"], None, 2, "pairs", ["a", "b"]
    )
    writer.add_custom_scalars(LAYOUT)


for name in ("train", "eval/deep"):
    with SummaryWriter(f"logs/{name}") as writer:
        write(writer)
with SummaryWriter("logs/tuned") as writer:
    for number in range(2):
        tried = {"width": 8 + number, "kind": "ab"[number], "deep": bool(number)}
        domain = {"kind": ["a", "b", "c"]}
        writer.add_hparams(tried, {"score": number / 2}, domain, f"trial-{number}")
Path(sys.argv[1]).parent.mkdir(exist_ok=True)
shutil.copytree("logs", sys.argv[1])
