"""What stores promise about the order of texts: that of their code points, in any language."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from trackboard.model import Event, FileAdded, ParameterSet, PropertyAdded, RunId, Tagged
from trackboard.ports import Model, Store
from trackboard.testing.speaker import Speaker, created

R = RunId("r")
SORTED = ("", "-", "10", "9", "A", "Z", "_", "a", "a b", "aa", "b", "z", "ä", "Ω", "ﬁ", "😀")
SAID = (*SORTED[::-2], *SORTED[::2])  # in an order that is neither this one nor its reverse


class TextOrderContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    def test_the_texts_of_this_suite_are_in_the_order_of_code_points(self) -> None:
        assert sorted(SAID) == list(SORTED)

    @pytest.mark.parametrize("by_hand", [False, True])
    def test_tags_and_properties_by_key(self, store: Store, by_hand: bool) -> None:
        said: list[Event] = []
        if not by_hand:
            said = [
                each for key in SAID for each in (Tagged(R, key, None), PropertyAdded(R, key, ""))
            ]
        store.apply([Speaker().batch(created("r"), *said)])
        if by_hand:
            store.set_tags(R, dict.fromkeys(SAID))
            store.add_properties(R, dict.fromkeys(SAID, ""))
        found: list[Mapping[str, object]] = [
            store.get_tags(R),
            store.list_tags([R])[R],
            store.get_properties(R),
        ]
        assert [tuple(each) for each in found] == [SORTED] * 3

    def test_parameters_by_name(self, store: Store) -> None:
        store.apply([Speaker().batch(created("r"), *(ParameterSet(R, name, 1) for name in SAID))])
        assert tuple(store.list_parameters([R])[R]) == SORTED

    def test_files_by_path(self, store: Store) -> None:
        paths = [f"x{each}" for each in SAID]
        store.apply([Speaker().batch(created("r"), *(FileAdded(R, p, "k", 1, 1.0) for p in paths))])
        expected = [f"x{each}" for each in SORTED]
        assert [file.path for file in store.list_files(R)] == expected
        assert [file.path for file in store.find_files(["x"])[R]] == expected

    def test_models_and_environments_by_name(self, store: Store) -> None:
        for name in SAID:
            store.add_model(Model(name, 0, None, {}, {}, {}, "", "", "", 1.0))
            store.add_environment(name, {})
        assert tuple(model.name for model in store.list_models()) == SORTED
        assert tuple(each.name for each in store.list_environments()) == SORTED
