"""Gamma-Gamma: what a customer spends per purchase, when few purchases of each have been seen.

Spend varies around a mean that each customer keeps, and the means differ between customers. The fewer purchases were
seen, the more the estimate leans towards the population. How much and how often are taken as unrelated: see
`spend_correlation`.

Fader, Hardie & Lee (2005), RFM and CLV: Using Iso-Value Curves, JMR 42(4), 415-430; Fader & Hardie (2013), note 025.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import narwhals as nw
import numpy as np

from crmlib.errors import DataError, DataNotice, FitError
from crmlib.fitting import cells, check_parameters, in_memory, maximise, numbers, starting_point, weights
from crmlib.frames import collect, is_lazy, table
from crmlib.scoring import add_columns

__all__ = ["GammaGamma", "fit_gamma_gamma", "spend_correlation"]

_MOST = 1e100  # the door lets no larger amount through


@dataclass(frozen=True)
class GammaGamma:
    """The Gamma-Gamma model; its methods read the columns x and mean_repeat_value of a pandas or polars customer table.

    The value of a purchase is a gamma(p, rate), and rates differ between customers as a gamma(q, gamma). ``gamma``
    carries the currency. The population mean is p * gamma / (q - 1); with q <= 1 there is none, and the two methods
    for expected value raise FitError.

    >>> paper = GammaGamma(p=6.25, q=3.74, gamma=15.44)      # CDNOW, dollars; p. 17 of the paper
    >>> round(paper.expected_value_new(), 2)
    35.22
    """

    p: float
    q: float
    gamma: float

    def __post_init__(self):
        check_parameters(self)

    def log_likelihood(self, customers) -> np.ndarray:
        """One value a row, NaN unless x > 0 and mean_repeat_value > 0; a column ``weight`` is not applied."""
        from scipy.special import betaln

        x, mean, _ = _columns(customers)
        seen = np.full(len(x), np.nan)
        good = (x > 0) & (mean > 0)
        shape, total = self.p * x[good], x[good] * mean[good]
        # the share of total in gamma + total, and the rest, as logarithms
        share, rest = -np.log1p(self.gamma / total), -np.log1p(total / self.gamma)
        seen[good] = shape * share + self.q * rest - betaln(shape, self.q) - np.log(mean[good])
        return seen

    def objective(self, customers):
        """What a fit to these customers makes as large as it can, as a function of (p, q, gamma).

        It returns the sum of the log-likelihood, each row counted ``weight`` times, and its gradient.
        """
        return _likelihood(*_usable(customers)[:3])

    def expected_value_new(self) -> float:
        """Mean spend per purchase in the population, so that of a customer of whom no repeat purchase was seen."""
        if self.q <= 1:
            raise FitError(
                f"This Gamma-Gamma has q = {self.q:g}, and with q <= 1 spend per purchase has no mean: a few customers "
                "dominate it. Look for extreme amounts or for two kinds of customers in one table."
            )
        return self.p * self.gamma / (self.q - 1)

    def expected_value(self, customers) -> np.ndarray:
        """Mean spend per future purchase, one float64 a row: p * (gamma + x * mean_repeat_value) / (p * x + q - 1).

        At x = 0 it is the population mean. It is NaN where x is null, and where x > 0 but mean_repeat_value is null or
        negative. Raises FitError if q <= 1, DataError for a negative or fractional x and for a lazy table.
        """
        population = self.expected_value_new()
        x, mean, _ = _columns(customers)
        mean = np.where(mean >= 0, mean, np.nan)
        weight = self.p * x + (self.q - 1)
        return np.where(x == 0, population, self.p * self.gamma / weight + self.p * x / weight * mean)

    def score(self, customers):
        """The customer table, of any engine, with the column expected_value.

        >>> import pandas as pd
        >>> paper = GammaGamma(p=6.25, q=3.74, gamma=15.44)
        >>> paper.score(pd.DataFrame({"x": [0, 2], "mean_repeat_value": [None, 10.0]})).round(2)
           x  mean_repeat_value  expected_value
        0  0                NaN           35.22
        1  2               10.0           14.53
        """
        return add_columns(customers, ["x", "mean_repeat_value"], {"expected_value": self.expected_value})


def fit_gamma_gamma(customers, *, start=None) -> GammaGamma:
    """Fit a Gamma-Gamma by maximum likelihood to the columns x, mean_repeat_value (and ``weight``, if there).

    Customers without a repeat purchase are left out, as the model asks. So are those with x > 0 whose
    mean_repeat_value is null or not positive; a DataNotice counts them. ``start`` may give (p, q, gamma) to search from
    first.

    Raises FitError, saying what the data lacks: no usable row, fewer customers than parameters, an impossible row, or
    a likelihood without a maximum, as when all spend the same. Of a lazy table, the repeat buyers come into memory.
    """
    frame = table(customers, ["x", "mean_repeat_value"], eager=False)
    if is_lazy(frame):
        kept = ["x", "mean_repeat_value", *(["weight"] if "weight" in frame.collect_schema() else [])]
        customers = collect(frame.filter(nw.col("x") > 0), *kept).to_native()
    x, mean, weight, left_out = _usable(customers, error=FitError)
    n = weight.sum()
    if left_out:
        warnings.warn(
            f"The Gamma-Gamma fit leaves out {left_out:,} of {left_out + len(x):,} repeat buyers, "
            "for want of a positive mean_repeat_value.",
            DataNotice,
            stacklevel=2,
        )
    if n == 0:
        raise FitError("No customer has a repeat purchase of positive value, so there is no spend to learn from.")
    if n < 3:
        raise FitError(f"Gamma-Gamma has 3 parameters and needs more customers with repeat spend than {n:g}.")
    unit = np.sum(weight * mean) / n
    scale = np.array([1.0, 1.0, unit])
    starts = [np.array([4.0, 4.0, 1.0]), np.array([1.0, 2.0, 1.0])]
    if start is not None:
        starts.insert(0, starting_point(start, GammaGamma) / scale)
    found = maximise(_likelihood(x, mean / unit, weight), starts, customers=n, why=_why)
    return GammaGamma(*(found * scale).tolist())


def spend_correlation(customers) -> float:
    """Correlation of x with mean_repeat_value among repeat buyers; Gamma-Gamma takes it to be 0. NaN where undefined.

    Each row counts ``weight`` times. CDNOW's 1/10 sample: 0.11, and 0.06 without one customer (p. 13 of the paper).
    """
    x, mean, weight, _ = _usable(customers)
    if len(x) == 0 or x.min() == x.max() or mean.min() == mean.max():
        return float("nan")
    n, mean = weight.sum(), mean / mean.max()  # sums of squares of large amounts would overflow
    x, mean = x - np.sum(weight * x) / n, mean - np.sum(weight * mean) / n
    return float(np.sum(weight * x * mean) / np.sqrt(np.sum(weight * x**2) * np.sum(weight * mean**2)))


def _columns(customers, *, error=DataError):
    frame = in_memory(customers, ["x", "mean_repeat_value"])
    x, mean = numbers(frame, "x"), numbers(frame, "mean_repeat_value")
    wrong = ~np.isnan(x) & ~((x >= 0) & (x == np.floor(x)) & (x < _MOST)) | (np.abs(mean) > _MOST)
    if wrong.any():
        row = int(np.argmax(wrong))
        found = f"x = {x[row]:g}, mean_repeat_value = {mean[row]:g}"
        rule = "x counts repeat purchases, so it is a whole number from 0 up, and both are below 1e100"
        raise error(f"Row {row} (from 0) of the customer table cannot be: {found}; {rule}.")
    return x, mean, weights(frame, x > 0, error=error)


def _usable(customers, *, error=DataError):
    """x, mean_repeat_value and weight where the model can use them, and how many repeat buyers it cannot use."""
    x, mean, weight = _columns(customers, error=error)
    left_out = int(np.sum((x > 0) & ~(mean > 0)))
    good = (x > 0) & (mean > 0) & (weight > 0)
    return x[good], mean[good], weight[good], left_out


def _why(parameters):
    p, q, _ = parameters
    if q > 1e3:
        reason = "their mean spend differs no more than chance would make it"
    elif p > 1e3:
        reason = "each spends nearly the same at every purchase"
    else:
        reason = "there are too few or too similar amounts"
    return f"Gamma-Gamma does not settle on these customers: {reason}; take in more, or use their mean spend for all."


def _likelihood(x, mean, weight):
    """The log-likelihood and its gradient as a function of (p, q, gamma), on distinct rows."""
    from scipy.special import digamma, gammaln

    (x, mean), cell = cells(x, mean)
    w = np.bincount(cell, weight)
    each_x, at = np.unique(x, return_inverse=True)
    w_x = np.bincount(at, w, minlength=len(each_x))
    total = x * mean
    wx = w * x
    n, purchases, of_total = np.sum(w), np.sum(wx), np.sum(wx * np.log(total))
    fixed = np.sum(w * np.log(mean))

    def log_likelihood(parameters):
        p, q, gamma = parameters
        px = p * each_x
        by_x = gammaln(px + q) - gammaln(px) - gammaln(q)
        d_px = digamma(px + q) - digamma(px)
        shrink = -np.log1p(total / gamma)  # log of gamma / (gamma + total)
        per_gamma = w / (gamma + total)
        for_q = np.sum(w * shrink)
        for_p = of_total - purchases * np.log(gamma) + np.sum(wx * shrink)  # x log(total / (gamma + total))
        value = np.sum(w_x * by_x) + q * for_q + p * for_p - fixed
        d_p = np.sum(w_x * each_x * d_px) + for_p
        d_q = np.sum(w_x * (digamma(px + q) - digamma(q))) + for_q
        d_gamma = n * q / gamma - p * np.sum(x * per_gamma) - q * np.sum(per_gamma)
        return value, np.array([d_p, d_q, d_gamma])

    return log_likelihood
