from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trackboard.layout import JobPaths
from trackboard.layout.cancel_flag import is_cancel_requested, request_cancel
from trackboard.layout.start_lock import is_start_lock_taken, take_start_lock


def test_one_of_many_is_the_first(tmp_path: Path) -> None:
    job = JobPaths(tmp_path)
    assert not is_start_lock_taken(job)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: take_start_lock(job, str(number)), range(32)))
    assert won.count(True) == 1
    assert is_start_lock_taken(job)
    assert (tmp_path / "turn").read_text() == str(won.index(True))


def test_a_cancel_flag_keeps_its_time(tmp_path: Path) -> None:
    job = JobPaths(tmp_path)
    assert not is_cancel_requested(job)
    first_s = request_cancel(job)
    assert is_cancel_requested(job)
    assert request_cancel(job) == first_s
