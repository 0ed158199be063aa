"""What every store promises about registered models."""

from __future__ import annotations

from dataclasses import replace

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
