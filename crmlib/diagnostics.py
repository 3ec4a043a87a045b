"""Does a model of purchases fit the customers it was fitted to? Tables that show where it does not.

They need no holdout; `crmlib.holdout` looks at customers the fit has not seen.
"""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import numpy as np

from crmlib.bgnbd import fit_bgnbd
from crmlib.customers import check_log
from crmlib.errors import DataError, FitError
from crmlib.fitting import histories
from crmlib.frames import as_day, collect, day_number, like, same_kind, table

__all__ = ["by_frequency", "influence", "tracking"]

MOST = 7  # repeat purchases from which customers are shown together, as in the BTYD papers


@same_kind
def by_frequency(customers, model, *, most=MOST):
    """How many customers made 0, 1, 2 ... repeat purchases, and how many the model expects: x, customers, expected.

    The last row, such as "7+", has all with ``most`` or more. Expected is the sum over customers of the chance of that
    many purchases in their own T (``model.pmf``). Each row counts ``weight`` times. Both columns sum to all customers
    with a purchase. Reads x, t_x, T of a table in memory; the same kind comes back.

    Raises `DataError` for a ``most`` that is no whole number above 0, and for impossible rows.

    >>> import pandas as pd
    >>> from crmlib import BGNBD
    >>> customers = pd.DataFrame({"x": [0.0, 2.0], "t_x": [0.0, 30.43], "T": [38.86, 38.86]})
    >>> by_frequency(customers, BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426), most=2).round(3)
        x  customers  expected
    0   0        1.0     1.148
    1   1        0.0     0.399
    2  2+        1.0     0.453
    """
    if isinstance(most, bool) or not (isinstance(most, (int, np.integer)) and most > 0):
        raise DataError(f"most is {most!r}; it is a whole number of purchases above 0, e.g. {MOST}.")
    known = histories(customers)
    x, _, T = known.columns
    counted = np.bincount(np.minimum(x, most).astype(int), known.weight, minlength=most + 1)
    each_T, at = np.unique(T, return_inverse=True)
    of_T = np.bincount(at, known.weight)
    chances = np.array([model.pmf(np.arange(most), float(horizon)) for horizon in each_T]).reshape(-1, most)
    expected = of_T @ chances
    names = [*(str(k) for k in range(most)), f"{most}+"]
    expected = [*expected.tolist(), max(float(of_T.sum() - expected.sum()), 0.0)]
    return like(table(customers), {"x": names, "customers": counted, "expected": expected}).to_native()


@same_kind
def tracking(tx, model, *, as_of, every=7):
    """Repeat purchases of all customers, period by period and summed up, next to what the model expects.

    A row for each ``every`` days from the first purchase on, as long as it lies whole within ``as_of``: period (from
    1), end (its last day), customers (who had come by then), actual, expected, actual_so_far, expected_so_far. A repeat
    purchase is a day with a purchase after the customer's first one. Expected is the sum over customers of
    ``model.expected_purchases_new`` since their first purchase. The model must be in days. To see how it does on days
    it was not fitted to, give it more of the log than the fit had.

    The log may be of any engine; the same kind comes back. Raises `DataError` as `crmlib.customer_table` does, and if
    not one period is whole.

    >>> import pandas as pd
    >>> from crmlib import BGNBD
    >>> log = pd.DataFrame({"customer": ["a", "a", "b"], "amount": 1.0,
    ...                     "date": pd.to_datetime(["2024-01-01", "2024-01-12", "2024-01-05"])})
    >>> found = tracking(log, BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426), as_of="2024-01-14")
    >>> found[["period", "customers", "actual", "expected"]].round(3)
       period  customers  actual  expected
    0       1          2       0     0.061
    1       2          2       1     0.103
    """
    as_of = as_day(as_of)
    if not (isinstance(every, int) and every > 0):
        raise DataError(f"every is {every!r}; it is a whole number of days above 0, e.g. 7.")
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    check_log(frame, as_of)
    days = frame.filter(nw.col("amount") >= 0).select("customer", __day=day_number(nw.col("date"))).unique()
    days = days.filter(nw.col("__day") <= as_of.toordinal())
    bought = _per_day(days)
    first = _per_day(days.group_by("customer").agg(nw.col("__day").min()))
    start = int(bought[0].min())
    periods = (as_of.toordinal() - start + 1) // every
    if not periods:
        raise DataError(
            f"From the first purchase to {as_of} there are fewer than {every} days; choose a smaller every."
        )
    ends = start + every * np.arange(1, periods + 1) - 1
    came = _by(ends, *first)
    actual = _by(ends, *bought) - came
    since = ends[:, np.newaxis] - first[0]
    horizons, at = np.unique(np.maximum(since, 0), return_inverse=True)
    expected = model.expected_purchases_new(horizons.astype(float))[at.reshape(since.shape)] @ first[1]
    return like(frame, {
        "period": np.arange(1, periods + 1), "end": [dt.date.fromordinal(end) for end in ends.tolist()], "customers": came,
        "actual": np.diff(actual, prepend=0), "expected": np.diff(expected, prepend=0.0),
        "actual_so_far": actual, "expected_so_far": expected,
    }).to_native()  # fmt: skip


def influence(customers, *, fit=fit_bgnbd, without=(1, 2, 5, 10)):
    """How the parameters move when the customers with the most purchases are left out.

    A pandas row for all customers and for each number in ``without``: left_out, most_purchases (the largest x that
    remains), the parameters, and p_alive_moved, the greatest change of P(alive) among those who remain. A fit without
    them that does not settle has gaps. Among customers with the same x the first rows go first.

    Two customers with about 1,000 purchases can move r by a third: look at them before trusting the fit. Raises
    `FitError` if all customers together cannot be fitted, `DataError` for a number that leaves nobody.

    >>> import pandas as pd
    >>> from crmlib import BGNBD
    >>> from crmlib.simulate import simulate
    >>> observed = pd.DataFrame({"T": [39.0] * 300})
    >>> customers = simulate(BGNBD(r=0.6, alpha=6.0, a=0.8, b=2.5), observed, np.random.default_rng(1))
    >>> influence(customers, without=[5]).round(1)
       left_out  most_purchases    r  alpha    a    b  p_alive_moved
    0         0            19.0  0.6    6.3  1.1  3.0            0.0
    1         5            10.0  0.6    7.7  1.8  5.1            0.1
    """
    import pandas as pd

    frame = table(customers, ["x", "t_x", "T"])
    known = histories(customers)
    x = known.in_rows(known.columns[0])
    order = np.argsort(-np.where(known.known, x, -1.0), kind="stable")
    model = fit(customers)
    alive = model.p_alive(customers)
    rows = []
    without = [without] if isinstance(without, int) else list(without)
    for left_out in (0, *without):
        if not isinstance(left_out, (int, np.integer)):
            raise DataError(f"without holds {left_out!r}; give whole numbers of customers to leave out.")
        if not 0 <= left_out < known.known.sum():
            raise DataError(f"without holds {left_out!r}; {int(known.known.sum()):,} customers have a purchase.")
        stay = np.sort(order[left_out:])
        rest = frame[stay.tolist()].to_native()
        row = {"left_out": left_out, "most_purchases": float(np.nanmax(x[stay]))}
        try:
            again = fit(rest) if left_out else model
        except FitError:
            rows.append(row | dict.fromkeys(vars(model), float("nan")) | {"p_alive_moved": float("nan")})
            continue
        moved = np.abs(again.p_alive(rest) - alive[stay])
        rows.append(row | vars(again) | {"p_alive_moved": float(np.nanmax(moved))})
    return pd.DataFrame(rows)


def _per_day(days):
    counts = collect(days.group_by("__day").agg(nw.len().alias("__rows")))
    return counts["__day"].to_numpy().astype(np.int64), counts["__rows"].to_numpy().astype(np.int64)


def _by(ends, day, count):
    """How many there were up to the end of each period."""
    order = np.argsort(day)
    total = np.concatenate([[0], np.cumsum(count[order])])
    return total[np.searchsorted(day[order], ends, side="right")]
