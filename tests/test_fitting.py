import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.errors import DataError, FitError
from crmlib.fitting import cells, histories, maximise, starting_point, tally


def table(x, t_x, T, **more):
    return pd.DataFrame({"x": x, "t_x": t_x, "T": T, **more})


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ((-1.0, 3.0, 5.0), "x = -1, t_x = 3, T = 5; x counts repeat purchases, so it is a whole number from 0 up"),
        ((1.5, 3.0, 5.0), "x = 1.5, t_x = 3, T = 5; x counts repeat purchases, so it is a whole number from 0 up"),
        ((2.0, 6.0, 5.0), "x = 2, t_x = 6, T = 5; the last purchase lies between the first one and the end"),
        ((0.0, 0.0, -1.0), "x = 0, t_x = 0, T = -1; the last purchase lies between the first one and the end"),
        ((2.0, 0.0, 5.0), "x = 2, t_x = 0, T = 5; t_x is 0 for those who bought once, and only for them"),
        ((0.0, 2.0, 5.0), "x = 0, t_x = 2, T = 5; t_x is 0 for those who bought once, and only for them"),
        ((2.0, 3.0, np.nan), "x = 2, t_x = 3, T = nan; x, t_x and T must all be numbers"),
        ((np.nan, 3.0, 5.0), "x = nan, t_x = 3, T = 5; x, t_x and T must all be numbers"),
        ((2.0, 3.0, np.inf), "x = 2, t_x = 3, T = inf; x, t_x and T must all be numbers"),
    ],
)
def test_an_impossible_row_is_named_with_its_number(row, rule):
    rows = pd.DataFrame([(0.0, 0.0, 9.0), row], columns=["x", "t_x", "T"])
    with pytest.raises(DataError) as told:
        histories(rows)
    assert str(told.value).startswith(f"Row 1 (from 0) of the customer table cannot be: {rule}")
    with pytest.raises(FitError, match="Row 1"):
        histories(rows, error=FitError)


@pytest.mark.parametrize("kind", ["pandas", "nullable", "pyarrow", "polars"])
def test_customers_without_a_purchase_are_left_out_and_put_back_as_nan(kind):
    rows = table([2, None, 0], [30, None, 0], [38, None, 50])
    native = {
        "pandas": lambda: rows,
        "nullable": rows.convert_dtypes,
        "pyarrow": lambda: rows.convert_dtypes(dtype_backend="pyarrow"),
        "polars": lambda: pl.from_pandas(rows),
    }[kind]()
    known = histories(native)
    assert [column.tolist() for column in known.columns] == [[2, 0], [30, 0], [38, 50]]
    assert known.weight.tolist() == [1, 1]
    np.testing.assert_array_equal(known.in_rows(np.array([7.0, 8.0])), [7, np.nan, 8])
    np.testing.assert_array_equal(known.in_rows(np.array([[7.0], [8.0]])), [[7], [np.nan], [8]])


def test_a_column_without_any_value_and_an_empty_table_are_read():
    assert len(histories(table([None], [None], [None])).weight) == 0
    assert len(histories(pd.DataFrame(columns=["x", "t_x", "T"])).weight) == 0


def test_tables_that_cannot_be_read_say_why():
    with pytest.raises(DataError, match="Column 'x' of the customer table holds String, not numbers"):
        histories(table(["two"], [1.0], [2.0]))
    with pytest.raises(DataError, match="The customer table has no column 'T'"):
        histories(table([0], [0], [2]).drop(columns="T"))
    with pytest.raises(DataError, match="collect it first"):
        histories(pl.DataFrame({"x": [0], "t_x": [0], "T": [2]}).lazy())


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_an_impossible_weight_is_named(weight):
    with pytest.raises(FitError, match=rf"Row 1 \(from 0\) of the customer table has weight {weight:g}; it must be 0"):
        histories(table([0, 0], [0, 0], [5, 6], weight=[1.0, weight]), error=FitError)


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from([0.0, 2.5, 1e9, 3e18]), st.sampled_from([-7.0, 1 / 3, 4e9, 9e18])),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=50, deadline=None)
def test_cells_are_the_distinct_rows_and_lead_back_to_every_row(rows):
    columns = [np.array(column, dtype=float) for column in zip(*rows, strict=True)]
    distinct, cell = cells(*columns)
    for column, values in zip(columns, distinct, strict=True):
        np.testing.assert_array_equal(values[cell], column)
    assert len(distinct[0]) == len(set(rows))


def test_cells_of_many_wide_columns_do_not_overflow():
    wide = 2.0**31 - 1
    # with 31 bits a column, 0 and 4 in the first of three would meet in 64 bits
    columns = [np.array([0.0, 4.0, wide]), np.array([0.0, 0.0, wide]), np.array([0.0, 0.0, wide])]
    distinct, cell = cells(*columns)
    assert len(distinct[0]) == 3
    np.testing.assert_array_equal(distinct[0][cell], columns[0])


def hill(parameters):
    """Its top is at (2, 0.5), in every direction on a log scale."""
    off = np.log(parameters) - np.log([2.0, 0.5])
    return -10 * float(np.sum(off**2)), -20 * off / parameters


def test_the_search_finds_the_top_from_far_away():
    for start in ([1.0, 1.0], [1e-3, 1e3], [3e3, 1e-3]):
        np.testing.assert_allclose(maximise(hill, [np.array(start)], customers=10, why=str), [2.0, 0.5], rtol=1e-9)


@pytest.mark.parametrize(
    ("value", "slope"),
    [
        pytest.param(lambda p: -1e7 / p, lambda p: 1e7 / p**2, id="rises towards a border"),
        # the gradient falls below the tolerance of the search long before p is large enough to be noticed
        pytest.param(lambda p: -10 / p, lambda p: 10 / p**2, id="rises slowly"),
        pytest.param(lambda p: 0.0, lambda p: 0.0, id="flat"),
        pytest.param(lambda p: -1e-4 * np.log(p) ** 2, lambda p: -2e-4 * np.log(p) / p, id="nearly flat"),
    ],
)
def test_a_likelihood_without_a_top_ends_in_the_sentence_given(value, slope):
    def log_likelihood(parameters):
        first, second = parameters  # the second one has a top, at 1
        return value(first) - 1e7 * (second - 1) ** 2, np.array([slope(first), -2e7 * (second - 1)])

    with pytest.raises(FitError, match="no top near"):
        maximise(log_likelihood, [np.ones(2), np.full(2, 3.0)], customers=1e7, why=lambda p: f"no top near {p}")


def test_the_next_start_is_tried_when_one_leads_nowhere():
    def plain_then_hill(parameters):
        return hill(parameters) if parameters[0] < 50 else (-1e4, np.zeros(2))

    found = maximise(plain_then_hill, [np.array([100.0, 1.0]), np.ones(2)], customers=10, why=str)
    np.testing.assert_allclose(found, [2.0, 0.5], rtol=1e-9)


def test_a_start_is_checked_by_the_model():
    from crmlib.bgnbd import BGNBD

    assert starting_point((1, 2, 3, 4), BGNBD).tolist() == [1, 2, 3, 4]
    with pytest.raises(DataError, match=r"start is \(1, 2\); it must give one number for each of r, alpha, a, b"):
        starting_point((1, 2), BGNBD)
    with pytest.raises(DataError, match="BGNBD needs a positive number for a, not -3"):
        starting_point((1, 2, -3, 4), BGNBD)


@pytest.mark.parametrize("unit", [1.0, 7.0])
@pytest.mark.parametrize("weighted", [False, True])
def test_counting_histories_loses_nobody(unit, weighted):
    rng = np.random.default_rng(4)
    T = rng.integers(1, 30, 5000)
    x = np.minimum(rng.integers(0, 6, 5000), T)
    rows = table(x, np.where(x > 0, rng.integers(1, T + 1), 0) / unit, T / unit)
    if weighted:
        rows["weight"] = rng.integers(0, 3, 5000).astype(float)
    counted = tally(histories(rows))
    found = pd.DataFrame({
        "x": counted.x[counted.last], "t_x": counted.t[counted.last], "T": counted.t[counted.end], "n": counted.weight,
    })  # fmt: skip
    assert (counted.x[counted.end] == counted.x[counted.last]).all()
    weight = rows["weight"] if weighted else np.ones(5000)
    expected = rows.assign(n=weight).groupby(["x", "t_x", "T"], as_index=False)["n"].sum().query("n > 0")
    ordered = found.sort_values(["x", "t_x", "T"], ignore_index=True)
    pd.testing.assert_frame_equal(ordered, expected.reset_index(drop=True), check_dtype=False)


def test_merged_histories_keep_customers_and_means():
    rng = np.random.default_rng(5)
    T = rng.uniform(0.5, 1.5, 9000)
    x = rng.integers(1, 4, 9000)
    counted = tally(histories(table(x, T * rng.uniform(0.1, 1, 9000), T)))
    merged = counted.merged(0.25)
    assert len(merged.weight) < 300
    assert merged.weight.sum() == 9000
    for pick in (lambda one: one.x[one.last], lambda one: one.t[one.last], lambda one: one.t[one.end]):
        assert np.dot(merged.weight, pick(merged)) == pytest.approx(np.dot(counted.weight, pick(counted)), rel=1e-12)
    assert merged.merged(0.25) is None
