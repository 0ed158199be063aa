"""Pages as the bytes of an HTML file."""

from __future__ import annotations

import html
from typing import Any, Tuple

from trackboard.record.conversion.any_value import shown
from trackboard.record.conversion.interruption import pass_on_interruption


def encode_html(page: Any) -> Tuple[bytes, str]:
    """Write a page as the bytes of a file.

    Args:
        page: Text or bytes of HTML; or what has `to_html()`, or `_repr_html_()` as notebooks ask for.

    Returns:
        The page in UTF-8, and what to tell about it: of what is none there is what it shows of itself.
    """
    if isinstance(page, bytes):
        return page, ""
    remark = f"a value of type {type(page).__name__} is kept as plain text"
    text = page if isinstance(page, str) else None
    for method in ("to_html", "_repr_html_"):
        if text is None and callable(getattr(type(page), method, None)):
            try:
                drawn = getattr(page, method)()
                text = drawn if isinstance(drawn, str) else None
            except Exception as error:  # noqa: BLE001  # whatever the value's own library raises
                pass_on_interruption(error)
                remark += f": its {method}() raised {type(error).__name__}"
    if text is not None:
        return text.encode("utf-8", "replace"), ""
    return f"<pre>{html.escape(shown(page))}</pre>".encode("utf-8", "replace"), remark
