"""Small groups are merged or hidden, totals stay, and nothing follows from them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(COUNTS)
def test_no_hidden_cell_follows_from_the_total_of_its_row_or_column(counts):
    hides = covered(counts)
    for line, hidden in [*zip(counts, hides, strict=True), *zip(zip(*counts, strict=True), zip(*hides, strict=True), strict=True)]:
        assert all(hide for n, hide in zip(line, hidden, strict=True) if is_small(n))
        assert not any(hide for n, hide in zip(line, hidden, strict=True) if n == 0)
        under = [n for n, hide in zip(line, hidden, strict=True) if hide]
        if under and not is_small(sum(line)):
            # either two or more are hidden that make five or more, or nobody else is in the line
            assert (len(under) > 1 and sum(under) >= 5) or sum(under) == sum(line)
