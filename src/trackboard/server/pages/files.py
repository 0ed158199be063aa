"""The files of a run: a folder as a tree, and a file, looked into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from trackboard.format.times import moment
from trackboard.model import RunId
from trackboard.server.api.files import list_files
from trackboard.server.api.operation import Given
from trackboard.server.files.preview import look_into
from trackboard.server.files.tree import folder_path, make_tree
from trackboard.server.pages.csv_answer import answer_csv
from trackboard.server.templates import render

if TYPE_CHECKING:
    from starlette.requests import Request

    from trackboard.service import Service


def show_page(service: Service, request: Request) -> Response:
    """Answer with a folder."""
    asked = request.query_params
    facts = service.runs.describe([service.runs.get(RunId(request.path_params["run"]))])[0]
    folder = asked.get("folder", "")
    tree = make_tree(service.files.list(facts.run.id), folder, asked.get("after", ""))
    return render(
        request,
        "files.html",
        200 if tree.file_count or not folder else 404,
        facts=facts,
        run=facts.run,
        tree=tree,
        parents=_parents(tree.folder),
        is_first="after" not in asked,
    )


def show_json(service: Service, request: Request) -> Response:
    """Answer with the same as JSON."""
    return JSONResponse(list_files(service, _given(request)))


def show_csv(service: Service, request: Request) -> Response:
    """Answer with the same as CSV."""
    run = service.runs.get(RunId(request.path_params["run"]))
    inside = folder_path(request.query_params.get("folder", ""))
    found = [each for each in service.files.list(run.id) if each.path.startswith(inside)]
    rows = ([each.path, each.size_bytes, moment(each.time_s)] for each in found)
    return answer_csv(["path", "size_bytes", "time"], rows)


def show_file(service: Service, request: Request) -> Response:
    """Answer with a file, as far as a page has room for it."""
    facts = service.runs.describe([service.runs.get(RunId(request.path_params["run"]))])[0]
    path = request.query_params.get("path", "")
    with service.files.open(facts.run.id, path) as file:
        preview = look_into(file, path)
    return render(
        request,
        "file.html",
        facts=facts,
        run=facts.run,
        path=path,
        name=path.rpartition("/")[2],
        parents=_parents(path),
        preview=preview,
        is_log=path in service.files.list_logs(facts.run.id),
    )


def _given(request: Request) -> Given:
    return Given({"run": request.path_params["run"], "folder": request.query_params.get("folder")})


def _parents(path: str) -> list[tuple[str, str]]:
    """The folders above a path, from the outside in: the path of each, and its name."""
    parts = path.split("/")[:-1]
    return [(f"{'/'.join(parts[: depth + 1])}/", part) for depth, part in enumerate(parts)]
