"""The lesson *Who brings the money* on logs of other shapes: it runs, and what it says is true of them."""

import numpy as np
import pandas as pd
import pytest
from lessons import TINY, bound, percent


def top(values, q):
    """Whole customers only: q times their number has to be whole."""
    return np.sort(values)[::-1][: round(q * len(values))].sum() / values.sum()


@pytest.mark.parametrize("share", [0.97, 0.84, 0.76, 0.5])
def test_the_verdict_on_the_claim_turns_with_the_data(read, tmp_path, share):
    """Ten customers on ten days, the best two of whom bring just that share."""
    amounts = [share * 500] * 2 + [(1 - share) * 125] * 8
    tx = pd.DataFrame(
        {"customer": [f"c{i}" for i in range(10)], "date": pd.date_range("2024-01-01", periods=10), "amount": amounts}
    )
    said, _, titles, _ = read("pareto", **bound(tx, tmp_path / "log.csv"))
    assert f"The top 20 % bring {percent(share)} of the revenue; by count {percent(share)}, 0.00 points apart." in said
    verdict = "held" if share in (0.84, 0.76) else "did not hold"
    assert f"'80 % from 20 %' {verdict} here: measured minus claimed is {100 * (share - 0.8):+.1f} points." in said
    assert f"The top 20 % of 10 customers bring {percent(share)}" in titles


@pytest.mark.parametrize("with_refunds", [False, True])
def test_it_tells_the_truth_about_another_log(read, other_log, tmp_path, with_refunds):
    tx = other_log.drop(columns="order")
    if with_refunds:  # 25 customers get more back than they paid, so that 375 count
        owing = tx["customer"].unique()[::16]
        spent = tx[tx["amount"] > 0].groupby("customer")["amount"].sum()[owing]
        back = pd.DataFrame({"customer": owing, "date": tx["date"].max(), "amount": -spent.to_numpy() - 1})
        tx = pd.concat([tx, back], ignore_index=True)
    said, names, titles, view = read("pareto", **bound(tx, tmp_path / "log.csv"))
    net = tx.groupby("customer")["amount"].sum()
    paid = net[net >= 0]
    assert (
        f"{len(paid)} customers from {tx['date'].min():%Y-%m-%d} to {tx['date'].max():%Y-%m-%d}, CHF {paid.sum():,.2f}"
        in said
    )
    assert f"{len(net) - len(paid)} customers left out: refunds only, or more refunds than purchases" in said
    share = top(paid, 0.20)
    assert (
        f"The top 20 % bring {percent(share)} of the revenue" in said and "'80 % from 20 %' did not hold here" in said
    )
    assert f"top 20 %: {percent(share)} of the revenue" in said
    assert f"the other 80 %: {percent(1 - share)}, CHF {(1 - share) * paid.sum():,.0f}" in said
    reached = np.sort(paid)[::-1].cumsum() / paid.sum()
    needed = int((reached < 0.8).sum()) + 1
    assert f"80 % of the revenue takes {needed} customers, {percent(needed / len(paid))} of all" in said
    assert f"A {needed} customers" in said
    positive = net[net > 0]
    fifth = int(np.ceil(0.2 * len(positive) - 1e-9))  # by count, of those who brought something
    on_count = names["by_count"]["class"].value_counts()
    assert on_count["A"] == fifth and on_count["A"] + on_count["B"] == int(np.ceil(0.5 * len(positive) - 1e-9))
    other = (names["by_count"].set_index("customer")["class"] != names["classes"].set_index("customer")["class"]).sum()
    assert f"another letter than by the cuts 80/95 on value: {other:,} of {len(net):,}." in said
    assert f"The top 20 % bring {percent(share)}; in 95 % of 1,000 resamples it was " in said
    assert "'The top 20 % follow a Pareto law' " in said
    assert titles[1] == f"The top 20 % of {len(paid)} customers bring {percent(share)}"
    assert titles[3].startswith(f"Class A: {percent(needed / len(net))} of all customers, 80.")

    shares = names["windows"]["top_share"]
    rising = shares.is_monotonic_increasing
    assert (
        f"the more the top brings' {'held' if rising else 'did not hold'} here: {percent(shares.iloc[0])} in 3 months"
        in said
    )
    assert titles[2] == f"The top 20 % bring {percent(shares.min())} to {percent(shares.max())}, by window"
    assert view.sentence.startswith("In the last 3 months (2024-09-30 to 2024-12-30) the top 20 % of ")
    halves = names["halves"]
    assert f"Again in the top 20 % from {halves.split} to {halves.last}: {halves.stayed}." in said
    first = names["windows"].iloc[0]
    assert (
        f"by hand, from {first['start']:%Y-%m-%d}: {first['customers']} buyers, top 20 % {first['top_share']:.3f}"
        in said
    )
    assert "in both by hand: 1 in both by crmlib: 1" in said
    assert f"the top 1 % ({len(paid) / 100:,.1f} of them) left a margin of" in said
    assert ("N " in said.split("cuts (0.7, 0.9)")[1][:80]) == with_refunds


def test_sections_that_a_handful_of_lines_cannot_carry_say_why(read, tmp_path):
    said, _, titles, view = read("pareto", **bound(TINY, tmp_path / "log.csv", currency=""))
    assert "3 customers from 2024-05-01 to 2024-05-06, 126.25" in said
    # 0.6 of c by interpolation, all of c by count
    assert f"bring {percent(60 / 126.25)} of the revenue; by count {percent(100 / 126.25)}, 31.68 points apart" in said
    assert "The log is too short to compare windows: it carries none of them." in said
    assert "No customer paid both before 2024-05-04 and from then on, so there is nothing to compare." in said
    assert "The log covers 6 days, too few for two periods of 6 months each." in said
    assert len(titles) == 3 and titles[2].startswith("Class A")  # no chart of windows
    assert "1 % of 3 customers is not even one: there is no such group here." in said
    assert view.sentence.startswith("In the whole log (2024-05-01 to 2024-05-06, less than 1 month)")
    assert "There is no interval here. An interval needs at least 20 customers; there are 3." in said
    assert "By likelihood: none. A Pareto law needs at least 20 customers" in said
    assert "nan" not in said


@pytest.mark.parametrize("amount", [3.0, 5.0, 0.1])
def test_one_customer_of_any_amount_ends_in_no_error(read, tmp_path, amount):
    said, _, _, _ = read("pareto", **bound(TINY[:1].assign(amount=amount), tmp_path / "log.csv"))
    assert "no Pareto law goes through that" in said
