import dataclasses
import datetime as dt

import pandas as pd
import pytest

from crmlib import clv
from crmlib.audit import Refused, audit
from crmlib.errors import DataError


def log(rows):
    frame = pd.DataFrame(rows, columns=["customer", "date", "amount"])
    return frame.assign(date=pd.to_datetime(frame["date"]).astype("datetime64[us]"))


def parts(found):
    return {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}


def refused(found):
    return {name: part.why for name, part in parts(found).items() if isinstance(part, Refused)}


@pytest.fixture(scope="module")
def base(cdnow_log):
    return audit(cdnow_log, as_of="1998-06-30")


def test_cdnow(base):
    facts = base.facts
    assert (facts.customers, facts.orders, facts.lines, facts.once) == (23_570, 67_591, 69_659, 12_054)
    assert facts.revenue == pytest.approx(2_500_315.63, abs=1e-6)
    assert (facts.first_day, facts.last_day, facts.days) == (dt.date(1997, 1, 1), dt.date(1998, 6, 30), 546)
    assert facts.panel == 1 and facts.last_first == dt.date(1997, 3, 25) and facts.is_panel
    assert not refused(base)
    assert base.half == 2_262


def test_value_is_that_of_the_models(base, cdnow):
    value = base.value
    assert value.total == pytest.approx(clv.clv(cdnow, value.purchases, value.spend).sum())
    assert value.holdout.split == dt.date(1997, 9, 30)  # the first half of the days
    assert value.free == 1
    assert value.customers["p_alive"].between(0, 1).all()


def test_a_log_of_another_shape(other_log):
    found = audit(other_log, as_of=other_log["date"].max())
    assert not found.facts.is_panel
    assert not refused(found)
    assert found.facts.orders == other_log.loc[other_log["amount"] >= 0, "order"].nunique()
    assert found.facts.refunds == pytest.approx(other_log["amount"].clip(upper=0).sum())


def test_lines_after_as_of_play_no_part(other_log):
    day = "2024-06-30"
    early = other_log[other_log["date"] <= day]
    assert audit(other_log, as_of=day).facts == audit(early, as_of=day).facts


def test_as_of_before_the_first_purchase_raises(other_log):
    with pytest.raises(DataError, match="as_of 2000-01-01 is before the first purchase"):
        audit(other_log, as_of="2000-01-01")


MONTHS = [f"2024-{month:02d}-05" for month in range(1, 13)]
LOGS = {
    "one purchase": [("a", "2024-01-05", 10.0)],
    "one customer": [("a", day, 10.0) for day in MONTHS],
    "a refund only": [("a", "2024-01-05", -10.0)],
    "all refunded": [(f"c{n}", MONTHS[n % 12], sign * 5.0) for n in range(40) for sign in (1, -1)],
    "no money": [(f"c{n}", MONTHS[n % 12], 0.0) for n in range(40)],
    "nobody twice": [(f"c{n}", MONTHS[n % 12], 5.0 + n) for n in range(60)],
    "ten days": [(f"c{n}", f"2024-01-{1 + n * k % 10:02d}", 5.0 + n) for n in range(60) for k in range(1 + n % 3)],
    "all the same": [(f"c{n}", MONTHS[k], 5.0) for n in range(60) for k in range(6)],
}
WHY = {
    "one purchase": ("value", "The log has 1 customer; with fewer than 20"),
    "one customer": ("segmented", "The log has 1 customer; with fewer than 20"),
    "a refund only": ("periods", "a view by month needs two whole calendar months"),
    "all refunded": ("lorenz", "brought no revenue in all"),
    "no money": ("top", "brought no revenue in all"),
    "nobody twice": ("value", "Nobody bought twice"),
    "ten days": ("segmented", "The log covers 10 days; who bought lately and who has gone quiet"),
    "all the same": ("value", "BG/NBD"),
}


@pytest.mark.parametrize("name", LOGS)
def test_what_a_log_cannot_carry_has_its_reason(name):
    lines = log(LOGS[name])
    found = audit(lines, as_of=lines["date"].max())
    part, reason = WHY[name]
    assert reason in refused(found)[part]
    for why in refused(found).values():
        assert why.endswith(".") and "Traceback" not in why
    assert found.facts.lines == len(lines)


@pytest.mark.parametrize(("customers", "carries"), [(19, False), (20, True)])
def test_twenty_customers_are_a_base(customers, carries):
    lines = log([(f"c{n}", day, 5.0 + n) for n in range(customers) for day in MONTHS[n % 6 :]])
    assert (not isinstance(audit(lines, as_of="2024-12-05").abc, Refused)) == carries


@pytest.mark.parametrize(("late", "panel"), [(2, True), (6, False)])
def test_a_panel_is_a_group_that_nobody_joins(late, panel):
    early = [(f"c{n}", MONTHS[0], 5.0) for n in range(60 - late)]
    later = [(f"l{n}", MONTHS[8], 5.0) for n in range(late)]
    assert audit(log(early + later), as_of="2024-12-31").facts.is_panel == panel


@pytest.mark.parametrize(("years", "first"), [(2, "2010-01"), (5, "2010 Q1"), (12, "2010")])
def test_long_logs_are_shown_in_quarters_and_years(years, first):
    lines = log(
        [
            (f"c{n}", f"{2010 + year}-{month:02d}-01", 5.0)
            for n in range(3)
            for year in range(years)
            for month in (1, 12)
        ]
    )
    assert audit(lines, as_of=lines["date"].max()).periods["period"].tolist()[0] == first


def test_customers_with_more_refunds_than_purchases_are_counted():
    lines = log([(f"c{n}", day, 5.0 + n) for n in range(30) for day in MONTHS] + [("c1", MONTHS[2], -500.0)])
    found = audit(lines, as_of="2024-12-05")
    assert found.facts.negative == 1
    assert found.lorenz["share_of_customers"].size == 30  # 29 customers and the origin
