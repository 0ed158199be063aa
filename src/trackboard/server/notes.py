"""Notes in Markdown become HTML in which nothing runs, and which asks for nothing."""

from __future__ import annotations

import functools
import re

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

MOST_CHARACTERS = 10_000  # longer notes are shown as they are written
_LINKS = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_LEVELS_ABOVE = 2  # headings of the page itself


class _Parser(MarkdownIt):
    """Takes no other addresses for links."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 (the base class's name)
        return _LINKS.match(url) is not None


def render_note(text: str) -> Markup:
    """Render a note: HTML in it is text, images are their words, links lead to the web or an address."""
    if len(text) > MOST_CHARACTERS:
        return Markup("<pre>{}…</pre>").format(text[:MOST_CHARACTERS])
    parser = _parser()
    tokens = parser.parse(text)
    for token in tokens:
        for each in (token, *(token.children or ())):
            _restrain(each)
    return Markup(parser.renderer.render(tokens, parser.options, {}))


@functools.cache
def _parser() -> MarkdownIt:
    made = _Parser("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made.disable(["html_block", "html_inline", "entity"])
    return made


def _restrain(token: Token) -> None:
    token.attrs.pop("style", None)  # of a column's alignment; the policy forbids it
    if token.type in ("heading_open", "heading_close"):
        token.tag = f"h{min(6, int(token.tag[1:]) + _LEVELS_ABOVE)}"
    elif token.type == "link_open":
        token.attrs["rel"] = "noopener noreferrer"
    elif token.type == "image":
        token.type, token.children = "text", None
