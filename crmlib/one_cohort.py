"""One cohort: how customers who began in the same period evolve with age. The third lens of a customer-base audit.

Age counts calendar periods, silent ones included, and every number per member divides by the full size of the cohort,
so that nobody drops out of it. After Fader, Hardie & Ross, The Customer-Base Audit (2022), through its public
companion.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np

from crmlib.arguments import is_number
from crmlib.calendar_periods import period_label
from crmlib.cohorts import cohort_columns, made_like
from crmlib.counted import NEVER
from crmlib.customer_periods import checked_log, histories, purchase_days, ratio
from crmlib.errors import DataError, quote
from crmlib.frames import like, rows_of, same_kind, table
from crmlib.numbering import changes, distinct

__all__ = ["by_age", "by_member", "cohort_to_follow", "next_order_curves", "patterns", "repeat_buying", "value_deciles"]

_COUNTS = ("active", "orders")
_MOST_PERIODS = 62  # of a pattern, which is kept as the bits of an integer


@same_kind
def by_age(tx, *, as_of, unit="quarter", cohort=None, partial=False):
    """One cohort, or all of them, by age: what `cohorts.cohort_table` counts, and the factors that revenue is made of.

    ============================  =====================================================================================
    cohort, age, period, size     as in `cohorts.cohort_table`; so are active, share_active, orders and revenue
    orders_each             orders / active
    order_value                   revenue / orders: a ratio of totals, net of refunds
    margin, profit                profit / revenue and profit; only if the log has a ``cost``
    revenue_per_member            revenue / size
    revenue_to_date               revenue per member from age 0 on; it falls only where refunds exceed purchases
    profit_per_member             profit / size, and profit_to_date likewise; only if the log has a ``cost``
    complete                      whether ``as_of`` is not before the last day of the period
    ============================  =====================================================================================

    size x share_active x orders_each x order_value (x margin) is the revenue (the profit) of each row. A factor
    that divides by nothing is null: a silent period has no orders per active customer, and one with refunds alone has
    no order value. Where ``as_of`` cuts a period short, its numbers are null unless ``partial=True``.

    ``cohort`` is a label such as "1997 Q1"; None gives all. The same kind of table as ``tx``. Raises `DataError` for an
    unknown unit or cohort, or if ``as_of`` is before the first purchase.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-20", "2024-03-25", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "a", "b"], "date": days, "amount": [10.0, 6.0, 5.0, 8.0]})
    >>> found = by_age(log, as_of="2024-03-31", unit="month", cohort="2024-01")
    >>> found[["age", "share_active", "orders_each", "order_value", "revenue_to_date"]]
       age  share_active  orders_each  order_value  revenue_to_date
    0    0           1.0                1.5          8.0             12.0
    1    1           0.0                NaN          NaN             12.0
    2    2           0.5                1.0          5.0             14.5
    """
    lines, found = cohort_columns(tx, as_of=as_of, unit=unit, partial=partial)
    if cohort is not None:
        labels = list(dict.fromkeys(found["cohort"]))
        _check_cohort(cohort, labels)
        rows = np.flatnonzero(np.array(found["cohort"]) == cohort)
        found = {name: np.array(values)[rows] for name, values in found.items()}
    size, age = found["size"], found["age"]
    columns = {name: found[name] for name in ("cohort", "age", "period", "size", "active", "share_active", "orders")}
    columns["orders_each"] = ratio(found["orders"], found["active"])
    columns["order_value"] = ratio(found["revenue"], found["orders"])
    if "profit" in found:
        columns["margin"] = ratio(found["profit"], found["revenue"])
    for money in ("revenue", "profit"):
        if money in found:
            columns[money] = found[money]
    for money in ("revenue", "profit"):
        if money in found:
            columns[f"{money}_per_member"] = found[money] / size
            columns[f"{money}_to_date"] = _running(found[money], age == 0) / size
    columns["complete"] = found["complete"]
    types = dict.fromkeys(columns, nw.Float64) | {"cohort": nw.String, "period": nw.String, "complete": nw.Boolean}
    types |= {"age": nw.Int64, "size": nw.Int64}
    columns["cohort"], columns["period"] = list(map(str, columns["cohort"])), list(map(str, columns["period"]))
    return made_like(lines, columns, types, _COUNTS)


def _running(values, begins):
    """Sums that start again where ``begins``; each cohort by itself, so that none carries the rounding of others."""
    starts = np.flatnonzero(begins)
    return np.concatenate([np.cumsum(part) for part in np.split(values, starts[1:])])


def _check_cohort(cohort, labels):
    if cohort not in labels:
        raise DataError(f"There is no cohort {quote(cohort)}; there are {quote(labels)}.")


def _of_cohort(tx, as_of, unit, cohort):
    """The lines of a log, and the histories of the one cohort with this label, or of all customers with a purchase."""
    lines, as_of = checked_log(tx, as_of)
    found = histories(lines, as_of, unit)
    cohorts = found.cohort[changes(found.customer)]
    labels = {period_label(int(one), unit): int(one) for one in distinct(cohorts[cohorts < NEVER])}
    if cohort is not None:
        _check_cohort(cohort, list(labels))
        labels = {cohort: labels[cohort]}
    return lines, found, labels


def by_member(tx, *, as_of, cohort, unit="quarter") -> dict[str, np.ndarray]:
    """What each member of a cohort did at each age: arrays of a row a member and a column an age from 0 on.

    active (1 where they bought), orders, revenue and, if the log has a ``cost``, profit; their sums over the members are those of
    `by_age`. The last age may be cut short by ``as_of``. Raises `DataError` for an unknown unit or cohort.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-20", "2024-03-25", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "a", "b"], "date": days, "amount": [10.0, 6.0, 5.0, 8.0]})
    >>> by_member(log, as_of="2024-03-31", unit="month", cohort="2024-01")["revenue"].tolist()
    [[16.0, 0.0, 5.0], [8.0, 0.0, 0.0]]
    """
    _, found, labels = _of_cohort(tx, as_of, unit, cohort)
    born = labels[cohort]
    own = found.of(born)
    shape = int(own.customer[-1]) + 1, found.last - born + 1
    place = own.customer * np.int64(shape[1]) + own.period - born
    values = {"active": own.bought, "orders": own.orders, "revenue": own.money["amount"]}
    values |= {"profit": own.money["profit"]} if "profit" in own.money else {}
    return {name: np.bincount(place, one, shape[0] * shape[1]).reshape(shape) for name, one in values.items()}


def cohort_to_follow(cohorts, *, since, ages, least) -> str | None:
    """The cohort whose course tells most, from the result of `by_age` of all: the oldest born after the period ``since``,
    by when older customers have shown up; without any, the largest. Of cohorts of ``least`` or more customers with ``ages``
    or more complete periods; None without one.

    >>> import pandas as pd
    >>> cohorts = pd.DataFrame({"cohort": ["2023", "2024", "2024"], "size": [90, 50, 50], "complete": True})
    >>> cohort_to_follow(cohorts, since="2023", ages=2, least=20), cohort_to_follow(cohorts, since="2023", ages=1, least=60)
    ('2024', '2023')
    """
    frame = table(cohorts, ["cohort", "size", "complete"], what="table of cohorts", eager=False)
    whole = frame.filter(nw.col("complete")).group_by("cohort").agg(nw.len().alias("ages"), nw.col("size").max())
    rows = [row for row in rows_of(whole.to_native()) if row["ages"] >= ages and row["size"] >= least]
    rows.sort(key=lambda row: row["cohort"])
    known = [row for row in rows if row["cohort"] > since]
    return known[0]["cohort"] if known else max(rows, key=lambda row: row["size"])["cohort"] if rows else None


@same_kind
def next_order_curves(tx, *, as_of, weeks=52, orders=5, cohort=None, unit="quarter"):
    """Who bought again within so many weeks of the first, second ... purchase: order, weeks, customers, repeated,
    share_repeated; a row for each ``order`` from 1 to ``orders`` and each week from 1 to ``weeks``.

    Each customer has a clock of their own: order n counts for those who made their n-th purchase ``weeks`` weeks or
    more before ``as_of``, and week w shows how many of them made the next one at most 7w days later. A purchase is a day
    with a purchase, as in `cohorts.repeat_curve`, which is order 1. An order that nobody was watched for has null
    shares.

    That later curves lie higher is mostly sorting: who buys often is who is left to be counted. ``cohort`` keeps the
    customers who began in that period of ``unit``. The same kind of table as ``tx``.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-20", "2024-01-03"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "a", "b"], "date": days, "amount": 5.0})
    >>> next_order_curves(log, as_of="2024-01-31", weeks=2, orders=2)
       order  weeks  customers  repeated  share_repeated
    0      1      1          2         1             0.5
    1      1      2          2         1             0.5
    2      2      1          1         0             0.0
    3      2      2          1         1             1.0
    """
    for name, value in (("weeks", weeks), ("orders", orders)):
        if not (is_number(value) and value >= 1 and value == int(value)):
            raise DataError(f"{name} is {quote(value)}; give a whole number of at least 1.")
    lines, as_of = checked_log(tx, as_of)
    customer, day, born = purchase_days(lines, unit)
    if cohort is not None:
        labels = {period_label(int(one), unit): one for one in distinct(born)}
        _check_cohort(cohort, list(labels))
        own = (born == labels[cohort])[customer]
        customer, day = customer[own], day[own]
    begins = np.flatnonzero(changes(customer))
    nth = np.arange(len(customer)) - np.repeat(begins, np.diff(begins, append=len(customer)))  # from 0 on
    later = np.full(len(day), weeks + 1)
    same = np.flatnonzero(np.diff(customer) == 0)
    later[same] = np.minimum((day[same + 1] - day[same] + 6) // 7, weeks + 1)  # days 1 to 7 are week 1
    counted = (nth < orders) & (day <= as_of.toordinal() - 7 * weeks)
    shape = (int(orders), int(weeks) + 2)
    found = np.bincount(nth[counted] * shape[1] + later[counted], minlength=shape[0] * shape[1]).reshape(shape)
    customers = np.repeat(found.sum(1), shape[1] - 2)
    repeated = found.cumsum(1)[:, 1:-1].ravel()
    columns = {
        "order": np.repeat(np.arange(1, shape[0] + 1), shape[1] - 2),
        "weeks": np.tile(np.arange(1, shape[1] - 1), shape[0]),
        "customers": customers,
        "repeated": repeated,
        "share_repeated": ratio(repeated, customers),
    }
    return like(lines, columns, dict.fromkeys(columns, nw.Int64) | {"share_repeated": nw.Float64}).to_native()


@same_kind
def repeat_buying(tx, *, as_of, unit="quarter", cohort=None):
    """Of a cohort's customers active in a period, how many were active in the next one too: the repeat-buying rate.

    cohort, age, period, active, again (active in this period and the next), repeat_buying_rate (again / active; null
    where nobody was active). A row for each complete period whose next one is complete as well. The rates of a period
    weighted by active give the rate of all its customers. That the rate rises with age is sorting: it is of those who
    are still active. ``cohort`` None gives all. The same kind of table as ``tx``.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-20", "2024-02-25", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "b", "b", "c"], "date": days, "amount": 8.0})
    >>> repeat_buying(log, as_of="2024-03-31", unit="month").drop(columns="period")
        cohort  age  active  again  repeat_buying_rate
    0  2024-01    0       3      1            0.333333
    1  2024-01    1       1      0            0.000000
    """
    lines, found, labels = _of_cohort(tx, as_of, unit, cohort)
    parts = {name: [] for name in ("cohort", "age", "period", "active", "again")}
    low, width = min(labels.values()), max(found.end - min(labels.values()), 1)  # of cohorts, and of their ages
    own = np.flatnonzero((found.period >= found.cohort) & (found.period < found.end) & (found.cohort >= low))
    cell = (found.cohort[own] - low) * np.int64(width) + found.period[own] - found.cohort[own]
    bought, again = (np.bincount(cell, one[own], minlength=width**2).astype(int) for one in (found.bought, found.again))
    for label, born in labels.items():
        ages = max(found.end - born, 0)
        row = slice((born - low) * width, (born - low) * width + ages)
        parts["cohort"] += [label] * ages
        parts["age"] += range(ages)
        parts["period"] += [period_label(born + one, unit) for one in range(ages)]
        parts["active"] += bought[row].tolist()
        parts["again"] += again[row].tolist()
    columns = parts | {"repeat_buying_rate": ratio(parts["again"], parts["active"])}
    types = dict.fromkeys(columns, nw.Int64) | {"cohort": nw.String, "period": nw.String}
    return like(lines, columns, types | {"repeat_buying_rate": nw.Float64}).to_native()


@same_kind
def patterns(tx, *, cohort, as_of, unit="quarter"):
    """In which periods the customers of a cohort were active: a row a pattern, the most frequent first.

    pattern (a letter a complete period from age 0 on: Y for active, n for silent, so that all begin with Y), customers,
    share_of_cohort, periods_active, returned (True where they were active again after a silent period). The same kind
    of table as ``tx``.

    Raises `DataError` for an unknown unit or cohort, if no period of the cohort is complete, or if more than 62 are.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-20", "2024-03-25", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "b", "b", "c"], "date": days, "amount": 8.0})
    >>> patterns(log, cohort="2024-01", as_of="2024-03-31", unit="month")
      pattern  customers  share_of_cohort  periods_active  returned
    0     Ynn          2         0.666667               1     False
    1     YnY          1         0.333333               2      True
    """
    lines, found, labels = _of_cohort(tx, as_of, unit, cohort)
    born = labels[cohort]
    ages = _complete_ages(found, born, cohort)
    if ages > _MOST_PERIODS:
        raise DataError(
            f"The cohort {cohort} has {ages} complete periods, too many for patterns; choose a longer unit."
        )
    own = found.of(born)
    seen = (own.bought == 1) & (own.period <= own.end)
    bits = np.zeros(own.customer[-1] + 1, np.int64)
    np.bitwise_or.at(bits, own.customer[seen], np.int64(1) << (ages - 1 - (own.period[seen] - born)))
    values, customers = np.unique(bits, return_counts=True)
    order = np.lexsort((-values, -customers))
    texts = [f"{value:0{ages}b}".replace("1", "Y").replace("0", "n") for value in values[order].tolist()]
    columns = {
        "pattern": texts,
        "customers": customers[order],
        "share_of_cohort": customers[order] / len(bits),
        "periods_active": [text.count("Y") for text in texts],
        "returned": ["nY" in text for text in texts],
    }
    types = {"pattern": nw.String, "customers": nw.Int64, "share_of_cohort": nw.Float64, "periods_active": nw.Int64}
    return like(lines, columns, types | {"returned": nw.Boolean}).to_native()


def _complete_ages(found, born, cohort):
    if found.end < born:
        raise DataError(
            f"The first period of the cohort {cohort} is not complete; choose a later as_of or a shorter unit."
        )
    return found.end - born + 1


@same_kind
def value_deciles(tx, *, cohort, as_of, unit="quarter", by=None, groups=10):
    """The customers of a cohort in ``groups`` by their value up to ``as_of``, best first.

    ============================  =====================================================================================
    decile                        floor(groups * (rank - 1) / size) + 1; rank: 1 + how many are worth strictly more
    customers                     in it; equal ones share the better decile, so that one may be larger and another empty
    share_of_customers            customers / size
    orders, revenue               of its customers up to ``as_of``, refunds from their first period on included
    profit                        only if the log has a ``cost``
    share_of_revenue              of the cohort's; or share_of_profit
    value_per_member              the mean value of its customers; null for an empty decile
    share_active                  of its customers, active in the last complete period; null for an empty decile
    ============================  =====================================================================================

    ``by`` is "revenue" or "profit"; None is profit if the log has a ``cost``. The same kind of table as ``tx``.

    Raises `DataError` for an unknown unit or cohort, and for ``by="profit"`` without costs.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-01-20", "2024-03-25", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "b", "b", "c"], "date": days, "amount": [9.0, 8.0, 8.0, 9.0]})
    >>> found = value_deciles(log, cohort="2024-01", as_of="2024-03-31", unit="month", groups=3)
    >>> found[["decile", "customers", "revenue", "value_per_member", "share_active"]]
       decile  customers  revenue  value_per_member  share_active
    0       1          1     16.0              16.0           1.0
    1       2          2     18.0               9.0           0.0
    2       3          0      0.0               NaN           NaN
    """
    if by not in (None, "revenue", "profit"):
        raise DataError(f"by is {quote(by)}; choose 'revenue' or 'profit'.")
    if not (is_number(groups) and groups >= 1 and groups == int(groups)):
        raise DataError(f"groups is {quote(groups)}; give a whole number of at least 1.")
    lines, found, labels = _of_cohort(tx, as_of, unit, cohort)
    own, groups = found.of(labels[cohort]), int(groups)
    if by == "profit" and "profit" not in own.money:
        raise DataError("The log has no 'cost' of every line, so there is no profit; choose by='revenue'.")
    by = by or ("profit" if "profit" in own.money else "revenue")
    names = {"revenue": "amount", "profit": "profit"}
    money = {name: np.bincount(own.customer, own.money[of]) for name, of in names.items() if of in own.money}
    value = money[by].round(9)  # equal customers must stay equal, in whatever order they were summed
    size = len(value)
    more = size - np.searchsorted(np.sort(value), value, side="right")
    decile = groups * more // size
    active = np.bincount(own.customer, (own.bought == 1) & (own.period == own.end))
    summed = {name: np.bincount(decile, one, minlength=groups) for name, one in money.items()}
    customers = np.bincount(decile, minlength=groups)
    columns = {
        "decile": np.arange(1, groups + 1),
        "customers": customers,
        "share_of_customers": customers / size,
        "orders": np.bincount(decile, np.bincount(own.customer, own.orders), minlength=groups).astype(np.int64),
        **summed,
        f"share_of_{by}": ratio(summed[by], summed[by].sum()),
        "value_per_member": ratio(summed[by], customers),
        "share_active": ratio(np.bincount(decile, active, minlength=groups), customers),
    }
    if own.end < labels[cohort]:
        columns["share_active"] = np.full(groups, np.nan)
    types = dict.fromkeys(columns, nw.Float64) | dict.fromkeys(("decile", "customers", "orders"), nw.Int64)
    return like(lines, columns, types).to_native()
