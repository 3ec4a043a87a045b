"""Customer lifetime value: what customers are expected to spend from now on.

Purchases come from a BG/NBD, MBG/NBD or Pareto/NBD, spend per purchase from `crmlib.gamma_gamma.GammaGamma`.
"""

from __future__ import annotations

import numpy as np

from crmlib.arguments import is_number
from crmlib.errors import DataError
from crmlib.gamma_gamma import GammaGamma
from crmlib.purchase_model import PurchaseModel

__all__ = ["ANNUAL_DISCOUNT", "clv"]

ANNUAL_DISCOUNT = 0.10  # our convention, as in most teaching examples of customer value; put in your own cost of capital
LONGEST = 36_525  # days: a century


def clv(customers, purchases: PurchaseModel, spend: GammaGamma, *, horizon=365, annual_discount=ANNUAL_DISCOUNT) -> np.ndarray:
    """Expected revenue of each customer in the ``horizon`` days after T, discounted day by day to T.

    It is the sum over days d = 1..horizon of the purchases expected on day d, times
    (1 + annual_discount) ** (-d / 365), times the expected value of a purchase. Times in the table and in ``purchases``
    must be days. It is revenue: multiply by a margin to get profit.

    Returns float64 in the order of the rows, NaN for customers without a purchase. Customers who bought once get the
    population's value per purchase. Raises DataError for a horizon that is no whole number of days or beyond a
    century, or a negative discount, and FitError if ``spend`` has no mean (q <= 1).

    >>> import pandas as pd
    >>> from crmlib import BGNBD, GammaGamma
    >>> one = pd.DataFrame({"x": [2.0], "t_x": [213.0], "T": [272.0], "mean_repeat_value": [40.0]})
    >>> purchases, spend = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426), GammaGamma(p=6.25, q=3.74, gamma=15.44)
    >>> clv(one, purchases, spend, horizon=365, annual_discount=0.10).round(2)
    array([58.52])
    """
    if not (isinstance(purchases, PurchaseModel) and isinstance(spend, GammaGamma)):
        raise DataError(
            f"clv needs a model of purchases in days and then a GammaGamma; it got {type(purchases).__name__} and "
            f"{type(spend).__name__}."
        )
    if not (is_number(horizon) and 0 <= horizon <= LONGEST and horizon == int(horizon)):
        raise DataError(f"horizon is {horizon!r}; clv counts whole days up to {LONGEST:,}, e.g. horizon=365.")
    if not (is_number(annual_discount) and annual_discount >= 0):
        raise DataError(f"annual_discount is {annual_discount!r}; it must be 0 or more, e.g. 0.10 for 10 % a year.")
    days, share = _discounting(int(horizon), (1 + annual_discount) ** (-1 / 365), purchases.alpha)
    bought = purchases.weighted_purchases(customers, horizons=days, weights=share)
    return bought * spend.expected_value(customers)


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
