"""`azureml.telemetry`: nothing leaves this machine, and nothing is written."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

import azureml.exceptions
import azureml.telemetry
from azureml.telemetry import get_diagnostics_collection_info, set_diagnostics_collection


def test_it_is_remembered_here_only(empty_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = Path(azureml.telemetry.__file__).parent
    before = sorted(path.name for path in package.iterdir())

    set_diagnostics_collection(send_diagnostics=True)
    assert "nothing is sent" in capsys.readouterr().out
    assert get_diagnostics_collection_info() == (True, logging.INFO)
    set_diagnostics_collection(False, verbosity=logging.DEBUG, reason="r", path="p")
    assert get_diagnostics_collection_info("component") == (False, logging.DEBUG)

    assert sorted(path.name for path in package.iterdir()) == before
    assert [*empty_folder.iterdir()] == []


def test_loggers_and_the_error_of_the_same_name() -> None:
    assert isinstance(azureml.telemetry.get_telemetry_log_handler(), logging.NullHandler)
    azureml.telemetry.get_event_logger().log_event("x")
    theirs = azureml.exceptions.UserErrorException
    assert not issubclass(azureml.telemetry.UserErrorException, theirs)
