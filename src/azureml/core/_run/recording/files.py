"""Files of a run: what was uploaded, what its folder of outputs held, and getting them back."""

from __future__ import annotations

import contextlib
import os
from typing import (
    IO,
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Dict,
    Iterable,
    Iterator,
    List,
    Optional,
    Sequence,
    Set,
    Tuple,
    Union,
    cast,
)

from azureml._console import print_line
from azureml.core._run.handle import RunHandle
from azureml.core._run.recording.streams import ByteStream
from azureml.exceptions._tree import ServiceException, UserErrorException, sdk_errors
from trackboard.layout import make_folder, replacing
from trackboard.layout.reading import open_regular
from trackboard.layout.safe_paths import given_path
from trackboard.record.conversion import file_name

if TYPE_CHECKING:
    from azureml.core._run.recording.outputs import OutputFolder
    from trackboard.ports import RunFile

Source = Union[str, "os.PathLike[str]", IO[bytes], IO[str]]
_COPY_BYTES = 1 << 20
_SHOWN_NAMES = 10


class FileCalls(RunHandle):
    """The part of `Run` that keeps files."""

    _given: Set[str]  # paths of the files that were given through this object
    _outputs: Optional[OutputFolder] = None  # what is kept when the run ends

    def upload_file(
        self, name: str, path_or_stream: Source, datastore_name: Optional[str] = None
    ) -> None:
        """Keep a file with the run.

        Args:
            name: What to call it within the run, such as `outputs/model.pkl`.
            path_or_stream: A path, or an open file of bytes or text.
            datastore_name: Must be None: there are no datastores yet.

        Raises:
            UserErrorException: The name is not allowed, or the file cannot be read.
            ServiceException: The run has a file of that name.
        """
        self.upload_files([name], [path_or_stream], datastore_name=datastore_name)

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[Source],
        return_artifacts: bool = False,
        timeout_seconds: Optional[int] = None,
        datastore_name: Optional[str] = None,
    ) -> Optional[List[str]]:
        """Keep several files with the run; otherwise like `upload_file`.

        Args:
            names: What to call them.
            paths: As many files.
            return_artifacts: Return their names within the run.
            timeout_seconds: Accepted; a copy on this machine has no time limit.
            datastore_name: Must be None.

        Raises:
            TypeError: There are more of the ones than of the others.
            UserErrorException: A name is not allowed, or a file cannot be read; then none is kept.
            ServiceException: The run has a file of one of these names; then none is kept.
        """
        _refuse_datastore(datastore_name)
        if len(names) != len(paths):
            raise TypeError(f"upload_files: {len(names)} names, but {len(paths)} paths.")
        given = [_file_path(name) for name in names]
        self._check_free(given)
        for source in paths:
            with _opened(source):
                pass  # before any is kept
        with self._kept(paths) as stored:  # all, before any is the run's
            for path, (key, size_bytes) in zip(given, stored):  # noqa: B905 - not on Python 3.9
                self._add(path, key, size_bytes)
        return given if return_artifacts else None

    def upload_folder(self, name: str, path: str, datastore_name: Optional[str] = None) -> None:
        """Keep all files below a folder; otherwise like `upload_files`.

        Args:
            name: The folder's name within the run.
            path: The folder.
            datastore_name: Must be None.

        Raises:
            UserErrorException: It is no folder.
            ServiceException: The run has one of these files; then none is kept.
        """
        if not isinstance(name, str):
            raise UserErrorException(f"upload_folder({name!r}, ...): the name must be text.")
        if not isinstance(path, (str, os.PathLike)) or not os.path.isdir(path):
            raise UserErrorException(f"upload_folder({name!r}): {path!r} is no folder.")
        locations = [
            os.path.join(folder, file)
            for folder, _, files in sorted(os.walk(path))
            for file in sorted(files)
        ]
        locations = [location for location in locations if os.path.isfile(location)]
        names = [f"{name}/{_relative(location, path)}" for location in locations]
        self.upload_files(names, locations, datastore_name=datastore_name)

    def get_file_names(self) -> List[str]:
        """Posix paths of the files that the run has so far."""
        return [file.path for file in self._list_files()]

    def download_file(
        self,
        name: str,
        output_file_path: Optional[str] = None,
        _validate_checksum: bool = False,
    ) -> None:
        """Copy a file of the run to this machine.

        Args:
            name: Its name within the run.
            output_file_path: Where to; a folder: under its own name in there. None: in the current
                folder. Folders are made.

        Raises:
            UserErrorException: The run has no such file, or it cannot be written there.
        """
        path = _file_path(name)
        files = {file.path: file for file in self._list_files()}
        if path not in files:
            raise UserErrorException(f"Run {self.id} has no file {name!r}. It has: {_some(files)}.")
        target = output_file_path or ""
        if not target or target.endswith(("/", os.sep)) or os.path.isdir(target):
            target = os.path.join(target, os.path.basename(path))
        self._copy(files[path], target)

    def download_files(
        self,
        prefix: Optional[str] = None,
        output_directory: Optional[str] = None,
        output_paths: Optional[Sequence[str]] = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: Optional[int] = None,
    ) -> None:
        """Copy files of the run to this machine.

        Args:
            prefix: Only the files in this folder, or, if it names none, those whose names begin so.
            output_directory: Where to; None: the current folder.
            output_paths: Where each of them goes, in the order of `get_file_names`.
            batch_size: Accepted.
            append_prefix: False: without the prefix in their paths.
            timeout_seconds: Accepted.

        Raises:
            UserErrorException: There are not as many paths as files, or a file cannot be written.
        """
        files = _chosen(self._list_files(), prefix)
        folder = output_directory or os.curdir
        cut = 0 if append_prefix or not prefix else len(_file_path(prefix.rstrip("/") or "."))
        if output_paths is None:
            targets = [_inside(folder, file.path[cut:].lstrip("/")) for file in files]
        else:
            targets = [os.path.join(output_directory or "", location) for location in output_paths]
        if len(targets) != len(files):
            raise UserErrorException(
                f"download_files: {len(targets)} output_paths for {len(files)} files."
            )
        for file, target in zip(files, targets):  # noqa: B905 - not on Python 3.9; as many, see above
            self._copy(file, target)

    # -- inside -----------------------------------------------------------------------------------

    def _get_outputs_datapath(self) -> Any:
        """What `resume_from=` takes for the outputs of this run; some notebooks call it."""
        return self

    def _list_files(self) -> List[RunFile]:
        with sdk_errors():
            return self._history.files()

    def _taken(self) -> Set[str]:
        """Paths of the files that the run has, as far as this process knows."""
        with sdk_errors():
            return self._given | (self._history.file_names() or set())

    def _check_free(self, paths: Sequence[str]) -> None:
        taken = self._taken()
        for path in paths:
            if path in taken:
                raise ServiceException(
                    f"Resource Conflict: run {self.id} has a file {path!r} already, and files of a run"
                    " never change. Give it another name.",
                    status_code=409,
                )
            taken.add(path)

    @contextlib.contextmanager
    def _kept(self, sources: Iterable[Source]) -> Iterator[List[Tuple[str, int]]]:
        """Keep files for the block to name, by key and size; when it raises, what it did not name goes."""
        kept: List[Tuple[str, int]] = []
        try:
            for source in sources:
                with _opened(source) as file, sdk_errors():
                    kept.append(self._backend.put(file))
            yield kept
        except BaseException:
            for key, _ in kept:
                self._backend.discard(key)
            raise

    def _add(self, path: str, key: str, size_bytes: int) -> None:
        with sdk_errors():
            self._backend.add_file(path, key, size_bytes)
        self._given.add(path)

    def _keep_outputs(self) -> None:
        """Keep what came into the folder of outputs, before the run's end is said."""
        outputs, self._outputs = self._outputs, None
        if outputs is None or not self._backend.is_open:
            return
        fresh = list(outputs.fresh())
        taken = self._taken() if fresh else set()
        for path, location in fresh:
            if path in taken:
                continue  # given by name, most likely the very file
            try:
                file = open(location, "rb")  # noqa: SIM115 - what `put` raises is not meant here
            except OSError as error:
                print_line(f"not kept with the run: {location}: {error.strerror or error}")
                continue
            with file, self._kept([file]) as [(key, size_bytes)]:
                self._add(path, key, size_bytes)

    def _copy(self, file: RunFile, target: str) -> None:
        """Write a copy aside and rename it, so that nobody sees half a file."""
        import shutil  # recording starts without it

        with sdk_errors():
            given_path(target)
        try:
            make_folder(os.path.dirname(target) or os.curdir)
            with self._open(file) as source, replacing(target) as copy:
                shutil.copyfileobj(source, copy, _COPY_BYTES)
        except OSError as error:
            raise UserErrorException(
                f"{file.path!r} cannot be copied to {target!r}: {error.strerror or error}",
                inner_exception=error,
            ) from error

    def _open(self, file: RunFile) -> BinaryIO:
        with sdk_errors():
            return self._history.open_listed(file)


def _file_path(name: object) -> str:
    with sdk_errors():
        return file_name.file_path(name)


@contextlib.contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    """What to read bytes from; a stream stays open."""
    if isinstance(source, (str, os.PathLike)):
        with sdk_errors():
            file = open(open_regular(source, "file"), "rb")  # noqa: SIM115 - closed below
        with file:
            yield file
    elif callable(getattr(source, "read", None)):
        yield cast(BinaryIO, ByteStream(source))
    else:
        raise UserErrorException(
            f"{type(source).__name__} is neither a path nor an open file; to keep bytes, pass"
            " io.BytesIO(...)."
        )


def _refuse_datastore(name: Optional[str]) -> None:
    if name is not None:
        raise UserErrorException(
            f"datastore_name={name!r}: there are no datastores; leave it out, and the file is kept"
            " with the run."
        )


def _relative(location: str, folder: str) -> str:
    relative = os.path.relpath(location, folder).replace(os.sep, "/")
    return os.fsencode(relative).decode("utf-8", "backslashreplace")


def _chosen(files: Sequence[RunFile], prefix: Optional[str]) -> List[RunFile]:
    if not prefix or prefix in (".", "./", "/"):
        return list(files)
    start = _file_path(prefix.rstrip("/"))
    below = [file for file in files if file.path.startswith(f"{start}/")]
    exact = [file for file in files if file.path.startswith(start)]
    return below or exact


def _inside(folder: str, path: str) -> str:
    """A place below a folder, whatever the path says."""
    with sdk_errors():
        given_path(folder)
    root = os.path.realpath(folder)
    location = os.path.normpath(os.path.join(root, path))
    if not location.startswith(root.rstrip(os.sep) + os.sep):
        raise UserErrorException(f"The file {path!r} would be written outside of {folder!r}.")
    return location


def _some(files: Dict[str, Any]) -> str:
    names = [repr(name) for name in sorted(files)]
    more = f" and {len(names) - _SHOWN_NAMES:,} more" if len(names) > _SHOWN_NAMES else ""
    return (", ".join(names[:_SHOWN_NAMES]) or "none") + more
