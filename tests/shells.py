"""A person at a terminal: a real interactive bash behind a pseudo-terminal, typed into line by line."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import PATIENCE_S

_END = "\x1e"
_BEGUN, _ENDED = f"{_END}BEGUN{_END}", f"{_END}ENDED "
_PROMPT = re.compile(rf"{_ENDED}(\d+){_END}\Z")
_COMMAND = re.compile(rf"{_BEGUN}(.*){_ENDED}(\d+){_END}\Z", re.DOTALL)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>()][0AB]?|[\x01\x02]")
_RC = rf"""
PATH={Path(sys.executable).parent}:$PATH
PS0='{_BEGUN}' PS1='{_ENDED}$?{_END}' PS2='' PROMPT_COMMAND=
bind 'set enable-bracketed-paste off'; bind 'set bell-style none'; bind 'set show-all-if-ambiguous on'
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person sees after a line was typed.

    Args:
        code: The exit code.
        raw: All that was written, with what a terminal obeys.
    """

    code: int
    raw: str

    @property
    def text(self) -> str:
        """What can be read."""
        return _ESCAPES.sub("", self.raw)

    @property
    def lines(self) -> list[str]:
        """Its lines as they are read."""
        return self.text.splitlines()


class Shell:
    """An interactive bash in a folder, with a terminal of its own."""

    def __init__(self, folder: Path, columns: int, environment: Mapping[str, str]) -> None:
        rc = folder / ".shell-rc"
        rc.write_text(_RC)
        self._master, slave = os.openpty()
        self._slave_name = os.ttyname(slave)
        self.resize(columns)
        begin = "import os, sys; os.setsid(); os.close(os.open(sys.argv[1], os.O_RDWR))"
        words = [sys.executable, "-ISc", f"{begin}; os.execvp('bash', sys.argv[2:])"]
        self._bash = subprocess.Popen(
            [*words, self._slave_name, "bash", "--noprofile", "--rcfile", rc.name, "-i"],
            cwd=folder,
            env=dict(environment),
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        self._read_until(_PROMPT)

    def resize(self, columns: int) -> None:
        """Make the terminal as wide as this."""
        termios.tcsetwinsize(self._master, (24, columns))

    def type(self, line: str) -> Answer:
        """Type a line, and wait until the next prompt."""
        self.press(f"{line}\r")
        return self.await_prompt()

    def press(self, keys: str) -> None:
        """Press keys, and wait for nothing."""
        os.write(self._master, keys.encode())

    def await_prompt(self) -> Answer:
        """Wait for the next prompt; what was written until then."""
        found = self._read_until(
            _COMMAND
        )  # a prompt alone may be drawn anew: the width has changed
        return Answer(int(found[2]), found[1].replace("\r\n", "\n"))

    def interrupt(self) -> int:
        """Press Ctrl-C, and wait for the prompt; the exit code of what was interrupted."""
        self.press("\x03")
        return int(self._read_until(_PROMPT)[1])

    def read_until(self, pattern: str) -> str:
        """Wait until what a terminal shows has the pattern at its end; all of it since the last wait."""
        return self._read_until(re.compile(pattern, re.DOTALL)).string

    def close(self) -> None:
        """End bash and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._bash.pid, signal.SIGHUP)
        os.close(self._master)
        self._bash.wait(PATIENCE_S)

    def _read_until(self, pattern: re.Pattern[str]) -> re.Match[str]:
        read = b""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            if select.select([self._master], [], [], 0.5)[0]:
                read += os.read(self._master, 1 << 16)
                if found := pattern.search(read.decode(errors="replace")):
                    return found
        raise AssertionError(f"{pattern.pattern!r} was not shown, but: {read.decode()!r}")


@contextlib.contextmanager
def open_shell(folder: Path, columns: int = 80) -> Iterator[Shell]:
    """A bash in a folder, ended with the block."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")
    }
    shell = Shell(folder, columns, {**environment, "TERM": "xterm-256color"})
    try:
        yield shell
    finally:
        shell.close()
