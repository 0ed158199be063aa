"""A path before all addresses of a board: what a proxy leads here without taking its own part away.

    trackboard tb --path-prefix /keep         /keep/data/runs means /data/runs, as stock TensorBoard has it
    X-Forwarded-Prefix, X-Script-Name         the same, said with each request by the proxy

A prefix is taken away where a path begins with it and nothing else changes: a proxy may as well have
taken it away itself, and `http://localhost:6006/` goes on working. All links are relative, so who makes up a
prefix leads nobody anywhere.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator, Mapping

from trackboard.errors import UsageError

_HEADERS = ("HTTP_X_FORWARDED_PREFIX", "HTTP_X_SCRIPT_NAME")
_PREFIX = re.compile(r"(/[\w.~!$&'()*+,;=:@%-]+)+")
_DOTS = frozenset((".", ".."))


def parse_prefix(text: str) -> str:
    """Read the prefix that a person typed: `/keep`, also as `keep` or `/keep/`; empty or `/`: none.

    Raises:
        UsageError: It is no path.
    """
    prefix = _read(text if text.startswith("/") else f"/{text}")
    if prefix is None:
        raise UsageError(
            f"path prefix {text!r} is not the path of an address",
            hint="Name what the proxy's address has behind its host, as in: --path-prefix /keep/board",
        )
    return prefix


def find_prefix(environ: Mapping[str, object], own: str) -> str:
    """The prefix that a path begins with, as WSGI has it; empty: none.

    Args:
        environ: What is known of a request.
        own: The prefix that was set, from `parse_prefix`.
    """
    path = str(environ.get("PATH_INFO", ""))
    for prefix in (own, *_forwarded(environ)):
        decoded = urllib.parse.unquote_to_bytes(prefix).decode("latin-1")
        if decoded and (path == decoded or path.startswith(f"{decoded}/")):
            return decoded
    return ""


def _forwarded(environ: Mapping[str, object]) -> Iterator[str]:
    """The prefixes that proxies say, the nearest proxy's first."""
    for name in _HEADERS:
        for said in reversed(str(environ.get(name, "")).split(",")):
            yield _read(said.strip()) or ""


def _read(text: str) -> str | None:
    """A prefix without its final slash, "" for the root; None for what is none."""
    prefix = text.rstrip("/")
    is_path = _PREFIX.fullmatch(prefix) and _DOTS.isdisjoint(prefix.split("/"))
    return prefix if is_path or not prefix else None
