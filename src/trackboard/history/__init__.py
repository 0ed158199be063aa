"""What was logged, read back: runs by their conditions, points as a table, files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackboard.history.nearest import nearest  # has its module's name
from trackboard.lazy_names import lazy_names

if TYPE_CHECKING:
    from trackboard.history.conditions import (
        Filters,
        build_query,
        check_page,
        check_query,
        parse_orders,
        parse_pairs,
        parse_states,
        parse_value,
        parse_where,
    )
    from trackboard.history.files import open_file
    from trackboard.history.known_names import check_columns, check_names, check_orders
    from trackboard.history.points import read_history
    from trackboard.history.table import History
    from trackboard.history.vocabulary import option_meant
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "conditions": (
                "Filters",
                "build_query",
                "check_page",
                "check_query",
                "parse_orders",
                "parse_pairs",
                "parse_states",
                "parse_value",
                "parse_where",
            ),
            "files": ("open_file",),
            "known_names": ("check_columns", "check_names", "check_orders"),
            "points": ("read_history",),
            "table": ("History",),
            "vocabulary": ("option_meant",),
        },
    )

__all__ = [
    "Filters",
    "History",
    "build_query",
    "check_columns",
    "check_names",
    "check_orders",
    "check_page",
    "check_query",
    "nearest",
    "open_file",
    "option_meant",
    "parse_orders",
    "parse_pairs",
    "parse_states",
    "parse_value",
    "parse_where",
    "read_history",
]
