"""All cohorts at once: is the customer base healthy? The fifth lens of a customer-base audit.

The customer cohort chart stacks what each cohort brought in each period on the band of those who were customers before
the window, so that its columns are the totals of the log. After Fader, Hardie & Ross, The Customer-Base Audit (2022),
through its public companion.
"""

from __future__ import annotations

import narwhals as nw
import numpy as np

from crmlib.arguments import check_numbers, is_number
from crmlib.calendar_periods import check_unit, complete, period_label, period_of
from crmlib.cohorts import cells, made_like
from crmlib.customer_periods import checked_log, histories, ratio
from crmlib.errors import DataError, quote
from crmlib.frames import as_day, collect, like, same_kind, table

__all__ = ["BEFORE", "base_by_period", "cohort_chart", "new_customers_needed"]

BEFORE = "before"  # the band of customers born before the window; it sorts behind all periods, and its rows come first
_MONEY = ("revenue", "profit")


@same_kind
def cohort_chart(tx, *, as_of, unit="quarter", since=None, partial=False):
    """The customer cohort chart as a table: a row a cohort and calendar period, the oldest cohort first.

    ============================  =====================================================================================
    cohort                        the period of the first purchase, or "before": customers born before ``since``
    period                        the calendar period
    size                          customers of the cohort
    active, orders, revenue       as in `cohorts.cohort_table`; so is profit, if the log has a ``cost``
    share_of_revenue              of all revenue of the period; null where that is not above 0
    revenue_carry                 revenue / that of the same cohort one period earlier; null if this is not above 0
    share_of_profit, profit_carry the same of profit; only if the log has a ``cost``
    complete                      whether ``as_of`` is not before the last day of the period
    ============================  =====================================================================================

    Summed over the cohorts, a period has the customers, orders and revenue of the log. So refunds that come before a
    customer's first purchase, or without any, stand in the band "before" too: they answer purchases before the log
    began. Without ``since`` and such refunds there is no band, and customers of the first cohort may have bought
    before.

    ``since`` is any day of the first period to show. Where ``as_of`` cuts the last period short, its numbers are null
    unless ``partial=True``. The same kind of table as ``tx``.

    Raises `DataError` for an unknown unit, a log without a purchase, or a ``since`` after ``as_of``.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2023-12-05", "2024-01-20", "2024-02-25", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b", "c"], "date": days, "amount": [9.0, 8.0, 7.0, 8.0]})
    >>> cohort_chart(log, as_of="2024-02-29", unit="month", since="2024-01-01").drop(columns=["complete", "orders"])
        cohort   period  size  active  revenue  share_of_revenue  revenue_carry
    0   before  2024-01     1       1      8.0               0.5       0.888889
    1   before  2024-02     1       0      0.0               0.0       0.000000
    2  2024-01  2024-01     1       1      8.0               0.5            NaN
    3  2024-01  2024-02     1       0      0.0               0.0       0.000000
    4  2024-02  2024-02     1       1      7.0               1.0            NaN
    """
    check_unit(unit)
    lines, as_of = checked_log(tx, as_of)
    grid = _Grid(lines, as_of, unit)
    start = grid.first if since is None else max(_since(since, unit, grid.last), grid.first)
    first, last = grid.first, grid.last
    bands, sizes = {}, {}
    for cohort, numbers in grid.bands.items():
        band = BEFORE if cohort is None or cohort < start else cohort
        sizes[band] = sizes.get(band, 0) + grid.sizes.get(cohort, 0)
        old = bands.get(band)
        bands[band] = numbers if old is None else {name: old[name] + numbers[name] for name in numbers}
    masked = not partial and not grid.whole
    columns = {name: [] for name in ("cohort", "period", "size", *grid.names)}
    extra = {name: [] for money in _MONEY if money in grid.names for name in (f"share_of_{money}", f"{money}_carry")}
    whole = []
    for band, numbers in bands.items():
        begin = start if band == BEFORE else band
        window = slice(begin - first, last - first + 1)
        n = last - begin + 1
        columns["cohort"] += [BEFORE if band == BEFORE else period_label(band, unit)] * n
        columns["period"] += [period_label(period, unit) for period in range(begin, last + 1)]
        columns["size"] += [sizes[band]] * n
        whole += [True] * (n - 1) + [grid.whole]
        for name in grid.names:
            columns[name] += _cut(numbers[name][window], masked)
        for money in _MONEY:
            if money in grid.names:
                extra[f"share_of_{money}"] += _cut(ratio(numbers[money], grid.totals[money])[window], masked)
                extra[f"{money}_carry"] += _cut(ratio(numbers[money], _one_earlier(numbers[money]))[window], masked)
    columns |= extra | {"complete": whole}
    types = dict.fromkeys(columns, nw.Float64) | {"cohort": nw.String, "period": nw.String, "size": nw.Int64}
    return made_like(lines, columns, types | {"complete": nw.Boolean})


@same_kind
def base_by_period(tx, *, as_of, unit="quarter", since=None, partial=False):
    """The base a period at a time: what is new, what is carried over from the customers of before, and who came back.

    ============================  =====================================================================================
    period                        the calendar period
    customers                     who bought in it
    new                           of them, those with their first purchase in it: the acquisitions
    orders                        that began in it
    repeat_order_share            of orders, all but the first one of each new customer; null without orders
    again, repeat_buying_rate     of customers, who also bought in the next period; null until that is complete
    revenue                       net of refunds
    new_revenue                   of it, that of the new customers
    new_share                     new_revenue / revenue; null where revenue is not above 0
    carried_revenue               revenue - new_revenue: that of all older customers
    carry_over                    carried_revenue / revenue of the period before; null without one above 0
    revenue_per_new               new_revenue / new; null without new customers
    profit, ...                   the same of profit, as new_profit, new_profit_share, carried_profit, profit_carry_over
                                  and profit_per_new; only if the log has a ``cost``
    complete                      whether ``as_of`` is not before the last day of the period
    ============================  =====================================================================================

    ``since`` (any day of the first period to show) hides earlier periods and does not forget them: a customer born
    before is not new. In the first period of a log all customers look new. Where ``as_of`` cuts the last period short,
    its numbers are null unless ``partial=True``. The same kind of table as ``tx``.

    Raises `DataError` for an unknown unit, a log without a purchase, or a ``since`` after ``as_of``.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-02-20", "2024-02-25", "2024-01-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b", "c"], "date": days, "amount": [9.0, 6.0, 2.0, 11.0]})
    >>> found = base_by_period(log, as_of="2024-02-29", unit="month")
    >>> found[["period", "customers", "new", "repeat_buying_rate", "new_share", "carry_over"]]
        period  customers  new  repeat_buying_rate  new_share  carry_over
    0  2024-01          2    2                 0.5       1.00         NaN
    1  2024-02          2    1                 NaN       0.25         0.3
    """
    lines, as_of = checked_log(tx, as_of)
    found = histories(lines, as_of, unit)
    first, last = int(found.period.min()), found.last
    n = last - first + 1
    at, new = found.period - first, found.cohort == found.period
    count = lambda weights: np.bincount(at, weights, minlength=n)  # noqa: E731
    customers, born = count(found.bought), count(new)
    orders, again = count(found.orders), count(found.again)
    again[max(found.end - first, 0) :] = np.nan
    columns = {
        "period": [period_label(period, unit) for period in range(first, last + 1)],
        "customers": customers,
        "new": born,
        "orders": orders,
        "repeat_order_share": ratio(orders - born, orders),
        "again": again,
        "repeat_buying_rate": ratio(again, customers),
    }
    for money, values in zip(_MONEY, found.money.values(), strict=False):
        total, fresh, older = count(values), count(values * new), count(values * ~new)
        prefix, share = ("", "new_share") if money == "revenue" else ("profit_", "new_profit_share")
        columns[money] = total
        columns[f"new_{money}"] = fresh
        columns[share] = ratio(fresh, total)
        columns[f"carried_{money}"] = older
        columns[f"{prefix}carry_over"] = ratio(older, _one_earlier(total))
        columns[f"{money}_per_new"] = ratio(fresh, born)
    masked = not partial and not found.whole
    start = first if since is None else max(_since(since, unit, last), first)
    columns = {name: _cut(values, masked and name != "period")[start - first :] for name, values in columns.items()}
    columns["complete"] = [True] * (last - start) + [found.whole]
    types = dict.fromkeys(columns, nw.Float64) | {"period": nw.String, "complete": nw.Boolean}
    return made_like(lines, columns, types, ("customers", "new", "orders", "again"))


@same_kind
def new_customers_needed(base, *, target, over=4, by="revenue", season=False):
    """How many customers to win in the next period so that it reaches ``target``: one row.

    new customers needed = (target - carry-over x revenue of the last period) / revenue a new customer brings at first.

    ``base`` is the result of `base_by_period`. last_period (the last complete one), last_revenue, carry_over, carried
    (carry_over x last_revenue), target, gap (target - carried), per_new, new_needed (gap / per_new, not rounded; 0
    where the carried revenue reaches the target). carry_over and per_new are ratios of totals of the last ``over`` complete
    periods: with four quarters each season counts once. It supposes that the next period is like the mean of these; with
    ``season=True`` that it is like the first of these alone, which with four quarters is its own season a year ago. For
    ``by="profit"`` the same of profit. The same kind of table as ``base``.

    Raises `DataError` with fewer than ``over`` + 1 complete periods, and where these have no new customer, or new
    customers or older ones whose revenue is not above 0.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a", "a", "b", "c"], "amount": [9.0, 6.0, 2.0, 11.0]})
    >>> log["date"] = pd.to_datetime(["2024-01-05", "2024-02-20", "2024-02-25", "2024-01-09"])
    >>> base = base_by_period(log, as_of="2024-02-29", unit="month")
    >>> new_customers_needed(base, target=12, over=1)[["carry_over", "carried", "gap", "per_new", "new_needed"]]
       carry_over  carried  gap  per_new  new_needed
    0         0.3      2.4  9.6      2.0         4.8
    """
    check_numbers(target=target)
    if by not in _MONEY:
        raise DataError(f"by is {quote(by)}; choose 'revenue' or 'profit'.")
    if not (is_number(over) and over >= 1 and over == int(over)):
        raise DataError(f"over is {quote(over)}; give a whole number of at least 1.")
    needed = ["period", "complete", "new", by, f"new_{by}", f"carried_{by}"]
    frame = table(base, needed, what="table of periods", eager=False)
    rows = collect(frame.select(*needed).filter(nw.col("complete")).sort("period"))
    if len(rows) <= over:
        raise DataError(f"The table has {len(rows)} complete periods; over={int(over)} needs {int(over) + 1} of them.")
    new, money, fresh, older = (rows[name].cast(nw.Float64).to_numpy() for name in needed[2:])
    end = len(rows) - over + 1 if season else len(rows)
    older, fresh, before, new = older[-over:end], fresh[-over:end], money[-over - 1 : end - 1], new[-over:end]
    earlier, won = before.sum(), new.sum()
    if not won:
        which = "period a year ago" if season else f"last {int(over)} complete periods"
        raise DataError(f"Nobody was new in the {which}, so a new customer has no value.")
    carry_over, per_new = older.sum() / earlier if earlier > 0 else np.nan, fresh.sum() / won
    if not (earlier > 0 and per_new > 0):
        which = "period a year ago, or of the one before it," if season else f"last {int(over)} complete periods"
        raise DataError(f"The {by} of the {which} is not above 0, so there is no plan from it.")
    carried = carry_over * money[-1]
    columns = {
        "last_period": [rows["period"].to_list()[-1]],
        f"last_{by}": [money[-1]],
        "carry_over": [carry_over],
        "carried": [carried],
        "target": [target],
        "gap": [target - carried],
        "per_new": [per_new],
        "new_needed": [max(target - carried, 0) / per_new],
    }
    return like(frame, columns).to_native()


class _Grid:
    """What each cohort did in each period from the first line on; the cohort None holds refunds without a purchase."""

    def __init__(self, lines, as_of, unit):
        cohort, period, _, numbers = cells(lines, unit)
        self.names = list(numbers)
        self.first, self.last = int(period.min()), period_of(as_of, unit)
        self.whole = complete(self.last, unit, as_of=as_of)
        inside, n = period >= cohort, self.last - self.first + 1
        if not inside.any():
            raise DataError("The log holds no purchase, only refunds; so there are no cohorts.")
        self.bands, self.sizes = {}, {}
        for one in [None, *np.unique(cohort[inside]).tolist()]:
            rows = ~inside if one is None else inside & (cohort == one)
            if rows.any():
                at = period[rows] - self.first
                found = {name: np.bincount(at, values[rows], n) for name, values in numbers.items()}
                self.bands[one] = found
                self.sizes[one] = 0 if one is None else int(found["active"][one - self.first])
        self.totals = {name: sum(band[name] for band in self.bands.values()) for name in self.names}


def _since(since, unit, last):
    since = as_day(since, name="since")
    if period_of(since, unit) > last:
        raise DataError(f"since {since} is after as_of; choose an earlier day.")
    return period_of(since, unit)


def _one_earlier(values):
    """The same one period before; nothing before the first."""
    return np.concatenate([[np.nan], values[:-1]])


def _cut(values, masked):
    """As a list, of which the last is a gap if it is ``masked``."""
    values = list(values)
    if masked:
        values[-1] = np.nan
    return values
