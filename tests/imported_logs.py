"""What an import of a log folder must hold: what the stock TensorBoard reads there, value by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util import tensor_util
from tests.histories import describe_history

from trackboard.model import ArtifactKind, RunId
from trackboard.transfer.importer import import_runs
from trackboard.transfer.sources.event_folder import EventFolder
from trackboard.workspace import Workspace

Stock = Any  # an `EventAccumulator`; TensorBoard has no types

_ALL = dict.fromkeys(
    ("scalars", "tensors", "images", "audio", "histograms", "compressedHistograms"), 0
)
_FILES = {"images": ArtifactKind.IMAGE, "audio": ArtifactKind.AUDIO}
_NOT_EVENTS = ("_hparams_/experiment", "_hparams_/session_start_info", "_hparams_/session_end_info")


def import_twice(logs: Path, folder: Path) -> list[str]:
    """Import a log folder twice: where that differs from what the stock TensorBoard reads in it.

    Args:
        logs: The log folder.
        folder: Where to make a workspace, and copies of the event files that the import kept.
    """
    workspace = Workspace.open(folder / "history")
    try:
        first, again = (
            import_runs(EventFolder(logs), workspace.store, workspace.blobs) for _ in range(2)
        )
        changed = (again.new, again.changed, again.points) != (0, 0, 0)
        return [
            *(f"left out: {each.what}: {each.why}" for each in first.left_out),
            *([f"the second import: {again}"] if changed else []),
            *_list_differences(logs, workspace, folder / "kept"),
        ]
    finally:
        workspace.close()


def _list_differences(logs: Path, workspace: Workspace, copies: Path) -> list[str]:
    runs = {str(path.parent.relative_to(logs)): path.parent for path in logs.rglob("*tfevents*")}
    found = describe_history(workspace.store, workspace.blobs, workspace.run_files)
    ours = {run["run"]["given_name"]: (key, run) for key, run in found.items()}
    if runs.keys() != ours.keys():
        return [f"runs: {sorted(runs)} became {sorted(ours)}"]
    return [
        f"{name}: {difference}"
        for name, folder in runs.items()
        for difference in _compare(
            _read(folder), ours[name][1], partial(_kept, workspace, ours[name][0], copies / name)
        )
    ]


def _read(folder: Path) -> Stock:
    stock = EventAccumulator(str(folder), size_guidance=_ALL)
    stock.Reload()
    return stock


def _kept(workspace: Workspace, run: RunId, folder: Path) -> Stock:
    """The event files that an import kept, for values that are none of ours."""
    folder.mkdir(parents=True)
    for file in workspace.store.list_files(run):
        if "tfevents" in file.path:
            (folder / Path(file.path).name).write_bytes(
                workspace.blobs.locate(file.key).read_bytes()
            )
    return _read(folder)


def _compare(stock: Stock, ours: dict[str, Any], kept: Callable[[], Stock]) -> Iterator[str]:
    numbers, others, texts, files = _sort(stock)
    for tag, points in numbers.items():
        _, steps, times_s, values = ours["series"].get((tag, "FLOAT"), ("", [], [], []))
        if sorted(zip(steps, times_s, values, strict=True)) != sorted(points):
            yield f"numbers of {tag}"
    for tag, steps in texts.items():
        if sorted(ours["series"].get((tag, "TEXT"), ("", [], [], []))[1]) != sorted(steps):
            yield f"texts of {tag}"
    counted = Counter((each[0], each[1], each[4]) for each in ours["artifacts"])
    if counted != files:
        yield f"files: {files} became {counted}"
    if others:
        there = _sort(kept())[1]
        yield from (f"values of {tag}" for tag in others if there.get(tag) != others[tag])


def _sort(
    stock: Stock,
) -> tuple[
    dict[str, list[tuple[int, float, str]]],
    dict[str, list[tuple[int, float]]],
    dict[str, list[int]],
    Counter[tuple[str, ArtifactKind, int]],
]:
    """Sort what the stock TensorBoard reads: numbers, values that are none of ours, texts, files."""
    tags = stock.Tags()
    numbers = {
        tag: [(each.step, each.wall_time, repr(float(each.value))) for each in stock.Scalars(tag)]
        for tag in tags["scalars"]
    }
    others = {
        tag: [(each.step, each.wall_time) for each in stock.Histograms(tag)]
        for tag in tags["histograms"]
    }
    texts: dict[str, list[int]] = {}
    files: Counter[tuple[str, ArtifactKind, int]] = Counter()
    for kind, events_of in (("images", stock.Images), ("audio", stock.Audio)):
        for tag in tags[kind]:
            files.update((tag, _FILES[kind], each.step) for each in events_of(tag))
    for tag in tags["tensors"]:
        plugin = _plugin_of(stock, tag)
        events = stock.Tensors(tag)
        if plugin == "scalars":
            numbers[tag] = [
                (e.step, e.wall_time, repr(tensor_util.make_ndarray(e.tensor_proto).item()))
                for e in events
            ]
        elif plugin == "text":
            texts[tag] = [each.step for each in events]
        elif plugin in _FILES:
            for each in events:
                files[tag, _FILES[plugin], each.step] += _count(plugin, each.tensor_proto)
        elif tag not in _NOT_EVENTS:
            others[tag] = [(each.step, each.wall_time) for each in events]
    return numbers, others, texts, files


def _plugin_of(stock: Stock, tag: str) -> str:
    """The plugin that a tag is written for; empty for `tf.summary.write`, which names none."""
    known = stock.summary_metadata.get(tag)
    return "" if known is None else str(known.plugin_data.plugin_name)


def _count(plugin: str, tensor: Any) -> int:
    """How many images or sounds a value has: beside width and height, or each beside its label."""
    values = tensor_util.make_ndarray(tensor)
    return values.size - 2 if plugin == "images" else len(values)
