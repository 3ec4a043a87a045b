import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from engines import build, kind, rows

from crmlib import customer_table
from crmlib.customers import until
from crmlib.errors import DataError
from crmlib.method_comparison import METHODS, compare_methods

SPAN = {"split": "1997-09-30", "as_of": "1998-06-30"}


def ticking():
    ticks = itertools.count()
    return lambda: float(next(ticks))


@pytest.fixture(scope="module")
def found(cdnow_sample_log):
    return compare_methods(cdnow_sample_log, **SPAN, clock=ticking())


def test_rows_are_the_methods_between_chance_and_hindsight(found):
    assert found["method"].tolist() == [*METHODS, "chance", "hindsight"]
    assert found["needs"].tolist()[:3] == ["customer, amount", "customer, date, amount", "customer, date, amount"]
    assert found["seconds"].tolist()[:3] == [1, 1, 1] and found["seconds"].isna().tolist()[3:] == [True, True]
    low, high = found.iloc[3], found.iloc[4]
    for column in ("share_of_revenue", "found"):
        assert (found[column] >= low[column]).all() and (found[column] <= high[column]).all()
    assert low["found"] == pytest.approx(472 / 2357)  # ceil(0.2 * 2357)


def test_abc_by_hand(found, cdnow_sample_log):
    known = customer_table(until(cdnow_sample_log, "1997-09-30"), as_of="1997-09-30").set_index("customer")
    log = cdnow_sample_log
    later = log[log["date"] > "1997-09-30"].groupby("customer")["amount"].sum().reindex(known.index).fillna(0)
    order = known["revenue"].sort_values(ascending=False)
    assert order.iloc[471] > order.iloc[472]  # no tie at the edge
    assert found["share_of_revenue"][0] == pytest.approx(later[order.index[:472]].sum() / later.sum(), rel=1e-12)
    best = later.sort_values(ascending=False).index[:472]
    assert found["share_of_revenue"][4] == pytest.approx(later[best].sum() / later.sum(), rel=1e-12)
    assert found["found"][0] == pytest.approx(len(set(best) & set(order.index[:472])) / 472, abs=0.003)


def test_all_but_the_seconds_is_the_same_again_in_any_order_of_rows(found, cdnow_sample_log):
    again = compare_methods(cdnow_sample_log.sample(frac=1, random_state=3), **SPAN, repeats=2)
    pd.testing.assert_frame_equal(again.drop(columns="seconds"), found.drop(columns="seconds"))
    assert (again["seconds"][:3] > 0).all()


@pytest.mark.parametrize("engine", ["polars", "pyarrow"])
def test_the_same_kind_comes_back(engine, found, cdnow_sample_log):
    native = build(engine, cdnow_sample_log)
    other = compare_methods(native, **SPAN, clock=ticking())
    assert kind(other) == kind(native) and rows(other) == rows(found)


def test_on_another_log_it_runs_too(other_log):
    found = compare_methods(other_log, split="2024-06-30", as_of="2024-12-30", top=0.1)
    assert np.isfinite(found[["share_of_revenue", "found"]].to_numpy()).all()


def test_sentences(cdnow_sample_log):
    with pytest.raises(DataError) as told:
        compare_methods(cdnow_sample_log, **SPAN, top=0)
    assert str(told.value) == "top is 0; a group of customers has a share above 0, e.g. 0.20 for 20 %."
    free = cdnow_sample_log.assign(amount=cdnow_sample_log["amount"].where(cdnow_sample_log["date"] <= "1997-09-30", 0.0))
    with pytest.raises(DataError) as told:
        compare_methods(free, **SPAN)
    assert str(told.value) == "All that was bought from 1997-09-30 to 1998-06-30 was free; revenue cannot be compared."
    with pytest.raises(DataError, match="lazy"):
        compare_methods(pl.LazyFrame({"customer": ["a"], "date": [None], "amount": [1.0]}), **SPAN)
