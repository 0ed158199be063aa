"""What runs inside a job's own interpreter, beside its script: Python 3.9 and the standard library only.

`PATH` holds a `sitecustomize` that every interpreter with that folder on its PYTHONPATH runs at its
start; what it does there is said by variables.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["PATH", "TENSORFLOW_V1"]

PATH = Path(__file__).parent / "path"
TENSORFLOW_V1 = "TRACKBOARD_TENSORFLOW_V1"  # "1": `import tensorflow` is the interface of version 1
