"""Scripts of TensorFlow 1 in real jobs, with something small that looks like TensorFlow 2.

TensorFlow itself runs in tests/e2e/jupyter/test_articles.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trackboard.model import RunState

if TYPE_CHECKING:
    from tests.e2e.conftest import Jobs

_FILES = {
    "__init__.py": "__version__ = '2.99'\nname = 'version 2'\n",
    "compat/__init__.py": "",
    "compat/v1.py": "name = 'version 1'\ndef disable_v2_behavior(): pass\n",
}
_SCRIPT = """
import os, subprocess, sys
import tensorflow as tf
from azureml.core import Run
Run.get_context().log("is_v1", int(tf.name == "version 1"))
if tf.name == "version 1":
    from tensorflow.examples.tutorials.mnist import input_data
    assert len(input_data.read_data_sets("", fake_data=True).train.next_batch(3, True)[0]) == 3
subprocess.run([sys.executable, "-c", "import tensorflow; print(tensorflow.name)"], check=True)
"""


@pytest.mark.parametrize("switch", ["1", "0"])
def test_the_interface_is_that_of_the_job(switch: str, jobs: Jobs) -> None:
    for name, text in _FILES.items():
        path = jobs.source / "tensorflow" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    run = jobs.submit(_SCRIPT, TRACKBOARD_TENSORFLOW_V1=switch)

    assert jobs.wait(run).state is RunState.COMPLETED, jobs.console(run)
    (series,) = jobs.workspace.store.list_series(runs=[run])
    assert (series.name, series.last_value) == ("is_v1", int(switch))
    console = jobs.console(run)
    assert ("version 1\n" in console) is (switch == "1")
    assert console.count("stands in for TensorFlow 1") == int(switch), "once, not per process"
