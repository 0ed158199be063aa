"""Templates of HTML: values are escaped, and no character hides or turns the text around it."""

from __future__ import annotations

import re

import jinja2
from markupsafe import Markup, escape

# Controls but tabs and ends of lines, format characters that are not seen themselves (of those that turn the
# direction of text, one name can pass for another), halves of characters. Emoji and Persian need joiners.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f]"
)


def make_environment(loader: jinja2.BaseLoader) -> jinja2.Environment:
    """Make what fills templates: every value is escaped, and a name that is not there is an error.

    Args:
        loader: Finds the templates.
    """
    made = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["stored"] = stored
    return made


def show_unseen(text: str) -> str:
    """Put a replacement character for each that is not seen, or that turns what stands around it."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def stored(text: str) -> Markup:
    """Escape a text for a form's field, which sends it back: as it is stored, unseen characters too."""
    return Markup(_UNSEEN.sub(lambda found: f"&#{ord(found[0])};", str(escape(text))))
