"""The band that every class set lies in: different numbers for each, the same lessons for all.

A check measures one thing that a lesson needs in order to have its point, and says how far it may lie. A set outside is
drawn again, parameters and all. The bounds are ours; those of the top fifth are the band of the course, .55 to .75.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["BAND", "Check", "measured", "outside"]


class Check(NamedTuple):
    """What is measured on a company, how far it may lie, and which lesson it keeps the point of."""

    what: str
    measure: Callable
    low: float
    high: float
    lesson: str


def measured(company) -> dict[str, float]:
    """What each check of the band measures on a company, by its name."""
    return {name: float(check.measure(company)) for name, check in BAND.items()}


def outside(company) -> list[str]:
    """A sentence for each check that a company does not pass; none if it lies in the band."""
    return [
        f"{name}: {check.what} is {value:.4g}, not {check.low:g} to {check.high:g} ({check.lesson})."
        for (name, check), value in zip(BAND.items(), measured(company).values(), strict=True)
        if not check.low <= value <= check.high
    ]


def _revenue(company):
    return company.clean["transactions"].groupby("customer")["amount"].sum()


def _top_fifth(company):
    revenue = np.sort(_revenue(company).to_numpy())[::-1]
    return revenue[: round(0.2 * len(revenue))].sum() / revenue.sum()


def _once(company):
    return (company.clean["orders"].groupby("customer").size() == 1).mean()


def _middle_lead(company):
    """Profit a unit of revenue: businesses of middle size less the better of the others."""
    businesses = company.clean["customers"].query("kind == 'business'").set_index("customer")["size"]
    profit = company.truth["customers"].set_index("customer")["profit"].groupby(businesses).sum()
    rate = profit / _revenue(company).groupby(businesses).sum()
    return rate["middle"] - rate.drop("middle").max()


def _alive(company):
    return company.truth["customers"]["alive"].mean()


def _loss_makers(company):
    return (company.truth["customers"]["profit"] < 0).mean()


def _complaints(company):
    return len(company.clean["complaints"]) / len(company.clean["orders"])


def _smallest_group(company):
    return company.truth["need_groups"]["need_group"].value_counts(normalize=True).min()


def _records(company):
    return len(company.raw["records"]) / company.truth["records"]["customer"].nunique()


def _rarest_defect(company):
    """A value may carry two kinds, as in "typo; initial"."""
    return company.truth["defects"]["kind"].str.split("; ").explode().value_counts().min()


def _kind(kind):
    return lambda company: (company.truth["uplift"]["kind"] == kind).mean()


def _naive_excess(company):
    """In the campaigns that marketing chose: what a comparison of shares shows, less the mean true uplift."""
    clean = company.clean
    chosen = clean["campaigns"].query("chosen == 'by marketing'")["campaign"]
    keys = ["campaign", "customer"]
    offers = clean["offers"][clean["offers"]["campaign"].isin(chosen)]
    offers = offers.merge(clean["responses"][keys].drop_duplicates().assign(bought=1.0), on=keys, how="left")
    offers = offers.merge(company.truth["uplift"][[*keys, "uplift"]], on=keys).fillna({"bought": 0.0})
    bought = offers.groupby("contacted")["bought"].mean()
    return bought[True] - bought[False] - offers.loc[offers["contacted"], "uplift"].mean()


def _random_effect(company):
    """In the campaigns drawn by lot: the mean true uplift of those contacted."""
    chosen = company.clean["campaigns"].query("chosen == 'at random'")["campaign"]
    uplift = company.truth["uplift"]
    return uplift["uplift"][uplift["campaign"].isin(chosen)].mean()


BAND = {
    "top_fifth": Check("the share of revenue of the top 20 %", _top_fifth, 0.55, 0.75, "Who brings the money"),
    "once": Check("the share of customers with one order", _once, 0.20, 0.35, "RFM and the pyramid"),
    "alive": Check("the share of customers who still buy", _alive, 0.45, 0.65, "The customer life cycle"),
    "complaints": Check("complaints an order", _complaints, 0.045, 0.07, "The customer life cycle"),
    "loss_makers": Check("the share of customers who cost more than they bring", _loss_makers, 0.2, 0.4, "What is a customer worth"),
    "middle_lead": Check("the lead in profit of middle businesses", _middle_lead, 0.01, 0.15, "What is a customer worth"),
    "random_effect": Check("the mean true uplift where the lot chose", _random_effect, 0.02, 0.06, "Whom should we contact"),
    "sleeping_dogs": Check("the share whom an offer keeps from buying", _kind("sleeping dog"), 0.04, 0.12, "Whom should we contact"),
    "persuadables": Check("the share whom an offer makes buy", _kind("persuadable"), 0.2, 0.4, "Whom should we contact"),
    "naive_excess": Check("what the naive comparison adds to the uplift", _naive_excess, 0.05, 0.2, "Whom should we contact"),
    "smallest_group": Check("the share of the smallest need group", _smallest_group, 0.15, 0.25, "Which needs, which offer"),
    "records": Check("records a customer in the raw form", _records, 1.08, 1.2, "One customer, one record"),
    "rarest_defect": Check("rows with the rarest kind of defect", _rarest_defect, 10, 400, "One customer, one record"),
}
