"""Pareto/NBD: a living customer buys at a rate of their own and stops for good at a moment of their own.

Rates differ between customers as a gamma(r, alpha); rates of stopping, which nobody sees, as a gamma(s, beta). Unlike
in BG/NBD customers stop whether they buy or not.

Schmittlein, Morrison & Colombo (1987), Counting Your Customers, Management Science 33(1), 1-24; formulas in Fader &
Hardie (2005), A Note on Deriving the Pareto/NBD Model, brucehardie.com/notes/009.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmlib import dropout
from crmlib.fitting import cells, check_parameters
from crmlib.purchase_model import PurchaseModel, fit_purchases
from crmlib.quadrature import laplace_nodes, unit_nodes

__all__ = ["ParetoNBD", "fit_pareto_nbd"]


@dataclass(frozen=True)
class ParetoNBD(PurchaseModel):
    """The Pareto/NBD model; its methods read the columns x, t_x and T of a customer table: see `PurchaseModel`.

    r / alpha is the mean rate of purchases, s / beta that of stopping. ``alpha`` and ``beta`` carry the unit of time.

    No hypergeometric function is used: what they stand for is an integral over the moment of stopping, taken by
    Gauss-Legendre quadrature in a variable that stretches with the history. So all is exact to rounding, also for a
    thousand purchases in a year and at s = 1, where the printed formulas have no value. `dert` needs s > 1 without
    discounting.

    >>> paper = ParetoNBD(r=0.553, alpha=10.578, s=0.606, beta=11.669)      # CDNOW, weeks; Table 2 of the BG/NBD paper
    >>> import pandas as pd
    >>> two = pd.DataFrame({"x": [2, 0], "t_x": [30.43, 0.0], "T": [38.86, 38.86]})
    >>> paper.score(two, horizon=39).round(3)
       x    t_x      T  p_alive  expected_purchases
    0  2  30.43  38.86    0.869               1.455
    1  0   0.00  38.86    0.295               0.107
    """

    r: float
    alpha: float
    s: float
    beta: float

    def __post_init__(self):
        check_parameters(self)

    def _log_odds(self, x, t_x, T):
        """Log of the odds that a customer stopped between t_x and T, to being alive at T."""
        distinct, cell = cells(x, t_x, T)
        share = _integrals((self.r, self.alpha, self.s, self.beta), *distinct)[0][cell]
        with np.errstate(divide="ignore"):  # who bought on the last day cannot have stopped
            odds = np.log(share) + (self.r + x) * np.log1p((T - t_x) / (self.alpha + t_x))
        return odds + self.s * np.log1p((T - t_x) / (self.beta + t_x))

    def _log_likelihood(self, x, t_x, T):
        from scipy.special import gammaln

        seen = gammaln(self.r + x) - gammaln(self.r) - self.r * np.log1p(T / self.alpha) - x * np.log(self.alpha + T)
        return seen - self.s * np.log1p(T / self.beta) + np.logaddexp(0.0, self._log_odds(x, t_x, T))

    def _objective(self, counted):
        return _likelihood(counted)

    def _p_alive(self, x, t_x, T):
        from scipy.special import expit

        return expit(-self._log_odds(x, t_x, T))

    def _if_alive(self, x, T, lasting):
        rate = (self.r + x) / (self.alpha + T)
        return rate[:, np.newaxis] * self._living_time((self.beta + T)[:, np.newaxis], lasting)

    def _living_time(self, waited, lasting):
        """How much of the time ahead a living customer is expected to live, for rates of stopping gamma(s, waited)."""
        from scipy.special import exprel

        log_growth = np.log1p(lasting / waited)
        return waited * log_growth * exprel((1 - self.s) * log_growth)

    def _new(self, lasting):
        return self.r / self.alpha * self._living_time(self.beta, lasting)

    def _pmf(self, n, lasting):
        """Alive at the end with n purchases, or stopped at any moment before it with n."""
        from scipy.special import expit, gammaln, log_expit

        if lasting == 0:
            return np.where(n == 0, 1.0, 0.0)
        # moments as shares of the time, log(share / (1 - share)) in steps of 0.2, to where nothing is left
        low = 45 + np.log1p(lasting / min(self.alpha, self.beta))
        v = np.arange(-low, 45.0, 0.2)
        log_time = np.log(lasting) + log_expit(v)
        moment = lasting * expit(v)
        of_moment = np.log(0.2 * self.s) + log_time + log_expit(-v) - np.log(self.beta + moment)
        of_moment -= self.s * np.log1p(moment / self.beta)
        log_time, moment = np.append(log_time, np.log(lasting)), np.append(moment, lasting)
        of_moment = np.append(of_moment, -self.s * np.log1p(lasting / self.beta))
        total = np.zeros(len(n))
        for i, count in enumerate(n):  # a chance a moment, so counts one by one keep the memory small
            bought = gammaln(self.r + count) - gammaln(self.r) - gammaln(count + 1)
            bought -= self.r * np.log1p(moment / self.alpha)
            bought += count * (log_time - np.log(self.alpha + moment))
            total[i] = np.sum(np.exp(of_moment + bought))
        return np.minimum(total, 1.0)

    def _endless(self):
        return self.s <= 1

    def _dert_if_alive(self, x, T, delta):
        """Rate times the discounted time that a living customer is expected to live: the mean of 1 / (mu + delta)."""
        waited = self.beta + T
        if delta == 0:
            time = waited / (self.s - 1)
        else:
            y = delta * waited
            z, weight = laplace_nodes(y.min(), y.max() + self.s)
            time = waited * (np.exp(-y[:, np.newaxis] * z) @ (weight * np.exp(-self.s * np.log1p(z))))
        return (self.r + x)[:, np.newaxis] * (time / (self.alpha + T))


def fit_pareto_nbd(customers, *, start=None) -> ParetoNBD:
    """Fit a Pareto/NBD by maximum likelihood; what it reads and raises is as in `crmlib.bgnbd.fit_bgnbd`.

    ``start`` may give (r, alpha, s, beta) to search from first.

    >>> import pandas as pd
    >>> fit_pareto_nbd(pd.DataFrame({"x": [1, 0], "t_x": [3, 0], "T": [9, 8]}))
    Traceback (most recent call last):
        ...
    crmlib.errors.FitError: Pareto/NBD has 4 parameters and needs more customers with a purchase than 2; take in more.
    """
    return fit_purchases(
        ParetoNBD, "Pareto/NBD", customers, start=start, starts=_starts, likelihood=_likelihood, why=_why
    )


def _starts(counted):
    r, alpha = dropout.starts(counted)[0][:2]
    return [np.array([r, alpha, 0.7, 0.7]), np.ones(4)]


def _why(parameters):
    r, _, s, beta = parameters
    if s / beta < 0.01:
        return "hardly anybody seems to have stopped buying"
    if s > 1e3:
        return "customers seem to be all alike in how soon they stop"
    if r > 1e3:
        return "customers buy at rates that differ no more than chance would make them"
    return "there are too few or too similar histories"


def _stopping(r, alpha, s, beta, x, t, until, *, nodes):
    """Chance to stop between t and ``until``, among those alive at t, without a purchase; and its four derivatives.

    Rates are gamma(r + x, alpha + t) and gamma(s, beta + t) there, so it is the integral over tau from t to until of
    s / (beta + tau) * ((alpha + t) / (alpha + tau)) ** (r + x) * ((beta + t) / (beta + tau)) ** s. In
    w = log((m + tau) / (m + t)), m the smaller of alpha and beta, the integrand has no singularity nearer than pi to
    the real line, and its logarithm is concave. So it falls ever faster; the interval ends where it has fallen by 40.
    """
    rate, m = r + x, min(alpha, beta)
    a_0, b_0, m_0 = alpha + t, beta + t, m + t
    end = np.log1p((until - t) / m_0)
    fall = rate * np.log1p((until - t) / a_0) + (s + 1) * np.log1p((until - t) / b_0) - end
    far = np.flatnonzero(fall > 40)
    if len(far):
        end[far] = _where_fallen(rate[far], s, a_0[far], b_0[far], m_0[far], end[far], fall[far])
    u, weight = unit_nodes(nodes)
    sums = np.empty((5, len(x)))
    block = max(1, 32768 // nodes)  # what fits into the cache of a processor
    for some in (slice(at, at + block) for at in range(0, len(x), block)):
        a, b = a_0[some], b_0[some]
        w = u[:, np.newaxis] * end[some]
        later = m_0[some] * np.expm1(w)
        past_a = w if alpha <= beta else np.log1p(later / a)
        past_b = w if beta <= alpha else np.log1p(later / b)
        share = weight[:, np.newaxis] * np.exp(w - rate[some] * past_a - (s + 1) * past_b)
        for row, part in enumerate((share, share * past_a, share / (a + later), share * past_b, share / (b + later))):
            sums[row, some] = part.sum(axis=0)  # BLAS would give equal customers different last digits
    total, d_r, d_alpha, d_s, d_beta = sums
    scale = end * m_0 * s / b_0
    slopes = (-d_r, rate * (total / a_0 - d_alpha), total / s - d_s, s * total / b_0 - (s + 1) * d_beta)
    return scale * total, [scale * slope for slope in slopes]


def _where_fallen(rate, s, a_0, b_0, m_0, w, fall):
    """Where the integrand has fallen by 40, from the far end back by Newton's steps, which never pass it."""
    for _ in range(50):
        grown = m_0 * np.exp(w)
        later = m_0 * np.expm1(w)
        step = (fall - 40) / (rate * grown / (a_0 + later) + (s + 1) * grown / (b_0 + later) - 1)
        w = w - step
        if (step < 0.03 * w).all():
            break
        later = m_0 * np.expm1(w)
        fall = rate * np.log1p(later / a_0) + (s + 1) * np.log1p(later / b_0) - w
    return w


def _likelihood(counted):
    """The log-likelihood of (r, alpha, s, beta) and its gradient, for `Counted` histories.

    The chance to stop between t_x and T is that to stop between t_x and the greatest T of all, less what of it lies
    after T. So the integral is needed for the distinct (x, t_x) and (x, T) only. Nothing is lost in the difference, for
    it is added to the chance of being alive at T, and the part taken off is less than that.
    """
    from scipy.special import digamma, gammaln

    x, t, size = counted.x, counted.t, len(counted.x)
    each_x, at = np.unique(x, return_inverse=True)
    w_T = np.bincount(counted.end, counted.weight, size)  # customers by x and T
    w_x = np.bincount(at, w_T)
    n, latest = np.sum(w_x), t.max()

    def log_likelihood(parameters):
        r, alpha, s, beta = parameters
        log_a, log_b = np.log(alpha + t), np.log(beta + t)
        log_alive = -(r + x) * log_a - s * log_b
        slopes = np.array([-log_a, -(r + x) / (alpha + t), -log_b, -s / (beta + t)])
        stopping, changes = _integrals(parameters, x, t, latest)
        # as if all were alive at T
        value = np.dot(w_x, gammaln(r + each_x) - gammaln(r)) + n * (r * np.log(alpha) + s * np.log(beta))
        value += np.dot(w_T, log_alive)
        gradient = n * np.array([np.log(alpha), r / alpha, np.log(beta), s / beta]) + slopes @ w_T
        gradient[0] += np.dot(w_x, digamma(r + each_x) - digamma(r))
        # and what it adds that they may have stopped before: the odds to being alive are `more` - 1
        by_last, by_end, moved = np.zeros((3, size))
        for some in counted.slices():
            last, end, weight = counted.last[some], counted.end[some], counted.weight[some]
            ahead = log_alive[last] - log_alive[end]
            scale = np.maximum(ahead, 0)  # who bought a thousand times and then nothing: exp would overflow
            grown, one = np.exp(ahead - scale), np.exp(-scale)
            dead = stopping[last] * grown
            more = dead + one * (1 - stopping[end])
            value += np.dot(weight, np.log(more) + scale)
            weight = weight / more
            by_last += np.bincount(last, weight * grown, size)
            by_end += np.bincount(end, weight * one, size)
            moved += np.bincount(last, weight * dead, size) - np.bincount(end, weight * dead, size)
        gradient += changes @ (by_last - by_end) + slopes @ moved
        return value, gradient

    return log_likelihood


def _integrals(parameters, x, t, until):
    """`_stopping` and its derivatives, with as many nodes as each history needs to be exact to rounding."""
    r, alpha, s, beta = parameters
    until = np.broadcast_to(until, t.shape)
    end = np.log1p((until - t) / (min(alpha, beta) + t))
    fall = (r + x) * np.log1p((until - t) / (alpha + t)) + s * np.log1p((until - t) / (beta + t))
    need = np.where((fall < 3) & (end < 2), 0, np.where((fall < 10) & (end < 4), 1, np.where(end < 6, 2, 3)))
    stopping, changes = np.empty(len(x)), np.empty((4, len(x)))
    for class_, nodes in enumerate((10, 16, 24, 48)):
        some = np.flatnonzero(need == class_)
        if len(some):
            stopping[some], changes[:, some] = _stopping(*parameters, x[some], t[some], until[some], nodes=nodes)
    return stopping, changes
