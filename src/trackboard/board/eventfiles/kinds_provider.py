"""Native event files with all that is under tags of several kinds: TensorBoard's readers show one at most.

What `board.eventfiles.kind_folders` copies apart is read by a second reader, and shown under its own name on
the dashboard of each kind; the first one is not asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tensorboard.data import provider as tb

from trackboard.board.eventfiles.kind_folders import KindFolders
from trackboard.board.eventfiles.odd_names import mark
from trackboard.board.eventfiles.provider import EventFolders, NativeProvider
from trackboard.board.eventfiles.reader import Reader
from trackboard.board.series.sampling import Sampling

_MARK = "kind."  # in front of keys of blobs

Tags = dict[str, dict[str, Any]]


class KindsProvider(tb.DataProvider):  # type: ignore[misc]  # TensorBoard is not typed
    """Native event files, every kind of every tag.

    Args:
        folders: Where the files are.
        start_reader: Starts a reader of a folder.
        sampling: How much of each series is shown.
        parents: Where the copies may be, the best place first.
    """

    def __init__(
        self,
        folders: EventFolders,
        start_reader: Callable[[Path], Reader],
        sampling: Sampling | None = None,
        parents: Sequence[Path] = (),
    ) -> None:
        self._folders = folders
        self._apart = KindFolders(folders, parents)
        self._native = NativeProvider(folders, start_reader, sampling, self._apart.list_mixed)
        self._copies = NativeProvider(self._apart, start_reader, sampling)

    def __str__(self) -> str:
        return str(self._native)

    @property
    def left_out(self) -> Mapping[str, str]:
        """What cannot be shown, in words, by plugin."""
        failed = self._apart.list_failed()
        names = self._folders.list_names("") if failed else None
        return {
            kind: (
                f"{tag!r} of {run if names is None else names.get(run, run)} holds"
                f" {' and '.join(kinds)}, and is not shown whole: {why}."
            )
            for run, (mixed, why) in failed.items()
            for tag, kinds in mixed.items()
            for kind in kinds
        }

    def change_token(self) -> str:
        """A word that is another one when there is something new to show."""
        token = self._native.change_token()
        self._apart.follow()
        return f"{token}-{self._copies.change_token()}" if self._apart.find_root() else token

    def close(self) -> None:
        """End the readers. May be repeated."""
        self._copies.close()  # and with it what it reads
        self._native.close()

    def experiment_metadata(self, ctx: Any = None, *, experiment_id: str) -> tb.ExperimentMetadata:
        """Say where the files are."""
        return self._native.experiment_metadata(ctx, experiment_id=experiment_id)

    def list_plugins(self, ctx: Any = None, *, experiment_id: str) -> list[str]:
        """Name the plugins that there is data for."""
        found = self._native.list_plugins(ctx, experiment_id=experiment_id)
        apart = self._list_apart(experiment_id)
        more = self._copies.list_plugins(ctx, experiment_id="") if apart else []
        return list(dict.fromkeys((*found, *more)))

    def list_runs(self, ctx: Any = None, *, experiment_id: str) -> list[tb.Run]:
        """List the runs."""
        found: list[tb.Run] = self._native.list_runs(ctx, experiment_id=experiment_id)
        return found

    def list_scalars(self, ctx: Any = None, **which: Any) -> Tags:
        """List scalar series by run and tag."""
        return self._put_together("list_scalars", ctx, which)

    def read_scalars(self, ctx: Any = None, **which: Any) -> Tags:
        """Read scalar series."""
        return self._put_together("read_scalars", ctx, which)

    def read_last_scalars(self, ctx: Any = None, **which: Any) -> Tags:
        """Read the last value of each scalar series."""
        return self._put_together("read_last_scalars", ctx, which)

    def list_tensors(self, ctx: Any = None, **which: Any) -> Tags:
        """List histograms, texts and other tensors by run and tag."""
        return self._put_together("list_tensors", ctx, which)

    def read_tensors(self, ctx: Any = None, **which: Any) -> Tags:
        """Read histograms, texts and other tensors."""
        return self._put_together("read_tensors", ctx, which)

    def list_blob_sequences(self, ctx: Any = None, **which: Any) -> Tags:
        """List images, audio and graphs by run and tag."""
        return self._put_together("list_blob_sequences", ctx, which)

    def read_blob_sequences(self, ctx: Any = None, **which: Any) -> Tags:
        """Read what images, audio and graphs there are."""
        return self._put_together("read_blob_sequences", ctx, which)

    def read_blob(self, ctx: Any = None, *, blob_key: str) -> bytes:
        """Read one image, sound or graph; the keys are the readers' own."""
        if blob_key.startswith(_MARK):
            return self._copies.read_blob(ctx, blob_key=blob_key.removeprefix(_MARK))
        return self._native.read_blob(ctx, blob_key=blob_key)

    def _put_together(self, method: str, ctx: Any, which: Mapping[str, Any]) -> Tags:
        found: Tags = getattr(self._native, method)(ctx, **which)
        apart = self._list_apart(which["experiment_id"])
        filter_ = which.get("run_tag_filter") or tb.RunTagFilter()
        wanted = [n for n, run in apart.items() if filter_.runs is None or run in filter_.runs]
        if not wanted:
            return found
        question = {
            **which,
            "experiment_id": "",
            "run_tag_filter": tb.RunTagFilter(wanted, filter_.tags),
        }
        whole = dict(found)
        for number, tags in getattr(self._copies, method)(ctx, **question).items():
            if method == "read_blob_sequences":
                tags = {tag: [mark(each, _MARK) for each in data] for tag, data in tags.items()}
            whole[apart[number]] = {**whole.get(apart[number], {}), **tags}
        return whole

    def _list_apart(self, experiment_id: str) -> dict[str, str]:
        """What the copies' runs are called, by their own names."""
        self._apart.follow()
        apart = self._apart.list_apart()
        names = self._folders.list_names(experiment_id) if apart else None
        if names is None:
            return {number: each.run for number, each in apart.items()}
        return {number: names[each.run] for number, each in apart.items() if each.run in names}
