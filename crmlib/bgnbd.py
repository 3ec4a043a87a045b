"""BG/NBD: how often customers will buy again, when nobody says goodbye.

A living customer buys at random, at a rate of their own, and after each repeat purchase stops for good with a chance of
their own. Rates differ between customers as a gamma(r, alpha), chances as a beta(a, b).

Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2), 275-284.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from crmlib.errors import DataError, FitError
from crmlib.fitting import Histories, cells, check_parameters, histories, maximise, starting_point
from crmlib.scoring import add_columns

__all__ = ["BGNBD", "fit_bgnbd"]


@dataclass(frozen=True)
class BGNBD:
    """The BG/NBD model; its methods read the columns x, t_x and T of a pandas or polars customer table.

    r and alpha tell how often customers buy: r / alpha on average. a and b tell how readily they stop after a
    purchase: with chance a / (a + b) on average. ``alpha`` carries the unit of time: 4.414 in weeks is 30.9 in days.
    Times in the table and ``horizon`` must be in that unit.

    Per-customer methods return a float64 array in the order of the rows, NaN for customers without a purchase (x, t_x
    and T null). They raise DataError for a row that cannot be, such as t_x > T, and for a lazy table, to which `score`
    adds columns.

    >>> paper = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)      # CDNOW, weeks; Table 2 of the paper
    >>> import pandas as pd
    >>> one = pd.DataFrame({"x": [2.0], "t_x": [30.43], "T": [38.86]})
    >>> round(float(paper.expected_purchases(one, horizon=39)[0]), 3)
    1.226
    """

    r: float
    alpha: float
    a: float
    b: float

    def __post_init__(self):
        check_parameters(self)

    def log_likelihood(self, customers) -> np.ndarray:
        """One value a row; a column ``weight`` is not applied.

        Worked in logarithms as in Fader & Hardie (2013), note 027, so 200 purchases do not underflow.
        """
        from scipy.special import betaln, gammaln

        known = histories(customers)
        x, t_x, T = known.columns
        shape = self.r + x
        alive = -shape * np.log(self.alpha + T)
        with np.errstate(divide="ignore"):  # at x = 0 nobody can have stopped
            stopped = np.log(np.where(x > 0, self.a / (self.b + np.maximum(x - 1, 0)), 0.0))
        seen = np.logaddexp(alive, stopped - shape * np.log(self.alpha + t_x))
        seen += gammaln(shape) - gammaln(self.r) + self.r * np.log(self.alpha)
        return known.in_rows(seen + betaln(self.a, self.b + x) - betaln(self.a, self.b))

    def p_alive(self, customers) -> np.ndarray:
        """The chance that a customer has not stopped by T. It is 1 at x = 0: nobody stops before a repeat purchase.

        Fader, Hardie & Lee (2008), note 021.
        """
        known = histories(customers)
        return known.in_rows(self._p_alive(*known.columns))

    def _p_alive(self, x, t_x, T):
        from scipy.special import expit

        again = x > 0
        later = np.where(again, self.b + (x - 1), 1.0)
        odds = np.log(later / self.a) - (self.r + x) * np.log1p((T - t_x) / (self.alpha + t_x))
        return np.where(again, expit(odds), 1.0)

    def expected_purchases(self, customers, *, horizon) -> np.ndarray:
        """Repeat purchases expected in the ``horizon`` after T, in the table's unit of time.

        A sequence of horizons gives one column each. It is equation 10 of the paper in a form that is exact for every
        a, b and x (see `_if_alive`): the printed one has no value at a = 1, and near it and for a + b + x < 1 it loses
        digits.
        """
        horizons = _horizons(horizon)
        known = histories(customers)
        x, t_x, T = known.columns
        (each_x, each_T), cell = cells(x, T)
        expected = self._if_alive(each_x, self.alpha + each_T, horizons)[cell]
        expected *= self._p_alive(x, t_x, T)[:, np.newaxis]
        return known.in_rows(expected if np.ndim(horizon) else expected[:, 0])

    def expected_purchases_new(self, horizon):
        """Repeat purchases that a new customer is expected to make in the ``horizon`` after the first purchase.

        A float, or an array for a sequence of horizons. Equation 9 of the paper, exact as in `expected_purchases`.

        >>> paper = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> paper.expected_purchases_new([1, 78]).round(3).tolist()
        [0.053, 1.861]
        """
        expected = self._if_alive(np.zeros(1), np.full(1, self.alpha), _horizons(horizon))[0]
        return expected if np.ndim(horizon) else float(expected[0])

    def score(self, customers, *, horizon=None):
        """The customer table, of any engine, with the columns p_alive and, given a ``horizon``, expected_purchases.

        >>> import pandas as pd
        >>> paper = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
        >>> one = pd.DataFrame({"x": [2.0], "t_x": [30.43], "T": [38.86]})
        >>> paper.score(one, horizon=39).round(3)
             x    t_x      T  p_alive  expected_purchases
        0  2.0  30.43  38.86    0.727               1.226
        """
        columns = {"p_alive": self.p_alive}
        if horizon is not None:
            columns["expected_purchases"] = partial(self.expected_purchases, horizon=one_horizon(horizon))
        return add_columns(customers, ["x", "t_x", "T"], columns)

    def _if_alive(self, x, waited, horizons):
        """Expected purchases of living customers: rates gamma(r + x, waited), chances p to stop beta(a, b + x).

        For a known p it is (1 - (1 + p z)**-(r + x)) / p with z = horizon / waited. The mean of that over p needs no
        hypergeometric function and no division by a - 1, and it is a sum of positive terms. Shape: x by horizons.
        """
        if len(x) == 0:
            return np.zeros((0, len(horizons)))
        some_x, at = np.unique(x, return_inverse=True)
        p, share, at_zero, at_one = _beta_average(self.a, self.b + some_x)
        rate, z = (self.r + x)[:, np.newaxis], horizons / waited[:, np.newaxis]
        total = at_zero[at, np.newaxis] * rate * z - at_one[at, np.newaxis] * np.expm1(-rate * np.log1p(z))
        for node in range(p.shape[1]):  # a loop over ~150 nodes keeps the memory at a few numbers a customer
            stop = p[at, node, np.newaxis]
            total -= share[at, node, np.newaxis] * np.expm1(-rate * np.log1p(stop * z)) / stop
        return total


def _horizons(horizon):
    try:
        horizons = np.atleast_1d(np.asarray(horizon, dtype=float))
    except (TypeError, ValueError):
        horizons = np.array([np.nan])
    if horizons.ndim > 1 or not (np.isfinite(horizons) & (horizons >= 0)).all():
        raise DataError(f"horizon is {horizon!r}; it must be a length of time from 0 up, or a sequence of such.")
    return horizons


def one_horizon(horizon):
    """A horizon that is a number, as a column needs it."""
    if np.ndim(horizon):
        raise DataError(f"horizon is {horizon!r}; score adds one column, so it must be one length of time.")
    return horizon


def _beta_average(a, b):
    """Nodes p in (0, 1) and weights such that sums over them are means under beta(a, b[i]), one row for each b.

    Also returns the weights of p = 0 and p = 1. In v = log(p / (1 - p)) a beta density decays exponentially and is
    analytic in a wide strip, so the plain trapezoid rule is exact to rounding at a step of 0.2. Small a or b make the
    tails long; the rule is therefore made for p (1 - p) times the density, and the two ends get what straight lines
    still lack.
    """
    from scipy.special import expit, log_expit

    b = b[:, np.newaxis]

    def height(v):
        return (a + 1) * log_expit(v) + (b + 1) * log_expit(-v)

    middle = np.log((a + 1) / (b + 1))
    left, right = (_edge(height, middle, direction) for direction in (-1.0, 1.0))
    steps = max(40, int(np.ceil(np.max(right - left) / 0.2)))
    v = left + (right - left) * np.linspace(0.0, 1.0, steps + 1)
    p, rest = expit(v), expit(-v)
    density = np.exp(height(v) - height(middle))
    share = density / density.sum(axis=1, keepdims=True) * a * b / ((a + b) * (a + b + 1)) / (p * rest)
    at_zero = b[:, 0] / (a + b[:, 0]) - np.sum(share * rest, axis=1)
    at_one = a / (a + b[:, 0]) - np.sum(share * p, axis=1)
    return p, share, at_zero, at_one


def _edge(height, middle, direction):
    """Where a log-density has fallen 42 below its top (a factor of 1e-18), by bisection."""
    near, far = np.zeros_like(middle), np.full_like(middle, 60.0)
    for _ in range(20):
        half = (near + far) / 2
        fallen = height(middle) - height(middle + direction * half) > 42
        near, far = np.where(fallen, near, half), np.where(fallen, half, far)
    return middle + direction * far


def fit_bgnbd(customers, *, start=None) -> BGNBD:
    """Fit a BG/NBD by maximum likelihood to the columns x, t_x, T (and ``weight``, if there) of a customer table.

    Any unit of time will do; ``alpha`` comes out in it. Equal rows are merged, so the cost grows with the distinct
    histories. Customers without a purchase (x, t_x and T null) are left out. ``start`` may give (r, alpha, a, b) to
    search from first.

    Raises FitError, saying what the data lacks: nobody bought twice, fewer customers than parameters, an impossible
    row, or a likelihood without a maximum, as when customers are all alike or only repeat buyers are in the table.

    >>> import pandas as pd
    >>> fit_bgnbd(pd.DataFrame({"x": [0.0] * 5, "t_x": [0.0] * 5, "T": [9.0, 8, 7, 6, 5]}))
    Traceback (most recent call last):
        ...
    crmlib.errors.FitError: Nobody bought twice, so these customers say nothing about when they come back.
    """
    known = histories(customers, error=FitError)
    x, _, T = known.columns
    n = known.weight.sum()
    if n < 4:
        raise FitError(f"BG/NBD has 4 parameters and needs more customers with a purchase than {n:g}.")
    if not np.any(known.weight * x > 0):
        raise FitError("Nobody bought twice, so these customers say nothing about when they come back.")
    unit = np.sum(known.weight * T) / n  # in units of the mean T all parameters are of order 1
    scale = np.array([1.0, unit, 1.0, 1.0])
    per_unit = Histories((x, known.columns[1] / unit, T / unit), known.weight, known.known)
    starts = [_start(x, known.weight), np.ones(4)]
    if start is not None:
        starts.insert(0, starting_point(start, BGNBD) / scale)
    again = np.sum(known.weight * (x > 0))
    found = maximise(_likelihood(per_unit), starts, customers=n, why=lambda parameters: _why(parameters, n, again))
    return BGNBD(*(found * scale).tolist())


def _start(x, weight):
    """From the mean and variance of x, as if nobody ever stopped; T is 1 on average."""
    n = weight.sum()
    mean = np.sum(weight * x) / n
    excess = np.sum(weight * (x - mean) ** 2) / n - mean
    r = np.clip(mean**2 / excess, 0.1, 10.0) if excess > 0 else 10.0
    return np.array([r, r / mean, 1.0, 3.0])


def _why(parameters, customers, again):
    r, _, a, b = parameters
    if again == customers:
        return "Every customer bought again and the fit does not settle; BG/NBD needs those who bought once as well."
    if again < 10:
        reason = f"only {again:g} of {customers:g} bought again"
    elif a / (a + b) < 0.01:
        reason = "hardly anybody seems to have stopped buying"
    elif a + b > 1e3:
        reason = "customers seem to be all alike in how soon they stop"
    elif r > 1e3:
        reason = "customers buy at rates that differ no more than chance would make them"
    else:
        reason = "there are too few or too similar histories"
    return f"BG/NBD does not settle on these customers: {reason}."


def _likelihood(known):
    """The log-likelihood and its gradient as a function of (r, alpha, a, b), on distinct histories."""
    from scipy.special import digamma, gammaln

    (x, t_x, T), cell = cells(*known.columns)
    w = np.bincount(cell, known.weight)
    each_x, at = np.unique(x, return_inverse=True)
    w_x = np.bincount(at, w)
    again = np.flatnonzero(x > 0)
    x2, t2, T2, w2 = x[again], t_x[again], T[again], w[again]

    def log_likelihood(parameters):
        r, alpha, a, b = parameters
        # as if all were alive at T
        log_T = np.log(alpha + T)
        by_x = gammaln(r + each_x) - gammaln(r) + r * np.log(alpha)
        by_x += gammaln(a + b) - gammaln(a + b + each_x) + gammaln(b + each_x) - gammaln(b)
        value = np.sum(w_x * by_x) - np.sum(w * (r + x) * log_T)
        d_r = np.sum(w_x * (digamma(r + each_x) - digamma(r) + np.log(alpha))) - np.sum(w * log_T)
        d_alpha = np.sum(w_x) * r / alpha - np.sum(w * (r + x) / (alpha + T))
        d_a = np.sum(w_x * (digamma(a + b) - digamma(a + b + each_x)))
        d_b = d_a + np.sum(w_x * (digamma(b + each_x) - digamma(b)))
        # and what it adds that repeat buyers may have stopped right after t_x
        gap = np.log1p((T2 - t2) / (alpha + t2))
        odds = np.log(a / (b + (x2 - 1))) + (r + x2) * gap  # log of dead : alive
        small = np.exp(-np.abs(odds))
        value += np.sum(w2 * (np.maximum(odds, 0) + np.log1p(small)))
        dead = w2 * np.where(odds > 0, 1.0, small) / (1 + small)
        d_r += np.sum(dead * gap)
        d_alpha += np.sum(dead * (r + x2) * (1 / (alpha + T2) - 1 / (alpha + t2)))
        d_a += np.sum(dead) / a
        d_b -= np.sum(dead / (b + (x2 - 1)))
        return value, np.array([d_r, d_alpha, d_a, d_b])

    return log_likelihood
