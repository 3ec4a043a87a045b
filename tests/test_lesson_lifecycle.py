"""The lesson *The customer life cycle* on logs of other shapes: it runs, and what it says is true of them."""

import re

import numpy as np
import pandas as pd
from lessons import TINY, bound, percent, prose


def silences(tx, day):
    return (day - tx.groupby("customer")["date"].max()).dt.days


BY_HAND = (
    "by hand: [2, 3, 5] crmlib: [2, 3, 5]",
    "by hand: {'quick': 13.2, 'slow': 76.0} crmlib: {'quick': 13.2, 'slow': 76.0} {'quick': 'silent', 'slow': 'active'}",
    "by hand: {10: 0.167, 20: 0.375, 40: 0.688} crmlib: {10: 0.167, 20: 0.375, 40: 0.688}",
    "U 9 200.0 inactive inactive",
    "Z target 目标客户 potential",
    "up: g 10, u 30, e 90, slope 10.10; crmlib: slope 10.10, t 38.2, growth",
    "by hand: [0.0, 3.0, 3.0] crmlib: [0.0, 3.0, 3.0]",
    "by hand: repeat rate 0.333, repurchase rate 0.500 crmlib: repeat rate 0.333, repurchase rate 0.500",
)


def test_it_tells_the_truth_about_another_log(read, other_log, tmp_path):
    refunds_only = pd.DataFrame({"customer": "R1", "date": other_log["date"].max(), "amount": [-3.0]})
    tx = pd.concat([other_log.drop(columns="order"), refunds_only], ignore_index=True)
    said, names, titles, view = read("lifecycle", **bound(tx, tmp_path / "log.csv"))
    assert all(line in said for line in BY_HAND) and "nan" not in said
    bought, last = tx[tx["amount"] >= 0], tx["date"].max()
    assert f"400 customers bought between {bought['date'].min():%Y-%m-%d} and {last:%Y-%m-%d}" in said
    assert "1 customer with refunds only left out" in said
    silence = silences(bought, last)
    for window in (30, 60, 90, 180, 365):
        active = (silence < window).sum()
        assert f" {window} {active} {400 - active} {active / 400:.3f}" in said
    first = bought["date"].min()
    split = first + pd.Timedelta(days=((last - first).days + 1) // 2)
    then = silences(bought[bought["date"] < split], split - pd.Timedelta(days=1))
    back = then.index.isin(bought.loc[bought["date"] >= split, "customer"]) & (then >= 180).to_numpy()
    called = (then >= 180).sum()
    verdict = "held" if back.sum() / called <= 0.10 else "did not hold"
    assert (
        f"'Whoever is silent for 180 days does not come back' (we take at most 10 %) {verdict} here: {back.sum()} of {called} "
        f"did, {percent(back.sum() / called)}." in said
    )
    assert view.sentence.startswith(f"With a window of 60 days, {(silence < 60).sum()} of 400 customers count as active")
    inactive = (silence >= 180).mean()
    assert titles[2].startswith(f"Inactive: {percent(inactive)} of the customers, ")
    orders = bought.groupby("customer")["date"].nunique()
    in_half = bought[bought["date"] >= split]
    new = bought.groupby("customer")["date"].min() >= split
    placed = in_half.groupby("customer")["date"].nunique().sum()
    assert f"repurchase rate {placed - new.sum()} {placed} {(placed - new.sum()) / placed:.3f}" in said
    assert f"gross growth rate {new.sum()} {len(then)} {new.sum() / len(then):.3f}" in said
    assert f"with three gaps or more of their own: {(orders > 3).sum()} customers" in said
    grown = names["now"].query("stage == 'growth'")["customer"].tolist()
    spent = {who: days.groupby("date")["amount"].sum().to_numpy() for who, days in bought.groupby("customer")}
    slopes = [np.polyfit(np.arange(len(spent[who])), spent[who], 1)[0] for who in grown if len(spent[who]) > 2]
    up, down = (sum(sign * slope > 1e-9 for slope in slopes) for sign in (1, -1))
    assert (
        f"{len(grown)} customers in growth, by slope: above zero {up}, below zero {down}, zero {len(slopes) - up - down}, "
        f"none (two purchase days) {len(grown) - len(slopes)}" in said
    )
    assert f"Fewer than three gaps, judged by the gaps of all: {(orders <= 3).sum()} of 400 customers" in said
    row = names["checked"].set_index("window_days").loc[90]
    assert f"Vouchers to {row['called']:.0f} customers: {row['came_back']:.0f} used by who comes anyway" in said


def test_sections_that_a_handful_of_lines_cannot_carry_say_why(read, tmp_path):
    said, _, titles, view = read("lifecycle", **bound(TINY, tmp_path / "log.csv", currency=""))
    assert "3 customers bought between 2024-05-01 and 2024-05-06" in said and "nan" not in said
    assert "Nobody bought on two days in this log, so there is no gap between purchases to learn from." in said
    assert "One snapshot only, so there is no step." in said and "This log has 1 snapshot, and two steps need three." in said
    assert "there is no curve to read." in said and "Half-way nobody had been silent for 90 days" in said
    assert titles[1].startswith("Inactive: 0.0 % of the customers") and "called nobody inactive" in view.sentence


def test_nobody_is_called_lost_and_nothing_is_called_retention():
    """Texts may be quoted as saying so; in its own voice the lesson says inactive and active."""
    words = " ".join(" ".join(text.split()) for text in prose("lifecycle"))
    own = [text for text in re.split(r"(?<=[.:;])\s", words) if re.search(r"\b(lost|retention|churn)\b", text)]
    allowed = ("of lost ones", 'never "lost"', "is called retention", "The text says lost", "lost (失去顾客)", "which texts call churn rate")
    assert all(any(phrase in text for phrase in allowed) for text in own), own
