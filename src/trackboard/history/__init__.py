"""What was logged, read back: runs by their conditions, points as a table, files."""

from trackboard.history.conditions import (
    Filters,
    build_query,
    parse_order,
    parse_pairs,
    parse_states,
    parse_value,
)
from trackboard.history.files import open_file
from trackboard.history.nearest import nearest
from trackboard.history.points import read_history
from trackboard.history.table import History

__all__ = [
    "Filters",
    "History",
    "build_query",
    "nearest",
    "open_file",
    "parse_order",
    "parse_pairs",
    "parse_states",
    "parse_value",
    "read_history",
]
