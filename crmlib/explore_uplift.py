"""Whom to contact, turned and tested: the tables of a lesson, what was known before, sentences with a verdict, one explorer.

Tables are pandas, because lessons read them with pandas. A lesson must say true things about any data set, so verdicts are
computed here.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from crmlib import datasets, uplift
from crmlib.contact_pressure import before
from crmlib.errors import DataError
from crmlib.explorers import View
from crmlib.frames import as_day
from crmlib.two_rates import newcombe
from crmlib.uplift_scores import uplift_curve
from crmlib.wording import count, money, percent, several

__all__ = [
    "Tables", "all_draws", "best_respond_says", "campaign_tables", "known_before", "later_orders", "more_contact_says",
    "pressed_later", "profit_at", "profit_by_share", "segments_title", "truth_of", "truth_says",
]  # fmt: skip

NEEDED = ("campaigns", "offers", "responses", "contacts", "customers", "orders")
LATELY = 180  # days that tell how much somebody buys: half a year, ours
PRESSURE_DAYS = 91  # days of contacts that count as pressure: a quarter, ours
PRICE_FIRST = 4  # "I look at the price first", from 4 of 5 on


class Tables(NamedTuple):
    """The tables of a data set that a lesson on campaigns reads; or none, and why in ``said``."""

    said: str
    data: Any = ""
    campaigns: Any = None
    offers: Any = None
    responses: Any = None
    contacts: Any = None
    customers: Any = None
    orders: Any = None
    as_of: str = ""


def campaign_tables(data, *, as_of="") -> Tables:
    """Read them from a data set or a folder with a datapackage.json, up to ``as_of`` (empty: the last order).

    Campaigns whose window was still open on that day are left out. Where a table is missing, or no campaign drew by lot,
    there are no tables and ``said`` is why.
    """
    try:
        found = {name: datasets.load(data, name) for name in NEEDED}
    except DataError:
        return Tables(
            "This data holds no campaigns; needed is a data set with the tables " + several(NEEDED) + ", which says who was "
            "contacted and who was held back."
        )
    return _up_to(found, pd.Timestamp(as_day(as_of)) if as_of else found["orders"]["date"].max(), data)


def _up_to(found, end, data):
    """The tables up to a day, without campaigns that were open on it."""
    found = dict(found)
    plan = found["campaigns"]
    plan = plan[plan["date"] + pd.to_timedelta(plan["window"], unit="D") <= end].reset_index(drop=True)
    for name in ("offers", "responses"):
        found[name] = found[name][found[name]["campaign"].isin(plan["campaign"])].reset_index(drop=True)
    for name in ("contacts", "orders"):
        found[name] = found[name][found[name]["date"] <= end].reset_index(drop=True)
    groups = found["offers"].groupby("campaign")["contacted"].nunique()
    lots = plan["campaign"][plan["chosen"] == uplift.BY_LOT]
    if not (groups.reindex(lots) == 2).any():
        return Tables(f"No campaign of this data that ended by {end:%Y-%m-%d} drew by lot whom to contact.")
    return Tables("", data, **found | {"campaigns": plan}, as_of=f"{end:%Y-%m-%d}")


def known_before(tables, outcomes):
    """``outcomes`` with what was known of each customer on the day before the campaign.

    days_since_last, orders_lately (in the 180 days before), contacts_before (outgoing, in the 91 days before), and in
    classes: ``price`` ("first" where they look at the price first: 4 or 5 of 5), ``buyer`` ("none", "one", "two or more"
    orders lately), ``pressure`` (the same of contacts) and ``bought`` ("within 90 days", "within a year", "earlier").
    """
    parts = []
    for campaign in tables.campaigns.itertuples():
        here = outcomes[outcomes["campaign"] == campaign.campaign]
        earlier = tables.orders[tables.orders["date"] < campaign.date]
        lately = earlier[earlier["date"] >= campaign.date - pd.Timedelta(days=LATELY)]
        here = before(here, tables.contacts, day=campaign.date, days=PRESSURE_DAYS)
        last = here["customer"].map(earlier.groupby("customer")["date"].max())
        here["days_since_last"] = (campaign.date - last).dt.days
        here["orders_lately"] = here["customer"].map(lately.groupby("customer").size()).fillna(0).astype("int64")
        parts.append(here)
    found = pd.concat(parts, ignore_index=True)
    attitude = found["customer"].map(tables.customers.set_index("customer")["price_attitude"]).astype(float)
    found["price"] = np.where(attitude.isna(), "unknown", np.where(attitude >= PRICE_FIRST, "first", "not first"))
    for name, of in (("buyer", "orders_lately"), ("pressure", "contacts_before")):
        found[name] = np.select([found[of] == 0, found[of] == 1], ["none", "one"], "two or more")
    days = found["days_since_last"]
    found["bought"] = np.select([days <= 90, days <= 365], ["within 90 days", "within a year"], "earlier")
    return found


def all_draws(without, with_offer, contacted):
    """The difference of the two groups under every way to draw so many customers, an array; by hand for a few customers.

    ``without`` and ``with_offer``: 1 for who buys, of each customer, without the offer and with it.

    >>> all_draws([0, 0, 1], [1, 0, 1], 1).tolist()
    [0.5, -0.5, 1.0]
    """
    without, with_offer = np.asarray(without, dtype=float), np.asarray(with_offer, dtype=float)
    found = []
    for drawn in combinations(range(len(without)), contacted):
        there = np.isin(np.arange(len(without)), drawn)
        found.append(with_offer[there].mean() - without[~there].mean())
    return np.array(found)


def later_orders(tables, listed):
    """Orders of listed customers after the window, up to the end of the data: ``listed`` with the column ``later``."""
    parts = []
    for campaign in tables.campaigns.itertuples():
        here = listed[listed["campaign"] == campaign.campaign]
        after = tables.orders[tables.orders["date"] > campaign.date + pd.Timedelta(days=campaign.window)]
        parts.append(here.assign(later=here["customer"].map(after.groupby("customer").size()).fillna(0).astype("int64")))
    return pd.concat(parts, ignore_index=True)


def pressed_later(company):
    """The uplift by pressure of the orders after the window, in a company made here (`company.make`), all campaigns by lot.

    One row a class of ``pressure``, as `uplift.by_segment` gives them: the test of a lesson in a world with other claims.
    """
    orders = company.clean["orders"]
    tables = _up_to({name: company.clean[name] for name in NEEDED}, orders["date"].max(), "")
    drawn = tables.campaigns["campaign"][tables.campaigns["chosen"] == uplift.BY_LOT]
    offers, responses = (of[of["campaign"].isin(drawn)] for of in (tables.offers, tables.responses))
    later = later_orders(tables, known_before(tables, uplift.outcomes(offers, responses)))
    return uplift.by_segment(later.assign(responded=later["later"] > 0), "pressure")


def segments_title(segments, by, what, unit) -> str:
    """A title that states what was found of those with none and with two or more; a class without an uplift is left out.

    ``by`` is the column with the classes, ``unit`` what they count.

    >>> segments_title(pd.DataFrame({"buyer": ["none"], "uplift": [0.021]}), "buyer", "The offer changed", "orders lately")
    'The offer changed +2.1 points with no orders lately'
    """
    known = segments.dropna(subset=["uplift"]).set_index(by)["uplift"]
    words = {"none": "no", "two or more": "two or more"}
    said = [f"{100 * known[name]:+.1f} points with {word}" for name, word in words.items() if name in known]
    return f"{what} {', '.join(said)} {unit}" if said else f"Too few to tell by {unit}"


def more_contact_says(segments, *, what="in the window") -> str:
    """Whether one more contact sells more, however many there were before: one sentence on `uplift.by_segment` by pressure.

    ``what`` says which orders the segments count.
    """
    claim = f"'More contact sells more' (orders {what})"
    worst, unsure = (
        [str(one) for one in segments["pressure"][segments["verdict"] == verdict]] for verdict in ("keeps away", "too few to tell")
    )
    if worst:
        return (
            f"{claim} did not hold: of those with {several(worst)} contacts in the quarter before, fewer ordered with the "
            "offer than without."
        )
    if unsure:
        return f"{claim} cannot be told: the interval of those with {several(unsure)} contacts before holds 0."
    return f"{claim} held: whatever the number of contacts before, more ordered with the offer than without."


def best_respond_says(listed, *, level=0.95) -> str:
    """Whether those who bought most lately respond best, as a rate and as a change: two sentences on campaigns by lot."""
    best = listed["buyer"] == "two or more"
    if best.all() or not best.any():
        return "Nobody, or everybody, bought twice or more lately, so there are no best customers to compare."
    contacted = listed["contacted"]
    sums = [(listed["responded"][here].sum(), int(here.sum())) for here in (best & contacted, ~best & contacted)]
    rates = [responded / max(n, 1) for responded, n in sums]
    low, high = newcombe(*sums[0], *sums[1], level=level)
    said = (
        f"'The best customers respond best' {'held' if low > 0 else 'did not hold' if high < 0 else 'cannot be told'} for "
        f"the response: {percent(rates[0])} of those contacted who had bought twice or more lately, {percent(rates[1])} of "
        "the others. "
    )
    gains, spread = [], 0.0
    for who in (best, ~best):
        rate = listed[who].groupby("contacted")["responded"].agg(["mean", "size"])
        gains.append(rate["mean"].get(True, np.nan) - rate["mean"].get(False, np.nan))
        spread += (rate["mean"] * (1 - rate["mean"]) / rate["size"]).sum()
    difference, half = gains[0] - gains[1], 1.96 * np.sqrt(spread)
    verdict = "held" if difference > half else "did not hold" if difference < -half else "cannot be told"
    return said + (
        f"For what the offer changed it {verdict}: {100 * gains[0]:+.1f} points of the best, {100 * gains[1]:+.1f} of the "
        f"others (difference {100 * (difference - half):+.1f} to {100 * (difference + half):+.1f})."
    )


def truth_of(listed, data):
    """``listed`` with the planted ``without``, ``uplift`` and ``kind`` of each customer; None where no truth is open."""
    try:
        planted = datasets.load(datasets.truth(data), "uplift")
    except DataError:
        return None
    return listed.drop(columns=["without", "uplift", "kind"], errors="ignore").merge(planted, on=["campaign", "customer"])


def truth_says(scored, data) -> str:
    """How near ``score`` comes to the planted uplift, and ``flagged`` (True for whom not to contact) to the sleeping dogs.

    On data without an open truth it says so, and nothing else.
    """
    planted = truth_of(scored, data)
    if planted is None:
        return "No truth lies beside this data, so the scores stay unscored: only customers they were not learnt from can judge."
    said = "Against the truth: "
    if planted["score"].std() > 0 and planted["uplift"].std() > 0:
        together = np.corrcoef(planted["score"], planted["uplift"])[0, 1]
        said += f"the correlation of score and planted uplift is {together:.2f}. "
    dogs, flagged = planted["kind"] == "sleeping dog", planted["flagged"]
    if not dogs.any():
        return said + "No customer of these campaigns is a sleeping dog."
    said += f"{percent((dogs & flagged).sum() / dogs.sum())} of {count(int(dogs.sum()), 'sleeping dog')} are flagged"
    if not flagged.any():
        return f"{said}."
    right = (dogs & flagged).sum() / flagged.sum()
    return f"{said}; of {count(int(flagged.sum()), 'customer')} flagged, {percent(right)} are sleeping dogs."


def profit_at(scored, *, contact_cost, profit_per_sale):
    """Profit for 1,000 customers listed, by the share contacted: share, profit, by_lot (as many, drawn by lot); pandas.

    >>> scored = pd.DataFrame({"score": [2, 2, 1, 1], "contacted": [True, False] * 2, "responded": [True, False, False, False]})
    >>> profit_at(scored, contact_cost=1, profit_per_sale=10)
       share  profit  by_lot
    0    0.0     0.0     0.0
    1    0.5  4500.0  2000.0
    2    1.0  4000.0  4000.0
    """
    curve = uplift_curve(scored)
    cost = 1_000 * contact_cost * curve["share"]
    gains = {"profit": curve["gain"], "by_lot": curve["by_chance"]}
    return pd.DataFrame({"share": curve["share"]} | {name: 1_000 * profit_per_sale * gain - cost for name, gain in gains.items()})


def profit_by_share(scored, *, share, contact_cost, profit_per_sale, currency="") -> View:
    """The explorer's callback: profit by the share contacted, where the knobs stand, and a sentence.

    Between two scores the profit runs straight: there customers of one score are contacted in part. The figure is outside
    pyplot, so that two moves of a slider that overlap share nothing.
    """
    from crmlib import plots

    profits = profit_at(scored, contact_cost=contact_cost, profit_per_sale=profit_per_sale)
    x, y, lot = (profits[name].to_numpy() for name in ("share", "profit", "by_lot"))
    here, by_lot = float(np.interp(share, x, y)), float(np.interp(share, x, lot))
    best = int(np.argmax(y))
    ax = plots.canvas(6.8, 4.0)
    at = f"contact {percent(x[best], 0)}" if best else "contact nobody"
    plots.profit_by_share(profits, share=share, currency=currency, title=f"Most profit: {at}", ax=ax)
    sentence = (
        f"A contact costs {money(contact_cost, currency)} and a sale leaves {money(profit_per_sale, currency)}: it pays where "
        f"it makes more than {percent(contact_cost / profit_per_sale)} of customers buy who would not. Contacting "
        f"{percent(share, 0)} of the list, the best scores first, brings {money(here, currency, 0)} for 1,000 listed; as many "
        f"by lot bring {money(by_lot, currency, 0)}. "
    )
    most = f"Most is {money(y[best], currency, 0)}, at {percent(x[best], 0)}." if best else "Every share loses: contact nobody."
    return View(ax.figure, sentence + most)
