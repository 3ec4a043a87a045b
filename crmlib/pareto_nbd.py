"""Pareto/NBD: a living customer buys at a rate of their own and stops for good at a moment of their own.

Rates differ between customers as a gamma(r, alpha); rates of stopping, which nobody sees, as a gamma(s, beta). Unlike in
BG/NBD customers stop whether they buy or not.

Schmittlein, Morrison & Colombo (1987), Counting Your Customers, Management Science 33(1), 1-24; formulas in Fader &
Hardie (2005), A Note on Deriving the Pareto/NBD Model, brucehardie.com/notes/009.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crmlib import dropout
from crmlib.fitting import check_parameters
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
        """Log of the odds that a customer stopped between t_x and T, to being alive at T; in slices, to save memory."""
        parts = [slice(at, at + 4096) for at in range(0, len(x), 4096)]
        every = [_stopped(self.r, self.alpha, self.s, self.beta, x[k], t_x[k], T[k], nodes=64)[0] for k in parts]
        return np.concatenate([np.zeros(0), *every])

    def _log_likelihood(self, x, t_x, T):
        from scipy.special import gammaln

        seen = gammaln(self.r + x) - gammaln(self.r) - self.r * np.log1p(T / self.alpha) - x * np.log(self.alpha + T)
        return seen - self.s * np.log1p(T / self.beta) + np.logaddexp(0.0, self._log_odds(x, t_x, T))

    def _objective(self, x, t_x, T, weight):
        return _likelihood(x, t_x, T, weight)

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
    crmlib.errors.FitError: Pareto/NBD has 4 parameters and needs more customers with a purchase than 2.
    """
    return fit_purchases(
        ParetoNBD, "Pareto/NBD", customers, start=start, starts=_starts, likelihood=_likelihood, why=_why
    )


def _starts(x, weight):
    r, alpha = dropout.starts(x, weight)[0][:2]
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


def _stopped(r, alpha, s, beta, x, t_x, T, *, nodes):
    """Log of the odds that a customer stopped between t_x and T, to being alive at T; and its four derivatives.

    The odds are the integral over t from t_x to T of s / (beta + t) * ((alpha + T) / (alpha + t)) ** (r + x)
    * ((beta + T) / (beta + t)) ** s. In w = log((m + t) / (m + t_x)), m the smaller of alpha and beta, the integrand
    has no singularity nearer than pi to the real line, and its logarithm is concave. So it falls ever faster; the
    interval ends where it has fallen by 40.
    """
    rate, m = r + x, min(alpha, beta)
    a_0, b_0, m_0 = alpha + t_x, beta + t_x, m + t_x
    with np.errstate(divide="ignore"):
        end = np.log1p((T - t_x) / m_0)
    log_a, log_b = np.log1p((T - t_x) / a_0), np.log1p((T - t_x) / b_0)
    fall = rate * log_a + (s + 1) * log_b - end
    far = np.flatnonzero(fall > 40)
    if len(far):
        end[far] = _where_fallen(rate[far], s, a_0[far], b_0[far], m_0[far], end[far], fall[far])
    total, d_r, d_alpha, d_s, d_beta = np.zeros((5, len(x)))
    for u, weight in zip(*unit_nodes(nodes), strict=True):
        w = end * u
        later = m_0 * np.expm1(w)
        past_a = w if alpha <= beta else np.log1p(later / a_0)
        past_b = w if beta <= alpha else np.log1p(later / b_0)
        share = weight * np.exp(w - rate * past_a - (s + 1) * past_b)
        total += share
        d_r += share * past_a
        d_s += share * past_b
        d_alpha += share / (a_0 + later)
        d_beta += share / (b_0 + later)
    with np.errstate(divide="ignore"):
        log_odds = np.log(total * end * m_0) + np.log(s / b_0) + rate * log_a + s * log_b
    slopes = (
        log_a - d_r / total,
        rate * (1 / (alpha + T) - d_alpha / total),
        1 / s + log_b - d_s / total,
        s / (beta + T) - (s + 1) * d_beta / total,
    )
    return log_odds, slopes


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


def _likelihood(x, t_x, T, w):
    """For distinct histories: the log-likelihood and its gradient as a function of (r, alpha, s, beta)."""
    from scipy.special import digamma, gammaln

    each_x, at = np.unique(x, return_inverse=True)
    w_x = np.bincount(at, w)
    each_T, to_T = np.unique(T, return_inverse=True)
    w_T, wx_T = np.bincount(to_T, w), np.bincount(to_T, w * x)
    n = np.sum(w)
    gap = (T - t_x) > 0  # who bought on the last day cannot have stopped
    x2, t2, T2, w2 = x[gap], t_x[gap], T[gap], w[gap]

    def log_likelihood(parameters):
        r, alpha, s, beta = parameters
        log_a, log_b = np.log(alpha + each_T), np.log(beta + each_T)
        value = np.dot(w_x, gammaln(r + each_x) - gammaln(r)) + n * (r * np.log(alpha) + s * np.log(beta))
        value -= r * np.dot(w_T, log_a) + np.dot(wx_T, log_a) + s * np.dot(w_T, log_b)
        d_r = np.dot(w_x, digamma(r + each_x) - digamma(r)) + n * np.log(alpha) - np.dot(w_T, log_a)
        d_alpha = n * r / alpha - np.dot(r * w_T + wx_T, 1 / (alpha + each_T))
        d_s = n * np.log(beta) - np.dot(w_T, log_b)
        d_beta = n * s / beta - s * np.dot(w_T, 1 / (beta + each_T))
        gradient = np.array([d_r, d_alpha, d_s, d_beta])

        end = np.log1p((T2 - t2) / (min(alpha, beta) + t2))
        hard = ((r + x2) * np.log1p((T2 - t2) / (alpha + t2)) > 6) | (end > 3)
        for some, nodes in ((~hard, 12), (hard, 32)):
            if some.any():
                log_odds, slopes = _stopped(*parameters, x2[some], t2[some], T2[some], nodes=nodes)
                value += np.dot(w2[some], np.logaddexp(0, log_odds))
                dead = w2[some] / (1 + np.exp(-np.maximum(log_odds, -700)))
                gradient += [np.dot(dead, slope) for slope in slopes]
        return value, gradient

    return log_likelihood
