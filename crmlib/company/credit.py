"""What businesses are billed and what they pay: monthly deliveries and contracts, by planted classes of payers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.company.people import days, ids

__all__ = ["credit", "payers"]

CLASSES = ("punctual", "slow", "at_risk")


def payers(parameters: dict, rng: np.random.Generator, customers: pd.DataFrame) -> pd.DataFrame:
    """The truth credit, a row a business: its class, the chance that it never pays a monthly invoice, its mean delay.

    ``late`` is the mean of days past the due date over the invoices that it pays, those paid in time counted as 0.
    """
    p = parameters["selling"]
    business = customers.loc[customers["kind"] == "business", ["customer", "size"]].reset_index(drop=True)
    good = p["credit"]["punctual"]
    odds = (1 - good) / good * business["size"].map(p["size_risk"]).to_numpy(dtype=float)
    bad = odds / (1 + odds)
    risky = p["credit"]["at_risk"] / (p["credit"]["at_risk"] + p["credit"]["slow"])
    u = rng.random(len(business))
    number = np.select([u < bad * risky, u < bad], [2, 1], 0)
    default, late, mean = (np.array([p[name][one] for one in CLASSES]) for name in ("default", "late", "late_days"))
    return pd.DataFrame(
        {
            "customer": business["customer"],
            "class": np.array([one.replace("_", " ") for one in CLASSES], dtype=object)[number],
            "default": np.minimum(default * p["default_level"], 1.0)[number],
            "late": (late * mean)[number],
        }
    )


def credit(parameters: dict, rng: np.random.Generator, customers, orders, transactions, opportunities, stages, truth):
    """The tables invoices and payments.

    An invoice "month" is issued on the last day of a month and bills all orders of the business in that month, less
    what ever came back on them; so the invoices of a business add up to its transactions to the cent. A contract is
    billed apart: it is signed on the day the whole first payment has come in, and paid with the rest.
    """
    _, last = days(parameters)
    terms = customers.set_index("customer")["terms"]
    monthly = _monthly(terms, orders, transactions)
    paid = _payments(parameters["selling"], rng, monthly, truth.set_index("customer")["class"])
    contracts, contract_payments = _contracts(parameters["selling"], rng, terms, opportunities, stages, last)
    invoices = pd.concat([monthly, contracts], ignore_index=True)
    contract_payments["invoice"] += len(monthly)
    order = invoices.sort_values(["issued", "customer", "part"], kind="stable").index.to_numpy()
    number = np.empty(len(order), dtype=int)
    number[order] = np.arange(len(order))
    name = ids("F", len(invoices), 5)
    invoices = invoices.loc[order].reset_index(drop=True)
    invoices.insert(0, "invoice", name)
    payments = pd.concat([paid, contract_payments], ignore_index=True)
    payments = payments[payments["date"] <= last]
    payments["invoice"] = name[number[payments["invoice"].to_numpy(dtype=int)]]
    payments = payments.sort_values(["date", "invoice"], kind="stable").reset_index(drop=True)
    payments.insert(0, "payment", ids("Z", len(payments), 5))
    return {"invoices": invoices, "payments": payments}


def _monthly(terms, orders, transactions):
    lines = transactions[transactions["customer"].isin(terms.index[terms.notna()])]
    ordered = lines["order"].map(orders.set_index("order")["date"])
    lines = pd.DataFrame(
        {
            "customer": lines["customer"],
            "issued": ordered.dt.to_period("M").dt.to_timestamp() + pd.offsets.MonthEnd(0),
            "cents": np.round(lines["amount"] * 100).astype(int),
        }
    )
    table = lines.groupby(["customer", "issued"], as_index=False)["cents"].sum()
    table = table[table["cents"] > 0].reset_index(drop=True)
    return _invoices(table["customer"], None, "month", table["issued"], table["customer"].map(terms), table["cents"])


def _invoices(customer, opportunity, part, issued, days_to_pay, cents):
    issued = pd.Series(np.asarray(issued, dtype="M8[ns]"))
    due = issued + pd.to_timedelta(np.asarray(days_to_pay, dtype=int), unit="D")
    return pd.DataFrame(
        {
            "customer": np.asarray(customer, dtype=object),
            "opportunity": np.asarray(opportunity, dtype=object) if opportunity is not None else None,
            "part": part,
            "issued": issued,
            "due": due,
            "amount": np.asarray(cents) / 100,
        }
    )


def _payments(p, rng, invoices, class_of):
    """Payments on monthly invoices, without an end of the world; the number of the invoice instead of its id.

    Who pays in time does so in the week before the due date. Money moves on workdays.
    """
    n = len(invoices)
    kind = invoices["customer"].map(class_of).str.replace(" ", "_")
    due = invoices["due"].to_numpy("M8[D]")

    def of(name):
        return kind.map(p[name]).to_numpy(dtype=float)

    never = rng.random(n) < np.minimum(of("default") * p["default_level"], 1.0)
    late = rng.random(n) < of("late")
    after = np.minimum(1 + np.floor(rng.exponential(1.0, n) * (of("late_days") - 0.5)), 150).astype(int)
    early = np.busday_offset(due - rng.integers(0, 7, n), 0, roll="backward")
    date = np.where(late, np.busday_offset(due + after, 0, roll="forward"), early)
    cents = np.round(invoices["amount"].to_numpy() * 100).astype(int)
    parts = rng.random(n) < of("in_parts")
    first = np.where(parts, np.maximum(np.round(cents * rng.uniform(0.3, 0.7, n)).astype(int), 1), cents)
    # of two parts the first comes that much before the second, but not before it was billed
    before = np.busday_offset(date - rng.integers(7, 29, n), 0, roll="backward")
    before = np.where(parts, np.maximum(before, invoices["issued"].to_numpy("M8[D]")), date)
    paid, rest = _paid(np.arange(n), before, first), _paid(np.arange(n), date, cents - first)
    return pd.concat([paid[~never], rest[~never & parts & (cents > first)]], ignore_index=True)


def _paid(invoice, date, cents):
    return pd.DataFrame({"invoice": invoice, "date": np.asarray(date, dtype="M8[ns]"), "amount": cents / 100})


def _contracts(p, rng, terms, opportunities, stages, last):
    """Invoices and payments of contracts; those signed, and proposals on which too little was paid."""
    last = np.datetime64(last, "D")
    when = stages.pivot(index="opportunity", columns="stage", values="entered")
    when = when.reindex(index=opportunities["opportunity"], columns=["proposal", "signed", "paid"])
    proposal, signed, paid = (when[name].to_numpy("M8[D]") for name in when.columns)
    n = len(opportunities)
    end = np.where(np.isnat(opportunities["closed"].to_numpy("M8[D]")), last, opportunities["closed"].to_numpy("M8[D]"))
    full = ~np.isnat(signed)
    short = ~np.isnat(proposal) & ~full & (rng.random(n) < p["too_little"]) & ((end - proposal).astype(int) >= 7)
    money = np.where(full, signed, np.busday_offset(end, 0, roll="backward"))
    issued = np.maximum(np.busday_offset(money, -rng.integers(2, 9, n), roll="backward"), proposal)
    cents = np.round(opportunities["amount"].to_numpy() * 100).astype(int)
    first = np.round(cents * p["first_share"]).astype(int)
    came = np.where(full, first, np.round(first * rng.uniform(0.2, 0.7, n)).astype(int))
    who, deal = opportunities["customer"].to_numpy(), opportunities["opportunity"].to_numpy()
    asked, settled = full | short, ~np.isnat(paid)
    to_pay = terms.reindex(who).to_numpy(dtype=int)
    soon = np.full(asked.sum(), p["first_due"])
    invoices = [
        _invoices(who[asked], deal[asked], "first payment", issued[asked], soon, first[asked]),
        _invoices(who[full], deal[full], "rest", signed[full], to_pay[full], (cents - first)[full]),
    ]
    place = np.cumsum(full) - 1 + asked.sum()
    payments = [
        _paid((np.cumsum(asked) - 1)[asked], money[asked], came[asked]),
        _paid(place[settled], paid[settled], (cents - first)[settled]),
    ]
    return pd.concat(invoices, ignore_index=True), pd.concat(payments, ignore_index=True)
