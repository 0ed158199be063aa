"""What a native run logs is what TensorBoard is given: through spool, store and data provider."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from tests.workspaces import parts

from trackboard import Workspace
from trackboard.board.provider.opening import open_provider
from trackboard.board.view.source import View

NAME = "digits/first"


def test_images_texts_and_tables_are_in_their_dashboards(tmp_path: Path) -> None:
    with closing(Workspace.open(tmp_path)) as workspace:
        with workspace.start_run("digits", name="first", capture=False) as run:
            run.log({"loss": 0.5, "acc": 0.75}, step=3)
            run.log_image("noise", np.eye(4), step=3)
            run.log_figure("plot", Figure(figsize=(1, 1)))
            run.log_text("note", "# Good", step=3)
            run.log_table("scores", {"alpha": [0.1], "remark": ["good"]})
        inside = parts(workspace)
        inside.drain()
        board = open_provider(inside.source, View())
        try:
            assert {"scalars", "images", "text"} <= {*board.list_plugins(experiment_id="")}
            images = board.read_blob_sequences(
                experiment_id="", plugin_name="images", downsample=10
            )[NAME]
            texts = board.read_tensors(experiment_id="", plugin_name="text", downsample=10)[NAME]
            scalars = board.list_scalars(experiment_id="", plugin_name="scalars")[NAME]
            (noise,) = images["noise"]
            picture = board.read_blob(blob_key=noise.values[2].blob_key)
        finally:
            board.close()
    assert {"loss", "acc"} <= {*scalars}
    assert {*images} == {"noise", "plot"}
    assert noise.step == 3
    assert Image.open(io.BytesIO(picture)).size == (4, 4)
    assert [(each.step, each.numpy.item()) for each in texts["note"]] == [(3, "# Good")]
    assert "remark" in texts["scores"][0].numpy.item()
