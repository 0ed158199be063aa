"""Names that a package imports when they are first asked for."""

import sys
from types import ModuleType

import pytest

from trackboard.lazy_names import lazy_names


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made, below = ModuleType("made"), ModuleType("made.below")
    made.__dict__["__path__"] = []
    below.__dict__["Thing"] = object()
    monkeypatch.setitem(sys.modules, "made", made)
    monkeypatch.setitem(sys.modules, "made.below", below)
    made.__dict__["__getattr__"] = lazy_names("made", {"below": ["Thing", "Nothing"]})
    return made


def test_a_name_is_asked_for_once(package: ModuleType) -> None:
    assert "Thing" not in vars(package)
    thing = package.Thing
    assert thing is sys.modules["made.below"].Thing
    assert vars(package)["Thing"] is thing


@pytest.mark.parametrize("name", ["Absent", "Nothing"])
def test_what_is_not_there_is_an_attribute_error(package: ModuleType, name: str) -> None:
    with pytest.raises(AttributeError, match=name):
        getattr(package, name)
    assert not hasattr(package, name)
