"""What every store promises about registered models."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trackboard.errors import Conflict, NotFound
from trackboard.model import RunId
from trackboard.ports import Model, Store

NET = Model(
    name="net",
    version=0,
    run=RunId("r"),
    files={"model.pkl": "sha256:1", "a/b.json": "sha256:2"},
    tags={"stage": "grün", "": ""},
    properties={"auc": "0.9"},
    description="the first one",
    framework="ScikitLearn",
    framework_version="1.5",
    created_s=10.5,
)


class ModelContract:
    """Subclass it with a fixture `store` that gives an empty store."""

    def test_a_model_comes_back_as_it_went_in(self, store: Store) -> None:
        assert store.list_models() == ()
        added = store.add_model(NET)
        assert added == replace(NET, version=1)
        assert store.list_models() == store.list_models("net") == (added,)

    def test_versions_count_up_within_a_name(self, store: Store) -> None:
        names = ["net", "net", "other", "net"]
        added = [store.add_model(replace(NET, name=name, run=None, version=9)) for name in names]
        assert [(each.name, each.version) for each in added] == [
            ("net", 1),
            ("net", 2),
            ("other", 1),
            ("net", 3),
        ]
        assert store.list_models() == (added[3], added[1], added[0], added[2])
        assert store.list_models("other") == (added[2],)
        assert store.list_models("nobody") == ()

    def test_a_kept_model_does_not_follow_its_caller(self, store: Store) -> None:
        tags = {"a": "1"}
        added = store.add_model(replace(NET, tags=tags))
        tags["a"] = "2"
        assert store.list_models() == (added,)
        assert added.tags == {"a": "1"}

    def test_registering_changes_the_version(self, store: Store) -> None:
        before = store.version()
        store.add_model(NET)
        assert store.version() != before

    def test_what_is_said_about_a_version_changes(self, store: Store) -> None:
        first, second = store.add_model(NET), store.add_model(NET)
        changed = store.change_model(
            "net",
            1,
            description="good",
            tags={"stage": "2", "new": "3"},
            properties={"auc": "0.9", "p": "q"},
        )
        assert changed == replace(
            first,
            description="good",
            tags={"stage": "2", "": "", "new": "3"},
            properties={"auc": "0.9", "p": "q"},
        )
        assert store.list_models() == (second, changed)
        assert store.change_model("net", 1, removed_tags=["new", "nobody"]).tags == {
            "stage": "2",
            "": "",
        }
        only = store.change_model("net", 1, removed_tags=None, tags={"only": "1"})
        assert only.tags == {"only": "1"}
        assert only.description == "good"
        assert store.list_models() == (second, only)

    def test_a_models_property_never_changes(self, store: Store) -> None:
        added = store.add_model(NET)
        with pytest.raises(Conflict, match=r"0\.8"):
            store.change_model("net", 1, tags={"a": "b"}, properties={"c": "d", "auc": "0.8"})
        assert store.list_models() == (added,)

    def test_a_deleted_version_is_gone_and_its_number_too(self, store: Store) -> None:
        first = store.add_model(NET)
        store.add_model(NET)
        store.delete_model("net", 2)
        assert store.list_models() == store.list_models("net") == (first,)
        assert store.add_model(NET).version == 3
        with pytest.raises(NotFound, match="net:2"):
            store.delete_model("net", 2)
        with pytest.raises(NotFound, match="net:2"):
            store.change_model("net", 2, description="")
        with pytest.raises(NotFound, match="nobody:1"):
            store.delete_model("nobody", 1)
        store.delete_model("net", 1)
        store.delete_model("net", 3)
        assert store.list_models() == ()
        assert store.add_model(NET).version == 4
