"""In the style of Chainer's examples: tensorboardX, into the folder that an argument names."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tensorboardX import SummaryWriter

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument("--output_dir")
parser.add_argument("go_on", type=Path)
args = parser.parse_args()

writer = SummaryWriter(args.output_dir)
for epoch in range(args.epochs):
    writer.add_scalar("main/loss", 1.0 / (epoch + 1), epoch)
    writer.add_scalar("validation/main/accuracy", epoch / args.epochs, epoch)
while not args.go_on.exists():
    writer.flush()  # of what its thread has written by then
    time.sleep(0.02)
writer.close()
assert "tensorflow" not in sys.modules
