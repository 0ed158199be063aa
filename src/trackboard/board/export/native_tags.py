"""Tags in native event files, as an export copies them.

Images, sounds and graphs under a name that TensorBoard's fast reader cannot give them back for (see
`board.eventfiles.escapes`) are listed and never shown: in a copy such a tag is escaped. Of a tag of several
kinds (see `board.eventfiles.tag_kinds`) one keeps the name, as in `board.export.tag_names`, and the others
add a word to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tensorboard.compat.proto import event_pb2

from trackboard.board.eventfiles.escapes import escape, is_odd
from trackboard.board.eventfiles.tag_kinds import find_kind, label
from trackboard.eventfile import encode

_PLUGINS = frozenset(("images", "audio", "graphs", "graph_keras_model", "graph_run_metadata"))
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")
_SOUNDS = (b"RIFF", b"ID3", b"OggS", b"fLaC")
_WORDS = {  # what is added to a tag, and what to call that; the first of these keeps the name
    "hparams": ("parameters", "parameters"),
    "scalars": ("number", "numbers"),
    "images": ("image", "images"),
    "pr_curves": ("curve", "curves"),
    "text": ("text", "texts"),
    "histograms": ("histogram", "histograms"),
    "audio": ("sound", "sounds"),
    "mesh": ("mesh", "meshes"),
}


@dataclass(frozen=True)
class TagsEdit:
    """Escapes the tags, and keeps those that it met."""

    met: dict[str, str] = field(default_factory=dict)  # what each became
    words: tuple[bytes, ...] = (*_PICTURES, *_SOUNDS, b"image", b"audio", b"graph")

    def apply(self, event: event_pb2.Event) -> bool:
        """Change an event; returns whether it was changed."""
        odd = [value for value in event.summary.value if is_odd(value.tag) and _is_blob(value)]
        for value in odd:
            self.met[value.tag] = escape(value.tag)
            value.tag = self.met[value.tag]
        return bool(odd)


@dataclass(frozen=True)
class KindsEdit:
    """Gives each kind of a tag a tag of its own.

    Attributes:
        mixed: The kinds of tags that have several.
        names: What each is called.
        met: The tags and kinds that have another name, and were met.
    """

    mixed: Mapping[str, Sequence[str]]
    names: Mapping[tuple[str, str], str]
    met: set[tuple[str, str]] = field(default_factory=set)

    @property
    def words(self) -> tuple[bytes, ...]:
        """Bytes of which every event that it changes holds one."""
        return tuple(map(encode.tag_field, self.mixed))

    def apply(self, event: event_pb2.Event) -> bool:
        """Change an event; returns whether it was changed."""
        is_changed = False
        for value in event.summary.value:
            tag, kinds = value.tag, self.mixed.get(value.tag, ())
            kind = find_kind(value, kinds)
            if kind in kinds and self.names[tag, kind] != tag:
                label(value, kind)
                value.tag = self.names[tag, kind]
                self.met.add((tag, kind))
                is_changed = True
        return is_changed

    def describe(self) -> Iterator[str]:
        """Say which kinds are not under the name of their tag."""
        for tag, kind in sorted(self.met):
            keeper = next(each for each in self.mixed[tag] if self.names[tag, each] == tag)
            yield (
                f"{tag}: its {_call(kind)[1]} are under {self.names[tag, kind]}, its"
                f" {_call(keeper)[1]} keep the name"
            )


def name_kinds(
    mixed: Mapping[str, Sequence[str]], taken: Collection[str], keepers: Mapping[str, str]
) -> dict[tuple[str, str], str]:
    """A tag for each kind of some tags.

    Args:
        mixed: The kinds of tags that have several.
        taken: All tags that there are.
        keepers: Kinds that keep the name of a tag in any case.
    """
    ranks = {kind: rank for rank, kind in enumerate(_WORDS)}
    used = set(taken)
    names = {}
    for tag, kinds in mixed.items():
        ordered = sorted(kinds, key=lambda kind: (ranks.get(kind, len(ranks)), kind))
        keeper = keepers.get(tag, ordered[0])
        for kind in ordered:
            name = tag
            while kind != keeper and name in used:
                name += f"/{_call(kind)[0]}"
            used.add(name)
            names[tag, kind] = name
    return names


def _call(kind: str) -> tuple[str, str]:
    return _WORDS.get(kind, (kind, kind))


def _is_blob(value: Any) -> bool:
    plugin = value.metadata.plugin_data.plugin_name
    return plugin in _PLUGINS or value.WhichOneof("value") in ("image", "audio")
