"""Customers who may stop for good right after a purchase: what BG/NBD and MBG/NBD compute.

Chances to stop differ between customers as a beta(a, b). ``first`` is 0 where nobody stops at the first purchase
(BG/NBD) and 1 where that may be as well (MBG/NBD): a customer with x repeat purchases has had x + first occasions.
"""

from __future__ import annotations

import numpy as np

from crmlib.purchase_model import PurchaseModel
from crmlib.quadrature import beta_nodes, laplace_nodes, log_beta_ratio, polynomials

__all__ = ["Dropout", "MERGED", "likelihood", "starts", "why"]


class Dropout(PurchaseModel):
    """A purchase model with the parameters r, alpha, a, b and the number ``_first``."""

    def _log_odds(self, x, t_x, T):
        """Log of the odds that a customer stopped right after t_x, to having lived on to T."""
        occasions = x + self._first
        with np.errstate(divide="ignore"):  # who had no occasion cannot have stopped
            stopped = np.log(np.where(occasions > 0, self.a / (self.b + np.maximum(occasions - 1, 0)), 0.0))
        return stopped + (self.r + x) * np.log1p((T - t_x) / (self.alpha + t_x))

    def _log_likelihood(self, x, t_x, T):
        from scipy.special import gammaln

        seen = gammaln(self.r + x) - gammaln(self.r) - self.r * np.log1p(T / self.alpha) - x * np.log(self.alpha + T)
        seen += log_beta_ratio(self.a, self.b, x + self._first)
        return seen + np.logaddexp(0.0, self._log_odds(x, t_x, T))

    def _objective(self, counted):
        return likelihood(self._first)(counted)

    def _p_alive(self, x, t_x, T):
        from scipy.special import expit

        return expit(-self._log_odds(x, t_x, T))

    def _if_alive(self, x, T, lasting):
        """Expected purchases of living customers: rates gamma(r + x, alpha + T), chances p to stop beta(a, b + x).

        For a known p it is (1 - (1 + p z)**-(r + x)) / p with z = lasting / (alpha + T). The mean of that over p needs
        no hypergeometric function and no division by a - 1, and it is a sum of positive terms. Shape: x by lasting.
        """
        if len(x) == 0 or len(lasting) == 0:
            return np.zeros((len(x), len(lasting)))
        some_x, at = np.unique(x, return_inverse=True)
        z = lasting / (self.alpha + T)[:, np.newaxis]
        rate, occasions = self.r + some_x, some_x + self._first
        p, share, at_zero, at_one = beta_nodes(self.a, self.b + occasions, np.max(rate) * np.max(z))

        def of_living(row, z):
            k = rate[row, np.newaxis]
            total = at_zero[row, np.newaxis] * k * z - at_one[row, np.newaxis] * np.expm1(-k * np.log1p(z))
            for node in range(p.shape[1]):  # a loop over ~200 nodes keeps the memory at a few numbers a customer
                stop = p[row, node, np.newaxis]
                total -= share[row, node, np.newaxis] / stop * np.expm1(-k * np.log1p(stop * z))
            return total

        # for each x it is one function of z: with many times T, a polynomial in s = log(1 + z) is far cheaper
        s, every = np.log1p(z), np.arange(len(some_x))
        if z.size > 100 * len(some_x) and s.max() > 0:
            logs = polynomials(lambda s: np.log(of_living(every, np.expm1(s)[np.newaxis]) / s), s.max())
            if logs:
                return s * np.exp(logs(at[:, np.newaxis], s))
        return of_living(at, z)

    def _new(self, lasting):
        alive = self.b / (self.a + self.b) if self._first else 1.0
        return alive * self._if_alive(np.zeros(1), np.zeros(1), lasting)[0]

    def _pmf(self, n, lasting):
        """Alive with n purchases, or stopped at the last of n after which the rate would have brought more."""
        from scipy.special import betainc, xlogy, gammaln

        occasions = n + self._first
        share, rest = lasting / (self.alpha + lasting), self.alpha / (self.alpha + lasting)
        at_n = gammaln(self.r + n) - gammaln(self.r) - gammaln(n + 1) + xlogy(n, share) + xlogy(self.r, rest)
        alive = np.exp(at_n + log_beta_ratio(self.a, self.b, occasions))
        had = np.maximum(occasions - 1, 0)
        stopped = np.exp(log_beta_ratio(self.a, self.b, had)) * self.a / (self.a + self.b + had)
        n_or_more = np.where(n > 0, betainc(np.maximum(n, 1), self.r, share), 1.0)
        return alive + np.where(occasions > 0, stopped * n_or_more, 0.0)

    def _endless(self):
        return self.a <= 1

    def _dert_if_alive(self, x, T, delta):
        """Discounted purchases of living customers: the mean of rate / (rate p + delta). Shape: x by T.

        It is the integral over time of the expected rate, exp(-delta t) times the mean over p of
        (r + x) / (alpha + T) * (1 + p t / (alpha + T)) ** -(r + x + 1); in z = t / (alpha + T) the mean depends on x
        alone and the discount on T alone.
        """
        if delta == 0:  # each customer makes 1 / p more purchases on average
            mean = (self.a + self.b + x + self._first - 1) / (self.a - 1)
            return np.repeat(mean[:, np.newaxis], len(T), axis=1)
        y, shape = delta * (self.alpha + T), self.r + x
        z, weight = laplace_nodes(y.min(), y.max() + shape.max() + 1)
        p, share, at_zero, at_one = beta_nodes(self.a, self.b + x + self._first, (shape.max() + 1) * z[-1])
        lasting = np.empty((len(x), len(z)))
        for row in range(len(x)):
            of_p = np.exp(-(shape[row] + 1) * np.log1p(p[row][:, np.newaxis] * z))
            lasting[row] = at_zero[row] + share[row] @ of_p + at_one[row] * np.exp(-(shape[row] + 1) * np.log1p(z))
        return shape[:, np.newaxis] * (lasting @ (weight[:, np.newaxis] * np.exp(-z[:, np.newaxis] * y)))


# From the top of histories merged so far, two steps with exact second derivatives settle on that of all; in mean T.
MERGED = 0.04


def starts(counted):
    """Where the search begins: from the mean and variance of x, as if nobody ever stopped; T is 1 on average."""
    x, share = counted.x[counted.last], counted.weight / counted.weight.sum()
    mean = np.sum(share * x)
    excess = np.sum(share * (x - mean) ** 2) - mean
    r = np.clip(mean**2 / excess, 0.1, 10.0) if excess > 0 else 10.0
    return [np.array([r, r / mean, 1.0, 3.0]), np.ones(4)]


def why(parameters):
    """What the customers seem to lack where the likelihood has no maximum."""
    r, _, a, b = parameters
    if a / (a + b) < 0.01:
        return "hardly anybody seems to have stopped buying"
    if a + b > 1e3:
        return "customers seem to be all alike in how soon they stop"
    if r > 1e3:
        return "customers buy at rates that differ no more than chance would make them"
    return "there are too few or too similar histories"


def likelihood(first):
    """A function that makes, of `Counted` histories, the log-likelihood of (r, alpha, a, b), with its gradient and its
    second derivatives."""

    def of(counted):
        from scipy.special import digamma, gammaln, zeta

        x, t, size = counted.x, counted.t, len(counted.x)
        each_x, at = np.unique(x, return_inverse=True)
        w_T = np.bincount(counted.end, counted.weight, size)  # customers by x and T
        w_x = np.bincount(at, w_T)
        k = each_x + first
        had = np.maximum(k - 1, 0)
        n = np.sum(w_x)

        def log_likelihood(parameters):
            r, alpha, a, b = parameters
            rate, log_t, per_t = r + x, np.log(alpha + t), 1 / (alpha + t)
            # as if all were alive at T
            by_x = gammaln(r + each_x) - gammaln(r) - gammaln(a + b + k) + gammaln(a + b) + gammaln(b + k) - gammaln(b)
            value = np.dot(w_x, by_x) + n * r * np.log(alpha) - np.dot(w_T, rate * log_t)
            d_r = np.dot(w_x, digamma(r + each_x) - digamma(r)) + n * np.log(alpha) - np.dot(w_T, log_t)
            d_alpha = n * r / alpha - np.dot(w_T, rate * per_t)
            d_a = np.dot(w_x, digamma(a + b) - digamma(a + b + k))
            d_b = d_a + np.dot(w_x, digamma(b + k) - digamma(b))
            d_rr = np.dot(w_x, zeta(2, r + each_x) - zeta(2, r))  # the derivative of digamma is zeta(2, .)
            d_r_alpha = n / alpha - np.dot(w_T, per_t)
            d_alpha_alpha = np.dot(w_T, rate * per_t**2) - n * r / alpha**2
            d_aa = d_ab = np.dot(w_x, zeta(2, a + b) - zeta(2, a + b + k))
            d_bb = d_aa + np.dot(w_x, zeta(2, b + k) - zeta(2, b))
            # and what it adds that they may have stopped right after t_x, from the odds dead : alive
            log_stop, per_b = np.where(k > 0, np.log(a / (b + had)), -np.inf)[at], 1 / (b + had)[at]
            gradient, squares = np.zeros(4), np.zeros((4, 4))
            for some in counted.slices():
                last, end, weight = counted.last[some], counted.end[some], counted.weight[some]
                of_rate, per_T, per_t_x, of_b = rate[last], per_t[end], per_t[last], per_b[last]
                silent = log_t[end] - log_t[last]
                log_odds = log_stop[last] + of_rate * silent
                small = np.exp(-np.abs(log_odds))
                value += np.dot(weight, np.maximum(log_odds, 0) + np.log1p(small))
                dead = weight * np.where(log_odds > 0, 1.0, small) / (1 + small)
                slopes = np.array([silent, of_rate * (per_T - per_t_x), np.full(len(last), 1 / a), -of_b])
                gradient += slopes @ dead
                squares += (weight * small / (1 + small) ** 2 * slopes) @ slopes.T
                d_r_alpha += np.dot(dead, per_T - per_t_x)
                d_alpha_alpha -= np.dot(dead, of_rate * (per_T**2 - per_t_x**2))
                d_aa -= np.sum(dead) / a**2
                d_bb += np.dot(dead, of_b**2)
            second = [[d_rr, d_r_alpha, 0, 0], [d_r_alpha, d_alpha_alpha, 0, 0], [0, 0, d_aa, d_ab], [0, 0, d_ab, d_bb]]
            return value, gradient + [d_r, d_alpha, d_a, d_b], squares + second

        return log_likelihood

    return of
