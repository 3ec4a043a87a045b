"""Offers to consumers: who got them, what they did, and the true change that each offer made."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from crmlib.company.people import days, ids
from crmlib.company.purchasing import History, by_day, pace

__all__ = ["Campaigns", "campaigns"]


@dataclass(frozen=True, eq=False)
class Campaigns:
    """``history`` with what the offers changed; the tables ``campaigns`` and ``offers``; ``uplift``, the truth; ``contacts``."""

    history: History
    campaigns: pd.DataFrame
    offers: pd.DataFrame
    uplift: pd.DataFrame
    contacts: pd.DataFrame


def campaigns(parameters, rng, customers, history: History, contacts: pd.DataFrame) -> Campaigns:
    """Run the plan, campaign after campaign; ``contacts`` are the others, with customer numbers and days.

    An offer does one of two things to somebody contacted. It drives away for good, before they order, those who buy and
    have heard too much lately; and it makes buy, with a chance of their own, those who would not have ordered in the
    window. So with p0 the chance to order without it, d to be driven away and a to be persuaded, the chance with it is
    (1 - d) (p0 + (1 - p0) a), and the true uplift is that minus p0.
    """
    p = parameters["campaigns"]
    first, _ = days(parameters)
    numbers = ids("M", len(p["plan"]), 2)
    plan = pd.DataFrame(p["plan"], columns=["name", "date", "channel", "chosen"])
    plan.insert(0, "campaign", numbers)
    plan["date"] = pd.to_datetime(plan["date"])
    plan["window"] = p["window"]
    plan["contact_cost"] = plan["channel"].map(parameters["service"]["contact_cost"])
    lists, truths, made = [], [], []
    for row in plan.itertuples():
        day = (row.date - first).days
        listed = _listed(customers, history, day, row.chosen)
        contacted = _contacted(p, rng, history, listed, day, row.chosen)
        chances = _chances(parameters, customers, history, pd.concat([contacts, *made]), listed, day)
        history = _changed(p, rng, history, listed[contacted], chances[contacted], day)
        lists.append(pd.DataFrame({"campaign": row.campaign, "customer": listed, "contacted": contacted}))
        truths.append(chances.assign(campaign=row.campaign, customer=listed))
        made.append(
            pd.DataFrame(
                {"customer": listed[contacted], "day": day, "department": "marketing", "channel": row.channel, "direction": "out"}
            )
        )
    offers, truth = pd.concat(lists, ignore_index=True), pd.concat(truths, ignore_index=True)
    offers["customer"] = customers["customer"].to_numpy()[offers["customer"]]
    truth["customer"] = customers["customer"].to_numpy()[truth["customer"]]
    truth = truth[["campaign", "customer", "without", "uplift", "kind"]]
    return Campaigns(history, plan, offers, truth, pd.concat(made, ignore_index=True))


def _listed(customers, history, day, chosen):
    """Consumers who may be contacted and had ordered before; marketing lists those of the last year only."""
    before = history.orders[history.orders["day"] < day]
    last = before.groupby("customer")["day"].max().reindex(range(len(customers)))
    good = (customers["kind"] == "consumer").to_numpy() & customers["consent"].to_numpy() & last.notna().to_numpy()
    return np.flatnonzero(good & ((chosen == "at random") | (last > day - 365).to_numpy()))


def _contacted(p, rng, history, listed, day, chosen):
    if chosen == "at random":
        return rng.random(len(listed)) < p["share_contacted"]
    orders = history.orders
    lately = orders["customer"][(orders["day"] < day) & (orders["day"] >= day - 180)]
    score = np.bincount(lately, minlength=len(history.traits))[listed] + rng.normal(0, 0.8, len(listed))
    return score > np.quantile(score, 0.6)  # marketing takes those who buy most anyway


def _chances(parameters, customers, history, contacts, listed, day):
    """The true chances of an order in the window, without the offer and with it."""
    p, claims = parameters["campaigns"], parameters["claims"]
    traits = history.traits.iloc[listed]
    buys = (traits["stopped"] > day).to_numpy()
    without = np.where(buys, 1 - np.exp(-traits["rate"].to_numpy() * pace(parameters, day) * (p["window"] + 1)), 0.0)
    heard = contacts["customer"][(contacts["direction"] == "out") & (contacts["day"] < day)
                                 & (contacts["day"] >= day - 7 * p["pressure_weeks"])]  # fmt: skip
    pressed = np.bincount(heard, minlength=len(customers))[listed] >= p["pressure"]
    cheap = (customers["price_attitude"].iloc[listed] >= 4).to_numpy(dtype=bool)
    away = np.where(buys & pressed, claims["contact_drives_some_away"] * p["driven_away"], 0.0)
    persuaded = np.where(cheap, p["persuaded"], p["persuaded_others"]) * np.where(buys, 1.0, p["stopped_return"])
    persuaded = np.where(pressed & (claims["contact_drives_some_away"] > 0), 0.0, persuaded)
    with_offer = (1 - away) * (without + (1 - without) * persuaded)
    uplift = with_offer - without
    kind = np.select(
        [uplift < -0.01, uplift >= 0.05, without >= 0.5], ["sleeping dog", "persuadable", "sure thing"], "lost cause"
    )
    return pd.DataFrame(
        {"without": without, "uplift": uplift, "kind": kind, "away": away, "persuaded": persuaded}
    )


def _changed(p, rng, history, contacted, chances, day):
    """The history with what the offers did to those contacted."""
    orders, traits = history.orders, history.traits
    gone = contacted[rng.random(len(contacted)) < chances["away"].to_numpy()]
    inside = orders["customer"][(orders["day"] >= day) & (orders["day"] <= day + p["window"])]
    ordered = np.isin(contacted, inside)
    drawn = rng.random(len(contacted)) < chances["persuaded"].to_numpy()
    won = contacted[~ordered & drawn & ~np.isin(contacted, gone)]
    more = pd.DataFrame(
        {
            "customer": won,
            "day": day + rng.integers(0, p["window"] + 1, len(won)),
            "delivered": 1 + rng.poisson(1.2, len(won)),
            "complained": False,
            "handler": 1,
            "to_solve": 0,
            "extra_stop": 0.0,
        }
    )
    kept = orders[~(orders["customer"].isin(gone) & (orders["day"] >= day))]
    both = by_day(pd.concat([kept, more]), rng)
    stopped = traits["stopped"].to_numpy().copy()
    stopped[gone] = day
    return replace(history, orders=both, traits=traits.assign(stopped=stopped))
