"""The questions of *Whom should we contact*.

Right answers are plain pandas on the tables of the data set; nothing of the modules under study is used.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pandas as pd

from crmlib.errors import DataError
from crmlib.workbook.checks import Number, Words, Wrong

__all__ = ["QUESTIONS"]

LATELY, PRESSURE, PRICE_FIRST = 180, 91, 4  # days of orders, days of contacts, "I look at the price first"
CHANGE, POWER = 0.02, 0.80


def _campaigns(material, chosen):
    """The campaigns chosen that way whose window had ended by as_of, by date."""
    plan = material.table("campaigns")
    ended = plan["date"] + pd.to_timedelta(plan["window"], unit="D") <= pd.Timestamp(material.as_of)
    found = plan[ended & (plan["chosen"] == chosen)].sort_values("date")
    if found.empty:
        raise DataError(f"It has no campaign {chosen} that ended by {material.as_of}.")
    return found


def _listed(material, campaign):
    """One row a customer on the list: contacted, orders in the window, their margin, orders lately."""
    offers, responses = material.table("offers"), material.table("responses")
    here = offers[offers["campaign"] == campaign.campaign].set_index("customer")[["contacted"]]
    of = responses[responses["campaign"] == campaign.campaign].groupby("customer")["margin"].agg(["size", "sum"])
    here[["orders", "margin"]] = of.reindex(here.index).fillna(0.0).to_numpy()
    here["ordered"] = here["orders"] > 0
    orders = material.table("orders")
    before = campaign.date - orders["date"]
    lately = orders[(before > pd.Timedelta(0)) & (before <= pd.Timedelta(days=LATELY))]
    here["lately"] = lately.groupby("customer").size().reindex(here.index).fillna(0).clip(upper=2)
    return here


def _last(material, chosen="at random"):
    campaign = list(_campaigns(material, chosen).itertuples())[-1]
    return campaign, _listed(material, campaign)


def _means(listed, column):
    """Of the contacted, of the held back."""
    means = listed.groupby("contacted")[column].mean()
    return float(means[True]), float(means[False])


# 1 uplift


def uplift(material, column="ordered"):
    contacted, held = _means(_last(material)[1], column)
    return contacted - held


def _both_lots(material):
    parts = [_listed(material, campaign) for campaign in _campaigns(material, "at random").itertuples()]
    contacted, held = _means(pd.concat(parts), "ordered")
    return contacted - held


def _share_of_buyers(material):
    listed = _last(material)[1]
    return float(listed["contacted"][listed["ordered"]].mean())


# 2 profit


def _money(material):
    """Customers contacted and listed, cost of a contact, mean margins, margin of the contacted."""
    campaign, listed = _last(material)
    n = int(listed["contacted"].sum())
    gained = listed["margin"][listed["contacted"]].sum(), listed["margin"][~listed["contacted"]].sum()
    return n, len(listed), float(campaign.contact_cost), _means(listed, "margin"), gained


def profit(material):
    n, _, cost, (contacted, held), _ = _money(material)
    return n * (contacted - held) - n * cost


def _profit_of(how):
    return lambda material: how(*_money(material))


# 3 selection


def _within(material, weights="contacted"):
    listed = _last(material, "by marketing")[1]
    rates = listed.groupby(["lately", "contacted"])["ordered"].agg(["mean", "size"]).unstack()
    rates = rates.dropna()
    if rates.empty or rates.shape[1] < 4:
        raise DataError("Nobody contacted has somebody like them held back.")
    difference = rates["mean"][True] - rates["mean"][False]
    by = {"contacted": rates["size"][True], "held back": rates["size"][False], "all": rates["size"].sum(axis=1)}
    weight = by.get(weights, pd.Series(1.0, index=rates.index))
    return float((difference * weight).sum() / weight.sum())


def _naive(material):
    contacted, held = _means(_last(material, "by marketing")[1], "ordered")
    return contacted - held


def selection(material, weights="contacted"):
    return _naive(material) - _within(material, weights)


# 4 paying


def _cells(material):
    """All customers of campaigns by lot with their cell: price and pressure."""
    parts = []
    contacts = material.table("contacts")
    contacts = contacts[contacts["direction"] == "out"]
    attitude = material.table("customers").set_index("customer")["price_attitude"]
    for campaign in _campaigns(material, "at random").itertuples():
        here = _listed(material, campaign)
        before = campaign.date - contacts["date"]
        heard = contacts[(before > pd.Timedelta(0)) & (before <= pd.Timedelta(days=PRESSURE))].groupby("customer").size()
        here["pressure"] = heard.reindex(here.index).fillna(0).clip(upper=2)
        here["price"] = attitude.reindex(here.index).astype(float).ge(PRICE_FIRST)
        parts.append(here)
    return pd.concat(parts)


def _break_even(material, cells):
    plan = material.table("campaigns")
    ended = plan["date"] + pd.to_timedelta(plan["window"], unit="D") <= pd.Timestamp(material.as_of)
    return plan["contact_cost"][ended].median() / cells["margin"][cells["ordered"]].mean()


def paying(material, measure="uplift", count="all", bar=None):
    cells = _cells(material)
    rates = cells.groupby(["price", "pressure", "contacted"])["ordered"].mean().unstack()
    value = {"uplift": rates[True] - rates[False], "response": rates[True], "held": rates[False]}[measure]
    good = value[value > (_break_even(material, cells) if bar is None else bar)].index
    inside = pd.MultiIndex.from_frame(cells[["price", "pressure"]]).isin(good)
    return float((inside & cells["contacted"].to_numpy()).sum() if count == "contacted" else inside.sum())


def _cells_paying(material):
    cells = _cells(material)
    rates = cells.groupby(["price", "pressure", "contacted"])["ordered"].mean().unstack()
    return float((rates[True] - rates[False] > _break_even(material, cells)).sum())


# 5 test_size


def test_size(material, *, level=0.975, change=CHANGE, group="held"):
    contacted, held = _means(_last(material)[1], "ordered")
    p = held if group == "held" else contacted
    q = p + change
    if not (0 < p < 1 and 0 < q < 1):
        raise DataError("The rate is too near to 0 or 1.")
    z, power = NormalDist().inv_cdf(level), NormalDist().inv_cdf(POWER)
    mean = (p + q) / 2
    each = (z * np.sqrt(2 * mean * (1 - mean)) + power * np.sqrt(p * (1 - p) + q * (1 - q))) ** 2 / (p - q) ** 2
    return float(np.ceil(2 * each - 1e-9))


def _relative(material):
    held = _means(_last(material)[1], "ordered")[1]
    return test_size(material, change=CHANGE * held)


# 6 collisions


def collisions(material, *, direction="out", what="department", count="customers", start=0):
    contacts = material.table("contacts")
    contacts = contacts[contacts["date"] <= pd.Timestamp(material.as_of)]
    contacts = contacts if direction is None else contacts[contacts["direction"] == direction]
    day = contacts["date"] + pd.Timedelta(days=start)
    week = (day - pd.to_timedelta(day.dt.day_of_week, unit="D")).rename("week")
    groups = contacts.groupby(["customer", week])["department"]
    many = (groups.nunique() if what == "department" else groups.size()) >= 2
    many = many[many]
    return float(len(many) if count == "weeks" else many.index.get_level_values("customer").nunique())


_SIGN = "The sign is the wrong way round: contacted less held back."
_LAST = "It is about the last campaign by lot; yours takes all of them."

QUESTIONS = {
    "uplift": Number(
        answer=uplift,
        praise="Lots made the two groups alike, so this difference is what the contact changed.",
        within=0.0005,
        wrong=(
            Wrong(lambda m: -uplift(m), _SIGN),
            Wrong(lambda m: 100 * uplift(m), "These are points of a hundred; the question asks for a difference of two shares."),
            Wrong(lambda m: _means(_last(m)[1], "ordered")[0], "This is the response of those contacted. Some would have ordered anyway."),
            Wrong(lambda m: _means(_last(m)[1], "ordered")[1], "This is what happens without the offer."),
            Wrong(lambda m: uplift(m, "orders"), "You counted orders. A customer who orders twice responds once."),
            Wrong(lambda m: uplift(m) / _means(_last(m)[1], "ordered")[1], "This is the rise as a share of the rate without the offer."),
            Wrong(lambda m: float(_last(m)[1]["ordered"].mean()), "This is the response of everybody listed."),
            Wrong(_both_lots, _LAST),
            Wrong(_share_of_buyers, "This is the share of those who ordered that had been contacted."),
            Wrong(_naive, "This campaign is one for which marketing chose. Take one that drew lots."),
        ),
        hints=(
            "Who responded? Every customer on the list with one order or more in `responses`, contacted or held back.",
            "Two shares: of those contacted, and of those held back. `uplift.outcomes` makes one row a customer.",
        ),
    ),
    "profit": Number(
        answer=profit,
        praise="Only what the contact added counts, and the cost of everybody contacted.",
        within=0.005,
        wrong=(
            Wrong(_profit_of(lambda n, _, cost, means, gained: gained[0] - n * cost),
                  "You counted all orders of those contacted. What would they have brought without the offer?"),
            Wrong(_profit_of(lambda n, _, cost, means, gained: n * (means[0] - means[1])), "You did not take off the contacts' cost."),
            Wrong(_profit_of(lambda n, _, cost, means, gained: gained[0] - gained[1] - n * cost),
                  "You took one sum from the other. The groups are not of one size: compare margins per customer."),
            Wrong(_profit_of(lambda n, all_, cost, means, gained: all_ * (means[0] - means[1] - cost)),
                  "You took everybody on the list; only those contacted were changed, and cost something."),
            Wrong(_profit_of(lambda n, all_, cost, means, gained: n * (means[0] - means[1]) - all_ * cost),
                  "You paid for everybody on the list; only the contacted cost something."),
            Wrong(_profit_of(lambda n, _, cost, means, gained: means[0] - means[1] - cost), "This is per customer contacted."),
        ),
        hints=(
            "Margin per customer, those who did not order counting 0: of the contacted, and of the held back.",
            "The difference times the number contacted, less the cost of contacting them.",
        ),
    ),
    "selection": Number(
        answer=selection,
        praise="That much of the difference was there before the first letter went out, as far as orders lately show it.",
        within=0.0005,
        wrong=(
            Wrong(_naive, "This is the whole difference; how much of it goes when like is compared with like?"),
            Wrong(_within, "This is what is left when like is compared with like. The question asks for the rest."),
            Wrong(lambda m: -selection(m), "The sign is the wrong way round: the whole difference less what is left."),
            Wrong(lambda m: selection(m, "held back"), "You averaged as the held back lie; average as the contacted lie."),
            Wrong(lambda m: selection(m, "all"), "You averaged as the whole list lies; average as the contacted lie."),
            Wrong(lambda m: selection(m, "even"), "You gave each class the same weight; average as the contacted lie."),
            Wrong(uplift, "This campaign drew lots; the question is about one for which marketing chose."),
        ),
        hints=(
            "Within each class of `buyer`: response of the contacted less response of the held back.",
            "Average the three differences with the number contacted in each class, and take that from the whole difference.",
            "The library has `uplift.selection`.",
        ),
    ),
    "paying": Number(
        answer=paying,
        praise="A cell pays where the contact changes enough, however many of its customers respond.",
        within=0.0,
        wrong=(
            Wrong(lambda m: paying(m, "response"), "You held the response against break-even. Hold what the contact changed against it."),
            Wrong(lambda m: paying(m, "held"), "You held the rate without the offer against break-even."),
            Wrong(lambda m: paying(m, count="contacted"), "You counted only those who were contacted; count all in these cells."),
            Wrong(lambda m: paying(m, bar=0.0), "You took every cell with a rise. The rise must pay for the contact."),
            Wrong(_cells_paying, "This is the number of cells; how many customers are in them?"),
        ),
        hints=(
            "Break-even is `cost` over what a customer who orders leaves; both are printed above.",
            "One row a cell of `price` and `pressure`: `uplift.by_segment` takes both names.",
        ),
    ),
    "test_size": Number(
        answer=test_size,
        praise="Plan it before the letters go out: afterwards a test that was too small only looks like no effect.",
        within=2.0,
        wrong=(
            Wrong(lambda m: np.ceil(test_size(m) / 2), "This is the number of each group; the list holds both."),
            Wrong(lambda m: 2 * test_size(m), "This is twice the number. The library gives the whole list, both groups together."),
            Wrong(lambda m: test_size(m, level=0.95), "Your test looks in one direction only. An offer can also keep away."),
            Wrong(lambda m: test_size(m, change=-CHANGE), "Your rate falls by two points; it is to rise."),
            Wrong(lambda m: test_size(m, group="contacted"), "The starting rate is that of those held back, not of those contacted."),
            Wrong(_relative, "You took two per cent of the rate. The question says two points."),
        ),
        hints=(
            "The rate without the offer is that of those held back in the last campaign by lot.",
            "`two_rates.sample_size` takes that rate and the change as shares.",
        ),
    ),
    "collisions": Number(
        answer=collisions,
        praise="No department sees this number in its own list; the customer does.",
        within=0.0,
        wrong=(
            Wrong(lambda m: collisions(m, direction=None), "You counted calls of customers, too. Take what goes out."),
            Wrong(lambda m: collisions(m, count="weeks"), "You counted weeks; a customer with two such weeks is one customer."),
            Wrong(lambda m: collisions(m, what="contact"), "Two contacts of one department are no collision; count different departments."),
            Wrong(lambda m: collisions(m, start=1), "Your weeks begin on Sunday; these begin on Monday."),
        ),
        hints=(
            "For each customer and week: how many different departments contacted them?",
            "`contact_pressure.collisions` has the weeks; how many different customers are in them?",
        ),
    ),
    "decision": Words(
        at_least=40,
        hints=(
            "Which rule has the best measured profit, and does its interval leave out 0?",
            "What does the figure not contain: orders after the window, customers who were never on a list by lot?",
        ),
    ),
}  # fmt: skip
