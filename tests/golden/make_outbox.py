"""The golden spool with an outbox, made with the code of a past commit; see README.md for how.

env -i PATH="$PATH" HOME=/home/golden PYTHONPATH=<old>/src python -B make_outbox.py <folder>
"""

import hashlib
import io
import shutil
import sys
from pathlib import Path

import make_golden as golden
import make_content as content

from trackboard import model
from trackboard.spool import alive
from trackboard.spool.writer import SpoolWriter

FILES = {"outputs/model.bin": b"weights", "outputs/again.bin": b"weights", "outputs/empty": b""}
IMAGE = b"\x89PNG no real one"
UNNAMED = b"no record names it"


def make(folder):
    """A process that was killed: nobody has read its spool, and one file has no record."""
    alive.boot_id = lambda: golden.BOOT
    alive.machine_id = lambda: "golden-machine"
    alive.pid_namespace = lambda: "pid:[1]"
    writer = SpoolWriter(folder / "spool-with-outbox")
    for event in (
        content.created("r", "outbox", "uploads"),
        content.moved("r", "running", 0, 1, content.T0 + 1, "", 0.0),
    ):
        writer.append_event(golden.to_event(*event))
    for path, data in FILES.items():
        key, size_bytes = writer.put_file(io.BytesIO(data))
        writer.append_event(model.FileAdded("r", path, key, size_bytes, content.T0 + 2))
    key, size_bytes = writer.put_file(io.BytesIO(IMAGE))
    image = model.ArtifactKind.IMAGE
    writer.append_event(
        model.ArtifactLogged("r", "plot", image, "plot.png", key, size_bytes, None, content.T0 + 3)
    )
    writer.put_file(io.BytesIO(UNNAMED))
    spool = folder / "spool-with-outbox" / writer.writer
    shutil.copytree(spool, folder / "copy")  # as it is while its process lives
    writer.close()
    shutil.rmtree(spool)
    (folder / "copy").rename(spool)
    golden.write_json(
        folder / "spool-with-outbox.json",
        {
            "writer": spool.name,
            "files": {path: data.decode("latin-1") for path, data in FILES.items()},
            "image": {"plot.png": IMAGE.decode("latin-1")},
            "unnamed": hashlib.sha256(UNNAMED).hexdigest(),
        },
    )


if __name__ == "__main__":
    make(Path(sys.argv[1]))
