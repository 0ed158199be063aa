from trackboard.board.series.point_budget import points_per_series


def test_all_get_what_they_ask_for_while_it_fits() -> None:
    assert points_per_series([50, 10, 7], at_most=1000, budget=67) == 1000
    assert points_per_series([], at_most=1000) == 1000
    assert points_per_series([5000], at_most=0) == 0


def test_short_series_leave_their_share_to_long_ones() -> None:
    limit = points_per_series([10] * 90 + [5000] * 10, at_most=1000, budget=1900)
    assert limit == 100
    assert 90 * 10 + 10 * limit == 1900


def test_a_thousand_runs_share_the_budget_of_an_answer() -> None:
    assert points_per_series([1000] * 1000, at_most=1000) == 100


def test_each_series_has_at_least_a_point() -> None:
    assert points_per_series([5] * 300, at_most=1000, budget=100) == 1
