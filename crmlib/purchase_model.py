"""What BG/NBD, MBG/NBD and Pareto/NBD have in common: how they read customers and what they can be asked.

All three take purchases of the living to come at random, at rates that differ between customers as a gamma(r, alpha).
They differ in how customers stop.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from crmlib.errors import DataError, FitError
from crmlib.fitting import Counted, cells, histories, maximise, starting_point, tally
from crmlib.frames import collect, is_lazy, table
from crmlib.scoring import add_columns, count_cells

__all__ = ["PurchaseModel", "count_histories", "fit_purchases", "lengths"]




class PurchaseModel:
    """A model of when customers buy; its methods read the columns x, t_x and T of a customer table in memory.

    ``alpha`` carries the unit of time of the table: 4.414 in weeks is 30.9 in days. Horizons and discounts must be in
    that unit.

    Per-customer methods return a float64 array in the order of the rows, NaN for customers without a purchase (x, t_x
    and T null). They raise DataError for a row that cannot be, such as t_x > T, and for a lazy table, to which `score`
    adds columns.
    """

    # A model computes these from float arrays; `lasting` is a sequence of lengths of time:
    # _log_likelihood(x, t_x, T), _p_alive(x, t_x, T), _if_alive(x, T, lasting), _dert_if_alive(x, T, delta),
    # _new(lasting), _pmf(n, lasting), _endless(); and from `Counted` histories _objective(counted)

    def log_likelihood(self, customers) -> np.ndarray:
        """One value a row, worked in logarithms, so that no history underflows; a column ``weight`` is not applied."""
        known = histories(customers)
        return known.in_rows(self._log_likelihood(*known.columns))

    def objective(self, customers):
        """What a fit to these customers makes as large as it can, as a function of the parameters in their order.

        It returns the sum of the log-likelihood, each row counted ``weight`` times, its gradient and, but for
        Pareto/NBD, its second derivatives. ``customers`` is a table of any engine, or what `count_histories` made of it.
        """
        return self._objective(_counted(customers, error=DataError))

    def p_alive(self, customers) -> np.ndarray:
        """The chance that a customer has not stopped by T."""
        known = histories(customers)
        return known.in_rows(self._p_alive(*known.columns))

    def expected_purchases(self, customers, *, horizon) -> np.ndarray:
        """Repeat purchases expected in the ``horizon`` after T, in the table's unit of time.

        A sequence of horizons gives one column each.
        """
        lasting = lengths(horizon)
        known = histories(customers)
        x, t_x, T = known.columns
        (each_x, each_T), cell = cells(x, T)
        expected = self._if_alive(each_x, each_T, lasting)[cell]
        expected *= self._p_alive(x, t_x, T)[:, np.newaxis]
        return known.in_rows(expected if np.ndim(horizon) else expected[:, 0])

    def weighted_purchases(self, customers, *, horizons, weights) -> np.ndarray:
        """The sum over ``horizons`` of a weight times the purchases expected in it, one number a row.

        Discounted purchases are such a sum; it takes the memory of one horizon.
        """
        lasting, weights = lengths(horizons), np.asarray(weights, dtype=float)
        known = histories(customers)
        x, t_x, T = known.columns
        (each_x, each_T), cell = cells(x, T)
        return known.in_rows((self._if_alive(each_x, each_T, lasting) @ weights)[cell] * self._p_alive(x, t_x, T))

    def expected_purchases_new(self, horizon):
        """Repeat purchases that a new customer is expected to make in the ``horizon`` after the first purchase.

        A float, or an array for a sequence of horizons.
        """
        expected = self._new(lengths(horizon))
        return expected if np.ndim(horizon) else float(expected[0])

    def pmf(self, n, horizon):
        """The chance that a new customer makes exactly ``n`` repeat purchases in the ``horizon`` after the first one.

        ``n`` is a whole number from 0 up, or a sequence of such, which gives an array; ``horizon`` is one number.
        """
        try:
            counts = np.atleast_1d(np.asarray(n, dtype=float))
        except (TypeError, ValueError):
            counts = np.array([np.nan])
        if counts.ndim > 1 or not (np.isfinite(counts) & (counts >= 0) & (counts == np.floor(counts))).all():
            raise DataError(f"n is {n!r}; it counts purchases, so it must be a whole number from 0 up, or a sequence.")
        if np.ndim(horizon):
            raise DataError(f"horizon is {horizon!r}; pmf needs one length of time.")
        chances = self._pmf(counts, float(lengths(horizon)[0]))
        return chances if np.ndim(n) else float(chances[0])

    def dert(self, customers, *, discount) -> np.ndarray:
        """Discounted expected residual transactions: repeat purchases expected after T, without end, in today's worth.

        A purchase t after T counts (1 + discount)**-t: ``discount`` is the effective rate per unit of time of the
        table, 10 % a year = 1.10 ** (1 / 365) - 1 a day, and it works continuously, from T on. Times the value of a
        purchase it is the residual lifetime value. Raises DataError for a negative discount, and for discount=0 where
        the sum has no end.
        """
        delta = _log_growth(discount)
        if delta == 0 and self._endless():
            raise DataError(f"discount is 0, and without discounting the purchases of this {self!r} have no end.")
        known = histories(customers)
        x, t_x, T = known.columns
        each_x, at_x = np.unique(x, return_inverse=True)
        each_T, at_T = np.unique(T, return_inverse=True)
        if not len(x):
            return known.in_rows(x)
        return known.in_rows(self._dert_if_alive(each_x, each_T, delta)[at_x, at_T] * self._p_alive(x, t_x, T))

    def score(self, customers, *, horizon=None, discount=None):
        """The customer table, of any engine, with the column p_alive; more with a horizon or a discount.

        A ``horizon`` adds expected_purchases, a ``discount`` adds dert.
        """
        columns = {"p_alive": self.p_alive}
        if horizon is not None:
            if np.ndim(horizon):
                raise DataError(f"horizon is {horizon!r}; score adds one column, so it must be one length of time.")
            columns["expected_purchases"] = partial(self.expected_purchases, horizon=horizon)
        if discount is not None:
            columns["dert"] = partial(self.dert, discount=discount)
        return add_columns(customers, ["x", "t_x", "T"], columns)


_LONGEST = 1e30  # in any unit: beyond it nothing is meant, and sums would overflow


def lengths(horizon) -> np.ndarray:
    """A length of time, or a sequence of such, as an array. Raises DataError for anything else."""
    try:
        lasting = np.atleast_1d(np.asarray(horizon, dtype=float))
    except (TypeError, ValueError):
        lasting = np.array([np.nan])
    if lasting.ndim > 1 or not ((lasting <= _LONGEST) & (lasting >= 0)).all():
        raise DataError(f"horizon is {horizon!r}; it must be a length of time from 0 up, or a sequence of such.")
    return lasting


def _log_growth(discount):
    try:
        good = np.ndim(discount) == 0 and 0 <= discount < np.inf
    except (TypeError, ValueError):
        good = False
    if not good:
        raise DataError(f"discount is {discount!r}; it must be one number from 0 up, the effective rate a unit of time.")
    return float(np.log1p(discount))


def count_histories(customers) -> Counted:
    """The distinct histories (x, t_x, T) of a customer table of any engine, and how many customers have each.

    To read and count a million rows takes as long as the rest of a fit. `fit_bgnbd`, `fit_mbgnbd`, `fit_pareto_nbd`
    and `crmlib.uncertainty.uncertainty` take what this returns in place of the table and find the same, so it is done
    once for all of them. A lazy table is counted by its engine, in one query. A column ``weight`` is added up; customers
    without a purchase are left out. Spend is not in it: Gamma-Gamma needs the table.

    Raises FitError for an impossible row, as the fits do, and DataError for what is no customer table.

    >>> import crmlib
    >>> from crmlib.customers import until
    >>> log = until(crmlib.datasets.load("cdnow"), "1997-09-30")
    >>> counted = count_histories(crmlib.customer_table(log, as_of="1997-09-30"))
    >>> counted
    <8,685 histories of 23,570 customers>
    >>> model = crmlib.fit_bgnbd(counted)
    >>> crmlib.uncertainty.uncertainty(counted, model).intervals()[["parameter", "estimate", "standard_error"]].round(3)
      parameter  estimate  standard_error
    0         r     0.252           0.004
    1     alpha    33.523           0.919
    2         a     0.723           0.054
    3         b     2.161           0.199
    """
    return _counted(customers, error=FitError)


def _counted(customers, *, error):
    if isinstance(customers, Counted):
        return customers
    if is_lazy(table(customers, ["x", "t_x", "T"], eager=False)):
        customers = collect(table(count_cells(customers), eager=False)).to_native()
    return tally(histories(customers, error=error))


def fit_purchases(kind, name, customers, *, start, starts, likelihood, why, merged=0.1):
    """Fit a purchase model of class ``kind``, called ``name`` in sentences, by maximum likelihood.

    ``starts(counted)`` and ``likelihood(counted)`` get the histories in a unit of time in which the mean T is 1;
    ``why(parameters)`` says why the search found no maximum. Histories whose times agree to ``merged`` of the mean T are
    merged to find where about it lies.
    """
    counted = count_histories(customers)
    weight = counted.weight
    n = float(weight.sum())
    if n < 4:
        raise FitError(f"{name} has 4 parameters and needs more customers with a purchase than {n:g}; take in more.")
    again = float(weight[counted.x[counted.last] > 0].sum())
    if again == 0:
        raise FitError(
            "Nobody bought twice, so these customers say nothing about when they come back; take in a longer time."
        )
    unit = float(np.sum(weight * counted.t[counted.end]) / n)  # in this unit all parameters are of order 1
    counted = counted.in_unit(unit)
    scale = np.array([unit if field in ("alpha", "beta") else 1.0 for field in kind.__dataclass_fields__])
    first = list(starts(counted))
    if start is not None:
        first.insert(0, starting_point(start, kind) / scale)

    more = "take in more customers or a longer time"

    def no_maximum(parameters):
        if again == n:
            reason = f"{name} needs those who bought once as well"
            return f"Every customer bought again and the fit does not settle; {reason}, so add them."
        if again < 10:
            return f"{name} does not settle on these customers: only {again:g} of {n:g} bought again; {more}."
        return f"{name} does not settle on these customers: {why(parameters)}; {more}."

    few = counted.merged(merged)
    found = maximise(
        likelihood(counted), first, customers=n, why=no_maximum, rough=likelihood(few) if few else None
    )
    return kind(*(found * scale).tolist())
