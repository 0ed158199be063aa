"""Native event files of runs, read by TensorBoard's own reader and shown under the runs' names."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from tensorboard.context import RequestContext
from tensorboard.data import provider as tb
from tensorboard.errors import NotFoundError

from trackboard.board.dashboards.artifacts import sample_evenly
from trackboard.board.dashboards.texts import TEXT
from trackboard.board.dashboards.truncate import truncate_array, truncate_text
from trackboard.board.eventfiles import odd_names
from trackboard.board.eventfiles.escapes import is_odd
from trackboard.board.eventfiles.reader import PythonReader, Reader
from trackboard.board.eventfiles.replaced import FileState
from trackboard.board.series.sampling import Sampling
from trackboard.board.tensorboard_internals import replace_description

_KEEP_S = 1.0  # as long as a list of the reader's is good for: it reads on once a second
_NEW_RUNS_S = 1.5  # it looks for new files once a second
_POLL_S = 0.01
_DESCRIPTION_CHARACTERS = 1_000
_LATER_S = (2.5, 5.0, 10.0, 20.0)  # a large file takes the reader a while

Hidden = Mapping[str, Set[str]]
Tags = dict[str, dict[str, Any]]  # run -> tag -> what TensorBoard's reader says of it

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Question:
    """One question about series, put to the reader by `method` once `list_method` said who has any."""

    method: str
    list_method: str
    experiment_id: str
    plugin_name: str
    run_tag_filter: tb.RunTagFilter | None


class EventFolders(Protocol):
    """Where event files are: one folder for the reader, and what its sub-folders are called."""

    changes: int  # counts up when files came or grew
    generation: int  # counts up when there are other runs for the reader to find
    epoch: int  # counts up when a reader must start again, to see that a file was replaced

    def follow(self, experiment_id: str, /) -> None:
        """Look for new files and new bytes."""
        ...

    def find_root(self) -> Path | None:
        """The folder to read, None while there is nothing to read."""
        ...

    def is_complete(self, own_names: Collection[str]) -> bool:
        """Whether the reader, whose runs are called so, has found all."""
        ...

    def list_names(self, experiment_id: str) -> Mapping[str, str] | None:
        """Names of the view's runs by the reader's own names; None: show all under their own."""
        ...

    def list_files(self) -> Mapping[str, Sequence[tuple[Path, FileState]]]:
        """The event files by the reader's names of their runs."""
        ...

    def list_others(self, experiment_id: str, /) -> Collection[str]:
        """Names of runs that plugins may have something to show of, whatever the reader finds."""
        ...

    def close(self) -> None:
        """Remove what was made for the reader."""
        ...


class NativeProvider(tb.DataProvider):  # type: ignore[misc]  # TensorBoard is not typed
    """Asks TensorBoard's reader, which is started by the first question that finds an event file.

    Args:
        folders: Where the files are.
        start_reader: Starts a reader of a folder.
        sampling: How much of each series is shown.
        list_hidden: Tags that are not shown, by the reader's own names of runs.
    """

    def __init__(
        self,
        folders: EventFolders,
        start_reader: Callable[[Path], Reader],
        sampling: Sampling | None = None,
        list_hidden: Callable[[], Hidden] = dict,
    ) -> None:
        self._folders = folders
        self._start_reader = start_reader
        self._list_hidden = list_hidden
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._sampling = sampling or Sampling()
        self._odd = odd_names.OddBlobs(partial(PythonReader, samples=self._sampling.samples))
        self._is_closed = False
        self._kept: dict[tuple[str, str], tuple[float, Any]] = {}
        self._awaited = (-1, -1)  # the generation and the epoch of what the reader has found
        self._seen_changes = 0
        self._changed_at = 0.0

    def __str__(self) -> str:
        return f"NativeProvider({self._folders.find_root()})"

    def close(self) -> None:
        """End the reader and remove the links. May be repeated."""
        with self._lock:
            self._is_closed = True
            if self._reader:
                self._reader.close()
                self._reader = None
        self._odd.close()
        self._folders.close()

    def change_token(self) -> str:
        """A word that changes when files grew, and again when the reader should have read them."""
        self._folders.follow("")
        changes, now = self._folders.changes, time.monotonic()
        if changes != self._seen_changes:
            self._seen_changes, self._changed_at = changes, now
        passed = sum(now - self._changed_at >= later_s for later_s in _LATER_S) if changes else 0
        return f"{changes}.{passed}"

    # -- what there is ------------------------------------------------------------------------------

    def experiment_metadata(self, ctx: Any = None, *, experiment_id: str) -> tb.ExperimentMetadata:
        """Say where the files are."""
        self._folders.follow(experiment_id)
        return tb.ExperimentMetadata(data_location=str(self._folders.find_root() or ""))

    def list_plugins(self, ctx: Any = None, *, experiment_id: str) -> list[str]:
        """Name the plugins that the reader has data for."""
        reader = self._find_reader(experiment_id)
        return list(self._list(reader, ctx, "list_plugins")) if reader else []

    def list_runs(self, ctx: Any = None, *, experiment_id: str) -> list[tb.Run]:
        """List the runs that the reader found, and others that only plugins know."""
        reader = self._find_reader(experiment_id)
        names = self._folders.list_names(experiment_id)
        found = [
            run if names is None else tb.Run(names[run.run_id], names[run.run_id], run.start_time)
            for run in (self._list(reader, ctx, "list_runs") if reader else ())
            if names is None or run.run_id in names
        ]
        known = {run.run_id for run in found}
        others = self._folders.list_others(experiment_id)
        return found + [tb.Run(name, name, None) for name in others if name not in known]

    # -- series ---------------------------------------------------------------------------------------

    def list_scalars(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> Tags:
        """List scalar series by run and tag."""
        return self._list_series(ctx, "list_scalars", experiment_id, plugin_name, run_tag_filter)

    def read_scalars(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        downsample: int | None = None,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> Tags:
        """Read scalar series."""
        question = Question(
            "read_scalars", "list_scalars", experiment_id, plugin_name, run_tag_filter
        )
        return self._read_series(ctx, question, downsample=downsample)

    def read_last_scalars(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> Tags:
        """Read the last value of each scalar series."""
        question = Question(
            "read_last_scalars", "list_scalars", experiment_id, plugin_name, run_tag_filter
        )
        return self._read_series(ctx, question)

    def list_tensors(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> Tags:
        """List histograms, texts and other tensors by run and tag."""
        return self._list_series(ctx, "list_tensors", experiment_id, plugin_name, run_tag_filter)

    def read_tensors(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        downsample: int | None = None,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> Tags:
        """Read histograms, texts and other tensors."""
        question = Question(
            "read_tensors", "list_tensors", experiment_id, plugin_name, run_tag_filter
        )
        found = self._read_series(ctx, question, downsample=downsample)
        return _truncated(found, self._sampling.limit(TEXT)) if plugin_name == TEXT else found

    def list_blob_sequences(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> Tags:
        """List images, audio and graphs by run and tag."""
        return self._list_series(
            ctx, "list_blob_sequences", experiment_id, plugin_name, run_tag_filter
        )

    def read_blob_sequences(
        self,
        ctx: Any = None,
        *,
        experiment_id: str,
        plugin_name: str,
        downsample: int | None = None,
        run_tag_filter: tb.RunTagFilter | None = None,
    ) -> Tags:
        """Read what images, audio and graphs there are."""
        question = Question(
            "read_blob_sequences", "list_blob_sequences", experiment_id, plugin_name, run_tag_filter
        )
        found = self._read_series(ctx, question, downsample=downsample)
        odd = self._find_odd(experiment_id, found)
        root = self._folders.find_root()
        if odd and root:
            names = self._folders.list_names(experiment_id)
            read = self._odd.read_sequences(
                root, odd, plugin_name=plugin_name, downsample=downsample
            )
            for own_name, tags in read.items():
                found[own_name if names is None else names[own_name]].update(tags)
        return found

    def read_blob(self, ctx: Any = None, *, blob_key: str) -> bytes:
        """Read one image, sound or graph; the keys are the readers' own."""
        if odd_names.owns(blob_key):
            return self._odd.read(blob_key)
        reader = self._find_reader("")
        if reader is None:
            raise NotFoundError(f"blob {blob_key!r}: there are no event files")
        blob: bytes = self._ask(reader, ctx, "read_blob", blob_key=blob_key) or b""
        return blob

    def _find_odd(self, experiment_id: str, found: Tags) -> dict[str, set[str]]:
        """Tags by the reader's names of runs, of the series whose blobs it could not give back."""
        if self._reader is None or self._reader.takes_any_name:
            return {}
        names = self._folders.list_names(experiment_id)
        own_names = {run: run for run in found} if names is None else _inverse(names)
        odd = {
            own_names[run]: {tag for tag in tags if is_odd(own_names[run]) or is_odd(tag)}
            for run, tags in found.items()
            if run in own_names
        }
        return {run: tags for run, tags in odd.items() if tags}

    # -- the reader -------------------------------------------------------------------------------------

    def _find_reader(self, experiment_id: str) -> Reader | None:
        """The reader, started if need be; None while there is nothing to read."""
        self._folders.follow(experiment_id)
        root = self._folders.find_root()
        generation, epoch = self._folders.generation, self._folders.epoch
        with self._lock:
            if root is None or self._is_closed:
                return None
            if self._reader and not self._reader.is_alive():
                _log.warning("TensorBoard's reader of event files has ended; starting it again")
                self._end_reader()
            if self._reader and self._awaited[1] != epoch:
                self._end_reader()  # it would show what a replaced file held for ever
            is_new = self._reader is None
            if self._reader is None:
                self._reader = self._start_reader(root)
            if is_new or self._awaited != (generation, epoch):
                self._await_runs(self._reader)
                self._awaited = (generation, epoch)
            return self._reader

    def _end_reader(self) -> None:
        if self._reader:
            self._reader.close()
        self._reader = None
        self._kept.clear()

    def _await_runs(self, reader: Reader) -> None:
        """Give the reader a moment to find new runs: an answer has them, also when nobody asks again."""
        deadline = time.monotonic() + _NEW_RUNS_S
        with contextlib.suppress(*reader.failures):  # the question itself will meet it again
            while time.monotonic() < deadline:
                runs = reader.provider.list_runs(RequestContext(), experiment_id="")
                if self._folders.is_complete({run.run_id for run in runs}):
                    break
                time.sleep(_POLL_S)
        self._kept.clear()

    def _list(self, reader: Reader, ctx: Any, method: str, plugin_name: str = "") -> Any:
        """Ask for a whole list, at most once a second: each question costs 45 ms."""
        kept_at, found = self._kept.get((method, plugin_name), (float("-inf"), None))
        if time.monotonic() - kept_at > _KEEP_S:
            which = {"plugin_name": plugin_name} if plugin_name else {}
            found = self._ask(reader, ctx, method, experiment_id="", **which)
            if plugin_name:
                _truncate_descriptions(found)
            self._kept[method, plugin_name] = (time.monotonic(), found)
        return found

    def _ask(self, reader: Reader, ctx: Any, method: str, **which: Any) -> Any:
        """Put one question to the reader. If it is lost, this answer goes without event files."""
        try:
            return getattr(reader.provider, method)(ctx or RequestContext(), **which)
        except reader.failures as error:
            _log.warning("TensorBoard's reader of event files was lost and starts again: %s", error)
            with self._lock:
                if self._reader is reader:
                    self._reader = None
            reader.close()
            return {}

    def _list_series(
        self,
        ctx: Any,
        method: str,
        experiment_id: str,
        plugin_name: str,
        run_tag_filter: tb.RunTagFilter | None,
    ) -> Tags:
        reader = self._find_reader(experiment_id)
        if reader is None or plugin_name not in self._list(reader, ctx, "list_plugins"):
            return {}
        names = self._folders.list_names(experiment_id)
        runs = run_tag_filter.runs if run_tag_filter else None
        wanted = run_tag_filter.tags if run_tag_filter else None
        hidden = self._list_hidden()
        found: Tags = {}
        for own_name, tags in self._list(reader, ctx, method, plugin_name).items():
            run = own_name if names is None else names.get(own_name)
            if run is None or (runs is not None and run not in runs):
                continue
            shown = tags.keys() - hidden.get(own_name, frozenset())
            kept = {
                tag: data
                for tag, data in tags.items()
                if tag in shown and (wanted is None or tag in wanted)
            }
            if kept:
                found[run] = kept
        return found

    def _read_series(self, ctx: Any, question: Question, **how: Any) -> Tags:
        listed = self._list_series(
            ctx,
            question.list_method,
            question.experiment_id,
            question.plugin_name,
            question.run_tag_filter,
        )
        reader = self._find_reader(question.experiment_id)
        if not listed or reader is None:
            return {}
        names = self._folders.list_names(question.experiment_id)
        own_names = {run: run for run in listed} if names is None else _inverse(names)
        found: Tags = {}
        for filter_ in self._make_filters(
            [own_names[run] for run in listed if run in own_names],
            {tag for tags in listed.values() for tag in tags},
        ):
            found |= self._ask(
                reader,
                ctx,
                question.method,
                experiment_id="",
                plugin_name=question.plugin_name,
                run_tag_filter=filter_,
                **how,
            )
        shown = {own_name: run for run, own_name in own_names.items()}
        read = {shown[own_name]: tags for own_name, tags in found.items() if own_name in shown}
        if "downsample" in how:
            self._note(question.plugin_name, read)
        return read

    def _make_filters(
        self, own_names: Collection[str], tags: Set[str]
    ) -> Iterator[tb.RunTagFilter]:
        """Filters that together let through some tags of some runs, without what is hidden of each."""
        hidden = self._list_hidden()
        groups: dict[Set[str], list[str]] = defaultdict(list)
        for name in own_names:
            groups[frozenset(tags & hidden.get(name, frozenset()))].append(name)
        for without, runs in groups.items():
            yield tb.RunTagFilter(runs=runs, tags=tags - without)

    def _note(self, plugin_name: str, read: Tags) -> None:
        """Remember of what there may be more."""
        for tags in read.values():
            for tag, data in tags.items():
                if self._sampling.is_full(plugin_name, len(data)):
                    steps = [datum.step for datum in data]
                    self._sampling.note_steps(plugin_name, tag, steps)


def _truncate_descriptions(listed: Tags) -> None:
    """Every list of a dashboard makes pages of the descriptions in it."""
    for tags in listed.values():
        for tag, series in tags.items():
            if series.description:
                short = truncate_text(series.description, characters=_DESCRIPTION_CHARACTERS)
                tags[tag] = replace_description(series, short)


def _truncated(found: Tags, at_most: int) -> Tags:
    """Few texts of each name, and no more of them than a page can show."""
    return {
        run: {
            tag: [
                tb.TensorDatum(each.step, each.wall_time, truncate_array(each.numpy))
                for each in sample_evenly(texts, at_most)
            ]
            for tag, texts in tags.items()
        }
        for run, tags in found.items()
    }


def _inverse(names: Mapping[str, str]) -> dict[str, str]:
    return {name: own_name for own_name, name in names.items()}
