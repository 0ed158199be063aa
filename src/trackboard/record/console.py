"""The console of an interactive run: what is printed goes to the terminal as before, and to the run."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import traceback
import weakref
from collections import deque
from types import TracebackType
from typing import (
    Any,
    Deque,
    Dict,
    Iterable,
    Iterator,
    MutableMapping,
    NamedTuple,
    Optional,
    TextIO,
    Tuple,
)

from trackboard.model import CONSOLE
from trackboard.record.live_run import LiveRun
from trackboard.spool.reentrancy import ReentrancyGuard

_OURS = os.path.join(os.path.dirname(__file__), "")
_MAX_LINE = 1 << 16  # characters of a line that are kept waiting for its end

_consoles: MutableMapping[LiveRun, _Console] = weakref.WeakKeyDictionary()


@contextlib.contextmanager
def capture_console(live: LiveRun) -> Iterator[None]:
    """Also send what is printed meanwhile to the run's file `user_logs/std_log.txt`, line by line.

    A progress bar, which rewrites its line, is kept as it was when the line ended. An exception that
    leaves the block is added to the file, and goes on. Captures may be nested, for other runs or the
    same one; what was captured before is kept.

    Taken is what goes through `sys.stdout` and `sys.stderr`, also in Jupyter. Not taken is what passes
    them by: libraries that write to the terminal themselves, other processes, forks of this one,
    handlers of `logging` made before. For a run that this process does not own, nothing is captured:
    the worker of a job keeps its console.
    """
    if not live.is_owner:
        yield
        return
    console = _consoles.setdefault(live, _Console(live))
    if console.is_open:
        yield
        return
    console.is_open = True
    tees = _replace_streams(console)
    try:
        yield
    except BaseException as error:
        _restore_streams(tees)
        console.write(0, _format_exception(error))
        raise
    finally:
        _restore_streams(tees)
        console.is_open = False


_Piece = Tuple[int, str]  # of which stream


class _Taken(NamedTuple):
    """How far a console's file has come."""

    size_bytes: int
    rests: Dict[int, str]  # by stream: its line that has not ended
    last: Optional[_Piece]  # up to which pieces are in it


class _Console:
    """The file of one run: lines in the order in which they ended, each stream's lines whole.

    Nobody waits in `write`: it may be called by the spool itself, which holds a lock that another
    thread within `write` is waiting for. Whoever comes first appends for all. A signal handler may come in
    anywhere, and print, or raise: what was taken is one value that changes at once, and what is appended
    again after an interruption is the same bytes at the same place.
    """

    def __init__(self, live: LiveRun) -> None:
        self.is_open = False
        self._live = weakref.ref(live)  # we are kept for as long as the run is
        self._waiting: Deque[_Piece] = deque()
        self._taken = _Taken(0, {}, None)
        self._busy = threading.RLock()
        self._guard = ReentrancyGuard()

    def write(self, stream: int, text: str) -> None:
        """Take what a stream was given."""
        self._waiting.append((stream, text))
        while self._waiting and self._busy.acquire(blocking=False):
            was_free = False
            try:
                was_free = self._guard.run(self._append)
            finally:
                self._busy.release()
            if not was_free:  # whom we interrupted takes it
                return

    def end_line(self, stream: int) -> None:
        """Take what waits for the end of its line as it is."""
        if self._taken.rests.get(stream):
            self.write(stream, "\n")

    def _append(self) -> None:
        self._forget_taken()
        size_bytes, rests, last = self._taken
        rests, ended = dict(rests), ""
        for last in list(self._waiting):
            stream, text = last
            *lines, rest = (rests.get(stream, "") + text).split("\n")
            ended += "".join(f"{_last_state(line)}\n" for line in lines)
            if "\r" in rest:  # one at its end may yet be the end of the line
                rest = _last_state(rest) + ("\r" if rest.endswith("\r") else "")
            if len(rest) > _MAX_LINE:
                ended, rest = ended + rest, ""
            rests[stream] = rest
        data, live = ended.encode("utf-8", "replace"), self._live()
        if live is not None and data:
            live.append_bytes(CONSOLE, size_bytes, data)
        self._taken = _Taken(size_bytes + len(data), rests, last)
        self._forget_taken()

    def _forget_taken(self) -> None:
        last = self._taken.last
        if any(each is last for each in list(self._waiting)):
            while self._waiting.popleft() is not last:
                pass


class _Tee:
    """A stream that is the other one in everything, and also tells a console what was written."""

    def __init__(self, stream: TextIO, console: _Console) -> None:
        self.replaced = stream
        self._console: Optional[_Console] = console
        self._pid = os.getpid()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.replaced, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.replaced)

    def write(self, text: str) -> int:
        """Write to both; to the console first, as a terminal may be gone."""
        console = self._console
        if console is not None and isinstance(text, str) and os.getpid() == self._pid:
            console.write(id(self), text)
        return self.replaced.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of some texts."""
        for line in lines:
            self.write(line)

    def detach(self) -> None:
        """Tell the console no more; whoever still holds this stream goes on writing to the other."""
        console, self._console = self._console, None
        if console is not None:
            console.end_line(id(self))


def _replace_streams(console: _Console) -> Dict[str, _Tee]:
    tees = {}
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is not None:  # a process without a console
            tees[name] = _Tee(stream, console)
            setattr(sys, name, tees[name])
    return tees


def _restore_streams(tees: Dict[str, _Tee]) -> None:
    """Put back what was there, but where somebody has put another stream there meanwhile."""
    for name, tee in tees.items():
        tee.detach()
        if getattr(sys, name) is tee:
            setattr(sys, name, tee.replaced)


def _format_exception(error: BaseException) -> str:
    """What Python says about it when a program ends with it."""
    if isinstance(error, SystemExit):
        return f"{error.code}\n" if isinstance(error.code, str) else ""
    return "".join(traceback.format_exception(type(error), error, users_part(error.__traceback__)))


def users_part(trace: Optional[TracebackType]) -> Optional[TracebackType]:
    """A traceback without its first frames that are ours: blocks that wait for the user's."""
    part = trace
    while part is not None and part.tb_frame.f_code.co_filename.startswith(_OURS):
        part = part.tb_next
    return part or trace


def _last_state(line: str) -> str:
    """What a terminal shows of a line in which carriage returns went back to its begin."""
    return line.rstrip("\r").rpartition("\r")[2]
