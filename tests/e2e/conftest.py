"""Whole programs are started here: none may stay."""

import pytest


@pytest.fixture(autouse=True)
def _nothing_stays(leaves_no_process: None) -> None:
    """Every test in this folder ends what it starts."""
