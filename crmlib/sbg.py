"""sBG: how long customers stay who must say goodbye, by contract, and renew it or not at the end of each period.

Each customer leaves at every renewal with a chance of their own, theta, and the chances differ between customers as a
beta(alpha, beta). Nobody's loyalty grows, and yet the retention rate of a cohort does: those who leave easily leave first.

Fader & Hardie (2007), How to Project Customer Retention, Journal of Interactive Marketing 21(1), 76-90. The value of who
is still there: Fader & Hardie (2010), Customer-Base Valuation in a Contractual Setting, Marketing Science 29(1), 85-93.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from crmlib.arguments import check_discount
from crmlib.errors import DataError, FitError, quote
from crmlib.fitting import check_parameters, in_memory, maximise, numbers, starting_point
from crmlib.quadrature import beta_nodes
from crmlib.scoring import add_columns

__all__ = ["SBG", "chances_to_last", "discounted_periods", "fit_sbg", "periods_to_come", "whole_periods"]

_LONGEST = 1_000_000  # periods; survival is a product over them


@dataclass(frozen=True)
class SBG:
    """The shifted-beta-geometric model; ``alpha / (alpha + beta)`` of the customers leave at the first renewal.

    Periods count from the start: S(0) = 1, and S(1) is the share that renews for the first time. What a period is, a
    month or a year, is that of the table it was fitted to; ``discount`` is a rate for it.

    >>> regular = SBG(alpha=0.704, beta=1.182)       # Fader & Hardie (2007): the data set "Regular", years
    >>> regular.survival([0, 1, 7, 12]).round(3).tolist()
    [1.0, 0.627, 0.239, 0.17]
    >>> regular.retention_rate([1, 2, 12]).round(3).tolist()
    [0.627, 0.756, 0.945]
    """

    alpha: float
    beta: float

    def __post_init__(self):
        check_parameters(self)

    def survival(self, period):
        """The share of those who began who are there after ``period`` renewals: a float, or an array for a sequence."""
        found = chances_to_last(self.alpha, self.beta, whole_periods(period))
        return found if np.ndim(period) else float(found[0])

    def retention_rate(self, period):
        """Of those there after the renewal before, the share that renews for the ``period``-th time; it starts at 1.

        (beta + period - 1) / (alpha + beta + period - 1), which rises towards 1: a sorting of customers, no more loyalty.
        """
        t = whole_periods(period, least=1) - 1
        found = (self.beta + t) / (self.alpha + self.beta + t)
        return found if np.ndim(period) else float(found[0])

    def log_likelihood(self, cohort) -> np.ndarray:
        """One value a row of a table with ``period`` and ``survivors``; that of period 0 is 0, all sum to the whole.

        A row's value is that of its survivors among those of the row before: survivors * log(rate) + leavers *
        log(1 - rate). Divided by the survivors at the start it is the value a customer of the papers.
        """
        t, alive, order = _cohort(cohort, DataError)
        each = np.zeros(len(t))
        each[1:] = _by_step(t, alive, self.alpha, self.beta)[0]
        found = np.empty(len(t))
        found[order] = each
        return found

    def objective(self, cohort):
        """What a fit to this cohort makes as large as it can, as a function of (alpha, beta): the sum and its gradient."""
        t, alive, _ = _cohort(cohort, DataError)
        return _sum_by_step(t, alive)

    def expected_periods(self, horizon, *, renewals=0):
        """How many of the next ``horizon`` renewals a customer with ``renewals`` behind them is expected to make.

        A float, or an array for a sequence of ``renewals``. Of those who begin, ``1 + expected_periods(n - 1)`` is the
        mean number of periods paid for within n.
        """
        horizon = float(whole_periods(horizon, name="horizon", one=True)[0])
        done = whole_periods(renewals, name="renewals")
        found = periods_to_come(self.alpha, self.beta + done, horizon)
        return found if np.ndim(renewals) else float(found[0])

    def expected_lifetime(self) -> float:
        """Mean number of periods that a new customer stays, the first included: (alpha + beta - 1) / (alpha - 1).

        Raises FitError for alpha <= 1, where it has no end: some stay so long that they outweigh all others. Use
        `median_lifetime`, `expected_periods` or `derl` then, which always have a value.

        >>> SBG(alpha=3.0, beta=5.0).expected_lifetime()
        3.5
        """
        if self.alpha <= 1:
            raise FitError(
                f"This SBG has alpha = {self.alpha:g}, and with alpha <= 1 the mean lifetime has no end; use "
                "median_lifetime(), expected_periods(horizon) or derl(discount=)."
            )
        return (self.alpha + self.beta - 1) / (self.alpha - 1)

    def median_lifetime(self) -> int:
        """The period by whose end half of those who began have left: the smallest with survival of at most one half.

        Raises FitError if that takes more than 1,000,000 periods.

        >>> SBG(alpha=0.668, beta=3.806).median_lifetime()
        7
        """
        length = 64
        while (last := self.survival(length)) > 0.5 and length < _LONGEST:
            length = min(16 * length, _LONGEST)
        if last > 0.5:
            raise FitError(f"After {_LONGEST:,} periods more than half of these customers are still there.")
        return int(np.argmax(self.survival(np.arange(length + 1)) <= 0.5 + 1e-12))  # one half is met but for rounding

    def derl(self, *, discount, renewals=0):
        """Discounted expected residual lifetime: what the renewals still to come are worth, at one unit of money each.

        Seen by somebody who has renewed ``renewals`` times, just before the next renewal falls due: the sum over k = 0,
        1, 2 ... of the chance to renew k + 1 times more / (1 + discount)**k, without end (Fader & Hardie 2010, equation
        6). Times the margin it is the value of a customer's future; of a new one, who pays the first period today, it is
        margin * (1 + derl / (1 + discount)).

        A float, or an array for a sequence of ``renewals``. Raises DataError for a discount of 0 or less, except that 0
        is possible with alpha > 1, where the sum has an end.

        >>> round(SBG(alpha=0.668, beta=3.806).derl(discount=0.1, renewals=7), 2)
        7.53
        """
        done = whole_periods(renewals, name="renewals")
        found = discounted_periods(self.alpha, self.beta + done, discount) * (1 + discount)
        return found if np.ndim(renewals) else float(found[0])

    def score(self, customers, *, horizon=None, discount=None):
        """The table, of any engine, with retention_rate, and given these: expected_periods (horizon), derl (discount).

        ``customers`` has ``renewals``: how often each has renewed. retention_rate is that of the next renewal. Rows
        without a number stay without.

        >>> import pandas as pd
        >>> SBG(alpha=1.0, beta=3.0).score(pd.DataFrame({"renewals": [0, 4]}), horizon=2, discount=0.1).round(3)
           renewals  retention_rate  expected_periods   derl
        0         0           0.750             1.350  3.624
        1         4           0.875             1.653  5.444
        """
        columns = {"retention_rate": partial(self._by_row, lambda done: self.retention_rate(done + 1))}
        if horizon is not None:
            columns["expected_periods"] = partial(
                self._by_row, lambda done: self.expected_periods(horizon, renewals=done)
            )
        if discount is not None:
            columns["derl"] = partial(self._by_row, lambda done: self.derl(discount=discount, renewals=done))
        return add_columns(customers, ["renewals"], columns)

    def _by_row(self, of_renewals, customers):
        done = numbers(in_memory(customers, ["renewals"]), "renewals")
        known = ~np.isnan(done)
        wrong = known & ~((done >= 0) & (done == np.floor(done)) & (done <= _LONGEST))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"Row {row} (from 0) of the customer table cannot be: renewals = {done[row]:g}; it is a whole number from "
                f"0 to {_LONGEST:,}."
            )
        found = np.full(len(done), np.nan)
        some, at = np.unique(done[known], return_inverse=True)
        if len(some):
            found[known] = of_renewals(some)[at]
        return found


def whole_periods(periods, *, name="period", least=0, one=False) -> np.ndarray:
    """A number or a sequence of numbers of periods as whole floats from ``least`` up to a million.

    >>> whole_periods(3).tolist()
    [3.0]
    """
    try:
        found = np.atleast_1d(np.asarray(periods, dtype=float))
    except (TypeError, ValueError):
        found = np.array([np.nan])
    good = (found >= least) & (found <= _LONGEST) & (found == np.floor(found))
    if found.ndim > 1 or not good.all() or (one and np.ndim(periods)):
        more = "" if one else ", or a sequence of such"
        raise DataError(f"{name} is {quote(periods)}; it is a whole number from {least} to {_LONGEST:,}{more}.")
    return found


def chances_to_last(alpha, beta, periods) -> np.ndarray:
    """B(alpha, beta + t) / B(alpha, beta) at whole ``periods`` t: the chance to survive t times if theta is beta.

    >>> chances_to_last(1.0, 1.0, np.array([0, 1, 2])).round(3).tolist()
    [1.0, 0.5, 0.333]
    """
    t = np.asarray(periods, dtype=np.int64)
    k = np.arange(t.max(initial=0))
    log = np.concatenate([[0.0], np.cumsum(np.log1p(-alpha / (alpha + beta + k)))])
    return np.exp(log[t])


def periods_to_come(alpha, beta, horizon) -> np.ndarray:
    """The sum over t = 1 .. ``horizon`` of B(alpha, beta + t) / B(alpha, beta), for an array of ``beta``.

    For a known theta it is (1 - theta) (1 - (1 - theta)**horizon) / theta.

    >>> periods_to_come(1.0, np.array([1.0]), 2).round(12).tolist()      # 1/2 + 1/3
    [0.833333333333]
    """
    some, at = np.unique(beta, return_inverse=True)
    if not len(some):
        return np.zeros(0)
    theta, share, at_zero, _ = beta_nodes(alpha, some, reach=horizon + 1)
    theta = np.minimum(theta, 1 - 2.0**-53)  # a chance that rounds to 1 has no logarithm
    mean = np.sum(share * (1 - theta) * -np.expm1(horizon * np.log1p(-theta)) / theta, axis=1)
    return (mean + at_zero * horizon)[at]


def discounted_periods(alpha, beta, discount) -> np.ndarray:
    """The sum over t = 1, 2 ... of B(alpha, beta + t) / B(alpha, beta) / (1 + discount)**t, for an array of ``beta``.

    For a known theta it is (1 - theta) / (discount + theta), and its mean is a sum of positive terms, while the
    hypergeometric function of the papers loses digits as the discount goes to 0. Raises DataError for a negative
    discount, and for 0 where the sum has no end: alpha <= 1.

    >>> discounted_periods(2.0, np.array([1.0]), 0.0).tolist()      # beta / (alpha - 1)
    [1.0]
    """
    check_discount(discount=discount)
    if discount == 0 and alpha <= 1:
        raise DataError("discount is 0, and without discounting the future of these customers has no end; give one above 0.")
    some, at = np.unique(beta, return_inverse=True)
    if not len(some) or discount == 0:
        return np.asarray(beta, dtype=float) / (alpha - 1)
    theta, share, at_zero, _ = beta_nodes(alpha, some, reach=1 / discount)
    return (np.sum(share * (1 - theta) / (discount + theta), axis=1) + at_zero / discount)[at]


# -- the fit ----------------------------------------------------------------------------------------------------------


def fit_sbg(cohort, *, start=None) -> SBG:
    """Fit an sBG by maximum likelihood to a table with ``period`` and ``survivors``, a row a period of one cohort.

    Period 0 is the start, with all who began; ``survivors`` are numbers of customers, or per cent where only these are
    known. Periods may be missing, rows may stand in any order. ``start`` may give (alpha, beta) to search from first.

    Raises FitError, saying what the data lacks: no period 0, fewer than two periods after it, survivors that rise,
    nobody who left or who stayed, or a retention rate that does not rise, as it must where customers differ.

    >>> import pandas as pd
    >>> cohort = pd.DataFrame({"period": range(5), "survivors": [1000, 631, 468, 382, 326]})
    >>> fit_sbg(cohort).survival([4, 8]).round(3).tolist()
    [0.325, 0.21]
    """
    t, alive, _ = _cohort(cohort, FitError)
    left = alive[0] - alive[-1]
    if len(t) < 3:
        raise FitError(f"sBG has 2 parameters and needs 2 periods or more after the start; this table has {len(t) - 1}.")
    if left == 0:
        raise FitError("Nobody left, so this cohort says nothing about how long customers stay; take in a longer time.")
    if alive[1] == 0:
        raise FitError("Nobody is left after the first period, so there is no retention rate to learn from.")
    starts = [np.array([1.0, max(alive[1] / max(alive[0] - alive[1], 1e-3 * alive[0]), 0.1)]), np.ones(2), np.array([5.0, 20.0])]
    if start is not None:
        starts.insert(0, starting_point(start, SBG))

    def why(parameters):
        alpha, beta = parameters
        if alpha + beta > 100:
            reason = "the retention rate does not rise with the periods, as it does where customers differ in loyalty"
        elif alpha + beta < 0.02:
            reason = "whoever stays once seems to stay for good"
        else:
            reason = "there are too few customers or periods"
        return f"sBG does not settle on this cohort: {reason}; take in more customers or periods."

    return SBG(*maximise(_sum_by_step(t, alive), starts, customers=float(alive[0]), why=why).tolist())


def _cohort(cohort, error):
    """Periods and survivors in the order of the periods, and that order."""
    frame = in_memory(cohort, ["period", "survivors"])
    if "weight" in frame.columns:
        raise error("The cohort has a column weight, but survivors already counts customers; drop the column.")
    t, alive = (numbers(frame, name) for name in ("period", "survivors"))
    rules = (
        ((t >= 0) & (t <= _LONGEST) & (t == np.floor(t)), f"period is a whole number from 0 to {_LONGEST:,}"),
        ((alive >= 0) & np.isfinite(alive), "survivors is a number from 0 up"),
    )
    for holds, rule in rules:
        if not holds.all():
            row = int(np.argmin(holds))
            found = f"period = {t[row]:g}, survivors = {alive[row]:g}"
            raise error(f"Row {row} (from 0) of the cohort cannot be: {found}; {rule}.")
    order = np.argsort(t, kind="stable")
    t, alive = t[order], alive[order]
    if not len(t) or t[0] > 0 or alive[0] == 0:
        raise error("The cohort needs a row of period 0, the start, with the number of customers who began.")
    if (np.diff(t) == 0).any():
        raise error(f"The cohort has period {t[int(np.argmin(np.diff(t)))]:g} twice; it needs one row a period.")
    if (np.diff(alive) > 0).any():
        later = int(np.argmax(np.diff(alive) > 0)) + 1
        raise error(
            f"Survivors rise from {alive[later - 1]:g} to {alive[later]:g} in period {t[later]:g}; who left is gone, so "
            "count those of one cohort who were there all the time."
        )
    return t, alive, order


def _sum_by_step(t, alive):
    def log_likelihood(parameters):
        value, slope = _by_step(t, alive, *parameters)
        return value.sum(), slope.sum(axis=1)

    return log_likelihood


def _by_step(t, alive, alpha, beta):
    """The log-likelihood of every period after the first and its slopes in alpha and beta, one row each."""
    k = np.arange(t[-1])
    steps = t[1:].astype(np.int64)

    def to_each(values):  # sums over the renewals since the period before
        return np.diff(np.concatenate([[0.0], np.cumsum(values)[steps - 1]])) if len(steps) else np.zeros(0)

    log_rate = to_each(np.log1p(-alpha / (alpha + beta + k)))
    d_alpha = to_each(-1 / (alpha + beta + k))
    d_beta = to_each(alpha / ((beta + k) * (alpha + beta + k)))
    stay, leave = alive[1:], -np.diff(alive)
    rate, gone = np.exp(log_rate), -np.expm1(log_rate)
    value = stay * log_rate + leave * np.log(gone)
    pull = stay - leave * rate / gone
    return value, np.array([pull * d_alpha, pull * d_beta])
