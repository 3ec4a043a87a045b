"""What is known of a log's first half, both models fitted to it, and what follows from their parameters.

crmlib fits the models, as the workbook does. What follows from the parameters is worked out by other ways than crmlib's:
formulas of the papers, and an integral over the chance to stop, which nobody knows of a customer.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from crmlib.bgnbd import fit_bgnbd
from crmlib.errors import DataError, DataNotice, FitError
from crmlib.gamma_gamma import fit_gamma_gamma
from crmlib.workbook.questions._counting import half_way, purchases

__all__ = ["Case", "alive", "case_of", "day_by_day", "days_with_money", "if_alive"]


class Case(NamedTuple):
    """What the questions ask about: the first half's histories, both fits, and the second half."""

    past: Any  # indexed by customer: x, t_x, T, mean_repeat_value, orders, mean_order, lines
    model: Any
    spend: Any
    days: int
    came: Any
    before: Any  # purchase days in as many days before the split


_known: list = []  # the last log's case: a check asks for it once a mistake


def case_of(material) -> Case:
    """The case of a log, worked out once. Raises `DataError` where the log cannot carry it."""
    if not (_known and _known[0] is material.tx and _known[1] == material.as_of):
        case = _work_out(material)
        _known[:] = [material.tx, material.as_of, case]
    return _known[2]


def days_with_money(lines):
    """A line a customer's day, with its money."""
    return lines.groupby(["customer", "date"], as_index=False)["amount"].sum()


def _histories(lines, last):
    days = days_with_money(lines)
    first = days["customer"].map(days.groupby("customer")["date"].min())
    by = days.groupby("customer")
    known = pd.DataFrame({"x": by.size() - 1, "t_x": (by["date"].max() - by["date"].min()).dt.days})
    known["T"] = (last - by["date"].min()).dt.days
    known["mean_repeat_value"] = days[days["date"] > first].groupby("customer")["amount"].mean()
    order = "order" if "order" in lines else "date"
    known["orders"] = lines.groupby("customer")[order].nunique()
    known["mean_order"] = lines.groupby("customer")["amount"].sum() / known["orders"]
    return known


def _work_out(material):
    bought = purchases(material)
    bought = bought[bought["date"] <= pd.Timestamp(material.as_of)]
    if not len(bought):
        raise DataError("Nobody in it bought anything.")
    split = half_way(material, bought["date"].min()) - pd.Timedelta(days=1)
    early, days = bought[bought["date"] <= split], (pd.Timestamp(material.as_of) - split).days
    if not len(early):
        raise DataError("Its first half holds no purchase.")
    past = _histories(early, split)
    later = days_with_money(bought[bought["date"] > split]).groupby("customer").size()
    before = days_with_money(early[early["date"] > split - pd.Timedelta(days=days)]).groupby("customer").size()
    came, before = (counted.reindex(past.index).fillna(0).astype(int) for counted in (later, before))
    if not came.sum():
        raise DataError("Nobody known by the end of its first half bought later.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataNotice)
            model, spend = fit_bgnbd(past.reset_index()), fit_gamma_gamma(past.reset_index())
        spend.expected_value_new()
    except FitError as error:
        raise DataError(f"Its first half cannot be fitted: {error}") from error
    return Case(past, model, spend, days, came, before)


def alive(material, *, x=None, t_x=None, T=None):
    """Formula 11 of Fader & Hardie (2008), note 021."""
    past, model = case_of(material)[:2]
    x, t_x, T = (past[name] if given is None else given for name, given in (("x", x), ("t_x", t_x), ("T", T)))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        odds = model.a / (model.b + x - 1) * ((model.alpha + T) / (model.alpha + t_x)) ** (model.r + x)
    return (1 / (1 + odds)).where(x > 0, 1.0)


def if_alive(case, horizons):
    """Purchases of a living customer: what they would be with a known chance to stop, over all chances it may have."""
    model, horizons = case.model, np.atleast_1d(np.asarray(horizons, dtype=float))
    cells, at = np.unique(case.past[["x", "T"]].to_numpy(float), axis=0, return_inverse=True)
    found = np.empty((len(cells), len(horizons)))
    for x in np.unique(cells[:, 0]):
        chance, weights = _chances(model.a, model.b + x)
        T = cells[cells[:, 0] == x, 1][:, None] + model.alpha
        silent = (T / (T + chance[:, None, None] * horizons)) ** (model.r + x)  # nothing more until the horizon
        found[cells[:, 0] == x] = np.tensordot(weights, (1 - silent) / chance[:, None, None], 1)
    return found[at.ravel()]


_daily: list = []  # of the last case


def day_by_day(case, days):
    """`if_alive` at the end of each day from 0 to ``days``; the last case's are kept."""
    if not (_daily and _daily[0] is case and _daily[1].shape[1] > days):
        _daily[:] = [case, if_alive(case, np.arange(days + 1.0))]
    return _daily[1][:, : days + 1]


def _chances(a, b, nodes=24):
    """Gauss-Jacobi: chances and weights that stand for a beta(a, b), by Golub and Welsch (1969).

    scipy's own overflow from b = 1,000 on.
    """
    from scipy.linalg import eigh_tridiagonal

    k, alpha, beta = np.arange(1.0, nodes), b - 1, a - 1
    both = 2 * k + alpha + beta
    middle = np.r_[(beta - alpha) / (alpha + beta + 2), (beta**2 - alpha**2) / (both * (both + 2))]
    first = 4 * (1 + alpha) * (1 + beta) / ((2 + alpha + beta) ** 2 * (3 + alpha + beta))
    k, both = k[1:], both[1:]
    others = 4 * k * (k + alpha) * (k + beta) * (k + alpha + beta) / (both**2 * (both + 1) * (both - 1))
    places, vectors = eigh_tridiagonal(middle, np.sqrt(np.r_[first, others]))
    return np.maximum((places + 1) / 2, 1e-300), vectors[0] ** 2
