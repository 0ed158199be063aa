from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from werkzeug.test import Client

from trackboard.board import tensorboard_internals as internals
from trackboard.board.provider import fast_scalars
from trackboard.board.series.samples import ALL, USUAL, Samples
from trackboard.board.series.sampling import Sampling
from trackboard.board.web.routes import TIME_SERIES, Mount
from trackboard.errors import UsageError

if TYPE_CHECKING:
    from tests.unit.board.conftest import Lab


@pytest.mark.parametrize("plugin", USUAL)
def test_every_plugin_may_be_asked_for_more_by_both_doors(plugin: str) -> None:
    for read in (Samples.parse(f" {plugin} = all , "), Samples.read({plugin: "all"})):
        assert read.limit(plugin) == ALL
        assert str(read) == f"{plugin}=all"
    assert Samples.read({plugin: 7}) == Samples.read({plugin: "7"}) == Samples.read(f"{plugin}=7")
    assert Samples().limit(plugin) == USUAL[plugin]
    assert not Samples().asks(plugin)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"image": 5}, "there is no plugin 'image'"),
        ({"": 5}, "there is no plugin ''"),
        ({3: 5}, "there is no plugin 3"),
        ({"images": 0}, "images=0"),
        ({"images": -1}, "images=-1"),
        ({"images": True}, "images=True"),
        ({"images": 2.5}, "images=2.5"),
        ({"images": None}, "images=None"),
        ({"images": "many"}, "images='many'"),
        ("images", "'images' says no number"),
        ("images=", "images=''"),
        (["images"], "is no dict"),
        (5, "5 is no dict"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(asked: Any, words: str) -> None:
    with pytest.raises(UsageError) as refused:
        Samples.read(asked)
    assert words in refused.value.message
    assert "all" in refused.value.hint


def test_the_nearest_plugin_is_named() -> None:
    with pytest.raises(UsageError) as refused:
        Samples.parse("image=5")
    assert refused.value.hint.startswith("Did you mean 'images'? Allowed: scalars, images, audio,")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (range(10), ""),  # ten of ten
        (range(0, 1000, 100), ""),
        ([3, 5, 20, 31, 44, 58, 62, 77, 90, 99], "10 of about 97 images of 'fig' are shown"),
        ([0, 200, 300, 400, 500, 600, 700, 800, 900, 1000], "10 of about 11 images"),
        ([5] * 10, ""),
        (range(4), ""),
    ],
)
def test_what_a_reader_left_out_is_told_by_the_steps(steps: Any, said: str) -> None:
    sampling = Sampling()
    sampling.note_steps("images", "fig", list(steps))
    assert sampling.describe().get("images", "").startswith(said)
    assert bool(sampling.describe()) == bool(said)


def picture(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (2, 2), (number, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def full(lab: Lab) -> Lab:
    lab.add_run("a", name="full")
    for number in range(40):
        lab.log_artifact("a", "fig", picture(number), step=number, path=f"{number}.png")
        lab.log_text("a", "note", number, f"text {number}")
    lab.log("a", "loss", [float(number) for number in range(3000)])
    return lab


def shown(lab: Lab, samples: str) -> tuple[dict[str, int], dict[str, str]]:
    """How many of each the dashboards get over HTTP, and what is said of the rest."""
    board = lab.open(samples=samples)
    asked = Samples.parse(samples)
    app = internals.build_app(board, logdir="nowhere", samples=asked)
    client = Client(Mount(app, board, lambda *which: fast_scalars.answer(board, *which)))
    where = "run=exp/full&tag"
    counts = {
        "images": len(client.get(f"/data/plugin/images/images?{where}=fig&sample=0").json or []),
        "text": len(client.get(f"/data/plugin/text/text?{where}=note").json or []),
        "scalars": len(client.get(f"/data/plugin/scalars/scalars?{where}=loss").json or []),
    }
    charts = {"requests": json.dumps([{"plugin": "scalars", "tag": "loss"}])}
    (chart,) = client.post(TIME_SERIES, data=charts).json or []
    assert len(chart["runToSeries"]["exp/full"]) == counts["scalars"]
    return counts, (client.get("/-/changes").json or {})["left_out"]


def test_a_history_shows_as_usual_and_says_what_is_left_out(full: Lab) -> None:
    counts, left_out = shown(full, "")
    assert counts == {"images": 10, "text": 10, "scalars": 1000}
    assert left_out["images"].startswith("10 of 40 images of 'fig' are shown: --samples images=all")
    assert left_out["scalars"].startswith("1,000 of 3,000 points of 'loss' are shown")


def test_a_history_shows_what_was_asked_for(full: Lab) -> None:
    counts, left_out = shown(full, "images=all,text=20,scalars=2500")
    assert counts == {"images": 40, "text": 20, "scalars": 2500}
    assert list(left_out) == ["scalars"]
    assert shown(full, "scalars=all")[0]["scalars"] == 3000


def test_who_asks_for_points_gets_them_beyond_the_budget_of_an_answer(lab: Lab) -> None:
    for number in range(3):
        lab.add_run(str(number), name=str(number))
        lab.log(str(number), "loss", [0.5] * 60_000)
    for samples, points in (("", 1000), ("scalars=50000", 50_000)):
        board = lab.open(samples=samples)
        body = fast_scalars.answer(board, "", [{"plugin": "scalars", "tag": "loss"}])
        (chart,) = json.loads(body or b"[]")
        assert {len(series) for series in chart["runToSeries"].values()} == {points}
