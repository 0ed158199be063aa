"""Histograms of tensors."""

from __future__ import annotations

import json

import pytest
from tests.prerequisites import require

from trackboard.record.conversion.histogram import encode_histogram


@pytest.mark.parametrize("kind", ["float32", "bfloat16", "int64"])
def test_tensors(kind: str) -> None:
    require("frameworks")
    import torch

    values = torch.arange(4.0).to(getattr(torch, kind)).reshape(2, 2)
    if kind != "int64":
        values.requires_grad_()
    document, _ = encode_histogram(values)
    assert document is not None
    data = json.loads(document)["data"]
    assert (sum(data["bin_counts"]), data["bin_edges"][0], data["bin_edges"][-1]) == (4, 0, 3)
