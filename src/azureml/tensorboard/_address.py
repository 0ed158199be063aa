"""Where a board is, said once: a line on a terminal, a link in a notebook."""

from __future__ import annotations

from typing import Any, Optional, Union

from azureml._console import print_line
from trackboard.api.notebook.elements import block, code, faint, link
from trackboard.board.attached import AttachedBoard
from trackboard.board.process.launcher import BoardProcess
from trackboard.board.process.urls import find_link
from trackboard.notice import in_notebook


class Address(str):
    """A board's URL. The cell of a notebook that has shown it as a link does not repeat it as its result."""

    _shown_in: Optional[int] = None  # the number of that cell

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if _cell() != self._shown_in:
            display({"text/html": str(link(self, self)), "text/plain": repr(self)}, raw=True)


def tell_address(board: Union[BoardProcess, AttachedBoard]) -> Address:
    """Say where a board is, and which port was taken; return its URL."""
    address = Address(board.url)
    moved = "" if board.moved_from is None else f"port {board.moved_from} is taken"
    way = find_link(board.url, board.port, board.key)
    if not in_notebook():
        if way.forward:
            print_line(f"On your own machine, type: {way.forward}")
        print_line(f"{board.url}  ({moved})" if moved else board.url)
        return address
    from IPython.display import display

    parts = [link(way.href, f"TensorBoard at {board.url}")]
    parts += [faint(f" ({moved})")] if moved else []
    parts += [block(faint("on your own machine, type: "), code(way.forward))] if way.forward else []
    text = f"TensorBoard at {way.href}" + (f" ({moved})" if moved else "")
    display({"text/html": str(block(*parts)), "text/plain": text}, raw=True)
    address._shown_in = _cell()
    return address


def _cell() -> Any:
    from IPython import get_ipython

    return get_ipython().execution_count
