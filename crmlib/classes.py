"""What every classification shares: the values to rank, whole customers in a share, class names, a summary by class.

ABC classes, segments, tiers and states are built from these, so that they count and round in one way.
"""

from __future__ import annotations

import math

import narwhals as nw
import numpy as np

from crmlib.errors import DataError
from crmlib.frames import collect, is_lazy, like, with_names

__all__ = [
    "ascending", "by_class", "check_days", "check_known", "is_gap", "values", "whole_customers", "with_classes",
]  # fmt: skip


def values(frame, by) -> np.ndarray:
    """Column ``by`` of a wrapped customer table in memory as float64, in row order.

    Raises `DataError` if the table is empty, or the column is not numeric or has gaps.
    """
    if not len(frame):
        raise DataError("The customer table is empty.")
    _check_numeric(frame.schema[by], by)
    # a gap must not become a number, and a polars NaN is no null: both end up as NaN here
    array = frame[by].cast(nw.Float64).to_numpy()
    check_known(by, int(np.count_nonzero(~np.isfinite(array))), len(array))
    return array


def ascending(frame, by, where=None) -> np.ndarray:
    """The same numbers from the smallest up, for a table of any engine; a lazy one counts equal values first.

    ``where`` is a condition: the numbers of the others are checked and left out.
    """
    value = {"__value": nw.col(by).cast(nw.Float64)}
    inside = {} if where is None else {"__inside": nw.when(where).then(1).otherwise(0)}
    if not is_lazy(frame):
        array = values(frame, by)
        return np.sort(array if where is None else array[frame.select(**inside)["__inside"].to_numpy() == 1])
    _check_numeric(frame.collect_schema()[by], by)
    rows = collect(frame.select(**value, **inside).group_by("__value", *inside).agg(nw.len().alias("__rows")))
    array, counts = rows["__value"].to_numpy().astype(float), rows["__rows"].to_numpy().astype(np.int64)
    check_known(by, int(counts[~np.isfinite(array)].sum()), int(counts.sum()))
    order = np.argsort(array)
    if where is not None:
        order = order[rows["__inside"].to_numpy()[order] == 1]
    return np.repeat(array[order], counts[order])


def _check_numeric(dtype, by):
    if not dtype.is_numeric():
        raise DataError(f"Column {by!r} holds {dtype}, not numbers; choose a numeric column, e.g. by='revenue'.")


def check_known(by, gaps, n):
    """Raise `DataError` if ``by`` has ``gaps`` among ``n`` customers, or there are none."""
    if not n:
        raise DataError("The customer table is empty.")
    if gaps:
        raise DataError(
            f"{by!r} is missing or infinite for {gaps:,} of {n:,} customers; fill it or leave them out first."
        )


def is_gap(column):
    """1 where a column is missing, NaN or infinite, else 0: engines differ in which of them is a null or a number.

    A number, because Spark cannot sum booleans.
    """
    number = nw.col(column).cast(nw.Float64)
    return nw.when(number.is_null() | ~number.is_finite()).then(1).otherwise(0)


def check_days(frame):
    """Raise `DataError` for gaps in ``orders``, and in ``days_since_last`` of a customer with a purchase.

    A gap would land in some class. One query on a lazy table.
    """
    bought, advice = nw.col("orders") > 0, "use the table of customer_table()"
    gaps = frame.select(orders=is_gap("orders"), days=nw.when(bought).then(is_gap("days_since_last")).otherwise(0))
    counts = collect(gaps, nw.all().sum()).row(0)
    orders, days = (0 if count is None or count != count else int(count) for count in counts)
    if orders:
        raise DataError(f"'orders' is missing or infinite for {_customers(orders)}; {advice}.")
    if days:
        raise DataError(f"'days_since_last' is missing or infinite for {_customers(days)} with orders; {advice}.")


def _customers(count):
    return "1 customer" if count == 1 else f"{count:,} customers"


def whole_customers(share, n) -> int:
    """The smallest number of ``n`` customers that is at least ``share`` of them.

    Products such as 0.07 * 100 = 7.000000000000001 are taken for the whole number that was meant.

    >>> whole_customers(0.07, 100), math.ceil(0.07 * 100), whole_customers(0.01, 5)
    (7, 8, 1)
    """
    exact = share * n
    near = round(exact)
    return near if math.isclose(exact, near, rel_tol=1e-12, abs_tol=1e-9) else math.ceil(exact)


def with_classes(frame, column, rules, otherwise):
    """The wrapped ``frame`` with a text ``column``: the name of the first condition that holds.

    ``rules`` are pairs (condition, name); a null condition does not hold. ``otherwise`` is the name where none does.
    """
    rules = list(rules)
    code = nw.lit(len(rules))
    for position, (condition, _) in reversed(list(enumerate(rules))):
        code = nw.when(condition).then(nw.lit(position)).otherwise(code)
    return with_names(frame, column, code, [*(name for _, name in rules), otherwise])


def by_class(frame, column, *, order, by="revenue", whole=None, optional=(), medians=()):
    """A row a class, as in ``order``: class, customers, share_of_customers, ``by``, share_of_``by``, medians.

    Shares are of the classes in ``whole`` (default: all) and null for the others or where the whole is not above 0.
    A class without customers has a row of zeros, unless it is in ``optional``. Returns a wrapped table.

    Raises `DataError` for a class that is not in ``order``, for customers without a class, and where ``by`` is missing
    or infinite. A median is of the customers whose number is known.
    """
    totals = [nw.len().alias("customers"), nw.col(by, "__gaps").sum()]
    totals += [nw.col(name).median().alias(f"median_{name}") for name in medians]
    known = [nw.when(is_gap(name) == 0).then(nw.col(name).cast(nw.Float64)).alias(name) for name in medians]
    grouped = frame.select(column, nw.col(by).cast(nw.Float64), *known, __gaps=is_gap(by)).group_by(column).agg(*totals)
    grouped = collect(grouped)
    classes = grouped.get_column(column).to_list()
    found = {name: dict(zip(classes, grouped[name].to_numpy().tolist(), strict=True)) for name in grouped.columns}
    if gaps := int(sum(found["__gaps"].values())):
        check_known(by, gaps, int(sum(found["customers"].values())))
    missing = sum(count for name, count in found["customers"].items() if not isinstance(name, str))
    if missing:
        n = sum(found["customers"].values())
        raise DataError(f"{column!r} is missing for {missing:,} of {n:,} customers.")
    if unknown := sorted(set(classes) - set(order)):
        raise DataError(f"The {column} {unknown[0]!r} is not among {list(order)}.")

    names = [name for name in order if name in classes or name not in optional]
    columns, schema = {column: names}, {column: nw.String}
    for value in ("customers", by):
        columns[value] = [found[value].get(name, 0) for name in names]
        inside = [whole is None or name in whole for name in names]
        total = sum(number for number, counts in zip(columns[value], inside, strict=True) if counts)
        columns[f"share_of_{value}"] = [
            number / total if counts and total > 0 else math.nan
            for number, counts in zip(columns[value], inside, strict=True)
        ]
        schema |= {value: nw.Int64 if value == "customers" else nw.Float64, f"share_of_{value}": nw.Float64}
    for name in medians:
        columns[f"median_{name}"] = [found[f"median_{name}"].get(key, math.nan) for key in names]
        schema[f"median_{name}"] = nw.Float64
    return like(frame, columns, schema)
