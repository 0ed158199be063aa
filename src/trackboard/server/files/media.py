"""What browsers show of files without running anything."""

from __future__ import annotations

import mimetypes

# An SVG may hold script: it is sent with a policy under which nothing runs. HTML is not among these.
_SHOWN = frozenset(
    f"image/{kind}" for kind in ("png", "jpeg", "gif", "webp", "bmp", "avif", "svg+xml")
) | {"audio/wav", "audio/x-wav", "audio/mpeg", "audio/ogg", "video/mp4", "video/webm", "text/plain"}
_AS_TEXT = (".log", ".out", ".err")  # which few systems know


def media_kind(path: str) -> str:
    """The media type of a file that a browser may show; empty: it may only save it."""
    name = path.rpartition("/")[2].lower()
    if name.endswith(_AS_TEXT):
        return "text/plain"
    kind, encoding = mimetypes.guess_type(f"x{name}")  # not as an address: a name may hold a colon
    return kind if kind in _SHOWN and encoding is None else ""
