"""The Audio dashboard: sounds as they were logged, each one blob."""

from __future__ import annotations

from collections.abc import Sequence

from tensorboard.plugins.audio import metadata as plugin

from trackboard.board.dashboards.contents import Contents, Problem, Sound
from trackboard.eventfile import encode
from trackboard.model import ArtifactKind
from trackboard.ports import Artifact

AUDIO = plugin.PLUGIN_NAME
_WAV = plugin.create_summary_metadata(None, None, plugin.Encoding.Value("WAV")).plugin_data.content


class Audio:
    """What can be heard; see `blob_sequences.BlobDashboard`."""

    plugin = AUDIO
    kinds: Sequence[ArtifactKind] = (ArtifactKind.AUDIO,)
    parts: Sequence[str] = ("file",)
    metadata: bytes = _WAV

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def read_part(self, part: str, kind: ArtifactKind, key: str) -> bytes:
        """Read the file."""
        del part
        found = self._contents.inspect_blob(kind, key)
        if isinstance(found, Problem):
            raise ValueError(found.why)
        return self._contents.read(key)

    def encode(self, tag: str, artifact: Artifact) -> bytes | None:
        """Encode a sound for an event file: a list of one, with an empty label."""
        if not isinstance(self._contents.inspect(artifact), Sound):
            return None
        parts = (self._contents.read(artifact.key), b"")
        return encode.blobs(
            tag, artifact.step, artifact.time_s, parts, AUDIO, self.metadata, shape=(1, 2)
        )
