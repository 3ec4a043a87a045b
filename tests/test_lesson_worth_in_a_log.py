"""The lesson *What is a customer worth: in a log* on logs of other shapes: it runs, and what it says is true of them."""

import re

import pandas as pd
import pytest
from lessons import bound, percent, prose

from crmlib import clv, customer_table, fit_bgnbd, fit_gamma_gamma
from crmlib.customers import until
from crmlib.holdout import holdout

BY_HAND = (
    "R 2 80 10.00 8.00", "T 8 80 2.50 32.00", "10 0.511 0.511", "P 0 0 1.000 1.000", "T 8 20 0.005 0.005",
    "V 1 200.0 0.57 127.14 127.14", "11,104 donors: 3,464 never gave again in six years, 1,203 in all six",
)  # fmt: skip


def test_it_tells_the_truth_about_another_log(read, other_log, tmp_path):
    tx = other_log.drop(columns="order")
    said, names, titles, view = read("worth_in_a_log", **bound(tx, tmp_path / "log.csv"))
    assert [one for one in BY_HAND if one not in said] == [] and "nan" not in said
    as_of, split = tx["date"].max().date(), names["past"].split
    first = tx.loc[tx["amount"] >= 0, "date"].min().date()
    assert (split - first).days + 1 == ((as_of - first).days + 1) // 2
    past = customer_table(until(tx, split), as_of=split)
    assert f"{len(past)} customers by {split}; the test goes on to {as_of}" in said
    fitted = fit_bgnbd(past)
    assert f"makes {365 * fitted.r / fitted.alpha:.1f} repeat purchases a year on average" in said
    tested = holdout(tx, split=split, as_of=as_of).methods.query("measure == 'purchases'").set_index("method")
    error, rules = tested["error"], tested.index[1:]
    nearest = error[rules].abs().idxmin()
    verdict = "held" if abs(error["BGNBD"]) < abs(error[nearest]) else "did not hold"
    assert f"BG/NBD was off by {error['BGNBD']:+.1%}".replace("%", " %") in said
    assert (
        f"the nearest rule of thumb, '{nearest}', by {error[nearest]:+.1%}. 'The model forecasts the sum better than every "
        f"rule of thumb' {verdict} here.".replace("%", " %") in said
    )
    now = customer_table(tx, as_of=as_of)
    values = clv.clv(now, fit_bgnbd(now), fit_gamma_gamma(now), horizon=365, annual_discount=0.10)
    assert f"400 customers, CHF {values.sum():,.0f} in the next 365 days" in said
    assert f"the best tenth holds {percent(pd.Series(values).nlargest(40).sum() / values.sum())}" in said
    assert view.sentence.startswith("6 repeat purchases, the last one 60 days ago, first seen 200 days ago: P(alive) ")
    assert len(titles) == 9 and titles[-1].startswith("Seen for ")


def test_one_price_for_everybody_is_said_and_another_log_read(read, other_log, tmp_path):
    """Purchases can be modelled, spend cannot: it does not differ."""
    one_line_a_day = other_log[other_log["amount"] >= 0].drop_duplicates(["customer", "date"])
    tx = one_line_a_day.drop(columns="order").assign(amount=5.0)
    said, names, _, _ = read("worth_in_a_log", **bound(tx, tmp_path / "log.csv"))
    assert "Gamma-Gamma does not settle on these customers" in said and "From here on cdnow_sample is read." in said
    assert names["CURRENCY"] == "$" and "2,357 customers, $" in said and "nan" not in said
    assert said.index("customers by 2024-01-01") < said.index("Gamma-Gamma does not settle")


@pytest.mark.parametrize("word", ["lost", "churn"])
def test_nobody_is_called_lost(word):
    words = " ".join(" ".join(text.split()) for text in prose("worth_in_a_log"))
    assert not re.search(rf"\b{word}\b", words)
