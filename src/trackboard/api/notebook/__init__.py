"""How runs, experiments and workspaces page in a notebook: HTML that needs no script and no style sheet.

Styles are inline, as notebooks and the pages of nbconvert have rules of their own for tables; colours are
readable on light and dark pages. All text is escaped by `markupsafe`: names, values and logs come from
outside.
"""

from trackboard.api.notebook.overviews import experiment_html, experiments_html, workspace_html
from trackboard.api.notebook.page_context import PageContext
from trackboard.api.notebook.runs import run_html, runs_html

__all__ = [
    "PageContext",
    "experiment_html",
    "experiments_html",
    "run_html",
    "runs_html",
    "workspace_html",
]
