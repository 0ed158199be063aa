"""Between a workspace as people hold it and the parts that it is put together from."""

from __future__ import annotations

from trackboard import Workspace
from trackboard.service import LocalService, Service
from trackboard.workspace import Workspace as Parts


def api(parts: Parts) -> Workspace:
    """Return what people type for a workspace whose parts are at hand."""
    return Workspace(LocalService(parts))


def parts(opened: Workspace | Service) -> Parts:
    """Return the parts of a workspace that people opened."""
    service = opened.service if isinstance(opened, Workspace) else opened
    assert isinstance(service, LocalService)
    return service._workspace
