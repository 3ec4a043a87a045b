"""Who brings the money: Lorenz curve, top share, Gini, ABC classes.

The 80/20 claim is a claim about one number, ``top_share(customers, 0.20)``. It depends on the window of the log and on
whether customers without a purchase count, so it is measured here and never assumed.

Sources: definitions of the Lorenz curve and Gini index as in any text on inequality; ABC cuts of 80 % and 95 % are the
usual default of ABC analysis, not a law.
"""

from __future__ import annotations

import math

import narwhals as nw
import numpy as np

from crmlib.classes import by_class, values, whole_customers
from crmlib.errors import DataError
from crmlib.frames import table

__all__ = ["abc_classes", "abc_summary", "gini", "lorenz", "pareto_exponent", "top_share"]

# Running sums of floats differ in the last digits with the size of the numbers: a cumulative share this close to a cut
# counts as having reached it, so that "exactly 80 %" means the same in cents and in dollars.
_AS_GOOD_AS_EQUAL = 1e-9


def lorenz(customers, *, by="revenue"):
    """Points of the Lorenz curve, from the poorest customer up: n customers give n + 1 points, the first is (0, 0).

    Returns the same kind of table with ``share_of_customers`` and ``share_of_value``, both from 0 to 1.
    Raises `DataError` for negative values and for a total of zero.

    >>> import pandas as pd
    >>> lorenz(pd.DataFrame({"revenue": [30.0, 10.0]}))
       share_of_customers  share_of_value
    0                 0.0            0.00
    1                 0.5            0.25
    2                 1.0            1.00
    """
    frame, ascending = _ascending(customers, by)
    value = np.concatenate([[0.0], np.cumsum(ascending)])
    points = {
        "share_of_customers": np.arange(len(value)) / len(ascending),
        "share_of_value": value / value[-1],
    }
    return nw.from_dict(points, backend=frame.implementation).to_native()


def top_share(customers, q=0.20, *, by="revenue", method="interpolated"):
    """The share of the total that the best ``q`` of the customers bring, from 0 to 1.

    ``method="interpolated"`` reads it off the Lorenz curve: where q * n is no whole number, the last customer counts
    with the fraction. ``method="count"`` takes whole customers, ceil(q * n) of them.

    Raises `DataError` for negative values, for a total of zero, and for a ``q`` outside 0 to 1.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"revenue": [70.0, 20.0, 10.0]})
    >>> round(top_share(customers, 0.50), 6), top_share(customers, 0.50, method="count")
    (0.8, 0.9)
    """
    _check_share("q", q)
    if method not in ("interpolated", "count"):
        raise DataError(f"method {method!r} is not known; choose 'interpolated' or 'count'.")
    _, ascending = _ascending(customers, by)
    descending = ascending[::-1]
    n = len(descending)
    size = whole_customers(q, n) if method == "count" else q * n
    whole = math.floor(size)
    top = descending[:whole].sum()
    if size > whole:
        top += (size - whole) * descending[whole]
    # summed in the same order as the top, so that the share of everybody is 1 to the last digit
    return float(top / descending.sum())


def gini(customers, *, by="revenue", unbiased=False):
    """The Gini index: 0 when all customers bring the same, towards 1 when one brings everything.

    With n customers its largest value is 1 - 1/n; ``unbiased=True`` multiplies by n / (n - 1), which makes that 1.
    Raises `DataError` for negative values, for a total of zero, and for a single customer with ``unbiased=True``.

    >>> import pandas as pd
    >>> gini(pd.DataFrame({"revenue": [1, 2, 3, 4]}))
    0.25
    """
    _, ascending = _ascending(customers, by)
    n = len(ascending)
    if unbiased and n == 1:
        raise DataError("The unbiased Gini index needs at least two customers; there is 1.")
    place = 2.0 * np.arange(1, n + 1) - n - 1
    index = float(np.dot(place, ascending) / (n * ascending.sum()))
    index = max(index, 0.0)  # equal customers can give -1e-17
    return index * n / (n - 1) if unbiased else index


def pareto_exponent(share, q=0.20):
    """The exponent alpha of the Pareto law in which the top ``q`` bring ``share``: 1 / (1 - ln share / ln q).

    In that law the top p bring p ** (1 - 1/alpha) and the Gini index is 1 / (2 alpha - 1).
    Raises `DataError` unless 0 < q < share < 1: a top that brings no more than its number is no Pareto law.

    >>> round(pareto_exponent(0.80, 0.20), 6)
    1.160964
    """
    if not (0 < q < share < 1 and share - q > _AS_GOOD_AS_EQUAL):  # equal customers give a share of q and a hair
        raise DataError(f"A Pareto law needs 0 < q < share < 1; q is {q} and share is {share}.")
    return 1 / (1 - math.log(share) / math.log(q))


def abc_classes(customers, *, by="revenue", cuts=(0.80, 0.95)):
    """Classes by cumulative value, best customers first: customer, ``by``, share, cumulative_share, class.

    A customer is in A while the customers with *more* hold less than ``cuts[0]`` of the total, in B while they hold
    less than ``cuts[1]``, else in C. So the customer who crosses a cut still belongs to the better class, A is never
    empty, and equal values share a class. More cuts give D, E ... A share within 1e-9 of a cut has reached it.

    Zero and negative values are class N ("none"). The total is that of the positive values, so the shares of A, B and C
    sum to 1 and a negative share says how much of it is lost again; cumulative_share is the running sum of share.

    Sorted by value, best first, then by customer. Raises `DataError` if no value is positive and for cuts that do not
    rise from above 0 to below 1. 80/95 is the usual default of ABC analysis; others cut at 70/90.

    >>> import pandas as pd
    >>> golden = pd.DataFrame({"customer": list("abcdefghij"), "revenue": [700, 150, 60, 40, 30, 10, 5, 3, 1, 1]})
    >>> "".join(abc_classes(golden)["class"])
    'AABBCCCCCC'
    """
    cuts = _check_cuts(cuts)
    frame = table(customers, ["customer", by])
    if by in ("customer", "share", "cumulative_share", "class"):
        raise DataError(f"by={by!r} cannot be classed; choose a column of values, e.g. by='revenue'.")
    frame = frame.select("customer", by)
    if not frame["customer"].is_sorted():  # a customer table is; sorting texts for nothing is slow
        frame = frame.sort("customer")
    value = values(frame, by)
    order = np.argsort(-value, kind="stable")  # stable: equal values stay sorted by customer
    value = value[order]
    cumulative = np.cumsum(value)
    positive = int(np.count_nonzero(value > 0))
    if not positive:
        raise DataError(f"No customer has a positive {by!r}, so there is no total to share out.")
    total = cumulative[positive - 1]

    rank = np.arange(len(value))
    new_value = np.concatenate([[True], value[1:] != value[:-1]])
    first_equal = np.maximum.accumulate(np.where(new_value, rank, 0))
    held_by_better = np.concatenate([[0.0], cumulative[:-1]])[first_equal] / total
    letter = sum((held_by_better >= cut - _AS_GOOD_AS_EQUAL).astype(int) for cut in cuts)
    letter[positive:] = len(cuts) + 1
    letters = np.array([*"ABCDEFGHIJKLM"[: len(cuts) + 1], "N"], dtype=object)

    def column(name, numbers, dtype):
        return nw.new_series(name, numbers, dtype, backend=frame.implementation)

    return (
        nw.maybe_reset_index(frame[order, :])
        .with_columns(
            column("share", value / total, nw.Float64),
            column("cumulative_share", cumulative / total, nw.Float64),
            column("class", letters[letter], nw.String),
        )
        .to_native()
    )


def abc_summary(classes):
    """What each class of `abc_classes` holds: class, customers, share_of_customers, the value and its share.

    The share of value is of the positive total, as in `abc_classes`: A, B, C sum to 1 and N is zero or negative.
    A class without customers has no row.

    >>> import pandas as pd
    >>> golden = pd.DataFrame({"customer": list("abcdefghij"), "revenue": [700, 150, 60, 40, 30, 10, 5, 3, 1, 1]})
    >>> abc_summary(abc_classes(golden))
      class  customers  share_of_customers  revenue  share_of_revenue
    0     A          2                 0.2    850.0              0.85
    1     B          2                 0.2    100.0              0.10
    2     C          6                 0.6     50.0              0.05
    """
    known = ["customer", "share", "cumulative_share", "class"]
    frame = table(classes, known, what="table of classes")
    by = [name for name in frame.columns if name not in known]
    if len(by) != 1:
        raise DataError(f"The table of classes has the columns {frame.columns}; pass what abc_classes returned.")
    by = by[0]
    found = sorted(frame["class"].unique().to_list())
    summary = by_class(frame, "class", order=found, by=by)
    total = summary.filter(nw.col("class") != "N")[by].sum()
    return summary.with_columns((nw.col(by) / total).alias(f"share_of_{by}")).to_native()


def _ascending(customers, by):
    """The values from the poorest up, where shares of the total make sense."""
    frame = table(customers, [by])
    ascending = np.sort(values(frame, by))
    if negative := int(np.searchsorted(ascending, 0.0)):
        keep = f"customers[customers[{by!r}] >= 0]"
        if frame.implementation.is_polars():
            keep = f"customers.filter(pl.col({by!r}) >= 0)"
        raise DataError(
            f"{by!r} is negative for {negative:,} of {len(ascending):,} customers, so a share of the total means "
            f"nothing. Leave them out and say so: {keep}."
        )
    if ascending.sum() <= 0:
        raise DataError(f"The total of {by!r} is 0, so there is nothing to share out.")
    return frame, ascending


def _check_share(name, share):
    if not 0 <= share <= 1:
        raise DataError(f"{name} is {share}, but a share lies between 0 and 1; for 20 % write 0.20.")


def _check_cuts(cuts):
    cuts = tuple(cuts)
    rising = all(low < high for low, high in zip((0, *cuts), (*cuts, 1), strict=True))
    if not (1 <= len(cuts) <= 12 and rising):
        raise DataError(f"cuts {cuts} must rise and lie between 0 and 1; for 80 % and 95 % write cuts=(0.80, 0.95).")
    return cuts
