"""The whole company from parameters and a seed: clean tables, raw tables, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmlib.company.baskets import baskets, catalogue
from crmlib.company.campaigns import campaigns
from crmlib.company.defects import defects
from crmlib.company.parameters import load
from crmlib.company.people import days, people
from crmlib.company.purchasing import History, pace, purchasing
from crmlib.company.selling import selling
from crmlib.company.service import complaints, contact_table, inquiries, routine_contacts, service_costs, surveys
from crmlib.company.wants import wants

__all__ = ["Company", "PUBLIC_SEED", "VERSION", "make", "make_raw"]

VERSION = "1"  # of the generator: the same version, numpy, seed and parameters give the same bytes
PUBLIC_SEED = 1901  # the year in which the lighthouse was lit

_PARTS = ("people", "purchasing", "contacts", "campaigns", "baskets", "service", "wants", "selling", "defects")


@dataclass(frozen=True, eq=False)
class Company:
    """Tables by name, as schema.toml, raw.toml and truth.toml describe them, and the parameters they were made from."""

    parameters: dict
    clean: dict[str, pd.DataFrame]
    raw: dict[str, pd.DataFrame]
    truth: dict[str, pd.DataFrame]


def make(parameters: dict | None = None, seed=PUBLIC_SEED, *, raw: bool = True) -> Company:
    """Make the company: the public one, or one from other ``parameters`` (a dict as `parameters.load` gives).

    ``seed`` is a whole number, a sequence of such, or a numpy SeedSequence. Every part draws from a stream of its own, so
    a change in one leaves what the others draw alone. ``raw=False`` leaves out the raw tables and their truth, which take
    half of the time.
    """
    p = parameters if parameters is not None else load()
    rng = _streams(seed)
    bought, routine, offered = _bought(p, rng)
    customers, products, orders, transactions = bought.values()
    history = offered.history
    contacts = contact_table(p, customers, pd.concat([routine, offered.contacts]))
    complained, harm = complaints(p, rng["service"], customers, orders, transactions, history)
    wanted, behind = wants(p, rng["wants"], customers)
    clean = {
        **bought,
        "contacts": contacts,
        "inquiries": inquiries(p, rng["service"], customers, products, history),
        "complaints": complained,
        "surveys": surveys(p, rng["service"], customers, orders, history),
        "campaigns": offered.campaigns,
        "offers": offered.offers,
        "responses": _responses(offered, orders, transactions),
        "service_costs": service_costs(p, orders, transactions, contacts, complained),
        **wanted,
    }
    sold, behind_sales = selling(p, rng["selling"], customers, orders, transactions)
    clean |= sold
    truth = {
        "customers": _customers(p, customers, history, clean),
        "complaints": harm,
        "uplift": offered.uplift.round({"without": 3, "uplift": 3}),
        **behind,
        **behind_sales,
    }
    exported, planted = defects(p, rng["defects"], bought) if raw else ({}, {})
    return Company(p, clean, exported, truth | planted)


def make_raw(parameters: dict, seed) -> tuple[dict, dict]:
    """The raw tables of a company and their truth alone; the same as `make` gives."""
    rng = _streams(seed)
    return defects(parameters, rng["defects"], _bought(parameters, rng)[0])


def _streams(seed):
    """A generator for each part."""
    given = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    fresh = np.random.SeedSequence(given.entropy, spawn_key=given.spawn_key)  # so that a second call is equal
    return {part: np.random.default_rng(one) for part, one in zip(_PARTS, fresh.spawn(len(_PARTS)), strict=True)}


def _bought(p, rng):
    """Who bought what: the tables that all others build on, with the contacts and offers on the way there."""
    customers, products = people(p, rng["people"]), catalogue(p)
    natural = purchasing(p, rng["purchasing"], customers)
    routine = routine_contacts(p, rng["contacts"], customers, natural)
    offered = campaigns(p, rng["campaigns"], customers, natural, routine)
    orders, transactions = baskets(p, rng["baskets"], customers, products, offered.history)
    tables = {"customers": customers, "products": products, "orders": orders, "transactions": transactions}
    return tables, routine, offered


def _responses(offered, orders, transactions):
    """Orders of listed customers within the window of a campaign."""
    bought = transactions[transactions["quantity"] > 0]
    margin = (bought["amount"] - bought["cost"]).groupby(bought["order"]).sum().round(2)
    rows = []
    for row in offered.campaigns.itertuples():
        listed = offered.offers["customer"][offered.offers["campaign"] == row.campaign]
        within = orders["date"].between(row.date, row.date + pd.Timedelta(days=row.window))
        found = orders[within & orders["customer"].isin(listed)]
        rows.append(found[["customer", "order"]].assign(campaign=row.campaign))
    table = pd.concat(rows, ignore_index=True)
    table["margin"] = margin.reindex(table["order"]).to_numpy()
    return table[["campaign", "customer", "order", "margin"]]


def _customers(p, customers, history: History, clean):
    """What is true of each customer: rate, stopping, what is still to come, what serving cost."""
    first, last = days(p)
    traits, bought = history.traits, clean["transactions"]
    alive = np.isinf(traits["stopped"].to_numpy())
    rate, stop = traits["rate"].to_numpy() * pace(p, (last - first).days), traits["stop"].to_numpy()
    names = customers["customer"]
    margin = (bought["amount"] - bought["cost"]).groupby(bought["customer"]).sum().reindex(names).to_numpy()
    served = clean["service_costs"].groupby("customer")["cost"].sum().reindex(names).fillna(0).to_numpy()
    orders = clean["orders"].groupby("customer").size().reindex(names).to_numpy()
    discount = np.log(1.10) / 365.25  # 10 % a year, continuously
    ends = 1 - (1 - stop) * (1 - history.orders["extra_stop"].mean())  # an order may be complained about, too
    coming = np.where(alive, -np.expm1(-rate * ends * 365) / np.maximum(ends, 1e-12), 0.0)
    endless = np.where(alive, rate / (rate * ends + discount), 0.0)
    profit = margin - served
    return pd.DataFrame(
        {
            "customer": names,
            "rate": np.round(rate, 5),
            "stop": np.round(stop, 3),
            "alive": alive,
            "stopped": pd.Series(first + pd.to_timedelta(np.where(alive, np.nan, np.floor(traits["stopped"])), unit="D")),
            "orders_next_year": np.round(coming, 2),
            "residual_value": np.round(endless * profit / orders, 1),
            "profit": np.round(profit, 2),
        }
    )
