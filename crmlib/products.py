"""Which products customers buy: by how many, together with what, first of all, and how soon after their first purchase.

The log needs a ``product`` column, of products or of categories. Money of a product = customers of the period x
penetration x orders of it a buyer x money an order of it. Penetrations sum to more than 1 and orders to at least all
orders, because a customer and an order can have several products; money sums exactly. Refunds lower money and are no
orders. Who buys a product first differs in more than the product, so nothing here is a cause.

Source: Fader, Hardie and Ross, The Customer-Base Audit (2022), the product lens; duplication of purchase after
Ehrenberg, Repeat-Buying (1972).
"""

from __future__ import annotations

from statistics import NormalDist

import narwhals as nw
import numpy as np

from crmlib.concentration import window_start
from crmlib.counted import Counted
from crmlib.customer_periods import checked_log, knows_cost, ratio
from crmlib.customers import DECIMALS
from crmlib.errors import DataError
from crmlib.frames import collect, like, same_kind
from crmlib.log_lines import NO_PRODUCT
from crmlib.product_counts import ProductCounts

__all__ = ["NO_PRODUCT", "basket", "by_product", "duplication", "entry_products", "ever_bought", "index_interval"]

_WHOLE = ("customers", "sole_customers", "orders", "product_orders", "both", "bought", "weeks")
_TEXT = ("product", "also")


@same_kind
def by_product(tx, *, as_of, months=12):
    """A row a product in the ``months`` calendar months up to ``as_of``, the one with the most revenue first.

    ============================  =====================================================================================
    product                       as in the log; "(no product)" where it is missing
    customers, penetration        who bought it; their share of all who bought anything in the period
    sole_customers, sole_share    of them, who bought no other product in the period; as a share of ``customers``
    orders, orders_each           orders with the product that began in the period; divided by ``customers``
    revenue, order_value          amounts net of refunds; divided by ``orders``
    share_of_revenue              of the revenue of all products
    profit, margin                only if every line has a ``cost``: amounts - costs; divided by ``revenue``
    units, units_each, price      only if the log has ``quantity``: net units; divided by ``orders``; revenue / units
    ============================  =====================================================================================

    The same kind of table as ``tx``. Raises `DataError` if nobody bought in the period.

    >>> import pandas as pd
    >>> day = pd.to_datetime("2024-01-05")
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": day, "amount": [9.0, 2.0, 4.0],
    ...                     "product": ["tea", "milk", "tea"]})
    >>> by_product(log, as_of="2024-01-31")[["product", "customers", "penetration", "sole_share", "order_value"]]
      product  customers  penetration  sole_share  order_value
    0     tea          2          1.0         0.5          6.5
    1    milk          1          0.5         0.0          2.0
    """
    frame, lines, as_of = _lines(tx, as_of)
    found, everybody, _ = _products(lines, _start(as_of, months))
    columns = {name: found[name] for name in ("product", "customers")}
    columns["penetration"] = found["customers"] / everybody
    columns["sole_customers"] = found["sole_customers"]
    columns["sole_share"] = ratio(found["sole_customers"], found["customers"])
    columns |= {"orders": found["orders"], "orders_each": ratio(found["orders"], found["customers"])}
    columns |= {"revenue": found["revenue"], "order_value": ratio(found["revenue"], found["orders"])}
    columns["share_of_revenue"] = ratio(found["revenue"], np.full(len(found["revenue"]), found["revenue"].sum()))
    if "profit" in found:
        columns |= {"profit": found["profit"], "margin": ratio(found["profit"], found["revenue"])}
    if "units" in found:
        columns |= {"units": found["units"], "units_each": ratio(found["units"], found["orders"])}
        columns["price"] = ratio(found["revenue"], found["units"])
    return _made(frame, columns)


@same_kind
def basket(tx, *, as_of, months=12):
    """One row on what an order holds: the factors of its value, from totals of the period.

    orders, product_orders (an order counts once for each product in it), units, revenue; products_each_order x
    units_each x price = order_value. The log needs ``quantity``.

    >>> import pandas as pd
    >>> day = pd.to_datetime("2024-01-05")
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": day, "amount": [9.0, 2.0, 4.0],
    ...                     "product": ["tea", "milk", "tea"], "quantity": [3, 1, 2]})
    >>> basket(log, as_of="2024-01-31")[["products_each_order", "units_each", "price", "order_value"]]
       products_each_order  units_each  price  order_value
    0                  1.5         2.0    2.5          7.5
    """
    frame, lines, as_of = _lines(tx, as_of, ["quantity"])
    found, _, orders = _products(lines, _start(as_of, months))
    totals = {"orders": orders, "product_orders": found["orders"].sum()}
    totals |= {"units": found["units"].sum(), "revenue": found["revenue"].sum()}
    columns = {name: np.array([value]) for name, value in totals.items()}
    columns["products_each_order"] = ratio(columns["product_orders"], columns["orders"])
    columns["units_each"] = ratio(columns["units"], columns["product_orders"])
    columns["price"] = ratio(columns["revenue"], columns["units"])
    columns["order_value"] = ratio(columns["revenue"], columns["orders"])
    return _made(frame, columns)


@same_kind
def duplication(tx, *, as_of, months=12, most=10):
    """Which others the buyers of a product also buy: a row an ordered pair of the ``most`` products with most buyers.

    product, also, customers (who bought ``product`` in the period), both (of them, who bought ``also`` too), share
    (both / customers, the P(also | product)), penetration (of ``also`` among all customers of the period) and times
    (share / penetration; duplication of purchase says that it is about the same for all pairs).

    >>> import pandas as pd
    >>> day = pd.to_datetime("2024-01-05")
    >>> log = pd.DataFrame({"customer": ["a", "a", "b", "c"], "date": day, "amount": 4.0,
    ...                     "product": ["tea", "milk", "tea", "soap"]})
    >>> duplication(log, as_of="2024-01-31", most=2)[["product", "also", "customers", "both", "share", "times"]]
      product  also  customers  both  share  times
    0     tea  milk          2     1    0.5    1.5
    1    milk   tea          1     1    1.0    1.5
    """
    _check_most(most)
    frame, lines, as_of = _lines(tx, as_of)
    top, both, everybody = _both(lines, _start(as_of, months), most)
    listed = [(one, two) for one in top for two in top if one != two]
    columns = {"product": [one for one, _ in listed], "also": [two for _, two in listed]}
    columns["customers"] = np.array([top[one] for one, _ in listed], np.int64)
    columns["both"] = np.array([both.get(pair, 0) for pair in listed], np.int64)
    columns["share"] = ratio(columns["both"], columns["customers"])
    columns["penetration"] = np.array([top[two] for _, two in listed], float) / everybody
    columns["times"] = ratio(columns["share"], columns["penetration"])
    return _made(frame, columns)


@same_kind
def entry_products(tx, *, as_of, days=365):
    """The product that customers bought first, against what they brought in their own first ``days`` days.

    A row a product, most customers first: customers, share_of_customers, orders, revenue, [profit], orders_each,
    revenue_each, [profit_each], index: profit (or revenue) a customer / that of all customers, index_se, its standard
    error as far as customers differ (delta method; a gap where fewer than two customers began with it, or with others), and
    later_index, the index of what they brought after the day of their first purchase, so without the first basket.
    A customer's entry product is the one with the most money on the day of the first purchase, of equal ones the first by
    name. Only who was watched for all ``days`` days counts, so that the age is equal: the first purchase is day 0, and the
    value is that of days 0 to ``days`` - 1. The first purchase is the first in the log.

    Raises `DataError` if nobody was watched that long.

    >>> import pandas as pd
    >>> when = pd.to_datetime(["2024-01-05", "2024-01-09", "2024-01-06", "2024-03-01"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b", "b"], "date": when, "amount": [6.0, 3.0, 3.0, 50.0],
    ...                     "product": ["tea", "tea", "milk", "milk"]})
    >>> entry_products(log, as_of="2024-03-31", days=30)[["product", "customers", "revenue_each", "index"]]
      product  customers  revenue_each  index
    0    milk          1           3.0    0.5
    1     tea          1           9.0    1.5
    """
    if not (isinstance(days, int) and days >= 1):
        raise DataError(f"days is {days!r}; give a whole number of at least 1, e.g. 365.")
    frame, lines, as_of = _lines(tx, as_of)
    found = _entries(lines, as_of.toordinal() - days + 1, days)
    if not found:
        raise DataError(f"No customer was watched for {days} days up to as_of {as_of}; choose fewer days.")
    names = sorted(found, key=lambda name: (-found[name]["customers"], name))
    whole = {one: np.array([int(found[name][one]) for name in names]) for one in ("customers", "orders")}
    squares, later = (np.array([found[name].pop(one) for name in names], float) for one in ("squares", "later"))
    money = {one: np.array([float(found[name][one]) for name in names]) for one in found[names[0]] if one not in whole}
    columns = {"product": names, "customers": whole["customers"]}
    columns["share_of_customers"] = columns["customers"] / columns["customers"].sum()
    columns |= {"orders": whole["orders"]} | money
    for one in ("orders", *money):
        columns[f"{one}_each"] = ratio(columns[one], columns["customers"])
    last = [*money][-1]
    against_all = lambda each: ratio(each, np.full(len(names), (each * columns["customers"]).sum() / columns["customers"].sum()))  # noqa: E731
    columns["index"] = against_all(columns[f"{last}_each"])
    columns["later_index"] = against_all(later / columns["customers"])
    columns["index_se"] = np.where(np.isnan(columns["index"]), np.nan, _index_se(columns["customers"], money[last], squares))
    return _made(frame, columns)


def index_interval(row, *, among=1) -> tuple[float, float]:
    """The 95 % interval of the index in a row of `entry_products`, at a level of 5 % / ``among`` where it was chosen as the
    highest of so many (Bonferroni).

    >>> [round(end, 3) for end in index_interval({"index": 1.3, "index_se": 0.12})]
    [1.065, 1.535]
    >>> [round(end, 3) for end in index_interval({"index": 1.3, "index_se": 0.12}, among=9)]
    [0.967, 1.633]
    """
    half = NormalDist().inv_cdf(1 - 0.025 / among) * row["index_se"]
    return row["index"] - half, row["index"] + half


def _index_se(n, total, squares):
    """The standard error of each group's mean / the mean of all, from sizes, sums and sums of squares."""
    with np.errstate(divide="ignore", invalid="ignore"):
        means, errors = [], []  # of the group, and of all others
        for size, amount, square in ((n, total, squares), (n.sum() - n, total.sum() - total, squares.sum() - squares)):
            means.append(amount / size)
            spread = np.maximum(square - amount * means[-1], 0) / (size - 1)
            errors.append(np.where(size > 1, spread / size, np.nan))
        mean = total.sum() / n.sum()
        # d index / d own mean = (others' share) * (others' mean) / mean^2, and the same of the others with a minus
        return (1 - n / n.sum()) / mean**2 * np.sqrt(means[1] ** 2 * errors[0] + means[0] ** 2 * errors[1])


def _entries(lines, latest, days):
    """By entry product, of customers with a first purchase up to the day ``latest`` and in their first ``days`` days:
    {name: {customers, orders, revenue, [profit], squares, later}}."""
    if isinstance(lines, ProductCounts):
        return lines.entries(latest, days)
    bought = lines.filter(nw.col("bought") == 1)
    starts = bought.group_by("customer").agg(nw.col("day").min().alias("first")).filter(nw.col("first") <= latest)
    at_first = bought.join(starts, on="customer").filter(nw.col("day") == nw.col("first"))
    spent = at_first.group_by("customer", "product").agg(nw.col("revenue").sum())
    spent = spent.with_columns(nw.col("revenue").round(DECIMALS))
    spent = spent.filter(nw.col("revenue") == nw.col("revenue").max().over("customer"))
    entry = spent.group_by("customer").agg(nw.col("product").min().alias("entry"))
    inside = lines.join(starts, on="customer").join(entry, on="customer")
    inside = inside.filter((nw.col("day") >= nw.col("first")) & (nw.col("day") < nw.col("first") + days))
    money = [name for name in ("revenue", "profit") if name in lines.collect_schema().names()]
    own = bought.group_by("customer", "order").agg(nw.col("day").min()).join(starts, on="customer")
    own = own.filter(nw.col("day") < nw.col("first") + days).join(entry, on="customer")
    counts = _by(entry.group_by("entry").agg(nw.len().alias("customers")), "entry", ["customers"])
    orders = _by(own.group_by("entry").agg(nw.len().alias("orders")), "entry", ["orders"])
    each = inside.group_by("entry", "customer").agg(nw.col(*money).sum())
    each = each.with_columns(squares=nw.col(money[-1]) * nw.col(money[-1]))
    sums = _by(each.group_by("entry").agg(nw.col(*money, "squares").sum()), "entry", [*money, "squares"])
    after = inside.filter(nw.col("day") > nw.col("first")).group_by("entry").agg(nw.col(money[-1]).sum().alias("later"))
    after = _by(after, "entry", ["later"])
    return {name: counts[name] | orders[name] | sums[name] | after.get(name, {"later": 0.0}) for name in counts}


@same_kind
def ever_bought(tx, *, as_of, weeks=52, most=5):
    """The share of customers who ever bought each product within so many weeks of their own first purchase.

    A row a product (the ``most`` with most buyers) and week from 0, the day of the first purchase, to ``weeks``:
    product, weeks, customers, bought, share. "Within one week" is at most 7 days later. Only customers whose first
    purchase was at least ``weeks`` weeks before ``as_of`` count, in every row, so the curves cannot fall.

    >>> import pandas as pd
    >>> when = pd.to_datetime(["2024-01-05", "2024-01-09", "2024-01-06"])
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "date": when, "amount": 3.0,
    ...                     "product": ["tea", "milk", "tea"]})
    >>> ever_bought(log, as_of="2024-01-31", weeks=1)
      product  weeks  customers  bought  share
    0     tea      0          2       2    1.0
    1     tea      1          2       2    1.0
    2    milk      0          2       0    0.0
    3    milk      1          2       1    0.5
    """
    _check_most(most)
    if not (isinstance(weeks, int) and weeks >= 1):
        raise DataError(f"weeks is {weeks!r}; give a whole number of at least 1, e.g. 52.")
    frame, lines, as_of = _lines(tx, as_of)
    n, top, product, gap, customers = _first_times(lines, as_of.toordinal() - 7 * weeks, most)
    if not n:
        message = f"No customer bought for the first time {weeks} weeks or more before as_of {as_of}"
        raise DataError(f"{message}; choose fewer weeks.")
    weekly = np.zeros((len(top), weeks + 2), np.int64)
    np.add.at(weekly, (product, np.minimum((gap + 6) // 7, weeks + 1)), customers)
    running = np.cumsum(weekly, axis=1)[:, :-1]
    columns = {"product": np.repeat([*top], weeks + 1).tolist(), "weeks": np.tile(np.arange(weeks + 1), len(top))}
    columns |= {"customers": np.full(running.size, n), "bought": running.ravel(), "share": running.ravel() / n}
    return _made(frame, columns)


def _lines(tx, as_of, needed=()):
    """What `checked_log` gives, the lines up to ``as_of`` as numbers or, in memory, counted; and the day ``as_of``."""
    log, as_of = checked_log(tx, as_of, [*needed, "product"])
    if isinstance(log, Counted):
        return log, log.kept("products", lambda: ProductCounts(log)), as_of
    names = log.collect_schema().names()
    amount = nw.col("amount").cast(nw.Float64)
    values = {"revenue": amount} | ({"profit": amount - nw.col("cost").cast(nw.Float64)} if knows_cost(log) else {})
    values |= {"units": nw.col("quantity").cast(nw.Float64).fill_null(0)} if "quantity" in names else {}
    lines = log.select(
        "customer", product=nw.col("product").fill_null(NO_PRODUCT), day=nw.col("__day"),
        order=nw.col("order" if "order" in names else "__day"), bought=nw.when(amount >= 0).then(1).otherwise(0),
        **values,
    )  # fmt: skip
    return log, lines, as_of


def _start(as_of, months):
    return window_start(as_of, months).toordinal()


def _pairs(lines, start):
    """Customers of the period with each product that they bought in it."""
    inside = lines.filter((nw.col("bought") == 1) & (nw.col("day") >= start))
    return inside.select("customer", "product").unique()


def _check_bought(customers):
    if not customers:
        raise DataError("Nobody bought in the period; choose another as_of or more months.")


def _products(lines, start):
    """Totals by product, the most revenue first; the number of customers and of orders of the period."""
    found, customers, orders = lines.totals(start) if isinstance(lines, ProductCounts) else _totals(lines, start)
    _check_bought(customers)
    names = sorted(found, key=lambda name: (-round(float(found[name]["revenue"]), DECIMALS), name))
    columns = {one: np.array([float(found[name][one]) for name in names]) for one in found[names[0]]}
    return {"product": names} | columns, customers, orders


def _totals(lines, start):
    """{name: {customers, sole_customers, orders, revenue, [profit], [units]}}, and the same two numbers."""
    pairs = _pairs(lines, start)
    each = pairs.group_by("customer").agg(nw.len().alias("products"))
    pairs = pairs.join(each, on="customer").with_columns(
        sole_customers=nw.when(nw.col("products") == 1).then(1).otherwise(0)
    )
    counted = pairs.group_by("product").agg(nw.len().alias("customers"), nw.col("sole_customers").sum())
    bought = lines.filter(nw.col("bought") == 1)
    begun = bought.group_by("customer", "order", "product").agg(nw.col("day").min()).filter(nw.col("day") >= start)
    whole = bought.group_by("customer", "order").agg(nw.col("day").min()).filter(nw.col("day") >= start)
    money = [name for name in ("revenue", "profit", "units") if name in lines.collect_schema().names()]
    summed = lines.filter(nw.col("day") >= start).group_by("product").agg(nw.col(*money).sum())
    sums, counts = _by(summed, "product", money), _by(counted, "product", ["customers", "sole_customers"])
    orders = _by(begun.group_by("product").agg(nw.len().alias("orders")), "product", ["orders"])
    nothing = {"customers": 0, "sole_customers": 0, "orders": 0}
    found = {name: nothing | counts.get(name, {}) | orders.get(name, {}) | sums[name] for name in sums}
    return found, _count(each), _count(whole)


def _both(lines, start, most):
    """{name: customers} of the ``most`` products with most customers, {(name, name): customers of both}, and the number
    of all customers of the period."""
    if isinstance(lines, ProductCounts):
        top, both, everybody = lines.both(start, most)
        _check_bought(everybody)
        return top, both, everybody
    pairs = _pairs(lines, start)
    everybody = _count(pairs.select("customer").unique())
    _check_bought(everybody)
    top = _most_bought(pairs, most)
    kept = pairs.filter(nw.col("product").is_in([*top]))
    joined = kept.join(kept.rename({"product": "also"}), on="customer")
    counted = collect(joined.group_by("product", "also").agg(nw.len().alias("both")))
    both = {tuple(row[:2]): int(row[2]) for row in counted.select("product", "also", "both").iter_rows()}
    return top, both, everybody


def _first_times(lines, latest, most):
    """Of customers with a first purchase up to the day ``latest``: their number, the names of the ``most`` products with
    most buyers, and three arrays: place of a product in these names, days until it was first bought, customers."""
    if isinstance(lines, ProductCounts):
        return lines.first_times(latest, most)
    bought = lines.filter(nw.col("bought") == 1)
    firsts = bought.group_by("customer", "product").agg(nw.col("day").min())
    firsts = firsts.with_columns(first=nw.col("day").min().over("customer")).filter(nw.col("first") <= latest)
    names = [*_most_bought(firsts, most)]
    gaps = firsts.with_columns(gap=nw.col("day") - nw.col("first")).filter(nw.col("product").is_in(names))
    found = collect(gaps.group_by("product", "gap").agg(nw.len().alias("customers")))
    product = np.array([names.index(name) for name in found["product"].to_list()], np.int64)
    gap, customers = (found[name].to_numpy().astype(np.int64) for name in ("gap", "customers"))
    return _count(firsts.select("customer").unique()), names, product, gap, customers


def _most_bought(pairs, most):
    """{product: customers} of the products with most buyers; of equal ones the first by name."""
    counted = _by(pairs.group_by("product").agg(nw.len().alias("customers")), "product", ["customers"])
    names = sorted(counted, key=lambda name: (-counted[name]["customers"], name))[:most]
    return {name: int(counted[name]["customers"]) for name in names}


def _check_most(most):
    if not (isinstance(most, int) and most >= 1):
        raise DataError(f"most is {most!r}; give a whole number of at least 1.")


def _count(rows):
    return int(collect(rows, nw.len().alias("rows"))["rows"][0])


def _by(rows, key, names):
    """A small table as {key: {name: value}}."""
    found = collect(rows.select(key, *names))
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in found.iter_rows()}


def _made(frame, columns):
    schema = {name: nw.String if name in _TEXT else nw.Int64 if name in _WHOLE else nw.Float64 for name in columns}
    columns = {name: np.asarray(one).astype(np.int64) if name in _WHOLE else one for name, one in columns.items()}
    return like(frame, columns, schema).to_native()
