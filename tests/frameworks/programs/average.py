"""Real torch.distributed: two ranks on gloo fit one weight together, and each says how it goes."""

from __future__ import annotations

import os
import sys

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from azureml.core import Run

dist.init_process_group("gloo")
rank, size = dist.get_rank(), dist.get_world_size()
run = Run.get_context()
torch.manual_seed(rank)
model = DistributedDataParallel(torch.nn.Linear(1, 1, bias=False))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(20):
    x = torch.rand(16, 1)
    loss = torch.nn.functional.mse_loss(model(x), 3 * x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    run.log("loss", loss.item(), step=step)
weight = model.module.weight.detach().clone()
together = weight.clone()
dist.all_reduce(together)
run.log("weight", weight.item())
run.log("difference", abs(together.item() / size - weight.item()))
sys.stdout.write(f"rank {rank} of {size} on port {os.environ['MASTER_PORT']}\n")
dist.destroy_process_group()
