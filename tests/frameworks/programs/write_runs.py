"""A PyTorch script as people write them: a bare SummaryWriter, which writes to runs/."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

go_on = Path(sys.argv[1])
writer = SummaryWriter(flush_secs=1)
for step in range(3):
    writer.add_scalar("accuracy/train", step / 2, step)
writer.flush()
while not go_on.exists():
    time.sleep(0.02)
writer.close()
assert "tensorflow" not in sys.modules
