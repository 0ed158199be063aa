"""How much of each series a board shows where a person asked for more, or for less, than TensorBoard's usual.

    trackboard tb --samples images=all,scalars=5000
    Tensorboard(runs, samples={"images": "all", "scalars": 5000})

Standard library only: starters of boards use it too.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from trackboard.errors import UsageError

USUAL: Mapping[str, int] = {  # what TensorBoard shows of one series when nobody says otherwise
    "scalars": 1000,
    "images": 10,
    "audio": 10,
    "histograms": 500,
    "text": 10,
    "pr_curves": 100,
    "mesh": 10,
}
ALL = 2**31 - 1  # more than anything has
_ALL_WORD = "all"
_ALLOWED = f"{', '.join(USUAL)}; each may be a number from 1 on, or {_ALL_WORD}"


@dataclass(frozen=True)
class Samples:
    """What was asked for; made by `parse` or `read`."""

    asked: tuple[tuple[str, int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Samples:
        """Read `images=all,scalars=5000`.

        Raises:
            UsageError: Something else than a plugin's name, or than a number.
        """
        pairs = [part.partition("=") for part in text.split(",") if part.strip()]
        missing = next((name for name, sign, _ in pairs if not sign), None)
        if missing is not None:
            raise UsageError(
                f"samples: {missing.strip()!r} says no number", hint=f"Allowed: {_ALLOWED}."
            )
        return cls.read({name.strip(): value.strip() for name, _, value in pairs})

    @classmethod
    def read(cls, asked: Mapping[str, int | str] | str) -> Samples:
        """Read `{"images": "all", "scalars": 5000}`, or the same as text.

        Raises:
            UsageError: Something else than a plugin's name, or than a number.
        """
        if isinstance(asked, str):
            return cls.parse(asked)
        if not isinstance(asked, Mapping):
            raise UsageError(f"samples: {asked!r} is no dict", hint=f"Allowed: {_ALLOWED}.")
        return cls(tuple((_name(name), _number(name, value)) for name, value in asked.items()))

    def limit(self, plugin: str) -> int:
        """How many of one series are shown."""
        return dict(self.asked).get(plugin, USUAL[plugin])

    def asks(self, plugin: str) -> bool:
        """Whether a person said something of it."""
        return plugin in dict(self.asked)

    def __str__(self) -> str:
        """The text that `parse` reads."""
        return ",".join(
            f"{name}={_ALL_WORD if number == ALL else number}" for name, number in self.asked
        )


def _name(name: object) -> str:
    if name in USUAL:
        return str(name)
    close = difflib.get_close_matches(str(name), USUAL, n=1)
    meant = f"Did you mean {close[0]!r}? " if close else ""
    raise UsageError(f"samples: there is no plugin {name!r}", hint=f"{meant}Allowed: {_ALLOWED}.")


def _number(name: str, value: object) -> int:
    if value == _ALL_WORD:
        return ALL
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if is_number or (isinstance(value, str) and value.isascii() and value.isdecimal()):
        number = int(str(value)[:20])
        if number >= 1:
            return min(number, ALL)
    raise UsageError(
        f"samples: {name}={value!r} is not how many", hint=f"A number from 1 on, or {_ALL_WORD}."
    )


AS_USUAL = Samples()
