"""Pages are made of templates here; every value in them is escaped, and none turns what stands around it."""

from __future__ import annotations

import functools
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from starlette.responses import HTMLResponse

from trackboard.format.amounts import count, size
from trackboard.format.templates import make_environment, show_unseen
from trackboard.format.times import duration, moment, took_s
from trackboard.server.middleware.headers import route_of
from trackboard.server.notes import render_note
from trackboard.server.run_colors import color_class

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.errors import TrackboardError

ASSETS = Path(__file__).with_name("assets")
_TEMPLATES = Path(__file__).with_name("pages") / "templates"


@functools.cache
def environment() -> jinja2.Environment:
    """What templates are loaded and filled by; a name that is not there is an error."""
    made = make_environment(jinja2.FileSystemLoader(_TEMPLATES))
    made.filters.update(
        size=size,
        count=count,
        duration=duration,
        moment=moment,
        took=took_s,
        color_class=color_class,
    )
    made.filters["note"] = render_note
    return made


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Make a page of a template.

    Args:
        request: Whose page it is: all links are relative to its address, so that they hold below a prefix.
        template: The template's name.
        status: The HTTP status.
        values: What the template needs.
    """
    cursor = getattr(request.state, "cursor", "")
    page = environment().get_template(template)
    damage = getattr(request.state, "damage", None)
    html = page.render(root=root_of(request), cursor=cursor, damage=damage, **values)
    return HTMLResponse(show_unseen(html), status)


def report_refusal(request: Request, error: TrackboardError, again: str) -> HTMLResponse:
    """Say why a form was refused, with a link to where it is sent again.

    Args:
        request: What was refused.
        error: Why.
        again: The address of the page with the form, below the root.
    """
    status = error.http_status
    return render(
        request,
        "error.html",
        status,
        message=error.message,
        hint=error.hint,
        phrase=HTTPStatus(status).phrase,
        again=again,
    )


def root_of(request: Request) -> str:
    """The way from a request's address to the root, in front of which a proxy may have a prefix."""
    depth = route_of(request.scope).count("/") - 1
    return "../" * depth or "./"
