"""A report becomes one file of HTML."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

import jinja2
from markupsafe import Markup

from trackboard.transfer.export.page import chart
from trackboard.transfer.export.page.content import Report

_POLICY = "default-src 'none'; img-src data:; style-src '{}'; base-uri 'none'; form-action 'none'"
_KEPT = "\n\t"


def render_report(report: Report) -> str:
    """Write a report as HTML; everything in it is escaped."""
    style = _read("report.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        report=report,
        style=Markup(style),
        policy=_POLICY.format(f"sha256-{digest}"),
        chart=chart,
    )


def _read(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")


def _finalize(value: object) -> object:
    """Text without characters that a page cannot hold, or that turn what stands around it."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if value.isprintable():
        return value
    return "".join(
        c if c.isprintable() or c in _KEPT else "\N{REPLACEMENT CHARACTER}" for c in value
    )
