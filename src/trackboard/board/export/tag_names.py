"""Which tag each part of a run's history gets in an event file.

The live view shows a name on every dashboard that has something of it: a confusion matrix as an image and
as a table. In an event file a tag belongs to one dashboard, so the others add a word to the name. Images and
sounds of a name that TensorBoard cannot give them back for (see `board.eventfiles.escapes`) have it escaped.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping

from trackboard.board.eventfiles.escapes import ESCAPED_BECAUSE, escape, is_odd


class Use(enum.Enum):
    """What a tag is for: the word that is added to a name that is taken, what to call it, and whose it is.

    Of those that want one name, the first in this order gets it.
    """

    PARAMETERS = ("parameters", "parameters", "hparams")
    NUMBERS = ("number", "numbers", "scalars")
    IMAGES = ("image", "images", "images")
    SOUNDS = ("sound", "sounds", "audio")
    HISTOGRAMS = ("histogram", "histograms", "histograms")
    CURVES = ("curve", "curves", "pr_curves")
    TEXTS = ("text", "texts", "text")
    ROWS = ("table", "rows", "text")
    REMARKS = ("table", "tables", "text")

    @property
    def plugin(self) -> str:
        """The plugin that shows it."""
        return self.value[2]

    @property
    def is_of_files(self) -> bool:
        """Whether its values are files, whose names `escapes` is about."""
        return self in (Use.IMAGES, Use.SOUNDS)

    @classmethod
    def of_files(cls, plugin: str) -> Use:
        """Return the use of a dashboard of `dashboards.blob_sequences`."""
        return next(use for use in cls if use.plugin == plugin)


Wanted = tuple[Use, str]
_RANKS = {use: rank for rank, use in enumerate(Use)}


def assign(wanted: Iterable[Wanted]) -> dict[Wanted, str]:
    """A tag for each name of each use, all different."""
    ordered = sorted(set(wanted), key=lambda one: (_RANKS[one[0]], one[1]))
    owners: dict[str, Use] = {}
    for use, name in ordered:
        owners.setdefault(name, use)
    taken = set(owners)
    tags: dict[Wanted, str] = {}
    for use, name in ordered:
        tag = escape(name) if use.is_of_files else name
        while tag in taken and (tag != name or owners[name] is not use):
            tag += f"/{use.value[0]}"
        taken.add(tag)
        tags[use, name] = tag
    return tags


def describe(tags: Mapping[Wanted, str]) -> Iterator[str]:
    """Say which tags are not the names, and who has those; a matrix's table nobody needs to look for."""
    owners = {name: use for (use, name), tag in tags.items() if tag == name}
    for (use, name), tag in tags.items():
        if use.is_of_files and is_odd(name):
            yield f"{name!r}: its {use.value[1]} are under {tag}, {ESCAPED_BECAUSE}"
        elif tag != name and use is not Use.REMARKS:
            what, others = use.value[1], owners[name].value[1]
            yield f"{name}: its {what} are under {tag}, its {others} keep the name"
