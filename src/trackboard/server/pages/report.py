"""Chosen runs as one HTML file that needs nothing else, to be kept or sent."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response

from trackboard.errors import UsageError
from trackboard.ports import RunQuery
from trackboard.server.api.runs import check_runs
from trackboard.transfer.export.destination import choose_destination

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import Service

MOST_RUNS = 100
_NAME = "report.html"


def download(service: Service, request: Request) -> Response:
    """Answer with the file, for a browser to save."""
    chosen = dict.fromkeys(request.query_params.getlist("run"))
    if not 1 <= len(chosen) <= MOST_RUNS:
        raise UsageError(
            f"{len(chosen)} runs are chosen",
            hint=f"Choose 1 to {MOST_RUNS} in a table of runs, or use trackboard export.",
        )
    runs = check_runs(service, chosen)
    with tempfile.TemporaryDirectory(prefix="trackboard-") as folder:
        path = Path(folder, _NAME)
        service.transfer.export(runs, RunQuery(top_level=True), choose_destination(path))
        content = path.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="trackboard-{_NAME}"'}
    return Response(content, headers=headers, media_type="text/html; charset=utf-8")
