"""A run while it is being recorded: what training code holds in its hand."""

from __future__ import annotations

import io
import logging
import os
from typing import Any, BinaryIO, Iterable, List, Mapping, Optional, Set, Union

from trackboard.errors import TrackboardError, UsageError
from trackboard.layout.reading import open_regular
from trackboard.model import ArtifactKind, check_metric_name
from trackboard.record.conversion.any_value import (
    cell_of,
    columns_of,
    recorded,
    rows_of,
    shown,
    step_of,
)
from trackboard.record.conversion.file_name import file_path, path_of_metric, path_of_value
from trackboard.record.conversion.interruption import pass_on_interruption
from trackboard.record.conversion.settings import plain_settings
from trackboard.record.run_writer import RunWriter
from trackboard.record.summary import Summary
from trackboard.record.value import PLAIN

_log = logging.getLogger("trackboard")

_DIGEST_DIGITS = 16  # of what a sound's or a histogram's file is called

_NO_VALUE = object()

Metrics = Mapping[str, object]


class LiveRun(RunWriter):
    """One run, seen from a process that records into it; see `RunWriter`.

    No value ends a training: what is not what a method takes is kept as it fits best (a list as its items, a
    dict as a row, other objects as text), an image or sound that is none is left out, and one warning by name
    says so. A *name* that cannot be one raises UsageError; so does `log_file` for a file that cannot be
    read. Numbers and texts never raise for a disk; files raise Unavailable when it refuses.
    """

    _warned: Optional[Set[str]] = None  # names of metrics
    _summary: Optional[Summary] = None

    # -- values -------------------------------------------------------------------------------

    def log(
        self, name: Union[str, Metrics], value: object = _NO_VALUE, step: Optional[int] = None
    ) -> None:
        """Record one value of a metric, or values of several metrics at one step.

        Args:
            name: 1 to 1,024 characters; or values by name, of which nothing is recorded when one of the
                names cannot be. `log({...}, 3)` is `log({...}, step=3)`.
            value: A number, a bool or text; one-element arrays and tensors count as numbers, None is an
                empty point.
            step: int64; may repeat or go back. None: the count of the series at that moment.

        Raises:
            UsageError: A name cannot be one.
        """
        if type(name) is not str and isinstance(name, Mapping):
            at = value if step is None and value is not _NO_VALUE else step
            for each in name:
                check_metric_name(each)
            for each, one in name.items():
                self.log(each, one, at)  # type: ignore[arg-type]  # `_log_anything` accepts any
            return
        if value is _NO_VALUE:
            raise UsageError(f"log({name!r}) has no value", hint='Write log("loss", 0.5).')
        if type(value) in PLAIN and (step is None or type(step) is int):
            try:
                self.log_scalar(name, value, step)
            except UsageError as error:  # beyond 64 bits, say; a bad name raises again
                pass_on_interruption(error)
            else:
                return
        self._log_anything("log", name, value, step)

    def log_row(self, table: str, cells: Metrics, step: Optional[int] = None) -> None:
        """Record one row of a table: each cell is a value of the series `table/column`.

        Args:
            table: The table's name.
            cells: Values by column; columns may differ from row to row. Without any nothing is recorded.
            step: Of its cells. None: the row's number, counted by this process from 0.

        Raises:
            UsageError: A name cannot be one; nothing is recorded.
        """
        check_metric_name(table)
        if not isinstance(cells, Mapping):
            self._log_anything("log_row", table, cells, step)
            return
        if not cells:
            self._remark("log_row", table, "a row without columns records nothing")
            return
        at = self._step("log_row", table, step)
        row = {}
        for column, cell in cells.items():
            row[column], remark = cell_of(f"{table}/{column}", cell)
            self._remark("log_row", f"{table}/{column}", remark)
        super().log_row(table, row, at)

    def log_table(self, name: str, table: Union[Metrics, Iterable[Metrics]]) -> None:
        """Record rows of a table, as `log_row` does one.

        Args:
            name: The table's name.
            table: Columns by name (a dict of lists or arrays, a data frame), or rows, each a dict.

        Raises:
            UsageError: A name cannot be one; nothing is recorded.
        """
        check_metric_name(name)
        columns = columns_of(table)
        remark = ""
        rows: List[Any] = []
        if columns is not None:
            rows, remark = rows_of(columns)
        elif isinstance(table, Iterable) and not isinstance(table, (str, bytes)):
            rows = table = [*table]
        if not rows or not all(isinstance(row, Mapping) for row in rows):
            if columns is None:
                self._log_anything("log_table", name, table, None)
            return
        for column in {column: None for row in rows for column in row}:
            check_metric_name(f"{name}/{column}" if isinstance(column, str) and column else "")
        self._remark("log_table", name, remark)
        for row in rows:
            self.log_row(name, row)

    def log_text(self, name: str, text: object, step: Optional[int] = None) -> None:
        """Record a text, which TensorBoard's Text dashboard shows as Markdown.

        Args:
            name: The metric.
            text: The text; of another object what it shows of itself.
            step: None: the count of the metric's texts at that moment.

        Raises:
            UsageError: The name cannot be one.
        """
        self.log(name, text if isinstance(text, str) else shown(text), step)

    # -- what describes the run -----------------------------------------------------------------

    def set_parameter(self, name: str, value: object) -> None:
        """Give a parameter its value, at any time; set again, the later value counts.

        Args:
            name: 1 to 1,024 characters.
            value: As for `set_parameters`.

        Raises:
            UsageError: The name cannot be one.
        """
        if type(value) in PLAIN:
            try:
                super().set_parameter(name, value)
            except UsageError as error:  # beyond 64 bits, say; a bad name raises again
                pass_on_interruption(error)
            else:
                return
        check_metric_name(name)
        self._set_parameters(f"set_parameter({name!r})", {name: value})

    def set_parameters(self, settings: object) -> None:
        """Give several parameters their values, at any time; set again, the later value counts.

        Args:
            settings: Values by name; or an object with attributes, such as what argparse gives, or a data
                class. Numbers, bools, texts and paths are kept as they are, dicts as parameters
                `outer/inner`, lists and arrays as JSON, None and other objects as text; one warning says
                so.

        Raises:
            UsageError: A name cannot be one; nothing is recorded.
        """
        self._set_parameters("set_parameters", settings)

    @property
    def summary(self) -> Summary:
        """What the run came to: `run.summary["best"] = 0.9`; see `Summary`."""
        if self._summary is None:
            self._summary = Summary(self._log_outcome)
        return self._summary

    def _log_outcome(self, name: str, value: object) -> None:
        check_metric_name(name)
        if name in self._series and name not in self.summary:
            remark = "there are values of that name already; this is one more of them, and the last"
            self._remark("summary", name, remark)
        self.log(name, value)

    def _set_parameters(self, call: str, settings: object) -> None:
        found, remark = plain_settings(settings)
        for name, value in found.items():
            super().set_parameter(name, value)
        if remark:
            _log.warning("trackboard: %s: %s.", call, remark)

    # -- images, sounds and histograms --------------------------------------------------------------------

    def log_image(self, name: str, image: object, step: Optional[int] = None) -> None:
        """Record an image, which TensorBoard's Images dashboard shows.

        Args:
            name: The metric.
            image: A path; the bytes of a file (PNG, JPEG, GIF and BMP are shown); a Pillow image; a figure;
                or an array or tensor, height by width, or by 1, 3 or 4 channels as well, of floats from 0 to
                1 or integers from 0 to 255.
            step: None: the count of the metric's images at that moment.

        Raises:
            UsageError: The name cannot be one.
            Unavailable: The disk refuses; nothing is left of it.
        """
        from trackboard.record.conversion.image import encode_image

        check_metric_name(name)
        if isinstance(image, (str, os.PathLike)):
            self._log_image_file(name, image, step)
            return
        self._log_encoded("log_image", name, *encode_image(image), step)

    def log_figure(self, name: str, figure: object, step: Optional[int] = None) -> None:
        """Record a plot as an image.

        Args:
            name: The metric.
            figure: A figure, axes or `matplotlib.pyplot`: anything that has `savefig`, or whose `figure` has.
            step: None: the count of the metric's images at that moment.

        Raises:
            UsageError: The name cannot be one.
            Unavailable: The disk refuses; nothing is left of it.
        """
        from trackboard.record.conversion.image import draw_figure

        check_metric_name(name)
        self._log_encoded("log_figure", name, *draw_figure(figure), step)

    def _log_encoded(
        self, call: str, name: str, data: Optional[bytes], remark: str, step: object
    ) -> None:
        if data is None:
            self._remark(call, name, f"{remark}; nothing is recorded")
            return
        self._remark(call, name, remark)
        self._keep_image(call, name, io.BytesIO(data), step)

    def _log_image_file(self, name: str, path: Union[str, os.PathLike[str]], step: object) -> None:
        try:
            file = open(open_regular(path, "image"), "rb")  # noqa: SIM115 - what `put_file` raises is not meant
        except TrackboardError as error:
            self._remark("log_image", name, f"{error.message}; nothing is recorded")
            return
        with file:
            self._keep_image("log_image", name, file, step)

    def _keep_image(self, call: str, name: str, file: BinaryIO, step: object) -> None:
        from trackboard.record.conversion.image import HEAD_BYTES, image_suffix

        suffix = image_suffix(file.read(HEAD_BYTES))
        if not suffix:
            self._remark(call, name, "the file is no image; nothing is recorded")
            return
        file.seek(0)
        at = self._step(call, name, step)
        key, size_bytes = self.put_file(file)
        path = f"images/{path_of_value(self.prefix + name, suffix, key)}"
        self.log_artifact(name, ArtifactKind.IMAGE, path, key, size_bytes, at)

    def log_audio(self, name: str, wav: bytes, step: Optional[int] = None) -> None:
        """Record a sound, which TensorBoard's Audio dashboard plays.

        Args:
            name: The metric.
            wav: A whole WAV file; the standard library's `wave` writes one of samples.
            step: None: the count of the metric's sounds at that moment.

        Raises:
            UsageError: The name cannot be one.
            Unavailable: The disk refuses; nothing is left of it.
        """
        check_metric_name(name)
        if not isinstance(wav, bytes) or wav[:4] != b"RIFF" or wav[8:12] != b"WAVE":
            remark = f"{shown(wav)[:20]} is not how a WAV file begins; nothing is recorded"
            self._remark("log_audio", name, remark)
            return
        at = self._step("log_audio", name, step)
        key, size_bytes = self.put_file(io.BytesIO(wav))
        path = f"audio/{key[-_DIGEST_DIGITS:]}.wav"
        self.log_artifact(name, ArtifactKind.AUDIO, path, key, size_bytes, at)

    def log_histogram(self, name: str, values: object, step: Optional[int] = None) -> None:
        """Record how values are spread, which TensorBoard's Histograms and Distributions dashboards show.

        What is kept is how many values lie in each of 64 buckets of equal width, whatever their number: a
        file of one to two kilobytes.

        Args:
            name: The metric.
            values: An array or tensor of any shape, a list of numbers or of arrays; or a tuple
                `(counts, edges)` of what was counted already, as `numpy.histogram` returns it. NaN and
                infinities are left out, and that is said.
            step: None: the count of the metric's files at that moment.

        Raises:
            UsageError: The name cannot be one.
            Unavailable: The disk refuses; nothing is left of it.
        """
        from trackboard.record.conversion.histogram import encode_histogram

        check_metric_name(name)
        document, remark = encode_histogram(values)
        if document is None:
            self._remark("log_histogram", name, f"{remark}; nothing is recorded")
            return
        self._remark("log_histogram", name, remark)
        at = self._step("log_histogram", name, step)
        key, size_bytes = self.put_file(io.BytesIO(document))
        path = f"histograms/{key[-_DIGEST_DIGITS:]}.json"
        self.log_artifact(name, ArtifactKind.HISTOGRAM, path, key, size_bytes, at)

    # -- files ----------------------------------------------------------------------------------

    def log_file(self, path: Union[str, os.PathLike[str]], name: Optional[str] = None) -> None:
        """Keep a file with the run, of any kind: `workspace.files` lists it.

        Args:
            path: The file.
            name: What to call it within the run, such as `models/best.pt`. None: its own name. A later file
                of the same name takes the place of the earlier one.

        Raises:
            NotFound: There is no such file.
            UsageError: It is no file or cannot be read, or the name cannot be one.
            Unavailable: The disk refuses; nothing is left of it.
        """
        with open(open_regular(path, "file"), "rb") as file:
            self._keep_file(os.path.basename(os.fspath(path)) if name is None else name, file)

    def log_dict(self, name: str, values: object) -> None:
        """Keep a dict or a list with the run, as a file of JSON.

        Args:
            name: What to call the file within the run, such as `config.json`.
            values: The values; arrays become lists, what JSON has no place for becomes text.

        Raises:
            UsageError: The name cannot be one.
            Unavailable: The disk refuses; nothing is left of it.
        """
        from trackboard.record.conversion.json_text import encode_json

        path = file_path(name)
        try:
            data, remark = encode_json(values, indent=2)
        except Exception as error:  # noqa: BLE001  # a circle, an array that is gone
            pass_on_interruption(error)
            remark = f"it cannot be written as JSON, nothing is recorded: {error}"
            self._remark("log_dict", path, remark)
            return
        self._remark("log_dict", path, remark)
        self._keep_file(path, io.BytesIO(data))

    def log_html(self, name: str, html: object) -> None:
        """Keep a page with the run, as the file `html/<name>.html`.

        It is a file like others: `trackboard download` brings it. No page of ours shows it, so that no
        script in it ever runs with the rights of a board.

        Args:
            name: What to call it. A later page of the same name takes the place of the earlier one.
            html: The page as text; or what has `to_html()` (a figure of Plotly, a data frame) or shows
                itself as HTML in notebooks.

        Raises:
            UsageError: The name cannot be one.
            Unavailable: The disk refuses; nothing is left of it.
        """
        from trackboard.record.conversion.html import encode_html

        check_metric_name(name)
        page, remark = encode_html(html)
        self._remark("log_html", name, remark)
        self._keep_file(f"html/{path_of_metric(name).removesuffix('.html')}.html", io.BytesIO(page))

    def _keep_file(self, name: str, file: BinaryIO) -> None:
        path = file_path(name)
        self._warn_if_left(path)
        self.add_file(path, *self.put_file(file))

    # -- what is none -----------------------------------------------------------------------------

    def _log_anything(self, call: str, name: str, value: object, step: object) -> None:
        """Record a value that is none, or whose step is none, as it fits best."""
        check_metric_name(name)
        at = self._step(call, name, step)
        kept, remark = recorded(name, value)
        self._remark(call, name, remark)
        if isinstance(kept, dict):
            super().log_row(name, kept, at)
            return
        for one in kept if isinstance(kept, list) else [kept]:
            self.log_scalar(name, one, at)

    def _step(self, call: str, name: str, step: object) -> Optional[int]:
        at = None if step is None else step_of(name, step)
        if step is not None and at is None:
            self._remark(call, name, f"step={shown(step):.40} is no whole number, and is not used")
        return at

    def _remark(self, call: str, name: str, remark: str) -> None:
        """Warn of what became of a value, once by name."""
        if self._warned is None:
            self._warned = set()
        if remark and name not in self._warned:
            self._warned.add(name)
            _log.warning("trackboard: %s(%r): %s.", call, name, remark)
