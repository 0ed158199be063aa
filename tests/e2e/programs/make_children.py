"""Begin a parent run, then many forks at once that each make child runs of it, in the current folder.

make_children.py FORKS CHILDREN: says the parent's id. It leaves 1 when anything was raised in a fork.
"""

import multiprocessing
import sys
from multiprocessing.synchronize import Event

from azureml.core import Experiment, Run, Workspace


def main() -> int:
    forks, children = int(sys.argv[1]), int(sys.argv[2])
    parent = Experiment(Workspace.from_config(), "search").start_logging(outputs=False)
    context = multiprocessing.get_context("fork")
    go = context.Event()
    processes = [
        context.Process(target=make_children, args=(parent.id, go, fork, children))
        for fork in range(forks)
    ]
    for process in processes:
        process.start()
    go.set()
    for process in processes:
        process.join()
    parent.complete()
    sys.stdout.write(f"{parent.id}\n")
    return int(any(process.exitcode for process in processes))


def make_children(parent: str, go: Event, fork: int, children: int) -> None:
    go.wait()
    workspace = Workspace.from_config()  # of its own, as a process that is no fork has it
    own = Run(Experiment(workspace, "search"), parent)
    for number in range(children):
        with own.child_run(f"{fork}.{number}") as child:
            child.log("score", 1000 * fork + number)
    workspace._service.recorder().close()


if __name__ == "__main__":
    sys.exit(main())
