"""`python -m trackboard`: the command line, and the entry of the processes that it starts."""

from __future__ import annotations

import sys


def _main() -> int:
    # Four ways not through click: a job's start, or a browser, waits for what is loaded here.
    if sys.argv[1:2] == ["tb-process"]:
        from trackboard.processes.board import run_process
        from trackboard.server.beside import with_pages

        return run_process(sys.argv[2:], with_pages)
    if sys.argv[1:2] == ["worker"]:
        from trackboard.processes.worker import main as carry_out

        return carry_out(sys.argv[2:])
    if sys.argv[1:2] == ["node-worker"]:
        from trackboard.processes.node_worker import main as carry_out_on_node

        return carry_out_on_node(sys.argv[2:])
    if sys.argv[1:2] == ["ray-worker"]:
        from trackboard.processes.ray_worker import main as carry_out_there

        return carry_out_there(sys.argv[2:])
    from trackboard.cli.main import main

    return main()


if __name__ == "__main__":
    sys.exit(_main())
