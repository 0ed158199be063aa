from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from tensorboard.data.provider import RunTagFilter
from tensorboard.errors import NotFoundError
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.image.images_plugin import ImagesPlugin
from tensorboard.plugins.metrics.metrics_plugin import MetricsPlugin

from trackboard.board.provider.combined import BoardProvider
from trackboard.model import ArtifactKind

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab

MATRIX = {"class_labels": ["cat", "dog"], "matrix": [[3, 1], [0, 2]]}
UNRESERVED = re.compile(r"[a-zA-Z0-9._~-]+")  # what TensorBoard allows in a key


def image(name: str = "PNG", size: tuple[int, int] = (7, 5), shade: int = 0) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (shade, 0, 0)).save(stream, name)
    return stream.getvalue()


def steps(board: BoardProvider, **which: Any) -> dict[str, list[int]]:
    found = board.read_blob_sequences(experiment_id="", plugin_name="images", **which)
    return {
        f"{run}:{tag}": [datum.step for datum in data]
        for run, tags in found.items()
        for tag, data in tags.items()
    }


def blobs(board: BoardProvider, run: str, tag: str) -> list[list[bytes]]:
    found = board.read_blob_sequences(
        experiment_id="",
        plugin_name="images",
        run_tag_filter=RunTagFilter(runs=[run], tags=[tag]),
    )
    keys = [[reference.blob_key for reference in datum.values] for datum in found[run][tag]]
    assert all(UNRESERVED.fullmatch(key) for values in keys for key in values)
    return [[board.read_blob(blob_key=key) for key in values] for values in keys]


@pytest.mark.parametrize("name", ["PNG", "JPEG", "GIF", "BMP"])
def test_an_image_is_width_and_height_and_the_file_as_it_was(lab: Lab, name: str) -> None:
    lab.add_run("a")
    lab.log_artifact("a", "plot", image(name))
    board = lab.open()
    assert blobs(board, "exp/run-1", "plot") == [[b"7", b"5", image(name)]]
    listed = board.list_blob_sequences(experiment_id="", plugin_name="images")
    series = listed["exp/run-1"]["plot"]
    assert (series.max_step, series.max_length, series.display_name) == (0, 3, "plot")
    assert "images" in board.list_plugins(experiment_id="")


def test_steps_are_in_order_and_at_most_ten_or_as_asked(lab: Lab) -> None:
    lab.add_run("a")
    for step in (*range(0, 60, 2), *range(1, 60, 2)):
        lab.log_artifact("a", "plot", image(shade=step), step=step)
    board = lab.open()
    (shown,) = steps(board).values()
    assert shown == sorted(shown)
    assert (len(shown), shown[0], shown[-1]) == (10, 0, 59)
    assert steps(board, downsample=3) == {"exp/run-1:plot": [0, 30, 59]}
    assert steps(board, downsample=1) == {"exp/run-1:plot": [59]}
    assert steps(board, downsample=0) == {}
    assert steps(board, downsample=1000) == {"exp/run-1:plot": list(range(60))}


def test_what_is_no_image_is_left_out_and_said_in_text(lab: Lab) -> None:
    lab.add_run("a")
    lab.log_artifact("a", "plot", image(), step=0)
    lab.log_artifact("a", "plot", b"<svg></svg>", step=1, path="odd|name.svg")
    lab.log_artifact("a", "other", image()[:10], step=4)
    board = lab.open()
    assert steps(board) == {"exp/run-1:plot": [0]}
    listed = board.list_tensors(experiment_id="", plugin_name="text")["exp/run-1"]
    assert sorted(listed) == ["other", "plot"]
    read = board.read_tensors(experiment_id="", plugin_name="text")["exp/run-1"]
    (datum,) = read["plot"]
    assert datum.step == 1
    assert datum.numpy.item().startswith("odd&#124;name&#46;svg was logged as image, but cannot")


def test_a_blob_that_is_gone_is_said_and_not_remembered(lab: Lab) -> None:
    lab.add_run("a")
    key = lab.log_artifact("a", "plot", image())
    lab.blobs.delete(key)
    board = lab.open()
    assert steps(board) == {}
    assert board.list_plugins(experiment_id="") == ["scalars", "text"]
    lab.blobs.put(io.BytesIO(image()))
    assert steps(board) == {"exp/run-1:plot": [0]}


def test_documents_are_drawn(lab: Lab) -> None:
    lab.add_run("a")
    edges = {"bin_edges": [0, 1, 2], "bin_counts": [3, 4]}
    lab.log_artifact("a", "confusion", MATRIX, ArtifactKind.CONFUSION_MATRIX)
    lab.log_artifact("a", "residuals", edges, ArtifactKind.RESIDUALS)
    predictions = {**edges, "bin_averages": [0.4, 1.6], "bin_errors": [0.1, 0.2]}
    lab.log_artifact("a", "predictions", predictions, ArtifactKind.PREDICTIONS)
    board = lab.open()
    assert len(steps(board)) == 3
    for tag in ("confusion", "residuals", "predictions"):
        ((width, height, png),) = blobs(board, "exp/run-1", tag)
        opened = Image.open(io.BytesIO(png))
        assert (opened.format, opened.size) == ("PNG", (int(width), int(height)))


def test_a_document_that_does_not_fit_is_said_in_text_and_raises_nowhere(lab: Lab) -> None:
    lab.add_run("a")
    for kind in ArtifactKind:
        if kind is not ArtifactKind.IMAGE:
            lab.log_artifact("a", kind.value, {"class_labels": []}, kind)
            lab.log_artifact("a", kind.value, b"not JSON", kind)
    board = lab.open()
    assert steps(board) == {}
    assert board.list_tensors(experiment_id="", plugin_name="pr_curves") == {}
    texts = board.read_tensors(experiment_id="", plugin_name="text")["exp/run-1"]
    assert sorted(texts) == sorted(kind.value for kind in ArtifactKind if kind != "image")
    said = [datum.numpy.item() for datum in texts["residuals"]]
    assert "its data lacks bin&#95;edges" in said[0]
    assert "it is not JSON" in said[1]
    assert board.list_plugins(experiment_id="") == ["scalars", "text"]


def test_keys_that_are_not_ours_are_refused(lab: Lab) -> None:
    lab.add_run("a")
    secret, _ = lab.blobs.put(io.BytesIO(b"a model"))
    matrix = lab.log_artifact("a", "m", MATRIX, ArtifactKind.CONFUSION_MATRIX)
    board = lab.open()
    stored, drawn = secret.replace(":", "~"), matrix.replace(":", "~")
    assert board.read_blob(blob_key=f"trackboard.file.confusion_matrix.{drawn}")
    for key in (
        f"trackboard.file.image.{stored}",  # no image: not handed out as one
        f"trackboard.file.accuracy_table.{drawn}",
        f"trackboard.file.residuals.{drawn}",
        f"trackboard.depth.image.{stored}",
        f"trackboard.file.image.sha256~{'0' * 64}",
        "trackboard.file.image.../../secret",
        "trackboard.file.image.%2e%2e",
        "trackboard.",
        "nothing",
        "",
    ):
        with pytest.raises(NotFoundError):
            board.read_blob(blob_key=key)


def test_filters_by_run_and_tag_and_views(lab: Lab) -> None:
    for run, experiment in (("a", "exp"), ("b", "exp"), ("c", "other")):
        lab.add_run(run, experiment)
        lab.log_artifact(run, "x", image())
        lab.log_artifact(run, "y", image())
    board = lab.open()
    for _ in range(2):  # before and after everything has been listed
        which = RunTagFilter(runs=["exp/run-2", "nobody"], tags=["y", "nothing"])
        assert steps(board, run_tag_filter=which) == {"exp/run-2:y": [0]}
        assert len(steps(board, run_tag_filter=RunTagFilter(tags=["x"]))) == 3
        assert len(steps(board)) == 6
    found = board.list_blob_sequences(experiment_id="other", plugin_name="images")
    assert list(found) == ["other/run-1"]
    assert board.list_blob_sequences(experiment_id="", plugin_name="audio") == {}


def test_tensorboards_own_plugins_are_content(lab: Lab) -> None:
    lab.add_run("a")
    lab.log_artifact("a", "plot", image(), step=3)
    board = lab.open()
    images = ImagesPlugin(TBContext(data_provider=board))
    assert images._index_impl(None, "")["exp/run-1"]["plot"]["samples"] == 1
    ((datum),) = images._image_response_for_run(None, "", "exp/run-1", "plot", 0)
    key = datum["query"].removeprefix("blob_key=")
    assert images._get_generic_data_individual_image(None, key) == image()
    metrics = MetricsPlugin(TBContext(data_provider=board))
    assert metrics._tags_impl(None, "")["images"]["tagRunSampledInfo"] == {
        "plot": {"exp/run-1": {"maxSamplesPerStep": 1}}
    }
