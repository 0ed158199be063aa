"""Every address that answers is in docs/server.md, and every page has a picture there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from scripts.page_pictures import DOCS, PICTURES
from starlette.routing import Route

from trackboard.server.pages.actions import ACTIONS
from trackboard.server.pages.routes import list_routes

DOCUMENT = (DOCS / "server.md").read_text("utf-8")
WITHOUT_PICTURE = {
    "/experiments",
    "/export.html",
    "/runs/{run}/file",
}  # the same, or no page of ours


def written() -> set[str]:
    """All addresses that stand in the document, without what is behind the question mark."""
    found = re.findall(r"`(/[^`?…]*)", DOCUMENT)
    return {each.replace("<id>", "{run}") for each in found}


def shown() -> set[str]:
    """The pages of which there are pictures."""
    paths = {"/" + each.address.partition("?")[0] for each in PICTURES}
    return {re.sub(r"^/runs/\w+", "/runs/{run}", each) for each in paths}


def test_every_address_is_documented() -> None:
    service: Any = None
    routes: list[Route] = list_routes(service)
    pages = {each.path for each in routes if each.methods and "GET" in each.methods}
    assert pages - written() == set()
    forms = {each.path.rpartition("/")[2] for each in routes} & set(ACTIONS)
    assert forms == set(ACTIONS)
    assert [name for name in forms if f"`{name}`" not in DOCUMENT] == []


def test_every_page_has_a_picture() -> None:
    service: Any = None
    pages = {each.path for each in list_routes(service) if each.methods and "GET" in each.methods}
    data = {each for each in pages if each.endswith((".json", ".csv"))}
    assert pages - data - WITHOUT_PICTURE - shown() == set()
    for each in PICTURES:
        picture = Path(f"server-{each.name}.png")
        assert (DOCS / picture).exists(), picture
        assert f"({picture})" in DOCUMENT, picture
