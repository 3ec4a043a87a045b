"""Small groups are merged or hidden, totals stay, and nothing follows from them."""

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from crmlib.small_groups import HIDDEN, cells, covered, is_small, merged, shown


@pytest.mark.parametrize(("n", "text"), [(0, "0"), (1, "<5"), (4, "<5"), (5, "5"), (12345, "12,345"), (None, "–"), (float("nan"), "–")])
def test_a_count_from_one_to_four_is_not_shown(n, text):
    assert shown(n) == text


def test_the_least_is_a_parameter():
    assert (shown(9, least=10), shown(10, least=10), shown(2, least=3), shown(3, least=3)) == ("<10", "10", "<3", "3")
    (row,) = merged([{"g": "a", "customers": 9}, {"g": "b", "customers": 1}], label="g", least=10)
    assert row == {"g": "others (fewer than 10 each)", "customers": 10}


def rows(*counts, **more):
    return [{"g": f"g{place}", "customers": n, "revenue": 10 * n, "median": 7.0} | more for place, n in enumerate(counts)]


def names(found):
    return [(row["g"], row["customers"]) for row in found]


def test_nothing_is_done_to_a_table_without_small_groups():
    assert merged(rows(5, 0, 100), label="g", sums=["revenue"]) == rows(5, 0, 100)
    assert merged([], label="g") == []


def test_small_ones_become_one_row_and_what_does_not_add_up_is_a_gap():
    found = merged(rows(3, 50, 2), label="g", sums=["revenue"])
    assert found == [rows(3, 50)[1], {"g": "others (fewer than 5 each)", "customers": 5, "revenue": 50, "median": None}]


def test_the_next_smallest_joins_where_the_small_ones_are_too_few():
    assert names(merged(rows(60, 2, 1, 9, 50), label="g")) == [("g0", 60), ("g3 and others (fewer than 5 each)", 12), ("g4", 50)]
    assert names(merged(rows(9, 60, 4), label="g")) == [("g1", 60), ("g0 and others (fewer than 5 each)", 13)]
    assert names(merged(rows(9, 9, 4), label="g")) == [("g0", 9), ("g1 and others (fewer than 5 each)", 13)]  # the last of equals


def test_groups_without_customers_stay_and_never_join():
    assert names(merged(rows(0, 3, 0, 8), label="g")) == [("g0", 0), ("g2", 0), ("g3 and others (fewer than 5 each)", 11)]


def test_fewer_than_five_in_all_are_one_row():
    assert names(merged(rows(1, 0, 3), label="g")) == [("g1", 0), ("others (fewer than 5 each)", 4)]


def test_a_gap_in_a_sum_is_a_gap_and_the_rows_that_came_in_are_not_touched():
    came = [*rows(3), *rows(3, revenue=None), *rows(90)]
    assert merged(came, label="g", sums=["revenue"])[0]["revenue"] is None
    assert came[1]["revenue"] is None and len(came) == 3


TABLES = st.lists(
    st.tuples(st.integers(0, 12) | st.integers(0, 1000), st.integers(-10_000, 10_000)), max_size=12
).map(lambda found: [{"g": f"g{place}", "customers": n, "cents": cents if n else 0} for place, (n, cents) in enumerate(found)])


@given(TABLES, st.integers(2, 12))
def test_totals_are_kept_and_no_small_row_is_left(table, least):
    found = merged(table, label="g", sums=["cents"], least=least)
    for column in ("customers", "cents"):
        assert sum(row[column] for row in found) == sum(row[column] for row in table)
    small = [row for row in found if is_small(row["customers"], least)]
    assert not small or sum(row["customers"] for row in table) < least
    assert merged(found, label="g", sums=["cents"], least=least) == found
    assert [row for row in found if not row["customers"]] == [row for row in table if not row["customers"]]


@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_count_where_no_two_are_equal(table, rng):
    table = list({row["customers"]: row for row in table}.values())
    other = rng.sample(table, len(table))
    assert sorted(map(tuple, names(merged(table, label="g")))) == sorted(map(tuple, names(merged(other, label="g"))))


def test_a_cell_that_follows_from_a_total_is_hidden_too():
    assert cells([[10, 2, 30], [40, 50, 60], [7, 8, 9]]) == [[HIDDEN, "<5", "30"], ["40", "50", "60"], [HIDDEN, HIDDEN, "9"]]
    assert cells([[10, 20], [30, 40]]) == [["10", "20"], ["30", "40"]]
    assert cells([[0, 3, 0]]) == [["0", "<5", "0"]]  # its total is shown as <5 too
    assert cells([]) == []


COUNTS = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 9) | st.integers(0, 200), min_size=width, max_size=width), min_size=1, max_size=5)
)


def possible(counts, hides, place):
    """The least and the greatest number that a hidden cell can have, given the other cells and the totals: by linear programming."""
    hidden = [(y, x) for y, line in enumerate(hides) for x, hide in enumerate(line) if hide]
    lines = [[(y, x) for x in range(len(counts[0]))] for y in range(len(counts))]
    lines += [[(y, x) for y in range(len(counts))] for x in range(len(counts[0]))] if len(counts) > 1 else []
    lines = [line for line in lines if len(line) > 1]
    equal = [[float(cell in line) for cell in hidden] for line in lines]
    sums = [sum(counts[y][x] for y, x in line if hides[y][x]) for line in lines]
    bounds = [(1, 4) if is_small(counts[y][x]) else (5, None) for y, x in hidden]
    aim = np.array([float(cell == place) for cell in hidden])
    ends = [linprog(sign * aim, A_eq=equal, b_eq=sums, bounds=bounds) for sign in (1, -1)]
    assert not any(end.status for end in ends)
    return round(ends[0].fun), round(-ends[1].fun)


@settings(deadline=None, max_examples=60)
@given(COUNTS)
def test_every_hidden_number_could_be_another_one(counts):
    hides = covered(counts)
    totals = [sum(line) for line in counts] + [sum(line) for line in zip(*counts, strict=True)]
    assume(not any(is_small(n) for n in totals))  # which are hidden too
    for y, line in enumerate(counts):
        for x, n in enumerate(line):
            if is_small(n):
                low, high = possible(counts, hides, (y, x))
                left = [(b, a) for b in range(len(counts)) for a in range(len(line)) if counts[b][a] and not hides[b][a] and (b == y or a == x)]
                assert low < high or not left, (y, x)


@pytest.mark.parametrize(
    ("counts", "hides"),
    [
        ([[4, 4, 30, 90]], [[True, True, True, False]]),  # eight of two small ones are four each
        ([[1, 1, 1, 1, 1, 70]], [[True] * 6]),  # and five of five are one each
        ([[2, 3, 90], [60, 70, 80], [40, 50, 90]], [[True, True, False], [False, False, False], [True, True, False]]),
        # the seven is alone in its row, whose total would tell it: the next of the column is hidden
        ([[3, 50, 60], [7, 0, 0], [40, 80, 90]], [[True, True, False], [False, False, False], [True, True, False]]),
    ],
)
def test_what_follows_from_several_totals_at_once_is_hidden_too(counts, hides):
    assert covered(counts) == hides


def test_a_bridge_between_two_squares_of_hidden_cells_is_seen():
    # each line hides two, but the rows of the first block less its columns are the cell between the blocks
    counts = [[1, 2, 0, 0], [2, 3, 0, 2], [0, 0, 2, 3], [0, 0, 3, 90]]
    assert possible(counts, [[bool(n) and n < 5 for n in line] for line in counts], (1, 3)) == (2, 2)
    hides = covered(counts)
    low, high = possible(counts, hides, (1, 3))
    assert low < high or hides == [[bool(n) for n in line] for line in counts]


def test_groups_that_their_sum_would_tell_are_joined_by_another():
    assert names(merged(rows(4, 60, 4), label="g")) == [("g1 and others (fewer than 5 each)", 68)]
    assert names(merged(rows(4, 60, 4, 9), label="g")) == [("g1", 60), ("g3 and others (fewer than 5 each)", 17)]
    assert names(merged(rows(1, 1, 1, 1, 1, 60), label="g")) == [("g5 and others (fewer than 5 each)", 65)]
    assert names(merged(rows(4, 60, 3), label="g")) == [("g1", 60), ("others (fewer than 5 each)", 7)]


@given(COUNTS)
@example([[0, 5, 0, 8, 6], [2, 5, 0, 2, 4]])
def test_no_hidden_cell_follows_from_the_total_of_its_row_or_column(counts):
    hides = covered(counts)
    for line, hidden in [*zip(counts, hides, strict=True), *zip(zip(*counts, strict=True), zip(*hides, strict=True), strict=True)]:
        assert all(hide for n, hide in zip(line, hidden, strict=True) if is_small(n))
        assert not any(hide for n, hide in zip(line, hidden, strict=True) if n == 0)
        under = [n for n, hide in zip(line, hidden, strict=True) if hide]
        if under and not is_small(sum(line)):
            # either two or more are hidden that make five or more, or nobody else is in the line
            assert (len(under) > 1 and sum(under) >= 5) or sum(under) == sum(line)
