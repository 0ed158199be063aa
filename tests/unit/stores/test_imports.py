"""What importing the stores costs: no dialect, ORM or event loop that is not used."""

import subprocess
import sys

UNWANTED = (
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.mysql",
    "sqlalchemy.orm",
    "fsspec",
)


def test_only_what_is_needed_is_imported() -> None:
    code = "import sys, trackboard.stores, trackboard.blobs; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert "sqlalchemy" in loaded
    assert loaded.isdisjoint(UNWANTED)
