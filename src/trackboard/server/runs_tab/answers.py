"""What the tab is made of: the table of runs, as the pages have it, and the script that draws it."""

from __future__ import annotations

import atexit
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.datastructures import QueryParams
from werkzeug.wrappers import Response

from trackboard.board.process.registry import find_up
from trackboard.board.tensorboard_internals import EXPERIMENT_KEY
from trackboard.errors import TrackboardError
from trackboard.format.templates import show_unseen
from trackboard.history.query.fields import written
from trackboard.layout import WorkspacePaths
from trackboard.model import RunId
from trackboard.ports import AllOf, Attribute, OneOf, attribute
from trackboard.server.api.runs import read_page
from trackboard.server.middleware.root import find_root
from trackboard.server.pages import text
from trackboard.server.pages.table.columns import read_columns, usual_fields
from trackboard.server.pages.table.view import RunView
from trackboard.server.templates import ASSETS
from trackboard.service import open_service

if TYPE_CHECKING:
    from trackboard.ports import RunQuery
    from trackboard.service import Service


class RunsAnswers:
    """Answers what the tab asks, as WSGI applications.

    Args:
        folder: The workspace's.
        provider: What the TensorBoard shows; one of ours knows which runs that are.
    """

    def __init__(self, folder: Path, provider: Any) -> None:
        self._folder, self._provider = folder, provider
        self._service: Service | None = None
        self._lock = threading.Lock()

    def script(self, _: Mapping[str, Any]) -> Response:
        """Answer with the script."""
        return _asset("runs_tab.js", "text/javascript")

    def style(self, _: Mapping[str, Any]) -> Response:
        """Answer with the style."""
        return _asset("runs_tab.css", "text/css")

    def runs(self, environ: Mapping[str, Any]) -> Response:
        """Answer with a page of the table; a mistake is said in its words."""
        try:
            found = self._read(environ)
        except TrackboardError as error:
            told = {"error": {"message": error.message, "hint": error.hint}}
            return _json(told, error.http_status)
        return _json(found)

    def _read(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        service, _ = self._opened().read_on()
        view = replace(RunView.read(QueryParams(environ.get("QUERY_STRING", ""))), children=True)
        page = read_page(
            service,
            self._only_shown(service, view.query(), environ),
            view.orders(),
            limit=view.limit,
            after=RunId(view.after) if view.after else None,
        )
        columns = read_columns(service, view, page.runs, usual_fields(view, page.runs))
        return {
            "count": page.count,
            "next": page.next,
            "pages": self._find_pages(environ),
            "folder": str(self._folder),
            "columns": [
                {
                    "title": each.title,
                    "order": written(each.field),
                    "sort": each.sort,
                    "number": each.is_number,
                }
                for each in columns
            ],
            "rows": [
                {
                    "id": facts.run.id,
                    "state": facts.word,
                    "cells": [facts.name, *(each.cells[number] for each in columns[1:])],
                    "note": text.cut(facts.run.description or "", 1000),
                }
                for number, facts in enumerate(page.runs)
            ],
        }

    def _only_shown(
        self, service: Service, query: RunQuery, environ: Mapping[str, Any]
    ) -> RunQuery:
        """Ask for the runs that this TensorBoard shows only."""
        if not hasattr(self._provider, "get_view"):
            return query
        shown = self._provider.get_view(environ.get(EXPERIMENT_KEY, ""))
        if shown.experiment is not None:
            query = replace(query, experiment=shown.experiment)
        if shown.runs is None:
            return query
        ids = tuple(run.id for run in service.runs.list_below(shown.runs))
        among = OneOf(attribute(Attribute.ID), ids)
        return replace(query, where=AllOf((among, query.where)) if query.where else among)

    def _find_pages(self, environ: Mapping[str, Any]) -> str | None:
        """Where the pages of the workspace are; None: nobody serves them on this machine."""
        root = find_root(environ)
        if root is not None:
            return root
        running = find_up(WorkspacePaths(self._folder).boards)
        return None if running is None or not running.is_here else running.url

    def _opened(self) -> Service:
        with self._lock:
            if self._service is None:
                self._service = service = open_service(self._folder)
                owner = os.getpid()
                atexit.register(lambda: service.close() if os.getpid() == owner else None)
            return self._service


def _asset(name: str, kind: str) -> Response:
    return Response((ASSETS / name).read_bytes(), content_type=f"{kind}; charset=utf-8")


def _json(found: object, status: int = 200) -> Response:
    said = show_unseen(json.dumps(found, ensure_ascii=False))
    body = said.encode("utf-8", "replace")
    response = Response(body, status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
