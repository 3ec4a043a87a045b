"""The lesson *The customer-base audit* on logs of other shapes: it runs, and what it says is true of them."""

import re

import pandas as pd
import pytest
from lessons import bound, percent, prose

from crmlib import all_cohorts, one_cohort, one_period, two_periods

BY_HAND = (
    "by hand: 6 x 2.00 x 26.6667 x 0.40 = 128.00 crmlib: 6 x 2.00 x 26.6667 x 0.40",
    "wrong: their mean is 31.67, and 6 x 2.00 x 31.67 = 380.00",
    "by hand: {'both': 9.0, 'before only': -20.0, 'new': 35.0, 'returning': 20.0} sum 44.0 crmlib: {'both': 9.0",
    "L = 120.6659, sum of the parts 44.0000",
    "crmlib: {'customers': 26.9258, 'orders_each': -26.9258, 'order_value': 44.0, 'revenue': 44.0}",
    "wrong: active [3, 2, 1] and value to date per active [20.0, 35.0, 42.5]",
    "right: active [3, 1, 2] and value to date per member [20.0, 25.0, 30.0] all money by all members: 30.00",
    "wrong, this year: {'2024-01': 1.0, '2024-08': 0.5, '2024-11': 0.0}",
    "right, crmlib: {'2024-01': 0.5, '2024-08': 0.5, '2024-11': 0.5}",
    "by hand: carry-over 0.60, carried 66, new needed 1.80 crmlib: carry-over 0.60, carried 66, new needed 1.80",
    "crmlib: {'milk': 0.667, 'soap': 0.333, 'tea': 0.667}",
)


def missing(said):
    return [one for one in BY_HAND if one not in said]


def test_the_public_set_carries_all_and_its_tables_agree(read):
    said, names, titles, view = read("customer_base_audit", DATA="lighthouse", AS_OF="", CURRENCY="€", OPTIONS={})
    assert missing(said) == [] and "nan" not in said
    assert "This log carries all lenses, products and profit." in said and "refused" not in said
    assert len(titles) == 10 and not any("nan" in title for title in titles)
    assert titles[0] == "75.0 % of the customers are below the mean profit of €61.71"
    assert view.sentence.startswith("2025-01-01 to 2025-12-31 against 2024-01-01 to 2024-12-31: profit €114,628 to €165,990")
    agreed = said[said.index("total from and one other differ") :]
    assert len(re.findall(r"(?<!\d)0\.00(?!\d)", agreed[: agreed.index("Asked:")])) == 7
    assert re.search(r"has brought €247\.42\s+of revenue\s+by age 7\.", said)  # the rest of the memo is about profit
    assert "the calendar does not explain the gap" not in said  # its interval holds 0
    assert names["audit"].cohort == "2024 Q1" and "cohort 2024 Q1, 288 customers, by quarter" in said


def test_cdnow_is_refused_what_a_panel_cannot_show(read):
    said, names, titles, _ = read("customer_base_audit", DATA="cdnow", AS_OF="", CURRENCY="$", OPTIONS={})
    assert missing(said) == [] and "nan" not in said
    for lens in ("all cohorts", "products", "profit"):
        assert f"This log cannot carry '{lens}'" in said
    assert "What would mend it: the log of all customers." in said
    assert said.count("refused here, for the reason given above") == 3
    assert "the 6 months to 1998-06-30: 5,374 customers, 12,272 orders" in said  # the two halves of audit.md
    assert "customers 6421.00 5374.000" in said and "Revenue fell by $117,048" in said
    assert len(titles) == 7 and any(title.startswith("1997 Q1: 22.8 % active at age 1, 14.1 %") for title in titles)


def test_it_tells_the_truth_about_another_log(read, other_log, tmp_path):
    said, names, titles, _ = read("customer_base_audit", **bound(other_log.drop(columns="order"), tmp_path / "log.csv"))
    assert missing(said) == [] and "nan" not in said
    tx, as_of = names["tx"], names["as_of"]
    months = names["audit"].months
    people = one_period.by_customer(tx, as_of=as_of, months=months)
    whole = one_period.factors(people).iloc[0]
    assert f"{whole['customers']:,.0f} customers, {whole['orders']:,.0f} orders" in said
    assert f"Revenue an order is CHF {whole['order_value']:.2f}" in said
    changed = two_periods.changes(tx, as_of=as_of, months=months)
    assert f"repeat-buying rate: {percent(two_periods.repeat_buying_rate(changed))}" in said
    ages = one_cohort.by_age(tx, as_of=as_of, unit=names["unit"], cohort=names["cohort"])
    seen = ages[ages["complete"]]
    assert f"members brought CHF {seen['revenue_to_date'].iloc[-1]:.2f} each" in said
    base = all_cohorts.base_by_period(tx, as_of=as_of, unit=names["unit"])
    target = 1.1 * base.loc[base["complete"], "revenue"].iloc[-1]
    assert f"Target CHF {target:,.0f}, 10 % more than" in said


def test_fewer_customers_than_a_share_needs_are_said_and_another_log_read(read, other_log, tmp_path):
    few = other_log[other_log["customer"] < "K0015"].drop(columns="order")
    said, names, _, _ = read("customer_base_audit", **bound(few, tmp_path / "log.csv"))
    assert "it lacks 20 or more customers. From here on lighthouse is read." in said
    assert names["CURRENCY"] == "€" and "nan" not in said


def test_a_log_of_refunds_is_said_and_another_read(read, tmp_path):
    refunds = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-05-01"]), "amount": [-5.0]})
    said, _, _, _ = read("customer_base_audit", **bound(refunds, tmp_path / "log.csv"))
    assert "This log holds refunds and no purchase. From here on lighthouse is read." in said


@pytest.mark.parametrize("word", ["churn", "defect", "loyal", "lapsed", "retained"])
def test_nobody_is_called_lost(word):
    words = " ".join(" ".join(text.split()) for text in prose("customer_base_audit"))
    assert word not in words and words.count("retention") == 1  # the word that we do not say
    assert re.findall(r"\blost\b", words) == ["lost"]  # "it is no list of the lost"
