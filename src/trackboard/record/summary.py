"""What a run came to, under names: the last values of metrics, as `run.summary["best"] = 0.9` sets them."""

from __future__ import annotations

from typing import Callable, Dict, Iterator, Mapping


class Summary(Mapping[str, object]):
    """The values that describe a run's outcome, as far as this process set them.

    A value that is set is logged as one of the metric of that name, of which the last one counts: so it is a
    column of tables of runs, and `workspace.runs(where="best > 0.5")` finds it. `workspace.summary(run)` has
    the last values of all metrics, whoever logged them.

    Args:
        log: Logs a value under a name.
    """

    def __init__(self, log: Callable[[str, object], None]) -> None:
        self._log = log
        self._values: Dict[str, object] = {}

    def __setitem__(self, name: str, value: object) -> None:
        """Log a value; set again, the later value counts."""
        self._log(name, value)
        self._values[name] = value

    def __getitem__(self, name: str) -> object:
        """The value that was set last."""
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Summary({self._values!r})"

    def update(self, values: Mapping[str, object]) -> None:
        """Set several values."""
        for name, value in values.items():
            self[name] = value
