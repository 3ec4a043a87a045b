"""Possible sales to businesses: their way through the stages, and what representatives said of them every Thursday."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.company.people import days, ids, pick

__all__ = ["STAGES", "deals", "hazards"]

STAGES = ("first contact", "needs", "proposal", "signed", "paid")
_THURSDAY = np.datetime64("1970-01-01", "D")  # a Thursday; all others are whole weeks away


def hazards(parameters: dict) -> pd.DataFrame:
    """A row a stage before "paid": the chance a week to move on and to be lost, and the chance to be won in the end.

    A deal leaves its stage in a week with chance ``move + lose``, however long it has been there. So on any day the
    chance of an open deal depends on its stage alone: ``win`` is the product of move / (move + lose) from there on.
    """
    p = parameters["selling"]
    move = p["pace"] * np.array(p["move"])
    lose = p["pace"] * p["losing"] * np.array(p["lose"])
    win = np.cumprod((move / (move + lose))[::-1])[::-1]
    return pd.DataFrame({"stage": STAGES[:-1], "move": move, "lose": lose, "win": win})


def deals(parameters: dict, rng: np.random.Generator, customers: pd.DataFrame, orders: pd.DataFrame):
    """The tables opportunities, stages and forecasts; and the truth stage_chances and representatives.

    Businesses are asked from when they joined until 90 days after their last order, the bigger ones more often. All
    happens on workdays, and what would happen after the last day has not happened: such deals are open.
    """
    p, (_, last) = parameters["selling"], days(parameters)
    last = np.datetime64(last, "D")
    chances, people = hazards(parameters), _representatives(parameters, rng)
    business = _asked(p, customers, orders, last, rng)
    n = len(business)
    entered, lost = _ways(chances, business.pop("opened").to_numpy("M8[D]"), rng)
    order = np.argsort(entered[:, 0], kind="stable")
    business, entered, lost = business.iloc[order].reset_index(drop=True), entered[order], lost[order]
    entered, lost = (np.where(when <= last, when, np.datetime64("NaT")) for when in (entered, lost))
    won = entered[:, -1]
    closed = np.where(np.isnat(lost), won, lost)
    category = pick(p["categories"], n, rng)
    middle = business["size"].map(p["amounts"]).to_numpy() * pd.Series(category).map(p["category_amounts"]).to_numpy()
    amount = middle * np.exp(rng.normal(0, p["amount_spread"], n))
    weeks = np.exp(rng.normal(np.log(p["expected_weeks"]), p["expected_spread"], n))
    expected = np.busday_offset(entered[:, 0], np.ceil(5 * weeks).astype(int), roll="forward")
    opportunity = ids("Q", n, 4)
    said, amount = _said(p, rng, chances, people, business["representative"], amount, entered, closed, last)
    opportunities = pd.DataFrame(
        {
            "opportunity": opportunity,
            "customer": business["customer"],
            "representative": business["representative"],
            "category": category,
            "amount": amount,
            "opened": entered[:, 0],
            "expected": expected,
            "outcome": np.select([~np.isnat(won), ~np.isnat(lost)], ["won", "lost"], "open").astype(object),
            "closed": closed,
        }
    )
    deal, stage = np.nonzero(~np.isnat(entered))
    stages = pd.DataFrame(
        {"opportunity": opportunity[deal], "stage": _names(stage), "entered": entered[deal, stage]}
    )  # fmt: skip
    forecasts = said.assign(opportunity=opportunity[said["opportunity"]], stage=_names(said["stage"]))
    tables = {"opportunities": opportunities, "stages": stages, "forecasts": forecasts}
    return {name: _by_second(table) for name, table in tables.items()}, {
        "stage_chances": chances,
        "representatives": people,
    }


def _by_second(table):
    """Days in the unit that a file of dates is read in."""
    when = table.select_dtypes("datetime").columns
    return table.astype(dict.fromkeys(when, "datetime64[ns]"))


def _names(stage):
    return np.array(STAGES, dtype=object)[stage]


def _representatives(parameters, rng):
    """Who is how biased is drawn, so that it differs from class to class; the biases and noises are the same."""
    p, claim = parameters["selling"], parameters["claims"]["forecasters_are_biased"]
    n = len(p["biases"])
    return pd.DataFrame(
        {
            "representative": ids("S", n, 1),
            "bias": claim * rng.permutation(p["biases"]) + 0.0,
            "noise": rng.permutation(p["noises"]),
        }
    )


def _asked(p, customers, orders, last, rng):
    """A row a deal: customer, representative, size, opened."""
    business = customers.loc[customers["kind"] == "business", ["customer", "representative", "size", "joined"]]
    until = business["customer"].map(orders.groupby("customer")["date"].max()).fillna(business["joined"])
    until = np.minimum((until + pd.Timedelta(days=90)).to_numpy("M8[D]"), last)
    since = business.pop("joined").to_numpy("M8[D]")
    there = (until - since).astype(int) + 1
    weight = business["size"].map(p["deals_by_size"]).to_numpy(dtype=float) * there
    row = rng.choice(len(business), p["opportunities"], p=weight / weight.sum())
    opened = since[row] + (rng.random(len(row)) * there[row]).astype(int)
    opened = np.minimum(np.busday_offset(opened, 0, roll="forward"), np.busday_offset(last, 0, roll="backward"))
    return business.iloc[row].reset_index(drop=True).assign(opened=opened)


def _ways(chances, opened, rng):
    """When each deal enters each stage, and when it is lost, without an end of the world: five columns, one column.

    In a week that is so many workdays after the stage was entered, any of the five workdays is as likely.
    """
    n = len(opened)
    entered = np.full((n, len(STAGES)), np.datetime64("NaT"), dtype="M8[D]")
    lost = np.full(n, np.datetime64("NaT"), dtype="M8[D]")
    entered[:, 0], there = opened, np.arange(n)
    for stage, (move, lose) in enumerate(chances[["move", "lose"]].to_numpy()):
        weeks = rng.geometric(move + lose, n)[there]
        until = np.busday_offset(entered[there, stage], 5 * (weeks - 1) + rng.integers(1, 6, n)[there])
        moves = (rng.random(n) < move / (move + lose))[there]
        lost[there[~moves]] = until[~moves]
        there, until = there[moves], until[moves]
        entered[there, stage + 1] = until
    return entered, lost


def _said(p, rng, chances, people, representative, amount, entered, closed, last):
    """The forecasts, their opportunity and stage as numbers; and the amounts as last estimated.

    Amounts wander from week to week until the contract is signed. A representative sees the true chance through their
    bias and noise, both in log odds; the noise is half in the deal and half in the week.
    """
    first = entered[:, 0]
    begin = -((_THURSDAY - first).astype(int) // 7) * 7  # days from the one Thursday to the first since it was opened
    end = np.where(np.isnat(closed), last, closed - 1)
    week = [np.arange(b, (e - _THURSDAY).astype(int) + 1, 7) for b, e in zip(begin, end, strict=True)]
    many = np.array([len(one) for one in week])
    deal, week = np.repeat(np.arange(len(many)), many), _THURSDAY + np.concatenate(week)
    stage = (entered[deal] <= week[:, None]).sum(axis=1) - 1
    step = np.where(stage < STAGES.index("signed"), rng.normal(0, p["amount_drift"], len(deal)), 0.0)
    wander = pd.Series(step).groupby(deal).cumsum().to_numpy()
    now = np.maximum(np.round(amount[deal] * np.exp(wander), -1), 10.0)
    late = np.maximum(np.round(amount, -1), 10.0)
    late[deal] = now  # the last of each deal stays
    who = representative.map(people.set_index("representative")["bias"]).to_numpy()
    noise = representative.map(people.set_index("representative")["noise"]).to_numpy()[deal] / np.sqrt(2)
    true = chances["win"].to_numpy()[stage]
    odds = np.log(true / (1 - true)) + who[deal]
    odds += noise * (rng.normal(size=len(many))[deal] + rng.normal(size=len(deal)))
    chance = np.clip(np.round(1 / (1 + np.exp(-odds)) / p["steps"]) * p["steps"], p["steps"], 1 - p["steps"])
    kept = week > last - 7 * p["forecast_weeks"]
    said = {"opportunity": deal, "week": week, "stage": stage, "probability": chance.round(2), "amount": now}
    return pd.DataFrame(said)[kept].reset_index(drop=True), late
