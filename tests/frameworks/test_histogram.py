"""Histograms of tensors."""

from __future__ import annotations

import pytest
from tests.prerequisites import require

from trackboard.record.conversion.histogram import counted


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "int64"])
def test_tensors(kind: str) -> None:
    require("frameworks")
    import torch

    values = torch.arange(4.0).to(getattr(torch, kind)).reshape(2, 2)
    if kind != "int64":
        values.requires_grad_()
    counts, edges = counted(values)
    assert (sum(counts), edges[0], edges[-1]) == (4, 0, 3)
