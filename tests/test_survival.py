import math

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib.errors import DataError, FitError
from crmlib.gaps import PurchaseDays
from crmlib.survival import gap_survival, survival_of

few = settings(max_examples=25, deadline=None)
FIRST = pd.Timestamp("2024-01-01")


def log(customers):
    """{customer: [days after FIRST ...]} -> a log."""
    lines = [(customer, day, 1.0) for customer, days in customers.items() for day in days]
    frame = pd.DataFrame(lines, columns=["customer", "date", "amount"])
    frame["date"] = (FIRST + pd.to_timedelta(frame["date"], unit="D")).astype("datetime64[us]")
    return frame


def day(number):
    return FIRST + pd.Timedelta(days=number)


# up to day 20: completed 5, 5, 10, 5; open 0 (a), 10 (b), 15 (c), 20 (d)
BY_HAND = log({"a": [0, 5, 10, 20], "b": [5, 10], "c": [5], "d": [0]})


@EVERY_ENGINE
def test_the_product_of_kaplan_and_meier_by_hand(engine):
    found = gap_survival(build(engine, BY_HAND), as_of=day(20))
    assert (found.completed, found.open) == (4, 4)
    table = found.table.set_index("day")
    assert table.index.tolist() == list(range(21))
    assert table["at_risk"].loc[[0, 1, 5, 6, 10, 11, 15, 16, 20]].tolist() == [8, 7, 7, 4, 4, 2, 2, 1, 1]
    # of the 7 gaps of at least 5 days 3 end on day 5; of the 4 of at least 10 days 1 on day 10, when another is open
    expected = {0: 0, 4: 0, 5: 3 / 7, 9: 3 / 7, 10: 1 - 4 / 7 * 3 / 4, 20: 4 / 7}
    for number, share in expected.items():
        assert found.ended(number) == table["ended"].loc[number] == pytest.approx(share, abs=1e-12)
    assert table["ended_completed"].loc[[4, 5, 9, 10, 20]].tolist() == [0, 0.75, 0.75, 1, 1]
    assert (table["ended_low"] <= table["ended"]).all() and (table["ended"] <= table["ended_high"]).all()


def test_what_one_asks_of_the_curve():
    found = gap_survival(BY_HAND, as_of=day(20))
    assert [found.quantile(share) for share in (0.1, 3 / 7, 0.5, 4 / 7, 0.6)] == [5, 5, 10, 10, None]
    assert found.ended(9.9) == found.ended(9)
    assert math.isnan(found.ended(21)) and math.isnan(found.ended(-1)) and math.isnan(found.comes_back(15, within=6))
    # still silent 4/7 after day 5, 3/7 after day 10
    assert found.comes_back(5, within=5) == pytest.approx(1 / 4, abs=1e-12)
    assert found.comes_back(5, within=4) == pytest.approx(0, abs=1e-12)
    assert found.comes_back(4, within=6) == pytest.approx(4 / 7, abs=1e-12)
    assert found.silence(0.3, within=5, at_risk=1) == 5
    assert found.silence(0.2, within=5, at_risk=1) == 10  # in between the gaps of 10 days still come back
    assert found.silence(0.2, within=5, at_risk=3) is None  # only 2 gaps are longer than 10 days
    assert found.silence(0.2, within=21, at_risk=1) is None
    for wrong in ({"comes_back": 0}, {"comes_back": 1}, {"within": 0}):
        with pytest.raises(DataError, match=r"; give a share and days, e\.g\. 0\.10 and 180\.$"):
            found.silence(**wrong)


def test_a_product_bought_once_a_year_is_not_dead_in_between():
    yearly = log({f"c{i}": [i, i + 365, i + 730] for i in range(40)})
    found = gap_survival(yearly, as_of=day(1400))
    assert found.comes_back(20, within=180) == 0
    assert found.silence(0.1, within=180) == 365


def test_without_a_completed_gap_there_is_nothing_to_learn():
    with pytest.raises(FitError, match=r"^Nobody bought on two days by then, so there is no gap between purchases to"):
        gap_survival(log({"a": [0], "b": [1, 9]}).head(2), as_of=day(5))


@few
@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.integers(0, 60), min_size=1, max_size=9), min_size=1))
def test_kaplan_meier_is_the_product_of_its_steps(customers):
    gaps = [int(gap) for days in customers.values() for gap in np.diff(sorted(days))]
    still_open = [60 - max(days) for days in customers.values()]
    if not gaps:
        return
    found = gap_survival(log(customers), as_of=day(60))
    silent = 1.0
    for number in range(max(gaps + still_open) + 1):
        at_risk = sum(gap >= number for gap in gaps + still_open)
        silent *= 1 - gaps.count(number) / at_risk
        assert found.ended(number) == pytest.approx(1 - silent, abs=1e-9)
        # the open gaps can only make the share that has ended smaller
        assert found.ended(number) <= found.table["ended_completed"][number] + 1e-9


def renewal(customers, mean, days, rng, *, leave=0.0):
    """Purchases with gaps of a known law, geometric in days, seen for ``days``; after each a share ``leave`` ends."""
    ids, at = np.arange(customers), rng.integers(0, 60, customers)
    ends = 1 - np.exp(-1 / np.broadcast_to(mean, customers))
    owner, day = [], []
    while len(ids):
        owner, day = [*owner, ids], [*day, at]
        at = at + rng.geometric(ends[ids])
        stay = (at <= days) & (rng.random(len(ids)) >= leave)
        ids, at = ids[stay], at[stay]
    owner, day = np.concatenate(owner), np.concatenate(day)
    order = np.lexsort((day, owner))
    start = np.r_[0, np.cumsum(np.bincount(owner, minlength=customers))]
    return PurchaseDays(list(range(customers)), day[order][start[:-1]], start, day[order], np.ones(len(day)))


def test_completed_gaps_alone_are_short_and_kaplan_meier_is_not():
    """The truth is known: P(gap <= d) = 1 - exp(-d / 60). Seen for 240 days by 4,000 customers."""
    days = renewal(4000, 60, 240, np.random.default_rng(5))
    found = survival_of(days, 240)
    for share in (0.5, 0.75, 0.9):
        truth = -60 * math.log(1 - share)
        assert found.quantile(share) == pytest.approx(truth, rel=0.03)
        assert np.quantile(days.gaps()[0], share) < 0.78 * truth
    table = found.table.head(181)
    truth = 1 - np.exp(-table["day"] / 60)
    assert np.abs(table["ended"] - truth).max() < 0.02
    assert (table["ended_completed"] - truth).max() > 0.1


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng, truth = np.random.default_rng(7), 1 - math.exp(-1)
    rows = [survival_of(renewal(300, 60, 240, rng), 240).table.loc[60] for _ in range(100)]
    assert 90 <= sum(row["ended_low"] <= truth <= row["ended_high"] for row in rows) <= 99


def test_where_customers_differ_the_frequent_ones_have_most_of_the_gaps():
    """Each customer has a rate of their own: Kaplan and Meier mend half of what completed gaps get wrong."""
    rng = np.random.default_rng(8)
    mean = 1 / rng.gamma(2, 1 / 120, 4000)
    days = renewal(4000, mean, 240, rng)
    typical = np.quantile(rng.geometric(1 - np.exp(-1 / np.repeat(mean, 50))), 0.9)
    mended, completed = survival_of(days, 240).quantile(0.9), np.quantile(days.gaps()[0], 0.9)
    assert completed < 0.5 * typical and 1.5 * completed < mended < 0.9 * typical


def test_of_those_who_leave_the_curve_knows_when():
    """Gaps of 30 days on average, a tenth leave after each purchase: P(back | d) = .9 s / (.9 s + .1), s = e^(-d/30)."""
    found = survival_of(renewal(4000, 30, 900, np.random.default_rng(6), leave=0.1), 900)
    for silence in (0, 30, 60, 120):
        still = 0.9 * math.exp(-silence / 30)
        assert found.comes_back(silence, within=300) == pytest.approx(still / (still + 0.1), abs=0.02)
    for share in (0.5, 0.25, 0.1):
        truth = -30 * math.log(share / (1 - share) / 9)
        assert found.silence(share, within=300) == pytest.approx(truth, rel=0.06)
    assert found.quantile(0.95) is None
