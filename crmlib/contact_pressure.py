"""How often customers are contacted: by week and department, collisions, too much, and what each channel costs and reaches.

Each department counts its own contacts; only the customer sees the sum. All functions take the table of contacts: customer,
date, department, channel, direction ("out": the company to the customer), cost. A week begins on Monday.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np

from crmlib.arguments import check_columns, check_numbers, number_of_periods
from crmlib.errors import DataError, quote
from crmlib.frames import alike, as_day, check_days, collect, day_number, height, like, same_kind, table

__all__ = ["before", "by_week", "channels", "colliding", "collisions", "over_contacted"]

DAYS = 28  # looked back for the pressure before a campaign: four weeks, our convention
MOST = 2  # contacts a week that are not too many: our convention
_NOT_DOWN = ("an amount of 0 or more", lambda column: (column >= 0) & (column < float("inf")))


@same_kind
def by_week(contacts, *, direction="out"):
    """Contacts of each customer in each week: customer, week, first, contacts, departments (how many different ones).

    ``week`` counts weeks from Monday, 0001-01-01, and ``first`` is the day of the first contact in it. Weeks without a
    contact are not there. ``direction``: "out", "in", or None for both.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-07", "2024-01-08"])        # Monday, Sunday, Monday
    >>> contacts = pd.DataFrame({"customer": "a", "date": days, "department": ["sales", "service", "sales"],
    ...                          "direction": "out"})
    >>> by_week(contacts)[["customer", "first", "contacts", "departments"]]
      customer      first  contacts  departments
    0        a 2024-01-01         2            2
    1        a 2024-01-08         1            1
    """
    return _weeks(_read(contacts, direction)).to_native()


@same_kind
def collisions(contacts, *, least=2, direction="out"):
    """The weeks in which ``least`` or more departments contacted the same customer: the rows of `by_week` with them.

    >>> import pandas as pd
    >>> contacts = pd.DataFrame({"customer": ["a", "a", "b"], "date": pd.to_datetime(["2024-01-01"] * 3),
    ...                          "department": ["sales", "service", "sales"], "direction": "out"})
    >>> collisions(contacts)["customer"].tolist()
    ['a']
    """
    check_numbers(least=least)
    return _weeks(_read(contacts, direction)).filter(nw.col("departments") >= least).to_native()


@same_kind
def colliding(contacts, *, direction="out"):
    """Which departments meet at the same customer in the same week: department, other, weeks, customers.

    ``weeks`` counts customer-weeks. Each pair stands there once, in the order of the alphabet.

    >>> import pandas as pd
    >>> contacts = pd.DataFrame({"customer": ["a", "a", "b"], "date": pd.to_datetime(["2024-01-01"] * 3),
    ...                          "department": ["service", "sales", "sales"], "direction": "out"})
    >>> colliding(contacts)
      department    other  weeks  customers
    0      sales  service      1          1
    """
    frame = _read(contacts, direction)
    there = frame.select("customer", "week", "department").unique()
    other = there.rename({"department": "other"})
    pairs = there.join(other, on=["customer", "week"], how="inner").filter(nw.col("department") < nw.col("other"))
    weeks = pairs.with_columns(weeks=nw.lit(1)).group_by("department", "other", "customer").agg(nw.col("weeks").sum())
    pairs = weeks.with_columns(customers=nw.lit(1)).group_by("department", "other").agg(nw.col("weeks", "customers").sum())
    rows = sorted(collect(pairs.select("department", "other", "weeks", "customers")).iter_rows())
    names = ("department", "other", "weeks", "customers")
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    return like(frame, columns, dict(zip(names, [nw.String] * 2 + [nw.Int64] * 2, strict=True))).to_native()


@same_kind
def over_contacted(contacts, *, most=MOST, direction="out"):
    """Who is contacted too often: customer, weeks (with a contact), contacts, most_in_a_week, weeks_over, over.

    ``weeks_over`` are the weeks with more than ``most`` contacts, and ``over`` says whether there is one. The default of
    2 is our convention: what is too much, only the response by pressure tells.

    >>> import pandas as pd
    >>> contacts = pd.DataFrame({"customer": list("aaab"), "date": pd.to_datetime(["2024-01-01"] * 4),
    ...                          "department": "sales", "direction": "out"})
    >>> over_contacted(contacts)
      customer  weeks  contacts  most_in_a_week  weeks_over   over
    0        a      1         3               3           1   True
    1        b      1         1               1           0  False
    """
    check_numbers(most=most)
    over = nw.when(nw.col("contacts") > most).then(1).otherwise(0)
    weeks = _weeks(_read(contacts, direction)).select("customer", "contacts", weeks=nw.lit(1), weeks_over=over)
    weeks = weeks.with_columns(most_in_a_week=nw.col("contacts"))
    sums = nw.col("weeks", "contacts", "weeks_over").sum()
    found = weeks.group_by("customer").agg(sums, nw.col("most_in_a_week").max())
    whole = [nw.col(name).cast(nw.Int64) for name in ("weeks", "contacts", "most_in_a_week", "weeks_over")]
    return _sorted(found.select("customer", *whole, (nw.col("weeks_over") > 0).alias("over")), "customer").to_native()


@same_kind
def channels(contacts, customers, *, direction="out"):
    """A scorecard of the channels: what they cost and whom they reach.

    channel, contacts, customers (different ones), reach (share of the customer table), cost, cost_per_contact,
    cost_per_customer, the cheapest contact first.

    >>> import pandas as pd
    >>> contacts = pd.DataFrame({"customer": list("aab"), "date": pd.to_datetime(["2024-01-01"] * 3), "department": "sales",
    ...                          "channel": ["e-mail", "e-mail", "visit"], "direction": "out", "cost": [0.5, 0.5, 80]})
    >>> found = channels(contacts, pd.DataFrame({"customer": list("abcd")}))
    >>> found[["channel", "contacts", "customers", "reach", "cost_per_contact", "cost_per_customer"]]
      channel  contacts  customers  reach  cost_per_contact  cost_per_customer
    0  e-mail         2          1   0.25               0.5                1.0
    1   visit         1          1   0.25              80.0               80.0
    """
    frame = _read(contacts, direction, "channel", "cost")
    check_columns(frame, {"cost": _NOT_DOWN}, of="contacts")
    everybody = table(customers, ["customer"], eager=False)
    alike(frame, everybody, "the table of contacts", "the customer table", key="customer")
    each = frame.select("channel", "customer", contacts=nw.lit(1), cost=nw.col("cost").cast(nw.Float64))
    each = each.group_by("channel", "customer").agg(nw.col("contacts", "cost").sum()).with_columns(customers=nw.lit(1))
    rows = collect(each.group_by("channel").agg(nw.col("contacts", "customers", "cost").sum())).rows(named=True)
    rows.sort(key=lambda row: (row["cost"] / row["contacts"], row["channel"]))
    counted = {name: [int(row[name]) for row in rows] for name in ("contacts", "customers")}
    cost = np.array([float(row["cost"]) for row in rows])
    columns = {"channel": [row["channel"] for row in rows], **counted}
    columns |= {"reach": np.array(counted["customers"]) / max(height(everybody), 1), "cost": cost}
    columns |= {f"cost_per_{one}": cost / np.array(counted[f"{one}s"]) for one in ("contact", "customer")}
    kinds = dict.fromkeys(columns, nw.Float64) | {"channel": nw.String, "contacts": nw.Int64, "customers": nw.Int64}
    return like(frame, columns, kinds).to_native()


@same_kind
def before(listed, contacts, *, day, days=DAYS, direction="out"):
    """The list of a campaign with ``contacts_before``: the contacts in the ``days`` days before ``day``, 0 if none.

    ``day`` is when the campaign went out; its own contacts, and all later ones, do not count. ``days`` is 28, four weeks,
    by our convention.

    >>> import pandas as pd
    >>> contacts = pd.DataFrame({"customer": list("aaa"), "date": pd.to_datetime(["2024-01-01", "2024-01-05", "2024-01-29"]),
    ...                          "department": "sales", "direction": "out"})
    >>> before(pd.DataFrame({"customer": list("ab")}), contacts, day="2024-01-29")["contacts_before"].tolist()
    [2, 0]
    """
    days = number_of_periods(days, "days", endless=False)
    frame = table(listed, ["customer"], what="list of a campaign", eager=False)
    seen = _read(contacts, direction)
    alike(frame, seen, "the list of the campaign", "the table of contacts", key="customer")
    end = as_day(day, name="day").toordinal()
    seen = seen.filter((nw.col("__day") < end) & (nw.col("__day") >= end - days))
    counted = seen.select("customer", contacts_before=nw.lit(1)).group_by("customer").agg(nw.col("contacts_before").sum())
    frame = frame.drop("contacts_before", strict=False).join(counted, on="customer", how="left")
    return frame.with_columns(nw.col("contacts_before").fill_null(0).cast(nw.Int64)).to_native()


def _read(contacts, direction, *more):
    """The contacts in that direction with their day and week as numbers."""
    needed = ["customer", "date", "department", "direction", *more]
    frame = table(contacts, needed, what="table of contacts", eager=False)
    check_days(frame, "date", what="contacts", advice="make it dates first")
    if direction not in ("out", "in", None):
        raise DataError(f"direction is {quote(direction)}; it can be 'out', 'in' or None for both.")
    frame = frame if direction is None else frame.filter(nw.col("direction") == direction)
    frame = frame.with_columns(__day=day_number(nw.col("date")))
    return frame.with_columns(week=(nw.col("__day") - 1) // 7)  # day 1 of the count is a Monday


def _weeks(frame):
    sums = frame.select("customer", "week", "date", "department", contacts=nw.lit(1))
    each = sums.group_by("customer", "week", "department").agg(nw.col("date").min(), nw.col("contacts").sum())
    each = each.with_columns(departments=nw.lit(1)).group_by("customer", "week")
    found = each.agg(nw.col("date").min(), nw.col("contacts", "departments").sum())
    counts = (nw.col(name).cast(nw.Int64) for name in ("contacts", "departments"))
    return _sorted(found.select("customer", "week", nw.col("date").alias("first"), *counts), "customer", "week")


def _sorted(frame, *by):
    return frame.sort(*by) if isinstance(frame, nw.DataFrame) else frame
