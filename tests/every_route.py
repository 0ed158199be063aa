"""All that a TensorBoard answers: every route of every plugin, asked as its page asks.

The same questions go to the stock TensorBoard and to ours, see `tests.same_as_stock`. Which routes there
are, the installed TensorBoard is asked itself (`list_routes`), so that none is forgotten.
"""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPMessage
from typing import IO, Any

from tests.waiting import PATIENCE_S, until

_PLUGINS = "/data/plugin/"
Questions = Iterator[tuple[str, Any]]
"""What was asked, in the stock TensorBoard's words, and the answer."""

Ask = Callable[["Page"], dict[str, Any]]
"""Asks a TensorBoard everything: answers by question."""

_TEXTS = ("application/json", "text/plain", "text/csv", "text/x-protobuf")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Follow none."""


class Page:
    """A TensorBoard, whose runs are called here as the stock one calls them.

    Args:
        url: Its address.
        prefix: What the runs' names begin with there; the run called so itself is left out.
    """

    def __init__(self, url: str, prefix: str = "") -> None:
        self.url = url
        self.prefix = prefix
        self._opener = urllib.request.build_opener(_Stay)
        self.answered: set[str] = set()  # the routes that had something to say

    def get(self, route: str, form: Any = None, **query: Any) -> Any:
        """An answer: of JSON and texts what they say, of others the kind and a digest.

        Args:
            route: The path, or its part behind `/data/plugin/`.
            form: What is posted, if anything: JSON as text, or fields.
            query: The query; `run` and `runs` are put into the words of this TensorBoard.
        """
        path = route if route.startswith("/") else _PLUGINS + route
        url = f"{self.url}{path[1:]}?{urllib.parse.urlencode(self._ours(query), doseq=True)}"
        request = urllib.request.Request(url, None if form is None else self._encode(form))
        if isinstance(form, str):
            request.add_header("Content-Type", "application/json")  # or it is taken for fields
        try:
            with self._opener.open(request, timeout=PATIENCE_S) as response:
                kind, said = response.headers["Content-Type"], response.read()
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (301, 302, 303, 307, 308):
                    self.answered.add(path)
                return " ".join((f"HTTP {error.code}", error.headers.get("Location", ""))).strip()
        self.answered.add(path)
        if not kind.startswith(_TEXTS):
            return kind, len(said), hashlib.sha256(said).hexdigest()
        text = said.decode()
        if self.prefix:
            text = text.replace(self.prefix, "")
        return self._without_own(json.loads(text)) if kind == "application/json" else (kind, text)

    def _ours(self, query: Mapping[str, Any]) -> dict[str, Any]:
        ours = dict(query)
        if "run" in query:
            ours["run"] = self.prefix + query["run"]
        if "runs" in query:
            ours["runs"] = [self.prefix + run for run in query["runs"]]
        return ours

    def _encode(self, form: Any) -> bytes:
        if isinstance(form, str):
            return form.encode()
        return urllib.parse.urlencode(self._ours(form), doseq=True).encode()

    def _without_own(self, said: Any) -> Any:
        own = self.prefix.removesuffix("/")
        if isinstance(said, list):
            return [self._without_own(each) for each in said if not own or each != own]
        if isinstance(said, dict):
            return {k: self._without_own(v) for k, v in said.items() if not own or k != own}
        return said

    def runs(self) -> list[str]:
        """The runs, without the job's own."""
        found: list[str] = self.get("/data/runs")
        return found

    def tags(self, plugin: str) -> list[tuple[str, str]]:
        """Runs and tags of a plugin."""
        listed: dict[str, Iterable[str]] = self.get(f"{plugin}/tags")
        return sorted((run, tag) for run, tags in listed.items() for tag in tags)


def list_routes() -> set[str]:
    """Ask the installed TensorBoard for all that it answers to."""
    from tensorboard import program
    from tensorboard.backend import application
    from tensorboard.data import provider

    methods = dict.fromkeys(provider.DataProvider.__abstractmethods__)
    nothing = type("Nothing", (provider.DataProvider,), methods)()
    board = program.TensorBoard()
    board.configure(logdir="nothing")
    app = application.TensorBoardWSGIApp(
        board.flags, board.plugin_loaders, nothing, board.assets_zip_provider
    )
    assert not app.prefix_routes
    return set(app.exact_routes)


# -- the questions ------------------------------------------------------------------------------------


def ask_all(page: Page) -> dict[str, Any]:
    """Ask everything about the data, many questions at once: each waits 40 ms for the fast reader."""
    answers: dict[str, Any] = {}
    with ThreadPoolExecutor(len(_ASKING)) as threads:
        for found in threads.map(lambda ask: [*ask(page)], _ASKING):
            for question, answer in found:
                assert question not in answers, question
                answers[question] = answer
    return answers


def ask_when_read(page: Page, ask: Ask, *, runs: int) -> dict[str, Any]:
    """Ask everything once that many runs were read, whole."""
    until(lambda: len(page.runs()) >= runs, lambda: str(page.runs()), pause_s=0.2)
    last: dict[str, Any] = {}

    def ask_again() -> dict[str, Any] | None:
        nonlocal last
        before, last = last, ask(page)
        return last if before == last else None

    return until(ask_again, "the answers stay different", pause_s=0.2)


def ask_assets(page: Page, routes: Iterable[str]) -> Questions:
    """Ask for what does not depend on the data: TensorBoard's own pages, scripts and fonts."""
    yield "entry", page.get("/data/plugin_entry.html", name="projector")
    for route in sorted(routes):
        is_file = route.endswith((".js", ".html"))
        if route != "/" and (is_file or not route.startswith("/data/")):
            yield route, page.get(route)


def _core(page: Page) -> Questions:
    yield "runs", page.runs()
    for route in ("experiments", "experiment_runs", "window_properties", "notifications", "logdir"):
        yield route, page.get(f"/data/{route}")
    for route in ("environment", "plugins_listing"):
        for name, value in page.get(f"/data/{route}").items():
            yield f"{route} {name}", value


def _per_tag(plugin: str, route: str, **query: Any) -> Callable[[Page], Questions]:
    def ask(page: Page) -> Questions:
        yield f"{plugin} tags", page.get(f"{plugin}/tags")
        for run, tag in page.tags(plugin):
            asked = page.get(f"{plugin}/{route}", run=run, tag=tag, **query)
            yield f"{plugin} {run} {tag}", asked

    return ask


def _scalars(page: Page) -> Questions:
    yield from _per_tag("scalars", "scalars")(page)
    of_tag: dict[str, list[str]] = {}
    for run, tag in page.tags("scalars"):
        of_tag.setdefault(tag, []).append(run)
        yield f"csv {run} {tag}", page.get("scalars/scalars", run=run, tag=tag, format="csv")
    for tag, runs in of_tag.items():
        form = {"tag": tag, "runs": runs}
        yield f"all runs of {tag}", page.get("scalars/scalars_multirun", form)


def _text(page: Page) -> Questions:
    yield from _per_tag("text", "text")(page)
    for run, tag in page.tags("text"):
        plain = page.get("text/text", run=run, tag=tag, markdown="false")
        yield f"plain text {run} {tag}", plain


def _blobs(plugin: str, route: str, single: str) -> Callable[[Page], Questions]:
    def ask(page: Page) -> Questions:
        listed = page.get(f"{plugin}/tags")
        yield f"{plugin} tags", listed
        for run, tag in page.tags(plugin):
            for sample in range(listed[run][tag]["samples"]):
                which = {"run": run, "tag": tag, "sample": sample}
                steps = page.get(f"{plugin}/{route}", **which)
                for step in steps:
                    key = dict(urllib.parse.parse_qsl(step.pop("query")))
                    step["content"] = page.get(f"{plugin}/{single}", **key)
                yield f"{plugin} {run} {tag} {sample}", steps

    return ask


def _mesh(page: Page) -> Questions:
    yield "mesh tags", page.get("mesh/tags")
    for run, tag in page.tags("mesh"):
        parts = page.get("mesh/meshes", run=run, tag=tag, sample=0)
        parts.sort(key=lambda part: (part["step"], part["content_type"]))  # the reader has no order
        yield f"mesh {run} {tag}", parts
        for part in parts:
            kind = ("UNDEFINED", "VERTEX", "FACE", "COLOR")[part["content_type"]]
            which = {"run": run, "tag": tag, "sample": 0, "step": part["step"]}
            yield f"mesh {kind} {which}", page.get("mesh/data", **which, content_type=kind)


def _custom_scalars(page: Page) -> Questions:
    layout = page.get("custom_scalars/layout")
    yield "layout", layout
    for run in page.runs():
        for category in layout.get("category", []):
            for chart in category["chart"]:
                for tag in _tags_of(chart):
                    drawn = page.get("custom_scalars/scalars", run=run, tag=tag)
                    yield f"custom {category['title']} {chart['title']} {run} {tag}", drawn
    for run, tag in page.tags("scalars"):
        for form in ("json", "csv"):
            which = {"run": run, "tag": tag, "format": form}
            yield f"custom {which}", page.get("custom_scalars/download_data", **which)


def _tags_of(chart: Mapping[str, Any]) -> Iterator[str]:
    yield from chart.get("multiline", {}).get("tag", [])
    for series in chart.get("margin", {}).get("series", []):
        yield from series.values()


def _graphs(page: Page) -> Questions:
    info = page.get("graphs/info")
    yield "graphs", info
    cut = {"limit_attr_size": 1024, "large_attrs_key": "_too_large_attrs"}
    for run, graphs in sorted(info.items()):
        if graphs["run_graph"]:
            yield f"graph {run}", page.get("graphs/graph", run=run, **cut)
        for tag, has in sorted(graphs["tags"].items()):
            which = {"run": run, "tag": tag}
            if has["op_graph"]:
                yield f"graph {which}", page.get("graphs/graph", **which, **cut)
            if has["conceptual_graph"]:
                drawn = page.get("graphs/graph", **which, **cut, conceptual="true")
                yield f"model {which}", drawn
            if has["profile"]:
                yield f"run metadata {which}", page.get("graphs/run_metadata", **which)


def _hparams(page: Page) -> Questions:
    experiment = page.get("hparams/experiment", "{}")
    yield "hparams", experiment
    if not isinstance(experiment, dict):
        return
    columns = [{"hparam": each["name"]} for each in experiment.get("hparamInfos", [])]
    metrics = [each["name"] for each in experiment.get("metricInfos", [])]
    asked: dict[str, Any] = {
        "colParams": [*columns, *({"metric": each} for each in metrics)],
        "allowedStatuses": [f"STATUS_{s}" for s in ("UNKNOWN", "SUCCESS", "FAILURE", "RUNNING")],
        "startIndex": 0,
        "sliceSize": 100,
    }
    for column in asked["colParams"][:1]:  # without an order they come as the reader has them
        column["order"] = "ORDER_ASC"
    groups = page.get("hparams/session_groups", json.dumps(asked))
    yield "session groups", groups
    for group in groups.get("sessionGroups", []):
        for metric in metrics:
            which = {"sessionName": group["sessions"][0]["name"], "metricName": metric}
            own = {**which, "sessionName": page.prefix + str(which["sessionName"])}
            yield f"metric {which}", page.get("hparams/metric_evals", json.dumps(own))
    visible = json.dumps([True] * len(asked["colParams"]))
    for form in ("json", "csv", "latex"):
        query = {"request": json.dumps(asked), "format": form, "columnsVisibility": visible}
        yield f"hparams {form}", page.get("hparams/download_data", **query)


def _time_series(page: Page) -> Questions:
    tags = page.get("timeseries/tags")
    yield "time series", tags
    for plugin in ("scalars", "histograms"):
        for tag in sorted({t for of in tags[plugin]["runTagInfo"].values() for t in of}):
            asked = json.dumps([{"plugin": plugin, "tag": tag}])
            yield f"chart {plugin} {tag}", page.get("timeseries/timeSeries", {"requests": asked})
    for tag, runs in sorted(tags["images"]["tagRunSampledInfo"].items()):
        for run, most in runs.items():
            for sample in range(most["maxSamplesPerStep"]):
                chart = {"plugin": "images", "tag": tag, "run": page.prefix + run, "sample": sample}
                asked = json.dumps([chart])
                answer = page.get("timeseries/timeSeries", {"requests": asked})
                for of_run in answer[0]["runToSeries"].values():
                    for step in of_run:
                        key = step.pop("imageId")
                        step["content"] = page.get("timeseries/imageData", imageId=key)
                yield f"chart of images {run} {tag} {sample}", answer


def _projector(page: Page) -> Questions:
    runs = sorted(page.get("projector/runs"))
    yield "projector", runs
    for run in runs:
        info = page.get("projector/info", run=run)
        yield f"projector {run}", info
        for embedding in info["embeddings"]:
            which = {"run": run, "name": embedding["tensorName"]}
            for route in ("tensor", "metadata"):
                yield f"{route} {which}", page.get(f"projector/{route}", **which, num_rows=1000)
            for route in ("sprite_image", "bookmarks"):
                yield f"{route} {which}", page.get(f"projector/{route}", **which)


def _debugger(page: Page) -> Questions:
    yield "debugger", page.get("debugger-v2/runs")


_ASKING: tuple[Callable[[Page], Questions], ...] = (
    _core,
    _scalars,
    _text,
    _per_tag("histograms", "histograms"),
    _per_tag("distributions", "distributions"),
    _per_tag("pr_curves", "pr_curves"),
    _blobs("images", "images", "individualImage"),
    _blobs("audio", "audio", "individualAudio"),
    _mesh,
    _custom_scalars,
    _graphs,
    _hparams,
    _time_series,
    _projector,
    _debugger,
)
