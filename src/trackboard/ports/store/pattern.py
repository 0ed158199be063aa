r"""Regular expressions in conditions, which take time as the text that they search is long, and no more.

Python's own `re` tries every way of `(a+)+$`, which takes for ever; RE2 reads a text once. In return it has
neither references such as `(a)\1` nor looks ahead or behind such as `(?=a)`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from trackboard.errors import UsageError

_REPEATED = re.compile(r"(?<!\\)\{[0-9]{4,}")  # RE2 takes some of these for letters
_ESCAPED = re.compile(r"\\(.)", re.S)


@functools.lru_cache(256)
def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Make what says whether a regular expression is found in a text.

    Raises:
        UsageError: It is none, or has what takes more than one look at a text.
    """
    found = compile_re2(pattern)
    return lambda text: found.search(text.encode("utf-8", "replace")) is not None


def compile_re2(pattern: str, *, in_lines: bool = False, memory_bytes: int = 0) -> Any:
    """Compile a regular expression that searches bytes of UTF-8.

    Args:
        pattern: The expression.
        in_lines: Let `^` and `$` mean the ends of each line, and nothing match beyond one.
        memory_bytes: What it may take, which bounds how long each byte takes; 0: what RE2 allows.

    Raises:
        UsageError: It is none, takes more than that, or has what takes more than one look at a text.
    """
    import re2  # few conditions have one

    options = re2.Options()
    options.log_errors, options.never_nl = False, in_lines
    if memory_bytes:
        options.max_mem = memory_bytes
    try:
        if _REPEATED.search(pattern):
            raise ValueError("nothing is repeated a thousand times or more")
        written = _ESCAPED.sub(_end, pattern).encode("utf-8", "replace")
        found = re2.compile(written, options)  # alone: what it leaves open is not closed by ours
        return re2.compile(b"(?m:" + written + b")", options) if in_lines else found
    except (re2.error, ValueError) as error:
        said = error.args[0]  # of RE2 in bytes
        why = said.decode("utf-8", "replace") if isinstance(said, bytes) else error
        raise UsageError(
            f"{pattern[:200]!r} is no regular expression: {why}",
            hint="Put the sign \\ before ( ) [ ] { } . * + ? ^ $ | that mean themselves; references (\\1) and"
            " looks ahead or behind ((?=...)) are not there.",
        ) from None


def _end(escaped: re.Match[str]) -> str:
    return r"\z" if escaped[1] == "Z" else escaped[0]
