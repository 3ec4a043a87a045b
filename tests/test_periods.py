from collections import Counter
from itertools import product

import pandas as pd
import polars as pl
import pytest
from engines import BUILD, EVERY_ENGINE, build
from engines import kind as engine_of
from engines import rows as content_of
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import KINDS, columns_of_customers, content, made

from crmlib import rfm
from crmlib.errors import DataError
from crmlib.lifecycle import STATES, states
from crmlib.periods import ABSENT, NO_CLASS, matrix, moves

few = settings(max_examples=25, deadline=None)
classes = st.dictionaries(
    st.integers(0, 30).map("c{:02d}".format), st.sampled_from(["top", "medium", "small"]), max_size=25
)


def classed(kind, class_of):
    if kind is pl.DataFrame:
        return pl.DataFrame(
            {"customer": list(class_of), "tier": list(class_of.values())},
            schema={"customer": pl.String, "tier": pl.String},
        )
    return pd.DataFrame({"customer": list(class_of), "tier": list(class_of.values())}, dtype="str")


def rows(moved):
    return list(zip(*content(moved).values(), strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_up_down_stayed_came_and_fell_silent(kind):
    before = classed(kind, {"a": "small", "b": "small", "c": "top", "d": "top", "e": "small"})
    after = classed(kind, {"a": "top", "b": "small", "c": "small", "e": "small", "f": "small"})
    moved = moves(before, after, column="tier", order=["top", "small"])
    assert isinstance(moved, kind)
    assert list(content(moved)) == ["from", "to", "customers"]
    assert rows(moved) == [
        ("top", "small", 1), ("top", ABSENT, 1), ("small", "top", 1), ("small", "small", 2), (ABSENT, "small", 1),
    ]  # fmt: skip


@few
@given(classes, classes, st.sampled_from(KINDS))
def test_margins_are_the_counts_of_each_table(before, after, kind):
    moved = rows(moves(classed(kind, before), classed(kind, after), column="tier"))
    came, went = Counter(), Counter()
    for origin, to, customers in moved:
        assert customers > 0 and (origin, to) != (ABSENT, ABSENT)
        came[to] += customers
        went[origin] += customers
    assert sum(came.values()) == len(before.keys() | after.keys())
    assert went == Counter(before.values()) + Counter({ABSENT: len(after.keys() - before.keys())})
    assert came == Counter(after.values()) + Counter({ABSENT: len(before.keys() - after.keys())})


@few
@given(classes, classes)
def test_moves_back_are_the_moves_turned_round_and_polars_gives_what_pandas_gives(before, after):
    one = rows(moves(classed(pd.DataFrame, before), classed(pd.DataFrame, after), column="tier"))
    assert one == rows(moves(classed(pl.DataFrame, before), classed(pl.DataFrame, after), column="tier"))
    back = rows(moves(classed(pd.DataFrame, after), classed(pd.DataFrame, before), column="tier"))
    assert sorted(one) == sorted((to, origin, customers) for origin, to, customers in back)


@few
@given(columns_of_customers())
def test_without_time_nobody_moves(columns):
    stated = states(pd.DataFrame(columns))
    shuffled = stated.sample(frac=1, random_state=1)
    before = stated.copy(deep=True)
    moved = moves(stated, shuffled, column="state")
    assert (moved["from"] == moved["to"]).all() and moved["customers"].sum() == len(stated)
    assert stated.equals(before)


@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_classes_too_and_a_missing_one_is_named(kind):
    scored = rfm.scores(made(kind, orders=[1, 2, 0], days_since_last=[9.0, 3.0, None], revenue=[1.0, 2.0, -1.0]))
    assert rows(moves(scored, scored, column="f")) == [("1", "1", 1), ("3", "3", 1), (NO_CLASS, NO_CLASS, 1)]


def test_a_score_is_the_same_class_as_integer_and_as_float():
    before = pd.DataFrame({"customer": ["a", "b", "c"], "f": [10, 2, 5]})
    after = pd.DataFrame({"customer": ["a", "b", "c"], "f": [10.0, None, 5.0]})
    assert rows(moves(before, after, column="f")) == [("2", NO_CLASS, 1), ("5", "5", 1), ("10", "10", 1)]


def test_no_name_claims_that_a_customer_is_lost():
    assert ABSENT == "(absent)"


@pytest.mark.parametrize("kind", KINDS)
def test_matrix_is_square_in_the_order_of_the_classes(kind):
    before = classed(kind, {"a": "small", "b": "small", "c": "top"})
    after = classed(kind, {"a": "top", "b": "small", "d": "small"})
    square = matrix(moves(before, after, column="tier"), order=["top", "medium", "small"])
    assert isinstance(square, pd.DataFrame)
    assert square.index.tolist() == square.columns.tolist() == ["top", "medium", "small", ABSENT]
    assert square.to_numpy().tolist() == [[0, 0, 0, 1], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 1, 0]]
    assert square.index.name == "from" and square.columns.name == "to"
    unordered = matrix(moves(before, after, column="tier"))
    assert unordered.index.tolist() == ["small", "top", ABSENT]
    assert unordered.loc["small", "top"] == 1 and unordered.to_numpy().sum() == 4


@few
@given(classes, classes)
def test_matrix_holds_every_move(before, after):
    moved = moves(classed(pd.DataFrame, before), classed(pd.DataFrame, after), column="tier")
    square = matrix(moved)
    assert square.to_numpy().sum() == moved["customers"].sum()
    assert all(square.loc[row["from"], row["to"]] == row["customers"] for _, row in moved.iterrows())


def test_cdnow_between_two_dates_keeps_its_customers(cdnow, cdnow_log):
    from crmlib import customer_table
    from crmlib.customers import until

    earlier = states(customer_table(until(cdnow_log, "1997-09-30"), as_of="1997-09-30"))
    moved = moves(earlier, states(cdnow), column="state", order=STATES)
    square = matrix(moved, order=STATES)
    assert moved["customers"].sum() == 23570 and ABSENT not in square.index
    assert square.sum(axis=1).to_dict() == earlier["state"].value_counts().reindex(STATES, fill_value=0).to_dict()
    assert square.loc[["repeat", "loyal"], "first-time"].sum() == 0  # orders only ever grow


BEFORE = pd.DataFrame({"customer": list("abcde"), "tier": ["small", "small", "top", "top", None]})
AFTER = pd.DataFrame({"customer": list("fabce"), "tier": ["small", "top", "small", "small", "small"]})


@EVERY_ENGINE
def test_every_engine_counts_the_same_moves(engine):
    moved = moves(build(engine, BEFORE), build(engine, AFTER), column="tier", order=["top", "small"])
    assert engine_of(moved) == engine
    assert content_of(moved, sort=False) == (
        ["from", "to", "customers"],
        [("top", "small", 1), ("top", ABSENT, 1), ("small", "top", 1), ("small", "small", 1), (NO_CLASS, "small", 1),
         (ABSENT, "small", 1)],
    )  # fmt: skip
    square = matrix(moved, order=["top", "small"])
    assert square.index.tolist() == square.columns.tolist() == ["top", "small", NO_CLASS, ABSENT]
    assert square.to_numpy().tolist() == [[0, 1, 0, 1], [1, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0]]


@EVERY_ENGINE
@pytest.mark.parametrize(
    ("classes", "names"),
    [
        ([5.0, float("nan"), 10.0], {"5", "10", NO_CLASS}),  # scores with gaps, as pandas keeps them
        ([0.5, 1.0, 2.0], {"0.5", "1.0", "2.0"}),
        (pd.array([3, None, 1], "Int32"), {"3", "1", NO_CLASS}),
        (pd.array([True, None, False], "boolean"), {"True", "False", NO_CLASS}),
        (pd.Categorical(["b", "a", "b"]), {"a", "b"}),
        ([None, None, None], {NO_CLASS}),
    ],
)
def test_classes_of_every_type_have_one_name_on_every_engine(engine, classes, names):
    frame = pd.DataFrame({"customer": [1, 2, 3], "class": pd.Series(classes)})
    if engine == "ibis" and isinstance(classes, pd.Categorical):
        frame["class"] = frame["class"].astype("str")  # ibis has no categories
    moved = moves(build(engine, frame), build(engine, frame), column="class")
    assert {row[0] for row in content_of(moved)[1]} == names
    assert all(origin == to for origin, to, _ in content_of(moved)[1])


@EVERY_ENGINE
def test_nobody_before_is_everybody_new(engine):
    nobody = build(engine, pd.DataFrame({"customer": pd.Series([], dtype="str"), "tier": pd.Series([], dtype="str")}))
    moved = moves(nobody, build(engine, BEFORE.dropna()), column="tier")
    assert content_of(moved, sort=False)[1] == [(ABSENT, "small", 2), (ABSENT, "top", 2)]
    none = moves(nobody, nobody, column="tier")
    assert content_of(none)[1] == [] and matrix(none).empty


# ---- refusals


@EVERY_ENGINE
def test_every_engine_refuses_the_same(engine):
    twice = build(engine, pd.concat([AFTER, AFTER]))
    with pytest.raises(
        DataError, match=r"^The table 'after' has 10 rows for 5 customers; it needs one row a customer\.$"
    ):
        moves(build(engine, BEFORE), twice, column="tier")
    gap = build(engine, BEFORE.assign(customer=["a", None, "c", "d", "e"]))
    with pytest.raises(
        DataError, match=r"^'customer' is missing in 1 of 5 rows of the table 'before'; leave them out first\.$"
    ):
        moves(gap, build(engine, AFTER), column="tier")
    with pytest.raises(DataError, match=r"^The class 'small' is not in order=\['top'\]; add it\.$"):
        moves(build(engine, BEFORE), build(engine, AFTER), column="tier", order=["top"])


def test_a_class_cannot_be_named_as_those_who_are_not_there():
    named_so = BEFORE.assign(tier=ABSENT)
    for pair in ((named_so, AFTER), (AFTER, named_so)):
        with pytest.raises(DataError, match=r"^A class is named '\(absent\)', which means customers who are not in a "):
            moves(*pair, column="tier")


@pytest.mark.parametrize(
    ("one", "other"), [pair for pair in product(BUILD, BUILD) if len({*pair}) == 2 and "spark" not in pair]
)
def test_two_kinds_of_tables_are_refused(one, other):
    with pytest.raises(DataError, match=r"; pass two of one kind\.$"):
        moves(build(one, BEFORE), build(other, AFTER), column="tier")


@pytest.mark.parametrize("kind", KINDS)
def test_refusals_say_what_to_do(kind):
    table = classed(kind, {"a": "top", "b": "small"})
    other = classed(pl.DataFrame if kind is pd.DataFrame else pd.DataFrame, {"a": "top"})
    with pytest.raises(DataError, match=r"^before is a \w+ table and after a \w+ one; pass two of one kind\.$"):
        moves(table, other, column="tier")
    twice = kind({"customer": ["a", "a", "b"], "tier": ["top", "top", "top"]})
    with pytest.raises(
        DataError, match=r"^The table 'before' has 3 rows for 2 customers; it needs one row a customer\.$"
    ):
        moves(twice, table, column="tier")
    numbered = kind({"customer": [1, 2], "tier": ["top", "top"]})
    with pytest.raises(
        DataError, match=r"^The customer ids are text in before and integers in after; make them the same type\.$"
    ):
        moves(table, numbered, column="tier")
    with pytest.raises(DataError, match=r"^The class 'small' is not in order=\['top'\]; add it\.$"):
        moves(table, table, column="tier", order=["top"])
    with pytest.raises(DataError, match=r"^The class 'small' is not in order=\['top'\]; add it\.$"):
        matrix(moves(table, table, column="tier"), order=["top"])
    with pytest.raises(DataError, match=r"^The table 'after' has no column 'tier'; it has \['customer'\]\.$"):
        moves(table, kind({"customer": ["a"]}), column="tier")
