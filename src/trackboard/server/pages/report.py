"""Chosen runs as one HTML file that needs nothing else, to be kept or sent."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

from trackboard.errors import UsageError
from trackboard.format.amounts import count
from trackboard.ports import RunQuery
from trackboard.server.api.runs import check_runs
from trackboard.server.pages.table.matching import read_first
from trackboard.transfer.export.destination import choose_destination

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams
    from starlette.requests import Request

    from trackboard.model import RunId
    from trackboard.service import Service

MOST_RUNS = 100
_NAME = "report.html"


def download(service: Service, request: Request) -> Response:
    """Answer with the file, for a browser to save."""
    runs = _choose(service, request.query_params)
    with tempfile.TemporaryDirectory(prefix="trackboard-") as folder:
        path = Path(folder, _NAME)
        service.transfer.export(runs, RunQuery(top_level=True), choose_destination(path))
        content = path.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="trackboard-{_NAME}"'}
    return Response(content, headers=headers, media_type="text/html; charset=utf-8")


def _choose(service: Service, asked: QueryParams) -> list[RunId]:
    if asked.get("all") and "run" not in asked:
        matching, number = read_first(service, asked, MOST_RUNS)
        if 1 <= number <= MOST_RUNS:
            return matching
        said, how = f"{count(number, 'run')} match", f"Let 1 to {MOST_RUNS} match"
    else:
        chosen = dict.fromkeys(asked.getlist("run"))
        if 1 <= len(chosen) <= MOST_RUNS:
            return check_runs(service, chosen)
        said = f"{len(chosen)} runs are chosen"
        how = f"Choose 1 to {MOST_RUNS} in a table of runs"
    raise UsageError(said, hint=f"{how}, or use trackboard export.")
