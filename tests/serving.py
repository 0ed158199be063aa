"""A server of `trackboard up` as a process, which a test starts, asks and ends."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.waiting import PATIENCE_S

UP = (sys.executable, "-m", "trackboard", "up")


class Up:
    """A server that was started by its command."""

    def __init__(self, folder: Path, *options: str) -> None:
        words = [*UP, "--port", "0", "--json", *options, str(folder)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.process.stdout is not None
        self.said = json.loads(self.process.stdout.readline())

    @property
    def url(self) -> str:
        """Where it is."""
        return str(self.said["url"])

    def get(self, path: str) -> tuple[int, bytes]:
        """Ask for an address; the status and the body."""
        connection = http.client.HTTPConnection("localhost", self.said["port"], timeout=PATIENCE_S)
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, body

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it, and return its exit code."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        assert said == b"", said
        return self.process.returncode

    def close(self) -> None:
        """End it, where a test has not done that."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=PATIENCE_S)
