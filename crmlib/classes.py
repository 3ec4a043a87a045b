"""What every classification shares: the values to rank, whole customers in a share, class names, a summary by class.

ABC classes, segments, tiers and states are built from these, so that they count and round in one way.
"""

from __future__ import annotations

import math

import narwhals as nw
import numpy as np

from crmlib.errors import DataError

__all__ = ["by_class", "check_days", "first_match", "values", "whole_customers"]


def values(frame, by) -> np.ndarray:
    """Column ``by`` of a wrapped customer table as float64, in row order.

    Raises `DataError` if the table is empty, or the column is not numeric or has gaps.
    """
    column = frame[by]
    if not len(column):
        raise DataError("The customer table is empty.")
    if not column.dtype.is_numeric():
        raise DataError(f"Column {by!r} holds {column.dtype}, not numbers; choose a numeric column, e.g. by='revenue'.")
    # a gap must not become a number, and a polars NaN is no null: both end up as NaN here
    array = column.cast(nw.Float64).to_numpy()
    if gaps := int(np.count_nonzero(~np.isfinite(array))):
        raise DataError(f"{by!r} is missing or infinite for {gaps:,} of {len(array):,} customers; fill it or leave them out first.")
    return array


def check_days(frame):
    """Raise `DataError` if a customer with a purchase lacks ``days_since_last``: a gap would pass for silence, or for none."""
    if gaps := len(frame.filter((nw.col("orders") > 0) & nw.col("days_since_last").is_null())):
        raise DataError(f"'days_since_last' is missing for {gaps:,} customers with orders; use the table of customer_table().")


def whole_customers(share, n) -> int:
    """The smallest number of ``n`` customers that is at least ``share`` of them.

    Products such as 0.07 * 100 = 7.000000000000001 are taken for the whole number that was meant.

    >>> whole_customers(0.07, 100), math.ceil(0.07 * 100), whole_customers(0.01, 5)
    (7, 8, 1)
    """
    exact = share * n
    near = round(exact)
    return near if math.isclose(exact, near, rel_tol=1e-12, abs_tol=1e-9) else math.ceil(exact)


def first_match(rules, otherwise) -> nw.Expr:
    """The name of the first condition that holds; ``rules`` are pairs (condition, name). A null condition does not hold."""
    names = [*(name for _, name in rules), otherwise]
    code = nw.lit(len(rules))
    for position, (condition, _) in reversed(list(enumerate(rules))):
        code = nw.when(condition).then(nw.lit(position)).otherwise(code)
    # numbers first, names last: choosing among texts at every step is ten times slower on pandas
    return code.replace_strict(list(range(len(names))), names, return_dtype=nw.String)


def by_class(frame, column, *, order, by="revenue", whole=None, optional=(), medians=()):
    """A row for each class in ``order``: class, customers, share_of_customers, ``by``, share_of_``by``, medians.

    Shares are of the classes in ``whole`` (default: all) and null for the others, and where the whole is not above zero.
    A class without customers has a row of zeros, unless it is in ``optional``. Returns a wrapped table.

    Raises `DataError` for a class that is not in ``order`` and for customers without a class.
    """
    medians = [nw.col(name).median().alias(f"median_{name}") for name in medians]
    grouped = frame.group_by(column).agg(nw.len().alias("customers"), nw.col(by).sum(), *medians)
    found = {row[column]: row for row in grouped.iter_rows(named=True)}
    missing = len(frame) - sum(row["customers"] for row in found.values() if isinstance(row[column], str))
    if missing:
        raise DataError(f"{column!r} is missing for {missing:,} of {len(frame):,} customers.")
    if unknown := sorted(set(found) - set(order)):
        raise DataError(f"The {column} {unknown[0]!r} is not among {list(order)}.")
    names = [name for name in order if name in found or name not in optional]

    extra = [name for name in grouped.columns if name not in (column, "customers", by)]
    empty = {"customers": 0, by: 0.0} | dict.fromkeys(extra)
    rows = [found.get(name, empty) for name in names]
    inside = [whole is None or name in whole for name in names]
    columns = {column: names}
    schema = {column: nw.String}
    for name in ("customers", by):
        numbers = [row[name] for row in rows]
        total = sum(number for number, counts in zip(numbers, inside, strict=True) if counts)
        shares = [n / total if counts and total > 0 else None for n, counts in zip(numbers, inside, strict=True)]
        columns |= {name: numbers, f"share_of_{name}": shares}
        schema |= {name: nw.Int64 if name == "customers" else nw.Float64, f"share_of_{name}": nw.Float64}
    for name in extra:
        columns[name], schema[name] = [row[name] for row in rows], nw.Float64
    return nw.from_dict(columns, schema, backend=frame.implementation)
