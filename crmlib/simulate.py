"""Customers drawn from a model: what a base would look like if the model were the truth.

Good for seeing how far a fit strays from parameters that are known, and for parametric bootstraps. Random numbers come
only from the ``rng`` that is passed, so the same seed gives the same customers on one version of numpy.
"""

from __future__ import annotations

import numpy as np

from crmlib.errors import DataError
from crmlib.fitting import numbers, weights
from crmlib.frames import table

__all__ = ["simulate"]


def simulate(model, customers, rng):
    """New histories by ``model`` for as many customers, observed as long, as there are in the table ``customers``.

    Read is how long each was observed: ``T`` for BG/NBD, MBG/NBD and Pareto/NBD, ``n`` for BG/BB and beta-binomial;
    for Gamma-Gamma ``x``; for sBG ``period`` and the ``survivors`` of period 0. Rows where it is null are left out. A row with a ``weight`` of w gives w customers. Returns a
    pandas table with the columns that the fit of the model reads; times are not rounded to whole days. ``rng`` is a
    `numpy.random.Generator`.

    Raises `DataError` for a model that it does not know, a weight that is no whole number, and for a T, n or x below 0.

    >>> import pandas as pd
    >>> from crmlib import BGNBD
    >>> truth = BGNBD(r=0.6, alpha=6.0, a=0.8, b=2.5)
    >>> base = simulate(truth, pd.DataFrame({"T": [39.0] * 1000}), np.random.default_rng(1))
    >>> list(base), len(base), bool((base["t_x"] <= base["T"]).all())
    (['x', 't_x', 'T'], 1000, True)
    """
    name = type(model).__name__
    if name not in _DRAW:
        raise DataError(f"There is no simulation of a {name}; choose a model of {', '.join(_DRAW)}.")
    if not isinstance(rng, np.random.Generator):
        raise DataError(f"rng is {rng!r}; pass a generator, e.g. numpy.random.default_rng(1).")
    column, draw = _DRAW[name]
    return draw(model, _observed(customers, column) if column else customers, rng)


def _observed(customers, column):
    """How long each customer was observed, a number a customer."""
    frame = table(customers, [column])
    seen = numbers(frame, column)
    known = ~np.isnan(seen)
    if (seen[known] < 0).any():
        row = int(np.argmax(known & (seen < 0)))
        raise DataError(f"Row {row} (from 0) of the customer table has {column} = {seen[row]:g}; it must be 0 or more.")
    weight = weights(frame, known)
    if (weight[known] != np.floor(weight[known])).any():
        row = int(np.argmax(known & (weight != np.floor(weight))))
        raise DataError(f"Row {row} (from 0) of the customer table has weight {weight[row]:g}; only whole numbers can be drawn.")
    return np.repeat(seen[known], weight[known].astype(np.int64))


def _as_table(**columns):
    import pandas as pd

    return pd.DataFrame(columns)


def _bgnbd(model, T, rng, stops_at_once=False):
    rate = rng.gamma(model.r, 1 / model.alpha, len(T))
    chance = rng.beta(model.a, model.b, len(T))
    x, t_x = np.zeros(len(T)), np.zeros(len(T))
    alive = np.flatnonzero(rng.random(len(T)) >= chance) if stops_at_once else np.arange(len(T))
    while len(alive):
        # a rate that underflows to 0 waits for ever
        with np.errstate(divide="ignore"):
            bought = t_x[alive] + rng.standard_exponential(len(alive)) / rate[alive]
        inside = bought <= T[alive]
        alive = alive[inside]
        x[alive] += 1
        t_x[alive] = bought[inside]
        alive = alive[rng.random(len(alive)) >= chance[alive]]
    return _as_table(x=x, t_x=t_x, T=T)


def _mbgnbd(model, T, rng):
    return _bgnbd(model, T, rng, stops_at_once=True)


def _pareto_nbd(model, T, rng):
    rate = rng.gamma(model.r, 1 / model.alpha, len(T))
    death = rng.gamma(model.s, 1 / model.beta, len(T))
    with np.errstate(divide="ignore"):
        lived = np.minimum(rng.standard_exponential(len(T)) / death, T)
    x = rng.poisson(rate * lived).astype(float)
    # the last of x points that are uniform over the time lived
    t_x = np.where(x > 0, lived * rng.random(len(T)) ** (1 / np.maximum(x, 1)), 0.0)
    return _as_table(x=x, t_x=t_x, T=T)


def _bgbb(model, n, rng):
    return _opportunities(n, rng.beta(model.alpha, model.beta, len(n)), rng.beta(model.gamma, model.delta, len(n)), rng)


def _beta_binomial(model, n, rng):
    return _opportunities(n, rng.beta(model.alpha, model.beta, len(n)), np.zeros(len(n)), rng)


def _opportunities(n, buys, dies, rng):
    x, t_x, alive = np.zeros(len(n)), np.zeros(len(n)), np.ones(len(n), dtype=bool)
    for opportunity in range(1, int(n.max(initial=0)) + 1):
        alive &= (rng.random(len(n)) >= dies) & (opportunity <= n)
        bought = alive & (rng.random(len(n)) < buys)
        x[bought] += 1
        t_x[bought] = opportunity
    return _as_table(x=x, t_x=t_x, n=n)


def _gamma_gamma(model, x, rng):
    rate = rng.gamma(model.q, 1 / model.gamma, len(x))
    again = x > 0
    with np.errstate(divide="ignore"):
        mean = rng.standard_gamma(model.p * np.where(again, x, 1.0)) / (rate * np.where(again, x, 1.0))
    return _as_table(x=x, mean_repeat_value=np.where(again, mean, np.nan))


def _sbg(model, cohort, rng):
    """Who leaves by each period of a cohort: a share of those who are left."""
    frame = table(cohort, ["period", "survivors"])
    order = np.argsort(numbers(frame, "period"), kind="stable")
    period, survivors = (numbers(frame, name)[order] for name in ("period", "survivors"))
    if not len(period) or period[0] != 0 or survivors[0] != np.floor(survivors[0]):
        raise DataError("The cohort needs a row of period 0 with the whole number of customers who began.")
    left = [int(survivors[0])]
    of_start = model.survival(period)
    for before, now in zip(of_start, of_start[1:], strict=False):
        left.append(int(rng.binomial(left[-1], now / before)))
    return _as_table(period=period, survivors=np.array(left, dtype=float))


_DRAW = {  # the column that tells how long each was observed, where there is one, and what draws
    "BGNBD": ("T", _bgnbd),
    "MBGNBD": ("T", _mbgnbd),
    "ParetoNBD": ("T", _pareto_nbd),
    "BGBB": ("n", _bgbb),
    "BetaBinomial": ("n", _beta_binomial),
    "GammaGamma": ("x", _gamma_gamma),
    "SBG": (None, _sbg),
}
