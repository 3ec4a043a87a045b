"""How different customers are within one period: who bought, how often, for how much, and how unequally.

revenue = customers x orders a customer x revenue an order; times the margin it is profit. All ratios are ratios of
totals: the mean of customers' own order values is another number, and is named so. Profit is amount - cost and exists
only where every line has a ``cost``. `by_customer` comes first; the other functions read its table.

A customer of a period bought on at least one of its days. Refunds lower money and are no orders. An order belongs to
the period in which it began, so that periods sum to all orders; a customer who only paid for the rest of an order has
no order of their own.

Source: Fader, Hardie and Ross, The Customer-Base Audit (2022), first lens.
"""

from __future__ import annotations

import math

import narwhals as nw
import numpy as np

from crmlib.concentration import window_start
from crmlib.customer_periods import checked_log, ratio
from crmlib.customers import DECIMALS
from crmlib.errors import DataError
from crmlib.frames import collect, is_lazy, like, same_kind, table
from crmlib.windows import in_windows, ratios

__all__ = [
    "NO_ORDER", "averages", "by_customer", "customer_deciles", "decile_of_rank", "distribution", "equal_slices",
    "factors", "measures",
]  # fmt: skip

NO_ORDER = "no order"  # money of customers who got a refund in a period in which they bought nothing

_WIDE = 0.95  # share of the customers inside the equal bins of a histogram; the rest is the last bin: our convention


@same_kind
def by_customer(tx, *, as_of, months=12):
    """What each customer did in the ``months`` calendar months up to and including ``as_of``: the table of this lens.

    ============================  =====================================================================================
    customer                      everybody with a line in the period, also with refunds only
    bought                        whether any of the lines was a purchase; the others are not customers of the period
    orders                        orders that began in the period; without an order column, days with a purchase
    revenue                       all amounts of the period, net of refunds
    profit                        amounts - costs; only if every line has a ``cost``
    ============================  =====================================================================================

    The same kind of table as ``tx``. Raises `DataError` if nobody bought in the period.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-05", "2024-02-01", "2024-02-20", "2024-02-09"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "a", "b"], "date": days, "amount": [9.0, 7.0, -2.0, -3.0]})
    >>> by_customer(log, as_of="2024-02-29", months=1)
      customer  bought  orders  revenue
    0        a    True       1      5.0
    1        b   False       0     -3.0
    """
    lines, as_of = checked_log(tx, as_of)
    start = window_start(as_of, months)
    found = in_windows(lines, {"": (start, as_of)})
    if not int(collect(found, nw.col("purchases").sum().fill_null(0))["purchases"][0] or 0):
        raise DataError(f"Nobody bought from {start} to {as_of}; choose another as_of or more months.")
    money = [name for name in ("revenue", "profit") if name in found.collect_schema().names()]
    found = found.with_columns(bought=nw.col("purchases") > 0).select("customer", "bought", "orders", *money)
    return (found.sort("customer") if is_lazy(found) else found).to_native()


@same_kind
def factors(people):
    """One row: customers, orders, revenue, [profit], and the factors, as `ratios` has them, that multiply back.

    customers x orders_each x order_value is the revenue, times margin the profit. Money of who bought nothing (refunds)
    is in the totals, so these are the totals of the log. A ratio over nothing is null.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"bought": [True, True], "orders": [1, 3], "revenue": [30.0, 50.0]})
    >>> factors(people)
       customers  orders  revenue  orders_each  order_value  revenue_each
    0          2       4     80.0          2.0         20.0          40.0
    """
    frame, rows = _people(people)
    columns = {"customers": [int(rows["bought"].sum())], "orders": [int(rows["orders"].sum())]}
    columns |= {name: [float(rows[name].sum())] for name in _money(rows)}
    return _made(frame, columns | ratios(columns))


def measures(rows):
    """What can be compared between customers, from arrays by column: orders, revenue, [profit], each one's own ratios.

    own_order_value is a customer's revenue / orders, own_margin profit / revenue where revenue is above 0; else NaN.

    >>> {name: one.tolist() for name, one in measures({"orders": [2], "revenue": [9.0], "profit": [3.0]}).items()}
    {'orders': [2.0], 'revenue': [9.0], 'profit': [3.0], 'own_order_value': [4.5], 'own_margin': [0.3333333333333333]}
    """
    found = {name: np.asarray(rows[name], float) for name in ("orders", *_money(rows))}
    found["own_order_value"] = ratio(found["revenue"], found["orders"])
    if "profit" in found:
        found["own_margin"] = ratio(found["profit"], found["revenue"])
    return found


@same_kind
def averages(people):
    """How lopsided each measure is among the customers: measure, customers, mean, median, share_below_mean.

    The measures are those of `measures`; customers are those who bought and whose measure exists. The mean of
    own_order_value is a mean of customers' averages and not the value of an order: see `factors` for that.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"bought": [True, True, True], "orders": [1, 1, 4], "revenue": [30.0, 50.0, 40.0]})
    >>> averages(people)
               measure  customers  mean  median  share_below_mean
    0           orders          3   2.0     1.0          0.666667
    1          revenue          3  40.0    40.0          0.333333
    2  own_order_value          3  30.0    30.0          0.333333
    """
    frame, rows = _people(people)
    columns = {name: [] for name in ("measure", "customers", "mean", "median", "share_below_mean")}
    for name, values in measures(_buyers(rows)).items():
        known = np.sort(values[~np.isnan(values)])
        mean = float(known.mean()) if len(known) else math.nan
        # a mean of equal numbers can differ from them in the last digit, and then all or none would be below it
        below = known < mean - 1e-12 * abs(mean)
        found = (name, len(known), mean, float(np.median(known)) if len(known) else math.nan,
                 float(below.mean()) if len(known) else math.nan)  # fmt: skip
        for column, value in zip(columns, found, strict=True):
            columns[column].append(value)
    return _made(frame, columns)


@same_kind
def distribution(people, *, by=None, width=None, bins=20):
    """A histogram over the customers who bought, in equal bins: bin, low, high, customers, share_of_customers.

    ``by`` is a measure of `measures`; by default profit, or revenue in a table without it. A bin holds low <= x < high.
    Below zero is a bin of its own (low is null), and the last one has no end (high is null); bins without customers
    have a row, those two only where somebody is in them. ``width`` is by default the smallest of 1, 2 and 5 times a
    power of ten with which ``bins`` bins reach the 95th percentile (our convention). Customers whose measure does not
    exist count nowhere.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"bought": True, "orders": 1, "revenue": [-1.0, 0.0, 9.0, 10.0, 99.0]})
    >>> distribution(people, width=10, bins=2)
              bin   low  high  customers  share_of_customers
    0     below 0   NaN   0.0          1                 0.2
    1     0 to 10   0.0  10.0          2                 0.4
    2    10 to 20  10.0  20.0          1                 0.2
    3  20 or more  20.0   NaN          1                 0.2
    """
    frame, rows = _people(people)
    by = _measure(rows, by, [*measures(rows)])
    values = measures(_buyers(rows))[by]
    values = values[~np.isnan(values)].round(DECIMALS)
    if not (isinstance(bins, int) and bins >= 1):
        raise DataError(f"bins is {bins!r}; give a whole number of at least 1.")
    if width is None:
        width = _nice(np.quantile(values, _WIDE) / bins if len(values) else 1.0, whole=by == "orders")
    if not width > 0:
        raise DataError(f"width is {width!r}; give a number above 0.")
    edges = (np.arange(bins + 1) * width).round(DECIMALS)
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=bins + 2)
    first, last = int(counts[0] == 0), bins + 2 - int(counts[-1] == 0)
    low, high = np.append(np.nan, edges), np.append(edges, np.nan)
    texts = [f"{edge:.9g}" for edge in edges]
    names = ["below 0", *(f"{one} to {two}" for one, two in zip(texts, texts[1:])), f"{texts[-1]} or more"]
    if by == "orders" and width == 1:
        names[1:-1] = texts[:-1]
    columns = {"bin": names, "low": low, "high": high, "customers": counts, "share_of_customers": ratio(
        counts, np.full(len(counts), len(values)))}  # fmt: skip
    return _made(frame, {name: one[first:last] for name, one in columns.items()})


def decile_of_rank(n, groups=10):
    """The decile of each of ``n`` ranks from the best down: floor(groups * (rank - 1) / n) + 1.

    >>> decile_of_rank(4, 2).tolist(), decile_of_rank(3).tolist()
    ([1, 1, 2, 2], [1, 4, 7])
    """
    return groups * np.arange(n, dtype=np.int64) // max(n, 1) + 1


@same_kind
def customer_deciles(people, *, by=None, groups=10):
    """The customers who bought in ``groups`` equal groups by money, best first; a row a group, and totals of each.

    Columns: decile ("1" is the best), customers, least (the smallest ``by`` in it), orders, revenue, [profit], the
    share_of_ each, and the factors of `ratios`. ``by`` is profit, or revenue in a table without it. Group of a rank:
    floor(groups * (rank - 1) / n) + 1. Ties go by profit, then revenue, then orders; customers equal in all three can
    be exchanged without changing a row. A row "no order" holds the refunds of who bought nothing, if there are any: it
    has no customers, and with it the money sums to that of the log.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"bought": True, "orders": [1, 3, 1], "revenue": [30.0, 60.0, 10.0]})
    >>> customer_deciles(people, groups=2)[["decile", "customers", "least", "revenue", "share_of_revenue"]]
      decile  customers  least  revenue  share_of_revenue
    0      1          2   30.0     90.0               0.9
    1      2          1   10.0     10.0               0.1
    """
    frame, rows = _people(people)
    by = _measure(rows, by, ["orders", *_money(rows)])
    best = _ranked(_buyers(rows), by)
    edges = np.searchsorted(decile_of_rank(len(best[by]), groups), np.arange(1, groups + 2))
    slices = list(zip(edges[:-1], edges[1:], strict=True))
    columns = {"decile": [str(group) for group in range(1, groups + 1)], "customers": np.diff(edges)}
    columns["least"] = [best[by][end - 1] if end > start else math.nan for start, end in slices]
    summed = ["orders", *_money(rows)]
    columns |= {name: np.array([best[name][start:end].sum() for start, end in slices]) for name in summed}
    others = {name: rows[name][~rows["bought"]] for name in summed}
    if len(others["revenue"]):
        columns["decile"].append(NO_ORDER)
        columns |= {name: np.append(columns[name], 0) for name in ("customers", "orders")}
        columns["least"].append(math.nan)
        columns |= {name: np.append(columns[name], others[name].sum()) for name in _money(rows)}
    found = ratios(columns)
    if len(others["revenue"]) and "margin" in found:
        found["margin"][-1] = np.nan  # refunds alone have none
    return _made(frame, _with_shares(columns, ["customers", *summed]) | found)


@same_kind
def equal_slices(people, *, by=None, slices=10):
    """Equal slices of the money, the best customers first, and how few make the first ones: profit deciles.

    Columns: slice, customers, share_of_customers, revenue or profit (``by``), its share. A customer is in the slice in
    which the money of those before ends, so the first one is never empty; one customer may fill several slices, and the
    later of them are then empty. The last slice also takes customers who lose money, who bring the sum back down.

    Raises `DataError` unless the money of the customers is above 0.

    >>> import pandas as pd
    >>> people = pd.DataFrame({"bought": True, "orders": 1, "revenue": [50.0, 25.0, 15.0, 10.0]})
    >>> equal_slices(people, slices=2)
       slice  customers  share_of_customers  revenue  share_of_revenue
    0      1          1                0.25     50.0               0.5
    1      2          3                0.75     50.0               0.5
    """
    frame, rows = _people(people)
    by = _measure(rows, by, _money(rows))
    money = _ranked(_buyers(rows), by)[by]
    total = money.sum()
    if not total > 0:
        raise DataError(f"The {by} of all customers is {total:,.2f}; slices of it need a total above 0.")
    before = np.append(0.0, np.cumsum(money)[:-1])
    place = np.minimum(np.floor(slices * before / total + 1e-9).astype(np.int64), slices - 1)
    edges = np.searchsorted(np.maximum.accumulate(place), np.arange(slices + 1))
    columns = {"slice": np.arange(1, slices + 1), "customers": np.diff(edges)}
    columns["share_of_customers"] = columns["customers"] / len(money)
    columns[by] = np.array([money[start:end].sum() for start, end in zip(edges, edges[1:])])
    columns[f"share_of_{by}"] = columns[by] / total
    return _made(frame, columns)


def _people(native):
    """The wrapped table of `by_customer`, and its numbers as arrays by column."""
    frame = table(native, ["bought", "orders", "revenue"], what="table of by_customer()", eager=False)
    names = ["orders", *_money(frame.collect_schema().names())]
    bought = nw.when(nw.col("bought")).then(1).otherwise(0)
    found = collect(frame.select(nw.col(*names).cast(nw.Float64), bought=bought))
    rows = {name: found[name].to_numpy() for name in names}
    return frame, rows | {"bought": found["bought"].to_numpy() == 1}


def _buyers(rows):
    return {name: one[rows["bought"]] for name, one in rows.items() if name != "bought"}


def _money(rows):
    return [name for name in ("revenue", "profit") if name in rows]


def _measure(rows, by, known):
    by = _money(rows)[-1] if by is None else by
    if by not in known:
        raise DataError(f"by is {by!r}; choose one of {', '.join(known)}.")
    return by


def _ranked(buyers, by):
    """From the best down, whatever the order of the rows: equals in all columns cannot be told apart."""
    keys = [*dict.fromkeys([by, "profit", "revenue", "orders"])]
    order = np.lexsort([-buyers[name] for name in reversed(keys) if name in buyers])
    return {name: one[order] for name, one in buyers.items()}


def _with_shares(columns, names):
    return columns | {f"share_of_{name}": ratio(columns[name], np.full(len(columns[name]), np.sum(columns[name])))
                      for name in names}  # fmt: skip


def _nice(least, *, whole):
    """The smallest of 1, 2 and 5 times a power of ten that is at least ``least``; whole: at least 1."""
    if whole or not least > 0:
        least = max(least, 1)
    tens = 10.0 ** math.floor(math.log10(least))
    return float(next(step for step in (tens, 2 * tens, 5 * tens, 10 * tens) if step >= least * (1 - 1e-9)))


def _made(frame, columns):
    whole = ("customers", "orders", "slice")
    text = {"measure", "bin", "decile"}
    schema = {name: nw.String if name in text else nw.Int64 if name in whole else nw.Float64 for name in columns}
    columns = {name: np.asarray(one).astype(np.int64) if name in whole else one for name, one in columns.items()}
    return like(frame, columns, schema).to_native()
