"""What a log can carry: CDNOW is a cohort panel, the shop is a firm, a short log says what it lacks."""

import numpy as np
import pytest
from engines import EVERY_ENGINE, build, kind, rows
from made_logs import START, busy_log, log

import crmlib
from crmlib.audit import audit
from crmlib.carries import carries

pytestmark = pytest.mark.filterwarnings("ignore::crmlib.DataNotice")
LENSES = ["one period", "two periods", "one cohort", "cohorts compared", "all cohorts", "products", "profit"]


def verdicts(tx, as_of):
    found = carries(tx, as_of=as_of)
    assert found["lens"].tolist() == LENSES
    yes = found["verdict"] == "yes"
    assert found["missing"].isna().tolist() == yes.tolist() == found["mends"].isna().tolist()
    assert found["view"].notna().all()
    return found.set_index("lens")


def test_cdnow_is_a_cohort_panel(cdnow_log):
    found = verdicts(cdnow_log, "1998-06-30")
    assert found["verdict"].tolist() == ["yes", "limited", "yes", "limited", "no", "no", "no"]
    assert "of one cohort, and not of the firm" in found.loc["one period", "view"]
    assert found.loc["two periods", "missing"].endswith("in which nobody can be new")
    assert found.loc["two periods", "view"].startswith("the 6 months to 1998-06-30 and the 6 months before")
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
    few = verdicts(log([("a", 5, 1.0), ("b", 400, 1.0)]), "2024-12-31")
    assert few["missing"].tolist()[:5] == ["20 or more customers"] * 5


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
