"""The demo looked at over HTTP, as a browser would."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

from trackboard.errors import InternalError

_PATIENCE_S = 120.0  # of which it takes a second on an idle machine


def check_board(url: str, *, ridge: str, job: str) -> None:
    """Check that what the demo promises is served.

    Args:
        url: The board.
        ridge: The ridge run's name in TensorBoard.
        job: The job's name in TensorBoard.

    Raises:
        InternalError: Something is not there within half a minute.
    """
    _wait_for("7 points of mse", lambda: len(_points(url, "mse").get(ridge, [])) == 7)
    _wait_for("the job's accuracy", lambda: bool(_points(url, "accuracy").get(job)))
    before = len(_points(url, "accuracy")[job])
    _wait_for("a growing accuracy", lambda: len(_points(url, "accuracy")[job]) > before)
    native = f"{job}/train"
    _wait_for("native scalars", lambda: native in _points(url, "cross_entropy/native"))
    _wait_for("histograms", lambda: "weights/hidden" in _tags(url, "histograms").get(native, {}))
    _wait_for("images", lambda: "digits" in _tags(url, "images").get(native, {}))
    _wait_for("the graph", lambda: native in _get(url, "data/plugin/graphs/info"))


def _points(url: str, tag: str) -> dict[str, list[Any]]:
    requests = json.dumps([{"plugin": "scalars", "tag": tag}])
    form = urllib.parse.urlencode({"requests": requests}).encode()
    (answer,) = _get(url, "data/plugin/timeseries/timeSeries", form)
    series: dict[str, list[Any]] = answer.get("runToSeries", {})
    return series


def _tags(url: str, plugin: str) -> dict[str, Any]:
    tags: dict[str, Any] = _get(url, f"data/plugin/{plugin}/tags")
    return tags


def _get(url: str, path: str, form: bytes | None = None) -> Any:
    address, _, key = url.partition("?k=")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(address + path, form, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def _wait_for(what: str, is_there: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + _PATIENCE_S
    while not is_there():
        if time.monotonic() > deadline_s:
            raise InternalError(f"the demo's TensorBoard does not show {what}")
        time.sleep(0.2)
