"""What a lesson says about the log at hand, in words that change with the numbers; and the small tables behind it.

Every sentence is true of any log that passed the door. Tables are pandas, because lessons read them with pandas.
"""

from __future__ import annotations

import functools
import math
import textwrap

import pandas as pd

from crmlib.audit import FEW, PANEL
from crmlib.wording import count, number, percent

__all__ = [
    "active_customers",
    "active_spread",
    "arrivals",
    "bought_once",
    "busiest",
    "last_month",
    "nothing_to_share",
    "once_by_day",
    "once_moved",
    "two_recencies",
    "units",
    "without_revenue",
]

WIDTH = 88  # a notebook breaks longer lines of printed text in the middle of words
NOBODY = "Nobody bought anything: the log holds refunds only."
SHORT = 90  # days; below that nobody can tell whether new customers keep coming; as in the report


def _wrapped(say):
    """The same function, its sentence in lines that fit below a cell."""

    @functools.wraps(say)
    def in_lines(*tables, **options):
        return textwrap.fill(say(*tables, **options), WIDTH, break_long_words=False, break_on_hyphens=False)

    return in_lines


@_wrapped
def units(tx) -> str:
    """How purchase lines, orders and purchase days differ in this log."""
    purchases = tx[tx["amount"] >= 0]
    lines, days = len(purchases), len(purchases[["customer", "date"]].drop_duplicates())
    if "order" not in tx:
        start = "The log has no order ids, so one customer's day is one order; "
        if lines == days:
            return start + "each purchase line has a day of its own, so lines and orders are the same number."
        return start + f"{number(lines - days)} of {count(lines, 'purchase line')} share it with an earlier line."
    orders = len(purchases[["customer", "order"]].drop_duplicates())
    visits = len(purchases[["customer", "order", "date"]].drop_duplicates())
    found = [f"{count(lines, 'purchase line')} {'makes' if lines == 1 else 'make'} {count(orders, 'order')}"]
    if visits > days:
        falls = "order falls" if visits - days == 1 else "orders fall"
        found.append(f"{number(visits - days)} {falls} on a day on which the customer had placed another")
    if visits > orders:
        continues = "day only continues" if visits - orders == 1 else "days only continue"
        found.append(f"{number(visits - orders)} {continues} an order of an earlier day")
    if visits == days == orders:
        found.append("no customer placed two orders on one day, so orders and purchase days are the same number")
    return "; ".join(found) + "."


@_wrapped
def bought_once(customers) -> str:
    """How many customers bought on one day only, and what part of the revenue is theirs."""
    buyers, once = _buyers(customers)
    if len(buyers) == 0:
        return NOBODY
    if len(once) == 0:
        return "No customer bought on one day only: everyone came back at least once."
    if len(once) == len(buyers):
        return "Every customer bought on one day only: nobody has come back yet."
    sentence = (
        f"{number(len(once))} of {count(len(buyers), 'customer')} who bought "
        f"({percent(len(once) / len(buyers))}) did so on one day only"
    )
    total = customers["revenue"].sum()
    if total > 0 and once["revenue"].sum() >= 0:
        sentence += f" and brought {percent(once['revenue'].sum() / total)} of the revenue"
    return sentence + "."


def once_by_day(tx, *, as_of, parts=4) -> pd.DataFrame:
    """Buyers, and the share of them who bought on one day only, as seen on ``parts`` days after the first purchase.

    Columns: as_of (text), buyers, bought_once (share).

    >>> dates = pd.to_datetime(["2024-01-01", "2024-01-21", "2024-01-05"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": dates, "amount": 1.0})
    >>> once_by_day(log, as_of="2024-01-21", parts=2)
            as_of  buyers  bought_once
    0  2024-01-11       2          1.0
    1  2024-01-21       2          0.5
    """
    purchases = tx[tx["amount"] >= 0]
    first, last = purchases["date"].min(), pd.Timestamp(as_of)
    if pd.isna(first):
        return pd.DataFrame({"as_of": [], "buyers": [], "bought_once": []})
    spans = sorted({(last - first).days * part // parts for part in range(1, parts + 1)})
    rows = []
    for days in spans:
        day = first + pd.Timedelta(days=days)
        bought = purchases[purchases["date"] <= day].groupby("customer")["date"].nunique()
        rows.append((f"{day:%Y-%m-%d}", len(bought), (bought == 1).mean()))
    return pd.DataFrame(rows, columns=["as_of", "buyers", "bought_once"])


@_wrapped
def once_moved(by_day) -> str:
    """How the share in `once_by_day` moved from its first to its last day."""
    if len(by_day) < 2:
        return "The log is too short to be seen on more than one day."
    first, last = by_day["bought_once"].iloc[[0, -1]]
    days = f"between {by_day['as_of'].iloc[0]} and {by_day['as_of'].iloc[-1]}"
    steps = by_day["bought_once"].diff().dropna()
    between = ", with ups and downs on the way" if (steps > 0).any() and (steps < 0).any() else ""
    if percent(first) == percent(last):
        return f"The share of buyers with one purchase day was {percent(last)} on both ends, {days}{between}."
    verb = "fell" if last < first else "rose"
    return f"The share of buyers with one purchase day {verb} from {percent(first)} to {percent(last)} {days}{between}."


@_wrapped
def busiest(customers) -> str:
    """The customer with the most purchase days, against the median and the mean."""
    buyers, _ = _buyers(customers)
    if len(buyers) == 0:
        return NOBODY
    days = buyers["x"] + 1
    most = buyers["customer"][days == days.max()]
    who = f"Customer {most.iloc[0]}" if len(most) == 1 else f"{count(len(most), 'customer')} share the maximum: each"
    if len(buyers) == 1:
        return f"The one customer bought on {count(days.max(), 'day')}."
    median, mean = days.median(), days.mean()
    sentence = f"{who} bought on {count(days.max(), 'day')}; the median is {median:g} and the mean {number(mean, 1)}. "
    if mean > 1.5 * median:
        return sentence + "The few at the far end pull the mean up, so it describes nobody in particular."
    if abs(mean - median) > 0.1 * median:
        return sentence + f"The mean lies {'above' if mean > median else 'below'} the median here."
    return sentence + "Mean and median lie close together here."


@_wrapped
def without_revenue(customers) -> str:
    """Customers who are counted but brought nothing, or less."""
    bought = customers["orders"] > 0
    kinds = {
        "bought and brought zero in all": bought & (customers["revenue"] == 0),
        "bought and got back more than was paid": bought & (customers["revenue"] < 0),
        "never bought, with refunds only": ~bought,
    }
    found = [f"{number(which.sum())} {words}" for words, which in kinds.items() if which.any()]
    if not found:
        return "Every customer brought revenue above zero."
    return (
        f"Of {count(len(customers), 'customer')}, {'; '.join(found)}. They are customers; whoever "
        "models spending must decide about them."
    )


@_wrapped
def nothing_to_share(customers, instead="cdnow_sample") -> str:
    """Why shares of revenue cannot be taught on these customers, and which data is read instead; empty where they can.

    >>> print(nothing_to_share(pd.DataFrame({"revenue": [0.0, -5.0]})))
    Nobody in this log paid more than was paid back, so there is no revenue to share out:
    from here on cdnow_sample is read.
    """
    if (customers["revenue"] > 0).any():
        return ""
    return (
        "Nobody in this log paid more than was paid back, so there is no revenue to share out: "
        f"from here on {instead} is read."
    )


@_wrapped
def two_recencies(customers) -> str:
    """What happens to one-time buyers where t_x is taken for days_since_last."""
    buyers, once = _buyers(customers)
    if len(buyers) == 0:
        return NOBODY
    if len(once) == 0:
        return "Every customer here came back, so t_x is above zero for all of them."
    low, high = once["days_since_last"].min(), once["days_since_last"].max()
    between = f"is {number(low)}" if low == high else f"runs from {number(low)} to {number(high)}"
    return (
        f"{count(len(once), 'customer')} with a single purchase day "
        f"{'has' if len(once) == 1 else 'have'} t_x = 0, while "
        f"days_since_last {between}. Who takes t_x for RFM's recency calls "
        f"{'this customer fresh' if len(once) == 1 else 'them equally fresh'}."
    )


@_wrapped
def arrivals(tx, *, as_of) -> str:
    """Whether new customers keep coming in this log, or whether it follows one group: a cohort panel."""
    first_day, last_day = tx["date"].min(), pd.Timestamp(as_of)
    first = tx[tx["amount"] >= 0].groupby("customer")["date"].min()
    covered = (last_day - first_day).days + 1
    if covered < SHORT or len(first) < FEW:
        return (
            f"The log covers {count(covered, 'day')} and {count(len(first), 'buyer')}: too little to tell whether new "
            "customers keep coming."
        )
    opening = first_day + pd.Timedelta(days=math.ceil(covered / 4) - 1)
    share, newest = (first <= opening).mean(), first.max()
    if share < PANEL:
        return (
            f"{percent(share)} of the customers made their first purchase in the first quarter of the "
            "time, and the newest "
            f"one came on {newest:%Y-%m-%d}: new customers keep coming in this log."
        )
    silent = (last_day - newest).days
    everyone = "All" if share == 1 else f"{percent(share)} of the"
    return (
        f"{everyone} customers made their first purchase in the first quarter of the time. The newest came on "
        f"{newest:%Y-%m-%d}, {count(silent, 'day')} before the end: this log is a cohort panel. "
        "It follows one group, so "
        "it cannot tell whether the shop wins new customers, grows or shrinks."
    )


def last_month(periods) -> str:
    """Who bought in the last whole period of `overview.by_period`: the title of its chart."""
    whole = periods[periods["complete"]]
    if len(whole) == 0:
        return "No whole calendar month lies in this log"
    row = whole.iloc[-1]
    if row["customers"] == 0:
        return f"Nobody bought in {row['period']}"
    if row["customers"] == 1:
        return (
            f"The one customer who bought in {row['period']} {'was new' if row['first_time'] else 'had bought before'}"
        )
    if row["returning"] in (0, row["customers"]):
        what = "had bought before" if row["returning"] else "were new"
        return f"All {number(row['customers'])} customers who bought in {row['period']} {what}"
    return (
        f"{number(row['returning'])} of the {number(row['customers'])} customers who bought in "
        f"{row['period']} had bought before"
    )


def active_customers(customers, windows=(30, 90, 180, 365)) -> pd.DataFrame:
    """Customers whose last purchase lies at most ``window`` days back: window, active, share (of all who ever bought).

    >>> customers = pd.DataFrame({"orders": [1, 1], "x": 0.0, "days_since_last": [20.0, 200.0]})
    >>> active_customers(customers, windows=(30, 365))
       window  active  share
    0      30       1    0.5
    1     365       2    1.0
    """
    buyers, _ = _buyers(customers)
    active = [int((buyers["days_since_last"] <= window).sum()) for window in windows]
    return pd.DataFrame({"window": windows, "active": active, "share": [n / max(len(buyers), 1) for n in active]})


@_wrapped
def active_spread(active) -> str:
    """How far the number of active customers depends on the window, from `active_customers`."""
    low, high = active.iloc[0], active.iloc[-1]
    if low["active"] == high["active"]:
        return f"The window makes no difference in this log: {count(low['active'], 'active customer')} each time."
    return (
        f"{count(low['active'], 'active customer')} with a window of {low['window']:.0f} days, "
        f"{number(high['active'])} with "
        f"one of {high['window']:.0f}: the same customers on the same day, another definition."
    )


def _buyers(customers):
    """Customers with a purchase, and those of them with a single purchase day."""
    buyers = customers[customers["orders"] > 0]
    return buyers, buyers[buyers["x"] == 0]
