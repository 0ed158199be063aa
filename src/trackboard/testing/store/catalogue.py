"""What every store promises about registered environments and saved views."""

from __future__ import annotations

import pytest

from trackboard.errors import Conflict, NotFound
from trackboard.ports import SavedView, Store

FIRST = {"name": "train", "python": {"packages": ["numpy", "ä"], "count": 1, "none": None}}
SECOND = {"name": "train", "python": {"packages": []}}
BEST, ALL = SavedView("best", "order=-loss&pin=ä%20b", 5.0), SavedView("All", "", 6.0)


class EnvironmentContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    def test_versions_are_counted_within_a_name(self, store: Store) -> None:
        assert store.add_environment("train", FIRST).version == "1"
        assert store.add_environment("train", SECOND).version == "2"
        assert store.add_environment("other", SECOND).version == "1"
        found = [(each.name, each.version) for each in store.list_environments()]
        assert found == [("other", "1"), ("train", "2"), ("train", "1")]

    def test_a_definition_comes_back_as_it_went_in(self, store: Store) -> None:
        added = store.add_environment("train", FIRST)
        assert added.definition == FIRST
        assert store.list_environments("train") == (added,)
        assert store.list_environments("trai") == ()

    def test_the_same_definition_again_is_the_newest_version(self, store: Store) -> None:
        first = store.add_environment("train", FIRST)
        assert store.add_environment("train", dict(FIRST)) == first
        store.add_environment("train", SECOND)
        assert store.add_environment("train", FIRST).version == "3"

    def test_tuples_are_lists_as_json_has_them(self, store: Store) -> None:
        first = store.add_environment("train", {"packages": ("a", "b")})
        assert first.definition == {"packages": ["a", "b"]}
        assert store.add_environment("train", {"packages": ("a", "b")}) == first

    def test_a_version_of_its_own_is_replaced(self, store: Store) -> None:
        store.add_environment("train", FIRST, version="2024-01")
        store.add_environment("train", SECOND, version="5")
        store.add_environment("train", SECOND, version="2024-01")
        found = [(each.version, each.definition) for each in store.list_environments("train")]
        assert found == [("2024-01", SECOND), ("5", SECOND)]
        assert store.add_environment("train", FIRST).version == "6"

    def test_what_was_given_may_be_changed_afterwards(self, store: Store) -> None:
        packages = ["numpy"]
        store.add_environment("train", {"packages": packages})
        packages.append("scipy")
        assert store.list_environments()[0].definition == {"packages": ["numpy"]}


class SavedViewContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    def test_views_are_listed_by_name(self, store: Store) -> None:
        assert store.list_views() == ()
        before = store.version()
        store.add_view(BEST)
        assert store.version() != before
        store.add_view(ALL)
        assert store.list_views() == (ALL, BEST)

    def test_a_name_is_given_once(self, store: Store) -> None:
        store.add_view(BEST)
        store.add_view(ALL)
        with pytest.raises(Conflict, match="saved as 'best' already"):
            store.add_view(SavedView("best", "other", 7.0))
        with pytest.raises(Conflict, match="saved as 'All' already"):
            store.rename_view("best", "All")
        assert store.list_views() == (ALL, BEST)

    def test_a_view_is_renamed_and_removed(self, store: Store) -> None:
        store.add_view(BEST)
        store.rename_view("best", "best")
        store.rename_view("best", "of June")
        assert store.list_views() == (SavedView("of June", BEST.address, 5.0),)
        store.remove_view("of June")
        assert store.list_views() == ()

    def test_a_view_that_there_is_not(self, store: Store) -> None:
        for ask in (store.remove_view, lambda name: store.rename_view(name, "other")):
            with pytest.raises(NotFound, match="no saved view 'nobody'"):
                ask("nobody")
