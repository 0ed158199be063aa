from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trackboard.layout.start_lock import is_end_wished, is_taken, take_turn, wish_for_end


def test_one_of_many_is_the_first(tmp_path: Path) -> None:
    assert not is_taken(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: take_turn(tmp_path, str(number)), range(32)))
    assert won.count(True) == 1
    assert is_taken(tmp_path)
    assert (tmp_path / "turn").read_text() == str(won.index(True))


def test_a_wish_keeps_its_time(tmp_path: Path) -> None:
    assert not is_end_wished(tmp_path)
    first_s = wish_for_end(tmp_path)
    assert is_end_wished(tmp_path)
    assert wish_for_end(tmp_path) == first_s
