"""A report becomes one file of HTML."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

import jinja2
from markupsafe import Markup

from trackboard.format.templates import make_environment, show_unseen
from trackboard.transfer.export.page import chart
from trackboard.transfer.export.page.content import Report

_POLICY = "default-src 'none'; img-src data:; style-src '{}'; base-uri 'none'; form-action 'none'"


def render_report(report: Report) -> str:
    """Write a report as HTML; everything in it is escaped."""
    style = _read("report.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = make_environment(jinja2.FunctionLoader(_read)).get_template("report.html")
    page = template.render(
        report=report,
        style=Markup(style),
        policy=_POLICY.format(f"sha256-{digest}"),
        chart=chart,
    )
    return show_unseen(page)


def _read(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")
