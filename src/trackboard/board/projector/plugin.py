"""TensorBoard's projector, for log directories that are still written.

Its own looks at a configuration once, when the run is new, and one that it cannot read, of any run, takes
the page from all of them. Beside `tensorboard_internals` this module alone touches names of TensorBoard
that it does not promise to keep; `tests/unit/board/projector/test_plugin.py` runs it against the installed
one.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

from google.protobuf.text_format import ParseError  # type: ignore[import-untyped]
from tensorboard.plugins.projector import projector_plugin

from trackboard.model.tensorboard_files import CHECKPOINT, PROJECTOR

_ASSETS = Path("plugins") / "org_tensorflow_tensorboard_projector"
_ACTIVE_WITHIN_S = 0.5
_UNREADABLE = (ParseError, OSError, ValueError, TypeError, IndexError)

_log = logging.getLogger(__name__)


class ProjectorPlugin(projector_plugin.ProjectorPlugin):  # type: ignore[misc]  # TensorBoard is not typed
    """Reads configurations again when they changed, and shows those that can be read."""

    _seen: object = None
    _configs: Any
    tensor_cache: Any

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self._updating = threading.RLock()

    def is_active(self) -> bool:
        """Whether there is something to show; a page asks once, so the answer waits for a look."""
        if super().is_active():
            return True
        looking = self._thread_for_determining_is_active
        if looking is not None:
            looking.join(_ACTIVE_WITHIN_S)
        return bool(self._is_active)

    def _update_configs(self) -> None:
        with self._updating:
            if self._read_state() != self._seen:
                self._run_paths = None  # as if the runs were others: all is read again
                self.tensor_cache = type(self.tensor_cache)(self.tensor_cache._size)
            try:
                super()._update_configs()
            except _UNREADABLE as error:
                _log.warning("a configuration of the projector cannot be read: %s", error)
            self._seen = self._read_state()

    def _read_state(self) -> list[tuple[int, ...]]:
        """What the disk says of all configurations."""
        folders = [*(self._run_paths or {}).values(), self.logdir]
        return [
            _state(os.path.join(folder, name))
            for folder in folders
            for name in (PROJECTOR, CHECKPOINT, _ASSETS / PROJECTOR)
        ]

    def _read_latest_config_files(self, run_path_pairs: list[tuple[str, str]]) -> tuple[Any, Any]:
        configs: dict[str, Any] = {}
        paths: dict[str, str] = {}
        for pair in run_path_pairs:
            try:
                config, path = super()._read_latest_config_files([pair])
            except _UNREADABLE as error:
                _log.warning("the projector of %s cannot be read: %s", pair[0], error)
                continue
            configs.update(config)
            paths.update(path)
        for run, config in configs.items():
            folder = os.path.dirname(paths[run])
            for embedding in list(config.embeddings):
                file = os.path.join(folder, embedding.tensor_path)
                if embedding.tensor_path and not os.path.isfile(file):
                    config.embeddings.remove(embedding)  # it has not arrived yet
        return configs, paths

    def _augment_configs_with_checkpoint_info(self) -> None:
        try:
            super()._augment_configs_with_checkpoint_info()
        except _UNREADABLE:
            self._augment_one_by_one()

    def _augment_one_by_one(self) -> None:
        configs, shown = self._configs, {}
        for run, config in configs.items():
            self._configs = {run: config}
            try:
                super()._augment_configs_with_checkpoint_info()
            except _UNREADABLE as error:
                _log.warning("the projector of %s cannot be read: %s", run, error)
            else:
                shown.update(self._configs)
        self._configs = shown


def _state(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns
