"""Whether there are GPUs here, and what packages bring along for them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence


def has_gpu() -> bool:
    """Whether NVIDIA's driver is installed here."""
    return shutil.which("nvidia-smi") is not None


def describe_unused(packages: Sequence[str]) -> str:
    """How an environment does without NVIDIA's libraries where nothing can use them; empty: it has none.

    Args:
        packages: What is about to be installed.
    """
    count = sum(package.startswith("nvidia-") for package in packages)
    if not count or has_gpu():
        return ""
    return (
        f"{count} of these are NVIDIA's libraries, some gigabytes, and there is no driver of NVIDIA here:"
        " UV_TORCH_BACKEND=cpu in the environment's variables takes the build of torch without them"
    )
