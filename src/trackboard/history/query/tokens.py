"""The words and signs of a condition, with their places."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from typing import NamedTuple

from trackboard.history.query.mistakes import mistake
from trackboard.ports import Origin

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`)
    |(?P<sign>[<>=!~&|]+)
    |(?P<mark>[(),])
    |(?P<word>[^\s<>=!~&|(),'"`]+)
    """,
    re.VERBOSE,
)
_QUOTES = "'\"`"


class Kind(enum.Enum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted"
    SIGN = "sign"  # of comparisons, and what people take for some
    MARK = "mark"  # a parenthesis or a comma
    END = "end"


class Token(NamedTuple):
    """A piece of a condition.

    Attributes:
        kind: What it is.
        text: What it says; of what is quoted, what stands between the quotes.
        start: Where it begins.
        end: Where it ends.
    """

    kind: Kind
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether it is one of these words of the language."""
        return self.kind is Kind.WORD and self.text.lower() in words

    def is_mark(self, mark: str) -> bool:
        """Whether it is this mark."""
        return self.kind is Kind.MARK and self.text == mark


def iter_tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, and at last its end.

    Raises:
        UsageError: A quote is not closed.
    """
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise mistake(
                Origin(text, at, at + 1),
                f"the quote that begins with {text[at]} is not closed",
                "Close it. A quote within quotes is written twice: 'it''s'.",
            )
        name = str(found.lastgroup)
        if name != "space":
            yield Token(Kind(name), _said(found[0]), at, found.end())
        at = found.end()
    end = len(text.rstrip())
    yield Token(Kind.END, "", end, end + 1)


def _said(written: str) -> str:
    quote = written[0]
    if quote not in _QUOTES:
        return written
    return written[1:-1].replace(quote * 2, quote)
