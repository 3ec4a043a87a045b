"""The raw form of the company's data: records of three systems and exported lines, with every planted defect by row."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from crmlib.company.people import days, ids
from crmlib.company.spellings import SPELLINGS

__all__ = ["defects"]

SOURCES = {"web": "web shop", "store": "store till", "phone": "office contacts", "field": "office contacts"}
DATES = {"web shop": "%Y-%m-%d", "store till": "%d.%m.%Y", "office contacts": "%m/%d/%Y"}
YES = {"web shop": ("true", "false"), "store till": ("1", "0"), "office contacts": ("yes", "no")}
_TEXTS = ["name", "company", "street", "postcode", "city", "email", "phone"]
_WRONG = ["table", "row", "column", "kind", "value"]


def defects(parameters: dict, rng: np.random.Generator, tables: dict) -> tuple[dict, dict]:
    """The raw tables records, lines and rates, and the truth tables records and defects.

    ``tables`` has the clean customers, products, orders and transactions. Every column of a raw table is text. A line has
    one defect at most; of a customer with several records, one may have an old address and the further ones are misspelt.
    """
    p = parameters["defects"]
    for_records, for_lines = rng.spawn(2)
    records, wrong_records = _records(p, for_records, tables, days(parameters)[1])
    lines, wrong_lines = _lines(p, for_lines, tables, records, days(parameters))
    truth = records[["record", "customer"]].reset_index(drop=True)
    rates = [("EUR", year, 1.0) for year in _years(parameters)]
    rates += [(name, year, rate) for name, of in p["rates"].items() for year, rate in zip(_years(parameters), of, strict=True)]
    rates = pd.DataFrame(rates, columns=["currency", "year", "rate"]).astype({"year": str})
    rates["rate"] = [f"{rate:.2f}" for rate in rates["rate"]]
    wrong = pd.concat([wrong_records, wrong_lines], ignore_index=True)
    return {"records": _exported(records), "lines": lines, "rates": rates}, {"records": truth, "defects": wrong}


def _years(parameters):
    first, last = days(parameters)
    return list(range(first.year, last.year + 1))


# records


def _records(p, rng, tables, last):
    customers, orders = tables["customers"], tables["orders"]
    table = customers[["customer", *_TEXTS, "updated", "consent"]].assign(created=customers["joined"])
    by_customer = orders.sort_values("date", kind="stable").groupby("customer", sort=False)
    first_channel = by_customer["channel"].first().reindex(table["customer"])
    table["source"] = first_channel.map(SOURCES).fillna("web shop").to_numpy()
    table[_TEXTS] = table[_TEXTS].fillna("")
    table["number"] = 0
    count = by_customer.size().reindex(table["customer"]).fillna(0).to_numpy()
    chance = np.minimum(count, 6) + 0.2
    several = rng.choice(len(table), int(round(p["several_records"] * len(table))), replace=False, p=chance / chance.sum())
    twice = several[rng.random(len(several)) < p["three_records"]]
    dates = {customer: days.to_numpy() for customer, days in by_customer["date"]}
    further, wrong, moved = [], [], set()
    for at, number in [*((at, 1) for at in np.sort(several)), *((at, 2) for at in np.sort(twice))]:
        one = table.iloc[at].to_dict() | {"number": number}
        later = dates.get(one["customer"], np.array([], "datetime64[ns]"))
        later = later[later > np.datetime64(one["created"])]
        span = (last - one["created"]).days
        created = pd.Timestamp(rng.choice(later)) if len(later) else one["created"] + pd.Timedelta(int(rng.integers(0, span + 1)), "D")
        updated = created + pd.Timedelta(int(rng.beta(1.0, 2.5) * (last - created).days), "D")
        if rng.random() < p["other_system"]:
            one["source"] = str(rng.choice([name for name in DATES if name != one["source"]]))
        one |= {"created": created, "updated": updated, "consent": bool(one["consent"] and rng.random() >= p["no_consent"])}
        if one["consent"] != table["consent"].iloc[at]:
            wrong.append(((at, number), "consent", "other answer", "true"))
        if number == 1 and rng.random() < p["moved"]:
            moved.add(at)
        further.append(_misspelt(one, p["spelling"], rng, lambda *told, row=(at, number): wrong.append((row, *told))))
    table = pd.concat([table.assign(at=np.arange(len(table))), pd.DataFrame(further).assign(at=[*np.sort(several), *np.sort(twice)])])
    table = table.reset_index(drop=True)
    old = _moved(table, moved, customers, rng)
    replaced = {told[:2] for told in old}  # a misspelling of what is not there any more
    wrong = [told for told in wrong if told[:2] not in replaced] + old
    # those of one day by lot: the ids must not tell whose they are
    table = table.iloc[rng.permutation(len(table))].sort_values("created", kind="stable", ignore_index=True)
    table["record"] = ids("R", len(table), 5)
    name = dict(zip(zip(table["at"], table["number"], strict=True), table["record"], strict=True))
    wrong = pd.DataFrame([("records", name[row], *told) for row, *told in wrong], columns=_WRONG)
    return table, wrong.sort_values(["row", "column"], kind="stable", ignore_index=True)


def _misspelt(record, chances, rng, tell):
    """The record as written a second time; the first entry that changes a column has its right value in the truth."""
    right, kinds = dict(record), {}
    for name, (columns, kind, change) in SPELLINGS.items():
        if rng.random() >= chances[name]:
            continue
        for column in columns.split():
            if not record[column]:
                continue
            new = change(record[column], rng)
            if new is not None and new != record[column]:
                record[column] = new
                kinds.setdefault(column, []).append(kind)
    for column, done in kinds.items():
        tell(column, "empty" if record[column] == "" else "; ".join(done), right[column])
    return record


def _moved(table, moved, customers, rng):
    """The one of two records that was confirmed earlier has the address before the move: that of somebody else, once."""
    wrong = []
    for at in sorted(moved):
        rows = table.index[table["at"] == at]
        old = rows[np.argmin(table.loc[rows, "updated"])]
        other = customers.iloc[int(rng.integers(0, len(customers)))]
        street = f"{other['street'].rsplit(' ', 1)[0]} {rng.integers(1, 140)}"
        right = customers.iloc[at]
        for column, value in (("street", street), ("postcode", other["postcode"]), ("city", other["city"])):
            if value != right[column]:
                table.loc[old, column] = value
                wrong.append(((at, table.loc[old, "number"]), column, "old address", right[column]))
    return wrong


def _exported(records):
    out = records[["record", "source", *_TEXTS, "created", "updated", "consent"]].copy()
    for column in ("created", "updated"):
        out[column] = _written(records[column], records["source"])
    out["consent"] = [YES[source][0 if yes else 1] for source, yes in zip(records["source"], records["consent"], strict=True)]
    return out


def _written(dates, source):
    """Dates in the form of each system."""
    text = np.empty(len(dates), dtype=object)
    for name, form in DATES.items():
        here = (source == name).to_numpy()
        text[here] = dates[here].dt.strftime(form)
    return text


# lines


def _lines(p, rng, tables, records, calendar):
    log = tables["transactions"].reset_index(drop=True)
    orders = tables["orders"].set_index("order")
    where = _booked(rng, tables["orders"], records)
    place = where.reindex(log["order"]).to_numpy()
    table = pd.DataFrame(
        {"order": log["order"], "record": records["record"].to_numpy()[place], "source": records["source"].to_numpy()[place],
         "date": log["date"], "product": log["product"], "quantity": log["quantity"].astype(int), "amount": log["amount"],
         "currency": "EUR", "cost": log["cost"], "again": False}
    )  # fmt: skip
    bought = (log["quantity"] > 0).to_numpy()
    free, wrong = np.ones(len(table), dtype=bool), []
    by_order = pd.factorize(table["order"])[0]

    def take(chosen, column, kind, value):
        free[chosen] = False
        wrong.extend(zip(chosen, [column] * len(chosen), [kind] * len(chosen), value, strict=True))

    def some_orders(share, able):
        """All purchase lines of some orders, none of whose lines has a defect yet."""
        able = np.bincount(by_order, ~(able & free) & bought, len(orders)) == 0
        drawn = rng.random(len(able)) < share
        return np.flatnonzero((able & drawn)[by_order] & bought)

    def some_lines(share, able):
        return np.flatnonzero(able & free & (rng.random(len(table)) < share))

    dates, everywhere = table["date"], np.ones(len(table), dtype=bool)
    day, month = dates.dt.day.to_numpy(), dates.dt.month.to_numpy()
    iso = dates.dt.strftime("%Y-%m-%d").to_numpy()
    swapped = pd.to_datetime({"year": dates.dt.year, "month": np.where(day <= 12, day, month), "day": np.where(day <= 12, month, 1)})
    possible = (day <= 12) & (day != month)
    for kind, share, able, new in (
        ("day and month swapped", p["swapped_day"] / max(possible.mean(), 1e-9), possible, swapped),
        ("year 1970", p["year_1970"], everywhere, pd.Series(pd.Timestamp("1970-01-01"), index=dates.index)),
        ("year 2052", p["year_2052"], everywhere, _in_year(dates, 2052)),
        ("before the company", p["before_company"], everywhere, dates - pd.DateOffset(years=10)),
    ):
        chosen = some_orders(share, able)
        take(chosen, "date", kind, iso[chosen])
        table.loc[chosen, "date"] = new.iloc[chosen].to_numpy()

    cents = [f"{amount:.2f}" for amount in table["amount"]]
    chosen = some_orders(p["foreign"], everywhere)
    currency = pd.Series(np.where(rng.random(len(orders)) < 0.6, "CHF", "GBP"))[by_order[chosen]].to_numpy()
    year = dates.dt.year.to_numpy()[chosen] - calendar[0].year
    rate = np.array([p["rates"][name][at] for name, at in zip(currency, year, strict=True)])
    take(chosen, "amount", "foreign currency", [cents[at] for at in chosen])
    table.loc[chosen, "currency"] = currency
    table.loc[chosen, "amount"] = table.loc[chosen, "amount"].to_numpy() / rate

    chosen = some_lines(p["cents"], bought & (table["amount"] > 0).to_numpy())
    take(chosen, "amount", "cents", [cents[at] for at in chosen])
    table.loc[chosen, "amount"] *= 100

    grams = table["product"].map(_grams(p, tables["products"])).fillna(0).astype(int).to_numpy()
    chosen = some_lines(p["grams"] / max((grams > 0).mean(), 1e-9), bought & (grams > 0))
    take(chosen, "quantity", "grams", table["quantity"].astype(str).to_numpy()[chosen])
    table.loc[chosen, "quantity"] *= grams[chosen]

    for some in (some_orders, some_lines):  # one after the other: what the first has taken is not free for the second
        chosen = some(p["missing_record"] / 2, everywhere)
        take(chosen, "record", "missing record", table["record"].to_numpy()[chosen])
    chosen = some_lines(p["return_without_order"], ~bought)
    take(chosen, "order", "return without an order", table["order"].to_numpy()[chosen])

    repeated = some_lines(p["duplicate"], everywhere)
    free[repeated] = False
    table = pd.concat([table, table.loc[repeated].assign(again=True)])
    table = table.reset_index(names="clean").sort_values(["clean", "again"], kind="stable", ignore_index=True)
    table["line"] = ids("L", len(table), 6)
    first = table.drop_duplicates("clean").set_index("clean")["line"]
    wrong = [("lines", first[at], *told) for at, *told in wrong]
    again = table[table["again"]]
    wrong += [("lines", line, "line", "duplicate", first[at]) for line, at in zip(again["line"], again["clean"], strict=True)]
    wrong = pd.DataFrame(wrong, columns=_WRONG).sort_values(["row", "column"], kind="stable", ignore_index=True)
    return _as_text(table, wrong), wrong


def _booked(rng, orders, records):
    """For each order the place of the record it is booked on: one that existed by then; its own day is the surest."""
    pairs = orders[["order", "customer", "date"]].merge(
        records[["customer", "created"]].assign(place=np.arange(len(records))), on="customer"
    )
    pairs = pairs[pairs["created"] <= pairs["date"]]
    pairs["chance"] = rng.random(len(pairs)) + (pairs["created"] == pairs["date"])
    return pairs.sort_values("chance", kind="stable").drop_duplicates("order", keep="last").set_index("order")["place"]


def _in_year(dates, year):
    return pd.to_datetime({"year": year, "month": dates.dt.month, "day": dates.dt.day})  # 2052 has a 29th of February


def _grams(p, products):
    """Grams in a piece of each kind of beans, as its name says."""
    beans = products[products["category"] == "beans"]
    found = {}
    for product, name in zip(beans["product"], beans["name"], strict=True):
        said = re.search(r"(\d+) (k?g)\b", name)
        found[product] = int(said[1]) * (1000 if said[2] == "kg" else 1) if said else p["grams_a_piece"]
    return found


def _as_text(table, wrong):
    out = table[["line", "order", "record", "date", "product", "quantity", "amount", "currency", "cost"]].copy()
    out["date"] = _written(table["date"], table["source"])
    out["quantity"] = table["quantity"].astype(str)
    in_cents = table["line"].isin(wrong["row"][wrong["kind"] == "cents"])
    amounts = [f"{amount:.0f}" if whole else f"{amount:.2f}" for amount, whole in zip(table["amount"], in_cents, strict=True)]
    out["amount"] = [text.replace(".", ",") if source == "store till" else text for text, source in zip(amounts, table["source"], strict=True)]
    out["cost"] = [f"{cost:.2f}" for cost in table["cost"]]
    for column, kind in (("record", "missing record"), ("order", "return without an order")):
        out.loc[out["line"].isin(wrong["row"][wrong["kind"] == kind]), column] = ""
    return out
