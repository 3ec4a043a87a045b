"""Averages over rates and chances that differ between customers, as sums of positive terms exact to rounding.

Each rule takes a variable in which the integrand is smooth in a strip around the real line and falls off exponentially;
there the plain trapezoid rule converges geometrically (Trefethen & Weideman 2014, SIAM Review 56(3), 385-458).
"""

from __future__ import annotations

import functools

import numpy as np

__all__ = ["beta_nodes", "laplace_nodes", "log_beta_ratio", "polynomials", "unit_nodes"]


def beta_nodes(a: float, b: np.ndarray, reach: float):
    """Nodes p and weights such that sums over them are means under beta(a, b[i]), one row for each b.

    Also returns the weights of p = 0 and p = 1. What is averaged must be smooth in log(p / (1 - p)) and, for p below
    1 / ``reach``, or within 1 / ``reach`` of 1, hardly differ from what it is at the end. In that variable a beta
    density falls off as exp(a v) on the left and exp(-b v) on the right. Small a or b make the tails long; the nodes
    that lie where nothing changes any more are a geometric series, and its sum goes to the end. What is averaged may be
    ``reach`` times as large there as elsewhere.

    >>> p, share, at_zero, at_one = beta_nodes(0.5, np.array([1.5]), reach=1.0)
    >>> round(float(np.sum(share * p) + at_one[0]), 12)      # the mean is a / (a + b)
    0.25
    """
    from scipy.special import expit, log_expit

    b = np.asarray(b, dtype=float)[:, np.newaxis]

    def height(v):
        return a * log_expit(v) + b * log_expit(-v)

    middle = np.log(a) - np.log(b)
    end = 40 + np.log1p(reach)  # exp(-40) of anything adds nothing to a float
    left, cut_left = _edge(height, middle, -np.maximum(end + middle, 10.0), end)
    right, cut_right = _edge(height, middle, np.maximum(end - middle, 10.0), end)
    steps = max(40, int(np.ceil(np.max(right - left) / 0.25)))
    step = (right - left) / steps
    v = left + step * np.arange(steps + 1)
    density = np.exp(height(v) - height(middle))
    at_zero = np.where(cut_left, density[:, :1] / np.expm1(np.minimum(a * step, 700.0)), 0.0)
    at_one = np.where(cut_right, density[:, -1:] / np.expm1(np.minimum(b * step, 700.0)), 0.0)
    total = density.sum(axis=1, keepdims=True) + at_zero + at_one
    return expit(v), density / total, (at_zero / total)[:, 0], (at_one / total)[:, 0]


def _edge(height, middle, furthest, enough):
    """Where a log-density has fallen by ``enough`` below its top, by bisection, or the furthest point; and which."""
    near, far = np.zeros_like(middle), furthest
    cut = height(middle) - height(middle + far) < enough
    for _ in range(20):
        half = (near + far) / 2
        fallen = height(middle) - height(middle + half) > enough
        near, far = np.where(fallen, near, half), np.where(fallen, half, far)
    return middle + np.where(cut, furthest, far), cut


def laplace_nodes(slowest: float, fastest: float):
    """Nodes z and weights such that sums over them of exp(-y z) f(z) are integrals from 0 to infinity.

    They serve every y from ``slowest`` > 0 up, and every f that is smooth in log z, begins at f(0) = 1 and then falls
    by ``fastest`` per unit at most, y included.

    >>> z, weight = laplace_nodes(0.01, 5.0)
    >>> [round(float(np.sum(weight * np.exp(-y * z))), 12) for y in (0.01, 5.0)]
    [100.0, 0.2]
    """
    step = 0.25
    first, last = -np.log(fastest + 1) - 20, np.log(45 / slowest)
    z = np.exp(np.arange(first, last + step, step))
    weight = step * z
    weight[0] += step * z[0] / np.expm1(step)  # nodes below the first, where f is 1
    return z, weight


@functools.cache
def unit_nodes(count: int):
    """Gauss-Legendre nodes and weights on 0..1.

    >>> u, weight = unit_nodes(5)
    >>> round(float(np.sum(weight * u**9)), 12)
    0.1
    """
    u, weight = np.polynomial.legendre.leggauss(count)
    return (u + 1) / 2, weight / 2


def log_beta_ratio(a: float, b: float, k: np.ndarray) -> np.ndarray:
    """Logarithm of B(a, b + k) / B(a, b): the mean of (1 - p)**k under beta(a, b).

    >>> round(float(np.exp(log_beta_ratio(1.0, 2.0, np.array([3.0])))[0]), 12)      # b / (b + k) for a = 1
    0.4
    """
    from scipy.special import betaln

    return betaln(a, b + k) - betaln(a, b)


def polynomials(function, top: float):
    """Smooth functions of s on 0..top as polynomials that are cheap to evaluate: a function of (row, s), or None.

    ``function(s)`` gives a row for each of the functions and a column for each s, and is asked at Chebyshev points, more
    and more until the last coefficients are rounding errors (Trefethen 2013, Approximation Theory and Approximation
    Practice). None where 513 points are not enough.

    >>> made = polynomials(lambda s: np.exp(np.array([[1.0], [2.0]]) * s), top=3.0)
    >>> made(np.array([0, 1]), np.array([1.5, 1.5])).round(10).tolist()      # exp(1.5) and exp(3)
    [4.4816890703, 20.0855369232]
    """
    for degree in (32, 64, 128, 256, 512):
        nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
        values = function((nodes + 1) / 2 * top)
        waves = np.cos(np.outer(np.arange(degree + 1), np.arccos(nodes)))
        coefficients = values @ waves.T * (2 / (degree + 1))
        coefficients[:, 0] /= 2
        size = np.abs(coefficients)
        if (size[:, -4:].max(axis=1) <= 2e-15 * np.maximum(size.max(axis=1), 1.0)).all():
            return lambda row, s: _clenshaw(coefficients.T[:, row], 2 * s / top - 1)
    return None


def _clenshaw(coefficients, u):
    """The sum of the Chebyshev polynomials at u, from the highest down."""
    after, last = np.zeros_like(u), np.zeros_like(u)
    for coefficient in coefficients[:0:-1]:
        after, last = 2 * u * after - last + coefficient, after
    return u * after - last + coefficients[0]
