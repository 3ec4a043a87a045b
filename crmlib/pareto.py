"""Who brings the money: Lorenz curve, top share, Gini, ABC classes; tables of any engine, the same kind given back.

The 80/20 claim is a claim about one number, ``top_share(customers, 0.20)``. It depends on the window of the log and on
whether customers without a purchase count, so it is measured here and never assumed.

Sources: definitions of the Lorenz curve and Gini index as in any text on inequality; ABC cuts of 80 % and 95 % are the
usual default of ABC analysis, not a law.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import narwhals as nw
import numpy as np

from crmlib.classes import ascending, by_class, values, whole_customers, with_classes
from crmlib.errors import DataError
from crmlib.frames import collect, is_lazy, like, table, with_names

__all__ = [
    "ABC_RULES", "ABC_SOURCES", "NONE", "Interval", "abc_classes", "abc_summary", "gini", "lorenz", "top_share",
    "top_share_interval",
]  # fmt: skip

# Running sums of floats differ in the last digits with the size of the numbers: a cumulative share this close to a cut
# counts as having reached it, so that "exactly 80 %" means the same in cents and in dollars.
_AS_GOOD_AS_EQUAL = 1e-9

_MANY, _ALONE, _GROUPS = 50_000, 1_000, 1_000  # customers who are drawn in groups, the best of them alone, groups

NONE = "N"  # the class of customers who brought nothing or less

# Ways to cut that are in use, best class first: abc_classes(customers, **ABC_RULES["thirds"]).
ABC_RULES = {
    "80/15/5": {"cuts": (0.80, 0.95), "on": "value", "names": ("A", "B", "C")},
    "70/20/10": {"cuts": (0.70, 0.90), "on": "value", "names": ("A", "B", "C")},
    "four tiers": {"cuts": (0.01, 0.05, 0.20), "on": "count", "names": ("high-end", "large", "medium", "small")},
    "thirds": {"cuts": (1 / 3, 2 / 3), "on": "count", "names": ("high", "medium", "low")},
    "20/30/50": {"cuts": (0.20, 0.50), "on": "count", "names": ("A", "B", "C")},
    "10/20/70": {"cuts": (0.10, 0.30), "on": "count", "names": ("A", "B", "C")},
    "5/15/80": {"cuts": (0.05, 0.20), "on": "count", "names": ("A", "B", "C")},
}
ABC_SOURCES = {
    "80/15/5": "The usual default of ABC analysis; there are no fixed cuts.",
    "70/20/10": "A report on a stock of customers in lecture notes: A, B and C hold 70, 20 and 10 % of the sales.",
    "four tiers": "Lecture notes after Shao Bingjia's textbook name high-end, large, medium and small customers; their "
    "cuts are lost, and these are ours: 1, 4, 15 and 80 % of the customers, as in Curry's pyramid.",
    "thirds": "Lecture notes name customers of high, medium and low spending or value, without cuts; thirds by count "
    "are ours.",
    "20/30/50": "Of the number; an example of ABC analysis in which these bring 70, 25 and 5 % of the value.",
    "10/20/70": "Of the number; an example in which these bring 66.6, 23.3 and 10.1 % of the value.",
    "5/15/80": "Of the customers, from a handbook on queries of multidimensional data (Packt).",
}


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
    frame, poorest_first = _shared_out(customers, by)
    value = np.concatenate([[0.0], np.cumsum(poorest_first)])
    points = {
        "share_of_customers": np.arange(len(value)) / len(poorest_first),
        "share_of_value": value / value[-1],
    }
    found = like(frame, points)
    return (found.sort("share_of_customers") if is_lazy(found) else found).to_native()


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
    _check_top(q, method)
    _, poorest_first = _shared_out(customers, by)
    descending = poorest_first[::-1]
    size = _size(q, len(descending), method)
    whole = math.floor(size)
    top = descending[:whole].sum()
    if size > whole:
        top += (size - whole) * descending[whole]
    # summed in the same order as the top, so that the share of everybody is 1 to the last digit
    return float(top / descending.sum())


class Interval(NamedTuple):
    """A share measured on these customers, and between which ends it lies among all customers of their kind."""

    share: float
    low: float
    high: float
    level: float  # how often intervals made in this way hold the true share
    customers: int
    resamples: int


def top_share_interval(
    customers, q=0.20, *, rng, by="revenue", method="interpolated", level=0.95, resamples=1000, at_least=20,
    progress=False,
) -> Interval:  # fmt: skip
    """`top_share` with a bootstrap percentile interval: how far chance could have moved it (Efron & Tibshirani 1993).

    As many customers as there are get drawn from them with replacement, ``resamples`` times; the interval holds the
    middle ``level`` of the shares. It answers for the chance in *which* customers came, and not for another window, a
    bias of the log, or a change of times. With heavy tails and few customers it is too short, at its upper end above
    all: of log-normal customers (sigma 1) an interval at the level 95 % held the true share 87 times in 100 with 100
    customers, 91 with 300, 94 with 3,000.

    ``rng`` is a numpy Generator; the same seed gives the same interval, whatever the order of rows. ``at_least``: the
    fewest customers, 20 by our convention. 1,000 resamples of 24,000 customers take about a second; ``progress=True``
    shows a bar. Of more than 50,000, the best 1,000 are drawn one by one and the others in 1,000 groups of neighbours by
    rank, each customer with the mean of the group: its customers hardly differ. Raises `DataError` as `top_share` does, for too few customers, and if in some resample nobody paid.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"revenue": [float(i * i) for i in range(1, 101)]})
    >>> found = top_share_interval(customers, 0.20, rng=np.random.default_rng(1))
    >>> round(found.share, 3), round(found.low, 2), round(found.high, 2)
    (0.486, 0.43, 0.55)
    """
    _check_top(q, method)
    if not isinstance(rng, np.random.Generator):
        raise DataError(f"rng is {rng!r}; pass a numpy generator, e.g. rng=np.random.default_rng(1).")
    if not 0 < level < 1:
        raise DataError(f"level is {level}, but it lies between 0 and 1; for 95 % write 0.95.")
    if resamples != int(resamples) or resamples < 1:
        raise DataError(f"resamples is {resamples}; give a whole number from 1 on, e.g. 1000.")
    _, poorest_first = _shared_out(customers, by)
    n = len(poorest_first)
    if n < at_least:
        raise DataError(f"An interval needs at least {at_least:,} customers; there are {n:,}.")
    size, shares = _size(q, n, method), np.empty(int(resamples))
    descending, draw = _draws(np.ascontiguousarray(poorest_first[::-1]), rng)
    from tqdm import tqdm

    for place in tqdm(range(len(shares)), desc="resamples", leave=False, disable=not progress):
        drawn = draw()  # how often each customer or group, best first
        reached = np.cumsum(drawn)
        last = int(np.searchsorted(reached, size))  # the first with whom the top is full
        value = drawn * descending
        total = value.sum()
        beyond = reached[last] - size  # of this customer's copies outside the top
        shares[place] = (value[: last + 1].sum() - beyond * descending[last]) / total if total > 0 else np.nan
    if empty := int(np.isnan(shares).sum()):
        paid = int(np.count_nonzero(poorest_first))
        raise DataError(
            f"Only {paid:,} of {n:,} customers have a {by!r} above 0, and in {empty:,} of {len(shares):,} resamples "
            "there was none of them, so the share has no interval."
        )
    low, high = np.quantile(shares, [(1 - level) / 2, (1 + level) / 2])
    return Interval(top_share(customers, q, by=by, method=method), float(low), float(high), level, n, len(shares))


def _draws(descending, rng):
    """The values from which customers are drawn, and a function that draws: how often each of them."""
    n = len(descending)
    if n <= _MANY:
        return descending, lambda: np.bincount(rng.integers(n, size=n), minlength=n)
    starts = np.r_[np.arange(_ALONE), np.linspace(_ALONE, n, _GROUPS, endpoint=False).astype(np.int64)]
    sizes = np.diff(starts, append=n)
    return np.add.reduceat(descending, starts) / sizes, lambda: rng.multinomial(n, sizes / n)


def gini(customers, *, by="revenue", unbiased=False):
    """The Gini index, from 0 when all n customers bring the same to 1 - 1/n when one of them brings everything.

    ``unbiased=True`` multiplies by n / (n - 1), so that its largest value is 1 whatever n. With negative values the
    index could exceed 1 and would mean nothing, so they are refused.
    Raises `DataError` for negative values, for a total of zero, and for a single customer with ``unbiased=True``.

    >>> import pandas as pd
    >>> gini(pd.DataFrame({"revenue": [1, 2, 3, 4]}))
    0.25
    """
    _, poorest_first = _shared_out(customers, by)
    n = len(poorest_first)
    if unbiased and n == 1:
        raise DataError("The unbiased Gini index needs at least two customers; there is 1.")
    place = 2.0 * np.arange(1, n + 1) - n - 1
    index = float(np.dot(place, poorest_first) / (n * poorest_first.sum()))
    index = max(index, 0.0)  # equal customers can give -1e-17
    return index * n / (n - 1) if unbiased else index


def abc_classes(customers, *, by="revenue", cuts=(0.80, 0.95), on="value", names=None):
    """Classes by rank, best customers first: customer, ``by``, share, cumulative_share, class.

    ``on="value"``: a customer is in A while the customers with *more* hold less than ``cuts[0]`` of the total, in B
    while they hold less than ``cuts[1]``, else in C. ``on="count"``: the same, where "hold" means their number, so that
    A ends at customer number ceil(``cuts[0]`` * n). Either way the customer who crosses a cut still belongs to the
    better class, A is never empty, and equal values share a class. A share within 1e-9 of a cut has reached it.

    Zero and negative values are class N ("none") and are counted by neither: the total is that of the n customers with
    a positive value, so the shares of A, B and C sum to 1 and a negative share says how much of it is lost again.
    cumulative_share is the running sum of share. More cuts give D, E ...; ``names`` gives the classes names of your
    own, best first. `ABC_RULES` has rules in use, e.g. ``abc_classes(customers, **ABC_RULES["thirds"])``, and
    `ABC_SOURCES` says whose they are.

    Sorted by value, best first, then by customer. Raises `DataError` if no value is positive, for cuts that do not
    rise from above 0 to below 1, and for names that are not one more than the cuts or not distinct.

    >>> import pandas as pd
    >>> golden = pd.DataFrame({"customer": list("abcdefghij"), "revenue": [700, 150, 60, 40, 30, 10, 5, 3, 1, 1]})
    >>> "".join(abc_classes(golden)["class"])
    'AABBCCCCCC'
    >>> "".join(abc_classes(golden, cuts=(0.20, 0.50), on="count")["class"])
    'AABBBCCCCC'
    """
    cuts, names = _check_rule(cuts, on, names)
    frame = table(customers, ["customer", by], eager=False)
    if by in ("customer", "share", "cumulative_share", "class"):
        raise DataError(f"by={by!r} cannot be classed; choose a column of values, e.g. by='revenue'.")
    frame = frame.select("customer", by)
    classed = _classed_lazily if is_lazy(frame) else _classed_in_memory
    return classed(frame, by, cuts, on, names).to_native()


def _classed_in_memory(frame, by, cuts, on, names):
    if not _is_sorted(frame["customer"]):  # a customer table is; sorting texts for nothing is slow
        frame = frame.sort("customer")
    order, value = _best_first(values(frame, by))  # equal values stay sorted by customer
    ends, total = _ends(value, cuts, on, by)
    code = np.repeat(np.arange(len(names) + 1), np.diff([0, *ends, len(value)]))

    def column(name, numbers, dtype):
        return nw.new_series(name, numbers, dtype, backend=frame.implementation)

    ids, ranked = (nw.maybe_reset_index(frame[name][order]) for name in ("customer", by))  # faster than the whole frame
    found = ids.to_frame().with_columns(
        ranked,
        column("share", value / total, nw.Float64),
        column("cumulative_share", np.cumsum(value) / total, nw.Float64),
        column("__code", code, nw.Int64),
    )
    return with_names(found, "class", nw.col("__code"), [*names, NONE]).drop("__code")


def _classed_lazily(frame, by, cuts, on, names):
    descending = ascending(frame, by)[::-1]
    ends, total = _ends(descending, cuts, on, by)
    value = nw.col(by).cast(nw.Float64)
    running = nw.col("__value").cum_sum().over(order_by=["__rank", "customer"])
    found = frame.with_columns(__value=value, __rank=-1 * value)  # `over` cannot be told to go down
    found = found.with_columns(share=nw.col("__value") / total, cumulative_share=running / total)
    rules = [(nw.col("__value") >= float(descending[end - 1]), name) for end, name in zip(ends, names, strict=True)]
    found = with_classes(found, "class", rules, NONE)
    found = found.select("customer", by, "share", "cumulative_share", "class")
    return found.sort(by, "customer", descending=[True, False])


def _ends(descending, cuts, on, by):
    """How many customers are in each class or a better one, and the total of the positive values."""
    positive = int(np.count_nonzero(descending > 0))
    if not positive:
        raise DataError(f"No customer has a positive {by!r}, so there is no total to share out.")
    held = np.cumsum(descending[:positive])
    if on == "count":
        crossing = np.array([whole_customers(cut, positive) - 1 for cut in cuts])
    else:
        crossing = np.searchsorted(held, (np.array(cuts) - _AS_GOOD_AS_EQUAL) * held[-1])
    # whoever equals the customer who crosses moves up with them
    ends = positive - np.searchsorted(descending[:positive][::-1], descending[crossing])
    return [*ends.tolist(), positive], held[-1]


def _best_first(value):
    """The places of the values from the largest down, of equal ones the first place first, and the values so sorted.

    Twice as fast as a stable argsort: ties are put right by sorting whole numbers.
    """
    order = np.argsort(-value)
    value, equal = value[order], np.zeros(len(value), dtype=np.int64)
    np.cumsum(value[1:] != value[:-1], out=equal[1:])
    equal *= len(value)
    order += equal
    order.sort()
    order -= equal
    return order, value


def _is_sorted(column):
    if not (column.dtype == nw.String or column.dtype.is_integer()):
        return column.is_sorted()
    import pyarrow.compute as pc  # twenty times as fast as pandas

    ids = column.to_arrow()
    return pc.all(pc.less_equal(ids[:-1], ids[1:]), skip_nulls=False).as_py()


def abc_summary(classes):
    """What each class of `abc_classes` holds, best first: class, customers, share_of_customers, value and its share.

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
    frame = table(classes, known, what="table of classes", eager=False)
    columns = frame.collect_schema().names()
    by = [name for name in columns if name not in known]
    if len(by) != 1:
        raise DataError(f"The table of classes has the columns {columns}; pass what abc_classes returned.")
    by = by[0]
    best = collect(frame.group_by("class").agg(nw.col(by).max().alias("best"), nw.col(by).sum().alias("sum")))
    best = sorted(best.iter_rows(), key=lambda row: -row[1])  # the classes of a ranking do not overlap
    summary = by_class(frame, "class", order=[name for name, _, _ in best], by=by)
    total = sum(float(held) for name, _, held in best if name != NONE)
    return summary.with_columns((nw.col(by) / total).alias(f"share_of_{by}")).to_native()


def _shared_out(customers, by):
    """The wrapped table, and its values from the poorest up, where shares of the total make sense."""
    frame = table(customers, [by], eager=False)
    poorest_first = ascending(frame, by)
    if negative := int(np.searchsorted(poorest_first, 0.0)):
        raise DataError(
            f"{by!r} is negative for {negative:,} of {len(poorest_first):,} customers, so a share of the total means "
            f"nothing. Leave them out and say so: {_without_negative(frame, by)}."
        )
    if poorest_first.sum() <= 0:
        raise DataError(f"The total of {by!r} is 0, so there is nothing to share out.")
    return frame, poorest_first


def _without_negative(frame, by):
    """What to type, by engine."""
    kind = frame.implementation
    if kind.is_pandas():
        return f"customers[customers[{by!r}] >= 0]"
    if kind.is_ibis():
        return f"customers.filter(customers[{by!r}] >= 0)"
    if kind.is_polars():
        return f"customers.filter(pl.col({by!r}) >= 0)"
    return f"customers.filter(pc.field({by!r}) >= 0)" if kind.is_pyarrow() else f'customers.filter("{by} >= 0")'


def _check_top(q, method):
    if not 0 <= q <= 1:
        raise DataError(f"q is {q}, but a share lies between 0 and 1; for 20 % write 0.20.")
    if method not in ("interpolated", "count"):
        raise DataError(f"method {method!r} is not known; choose 'interpolated' or 'count'.")


def _size(q, n, method):
    return whole_customers(q, n) if method == "count" else q * n


def _check_rule(cuts, on, names):
    cuts = tuple(cuts)
    rising = all(low < high for low, high in zip((0, *cuts), (*cuts, 1), strict=True))
    if not (1 <= len(cuts) <= 12 and rising):
        raise DataError(f"cuts {cuts} must rise and lie between 0 and 1; for 80 % and 95 % write cuts=(0.80, 0.95).")
    if on not in ("value", "count"):
        raise DataError(f"on {on!r} is not known; choose 'value' (cumulative value) or 'count' (number of customers).")
    names = tuple("ABCDEFGHIJKLM"[: len(cuts) + 1] if names is None else names)
    if len(names) != len(cuts) + 1 or not all(isinstance(name, str) for name in names):
        raise DataError(f"names {names} must be texts, one more than the cuts {cuts}, best class first.")
    if len({*names, NONE}) < len(names) + 1:
        raise DataError(f"names {names} must differ, and none may be {NONE!r}, the class of those who brought nothing.")
    return cuts, names
