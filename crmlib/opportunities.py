"""Histories of chances to buy that come once a period, and how likely they are: what BG/BB and the beta-binomial share.

A history is the x opportunities used of n, the last one being number t_x. All of a likelihood is in rising factorials
(a)_k = a (a + 1) .. (a + k - 1), as sums of logarithms, which are exact for large parameters and many opportunities.
"""

from __future__ import annotations

import numpy as np

from crmlib.errors import DataError
from crmlib.fitting import Histories, in_memory, numbers, weights

__all__ = [
    "MOST", "likelihood", "log_lives", "log_uses", "log_ways", "opportunity_histories", "sum_of_lives",
    "uses_likelihood",
]  # fmt: skip

MOST = 10_000  # opportunities: 27 years of days. What counts more is time, and a matter for BG/NBD


def opportunity_histories(customers, *, error=DataError):
    """Columns x, t_x, n, as `fitting.histories` reads x, t_x, T."""
    frame = in_memory(customers, ["x", "t_x", "n"])
    x, t_x, n = (numbers(frame, name) for name in ("x", "t_x", "n"))
    known = ~(np.isnan(x) & np.isnan(t_x) & np.isnan(n))
    weight = weights(frame, known, error=error)

    def whole(values):
        return (values >= 0) & (values == np.floor(values)) & np.isfinite(values)

    rules = (
        (whole(x) & whole(t_x) & whole(n), "x, t_x and n are whole numbers from 0 up"),
        (n <= MOST, f"n counts opportunities, and more than {MOST:,} are a matter of time, for BG/NBD"),
        (t_x <= n, "t_x is the number of the last opportunity used, so it is n at most"),
        (x <= t_x, "x opportunities up to number t_x were used, so x is t_x at most"),
        ((x > 0) == (t_x > 0), "t_x is 0 for those who used none, and only for them"),
    )
    for holds, rule in rules:
        wrong = known & ~holds
        if wrong.any():
            row = int(np.argmax(wrong))
            found = f"x = {x[row]:g}, t_x = {t_x[row]:g}, n = {n[row]:g}"
            raise error(f"Row {row} (from 0) of the customer table cannot be: {found}; {rule}.")
    return Histories((x[known], t_x[known], n[known]), weight[known], known)


def _rising(a, most):
    """Logarithms of (a)_0 .. (a)_most."""
    return np.concatenate([[0.0], np.cumsum(np.log(a + np.arange(most)))])


def _slope(a, most):
    """Their derivatives in a."""
    return np.concatenate([[0.0], np.cumsum(1 / (a + np.arange(most)))])


def log_uses(x, lived, model):
    """Log of the mean chance to use x given ones of ``lived`` opportunities: B(alpha + x, beta + lived - x) / B(..)."""
    x, lived = np.broadcast_arrays(np.asarray(x, dtype=np.int64), np.asarray(lived, dtype=np.int64))
    most = int(lived.max(initial=0))
    a, b, ab = (_rising(one, most) for one in (model.alpha, model.beta, model.alpha + model.beta))
    return a[x] + b[lived - x] - ab[lived]


def log_lives(lived, n, model):
    """Log of the mean chance to be alive at ``lived`` opportunities and no more, or at all ``n`` where that is n."""
    lived, n = np.asarray(lived, dtype=np.int64), np.asarray(n, dtype=np.int64)
    most = int(n.max(initial=0)) + 1
    d, gd = _rising(model.delta, most), _rising(model.gamma + model.delta, most)
    stopped = lived < n
    return d[lived] - gd[lived + stopped] + np.where(stopped, np.log(model.gamma), 0.0)


def log_ways(count, lived):
    """Log of the number of ways to choose ``count`` of ``lived`` opportunities."""
    from scipy.special import gammaln

    return gammaln(lived + 1) - gammaln(count + 1) - gammaln(lived - count + 1)


def _lives(t_x, n):
    """For each history the numbers of opportunities it can have lived, t_x .. n, all in one array; and where each begins."""
    t_x, n = t_x.astype(np.int64), n.astype(np.int64)
    many = n - t_x + 1
    begin = np.cumsum(many) - many
    history = np.repeat(np.arange(len(n)), many)
    return np.arange(many.sum()) - begin[history] + t_x[history], history, begin


def _log_sums(values, history, begin):
    """Logs of the sums of exp(values) over each history, which nothing can make underflow."""
    top = np.maximum.reduceat(values, begin)
    return top + np.log(np.add.reduceat(np.exp(values - top[history]), begin))


def sum_of_lives(x, t_x, n, model):
    """The log-likelihood of each history, and the part of it in which the customer was alive at n."""
    value = np.empty(len(x))
    for some in _in_pieces(t_x, n):
        lived, history, begin = _lives(t_x[some], n[some])
        terms = log_uses(x[some][history], lived, model) + log_lives(lived, n[some][history], model)
        value[some] = _log_sums(terms, history, begin)
    return value, log_uses(x, n, model) + log_lives(n, n, model)


def _in_pieces(t_x, n, most=4_000_000):
    """Slices of the histories with at most so many lives together, so that memory stays small."""
    piece = (np.cumsum(n - t_x + 1) // most).astype(np.int64)
    edges = [0, *(np.flatnonzero(np.diff(piece)) + 1), len(n)]
    return [slice(first, last) for first, last in zip(edges, edges[1:], strict=False) if last > first]


def likelihood(x, t_x, n, w):
    """The log-likelihood and its gradient as a function of (alpha, beta, gamma, delta), on distinct histories."""
    lived, history, begin = _lives(t_x, n)
    used, most = x.astype(np.int64)[history], int(n.max()) + 1
    stopped = (lived < n[history]).astype(np.int64)

    def log_likelihood(parameters):
        alpha, beta, gamma, delta = parameters
        a, b, ab, d, gd = (_rising(one, most) for one in (alpha, beta, alpha + beta, delta, gamma + delta))
        terms = a[used] + b[lived - used] - ab[lived] + d[lived] - gd[lived + stopped] + stopped * np.log(gamma)
        value = _log_sums(terms, history, begin)
        share = w[history] * np.exp(terms - value[history])
        a, b, ab, d, gd = (_slope(one, most) for one in (alpha, beta, alpha + beta, delta, gamma + delta))
        of_uses, of_lives = ab[lived], gd[lived + stopped]
        slopes = a[used] - of_uses, b[lived - used] - of_uses, stopped / gamma - of_lives, d[lived] - of_lives
        return np.dot(w, value), np.array([np.dot(share, slope) for slope in slopes])

    return log_likelihood


def uses_likelihood(x, n, w):
    """The same for (alpha, beta) of the beta-binomial."""
    used, seen, most = x.astype(np.int64), n.astype(np.int64), int(n.max())

    def log_likelihood(parameters):
        alpha, beta = parameters
        a, b, ab = (_rising(one, most) for one in (alpha, beta, alpha + beta))
        value = np.dot(w, a[used] + b[seen - used] - ab[seen])
        a, b, ab = (_slope(one, most) for one in (alpha, beta, alpha + beta))
        return value, np.array([np.dot(w, a[used] - ab[seen]), np.dot(w, b[seen - used] - ab[seen])])

    return log_likelihood
