"""The lesson *What is a customer worth: on paper*: what it works out by hand, and what it says of another log."""

import re

import pandas as pd
from lessons import TINY, bound, percent, prose

from crmlib.explore_value import order_value, worth_by_model
from crmlib.wording import money

BY_HAND = (
    "by hand: 312.41 crmlib: 312.41",
    "by hand: 366.67, 266.67, 333.33",
    "now today, from everybody 366.67 renewal after one period, from those who stayed 266.67",
    "10 % a year is 0.00797 a month",
    "months with a month's discount: 265.44; months with a year's discount: 84.62",
    "alpha 0.704, beta 1.182",
    "after year 12: 0.173 came, 0.087 by a constant rate, 0.170 by sBG 'One constant rate projects this cohort' (within two points) "
    "did not hold.",
    "by hand: 51.574 4.596 crmlib: 51.574 4.596",
    "[52.32, 5.55, 1.25, -1.82, 0.0]",
    "3 53.15 True",
    "by hand: 108.60; crmlib: 108.60",
    "by hand: narrow 80.00, broad 290.00 crmlib: narrow 80.00, broad 290.00",
    "366.67 -> 440.00, a rise of 20.0 % crmlib: 20.0 %",
    "25 %, margins growing by 0 % a year: from a retention of 85.0 % on No retention gives a lift of 85 %",
    "by hand: 36.67 crmlib: 36.67",
    "by hand: 138.67; crmlib: 138.67",
)


def test_it_tells_the_truth_about_another_log(read, other_log, tmp_path):
    refunds_only = pd.DataFrame({"customer": "R1", "date": other_log["date"].max(), "amount": [-3.0]})
    tx = pd.concat([other_log.drop(columns="order"), refunds_only], ignore_index=True)
    said, names, titles, view = read("worth_on_paper", **bound(tx, tmp_path / "log.csv"))
    assert [line for line in BY_HAND if line not in said] == [] and "nan" not in said
    last = f"{tx['date'].max():%Y-%m-%d}"
    margin = 0.30 * order_value(tx)
    assert f"400 customers up to {last}; an order leaves {money(margin, 'CHF')}" in said
    worth = worth_by_model(tx, as_of=last, margin=0.30, serve=0.25).table
    below = worth["past_value"] + worth["clv"] < 0
    assert f"below zero, past and next year together: {percent(below.mean())}" in said
    high = (~below) & (worth["past_value"] >= margin) & (worth["clv"] >= 0)
    assert f"MVC {high.sum()} {high.mean():.2f}" in said
    assert titles[-1].startswith(f"MVC: {percent(high.mean())}, {money(worth['clv'][high].sum(), 'CHF', 0)} expected next year")
    assert f"expected to cover their cost: {percent((worth['clv'] >= 0).mean())} of the customers now" in said
    assert view.sentence.startswith("A margin of 100.00 a period, retention 80.0 %, discount 10.0 %: 366.67")
    assert names["worth"].said == ""


def test_a_log_that_carries_no_forecast_says_why_and_another_is_read(read, tmp_path):
    said, names, titles, _ = read("worth_on_paper", **bound(TINY, tmp_path / "log.csv", currency="CHF"))
    assert "This log cannot carry a forecast of each customer." in said and "From here on cdnow_sample is read." in said
    assert "2,357 customers up to 1998-06-30; an order leaves $" in said and names["CURRENCY"] == "$"
    assert len(titles) == 5


def test_retention_is_said_of_contracts_only():
    """The part that reads a log speaks of neither retention nor customers who are lost."""
    texts = prose("worth_on_paper")
    start = next(place for place, text in enumerate(texts) if text.startswith("## 11."))
    end = next(place for place, text in enumerate(texts) if text.startswith("## Recap"))
    about_the_log = " ".join(texts[start:end])
    assert not re.search(r"\b(retention|churn|lost)\b", about_the_log)
