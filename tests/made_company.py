"""A small company in the columns of the schema, for tests of what reads its raw form: quickly made, and of no likeness."""

from functools import cache

import numpy as np
import pandas as pd

from crmlib.company import parameters
from crmlib.company.defects import defects
from crmlib.company.people import ids, people

PRODUCTS = pd.DataFrame(
    [("P01", "Espresso 1 kg", "beans", 24.9, 13.1), ("P02", "Decaf 250 g", "beans", 7.9, 3.6), ("P03", "Filter 500 g", "beans", 13.9, 6.9),
     ("P04", "Capsules, 50", "capsules", 18.9, 7.4), ("P05", "Mill", "machines", 59.0, 36.0), ("P06", "Cup", "accessories", 12.5, 4.8)],
    columns=["product", "name", "category", "price", "cost"],
)  # fmt: skip


@cache
def made(seed=1, customers=900):
    """Clean tables, raw tables and truth."""
    chosen = parameters.load()
    chosen["people"] = chosen["people"] | {"consumers": customers * 9 // 10, "businesses": customers // 10}
    rng = np.random.default_rng(seed)
    clean = tables(chosen, rng)
    return clean, *defects(chosen, rng, clean)


def tables(chosen, rng):
    """Customers as the company has them; orders that come at random."""
    customers, last = people(chosen, rng), pd.Timestamp(chosen["calendar"]["last"])
    who = np.repeat(np.arange(len(customers)), rng.negative_binomial(0.5, 0.2, len(customers)) + 1)
    later = rng.random(len(who)) * np.r_[False, who[1:] == who[:-1]]
    day = customers["joined"].to_numpy()[who]
    day = day + (later * (last.to_datetime64() - day)).astype("timedelta64[D]")
    orders = pd.DataFrame({"customer": customers["customer"].to_numpy()[who], "date": pd.to_datetime(day)})
    orders["channel"] = rng.choice(["web", "store", "phone", "field"], len(orders), p=[0.5, 0.3, 0.1, 0.1])
    orders = orders.sort_values("date", kind="stable", ignore_index=True)
    orders.insert(0, "order", ids("O", len(orders), 6))
    at = np.repeat(np.arange(len(orders)), rng.integers(1, 4, len(orders)))
    which, quantity = rng.integers(0, len(PRODUCTS), len(at)), rng.integers(1, 5, len(at))
    paid = quantity * PRODUCTS["price"].to_numpy()[which] * rng.choice([1.0, 0.9], len(orders))[at]
    log = orders.iloc[at][["order", "customer", "date"]].assign(
        product=PRODUCTS["product"].to_numpy()[which], quantity=quantity, amount=np.round(paid, 2),
        cost=np.round(quantity * PRODUCTS["cost"].to_numpy()[which], 2),
    )  # fmt: skip
    log = log.drop_duplicates(["order", "product"])
    back = log[rng.random(len(log)) < 0.05]
    back = back.assign(date=(back["date"] + pd.Timedelta(9, "D")).clip(upper=last), quantity=-back["quantity"], amount=-back["amount"], cost=0.0)
    log = pd.concat([log, back]).sort_values(["date", "order"], kind="stable", ignore_index=True)
    return {"customers": customers, "products": PRODUCTS, "orders": orders, "transactions": log}
