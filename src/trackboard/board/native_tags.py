"""Tags of images, sounds and graphs in native event files, as an export copies them.

Under a name that TensorBoard's fast reader cannot give them back for (see `board.escapes`) they are listed
and never shown. In a copy such a tag is escaped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tensorboard.compat.proto import event_pb2

from trackboard.board.escapes import escape, is_odd

_PLUGINS = frozenset(("images", "audio", "graphs", "graph_keras_model", "graph_run_metadata"))
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")
_SOUNDS = (b"RIFF", b"ID3", b"OggS", b"fLaC")


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


def _is_blob(value: Any) -> bool:
    plugin = value.metadata.plugin_data.plugin_name
    return plugin in _PLUGINS or value.WhichOneof("value") in ("image", "audio")
