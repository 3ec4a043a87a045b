"""The lesson *RFM and the pyramid* on logs of other shapes: it runs, and what it says is true of them."""

import numpy as np
import pandas as pd
from lessons import TINY, bound, percent, prose


def test_it_tells_the_truth_about_another_log(read, other_log, tmp_path):
    tx = other_log.drop(columns="order").assign(quantity=1)
    said, names, titles, view = read("rfm", **bound(tx, tmp_path / "log.csv"))
    paid = tx[tx["amount"] >= 0].groupby("customer")["date"]
    orders, net, as_of = paid.nunique(), tx.groupby("customer")["amount"].sum(), tx["date"].max()
    silent = (as_of - paid.max()).dt.days
    n = len(orders)
    assert f"{n} customers with a purchase up to {as_of:%Y-%m-%d}; without one: 0" in said
    worse = orders.rank(method="min") - 1
    lowest = (worse * 5 // n == 0).mean()
    assert f"{percent((orders == 1).mean())} of them have one order. The lowest F score holds {percent(lowest)}." in said
    assert f"R 5 by the rule, a purchase in the last 30 days: {percent((silent <= 30).mean())}; relative:" in said
    assert f"F 1 by the rule, one order: {percent((orders == 1).mean())}" in said
    important = [(net > net.median()).mean(), (net > net.mean()).mean()]
    assert f"{{'median': '{percent(important[0])} important', 'mean': '{percent(important[1])} important'}}" in said
    assert "have another score in units." in said and "no column quantity" not in said

    active = net[(silent < 365) & (net > 0)].sort_values(ascending=False)
    assert f"{len(active)} customers in the four tiers; {n - len(active)} below or beside them" in said
    top = active[: int(np.ceil(0.01 * len(active)))]
    share = percent(top.sum() / active.sum())
    assert titles[2] == f"The top tier: {len(top)} customers, {share} of the revenue"
    assert f"down to top: {len(top)} customers, fits into 100; {share} of the revenue" in said
    assert said.count("did not hold: ") == 3  # none of the claims is near this log of small regulars
    assert "In all: Grading is worth it." in said

    start = pd.Timestamp(names["halves"].split)
    before = orders.index[orders.index.isin(tx[(tx["date"] < start) & (tx["amount"] >= 0)]["customer"])]
    later = before.isin(tx[(tx["date"] >= start) & (tx["amount"] >= 0)]["customer"])
    assert f"{len(before)} customers before {start:%Y-%m-%d}; {percent(later.mean())} bought from then on" in said
    assert f"by the kept thresholds: 0 of {(~later).sum()} silent customers have a lower F" in said
    assert f"new: {n - len(before)}" in said
    assert view.sentence.startswith("F in 5 bins, equal customers in the order of the rows: all are used")
    assert "cdnow" not in said


def test_the_part_by_hand_is_right_whatever_the_log(read, tmp_path):
    """And a log of three lines says what it cannot carry."""
    said, _, titles, view = read("rfm", **bound(TINY, tmp_path / "log.csv", currency=""))
    assert "P 1 1 1 Q 3 1 3 R 1 1 1 S 1 1 1 T 2 3 2 U 3 3 3 crmlib gives the same: True" in said
    assert "ValueError: Bin edges must be unique" in said and "duplicates='drop': 2 instead of 3" in said
    assert "4 of 6 customers got another score, and none of them did anything" in said
    assert "by hand: [3, 3, 3] crmlib: [3, 3, 3]" in said
    assert "10 cells have no segment: 215, 241, 251, 252, 341, 351, 441, 451, 541, 551 58 cells have two" in said
    assert "by hand: [1, 0, 1, 4] crmlib: [1, 0, 1, 4] ['top', 'large', 'medium', 'small']" in said
    assert "by hand: rate 0.150, break-even 0.125, index 20, profit 16" in said
    assert "by hand: Wang 500,000, Li 25,000,000, 50 times as much" in said

    assert "3 customers with a purchase up to 2024-05-06; without one: 0" in said
    assert "This log has no column quantity" in said
    assert "With 3 customers in the tiers 1 % is not even one, so there is no verdict." in said
    assert "2 customers before 2024-05-04; 0.0 % bought from then on" in said  # b's refund is no purchase
    assert "(we ask for 20 each) there is no verdict." in said
    assert "Grading is not worth it: there are too few customers" in said
    assert view.sentence.startswith("F in 5 bins, equal customers in the order of the rows: nobody has the scores 3 and 5")
    assert titles[1] == "The big spenders: 33.3 % of customers bring 79.2 % of revenue"


def test_it_runs_where_more_was_paid_back_than_paid(read, tmp_path):
    log = pd.DataFrame(
        [("a", "2024-05-01", 5.0), ("a", "2024-05-09", 3.0), ("c", "2024-05-02", 4.0), ("b", "2024-05-02", -50.0)],
        columns=["customer", "date", "amount"],
    )
    said, _, _, _ = read("rfm", **bound(log, tmp_path / "log.csv"))
    assert "2 customers with a purchase up to 2024-05-09; without one: 1" in said


def test_who_bought_anyway_is_not_taken_for_a_response():
    text = " ".join(prose("rfm"))
    assert "Nobody was mailed" in text and "**not** what a" in text
