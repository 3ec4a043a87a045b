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
        raise DataError(
            f"{by!r} is missing or infinite for {gaps:,} of {len(array):,} customers; fill it or leave them out first."
        )
    return array


def check_days(frame):
    """Raise `DataError` if a customer with a purchase lacks ``days_since_last``; a gap would land in some class."""
    if gaps := len(frame.filter((nw.col("orders") > 0) & nw.col("days_since_last").is_null())):
        raise DataError(
            f"'days_since_last' is missing for {gaps:,} customers with orders; use the table of customer_table()."
        )


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
    """The name of the first condition that holds, from pairs (condition, name); a null condition does not hold."""
    names = [*(name for _, name in rules), otherwise]
    code = nw.lit(len(rules))
    for position, (condition, _) in reversed(list(enumerate(rules))):
        code = nw.when(condition).then(nw.lit(position)).otherwise(code)
    # numbers first, names last: choosing among texts at every step is ten times slower on pandas
    return code.replace_strict(list(range(len(names))), names, return_dtype=nw.String)


def by_class(frame, column, *, order, by="revenue", whole=None, optional=(), medians=()):
    """A row a class, as in ``order``: class, customers, share_of_customers, ``by``, share_of_``by``, medians.

    Shares are of the classes in ``whole`` (default: all) and null for the others or where the whole is not above 0.
    A class without customers has a row of zeros, unless it is in ``optional``. Returns a wrapped table.

    Raises `DataError` for a class that is not in ``order`` and for customers without a class.
    """
    totals = [nw.len().alias("customers"), nw.col(by).sum()]
    totals += [nw.col(name).median().alias(f"median_{name}") for name in medians]
    grouped = frame.select(column, nw.col(by, *medians).cast(nw.Float64)).group_by(column).agg(*totals)
    classes = grouped.get_column(column).to_list()
    found = {name: dict(zip(classes, grouped[name].to_numpy().tolist(), strict=True)) for name in grouped.columns}
    missing = len(frame) - sum(count for name, count in found["customers"].items() if isinstance(name, str))
    if missing:
        raise DataError(f"{column!r} is missing for {missing:,} of {len(frame):,} customers.")
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
    summary = nw.from_dict(columns, schema, backend=frame.implementation)
    # a gap is NaN in pandas and null in polars, where NaN would be a number
    gaps = [name for name, dtype in schema.items() if dtype == nw.Float64]
    return summary.with_columns(nw.col(*gaps).fill_nan(None))
