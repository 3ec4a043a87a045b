import numpy as np
import pandas as pd
import polars as pl
import pytest
from engines import EVERY_ENGINE, build, kind, rows

import crmlib
from crmlib.errors import DataError
from crmlib.scoring import add_columns, count_cells

BG, GG = crmlib.BGNBD(0.243, 30.9, 0.793, 2.426), crmlib.GammaGamma(6.25, 3.74, 15.44)
HISTORIES = pd.DataFrame({
    "customer": list("abcdef"),
    "x": [2, 0, None, 2, 5, 0],
    "t_x": [30.5, 0, None, 30.5, 60, 0],
    "T": [38, 50, None, 38, 61.25, 38],
    "mean_repeat_value": [10.0, None, None, -3.0, None, 4.0],
})  # fmt: skip


@EVERY_ENGINE
@pytest.mark.parametrize(
    ("score", "methods"),
    [
        (
            lambda customers: BG.score(customers, horizon=39),
            {"p_alive": BG.p_alive, "expected_purchases": lambda rows: BG.expected_purchases(rows, horizon=39)},
        ),
        (BG.score, {"p_alive": BG.p_alive}),
        (GG.score, {"expected_value": GG.expected_value}),
    ],
    ids=["with horizon", "p_alive", "value"],
)
def test_a_table_of_any_engine_comes_back_with_the_columns_of_the_methods(engine, score, methods):
    scored = score(build(engine, HISTORIES))
    assert kind(scored) == engine
    expected = HISTORIES.assign(**{name: method(HISTORIES) for name, method in methods.items()})
    assert rows(scored) == rows(expected)


@EVERY_ENGINE
def test_scoring_again_replaces_the_column_and_an_empty_table_stays_empty(engine):
    once = BG.score(build(engine, HISTORIES))
    assert rows(BG.score(once)) == rows(once)
    none = BG.score(build(engine, HISTORIES.head(0).astype({"x": float, "t_x": float, "T": float})))
    assert rows(none) == ([*HISTORIES, "p_alive"], [])


def test_a_pandas_index_does_not_move_a_number():
    shuffled = HISTORIES.sample(frac=1, random_state=1)
    scored = BG.score(shuffled)
    assert scored.index.tolist() == shuffled.index.tolist()
    np.testing.assert_array_equal(scored["p_alive"], BG.p_alive(shuffled))


def test_only_distinct_rows_of_a_lazy_table_come_into_memory():
    seen = []

    def count(known):
        seen.append(len(known))
        return np.ones(len(known))

    many = pl.DataFrame({"x": [0, 0, None, 1, None, 1] * 1000}).lazy()
    scored = add_columns(many, ["x"], {"one": count}).collect()
    assert seen == [3]
    assert scored["one"].to_list() == [1.0] * 6000


def test_what_cannot_be_scored_is_said_in_one_sentence():
    with pytest.raises(DataError) as told:
        BG.p_alive(pl.from_pandas(HISTORIES).lazy())
    assert str(told.value) == (
        "The customer table is a lazy LazyFrame, and this needs its rows in memory: collect it first; only a fit and "
        "a model's score take it as it is."
    )
    wrong = pd.DataFrame({"x": [0.0, 1.0], "t_x": [0.0, 9.0], "T": [8.0, 8.0]})
    rule = "x = 1, t_x = 9, T = 8; the last purchase lies between the first one and the end, so 0 <= t_x <= T."
    with pytest.raises(DataError) as told:
        BG.score(wrong)
    assert str(told.value) == f"Row 1 (from 0) of the customer table cannot be: {rule}"
    with pytest.raises(DataError) as told:
        BG.score(build("duckdb", wrong))
    assert str(told.value) == f"A row of the customer table cannot be: {rule}"
    for engine in ("pandas", "duckdb"):
        with pytest.raises(DataError, match="Column 'x' of the customer table holds String, not numbers."):
            GG.score(build(engine, HISTORIES.assign(x="two")))
    with pytest.raises(DataError) as told:
        BG.score(HISTORIES, horizon=[1, 2])
    assert str(told.value) == "horizon is [1, 2]; score adds one column, so it must be one length of time."


@EVERY_ENGINE
@pytest.mark.parametrize("width", [None, 7])
def test_cells_count_customers_on_any_engine(engine, width):
    customers = pd.DataFrame({
        "x": [0.0, 0, 2, 2, 2, None], "t_x": [0.0, 0, 9, 9, 12, None], "T": [20.0, 20, 30, 30, 33, None],
        "weight": [1.0, 2, 1, 1, 2, 1],
    })  # fmt: skip
    cells = count_cells(build(engine, customers), width=width)
    assert kind(cells) == engine
    if width is None:
        expected = [(0, 0, 20, 3), (2, 9, 30, 2), (2, 12, 33, 2)]
    else:  # days 7..13 and 28..34
        expected = [(0, 0, 20, 3), (2, 10.5, 31.5, 4)]
    assert rows(cells) == (["x", "t_x", "T", "weight"], sorted([tuple(map(float, row)) for row in expected], key=repr))


@pytest.mark.parametrize("engine", ["pandas", "duckdb"])
def test_cells_hide_no_impossible_row(engine):
    wrong = pd.DataFrame({"x": [1.0, 1.0], "t_x": [8.0, 9.0], "T": [13.0, 8.0]})
    with pytest.raises(DataError) as told:
        count_cells(build(engine, wrong), width=7)
    assert str(told.value) == (
        "A row of the customer table cannot be: x = 1.0, t_x = 9.0, T = 8.0, weight = 1.0; all are numbers from 0 up, "
        "t_x <= T, and t_x is 0 for those who bought once, and only for them."
    )
    for width in (0, -7, "week", float("nan")):
        with pytest.raises(DataError, match="it must be a positive number in the unit of t_x and T, e.g. 7 for weeks"):
            count_cells(wrong, width=width)
    with pytest.raises(DataError, match="Column 'T' of the customer table holds String, not numbers."):
        count_cells(build(engine, wrong.assign(T="long")))
