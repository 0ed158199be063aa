from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from trackboard.board.view.run_names import folder_path, name_event_folders, name_runs
from trackboard.model import Run, RunId, RunKind, RunState

RUN = Run(RunId(""), "exp", 0, "", None, RunKind.JOB, RunState.RUNNING, "", 0, 0, None, 0, ())
LABELS = st.sampled_from(["", "a", "a #2", "a/b", "b", "a #2 #3", "/", "..", "run-2"])
NUMBERS = st.integers(0, 6)
IDS = st.sampled_from([RunId(id_) for id_ in "uvwxyz"])
NAMES = st.text(st.sampled_from("a./%\\ \n\u00fc\ud800") | st.characters(), max_size=300)


@st.composite
def runs(draw: st.DrawFn) -> list[Run]:
    ids = draw(st.lists(IDS, unique=True))
    return [
        replace(
            RUN,
            id=id_,
            number=draw(NUMBERS),
            given_name=draw(LABELS),
            parent=draw(st.none() | IDS),
            experiment=draw(st.sampled_from(["exp", "exp2"])),
        )
        for id_ in ids
    ]


@given(runs(), st.lists(st.tuples(IDS, st.sampled_from(["", "logs", "b", "logs/b", "a/b"]))))
def test_names_are_unique_and_the_same_in_every_view(
    found: list[Run], folders: list[tuple[RunId, str]]
) -> None:
    names = name_runs(found)
    assert len(set(names.values())) == len(found) == len(names)
    for experiment in ("exp", "exp2"):
        alone = name_runs([run for run in found if run.experiment == experiment])
        assert alone == {id_: names[id_] for id_ in alone}
    events = name_event_folders({(r, path) for r, path in folders if r in names}, names)
    assert len(set(events.values())) == len(events)
    owners = {name: id_ for id_, name in names.items()}
    assert all(owners.get(name, run) == run for (run, _), name in events.items())


@given(st.lists(NAMES, unique=True, max_size=20))
def test_folder_paths_are_safe_and_injective(names: list[str]) -> None:
    paths = [folder_path(name) for name in names]
    assert len(set(paths)) == len(names)
    for path in paths:
        assert not path.is_absolute()
        assert path.parts
        assert not {"..", ".", ""} & set(path.parts)
        assert all(len(part.encode()) <= 255 and part.isprintable() for part in path.parts)
