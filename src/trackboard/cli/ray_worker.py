"""`python -m trackboard ray-worker`: carries out one job on a node of a Ray cluster. Ray starts it.

Standard library only beside our own code: the node has Ray, and nothing else is known of it.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from trackboard.launch.node_worker import NodeWorker
from trackboard.launch.place import open_place
from trackboard.model import check_run_id
from trackboard.spool.turn import is_end_wished, take_turn

# What Ray sets for its own driver, and a script that uses Ray by itself would stumble over.
_RAY_ONLY = frozenset(("RAY_JOB_STOP_WAIT_TIME_S", "RAY_worker_niceness"))


def main(arguments: Sequence[str]) -> int:
    """Carry out the job of one run, unless somebody did already or it was canceled.

    Returns:
        The exit code: 0 also when the script failed, which the run says.
    """
    parser = argparse.ArgumentParser(prog="trackboard ray-worker", allow_abbrev=False)
    parser.add_argument("run", type=check_run_id)
    parser.add_argument("--workspace", type=Path, required=True)
    given = parser.parse_args(arguments)
    folder = given.workspace / "jobs" / given.run
    host = socket.gethostname()
    if not folder.is_dir():
        sys.stderr.write(f"node {host} does not see {folder}: all nodes must mount that folder\n")
        return 1
    if not take_turn(folder, f"{host} {os.getpid()}"):
        sys.stderr.write("it was begun or canceled before: nothing is done\n")
        return 0
    place = open_place(given.workspace)
    worker = NodeWorker(
        place, given.run, _node_variables(os.environ), lambda: is_end_wished(folder)
    )
    worker.carry_out()
    place.recorder.close()
    return 0


def _node_variables(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name not in _RAY_ONLY}
