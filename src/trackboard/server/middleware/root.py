"""Tells what is asked below the pages, TensorBoard and its tab *Runs*, where they begin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Scope

_ROOT = "trackboard.root"


def mark_root(scope: Scope) -> Scope:
    """Note that pages begin at the root of a request's address, which has what a proxy put before it."""
    return {**scope, _ROOT: f"{scope.get('root_path', '')}/"}


def find_root(environ: Mapping[str, Any]) -> str | None:
    """The path at which the pages begin.

    Args:
        environ: What a WSGI application knows of a request.

    Returns:
        None where the server that answers has no pages.
    """
    root: str | None = environ.get("asgi.scope", {}).get(_ROOT)
    return root
