"""The demo's job: a small network learns to tell digits apart, in numpy, and shows everything it does.

It writes TensorBoard logs of its own under ./logs (scalars, histograms, images, text, a graph), and it
calls run.log, as any training script may do both.

    python train.py --log_dir ./logs --minutes 10
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tensorboardX import SummaryWriter
from tensorboardX.proto.attr_value_pb2 import AttrValue
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.graph_pb2 import GraphDef
from tensorboardX.proto.node_def_pb2 import NodeDef

from azureml.core import Run

Array = npt.NDArray[np.float64]

SIDE = 8
GLYPHS = (
    "01111110 1......1 1......1 1......1 1......1 1......1 1......1 01111110",
    "...11... ..111... .1.11... ...11... ...11... ...11... ...11... .111111.",
    ".111111. 1......1 .......1 ......1. ....11.. ..11.... 11...... 11111111",
    "1111111. .......1 .......1 ..11111. .......1 .......1 .......1 1111111.",
    "1.....1. 1.....1. 1.....1. 1.....1. 11111111 ......1. ......1. ......1.",
)
NODES = {
    "input/image": [],
    "hidden/weights": [],
    "hidden/matmul": ["input/image", "hidden/weights"],
    "hidden/relu": ["hidden/matmul"],
    "output/weights": [],
    "output/matmul": ["hidden/relu", "output/weights"],
    "output/softmax": ["output/matmul"],
    "input/label": [],
    "train/cross_entropy": ["output/softmax", "input/label"],
    "train/accuracy": ["output/softmax", "input/label"],
}
OPERATIONS = {"matmul": "MatMul", "relu": "Relu", "softmax": "Softmax", "weights": "VariableV2"}


class Network:
    """One hidden layer. Shapes: images [N, 64], hidden [64, H], output [H, 5]."""

    def __init__(self, random: np.random.Generator, hidden: int = 24) -> None:
        self.hidden: Array = random.normal(0, 0.3, (SIDE * SIDE, hidden))
        self.output: Array = random.normal(0, 0.3, (hidden, len(GLYPHS)))

    def step(
        self, images: Array, labels: npt.NDArray[np.int64], rate: float
    ) -> tuple[float, float]:
        """Take one step of gradient descent; returns cross entropy and accuracy before it."""
        active = np.maximum(images @ self.hidden, 0)
        scores = active @ self.output
        odds = np.exp(scores - scores.max(1, keepdims=True))
        odds /= odds.sum(1, keepdims=True)
        rows = np.arange(len(labels))
        cross_entropy = float(-np.log(odds[rows, labels] + 1e-9).mean())
        accuracy = float((odds.argmax(1) == labels).mean())
        odds[rows, labels] -= 1
        odds /= len(labels)
        back = (odds @ self.output.T) * (active > 0)
        self.output -= rate * active.T @ odds
        self.hidden -= rate * images.T @ back
        return cross_entropy, accuracy


def draw(random: np.random.Generator, count: int) -> tuple[Array, npt.NDArray[np.int64]]:
    """Noisy digits: images [count, 64] and labels [count]."""
    clean = np.array([[c == "1" for c in glyph.replace(" ", "")] for glyph in GLYPHS], np.float64)
    labels = random.integers(0, len(GLYPHS), count)
    return clean[labels] + random.normal(0, 1.2, (count, SIDE * SIDE)), labels


def graph() -> GraphDef:
    """The network as TensorBoard's Graphs dashboard wants it."""
    nodes = [
        NodeDef(
            name=name,
            op=OPERATIONS.get(name.rsplit("/", 1)[-1], "Placeholder"),
            input=inputs,
            attr={"dtype": AttrValue(type=1)},
        )
        for name, inputs in NODES.items()
    ]
    return GraphDef(node=nodes)


def main() -> None:
    """Train until the time is over."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--log_dir", default="./logs")
    parser.add_argument("--minutes", type=float, default=1.0)
    said = parser.parse_args()
    run = Run.get_context()
    random = np.random.default_rng(0)
    network = Network(random)
    writer = SummaryWriter(str(Path(said.log_dir) / "train"), flush_secs=1)
    writer.file_writer.add_event(Event(graph_def=graph().SerializeToString()))
    writer.add_text("about", "A network of 64, 24 and 5 units learns **five noisy digits**.")
    ends_s = time.monotonic() + 60 * said.minutes
    step = 0
    while time.monotonic() < ends_s:
        images, labels = draw(random, 64)
        cross_entropy, accuracy = network.step(images, labels, rate=0.02)
        run.log("accuracy", accuracy)
        run.log("cross_entropy", cross_entropy)
        writer.add_scalar("cross_entropy/native", cross_entropy, step)
        if step % 5 == 0:
            writer.add_histogram("weights/hidden", network.hidden, step)
            writer.add_histogram("weights/output", network.output, step)
            digits = images[:10].reshape(-1, 1, SIDE, SIDE).clip(0, 1).repeat(8, 2).repeat(8, 3)
            writer.add_images("digits", digits, step)
            writer.flush()
            print(f"step {step}: accuracy {accuracy:.2f}", flush=True)
        step += 1
        time.sleep(0.2)
    writer.close()


if __name__ == "__main__":
    main()
