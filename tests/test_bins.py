"""The bins of a distribution as they are shown: worked by hand, counted by a loop, and nobody to be found in them."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from crmlib import plots
from crmlib.exhibits.distributions import bins_table, joined
from crmlib.frames import rows_of
from crmlib.one_period import distribution


def table(paid, **options):
    people = pd.DataFrame({"bought": True, "orders": 1, "revenue": paid})
    return bins_table(distribution(people, by="revenue", **options), measure="revenue", caption="Customers by revenue")


def test_small_bins_join_the_one_below_and_the_lowest_the_one_above():
    # below 0: 1; 0 to 10: 6; 10 to 20: 11; up to 40: nobody; 40 or more: 3
    found = table([-4.0] + [3.0] * 6 + [12.0] * 2 + [17.0] * 9 + [55.0] * 3, width=10, bins=4)
    assert found.headings == ("revenue from", "to below", "customers", "of all customers")
    assert found.rows == (("–", "10", "7", "33.3 %"), ("10", "–", "14", "66.7 %"))


def test_empty_bins_between_large_ones_are_shown():
    found = table([3.0] * 6 + [35.0] * 6, width=10, bins=4)
    assert [row[2] for row in found.rows] == ["6", "0", "0", "6"]


def test_fewer_than_five_in_all_are_not_counted():
    assert [row[2] for row in table([3.0, 15.0, 25.0], width=10, bins=3).rows] == ["<5"]


@pytest.mark.parametrize("seed", range(5))
def test_the_bins_are_those_of_a_loop_and_hide_one_to_four(seed):
    paid = np.random.default_rng(seed).lognormal(3, 1.2, 60).round(2)
    rows = table(paid).rows
    for low, high, n, share in rows:
        inside = [one for one in paid if (low == "–" or one >= low.value) and (high == "–" or one < high.value)]
        assert len(inside) == n.value and not 0 < n.value < 5 and share.value == pytest.approx(n.value / 60)
    assert sum(row[2].value for row in rows) == 60


@pytest.mark.parametrize("by", ["orders", "revenue"])
@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_bars_are_of_the_bins_of_the_table(kind, by):
    rng = np.random.default_rng(3)
    people = kind({"bought": [True] * 80, "orders": 1 + rng.poisson(2, 80), "revenue": rng.lognormal(3, 1.2, 80).round(2)})
    bins = distribution(people, by=by)
    found = joined(bins)
    assert isinstance(found, kind) and len(found) < len(bins) and list(found.columns) == list(bins.columns)
    assert [row["customers"] for row in rows_of(found)] == [row[2].value for row in bins_table(bins, measure=by, caption="").rows]
    assert sum(row["share_of_customers"] for row in rows_of(found)) == pytest.approx(1)
    shares = [bar.get_height() for bar in plots.distribution_bars(found, ax=plots.canvas()).patches]
    assert not any(0 < round(80 * share) < 5 for share in shares)


def test_bars_of_more_than_one_bin_are_hatched():
    bins = pd.DataFrame({"bin": ["0 to 5", "5 to 15", "15 to 20"], "low": [0.0, 5.0, 15.0], "high": [5.0, 15.0, 20.0],
                         "share_of_customers": [0.5, 0.3, 0.2]})  # fmt: skip
    ax = plots.distribution_bars(bins, mean=10.0, ax=plots.canvas())
    assert [bool(bar.get_hatch()) for bar in ax.patches] == [False, True, False]
    assert ax.lines[0].get_xdata()[0] == pytest.approx(1.0)  # in the middle of the second bar
