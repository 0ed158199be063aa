"""What every store promises about registered environments."""

from __future__ import annotations

from trackboard.ports import Store

FIRST = {"name": "train", "python": {"packages": ["numpy", "ä"], "count": 1, "none": None}}
SECOND = {"name": "train", "python": {"packages": []}}


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
