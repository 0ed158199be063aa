"""`%tensorboard --logdir .` in a notebook, where our plugin is installed and the folder has a history."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.jupyter.conftest import Page
from tests.plugin import path_with_plugin

if TYPE_CHECKING:
    from tests.e2e.jupyter.conftest import Kernel

BEGIN = """
from azureml.core import Experiment, Workspace
run = Experiment(Workspace.from_config(), "trial").start_logging()
run.log("loss", 0.5)
"""

OWN_TENSORBOARD = """
import json, os, signal
import psutil
from tensorboard import manager
children = {child.pid for child in psutil.Process().children()}
(own,) = [each for each in manager.get_all() if each.pid in children]
print(json.dumps(own.port))
"""


def test_the_magic_shows_the_history_live(
    start_kernel: Callable[..., Kernel], tmp_path: Path
) -> None:
    programs = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    path = path_with_plugin(tmp_path / "installed")
    kernel = start_kernel(PATH=programs, PYTHONPATH=path)
    kernel.run(BEGIN)
    kernel.run("%load_ext tensorboard")
    kernel.run("%tensorboard --logdir . --port 0")
    port = json.loads(kernel.run(OWN_TENSORBOARD).out)
    try:
        page = Page(f"http://localhost:{port}/")
        assert page.points("loss") == {"trial/run-1": [(0, 0.5)]}
        kernel.run("run.log('loss', 0.25)")
        page.until(lambda shown: shown.points("loss") == {"trial/run-1": [(0, 0.5), (1, 0.25)]})
    finally:
        kernel.run("os.kill(own.pid, signal.SIGTERM)")
