"""Which tests are slow: `make test-fast` leaves out what took more than 0.1 s of a processor, when measured.

`slow_tests.txt` lists them. `make slow-tests` measures anew, in one process on a machine that does nothing
else; a test that is new meanwhile counts as fast.
"""

from __future__ import annotations

import resource
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path

import pytest

LIST = Path(__file__).with_suffix(".txt")
SLOW_S = 0.1  # of a processor: what the test's process and its children used, fixtures included
_MEASURE = "--measure-slow-tests"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the list be written anew."""
    parser.addoption(_MEASURE, action="store_true", help=f"write {LIST.name} anew; without xdist")


def pytest_configure(config: pytest.Config) -> None:
    """Measure, when that is asked for."""
    config.addinivalue_line("markers", f"slow: takes more than {SLOW_S} s of a processor")
    if config.getoption(_MEASURE):
        config.pluginmanager.register(_Measuring())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark those that are listed."""
    listed = read_list()
    for item in items:
        if name_of(item.nodeid) in listed:
            item.add_marker(pytest.mark.slow)


def name_of(test: str) -> str:
    """The name of a test function, without the parameters of one test."""
    return test.partition("[")[0]


def read_list() -> frozenset[str]:
    """The names of the slow tests."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if not line.startswith("#"))


def choose_slow(took_s: Mapping[str, Iterable[float]]) -> list[str]:
    """The names of those that took too long in the mean of their parameters, in order."""
    means = {name: sum(each) / len(each) for name, each in ((k, [*v]) for k, v in took_s.items())}
    return sorted(name for name, mean_s in means.items() if mean_s > SLOW_S)


class _Measuring:
    """Sums what each test uses."""

    def __init__(self) -> None:
        self._took_s: dict[str, list[float]] = defaultdict(list)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        before_s = _used_s()
        result = yield
        self._took_s[name_of(item.nodeid)].append(_used_s() - before_s)
        return result

    def pytest_sessionfinish(self) -> None:
        head = (
            f"# Tests that took more than {SLOW_S} s of a processor. Written by `make slow-tests`."
        )
        lines = (head, *choose_slow(self._took_s))
        LIST.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _used_s() -> float:
    used = [resource.getrusage(of) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
