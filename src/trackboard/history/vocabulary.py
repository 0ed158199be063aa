"""The words for conditions on runs: the API's arguments, the command line's options, and what people try.

One word for one thing at each door; whoever types the other door's word, or another library's, is told
the right one.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection

_OPTIONS = {  # of `trackboard runs`, by the argument of `Workspace.runs` that means the same
    "experiment": "--experiment",
    "state": "--state",
    "tags": "--tag",
    "parameters": "--param",
    "where": "--where",
    "order": "--order",
    "limit": "--limit",
    "top_level": "--children",
    "archived": "--archived",
}
_OTHER_WORDS = {  # what people call them elsewhere
    "experiment": ("experiments", "experiment_name", "experiment_names", "exp", "project"),
    "parent": ("parent_run", "parent_id", "parent_run_id"),
    "top_level": ("children", "include_children"),
    "archived": ("include_archived", "with_archived"),
    "deleted": ("trash", "in_trash", "removed"),
    "state": ("states", "status", "statuses"),
    "tags": ("tag",),
    "properties": ("property", "props"),
    "parameters": ("param", "params", "parameter", "config", "configs", "hparams"),
    "where": ("metrics", "metric", "filter", "filters", "filter_string", "condition", "query"),
    "order": ("sort", "sort_by", "sorted_by", "order_by", "by", "descending", "ascending"),
    "limit": ("max_results", "count", "n", "head", "top", "first", "page_size"),
    "offset": ("skip", "start"),
}


def argument_meant(word: str, arguments: Collection[str]) -> str:
    """The argument of `Workspace.runs` that `word` means, or is nearest to; empty where none is."""
    for argument, words in _OTHER_WORDS.items():
        if word.lower() in words and argument in arguments:
            return argument
    near = difflib.get_close_matches(word.lower(), list(arguments), 1)
    return near[0] if near else ""


def option_meant(option: str) -> str:
    """The option of `trackboard runs` that `option` means; empty where none is known to."""
    word = option.lstrip("-").replace("-", "_")
    return _OPTIONS.get(argument_meant(word, _OPTIONS.keys()), "")
