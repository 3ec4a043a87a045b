"""Lenses on cohorts made by hand, and a log that shows them: the numbers are few enough to be worked out on paper."""

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd

from crmlib.carries import Carried
from crmlib.lenses import AllCohorts, CohortsCompared, Lenses, OneCohort
from crmlib.opened import Opened

YES = Carried("yes", "quarter", None, None, None, "a cohort by quarter")


def opened(*, verdict=YES, **lens):
    """A log of which one lens is known."""
    names = ("one_period", "two_periods", "one_cohort", "cohorts_compared", "all_cohorts", "products")
    lenses = {name: lens.get(name) for name in names}
    carried = dict.fromkeys((name.replace("_", " ") for name in names), verdict)
    facts = SimpleNamespace(revenue=50_000.0, is_panel=False)
    return Opened("a log", SimpleNamespace(facts=facts), Lenses(dt.date(2024, 12, 31), carried, "revenue", **lenses), (), "$", "none")


def quarters(first, n):
    """Labels of ``n`` quarters from the first quarter of a year on."""
    return [f"{first + number // 4} Q{number % 4 + 1}" for number in range(n)]


def by_age(active, orders, revenue, *, cohort="2023 Q1", complete=None):
    """What `one_cohort.by_age` gives for one cohort, whose size is the first number of ``active``."""
    start, n = (int(cohort[:4]), int(cohort[-1]) - 1), len(active)
    frame = pd.DataFrame({"cohort": cohort, "age": range(n), "period": quarters(start[0], n + 4)[start[1] : start[1] + n]})
    frame["size"], frame["active"], frame["orders"], frame["revenue"] = active[0], active, orders, revenue
    frame["share_active"] = frame["active"] / active[0]
    frame["orders_each"] = (frame["orders"] / frame["active"]).where(frame["active"] > 0)
    frame["order_value"] = (frame["revenue"] / frame["orders"]).where(frame["orders"] > 0)
    frame["revenue_per_member"] = frame["revenue"] / active[0]
    frame["revenue_to_date"] = frame["revenue_per_member"].cumsum()
    frame["complete"] = True if complete is None else complete
    return frame


def next_orders(*orders, weeks=(1, 13, 26, 52)):
    """(customers, repeated within each of the weeks) of the first order, the second ..."""
    rows = [(number, week, customers, again, again / customers if customers else None)
            for number, (customers, repeated) in enumerate(orders, 1) for week, again in zip(weeks, repeated, strict=True)]  # fmt: skip
    return pd.DataFrame(rows, columns=["order", "weeks", "customers", "repeated", "share_repeated"])


def patterns(**customers):
    rows = [(pattern, n, n / sum(customers.values()), pattern.count("Y"), "nY" in pattern) for pattern, n in customers.items()]
    rows.sort(key=lambda row: -row[1])
    return pd.DataFrame(rows, columns=["pattern", "customers", "share_of_cohort", "periods_active", "returned"])


def repeat_buying(active, again, cohort="2023 Q1"):
    frame = pd.DataFrame({"cohort": cohort, "age": range(len(active)), "active": active, "again": again})
    frame["period"] = quarters(2023, len(active))
    return frame.assign(repeat_buying_rate=frame["again"] / frame["active"])


def second_by_age():
    """Of 100 customers of 2023 Q1 20, 40 and 50 had bought a second time by the end of ages 0 to 2; age 3 is not seen."""
    frame = pd.DataFrame({"cohort": "2023 Q1", "age": range(4), "size": 100, "repeated": [20, 40, 50, None]})
    return frame.assign(period=quarters(2023, 4), share_repeated=frame["repeated"] / 100)


def deciles(revenue, share_active, customers=10):
    frame = pd.DataFrame({"decile": range(1, len(revenue) + 1), "customers": customers, "revenue": revenue, "orders": 20})
    frame["share_of_customers"] = 1 / len(frame)
    frame["share_of_revenue"] = frame["revenue"] / frame["revenue"].sum()
    return frame.assign(value_per_member=frame["revenue"] / customers, share_active=share_active)


def one_cohort(**parts):
    """A cohort of 100 with the parts that a test gives."""
    known = {
        "on_first_day": 9.0,
        "by_age": by_age([100, 50, 40, 40, 36, 30], [120, 80, 64, 64, 58, 48], [1200, 800, 640, 640, 580, 480]),
        "next_orders": next_orders((100, (20, 30, 40, 60)), (60, (20, 30, 40, 48)), (4, (1, 2, 3, 3)), (0, (0, 0, 0, 0))),
        "repeat_buying": repeat_buying([100, 50, 40], [50, 30, 20]),
        "patterns": patterns(Ynn=40, YYn=20, YYY=22, YnY=18),
        "deciles": deciles([500, 200, 100, 90, 80, 10, 8, 6, 4, 2], [0.5] + [0.0] * 9),
    } | parts  # fmt: skip
    return OneCohort("2023 Q1", "quarter", "revenue", int(known["by_age"]["size"][0]), **known)


def members(cohort, wobble=0.0):
    """What `one_cohort.by_member` gives for a cohort of `by_age`: the first members are those who are active, all with as many
    orders, every other one with orders worth more by the share ``wobble`` than the mean, the others with orders worth less."""
    size = int(cohort["size"].iloc[0])
    active = np.arange(size)[:, None] < cohort["active"].to_numpy()
    worth = np.where(np.arange(size) % 2, 1 - wobble, 1 + wobble)[:, None] * active
    shared = lambda name: cohort[name].to_numpy() / np.maximum(active.sum(axis=0), 1)  # noqa: E731
    revenue = worth * shared("revenue") * active.sum(axis=0) / np.maximum(worth.sum(axis=0), 1e-300) if wobble else active * shared("revenue")
    return {"active": active * 1.0, "orders": active * shared("orders"), "revenue": revenue}


def compared(first, second, *, seconds=(), same_season=True, calendar=None, pair=("2023 Q1", "2024 Q1"), spread=10.0, wobble=0.0):
    """Two cohorts as `by_age` makes them; ``seconds``: (cohort, weeks, size, repeated); ``calendar``: rows of the pair by
    period, None for those that both tables hold; ``spread``: the standard deviation of a member's money, at every age; ``wobble`` as of `members`."""
    from crmlib.cohort_comparison import two_cohorts

    everyone = pd.concat([first, second], ignore_index=True)
    if calendar is None:
        calendar = two_cohorts(everyone, first=pair[0], second=pair[1], across="period")
    rows = [(cohort, weeks, size, repeated, None if repeated is None else repeated / size) for cohort, weeks, size, repeated in seconds]
    second_purchase = pd.DataFrame(rows, columns=["cohort", "weeks", "size", "repeated", "share_repeated"])
    own = two_cohorts(everyone, first=pair[0], second=pair[1])
    return CohortsCompared("quarter", "revenue", everyone, pair, same_season, own, calendar, second_purchase, second_by_age(), {name: members(one, wobble) for name, one in zip(pair, (first, second), strict=True)}, {name: [spread] * 20 for name in pair})


def base(revenue, new_revenue, *, new=50, customers=200, orders=300, first=2023):
    """What `all_cohorts.base_by_period` gives by quarter."""
    frame = pd.DataFrame({"period": quarters(first, len(revenue)), "customers": customers, "new": new, "orders": orders})
    frame["repeat_order_share"] = (frame["orders"] - frame["new"]) / frame["orders"]
    frame["again"], frame["repeat_buying_rate"] = 80, 80 / frame["customers"]
    frame["revenue"], frame["new_revenue"] = revenue, new_revenue
    frame["new_share"] = frame["new_revenue"] / frame["revenue"]
    frame["carried_revenue"] = frame["revenue"] - frame["new_revenue"]
    frame["carry_over"] = frame["carried_revenue"] / frame["revenue"].shift()
    return frame.assign(revenue_per_new=frame["new_revenue"] / frame["new"], complete=True)


def chart(**bands):
    """What `all_cohorts.cohort_chart` gives: the revenue of each band by quarter; "before", or q2023_1 for 2023 Q1."""
    rows = []
    for name, revenue in bands.items():
        cohort = name if name == "before" else f"{name[1:5]} Q{name[-1]}"
        periods = quarters(2023, 12)
        start = 0 if name == "before" else periods.index(cohort)
        rows += [(cohort, period, 30, 30, 40.0, money) for period, money in zip(periods[start:], revenue, strict=False)]
    frame = pd.DataFrame(rows, columns=["cohort", "period", "size", "active", "orders", "revenue"])
    return frame.assign(complete=True)


def all_cohorts(base_rows, chart_rows):
    rates = repeat_buying([100, 50, 40], [50, 30, 20])
    return AllCohorts("quarter", "revenue", dt.date(2023, 1, 1), chart_rows, base_rows, rates)
