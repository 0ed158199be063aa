"""What ends a job's processes when its worker is killed: the kernel closes a pipe, and a shell sees that.

The watchdog, a shell of a few hundred kilobytes, holds the other end of a pipe of the worker. When the worker
is gone it ends the groups that it was told of, and on Linux all of their descendants: a launcher such as
torchrun puts the processes that it starts into sessions of their own. PR_SET_PDEATHSIG would reach children
only, and not on macOS.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

# Each line that it reads is the whole list of groups. Of each process it wants the pid and the parent's:
# the first word of its stat, and the second one behind the name, which may hold anything.
_PROGRAM = """
while read -r line; do groups=$line; done
tree=" $groups "
grown=1
while [ "$grown" ]; do
  grown=
  for stat in /proc/[0-9]*/stat; do
    read -r line <"$stat" || continue
    pid=${line%% *}
    set -- ${line##*) }
    case $tree in *" $pid "*) continue ;; esac
    case $tree in *" $2 "*) tree="$tree$pid "; grown=1 ;; esac
  done
done 2>/dev/null
for group in $groups; do kill -s KILL -- "-$group"; done
for pid in $tree; do kill -s KILL "$pid"; done
"""


class Watchdog:
    """Watches over process groups on behalf of this process.

    Args:
        locks: Open files whose locks it shares: they hold until it has ended the groups, too.
    """

    def __init__(self, locks: Sequence[int] = ()) -> None:
        self._groups: list[int] = []
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _PROGRAM],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=locks,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._shell.pid

    def watch(self, group: int) -> None:
        """End this group, too, should this process be killed."""
        self._groups.append(group)
        self._send_groups()

    def forget(self, group: int) -> None:
        """It has ended: the number may mean another one soon."""
        self._groups.remove(group)
        self._send_groups()

    def close(self) -> None:
        """Let go of everything; may be repeated."""
        self._shell.kill()
        self._shell.wait()
        assert self._shell.stdin is not None
        self._shell.stdin.close()

    def _send_groups(self) -> None:
        assert self._shell.stdin is not None
        try:
            self._shell.stdin.write((" ".join(map(str, self._groups)) + "\n").encode())
        except BrokenPipeError:  # somebody killed it: the worker still ends what it started itself
            return
