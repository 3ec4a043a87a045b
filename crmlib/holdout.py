"""How a forecast of purchases did in the past: fit on the lines up to a day, compare with what came after it.

A model earns its keep only if it does better than what needs no model, so rules of thumb make the same forecast.
Wübben & v. Wangenheim (2008), Instant Customer Base Analysis, Journal of Marketing 72(3), 82-93, found that such rules
often do as well at telling who is active.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np

from crmlib.arguments import is_number
from crmlib.bgnbd import fit_bgnbd
from crmlib.classes import whole_customers
from crmlib.counted import Counted, counted
from crmlib.errors import DataError
from crmlib.frames import as_day, table
from crmlib.gamma_gamma import GammaGamma, fit_gamma_gamma
from crmlib.in_memory import Log

__all__ = ["BEST", "QUIET", "Holdout", "holdout"]

QUIET = 180  # days without a purchase after which the rule of thumb expects nothing more; our convention
BEST = 0.10  # the share of customers that a forecast is asked to find; our convention


@dataclass(frozen=True, eq=False)
class Holdout:
    """What models fitted up to ``split`` said about (split, as_of], next to what came. See `holdout`."""

    split: dt.date
    as_of: dt.date
    purchase_model: Any
    spend_model: GammaGamma
    predicted_purchases: float  # repeat purchase days of all customers
    actual_purchases: int
    predicted_revenue: float  # expected purchases x expected value
    actual_revenue: float  # purchases only: refunds are not taken off
    correlation: float  # of customers' predicted and actual purchases; NaN if either is the same for all
    by_x: Any = field(repr=False)  # x ("0".."6", "7+"), customers, and their mean repeat purchases: actual, expected
    customers: Any = field(repr=False)  # customer, x, and predicted_ and actual_ purchases and revenue
    methods: Any = field(repr=False)  # of each forecast, models and rules of thumb, how far off it was; see `holdout`

    @property
    def purchases_error(self) -> float:
        """Predicted purchases above (+) or below (-) the actual ones, in %."""
        return 100 * (self.predicted_purchases / self.actual_purchases - 1)

    @property
    def revenue_error(self) -> float:
        """Predicted revenue above (+) or below (-) the actual one, in %; inf if all purchases were free."""
        return 100 * (self.predicted_revenue / self.actual_revenue - 1) if self.actual_revenue else float("inf")


def holdout(tx, *, split, as_of, fit=fit_bgnbd, quiet=QUIET, best=BEST) -> Holdout:
    """Fit the models on the lines up to and including ``split``; compare their forecast with what came by ``as_of``.

    Counted are the customers who bought by ``split``, and their purchase days after it: several lines of one day are
    one purchase, as in the fit. Predicted revenue is expected purchases times expected value, not discounted; actual
    revenue is the money of purchases, refunds apart. Tables of the result are of the same kind as ``tx``. ``fit`` fits
    the model of purchases: `crmlib.fit_bgnbd`, `crmlib.fit_mbgnbd` or `crmlib.fit_pareto_nbd`.

    ``methods`` of the result has two rows for each forecast, one for purchases and one for revenue: method, measure,
    predicted, actual (sums), error (predicted / actual - 1), mae and rmse (mean absolute and root mean squared error
    a customer), correlation, found (of the ``best`` share of customers by what came, the share that is also among as
    many by the forecast; customers who tie at the edge count in part). The forecasts besides the model:

    - same again: what the customer bought in as many days before the split;
    - own rate: x / T purchases a day, as so far;
    - own rate, quiet 0: the same, but nothing from customers silent for more than ``quiet`` days;
    - mean: for everybody the same, all repeat purchases over all days observed.

    Their revenue is purchases times the customer's mean order so far; that of the mean, times the mean order of all.

    Raises DataError if ``as_of`` is not after ``split``, nobody bought by ``split``, or none of them bought between;
    and FitError if the lines up to ``split`` cannot carry the models.
    """
    if not (is_number(quiet) and quiet > 0):
        raise DataError(f"quiet is {quiet!r}; it is a number of days above 0, e.g. {QUIET}.")
    if not (is_number(best) and 0 < best <= 1):
        raise DataError(f"best is {best!r}; it is a share of the customers above 0 and at most 1, e.g. {BEST}.")
    split, as_of = as_day(split, name="split"), as_day(as_of)
    if as_of <= split:
        raise DataError(f"as_of {as_of} is not after split {split}; the days between them are the test.")
    if isinstance(tx, Counted):
        log = tx
    else:
        log = counted(Log(table(tx, ["customer", "date", "amount"], what="table of transactions")), as_of)
    if not (log.first <= split.toordinal()).any():
        raise DataError(f"Nobody bought by {split}, so there is nothing to fit; choose a later split.")
    known = nw.from_native(log.customer_table(split)).filter(~nw.col("x").is_null())
    days = (as_of - split).days
    actual, revenue = _between(log, split, split, as_of)
    if not actual.any():
        raise DataError(
            f"None of the {len(known):,} customers known by {split} bought again by {as_of}; nothing can be compared."
        )

    purchase_model, spend_model = fit(known.to_native()), fit_gamma_gamma(known.to_native())
    expected = purchase_model.expected_purchases(known.to_native(), horizon=days)
    value = expected * spend_model.expected_value(known.to_native())
    before = _between(log, split, split - dt.timedelta(days=days), split)
    forecasts = {type(purchase_model).__name__: (expected, value), **_rules_of_thumb(known, days, before, quiet)}

    def like_tx(columns):
        return nw.from_dict(columns, backend=log.implementation).to_native()

    return Holdout(
        split, as_of, purchase_model, spend_model,
        float(expected.sum()), int(actual.sum()), float(value.sum()), float(revenue.sum()),
        _correlation(expected, actual),
        like_tx(_by_x(known["x"].to_numpy(), actual, expected)),
        like_tx({
            "customer": known["customer"], "x": known["x"], "predicted_purchases": expected, "actual_purchases": actual,
            "predicted_revenue": value, "actual_revenue": revenue,
        }),
        like_tx(_errors(forecasts, actual, revenue, best)),
    )  # fmt: skip


def _between(log, split, after, until):
    """Purchase days in (after, until] and their money, for each customer who bought by ``split``, in order."""
    known = log.first <= split.toordinal()
    inside = (log.purchases > 0) & (log.day > after.toordinal()) & (log.day <= until.toordinal())
    who = log.customer[inside]
    return np.bincount(who, minlength=log.size)[known], np.bincount(who, log.spent[inside], log.size)[known]


def _rules_of_thumb(known, days, before, quiet):
    """Name -> purchases and revenue of each customer in as many ``days`` to come."""
    x, T = known["x"].to_numpy(), known["T"].to_numpy()
    order, silent = known["mean_order"].to_numpy(), known["days_since_last"].to_numpy() > quiet
    own = days * np.divide(x, T, out=np.zeros_like(x), where=T > 0)
    of_all = np.full_like(x, days * x.sum() / T.sum() if T.sum() else 0.0)
    orders = known["orders"].to_numpy()
    return {
        "same again": (before[0].astype(float), before[1]),
        "own rate": (own, own * order),
        "own rate, quiet 0": (np.where(silent, 0.0, own), np.where(silent, 0.0, own * order)),
        "mean": (of_all, of_all * np.sum(orders * order) / orders.sum()),
    }


def _errors(forecasts, purchases, revenue, best):
    rows = []
    for method, (expected, value) in forecasts.items():
        for measure, predicted, actual in (("purchases", expected, purchases), ("revenue", value, revenue)):
            off, came = predicted - actual, float(actual.sum())
            rows.append({
                "method": method, "measure": measure, "predicted": float(predicted.sum()), "actual": came,
                "error": float(predicted.sum()) / came - 1 if came else float("nan"),
                "mae": float(np.abs(off).mean()), "rmse": float(np.sqrt(np.mean(off**2))),
                "correlation": _correlation(predicted, actual), "found": _found(predicted, actual, best),
            })  # fmt: skip
    return {name: [row[name] for row in rows] for name in rows[0]}


def _found(predicted, actual, best):
    """The share of the best customers by ``actual`` that are among as many by ``predicted``; ties at an edge in part."""
    size = whole_customers(best, len(actual))
    return float(np.sum(_chosen(predicted, size) * _chosen(actual, size)) / size)


def _chosen(values, size):
    """1 for the ``size`` customers with the largest values; those who tie for the last places share them."""
    edge = np.partition(values, len(values) - size)[len(values) - size]
    above, ties = values > edge, values == edge
    return above + ties * ((size - above.sum()) / ties.sum())


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
