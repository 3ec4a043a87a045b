"""When each customer orders, what is complained about, and when they stop: the process behind every other table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlib.company.people import days, years

__all__ = ["History", "by_day", "pace", "purchasing"]


@dataclass(frozen=True, eq=False)
class History:
    """What happened, and why. Customers are numbers from 0; time is in days since the first day.

    ``orders``: customer, day, delivered, complained, to_solve (days), extra_stop (chance to stop that the complaint added).
    ``traits``: one row a customer with rate (orders a day), stop (chance to stop after each repeat order), basket (times the usual
    spend), joined, stopped (day, infinite for those who have not).
    """

    orders: pd.DataFrame
    traits: pd.DataFrame


def purchasing(parameters: dict, rng: np.random.Generator, customers: pd.DataFrame) -> History:
    """All orders up to the last day as they come without any campaign."""
    first, last = days(parameters)
    end = (last - first).days + 1.0
    traits = _traits(parameters, rng, customers, first)
    rate, stop = traits["rate"].to_numpy(), traits["stop"].to_numpy()
    stopped = np.full(len(traits), np.inf)
    now, active, rounds = traits["joined"].to_numpy() + rng.random(len(traits)), np.arange(len(traits)), []
    while len(active):  # each round is the next order of everybody who still buys
        orders = _orders(parameters, rng, active, now[active])
        rounds.append(orders)
        own = stop[active] if len(rounds) > 1 else 0.0  # BG/NBD: nobody stops right after the first order by themselves
        chance = 1 - (1 - own) * (1 - orders["extra_stop"].to_numpy())
        stops = rng.random(len(active)) < chance
        stopped[active[stops]] = now[active[stops]]
        active = active[~stops]
        now[active] = _after(now[active], rng.exponential(1 / rate[active]), parameters)
        active = active[now[active] < end]
    return History(by_day(pd.concat(rounds), rng), traits.assign(stopped=stopped))


def pace(parameters: dict, day) -> np.ndarray:
    """By how much customers order faster or slower on a day than their rate says: 1 before the last year."""
    return np.where(years(parameters, day) >= 0, parameters["circumstances"]["last_year"], 1.0)


def _after(now, wait, parameters):
    """When a wait is over that begins now; the part of it in the last year takes longer where all are slower then."""
    then = now + wait
    late = 365 * np.maximum(years(parameters, then) - np.maximum(years(parameters, now), 0.0), 0.0)
    return then + late * (1 / parameters["circumstances"]["last_year"] - 1)


def by_day(orders: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Orders by day, those of one day by lot: order ids, given in this order, must not tell whose they are."""
    lot = rng.permutation(len(orders))
    return orders.iloc[lot].sort_values("day", kind="stable", ignore_index=True)


def _traits(parameters, rng, customers, first):
    p, claims, dealt = parameters["buying"], parameters["claims"], parameters["circumstances"]
    joined = (customers["joined"] - first).dt.days.to_numpy()
    business = (customers["kind"] == "business").to_numpy()
    newer = years(parameters, joined)
    often = dealt["rate"] * np.where(business, dealt["businesses"], 1.0)
    rate, stop = np.empty(len(customers)), np.empty(len(customers))
    for kind, here in (("consumer", ~business), ("business", business)):
        of, n = p[kind], int(here.sum())
        spread = rng.gamma(of["r"], 1 / of["alpha"], n)
        rate[here] = claims["few_bring_most"] * spread + (1 - claims["few_bring_most"]) * of["r"] / of["alpha"]
        stop[here] = rng.beta(of["a"], of["b"], n)
    basket = np.exp(claims["few_bring_most"] * p["basket_spread"] * rng.normal(size=len(customers)))
    return pd.DataFrame(
        {
            "rate": np.maximum(rate * p["rate"] * dealt["newer_rate"] ** newer * often, 1e-9),
            "stop": np.clip(stop * p["stop"] * dealt["newer_stop"] ** newer, 0, 1),
            "basket": basket,
            "joined": joined,
        }
    )


def _orders(parameters, rng, customer, day):
    """One order of each of these customers: how long it took, and what a complaint does."""
    p, claims, n = parameters["service"], parameters["claims"], len(customer)
    delivered = 1 + rng.poisson(1.2, n) + np.where(rng.random(n) < 0.06, rng.integers(3, 9, n), 0)
    complained = rng.random(n) < p["complaints"] + p["complaints_if_late"] * (delivered > 4)
    handler = rng.integers(1, p["handlers"] + 1, n)
    to_solve = np.floor(rng.gamma(0.8, 4.0, n) * np.where(handler <= p["slow_handlers"], 3.0, 1.0))
    harm = 1 - claims["fast_answers_repair"] * np.exp(-to_solve / p["repair_days"])
    extra = claims["complaints_drive_away"] * p["stop_after_complaint"] * harm
    return pd.DataFrame(
        {
            "customer": customer,
            "day": np.floor(day).astype(int),
            "delivered": delivered,
            "complained": complained,
            "handler": handler,
            "to_solve": to_solve.astype(int),
            "extra_stop": np.where(complained, extra, 0.0),
        }
    )
