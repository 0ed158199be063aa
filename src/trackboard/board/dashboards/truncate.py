"""Texts cut to what TensorBoard's Markdown and its sanitizer turn into a page within milliseconds.

Both are quadratic in some characters: 10,000 `[` take 20 s, a page of 7,000 `<` 6 s; and every paragraph,
item of a list and cell of a table takes 0.1 ms. A text with few of each is rendered as Markdown. Any
other, as printed lists, dictionaries and markup, is shown as it is, as code. Both begin with a line that
says how much is left out.
"""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from trackboard.board.dashboards import markdown

MOST_TEXTS = 10  # of one name, as TensorBoard's own reader keeps
MOST_CHARACTERS = 20_000  # of one text
_MOST_ELEMENTS = 500  # of one text that is an array
_MOST_COLUMNS = 50  # of it
_FEWEST_CHARACTERS = 100  # of one element
_SOME_LINE = re.compile("\n")
# A text with more of any of these is no Markdown that people wrote to be read.
_MARKDOWN_LIMITS = {
    re.compile(r"\["): 200,
    re.compile("<"): 50,
    re.compile("&"): 200,
    re.compile("`"): 300,
    re.compile(r"\\"): 2_000,
    re.compile(r"[*_]"): 500,
    re.compile(r"\|"): 1_000,
    _SOME_LINE: 500,
}


def truncate_text(text: str, *, characters: int = MOST_CHARACTERS) -> str:
    """Make a text cheap, as Markdown or as code, and say what is left out of it."""
    shown = markdown.beginning(text, characters)
    body = shown if is_cheap(shown) else markdown.code(shown.split("\n"))
    if len(shown) == len(text):
        return body
    return (
        f"The first {len(shown):,} of {len(text):,} characters"
        f" (Workspace.history has all of them):\n\n{body}"
    )


def is_cheap(text: str) -> bool:
    """Whether Markdown takes milliseconds for a text of at most `MOST_CHARACTERS`."""
    return all(
        sum(1 for _ in pattern.finditer(text)) <= most for pattern, most in _MARKDOWN_LIMITS.items()
    )


def truncate_array(texts: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Make an array of texts cheap, as event files have them: one text, or a table of many."""
    kept = texts
    if texts.ndim > 2:  # TensorBoard shows the first table
        kept = texts[tuple(slice(0, 1) for _ in texts.shape[:-2])]
    if texts.ndim > 1:
        kept = kept[..., :_MOST_COLUMNS]
    if texts.ndim > 0:
        width = kept.shape[-1] if texts.ndim > 1 else 1
        rows = max(1, _MOST_ELEMENTS // max(1, width))
        kept = kept[..., :rows, :] if texts.ndim > 1 else kept[:rows]
    characters = max(_FEWEST_CHARACTERS, MOST_CHARACTERS // max(1, kept.size))
    cheap = np.empty(kept.size, dtype=object)
    cheap[:] = [_truncate_element(one, characters) for one in kept.reshape(-1)]
    return cheap.reshape(kept.shape)


def _truncate_element(text: object, characters: int) -> object:
    """A text of an event file, which is bytes as a rule; as it was where nothing is left out."""
    if not isinstance(text, bytes):
        return truncate_text(str(text), characters=characters)
    shown = truncate_text(text.decode("utf-8", "replace"), characters=characters)
    return text if shown.encode() == text else shown
