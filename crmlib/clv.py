"""Customer lifetime value: what customers are expected to spend from now on, and how such a forecast did in the past.

Purchases come from `crmlib.bgnbd.BGNBD`, spend per purchase from `crmlib.gamma_gamma.GammaGamma`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np

from crmlib.bgnbd import BGNBD, fit_bgnbd
from crmlib.customers import customer_table, until
from crmlib.errors import DataError
from crmlib.frames import as_day, day_number, table
from crmlib.gamma_gamma import GammaGamma, fit_gamma_gamma

__all__ = ["ANNUAL_DISCOUNT", "Holdout", "clv", "holdout"]

ANNUAL_DISCOUNT = 0.10  # our convention, as in most teaching examples of customer value; put in your own cost of capital


def clv(customers, purchases: BGNBD, spend: GammaGamma, *, horizon=365, annual_discount=ANNUAL_DISCOUNT) -> np.ndarray:
    """Expected revenue of each customer in the ``horizon`` days after T, discounted day by day to T.

    It is the sum over days d = 1..horizon of the purchases expected on day d, times
    (1 + annual_discount) ** (-d / 365), times the expected value of a purchase. Times in the table and in ``purchases``
    must be days. It is revenue: multiply by a margin to get profit.

    Returns float64 in the order of the rows, NaN for customers without a purchase. Customers who bought once get the
    population's value per purchase. Raises DataError for a horizon that is no whole number of days or a negative
    discount, and FitError if ``spend`` has no mean (q <= 1).

    >>> import pandas as pd
    >>> one = pd.DataFrame({"x": [2.0], "t_x": [213.0], "T": [272.0], "mean_repeat_value": [40.0]})
    >>> purchases, spend = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426), GammaGamma(p=6.25, q=3.74, gamma=15.44)
    >>> clv(one, purchases, spend, horizon=365, annual_discount=0.10).round(2)
    array([58.52])
    """
    if not (_is_number(horizon) and horizon == int(horizon)):
        raise DataError(f"horizon is {horizon!r}; clv counts whole days, e.g. horizon=365.")
    if not _is_number(annual_discount):
        raise DataError(f"annual_discount is {annual_discount!r}; it must be 0 or more, e.g. 0.10 for 10 % a year.")
    days, share = _discounting(int(horizon), (1 + annual_discount) ** (-1 / 365), purchases.alpha)
    expected = purchases.expected_purchases(customers, horizon=days)
    return np.sum(expected * share, axis=1) * spend.expected_value(customers)


def _is_number(value):
    return isinstance(value, (int, float, np.number)) and 0 <= value < np.inf


def _discounting(horizon, v, alpha):
    """Times t and weights w such that the sum of w E(t) is the sum over days of v**d (E(d) - E(d - 1)), to 1e-11.

    E(t), the purchases expected by time t, is smooth: a polynomial in log(1 + t / alpha) through a few Chebyshev nodes
    gives every day. On that scale E has no singularity nearer than pi to the real line, whatever T and x, and that sets
    the degree.
    """
    last = np.log1p(horizon / alpha)
    height = 2 * np.pi / last if last > 0 else np.inf  # on the scale of -1..1
    degree = 6 + int(36 / np.log(height + np.sqrt(1 + height**2)))
    if degree >= horizon:
        days = np.arange(1.0, horizon + 1)
        return days, v**days * (1 - np.where(days < horizon, v, 0))  # Abel's summation: E(d) counts in two differences
    by_day = 2 * np.log1p(np.arange(horizon + 1) / alpha) / last - 1
    nodes = np.sin(np.linspace(-np.pi / 2, np.pi / 2, degree + 1))
    polynomials = np.polynomial.chebyshev.chebvander
    steps = np.diff(polynomials(by_day, degree), axis=0)
    discounted = np.sum(v ** np.arange(1, horizon + 1)[:, np.newaxis] * steps, axis=0)
    share = np.linalg.solve(polynomials(nodes, degree).T, discounted)
    return (alpha * np.expm1((nodes + 1) / 2 * last))[1:], share[1:]  # E(0) = 0 needs no node


@dataclass(frozen=True, eq=False)
class Holdout:
    """What models fitted up to ``split`` said about (split, as_of], next to what came. See `holdout`."""

    split: dt.date
    as_of: dt.date
    purchase_model: BGNBD
    spend_model: GammaGamma
    predicted_purchases: float  # repeat purchase days of all customers
    actual_purchases: int
    predicted_revenue: float  # expected purchases x expected value
    actual_revenue: float  # purchases only: refunds are not taken off
    correlation: float  # of customers' predicted and actual purchases; NaN if either is the same for all
    by_x: Any = field(repr=False)  # x ("0".."6", "7+"), customers, and their mean repeat purchases: actual, expected
    customers: Any = field(repr=False)  # customer, x, and predicted_ and actual_ purchases and revenue

    @property
    def purchases_error(self) -> float:
        """Predicted purchases above (+) or below (-) the actual ones, in %."""
        return 100 * (self.predicted_purchases / self.actual_purchases - 1)

    @property
    def revenue_error(self) -> float:
        """Predicted revenue above (+) or below (-) the actual one, in %; inf if all purchases were free."""
        return 100 * (self.predicted_revenue / self.actual_revenue - 1) if self.actual_revenue else float("inf")


def holdout(tx, *, split, as_of) -> Holdout:
    """Fit both models on the lines up to and including ``split``; compare their forecast with what came by ``as_of``.

    Counted are the customers who bought by ``split``, and their purchase days after it: several lines of one day are
    one purchase, as in the fit. Predicted revenue is expected purchases times expected value, not discounted; actual
    revenue is the money of purchases, refunds apart. Both tables of the result are of the same kind as ``tx``.

    Raises DataError if ``as_of`` is not after ``split``, nobody bought by ``split``, or none of them bought between;
    and FitError if the lines up to ``split`` cannot carry the models.
    """
    split, as_of = as_day(split, name="split"), as_day(as_of)
    if as_of <= split:
        raise DataError(f"as_of {as_of} is not after split {split}; the days between them are the test.")
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions")
    bought = nw.from_native(until(tx, as_of)).filter(nw.col("amount") >= 0)
    bought = bought.with_columns(__day=day_number(nw.col("date")))
    if not (bought["__day"] <= split.toordinal()).any():
        raise DataError(f"Nobody bought by {split}, so there is nothing to fit; choose a later split.")
    known = nw.from_native(customer_table(until(tx, split), as_of=split)).filter(~nw.col("x").is_null())
    actual, revenue = _later(bought.filter(nw.col("__day") > split.toordinal()), known)
    if not actual.any():
        raise DataError(
            f"None of the {len(known):,} customers known by {split} bought again by {as_of}; nothing can be compared."
        )

    purchase_model, spend_model = fit_bgnbd(known.to_native()), fit_gamma_gamma(known.to_native())
    expected = purchase_model.expected_purchases(known.to_native(), horizon=(as_of - split).days)
    value = expected * spend_model.expected_value(known.to_native())

    def like_tx(columns):
        return nw.from_dict(columns, backend=frame.implementation).to_native()

    return Holdout(
        split, as_of, purchase_model, spend_model,
        float(expected.sum()), int(actual.sum()), float(value.sum()), float(revenue.sum()),
        _correlation(expected, actual),
        like_tx(_by_x(known["x"].to_numpy(), actual, expected)),
        like_tx({
            "customer": known["customer"], "x": known["x"], "predicted_purchases": expected, "actual_purchases": actual,
            "predicted_revenue": value, "actual_revenue": revenue,
        }),
    )  # fmt: skip


def _later(lines, known):
    """Purchase days after the split and their money, for each known customer in order."""
    days = lines.group_by("customer", "__day").agg(nw.col("amount").sum())
    each = days.group_by("customer").agg(nw.len().alias("days"), nw.col("amount").sum())
    both = known.select("customer").with_row_index("__row").join(each, on="customer", how="left").sort("__row")
    return both["days"].fill_null(0).cast(nw.Int64).to_numpy(), both["amount"].fill_null(0.0).to_numpy()


def _by_x(x, actual, expected):
    group = np.minimum(x, 7).astype(int)
    count = np.bincount(group)
    seen = np.flatnonzero(count)
    return {
        "x": ["7+" if k == 7 else str(k) for k in seen],
        "customers": count[seen],
        "actual": np.bincount(group, actual)[seen] / count[seen],
        "expected": np.bincount(group, expected)[seen] / count[seen],
    }


def _correlation(one, other):
    if one.std() == 0 or other.std() == 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
