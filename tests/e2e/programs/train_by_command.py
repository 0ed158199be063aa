"""Train as it is told, a line at a time, and say what came of it.

    train_by_command.py SPOOL

log N      log the next N numbers, to the run that the first one begins
begin      begin a run with a tag
complete   complete the run; says `completed` or the error's name
limit      let no file grow any more, as on a full disk; `unlimit` takes it back
"""

import resource
import sys
from pathlib import Path

from trackboard.errors import TrackboardError
from trackboard.record import LiveRun, Recorder


class Training:
    def __init__(self, spool: Path) -> None:
        self._recorder = Recorder(spool, segment_bytes=256 << 10)
        self._run: LiveRun | None = None
        self._number = 0

    def obey(self, command: str, *arguments: str) -> str:
        answer: str | None = getattr(self, command)(*arguments)
        return answer or "done"

    def begin(self) -> LiveRun:
        self._run = self._recorder.create_run("trained", name="by command")
        self._run.set_tag("lr", "0.1")
        return self._run

    def log(self, count: str) -> None:
        run = self._run or self.begin()
        for _ in range(int(count)):
            run.log("n", self._number)
            self._number += 1

    def complete(self) -> str:
        assert self._run is not None
        try:
            self._run.complete()
        except TrackboardError as error:
            return type(error).__name__
        return "completed"

    def limit(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    def unlimit(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def main() -> None:
    training = Training(Path(sys.argv[1]))
    for line in sys.stdin:
        answer = training.obey(*line.split())
        sys.stdout.write(f"{answer if isinstance(answer, str) else 'done'}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
