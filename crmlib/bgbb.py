"""BG/BB: who will use their chances to buy, when there is a chance once a period and nobody says goodbye.

A donor is asked once a year, a guest may come to each yearly meeting. A living customer uses each opportunity with a
chance of their own and, before each, stops for good with another chance of their own. The first differ between customers
as a beta(alpha, beta), the second as a beta(gamma, delta). `BetaBinomial` is the same without stopping, for comparison.

Fader, Hardie & Shang (2010), Customer-Base Analysis in a Discrete-Time Noncontractual Setting, Marketing Science 29(6),
1086-1108.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import narwhals as nw
import numpy as np

from crmlib.arguments import check_discount
from crmlib.errors import DataError, FitError
from crmlib.fitting import cells, check_parameters, maximise, starting_point
from crmlib.frames import collect, is_lazy, table
from crmlib.opportunities import (
    MOST, likelihood, log_lives, log_uses, log_ways, opportunity_histories, sum_of_lives, uses_likelihood,
)  # fmt: skip
from crmlib.sbg import discounted_periods, periods_to_come, whole_periods
from crmlib.scoring import add_columns

__all__ = ["BGBB", "BetaBinomial", "fit_beta_binomial", "fit_bgbb"]


class _Opportunities:
    """What both models can be asked. Their methods read x, t_x and n, see `BGBB`."""

    # A model computes these from float arrays: _log_likelihood(x, t_x, n), _p_alive(x, t_x, n), _to_come(x, n, horizon)
    # and _discounted(x, n, discount), both of those who were alive at n, _pmf(counts, horizon)

    def log_likelihood(self, customers) -> np.ndarray:
        """One value a row: of the order of used and unused opportunities too; a column ``weight`` is not applied."""
        return self._by_cell(customers, self._log_likelihood)

    def objective(self, customers):
        """What a fit to these customers makes as large as it can, as a function of the parameters in their order.

        It returns the sum of the log-likelihood, each row counted ``weight`` times, and its gradient.
        """
        (x, t_x, n), weight = _distinct(opportunity_histories(customers))
        return self._objective(x, t_x, n, weight)

    def p_alive(self, customers) -> np.ndarray:
        """The chance that a customer is alive at the next opportunity, number n + 1. Equation 11 of the paper."""
        return self._by_cell(customers, self._p_alive)

    def expected_purchases(self, customers, *, horizon) -> np.ndarray:
        """How many of the next ``horizon`` opportunities a customer is expected to use. Equation 13 of the paper."""
        ahead = _one_horizon(horizon)
        return self._by_cell(customers, lambda x, t_x, n: self._alive(x, t_x, n) * self._to_come(x, n, ahead))

    def expected_purchases_new(self, horizon):
        """How many of the first ``horizon`` opportunities a new customer is expected to use.

        A float, or an array for a sequence of horizons.
        """
        ahead, none = whole_periods(horizon, name="horizon"), np.zeros(1)
        found = np.array([self._to_come(none, none, one)[0] for one in ahead])
        return found if np.ndim(horizon) else float(found[0])

    def pmf(self, n, horizon):
        """The chance that a new customer uses exactly ``n`` of the first ``horizon`` opportunities (equation 8).

        ``n`` is a whole number from 0 up, or a sequence of such, which gives an array.
        """
        counts, ahead = whole_periods(n, name="n"), _one_horizon(horizon, most=MOST)
        found = np.where(counts <= ahead, self._pmf(np.minimum(counts, ahead), ahead), 0.0)
        return found if np.ndim(n) else float(found[0])

    def dert(self, customers, *, discount) -> np.ndarray:
        """Discounted expected residual transactions: the opportunities still to be used, without end, in today's worth.

        Use of the opportunity n + k counts (1 + discount)**-k: ``discount`` is the rate from one opportunity to the next,
        so that the next one is discounted once. Equation 14 of the paper, exact for small rates too. Raises DataError
        for a negative discount, and for 0 where the sum has no end.
        """
        return self._by_cell(
            customers, lambda x, t_x, n: self._alive(x, t_x, n) * self._discounted(x, n, discount), check=discount
        )

    def score(self, customers, *, horizon=None, discount=None):
        """The customer table, of any engine, with the column p_alive; more with a horizon or a discount.

        A ``horizon`` adds expected_purchases, a ``discount`` adds dert.
        """
        columns = {"p_alive": self.p_alive}
        if horizon is not None:
            columns["expected_purchases"] = partial(self.expected_purchases, horizon=horizon)
        if discount is not None:
            columns["dert"] = partial(self.dert, discount=discount)
        return add_columns(customers, ["x", "t_x", "n"], columns)

    def _by_cell(self, customers, of_cells, check=None):
        if check is not None:
            self._discounted(np.zeros(1), np.zeros(1), check)  # also a table without rows is told what is wrong
        known = opportunity_histories(customers)
        distinct, cell = cells(*known.columns)
        return known.in_rows(of_cells(*distinct)[cell] if len(cell) else np.zeros(0))

    def _alive(self, x, t_x, n):
        """The chance to have been alive at n."""
        return np.ones(len(x))


@dataclass(frozen=True)
class BGBB(_Opportunities):
    """The BG/BB model; its methods read the columns x, t_x and n of a customer table in memory.

    ``n`` opportunities passed, ``x`` of them were used, the last one used was number ``t_x``: 0 if none was, and n at
    most. The purchase by which customers came to be customers does not count. alpha and beta tell how readily a living
    customer uses an opportunity: alpha / (alpha + beta) on average; gamma and delta how readily customers stop before
    one: gamma / (gamma + delta).

    Per-customer methods return a float64 array in the order of the rows, NaN where x, t_x and n are null. They raise
    DataError for a row that cannot be, and for a lazy table, to which `score` adds columns.

    >>> import pandas as pd
    >>> paper = BGBB(alpha=1.204, beta=0.750, gamma=0.657, delta=2.783)      # donors of 1995; Table 4 of the paper
    >>> donors = pd.DataFrame({"x": [6.0, 1.0, 0.0], "t_x": [6.0, 5.0, 0.0], "n": 6.0})
    >>> paper.log_likelihood(donors).round(3).tolist()
    [-2.182, -4.768, -1.167]
    >>> paper.score(donors, horizon=5, discount=0.1).round(3)
         x  t_x    n  p_alive  expected_purchases   dert
    0  6.0  6.0  6.0    0.930               3.752  5.909
    1  1.0  5.0  6.0    0.828               1.022  1.609
    2  0.0  0.0  6.0    0.108               0.073  0.115
    """

    alpha: float
    beta: float
    gamma: float
    delta: float

    def __post_init__(self):
        check_parameters(self)

    def _objective(self, x, t_x, n, weight):
        return likelihood(x, t_x, n, weight)

    def _log_likelihood(self, x, t_x, n):
        value, _ = sum_of_lives(x, t_x, n, self)
        return value

    def _alive(self, x, t_x, n):
        value, living = sum_of_lives(x, t_x, n, self)
        return np.exp(living - value)

    def _p_alive(self, x, t_x, n):
        return self._alive(x, t_x, n) * (self.delta + n) / (self.gamma + self.delta + n)

    def _to_come(self, x, n, horizon):
        use = (self.alpha + x) / (self.alpha + self.beta + n)
        return use * periods_to_come(self.gamma, self.delta + n, horizon)

    def _discounted(self, x, n, discount):
        use = (self.alpha + x) / (self.alpha + self.beta + n)
        return use * discounted_periods(self.gamma, self.delta + n, discount)

    def _pmf(self, counts, horizon):
        found = np.zeros(len(counts))
        for place, count in enumerate(counts):
            lived = np.arange(count, horizon + 1)  # opportunities that a customer saw alive
            of_life = log_lives(lived, np.full(len(lived), horizon), self)
            found[place] = np.sum(np.exp(of_life + log_uses(count, lived, self) + log_ways(count, lived)))
        return found


@dataclass(frozen=True)
class BetaBinomial(_Opportunities):
    """Customers who never stop: `BGBB` without its dropout, the baseline that shows whether stopping explains anything.

    ``t_x`` tells it nothing, but the table has the column, so that both models read the same one. ``p_alive`` is 1.

    >>> import pandas as pd
    >>> paper = BetaBinomial(alpha=0.487, beta=0.826)      # donors of 1995; Table 4 of the paper
    >>> paper.expected_purchases(pd.DataFrame({"x": [6.0, 0.0], "t_x": [6.0, 0.0], "n": 6.0}), horizon=5).round(3).tolist()
    [4.435, 0.333]
    """

    alpha: float
    beta: float

    def __post_init__(self):
        check_parameters(self)

    def _objective(self, x, t_x, n, weight):
        return uses_likelihood(x, n, weight)

    def _log_likelihood(self, x, t_x, n):
        return log_uses(x, n, self)

    def _p_alive(self, x, t_x, n):
        return np.ones(len(x))

    def _to_come(self, x, n, horizon):
        return horizon * (self.alpha + x) / (self.alpha + self.beta + n)

    def _discounted(self, x, n, discount):
        check_discount(discount=discount)
        if discount == 0:
            raise DataError("discount is 0, and customers who never stop buy without end; give one above 0.")
        return (self.alpha + x) / (self.alpha + self.beta + n) / discount

    def _pmf(self, counts, horizon):
        ahead = np.full(len(counts), horizon)
        return np.exp(log_uses(counts, ahead, self) + log_ways(counts, ahead))


def _one_horizon(horizon, most=None):
    ahead = float(whole_periods(horizon, name="horizon", one=True)[0])
    if most is not None and ahead > most:
        raise DataError(f"horizon is {horizon!r}; pmf counts up to {most:,} opportunities.")
    return ahead


# -- fits -------------------------------------------------------------------------------------------------------------


def fit_bgbb(customers, *, start=None) -> BGBB:
    """Fit a BG/BB by maximum likelihood to the columns x, t_x, n (and ``weight``, if there) of a customer table.

    Equal rows are merged; a lazy table is counted to them by its engine. Rows with x, t_x and n null are left out.
    ``start`` may give (alpha, beta, gamma, delta) to search from first.

    Raises FitError, saying what the data lacks: nobody used an opportunity, or everybody all of them, fewer customers
    than parameters, an impossible row, or a likelihood without a maximum, as when nobody seems to stop.

    >>> import pandas as pd
    >>> fit_bgbb(pd.DataFrame({"x": [0] * 5, "t_x": 0, "n": 6}))
    Traceback (most recent call last):
        ...
    crmlib.errors.FitError: Nobody used an opportunity, so these customers say nothing about how often and how long they
    do; take in more of them.
    """
    (x, t_x, n), weight = _to_fit("BG/BB", 4, customers)
    customers = float(weight.sum())
    starts = [np.array([*_moments(x, n, weight), 0.7, 3.0]), np.array([1.0, 1.0, 1.0, 5.0]), np.ones(4)]
    if start is not None:
        starts.insert(0, starting_point(start, BGBB))

    def why(parameters):
        alpha, beta, gamma, delta = parameters
        if gamma / (gamma + delta) < 0.005:
            reason = "hardly anybody seems to have stopped; fit_beta_binomial takes it that nobody does"
        elif gamma + delta > 1e3:
            reason = "customers seem to be all alike in how soon they stop"
        elif alpha + beta > 1e3:
            reason = "customers seem to be all alike in how readily they use an opportunity"
        else:
            reason = "there are too few or too similar histories"
        return f"BG/BB does not settle on these customers: {reason}."

    return BGBB(*maximise(likelihood(x, t_x, n, weight), starts, customers=customers, why=why).tolist())


def fit_beta_binomial(customers, *, start=None) -> BetaBinomial:
    """Fit a `BetaBinomial` to the same table as `fit_bgbb`, with the same errors.

    >>> import pandas as pd
    >>> customers = pd.DataFrame({"x": [0, 1, 2, 3], "t_x": [0, 2, 3, 3], "n": 3, "weight": [40, 20, 15, 25]})
    >>> round(fit_beta_binomial(customers).expected_purchases_new(3), 3)      # their mean is 1.25
    1.256
    """
    (x, t_x, n), weight = _to_fit("The beta-binomial", 2, customers)
    starts = [np.array(_moments(x, n, weight)), np.ones(2)]
    if start is not None:
        starts.insert(0, starting_point(start, BetaBinomial))

    def why(parameters):
        alike = parameters.sum() > 100
        reason = "customers differ no more than chance would make them" if alike else "there are too few or too similar histories"
        return f"The beta-binomial does not settle on these customers: {reason}."

    found = maximise(uses_likelihood(x, n, weight), starts, customers=float(weight.sum()), why=why)
    return BetaBinomial(*found.tolist())


def _moments(x, n, weight):
    """alpha and beta as if all were always alive, from the mean share used, with a spread that suits most customers."""
    share = np.clip(np.sum(weight * x) / np.sum(weight * n), 0.02, 0.98)
    return 1.5 * share, 1.5 * (1 - share)


def _to_fit(name, parameters, customers):
    """The distinct histories with an opportunity and their weights."""
    frame = table(customers, ["x", "t_x", "n"], eager=False)
    if is_lazy(frame):
        customers = collect(_counted(frame)).to_native()
    known = opportunity_histories(customers, error=FitError)
    (x, t_x, n), weight = _distinct(known)
    some = (n > 0) & (weight > 0)
    x, t_x, n, weight = x[some], t_x[some], n[some], weight[some]
    total = weight.sum()
    if total < parameters:
        raise FitError(f"{name} has {parameters} parameters and needs more customers with an opportunity than {total:g}.")
    if not (x > 0).any():
        raise FitError(
            "Nobody used an opportunity, so these customers say nothing about how often and how long they do; take in "
            "more of them."
        )
    if (x == n).all():
        raise FitError(
            "Everybody used every opportunity, so these customers say nothing about how they stop; take in more of them."
        )
    if n.max() == 1:
        raise FitError("Each customer had one opportunity at most, so nothing tells who stops from who pauses.")
    return (x, t_x, n), weight


def _distinct(known):
    columns, cell = cells(*known.columns)
    return columns, np.bincount(cell, known.weight, len(columns[0]))


def _counted(frame):
    names = ["x", "t_x", "n"]
    weight = nw.col("weight") if "weight" in frame.collect_schema().names() else nw.lit(1)
    return frame.select(*names, weight.alias("weight")).group_by(*names).agg(nw.col("weight").sum())
