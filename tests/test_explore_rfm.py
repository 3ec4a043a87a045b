"""What the RFM lesson turns and says: scores by three treatments of ties, halves of a log, verdicts that can turn."""

import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmlib import DataError, customer_table, explore_rfm, pyramid, rfm
from crmlib.explore_rfm import TIES, bins_and_ties, score, split_ties, trial, two_halves
from crmlib.response import Offer

SIX = pd.DataFrame({"customer": list("PQRSTU"), "orders": [1, 1, 1, 1, 2, 7], "revenue": [10, 50, 12, 12, 20, 90]})
SIX["days_since_last"] = [200, 10, 90, 90, 30, 5]


def log(*lines):
    return pd.DataFrame(lines, columns=["customer", "date", "amount"]).astype({"date": "datetime64[us]"})


# scores


@pytest.mark.parametrize(
    ("ties", "by_hand"),
    [("share", [1, 1, 1, 1, 3, 3]), ("rows", [1, 1, 2, 2, 3, 3]), ("drop", [1, 1, 1, 1, 2, 2])],
)
def test_three_treatments_by_hand(ties, by_hand):
    assert score(SIX["orders"], bins=3, ties=ties).tolist() == by_hand


_numbers = st.lists(st.integers(-5, 30), min_size=1, max_size=40)


@settings(max_examples=50)
@given(_numbers, st.integers(2, 10))
def test_the_treatments_are_those_of_pandas_and_crmlib(values, bins):
    customers = pd.DataFrame({"orders": 1, "days_since_last": 0.0, "revenue": np.array(values, float)})
    assert score(values, bins=bins).tolist() == rfm.scores(customers, bins=bins)["m"].tolist()
    assert split_ties(values, score(values, bins=bins)) == 0
    rows = (pd.Series(values).rank(method="first") - 1) * bins // len(values) + 1
    assert score(values, bins=bins, ties="rows").tolist() == rows.tolist()
    dropped = score(values, bins=bins, ties="drop")
    assert split_ties(values, dropped) == 0 and dropped.min() == 1 and dropped.max() <= bins
    assert (np.diff(dropped[np.argsort(values, kind="stable")]) >= 0).all()


def test_edges_that_fall_together_are_dropped():
    # of seven bins of eight numbers the fifth edge is the sixth number, 1: all lie up to it, so that one bin is left
    assert score([0, 0, 0, 0, 0, 1, 1, 1], bins=7, ties="drop").tolist() == [1] * 8
    assert score([4, 4, 4], bins=5, ties="drop").tolist() == [1] * 3 and not len(score([], bins=5, ties="drop"))


def test_other_words_for_ties_and_letters_are_refused():
    with pytest.raises(DataError, match="^ties 'random' is not known; choose 'share', 'rows', 'drop'.$"):
        score([1], bins=2, ties="random")
    with pytest.raises(DataError, match="^axis 'x' is not known; choose 'r', 'f' or 'm'.$"):
        bins_and_ties(SIX, axis="x")


def test_customers_apart_from_an_equal_one_are_counted():
    assert split_ties([1, 1, 1, 1, 2, 7], [1, 1, 2, 2, 3, 3]) == 4
    assert split_ties([1, 1, 2, 2], [1, 1, 1, 2]) == 2


# the explorer


def heights(view):
    return [bar.get_height() for bar in view.figure.axes[0].patches]


def test_the_explorer_shows_the_counts_and_who_is_split():
    view = bins_and_ties(SIX, axis="f", bins=3, ties="rows")
    assert heights(view) == [2, 2, 2]
    title = view.figure.axes[0].get_title(loc="left")
    assert title == "F, 3 bins: 4 of 6 customers apart from an equal one"
    assert view.sentence == (
        "F in 3 bins, equal customers in the order of the rows: all are used, and the fullest holds 33.3 % of 6 "
        "customers. 4 customers with equally many orders do not all have the same score."
    )
    view = bins_and_ties(SIX, axis="f", bins=3)
    assert heights(view) == [4, 0, 2]
    assert view.sentence.startswith("F in 3 bins, equal customers share a score: nobody has the score 2, and the full")
    assert heights(bins_and_ties(SIX, axis="f", bins=3, ties="drop")) == [4, 2, 0]


def test_each_knob_changes_the_picture():
    assert heights(bins_and_ties(SIX, axis="r", bins=3)) == [3, 1, 2]  # few days are good: P, R and S are worst
    assert heights(bins_and_ties(SIX, axis="m", bins=2)) == [3, 3]


def test_the_explorer_says_the_same_of_polars_and_of_other_rows(other_log):
    customers = customer_table(other_log, as_of="2024-12-30")
    for ties in ("share", "drop"):
        said = {bins_and_ties(one, ties=ties).sentence for one in (customers, pl.from_pandas(customers), customers[::-1])}
        assert len(said) == 1


def test_the_counts_are_those_of_the_library(cdnow):
    counts = rfm.bin_counts(rfm.scores(cdnow))
    for axis in "rfm":
        assert heights(bins_and_ties(cdnow, axis=axis)) == counts[axis].tolist()
    assert "17,530 customers with equally many orders" in bins_and_ties(cdnow, ties="rows").sentence


def test_all_positions_of_the_knobs_by_hand():
    """R has two customers with 90 days, F four with one order, M two with 12; only the order of rows parts them."""
    found = explore_rfm.ties_compared(SIX, bins=3)
    assert found["letter"].tolist() == list("RRRFFFMMM") and found["ties"].tolist() == [*TIES.values()] * 3
    assert found["used"].tolist() == [3, 3, 3, 2, 3, 2, 3, 3, 3]
    assert found["fullest"].tolist() == ["50.0 %", "33.3 %", "50.0 %", "66.7 %", "33.3 %", "66.7 %", "50.0 %", "33.3 %", "50.0 %"]
    assert found["apart"].tolist() == [0, 2, 0, 0, 4, 0, 0, 2, 0]
    for row in found.itertuples():
        ties = next(name for name, words in TIES.items() if words == row.ties)
        view = bins_and_ties(SIX, axis=row.letter.lower(), bins=3, ties=ties)
        assert f"the fullest holds {row.fullest} of 6 customers. {row.apart} customers with" in view.sentence


def test_nobody_who_bought_is_no_error():
    assert explore_rfm.ties_compared(SIX.assign(orders=0))["used"].tolist() == [0] * 9
    view = bins_and_ties(SIX.assign(orders=0))
    assert view.sentence == "Nobody bought anything, so there is nothing to score."
    assert view.png().startswith(b"\x89PNG")


def test_the_knobs_are_arguments_of_the_callback_and_leave_no_figure_open():
    from ipywidgets import Dropdown, IntSlider, fixed, interactive
    from matplotlib import pyplot

    open_before = pyplot.get_fignums()
    knobs = {"bins": IntSlider(value=5, min=2, max=10), "ties": Dropdown(options=list(TIES))}
    explorer = interactive(bins_and_ties, customers=fixed(SIX), axis=Dropdown(options=["f", "r"]), **knobs)
    knobs["bins"].value = 3
    explorer.update()
    assert heights(explorer.result) == [4, 0, 2]
    assert pyplot.get_fignums() == open_before


# halves


def test_halves_by_hand():
    tx = log(("a", "2024-01-01", 5.0), ("b", "2024-01-05", 7.0), ("b", "2024-01-06", 1.0), ("c", "2024-01-03", -2.0),
             ("d", "2024-01-10", 4.0), ("a", "2024-01-09", -1.0), ("e", "2024-01-11", 9.0))  # fmt: skip
    halves = two_halves(tx, as_of="2024-01-10")
    assert (halves.missing, str(halves.split)) == ("", "2024-01-06")
    # c has a refund only and is no customer of the first half; a's refund later is no purchase; e comes after as_of
    assert halves.before[["customer", "orders", "days_since_last", "revenue", "bought"]].to_dict("list") == {
        "customer": ["a", "b"], "orders": [1, 1], "days_since_last": [4.0, 0.0], "revenue": [5.0, 7.0],
        "bought": [False, True],
    }  # fmt: skip
    assert halves.after["customer"].tolist() == ["a", "b", "d"] and halves.after["revenue"].tolist() == [-1.0, 1.0, 4.0]
    assert halves.now["customer"].tolist() == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("tx", "said"),
    [
        (log(("a", "2024-01-10", 5.0)), "The log covers one day, so it has no halves to compare."),
        (log(("a", "2024-01-01", 0.0), ("a", "2024-01-10", 5.0)),
         "Nobody paid anything before 2024-01-06, so there is nobody to follow."),
        (log(("a", "2024-01-01", 5.0)), "Nobody bought from 2024-01-06 on, so there is nothing to compare with."),
        (log(("a", "2024-01-01", 5.0), ("a", "2024-01-10", -5.0)),
         "Nobody bought from 2024-01-06 on, so there is nothing to compare with."),
    ],
)  # fmt: skip
def test_a_log_without_two_halves_says_why(tx, said):
    assert two_halves(tx, as_of="2024-01-10").missing == said


def test_pandas_and_polars_have_the_same_halves(other_log):
    frame = pl.from_pandas(other_log).with_columns(pl.col("date").cast(pl.Date))
    one, two = (two_halves(tx, as_of="2024-12-30") for tx in (other_log, frame))
    assert one.split == two.split
    for name in ("before", "after", "now"):
        pandas, polars = getattr(one, name), getattr(two, name)
        assert pandas["customer"].tolist() == polars["customer"].to_list()
    assert one.before["bought"].tolist() == two.before["bought"].to_list()
    assert one.before.index.tolist() == list(range(len(one.before)))


# a test and what came of it


def mailed(good=30, bad=30):
    """Cell 52: two of three buy. Cell 11: one of ten."""
    best = pd.DataFrame({"r": 5, "f": 2, "bought": [i % 3 < 2 for i in range(good)]})
    worst = pd.DataFrame({"r": 1, "f": 1, "bought": [i % 10 == 0 for i in range(bad)]})
    return pd.concat([best, worst], ignore_index=True)


class Alternate:
    """Draws every second customer."""

    def random(self, n):
        return np.arange(n) % 2


def test_a_trial_by_hand():
    """The test has 15 of each: of 52 every second of T T F, 10 buyers; the rest has 10 too. Of 11: 3 and 0."""
    found = trial(mailed(), offer=Offer(cost_per_contact=1, profit_per_sale=4), rng=Alternate())
    assert (found.test, found.rest, found.cells, found.chosen_cells, found.chosen) == (30, 30, 2, 1, 15)
    assert (found.promised, found.brought, found.everybody) == (25.0, 25.0, 10.0)
    assert found.said("$") == (
        "The test had 30 customers. It chose 1 of 2 cells with 15 customers of the 30 others. By its rates they were "
        "to bring $25; they brought $25, and a letter to all the others would have brought $10. 'Choosing cells beats "
        "writing to everybody' held here."
    )


def test_where_everybody_pays_choosing_does_not_beat_it():
    found = trial(mailed(), offer=Offer(cost_per_contact=0.1, profit_per_sale=4), rng=Alternate())
    assert found.chosen_cells == 2 and found.said().endswith("did not hold here.")


def test_a_trial_that_chooses_nobody_and_one_of_a_handful():
    found = trial(mailed(4, 0), offer=Offer(cost_per_contact=9, profit_per_sale=4), rng=Alternate())
    assert found.said("€") == (
        "The test had 2 customers. It chose no cell, so the others get no letter; a letter to all the others would have "
        "brought -€10. With 2 and 2 customers (we ask for 20 each) there is no verdict."
    )


def test_the_same_seed_gives_the_same_trial(cdnow_sample_log):
    before = rfm.scores(two_halves(cdnow_sample_log, as_of="1998-06-30").before)
    offer = Offer(cost_per_contact=2, profit_per_sale=10)
    one, two = (trial(before, offer=offer, rng=np.random.default_rng(33)) for _ in range(2))
    assert one == two and one.test + one.rest == len(before)


# sentences with a verdict


def claimed(*measured):
    return pyramid.claims(pd.DataFrame({"tier": ["top", "large", "medium", "small"], "share_of_revenue": measured}))


def test_a_claim_holds_when_every_tier_is_within_five_points():
    said = explore_rfm.claims_said(claimed(0.44, 0.24, 0.15, 0.17), customers=100)
    assert said == [
        "'50/30/20' did not hold: small is +17.0 points from it.",
        "'40/25/15' held: top is +4.0 points from it.",
        "'Pareto law 80/20' did not hold: large is +10.8 points from it.",
    ]
    said = explore_rfm.claims_said(claimed(0.46, 0.22, 0.15, 0.17), customers=100)
    assert said[1] == "'40/25/15' did not hold: top is +6.0 points from it."
    assert explore_rfm.claims_said(claimed(1.0, 0.0, 0.0, 0.0), customers=99) == [
        "With 99 customers in the tiers 1 % is not even one, so there is no verdict."
    ]


def test_who_stayed_in_a_tier():
    table = pd.DataFrame({"tier": ["top", "large", "small"], "customers": [20, 20, 19], "stayed": [11, 10, 19]})
    table["left"] = [4, 5, 0]
    assert explore_rfm.keeps_said(table, tiers=["top", "large", "medium", "small"]) == [
        "top: 20 customers, 55.0 % stayed, 20.0 % left. 'Most stay in it' held.",
        "large: 20 customers, 50.0 % stayed, 25.0 % left. 'Most stay in it' did not hold.",
        "medium: nobody was in it.",
        "small: 19 customers, 100.0 % stayed, 0.0 % left. Fewer than 20: no verdict.",
    ]


def test_silent_customers_fall_by_relative_scores_only():
    """a and b have 1 and 2 orders; then c and d come with 5, and b is in the lower half of four without doing a thing."""
    early = pd.DataFrame({"customer": ["a", "b"], "orders": [1, 2], "days_since_last": 0.0, "revenue": 1.0})
    late = pd.DataFrame({"customer": list("abcd"), "orders": [1, 2, 5, 5], "days_since_last": 9.0, "revenue": 1.0})
    before, kept = rfm.scores(early, bins=2), rfm.thresholds(early, bins=2)
    assert explore_rfm.silent_and_scored(before, rfm.scores(late, bins=2), ["a", "b"]) == 1
    assert explore_rfm.silent_and_scored(before, rfm.scores(late, thresholds=kept), ["a", "b"]) == 0


def test_importing_the_module_loads_nothing_slow():
    slow = ("matplotlib", "IPython", "ipywidgets", "scipy")
    code = f"import sys, crmlib.explore_rfm; print([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
