import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trackboard.environments import list_environments, remove_environment
from trackboard.environments.cache.environment_cache import EnvironmentCache
from trackboard.errors import Conflict, NotFound

if TYPE_CHECKING:
    from tests.unit.environments.conftest import Preparing


def test_nothing(cache: EnvironmentCache) -> None:
    assert list_environments() == ()
    with pytest.raises(NotFound, match="'abc'") as caught:
        remove_environment("abc")
    assert "trackboard env list" in caught.value.hint
    assert not cache.folder.exists()


def test_what_is_kept(preparing: "Preparing") -> None:
    preparing.done("alpha", name="mine")
    (kept,) = list_environments()
    assert (kept.names, kept.packages) == (("mine",), ("alpha==1.0",))
    assert kept.python.startswith("3.")
    assert kept.size_bytes > 1000
    assert 0 < kept.built_s <= kept.used_s
    assert not kept.is_in_use


def test_the_last_used_comes_first(preparing: "Preparing") -> None:
    preparing.index.add("beta")
    for age, name in enumerate(("alpha", "beta")):
        preparing.done(name)
        used = list_environments()[0].folder / "used"
        os.utime(used, (1000 + age, 1000 + age))
    assert [kept.packages[0] for kept in list_environments()] == ["beta==1.0", "alpha==1.0"]
    preparing.done("alpha")
    assert [kept.packages[0] for kept in list_environments()] == ["alpha==1.0", "beta==1.0"]


def test_removed_and_built_again(preparing: "Preparing", cache: EnvironmentCache) -> None:
    python = Path(preparing.done("alpha").python)
    (kept,) = list_environments()
    assert remove_environment(kept.key[:5]).key == kept.key
    assert not kept.folder.exists()
    assert [*(cache.folder / "asked").iterdir()] == []
    assert list_environments() == ()
    assert Path(preparing.done("alpha").python) == python
    assert python.exists()


def test_not_while_it_is_used(preparing: "Preparing", cache: EnvironmentCache) -> None:
    preparing.done("alpha")
    (kept,) = list_environments()
    lock = cache.lock(kept.key)
    assert lock.try_share()
    assert list_environments()[0].is_in_use
    with pytest.raises(Conflict, match="in use"):
        remove_environment(kept.key)
    assert kept.folder.exists()
    lock.close()
    remove_environment(kept.key)


def test_a_key_must_say_which(preparing: "Preparing") -> None:
    preparing.done("alpha")
    with pytest.raises(NotFound):
        remove_environment("")


def test_the_remains_of_a_build(preparing: "Preparing") -> None:
    preparing.done("alpha")
    (kept,) = list_environments()
    (kept.folder / "about.json").unlink()
    (remains,) = list_environments()
    assert (remains.python, remains.size_bytes) == ("", 0)
    remove_environment(remains.key)
    assert list_environments() == ()
