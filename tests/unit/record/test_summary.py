"""What a run came to, set, read back, searched and listed."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from trackboard import Workspace
from trackboard.errors import UsageError


def test_a_value_that_is_set_is_the_last_of_a_metric(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "trackboard")
    workspace = Workspace.open(tmp_path / "w")
    with workspace.start_run("digits", name="first", capture=False) as run:
        assert (dict(run.summary), len(run.summary)) == ({}, 0)
        run.log("loss", 0.5)
        run.summary["best"] = 0.7
        run.summary["best"] = 0.9
        run.summary.update({"kept": True, "model": "cnn"})
        assert dict(run.summary) == {"best": 0.9, "kept": True, "model": "cnn"}
        assert "loss" not in run.summary
        with pytest.raises(KeyError, match="loss"):
            run.summary["loss"]
        with pytest.raises(UsageError):
            run.summary[""] = 1
        assert caplog.messages == []
        run.summary["loss"] = 0.25
        (said,) = caplog.messages
        assert "summary('loss'): there are values of that name already" in said
    with workspace.start_run("digits", name="second", capture=False) as other:
        other.summary["best"] = 0.4
    found = {"loss": 0.25, "best": 0.9, "kept": True, "model": "cnn"}
    assert workspace.summary("first") == found
    assert [each.id for each in workspace.runs(where="summary.best > 0.5")] == [run.id]
    assert [each.id for each in workspace.runs(where="best > 0.1", order="-best")] == [
        other.id,
        run.id,
    ]
    assert workspace.runs().to_pandas(["best"])["best"].tolist() == [0.4, 0.9]
    workspace.close()
