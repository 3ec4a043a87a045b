"""The campaigns of the company: what the estimators of uplift find of the planted truth, and where the naive one fails."""

import warnings
from functools import cache

import numpy as np
import pytest
from companies import company

from crmlib import DataNotice, uplift, uplift_scores
from crmlib.company import parameters
from crmlib.explore_uplift import NEEDED, Tables, known_before, later_orders

ALLOWED = {name: leaf["allowed"] for name, leaf in parameters.load()["recovery"].items() if isinstance(leaf, dict)}
each_seed = pytest.mark.parametrize("seed", [31, 32, 33])  # none of those that the allowance was measured on


@cache
def everybody(seed, **claims):
    """All listed customers of all campaigns: what was known, what happened, what was planted."""
    world = company(seed, **claims)
    tables = Tables("", seed, **{name: world.clean[name] for name in NEEDED})
    listed = known_before(tables, uplift.outcomes(tables.offers, tables.responses))
    return tables, later_orders(tables, listed.merge(world.truth["uplift"], on=["campaign", "customer"]))


def by_lot(seed, **claims):
    tables, listed = everybody(seed, **claims)
    drawn = tables.campaigns["campaign"][tables.campaigns["chosen"] == uplift.BY_LOT]
    return listed[listed["campaign"].isin(drawn)].reset_index(drop=True)


@each_seed
def test_lots_find_the_mean_uplift(seed):
    tables, listed = everybody(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        found = uplift.effects(listed, tables.campaigns)
    size = found["contacted"] + found["held_back"]
    pooled = (found["uplift"] * size).sum() / size.sum()
    assert abs(pooled - by_lot(seed)["uplift"].mean()) <= ALLOWED["uplift_mean"]


@each_seed
@pytest.mark.parametrize(("by", "segment", "name"), [("price", "first", "price_first"), ("pressure", "two or more", "pressed")])
def test_lots_find_the_uplift_of_a_segment(seed, by, segment, name):
    lots = by_lot(seed)
    found = uplift.by_segment(lots, by).set_index(by)["uplift"][segment]
    assert abs(found - lots["uplift"][lots[by] == segment].mean()) <= ALLOWED[f"uplift_{name}"]


@each_seed
def test_scores_find_whom_the_contact_changes(seed):
    scored = uplift_scores.cross_fit(by_lot(seed), ["price", "pressure"], rng=np.random.default_rng(0))
    assert 1 - np.corrcoef(scored["score"], scored["uplift"])[0, 1] <= ALLOWED["uplift_score"]
    assert uplift_scores.area(scored, rng=np.random.default_rng(1)).value > 0


@each_seed
def test_the_naive_comparison_is_far_off_and_like_with_like_is_nearer(seed):
    tables, listed = everybody(seed)
    naive = uplift.naive(listed, tables.campaigns).set_index("campaign").query("not by_lot")
    planted = listed[listed["contacted"]].groupby("campaign")["uplift"].mean().reindex(naive.index)
    assert (naive["low"] > planted).all() and (naive["difference"] - planted > 0.05).all()
    chosen = listed[listed["campaign"].isin(naive.index)]
    split = uplift.selection(chosen, by=["buyer", "bought"]).set_index("campaign")
    assert (split["within"] - planted).mean() < (naive["difference"] - planted).mean() - 0.02


def test_lots_and_marketing_leave_the_groups_as_they_should():
    tables, listed = everybody(1901)
    for campaign in tables.campaigns.itertuples():
        found = uplift.balance(listed[listed["campaign"] == campaign.campaign], ["orders_lately", "days_since_last"])
        apart = found["difference"].abs()
        if campaign.chosen == uplift.BY_LOT:
            assert (apart < 2 * found["by_chance"]).all()
        else:
            assert not found["alike"].any() and (apart > 0.8).all()


@pytest.mark.parametrize("seed", [1901, 12])
def test_contact_keeps_away_only_where_that_is_claimed(seed):
    def verdict(lots):
        after = uplift.by_segment(lots.assign(responded=lots["later"] > 0), "pressure").set_index("pressure")
        return after["verdict"]["two or more"]

    assert verdict(by_lot(seed)) == "keeps away"
    assert verdict(by_lot(seed, contact_drives_some_away=0.0)) != "keeps away"
