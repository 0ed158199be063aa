"""Begin a parent run, then many forks at once that each make child runs of it, in the current folder.

make_children.py FORKS CHILDREN: prints the parent's id. A fork leaves 1 when anything was raised there.
"""

import os
import sys
import traceback

from azureml.core import Experiment, Run, Workspace


def main() -> int:
    forks, children = int(sys.argv[1]), int(sys.argv[2])
    parent = Experiment(Workspace.from_config(), "search").start_logging(outputs=False)
    gate, go = os.pipe()
    pids = []
    for fork in range(forks):
        pid = os.fork()
        if pid == 0:
            os.close(go)
            os._exit(make_children(parent, gate, fork, children))
        pids.append(pid)
    os.close(gate)
    os.close(go)  # everybody starts now
    left = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    parent.complete()
    print(parent.id)
    return int(any(left))


def make_children(parent: Run, gate: int, fork: int, children: int) -> int:
    os.read(gate, 1)  # until the parent closes the other end
    try:
        workspace = Workspace.from_config()  # of its own, as a process that is no fork has it
        own = Run(Experiment(workspace, "search"), parent.id)
        for number in range(children):
            with own.child_run(f"{fork}.{number}") as child:
                child.log("score", 1000 * fork + number)
        workspace._workspace.recorder().close()
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
