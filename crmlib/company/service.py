"""What customers and company say to each other: contacts, inquiries, complaints, surveys; and what serving costs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.company.people import days, ids, pick
from crmlib.company.purchasing import History

__all__ = ["complaints", "contact_table", "inquiries", "routine_contacts", "service_costs", "surveys"]


def routine_contacts(parameters, rng, customers, history: History) -> pd.DataFrame:
    """Contacts apart from campaigns, one row each, with customer numbers and days.

    Advertising goes out whether or not somebody buys; businesses are called and visited; customers ask back.
    """
    p = parameters["service"]
    first, last = days(parameters)
    n, end = len(customers), (last - first).days
    joined = history.traits["joined"].to_numpy()
    business = (customers["kind"] == "business").to_numpy()
    yearly = customers["size"].map(p["business_contacts"]).astype("float").to_numpy()
    even = np.nanmean(yearly)  # where size claims nothing, all get the same
    press = parameters["claims"]["middle_most_profitable"]
    listed = rng.random(n) < p["listed"]
    told = customers["consent"] * np.where(listed, p["listed_contacts"], p["contacts"])
    rate = np.where(business, press * yearly + (1 - press) * even, told)
    count = rng.poisson(rate * (end - joined) / 365.25)
    who = np.repeat(np.arange(n), count)
    day = joined[who] + np.floor(rng.random(len(who)) * (end + 1 - joined[who])).astype(int)
    to_business = business[who]
    shares = [
        (to_business, {"sales phone": 0.50, "sales visit": 0.25, "service phone": 0.15, "accounts e-mail": 0.10}),
        (listed[who], {"sales phone": 0.40, "marketing e-mail": 0.40, "service phone": 0.20}),
        (np.ones(len(who), dtype=bool), {"marketing e-mail": 0.70, "marketing letter": 0.30}),
    ]
    how = np.select([here for here, _ in shares], [pick(share, len(who), rng) for _, share in shares])
    department, channel = np.array([one.split(" ") for one in how], dtype=object).reshape(-1, 2).T
    day -= np.where(channel == "e-mail", (day - 1) % 7, 0)  # e-mails go out on Mondays
    day = np.maximum(day, joined[who])
    direction = np.where((department == "service") & (rng.random(len(who)) < 0.5), "in", "out")
    return pd.DataFrame(
        {"customer": who, "day": day, "department": department, "channel": channel, "direction": direction}
    )


def contact_table(parameters, customers, contacts: pd.DataFrame) -> pd.DataFrame:
    """The table contacts, out of routine and campaigns together."""
    first, _ = days(parameters)
    contacts = contacts.sort_values(["day", "customer"], kind="stable", ignore_index=True)
    return pd.DataFrame(
        {
            "contact": ids("K", len(contacts), 6),
            "customer": customers["customer"].to_numpy()[contacts["customer"]],
            "date": first + pd.to_timedelta(contacts["day"], unit="D"),
            "department": contacts["department"],
            "channel": contacts["channel"],
            "direction": contacts["direction"],
            "cost": contacts["channel"].map(parameters["service"]["contact_cost"]).astype(float),
        }
    )


def inquiries(parameters, rng, customers, products, history: History) -> pd.DataFrame:
    """The table inquiries: some three days around an order; nine of ten are answered within days."""
    p = parameters["service"]
    first, last = days(parameters)
    at = np.flatnonzero(rng.random(len(history.orders)) < p["inquiries"])
    asked = history.orders["day"].to_numpy()[at] + rng.integers(-3, 4, len(at))
    keep = (asked >= 0) & (asked <= (last - first).days)
    asked = np.sort(asked[keep])
    who = history.orders["customer"].to_numpy()[at][keep][np.argsort(asked, kind="stable")]
    product = products["product"].to_numpy()[rng.integers(0, len(products), len(who))]
    department = pick({"sales": 0.5, "service": 0.35, "accounts": 0.15}, len(who), rng)
    lag = np.floor(rng.gamma(0.7, np.where(department == "accounts", 6.0, 2.5)))
    return pd.DataFrame(
        {
            "inquiry": ids("I", len(who), 5),
            "customer": customers["customer"].to_numpy()[who],
            "product": np.where(department == "accounts", None, product),
            "department": department,
            "asked": first + pd.to_timedelta(asked, unit="D"),
            "answered": _until(first, last, asked + lag),
        }
    )


def complaints(parameters, rng, customers, orders, transactions, history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table complaints, and its truth: the chance to stop that each of them added."""
    first, last = days(parameters)
    of = history.orders.reset_index()[history.orders["complained"].to_numpy()].copy()
    of["opened"] = of["day"] + of["delivered"] + rng.integers(0, 3, len(of))
    of = of[of["opened"] <= (last - first).days].sort_values(["opened", "index"], kind="stable", ignore_index=True)
    n, at = len(of), of["index"].to_numpy()
    bought = transactions[transactions["quantity"] > 0].drop_duplicates("order").set_index("order")["product"]
    order = orders["order"].to_numpy()[at]
    late = (of["delivered"] > 4).to_numpy() & (rng.random(n) < 0.7)
    kind = np.where(late, "late", pick({"damaged": 0.3, "wrong item": 0.2, "taste": 0.3, "defect": 0.1, "bill": 0.1}, n, rng))
    chance = {"damaged": 0.9, "late": 0.95, "wrong item": 0.9, "taste": 0.35, "defect": 0.6, "bill": 0.7}
    valid = rng.random(n) < pd.Series(kind).map(chance).to_numpy()
    ours = np.where(np.isin(kind, ["late", "wrong item", "bill"]), "staff", "quality")
    theirs = np.where(np.isin(kind, ["defect", "damaged"]), "misuse", "expectation")
    table = pd.DataFrame(
        {
            "complaint": ids("B", n, 4),
            "customer": customers["customer"].to_numpy()[of["customer"]],
            "order": order,
            "product": bought.reindex(order).to_numpy(),
            "type": kind,
            "cause": np.where(valid, ours, theirs),
            "valid": valid,
            "representative": np.char.add("A", of["handler"].to_numpy().astype(str)),
            "opened": first + pd.to_timedelta(of["opened"], unit="D"),
            "solved": _until(first, last, (of["opened"] + of["to_solve"]).to_numpy()),
            "first_contact": (of["to_solve"] == 0).to_numpy(),
            "reopened": (of["to_solve"] > 0).to_numpy() & (rng.random(n) < 0.08),
        }
    )
    truth = {"complaint": table["complaint"], "extra_stop": np.round(of["extra_stop"], 4), "mood": np.round(-_anger(parameters, of), 3)}
    return table, pd.DataFrame(truth)


def _anger(parameters, orders):
    """How far each order's complaint lowers what the customer answers; the longer it takes to solve, the further."""
    p, claims = parameters["service"], parameters["claims"]
    harm = 1 - claims["fast_answers_repair"] * np.exp(-orders["to_solve"].to_numpy() / p["repair_days"])
    anger = claims["complaints_drive_away"] * (p["mood_complaint"] + p["mood_unsolved"] * harm)
    return np.where(orders["complained"], anger, 0.0)


def _until(first, last, day):
    """Days as dates, nothing for those after the last day."""
    dates = pd.Series(first + pd.to_timedelta(day, unit="D"))
    return dates.where(dates <= last)


def surveys(parameters, rng, customers, orders, history: History) -> pd.DataFrame:
    """The table surveys: after some orders. Who will stop sooner is less content, and so is who has complained."""
    p, claims = parameters["service"], parameters["claims"]
    _, last = days(parameters)
    at = np.sort(rng.choice(len(orders), min(p["surveys"], len(orders)), replace=False))
    chosen = orders.iloc[at]
    date = chosen["date"] + pd.to_timedelta(rng.integers(5, 30, len(at)), unit="D")
    keep = (date <= last).to_numpy()
    at, date = at[keep], date[keep].reset_index(drop=True)
    who, n = history.orders["customer"].to_numpy()[at], int(keep.sum())
    stop = history.traits["stop"].to_numpy()[who]
    mood = np.clip(claims["satisfied_return"] * p["mood_stop"] * (0.2 - stop) / 0.2, -2, 1)
    mood = mood - _anger(parameters, history.orders.iloc[at]) + rng.normal(0, 0.7, n)
    late = history.orders["delivered"].to_numpy()[at] > 4

    def item(centre, weight, noise, low, high):
        return np.clip(np.round(centre + weight * mood + rng.normal(0, noise, n)), low, high).astype("int64")

    price = customers["price_attitude"].astype(float).fillna(3).to_numpy()[who]
    table = pd.DataFrame(
        {
            "survey": "",
            "customer": customers["customer"].to_numpy()[who],
            "date": date,
            "satisfaction": item(3.9, 0.7, 0.4, 1, 5),
            "recommend": item(8.0, 1.6, 1.0, 0, 10),
            "effort": item(5.4, 0.7, 0.9, 1, 7),
            "buy_again": item(5.4, 1.0, 0.7, 1, 7),
            "first_choice": item(4.7, 0.9, 0.9, 1, 7),
            "trust": item(5.2, 0.9, 0.7, 1, 7),
            "taste": item(5.8, 0.7, 0.7, 1, 7),
            "delivery": item(5.5 - 1.5 * late, 0.5, 0.8, 1, 7),
            "service": item(5.3, 0.8, 0.8, 1, 7),
            "price": item(5.4 - 0.35 * price, 0.3, 0.9, 1, 7),
            "safety": item(6.4, 0.05, 0.35, 1, 7),
        }
    )
    table["comment"] = _comments(rng, table)
    table = table.sort_values(["date", "customer"], kind="stable", ignore_index=True)
    return table.assign(survey=ids("Y", n, 4))


def _comments(rng, table):
    """A few words from those with something to say; what they say follows what they rated lowest or highest."""
    drivers = np.array(["taste", "delivery", "service", "price"])
    rated = table[drivers].to_numpy() + rng.normal(0, 0.1, (len(table), 4))
    bad = {"taste": "too bitter for me", "delivery": "parcel came late", "service": "nobody called back", "price": "price > value, sorry"}
    good = {"taste": "the espresso is wonderful", "delivery": "here in two days", "service": "Berta knew my order by heart", "price": "fair price & fresh beans"}
    worst, best = drivers[rated.argmin(axis=1)], drivers[rated.argmax(axis=1)]
    low = table["recommend"].to_numpy() <= 6
    said = [bad[w] if at else good[b] for at, w, b in zip(low, worst, best, strict=True)]
    return np.where(rng.random(len(table)) < np.where(low, 0.5, 0.15), np.array(said, dtype=object), None)


def service_costs(parameters, orders, transactions, contacts, complaints) -> pd.DataFrame:
    """The table service_costs: what each activity for a customer cost in a year, at standard rates."""
    p = parameters["service"]
    returned = transactions[transactions["amount"] < 0]
    visits = contacts["channel"] == "visit"
    parts = {
        "orders": (orders, orders["date"], orders["shipping"] + p["order_cost"]),
        "contacts": (contacts[~visits], contacts["date"][~visits], contacts["cost"][~visits]),
        "complaints": (complaints, complaints["opened"], pd.Series(p["complaint_cost"], complaints.index)),
        "returns": (returned, returned["date"], pd.Series(p["return_cost"], returned.index)),
        "visits": (contacts[visits], contacts["date"][visits], contacts["cost"][visits]),
    }
    rows = [
        pd.DataFrame({"customer": of["customer"], "year": date.dt.year.astype("int64"), "activity": activity, "cost": cost})
        for activity, (of, date, cost) in parts.items()
    ]
    table = pd.concat(rows).groupby(["customer", "year", "activity"], as_index=False)["cost"].sum()
    return table.assign(cost=table["cost"].round(2))
