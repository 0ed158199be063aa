"""What a board shows of each series, and what it says of the rest."""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Mapping, Sequence

from trackboard.board.series.point_budget import ANSWER_POINTS
from trackboard.board.series.samples import ALL, AS_USUAL, USUAL, Samples

_NOUNS = {
    "scalars": "points",
    "images": "images",
    "audio": "sounds",
    "histograms": "histograms",
    "text": "texts",
    "pr_curves": "curves",
    "mesh": "meshes",
}


class Sampling:
    """How many of a series are shown; remembers of each kind which lost the most."""

    def __init__(self, samples: Samples = AS_USUAL) -> None:
        self.samples = samples
        self._lock = threading.Lock()
        self._most: dict[str, tuple[int, str]] = {}  # plugin -> how many there are, a sentence

    def limit(self, plugin: str) -> int:
        """How many of one series are shown."""
        return self.samples.limit(plugin)

    @property
    def budget(self) -> int:
        """Points of one answer: who asks for a number of points gets them."""
        return ALL if self.samples.asks("scalars") else ANSWER_POINTS

    def is_full(self, plugin: str, count: int) -> bool:
        """Whether a reader that gives so many may have left out others."""
        return plugin in USUAL and count >= self.limit(plugin)

    def note(self, plugin: str, tag: str, shown: int, of: int) -> None:
        """Remember that so many of a series are shown."""
        if shown < of:
            self._keep(plugin, tag, shown, of, "")

    def note_steps(self, plugin: str, tag: str, steps: Sequence[int]) -> None:
        """Remember what a reader gave of a series, that does not say how many there are.

        It takes a sample at random: where as many came as it keeps, and not at even distances, there
        were about as many as steps.
        """
        if not self.is_full(plugin, len(steps)):
            return
        gaps = [after - before for before, after in itertools.pairwise(steps)]
        common = math.gcd(*gaps)
        about = (steps[-1] - steps[0]) // common + 1 if common else len(steps)
        if about > len(steps):
            self._keep(plugin, tag, len(steps), about, "about ")

    def describe(self) -> Mapping[str, str]:
        """What is left out, in words, by plugin."""
        with self._lock:
            return {plugin: sentence for plugin, (_, sentence) in self._most.items()}

    def _keep(self, plugin: str, tag: str, shown: int, of: int, about: str) -> None:
        with self._lock:
            if of > self._most.get(plugin, (0, ""))[0]:
                sentence = (
                    f"{shown:,} of {about}{of:,} {_NOUNS[plugin]} of {tag!r} are shown:"
                    f" --samples {plugin}=all (Tensorboard(samples=…)) shows all."
                )
                self._most[plugin] = of, sentence
