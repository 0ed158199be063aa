import pytest

from trackboard.spool.reentrancy import ReentrancyGuard


def test_work_within_the_same_work_is_refused() -> None:
    guard = ReentrancyGuard()
    done: list[str] = []

    def inner() -> None:
        done.append("inner")

    def outer() -> None:
        assert guard.run(inner) is False
        assert guard.run(inner) is False
        done.append("outer")

    assert guard.run(outer) is True
    assert done == ["outer"]
    assert guard.run(inner) is True
    assert done == ["outer", "inner"]


def test_work_that_raised_is_over() -> None:
    guard = ReentrancyGuard()

    def fail() -> None:
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            guard.run(fail)
    assert guard.run(list) is True
