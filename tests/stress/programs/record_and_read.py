"""Record and read as it is told, a line at a time, with whatever trackboard is on the path.

    record_and_read.py FOLDER NAME

log N    log the next N numbers and texts to the run NAME
read     store what there is, and say how many points of all runs are there
end      complete the run
"""

import sys

from tests.workspaces import parts

from trackboard import Workspace
from trackboard.model import RunState


class Session:
    """One process's workspace and run."""

    def __init__(self, folder: str, name: str) -> None:
        self.workspace = Workspace.open(folder)
        self.run = self.workspace.recorder().create_run("together", name=name, run_id=name)
        self.run.set_tag("by", name)
        self.number = 0

    def log(self, count: str) -> str:
        for _ in range(int(count)):
            self.run.log("n", self.number)
            self.run.log("text", str(self.number), self.number)
            self.number += 1
        return "logged"

    def read(self) -> str:
        parts(self.workspace).drain()
        return str(sum(series.count for series in parts(self.workspace).store.list_series()))

    def end(self) -> str:
        self.run.complete()
        assert self.run.state is RunState.COMPLETED
        self.workspace.recorder().close()
        return "ended"


def main() -> None:
    session = Session(*sys.argv[1:])
    for line in sys.stdin:
        command, *arguments = line.split()
        answer: str = getattr(session, command)(*arguments)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
