"""What takes minutes: `make test-long`. Figures of a test (`record_property("kills", 1000)`) are printed."""

from __future__ import annotations

import pytest
from tests.contract.postgresql_cluster import postgresql

__all__ = ["postgresql"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests counted."""
    reports = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, [])
        if report.when == "call" and report.user_properties
    ]
    if reports:
        terminalreporter.section("figures")
    for report in reports:
        said = ", ".join(f"{name} {_grouped(value)}" for name, value in report.user_properties)
        terminalreporter.write_line(f"{report.nodeid}: {said}")


def _grouped(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else str(value)
