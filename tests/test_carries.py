"""What a log can carry: CDNOW is a cohort panel, the shop is a firm, a short log says what it lacks."""

import datetime as dt

import numpy as np
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from hypothesis import given
from hypothesis import strategies as st
from made_logs import START, busy_log, log

import crmlib
from crmlib.audit import audit
from crmlib.carries import carries, silent_stretches

pytestmark = pytest.mark.filterwarnings("ignore::crmlib.DataNotice")
LENSES = ["one period", "two periods", "one cohort", "cohorts compared", "all cohorts", "products", "profit"]


def verdicts(tx, as_of):
    found = carries(tx, as_of=as_of)
    assert found["lens"].tolist() == LENSES
    yes = found["verdict"] == "yes"
    assert found["missing"].isna().tolist() == yes.tolist() == found["mends"].isna().tolist()
    assert found["view"].notna().all()
    found = found.set_index("lens")
    refused = found["verdict"] == "no"
    assert found["nearest"].notna().tolist() == refused.tolist()
    carried = {*found.index[~refused], "concentration", "data"}  # the last two are of the whole log
    assert {*found.loc[refused, "nearest"]} <= carried
    return found


def test_cdnow_is_a_cohort_panel(cdnow_log):
    found = verdicts(cdnow_log, "1998-06-30")
    assert found["verdict"].tolist() == ["yes", "limited", "yes", "limited", "no", "no", "no"]
    assert "of one cohort, and not of the firm" in found.loc["one period", "view"]
    assert found.loc["two periods", "missing"].endswith("in which nobody can be new")
    assert found.loc["two periods", "view"].startswith("the 6 months to 1998-06-30 and the 6 months before")
    assert found.loc["all cohorts", "nearest"] == "one cohort" and found.loc["profit", "nearest"] == "one period"
    assert found.loc["one cohort", "unit"] == "quarter" and found.loc["cohorts compared", "unit"] == "month"
    assert "check of stability" in found.loc["cohorts compared", "view"]
    assert "no growth, no new share and no health" in found.loc["all cohorts", "view"]


def test_the_shop_carries_everything():
    found = verdicts(crmlib.datasets.load("lighthouse"), "2025-12-31")
    assert found["verdict"].tolist() == ["yes"] * 7
    assert "since 2024-01-01" in found.loc["all cohorts", "view"]


def arrivals(length, customers=200, seed=3):
    rng = np.random.default_rng(seed)
    days = np.sort(rng.integers(0, length, customers))
    return log([(f"{who}", int(day), 5.0) for who, day in enumerate(days)] + [("0", 0, 1.0)])


def test_a_short_log_says_what_it_lacks():
    found = verdicts(arrivals(200), START.replace(month=7, day=19))
    assert found["verdict"].tolist()[:5] == ["limited", "limited", "yes", "limited", "limited"]
    assert found.loc["one period", "missing"] == "a whole year: the log covers 200 days (7 months)"
    assert found.loc["all cohorts", "missing"].startswith("birth dates")
    found = verdicts(arrivals(20), START.replace(day=20))
    assert found["verdict"].tolist() == ["no"] * 7
    assert {*found["nearest"]} == {"concentration"}
    few = verdicts(log([("a", 5, 1.0), ("b", 400, 1.0)]), "2024-12-31")
    assert few["missing"].tolist()[:5] == ["20 or more customers"] * 5
    assert {*few["nearest"]} == {"data"}


# ---- who still joins


def joined(days, until, purchases=(0, 40, 80)):
    """A log of customers who join on these days and buy so many days later; one of them buys every ten days to the end."""
    lines = [(f"c{n}", day + after, 5.0) for n, day in enumerate(days) for after in purchases if day + after <= until]
    return log([*lines, *(("c0", day, 1.0) for day in range(0, until + 1, 10))])


def day(date):
    return (dt.date.fromisoformat(date) - START).days


def test_a_firm_that_wins_nobody_has_no_chart_of_all_cohorts():
    ends = day("2026-03-31")
    tx = joined(range(0, day("2025-06-19") + 1, 9), ends)  # 101 of them; by year the cohorts of 2023 to 2025 are whole
    found = verdicts(tx, "2026-03-31").loc["all cohorts"]
    assert found["verdict"] == "no" and found["nearest"] == "cohorts compared"
    assert found["missing"] == "customers who still join: nobody made a first purchase after 2025-06-19"
    assert found["mends"] == "a log with those who joined after 2025-06-19, if anybody did"


def test_a_shop_that_wins_customers_in_one_season_still_wins_them():
    season = [day(f"{year}-11-01") + n for year in (2023, 2024, 2025) for n in range(0, 60, 2)]
    found = verdicts(joined([0, *season], day("2026-09-30")), "2026-09-30").loc["all cohorts"]
    assert (found["verdict"], found["unit"]) == ("limited", "year") and found["missing"].startswith("birth dates")
    # the longest pause before was from 2023-12-29 to 2024-11-01, 308 days; so long after 2025-12-29 is 2026-11-02
    tx = joined([0, *season], day("2026-11-03"))
    assert verdicts(tx, "2026-11-02").loc["all cohorts", "verdict"] == "limited"
    assert verdicts(tx, "2026-11-03").loc["all cohorts", "verdict"] == "no"


def test_fewer_than_twenty_in_the_last_year_are_not_enough():
    early = [day(f"{year}-01-01") + n * 9 for year in (2023, 2024, 2025) for n in range(40)]
    late = [day("2026-02-01") + n * 60 for n in range(6)]  # the last on 2026-11-28
    found = verdicts(joined([*early, *late], day("2026-12-30")), "2026-12-30").loc["all cohorts"]
    assert found["missing"] == "customers who still join: fewer than 20 made a first purchase in the last 365 days"


# ---- days without a line


def by_loop(days, as_of):
    """The silent stretches, day by day; the 95th percentile is the lower of the two gaps between which it lies."""
    gaps = sorted(later - one for one, later in zip(days, days[1:], strict=False))
    usual = gaps[int(0.95 * (len(gaps) - 1))]
    found, run = [], []
    for each in range(days[0], as_of + 2):
        if each in days or each > as_of:
            if len(run) > 31 and len(run) > 10 * usual + 1e-9:
                found.append((run[0], run[-1]))
            run = []
        else:
            run.append(each)
    return found


@given(st.sets(st.integers(0, 40).map(lambda n: n * n // 2), min_size=2), st.integers(0, 200))
def test_silent_stretches_are_those_of_a_loop(days, after):
    days = sorted(700_000 + each for each in days)
    found = silent_stretches(days[::-1], dt.date.fromordinal(days[-1] + after))
    assert [(one.toordinal(), other.toordinal()) for one, other in found] == by_loop(days, days[-1] + after)


def test_a_hole_limits_every_lens_whose_days_it_lies_in():
    ends = 958  # 2025-08-16; the last 12 months begin on 2024-08-17
    whole = joined(range(0, 898, 3), ends, (0, 30, 60))
    assert verdicts(whole, START + dt.timedelta(ends)).loc["two periods", "verdict"] == "yes"
    hole = whole[(whole["date"] < "2024-03-06") | (whole["date"] > "2024-10-01")]
    found = verdicts(hole, START + dt.timedelta(ends))
    said = "lines of some days: the log holds no line from 2024-03-0"
    for lens in ("one period", "two periods", "one cohort", "cohorts compared", "all cohorts"):
        assert found.loc[lens, "verdict"] == "limited", lens
        assert said in found.loc[lens, "missing"] and found.loc[lens, "missing"].endswith("to 2024-10-01")
        assert found.loc[lens, "mends"].endswith("the lines of these days, or the word that nothing could be bought on them")
    assert found.loc["profit", "missing"] == "a column 'cost'"


def test_a_hole_before_a_period_leaves_it_as_it_is():
    tx = joined(range(0, 898, 3), 958, (0, 30, 60))
    hole = tx[(tx["date"] < "2023-03-06") | (tx["date"] > "2023-06-01")]
    found = verdicts(hole, "2025-08-16")
    assert found["verdict"].tolist()[:5] == ["yes", "yes", "limited", "limited", "limited"]


def test_refunds_alone_carry_nothing():
    found = verdicts(log([(f"c{n}", n, -1.0) for n in range(30)]), "2023-12-31")
    assert found["verdict"].tolist() == ["no"] * 7 and {*found["nearest"]} == {"data"}
    assert {*found["missing"][:6]} == {"purchases: the log holds refunds only"}


def test_twenty_must_have_bought_in_the_period_itself():
    joining = [(f"c{n}", 10 * n, 5.0) for n in range(40)]  # three of them in 2024, on days 370 to 390
    for again, carried in ((16, "no"), (17, "limited")):  # limited: half of the year has no line
        found = verdicts(log(joining + [(f"c{n}", 500, 5.0) for n in range(again)]), "2024-12-31")
        assert found.loc["one period", "verdict"] == found.loc["two periods", "verdict"] == carried
    assert found.loc["products", "missing"] == "a column 'product'"
    few = verdicts(log(joining).assign(product="a"), "2024-12-31")
    assert few.loc["one period", "missing"] == "20 or more customers who bought from 2024-01-01 to 2024-12-31" == few.loc["products", "missing"]
    assert few.loc["two periods", "missing"] == "20 or more customers who bought in each of the 12 months before 2024-01-01 and from it on"


def test_costs_with_gaps_are_no_profit():
    tx = arrivals(300)
    assert verdicts(tx.assign(cost=1.0), "2023-12-31").loc["profit", "verdict"] == "yes"
    gaps = tx.assign(cost=[None] + [1.0] * (len(tx) - 1))
    assert verdicts(gaps, "2023-12-31").loc["profit", "missing"] == "the cost of some lines"


def test_a_panel_is_what_the_report_calls_one(cdnow_sample_log):
    assert audit(cdnow_sample_log, as_of="1998-06-30").facts.is_panel
    assert verdicts(cdnow_sample_log, "1998-06-30").loc["all cohorts", "verdict"] == "no"


@EVERY_ENGINE
def test_every_engine_gives_the_same_in_its_own_kind(engine):
    tx = busy_log()
    native = build(engine, tx)
    found = carries(native, as_of="2024-11-15")
    assert kind(found) == kind(native)
    assert rows(found) == rows(carries(tx, as_of="2024-11-15"))
