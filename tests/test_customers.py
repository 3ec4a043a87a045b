"""One row a customer: every column against a plain loop, the definitions one by one, and the published numbers."""

import datetime as dt
import math
import warnings
from collections import defaultdict

import numpy as np
import pandas as pd
import polars as pl
import pytest
from engines import EVERY_ENGINE, build
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from crmlib import DataError, DataNotice, customer_table, transactions
from crmlib.customers import until

COLUMNS = [
    "customer", "orders", "first", "last", "days_since_last", "revenue", "mean_order", "x", "t_x", "T",
    "mean_repeat_value", "flag",
]  # fmt: skip
START = dt.date(2024, 1, 1)


def log(engine, *lines):
    """Lines are (customer, day of 2024, amount[, order]); the 1st of January is day 0."""
    names = ["customer", "date", "amount", "order"][: len(lines[0])]
    columns = {name: list(values) for name, values in zip(names, zip(*lines, strict=True), strict=True)}
    columns["date"] = [START + dt.timedelta(days=day) for day in columns["date"]]
    columns["amount"] = [float(amount) for amount in columns["amount"]]
    if engine == "polars":
        return pl.DataFrame(columns)
    return pd.DataFrame(columns).astype({"date": "datetime64[us]"})


def day(number):
    return START + dt.timedelta(days=number)


def plain(native):
    """The rows of a customer table as dicts of plain values, None for every kind of nothing."""
    frame = native if isinstance(native, pl.DataFrame) else pl.from_pandas(native)
    assert frame.columns == COLUMNS
    nothing = lambda value: value is None or value != value  # noqa: E731
    whole = lambda value: value.date() if isinstance(value, dt.datetime) else value  # noqa: E731
    return [
        {name: None if nothing(value) else whole(value) for name, value in row.items()}
        for row in frame.rows(named=True)
    ]


def by_loop(lines, as_of):
    """The definitions of design.md as a loop over the lines of each customer."""
    found = []
    customers = defaultdict(list)
    for who, number, amount, *order in lines:
        if number <= as_of:
            customers[who].append((number, amount, *order))
    for who, own in sorted(customers.items()):
        bought = [line for line in own if line[1] >= 0]
        days = sorted({line[0] for line in bought})
        revenue = math.fsum(line[1] for line in own)
        row = dict.fromkeys(COLUMNS) | {"customer": who, "orders": 0, "revenue": revenue, "flag": "no_purchase"}
        if bought:
            repeat = [line[1] for line in bought if line[0] > days[0]]
            orders = len({line[2] for line in bought}) if len(own[0]) == 3 else len(days)
            row |= {
                "orders": orders,
                "first": day(days[0]),
                "last": day(days[-1]),
                "days_since_last": as_of - days[-1],
                "mean_order": math.fsum(line[1] for line in bought) / orders,
                "x": len(days) - 1,
                "t_x": days[-1] - days[0],
                "T": as_of - days[0],
                "mean_repeat_value": math.fsum(repeat) / (len(days) - 1) if len(days) > 1 else None,
                "flag": "non_positive_revenue" if round(revenue, 6) <= 0 else None,
            }
        found.append(row)
    return found


def close(found, expected):
    assert len(found) == len(expected)
    for one, two in zip(found, expected, strict=True):
        for name in COLUMNS:
            if isinstance(two[name], float):
                assert one[name] == pytest.approx(two[name], rel=1e-12, abs=1e-12), name
            else:
                assert one[name] == two[name], name


BOTH = pytest.mark.parametrize("engine", ["pandas", "polars"])
line = st.tuples(
    st.sampled_from("abcde"), st.integers(0, 40), st.sampled_from([0.0, 0.1, 0.2, 0.3, -0.3, 7.5, -7.5, 19.99, -100.0])
)
lines_of_a_log = st.lists(line, min_size=1, max_size=25)
orders = st.lists(st.sampled_from(["o1", "o2", "o3"]), min_size=25, max_size=25)


def table_of(engine, lines, as_of):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        return customer_table(log(engine, *lines), as_of=day(as_of))


class TestAgainstTheLoop:
    @settings(max_examples=60, deadline=None)
    @given(lines_of_a_log, orders, st.booleans(), st.integers(0, 45))
    def test_every_column_on_both_engines(self, lines, orders, ordered, as_of):
        lines = [(*line, order) for line, order in zip(lines, orders, strict=False)] if ordered else lines
        bought = [number for _, number, amount, *_ in lines if amount >= 0] or [number for _, number, *_ in lines]
        for engine in ("pandas", "polars"):
            if as_of < min(bought):
                with pytest.raises(DataError, match="is before the first purchase"):
                    table_of(engine, lines, as_of)
            else:
                close(plain(table_of(engine, lines, as_of)), by_loop(lines, as_of))

    @settings(max_examples=30, deadline=None)
    @given(lines_of_a_log, st.randoms(use_true_random=False))
    def test_the_order_of_lines_and_columns_changes_nothing(self, lines, random):
        mixed = random.sample(lines, len(lines))
        columns = random.sample(["customer", "date", "amount"], 3)
        for engine in ("pandas", "polars"):
            one = customer_table(log(engine, *lines), as_of=day(40))
            close(plain(customer_table(log(engine, *mixed)[columns], as_of=day(40))), plain(one))

    @settings(max_examples=30, deadline=None)
    @given(lines_of_a_log)
    def test_money_is_conserved(self, lines):
        for engine in ("pandas", "polars"):
            found = table_of(engine, lines, 40)
            assert found["revenue"].sum() == pytest.approx(math.fsum(line[2] for line in lines), abs=1e-9)

    @settings(max_examples=30, deadline=None)
    @given(
        lines_of_a_log, st.lists(line.map(lambda line: (line[0], line[1], -1 - abs(line[2]))), min_size=1, max_size=5)
    )
    def test_refunds_touch_nothing_but_revenue_and_flag(self, lines, refunds):
        known = {line[0] for line in lines}
        refunds = [refund for refund in refunds if refund[0] in known]
        for engine in ("pandas", "polars"):
            before, after = plain(table_of(engine, lines, 40)), plain(table_of(engine, lines + refunds, 40))
            assert all(one["revenue"] >= two["revenue"] - 1e-9 for one, two in zip(before, after, strict=True))
            for row in before + after:
                row |= {"revenue": None, "flag": None}
            close(after, before)


@BOTH
class TestDefinitions:
    def one(self, engine, *lines, as_of=30):
        (row,) = plain(table_of(engine, lines, as_of))
        return row

    def test_a_customer_by_hand(self, engine):
        lines = ("a", 4, 10), ("a", 4, 2), ("a", 14, 6), ("a", 24, 3), ("a", 25, -1)
        assert self.one(engine, *lines) == {
            "customer": "a", "orders": 3, "first": day(4), "last": day(24), "days_since_last": 6.0, "revenue": 20.0,
            "mean_order": 7.0, "x": 2.0, "t_x": 20.0, "T": 26.0, "mean_repeat_value": 4.5, "flag": None,
        }  # fmt: skip

    def test_types(self, engine):
        lines = ("b", 5, -1), ("a", 4, 10)
        found = table_of(engine, lines, 30)
        numbers = ["days_since_last", "revenue", "mean_order", "x", "t_x", "T", "mean_repeat_value"]
        if engine == "pandas":
            assert isinstance(found, pd.DataFrame) and found.index.equals(pd.RangeIndex(2))
            assert [str(found[name].dtype) for name in numbers] == ["float64"] * 7
            assert [str(found[name].dtype) for name in ("orders", "first", "last")] == [
                "int64",
                "datetime64[us]",
                "datetime64[us]",
            ]
            assert found["flag"].isna().to_list() == [True, False]
        else:
            assert isinstance(found, pl.DataFrame)
            assert [found[name].dtype for name in numbers] == [pl.Float64] * 7
            assert [found[name].dtype for name in ("orders", "first", "last", "flag")] == [
                pl.Int64,
                pl.Date,
                pl.Date,
                pl.String,
            ]
            assert found.select(pl.col(pl.Float64).is_nan().any()).row(0) == (False,) * 7

    def test_as_of_is_the_last_day_observed_and_counts_whole(self, engine):
        assert self.one(engine, ("a", 4, 10), ("a", 30, 5), as_of=30)["days_since_last"] == 0.0
        assert self.one(engine, ("a", 30, 10), as_of=30)["T"] == 0.0

    def test_zero_is_a_purchase(self, engine):
        row = self.one(engine, ("a", 4, 0), ("a", 9, 0))
        assert (row["orders"], row["x"], row["mean_order"], row["mean_repeat_value"]) == (2, 1.0, 0.0, 0.0)
        assert row["flag"] == "non_positive_revenue"

    def test_refunds_only(self, engine):
        row = plain(table_of(engine, [("a", 4, -10), ("b", 5, 1)], 30))[0]
        assert row == dict.fromkeys(COLUMNS) | {"customer": "a", "orders": 0, "revenue": -10.0, "flag": "no_purchase"}

    def test_nobody_but_refunds(self, engine):
        row = self.one(engine, ("a", 4, -10))
        assert (row["orders"], row["first"], row["flag"]) == (0, None, "no_purchase")

    def test_money_given_back_to_the_cent_is_no_revenue(self, engine):
        row = self.one(engine, ("a", 4, 0.1), ("a", 5, 0.2), ("a", 6, -0.3))  # 0.1 + 0.2 - 0.3 is 5.6e-17
        assert (row["revenue"], row["flag"]) == (0.0, "non_positive_revenue")
        assert self.one(engine, ("a", 4, 1e-9))["flag"] is None

    def test_the_same_amounts_in_another_order_give_the_same_revenue_to_the_last_digit(self, engine):
        amounts = (0.1, 0.7, 0.2, 11.77, 0.3, 29.33)
        lines = [("a", day, amount) for day, amount in enumerate(amounts)]
        lines += [("b", day, amount) for day, amount in enumerate(reversed(amounts))]
        a, b = plain(table_of(engine, lines, 35))
        for column in ("revenue", "mean_order"):
            assert a[column] == b[column]
        assert sum(amounts) != sum(reversed(amounts))  # or this would show nothing

    def test_the_refunds_of_the_evidence(self, engine):
        # A bought 100 and 50 and gave 150 back, B bought 80 and gave 80 back: a refund is no order and no sign of life
        lines = ("A", 0, 100), ("A", 4, 50), ("A", 8, -150), ("B", 2, 80), ("B", 9, -80)
        a, b = plain(table_of(engine, lines, 35))
        assert [(row["orders"], row["days_since_last"], row["revenue"], row["flag"]) for row in (a, b)] == [
            (2, 31.0, 0.0, "non_positive_revenue"), (1, 33.0, 0.0, "non_positive_revenue"),
        ]  # fmt: skip

    def test_a_day_whose_money_came_back_is_still_a_purchase_day_and_its_value_stays(self, engine):
        row = self.one(engine, ("a", 4, 30), ("a", 10, 10), ("a", 10, -10), ("a", 20, 20))
        assert (row["orders"], row["x"], row["mean_repeat_value"], row["mean_order"]) == (3, 2.0, 15.0, 20.0)

    def test_without_orders_a_customer_day_is_one_order(self, engine):
        assert self.one(engine, ("a", 4, 1), ("a", 4, 2), ("a", 5, 3))["orders"] == 2

    def test_with_orders_they_count_but_x_still_counts_days(self, engine):
        row = self.one(engine, ("a", 4, 1, "o1"), ("a", 4, 2, "o2"), ("a", 4, 3, "o2"), ("a", 9, 6, "o3"))
        assert (row["orders"], row["x"], row["mean_order"], row["mean_repeat_value"]) == (3, 1.0, 4.0, 6.0)
        # one order delivered over two days is one order and two purchase days
        row = self.one(engine, ("a", 4, 1, "o1"), ("a", 9, 2, "o1"))
        assert (row["orders"], row["x"]) == (1, 1.0)

    def test_the_order_of_a_refund_does_not_count(self, engine):
        assert self.one(engine, ("a", 4, 1, "o1"), ("a", 9, -1, "o2"))["orders"] == 1

    def test_an_order_id_belongs_to_its_customer(self, engine):
        rows = plain(table_of(engine, [("a", 4, 1, "1"), ("b", 4, 1, "1")], 30))
        assert [row["orders"] for row in rows] == [1, 1]

    def test_bought_once_has_no_repeat_value_rather_than_a_made_up_zero(self, engine):
        assert self.one(engine, ("a", 4, 10))["mean_repeat_value"] is None

    def test_sorted_by_customer(self, engine):
        rows = plain(table_of(engine, [(who, 4, 1) for who in ("b", "a10", "B", "a9", "007")], 30))
        assert [row["customer"] for row in rows] == ["007", "B", "a10", "a9", "b"]

    @pytest.mark.parametrize("ids", [(7, 7, 10), (7, 7, -1)])
    def test_ids_may_be_integers(self, engine, ids):
        rows = plain(table_of(engine, [(who, 4, 1) for who in ids], 30))
        assert [row["customer"] for row in rows] == sorted(set(ids))

    def test_lines_after_as_of_are_left_out_and_counted(self, engine):
        tx = log(engine, ("a", 4, 10), ("a", 9, 5), ("b", 9, 5))
        with pytest.warns(DataNotice) as caught:
            (row,) = plain(customer_table(tx, as_of=day(8)))
        assert [str(one.message) for one in caught] == ["2 lines after as_of 2024-01-09 left out."]
        assert caught[0].filename == __file__
        assert (row["customer"], row["revenue"], row["T"]) == ("a", 10.0, 4.0)
        with pytest.warns(DataNotice, match=r"^1 line after as_of 2024-01-09 left out\.$"):
            customer_table(log(engine, ("a", 4, 10), ("a", 9, 5)), as_of=day(8))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            customer_table(tx, as_of=day(9))

    def test_as_of_before_the_first_purchase(self, engine):
        expected = r"^as_of 2024-01-04 is before the first purchase \(2024-01-05\); choose that day or a later one\.$"
        for lines in ([("a", 4, 10), ("b", 9, 5)], [("a", 4, 10), ("b", 1, -5)]):
            with pytest.raises(DataError, match=expected):
                customer_table(log(engine, *lines), as_of=day(3))

    def test_as_of_is_given_and_a_date(self, engine):
        tx = log(engine, ("a", 4, 10))
        with pytest.raises(TypeError, match="as_of"):
            customer_table(tx)
        with pytest.raises(
            DataError, match=r"^as_of '30/06/2024' is not a date; write it as YYYY-MM-DD, e\.g\. 1998-06-30\.$"
        ):
            customer_table(tx, as_of="30/06/2024")

    def test_the_log_is_left_alone(self, engine):
        tx = log(engine, ("a", 4, 10, "o"), ("a", 9, -5, "o"))
        copy = tx.copy() if engine == "pandas" else tx.clone()
        customer_table(tx, as_of=day(30))
        assert tx.equals(copy)

    @pytest.mark.parametrize("name", ["bought", "spent", "first", "days", "x", "flag", "__day"])
    def test_further_columns_play_no_part(self, engine, name):
        tx = log(engine, ("a", 4, 10), ("b", 5, 1), ("b", 5, -2))
        more = (
            tx.assign(**{name: ["p", "q", None]})
            if engine == "pandas"
            else tx.with_columns(pl.Series(name, ["p", "q", None]))
        )
        assert plain(customer_table(more, as_of=day(30))) == plain(customer_table(tx, as_of=day(30)))

    def test_a_log_that_did_not_pass_the_door(self, engine):
        frame = pd.DataFrame if engine == "pandas" else pl.DataFrame
        dates = [dt.datetime(2024, 1, 5), None]
        for columns, message in (
            (
                {"customer": ["a"], "date": dates[:1]},
                r"^The table of transactions has no column 'amount'; it has \['customer', 'date'\]\.$",
            ),
            (
                {"customer": ["a"], "date": ["2024-01-05"], "amount": [1.0]},
                r"^Column 'date' of the transactions holds no days; let transactions\(\) ",
            ),
            (
                {"customer": ["a"], "date": dates[:1], "amount": ["1"]},
                r"^Column 'amount' of the transactions holds no numbers; let transactions",
            ),
            (
                {"customer": ["a", None], "date": dates[:1] * 2, "amount": [1.0, 2.0]},
                "^Column 'customer' of the transactions has gaps; let",
            ),
            (
                {"customer": ["a", "b"], "date": dates, "amount": [1.0, 2.0]},
                "^Column 'date' of the transactions has gaps; let",
            ),
            (
                {"customer": ["a", "b"], "date": dates[:1] * 2, "amount": [1.0, float("nan")]},
                "^Column 'amount' of the transactions has gaps; let",
            ),
            ({"customer": [], "date": [], "amount": []}, r"^The table of transactions is empty\.$"),
        ):
            with pytest.raises(DataError, match=message):
                customer_table(frame(columns), as_of="2024-06-30")

    def test_until_keeps_the_day_itself(self, engine):
        tx = log(engine, ("a", 4, 10), ("a", 5, 5), ("b", 6, 1))
        kept = until(tx, day(5))
        assert type(kept) is type(tx)
        assert kept["amount"].to_list() == [10.0, 5.0]
        assert len(until(tx, "2023-01-01")) == 0
        with pytest.raises(DataError, match="^day 'soon' is not a date"):
            until(tx, "soon")

    def test_as_of_then_equals_the_table_of_the_lines_until_then(self, engine, other_log):
        tx = other_log if engine == "pandas" else pl.from_pandas(other_log)
        with pytest.warns(DataNotice, match=r"^[\d,]+ lines after as_of 2024-02-29 left out\.$"):
            then = customer_table(tx, as_of="2024-02-29")
        close(plain(then), plain(customer_table(until(tx, "2024-02-29"), as_of="2024-02-29")))


def test_the_engines_agree_on_a_log_with_orders_and_refunds(other_log):
    in_pandas = customer_table(other_log, as_of="2024-12-31")
    in_polars = customer_table(pl.from_pandas(other_log), as_of="2024-12-31")
    close(plain(in_polars), plain(in_pandas))
    close(
        plain(in_pandas),
        by_loop(
            [(c, (d.date() - START).days, a, o) for c, d, a, o in other_log.itertuples(index=False)],
            (dt.date(2024, 12, 31) - START).days,
        ),
    )
    assert in_pandas["orders"].sum() > (in_pandas["x"] + 1).sum()  # this log has days with several orders
    assert other_log["amount"].lt(0).any()


class TestCdnow:
    def test_published_numbers(self, cdnow):
        assert len(cdnow) == 23_570
        assert cdnow["revenue"].sum() == pytest.approx(2_500_315.63, abs=0.005)
        assert (cdnow["x"] == 0).mean() == pytest.approx(0.51141, abs=5e-6)  # 12,054 customers bought on one day only
        assert cdnow["orders"].max() == 171 and cdnow["x"].max() == 170
        assert cdnow["flag"].value_counts().to_dict() == {"non_positive_revenue": 68}
        assert (cdnow.loc[cdnow["flag"].notna(), "revenue"] == 0).all()
        assert cdnow["first"].min() == pd.Timestamp("1997-01-01") and cdnow["first"].max() == pd.Timestamp("1997-03-25")
        assert cdnow["last"].max() == pd.Timestamp("1998-06-30")
        assert (
            not cdnow[["first", "last", "days_since_last", "revenue", "mean_order", "x", "t_x", "T"]].isna().any().any()
        )

    def test_the_sample(self, cdnow_sample):
        assert len(cdnow_sample) == 2_357
        assert cdnow_sample["customer"].is_unique

    def test_the_calibration_period_of_the_papers(self, cdnow_sample_log):
        """39 weeks to 1997-09-30, as in Fader, Hardie & Lee (2005): three customers of their file, in weeks."""
        with pytest.warns(DataNotice):
            found = customer_table(cdnow_sample_log, as_of="1997-09-30")
        assert len(found) == 2_357
        some = found.set_index("customer").loc[["00004", "00021", "00111"]]
        assert some["x"].to_list() == [2, 1, 7]
        assert (some["t_x"] / 7).round(2).to_list() == [30.43, 1.71, 29.43]
        assert (some["T"] / 7).round(2).to_list() == [38.86, 38.86, 38.86]

    def test_the_same_in_polars(self, cdnow, cdnow_log):
        found = customer_table(pl.from_pandas(cdnow_log), as_of="1998-06-30").to_pandas()
        assert_frame_equal(found, cdnow, check_dtype=False, rtol=1e-12)

    def test_duplicates_dropped_cost_revenue_but_no_customer(self, cdnow_log, cdnow):
        with pytest.warns(DataNotice, match="255 lines are left out as the exact repeat of another"):
            dropped = customer_table(transactions(cdnow_log, duplicates="drop"), as_of="1998-06-30")
        assert dropped["customer"].equals(cdnow["customer"])
        assert np.array_equal(dropped["x"], cdnow["x"])
        assert dropped["revenue"].sum() < cdnow["revenue"].sum()


@EVERY_ENGINE
def test_an_engine_is_lent_only_to_a_table_in_memory(engine):
    log = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-05"]), "amount": 9.0})
    native = build(engine, log)
    with pytest.raises(DataError) as refused:
        customer_table(native, as_of="2024-01-31", engine="spark")
    assert str(refused.value) == "engine is 'spark'; it can be 'duckdb' or 'polars'."
    own = {"polars lazy": "polars", "duckdb": "duckdb", "ibis": "ibis", "spark": "pyspark"}.get(engine)
    if own:
        with pytest.raises(DataError) as refused:
            customer_table(native, as_of="2024-01-31", engine="duckdb")
        assert str(refused.value) == (
            f"The table of transactions is a lazy one of {own}, which does the work; leave out engine='duckdb'."
        )
