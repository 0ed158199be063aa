"""Lines of a log as a terminal showed them: colours as classes, progress bars as their last state."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# Colours and the like; other control sequences; titles and links up to their end. Of what is not ended the
# first characters: a log hides nothing behind one.
_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)([0-?]*)[ -/]*([@-~])"
    "|(?:\x1b[\\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]{0,4096}(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[ -/]*[0-~]?"
)
_FOLD = re.compile("\r|\x08{2,}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_RGB = (
    *((0, 0, 0), (205, 49, 49), (13, 188, 121), (229, 229, 16)),
    *((36, 114, 200), (188, 63, 188), (17, 168, 205), (229, 229, 229)),
)
_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike"}
_OFF = {
    22: ("bold", "dim"),
    23: ("italic",),
    24: ("underline",),
    27: ("inverse",),
    29: ("strike",),
    39: ("text",),
    49: ("ground",),
}
_LONGEST = 100  # characters of a sequence's numbers; more say nothing


class Span(NamedTuple):
    """Characters of one look.

    Attributes:
        text: The characters.
        classes: Names of classes, as HTML has them; empty: as all text.
    """

    text: str
    classes: str


class Shown(NamedTuple):
    """A line as it was seen at last.

    Attributes:
        spans: Its text.
        folded: How many states of it were written over.
    """

    spans: Sequence[Span]
    folded: int

    @property
    def text(self) -> str:
        """The text alone."""
        return "".join(part.text for part in self.spans)


class Terminal:
    """Shows lines one after the other: a colour lasts until it is changed."""

    def __init__(self) -> None:
        self._style: dict[str, str] = {}

    def show(self, line: str) -> Shown:
        """Show a line, which has no end of line in it."""
        states: list[list[Span]] = [[]]
        for text, classes in self._split(line.rstrip("\r\n")):
            first, *others = _FOLD.split(text)
            for number, piece in enumerate((first, *others)):
                if number and any(part.text for part in states[-1]):
                    states.append([])
                kept = _CONTROL.sub("", piece)
                if kept:
                    states[-1].append(Span(kept, classes))
        if len(states) > 1 and not any(part.text.strip() for part in states[-1]):
            states.pop()  # it was cleared at last; what it said before says more
        return Shown(tuple(states[-1]), len(states) - 1)

    def _split(self, line: str) -> Iterator[tuple[str, str]]:
        """Texts between control sequences, and their looks."""
        begin = 0
        for found in _SEQUENCE.finditer(line):
            if found.start() > begin:
                yield line[begin : found.start()], self._classes()
            begin = found.end()
            if found[2] == "m" and len(found[1]) <= _LONGEST:
                self._change(found[1])
        if begin < len(line):
            yield line[begin:], self._classes()

    def _classes(self) -> str:
        return " ".join(self._style.values())

    def _change(self, numbers: str) -> None:
        codes = [int(each) if each.isdecimal() else 0 for each in re.split("[;:]", numbers)]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self._style.clear()
            elif code in _ON:
                self._style[_ON[code]] = f"ansi-{_ON[code]}"
            elif code in (38, 48):
                self._set_color("text" if code == 38 else "ground", _take_color(codes))
            elif 30 <= code % 60 <= 37 and code < 100:
                self._set_color("text", code % 10)
            elif code // 10 in (4, 10) and code % 10 < 8:
                self._set_color("ground", code % 10)
            else:
                for each in _OFF.get(code, ()):
                    self._style.pop(each, None)

    def _set_color(self, which: str, number: int | None) -> None:
        if number is not None:
            self._style[which] = f"ansi-{'' if which == 'text' else 'on-'}{_COLORS[number]}"


def _take_color(codes: list[int]) -> int | None:
    """The nearest of the eight colours to one of 256, or to one of red, green and blue; None: it is none."""
    kind = codes.pop(0) if codes else 0
    if kind == 5 and codes:
        number = codes.pop(0)
        if number < 16:
            return number % 8
        if number < 232:
            red, rest = divmod(number - 16, 36)
            return _nearest(red * 51, rest // 6 * 51, rest % 6 * 51)
        return _nearest(*(((number - 232) * 10 + 8),) * 3)
    if kind == 2 and len(codes) >= 3:
        return _nearest(codes.pop(0), codes.pop(0), codes.pop(0))
    codes.clear()
    return None


@functools.lru_cache(1024)
def _nearest(red: int, green: int, blue: int) -> int:
    def distance(number: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(_RGB[number], (red, green, blue), strict=True))

    return min(range(8), key=distance)


def strip_sequences(text: str) -> str:
    """What is left of a text without control sequences."""
    return _SEQUENCE.sub("", text)
