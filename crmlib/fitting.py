"""What the models share: reading histories, merging equal rows, and the search for the maximum of a likelihood."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import narwhals as nw
import numpy as np

from crmlib.errors import DataError, FitError
from crmlib.frames import is_lazy, table

__all__ = [
    "Counted", "Histories", "cells", "check_parameters", "histories", "in_logarithms", "in_memory", "maximise",
    "numbers", "one_thread", "second_derivatives", "starting_point", "tally", "weights",
]  # fmt: skip


def in_memory(customers, needed):
    """A customer table in memory with the columns ``needed``, wrapped. Raises DataError for a lazy one."""
    frame = table(customers, needed, eager=False)
    if is_lazy(frame):
        raise DataError(
            f"The customer table is a lazy {type(frame.to_native()).__name__}, and this needs its rows in memory: "
            "collect it first; only a fit and a model's score take it as it is."
        )
    return frame


def numbers(frame: nw.DataFrame, name: str) -> np.ndarray:
    """A column as float64, NaN where it is null."""
    column = frame[name]
    if column.is_null().all():  # such a column has no type of its own in pandas and polars
        return np.full(len(column), np.nan)
    if not column.dtype.is_numeric():
        raise DataError(f"Column {name!r} of the customer table holds {column.dtype}, not numbers.")
    return (column if column.dtype == nw.Float64 else column.cast(nw.Float64)).to_numpy()


@dataclass(frozen=True, eq=False)
class Histories:
    """The rows of a customer table that a model can use, as float64 arrays of equal length."""

    columns: tuple[np.ndarray, ...]
    weight: np.ndarray
    known: np.ndarray  # one bool a row of the table: is it among the usable rows?

    def in_rows(self, values: np.ndarray) -> np.ndarray:
        """Put values of the usable rows back in the order of the table, NaN elsewhere."""
        full = np.full((len(self.known), *values.shape[1:]), np.nan)
        full[self.known] = values
        return full


def histories(customers, *, error=DataError) -> Histories:
    """Columns x, t_x, T of the customers who bought at all, and their ``weight`` (1 without such a column).

    A row where x, t_x and T are all null is a customer without a purchase; it is not among the usable rows.
    Raises ``error`` at the first impossible row: one of the three missing, x not a whole number from 0 up, t_x > T,
    x > 0 with t_x = 0, or x = 0 with t_x > 0.
    """
    frame = in_memory(customers, ["x", "t_x", "T"])
    x, t_x, T = (numbers(frame, name) for name in ("x", "t_x", "T"))
    known = ~(np.isnan(x) & np.isnan(t_x) & np.isnan(T))
    weight = weights(frame, known, error=error)
    rules = (
        (np.isfinite(x) & np.isfinite(t_x) & np.isfinite(T), "x, t_x and T must all be numbers"),
        ((x >= 0) & (x == np.floor(x)), "x counts repeat purchases, so it is a whole number from 0 up"),
        ((t_x >= 0) & (t_x <= T), "the last purchase lies between the first one and the end, so 0 <= t_x <= T"),
        ((x > 0) == (t_x > 0), "t_x is 0 for those who bought once, and only for them"),
    )
    for holds, rule in rules:
        wrong = known & ~holds
        if wrong.any():
            row = int(np.argmax(wrong))
            found = f"x = {x[row]:g}, t_x = {t_x[row]:g}, T = {T[row]:g}"
            raise error(f"Row {row} (from 0) of the customer table cannot be: {found}; {rule}.")
    if known.all():  # a million rows need no second copy
        return Histories((x, t_x, T), weight, known)
    return Histories((x[known], t_x[known], T[known]), weight[known], known)


def weights(frame: nw.DataFrame, used: np.ndarray, *, error=DataError) -> np.ndarray:
    """How many customers each row stands for: the optional column ``weight``, else 1."""
    if "weight" not in frame.columns:
        return np.ones(len(frame))
    weight = numbers(frame, "weight")
    wrong = used & ~((weight >= 0) & np.isfinite(weight))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise error(f"Row {row} (from 0) of the customer table has weight {weight[row]:g}; it must be 0 or more.")
    return weight


def cells(*columns: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """The distinct rows of equally long columns, and for each row the number of its cell.

    Whole numbers are packed into one integer, so a million rows take well under a tenth of a second.

    >>> (x, T), cell = cells(np.array([0.0, 1.0, 0.0]), np.array([9.5, 3.0, 9.5]))
    >>> x.tolist(), T.tolist(), cell.tolist()
    ([0.0, 1.0], [9.5, 3.0], [0, 1, 0])
    """
    key, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for values in columns:
        code, width = _codes(values)
        if size * width > 2**62:
            distinct, key = np.unique(key, return_inverse=True)
            size = len(distinct)
        key, size = key * width + code, size * width
    if size <= 4 * len(key):  # a table of all possible keys is faster than sorting those that occur
        distinct = np.flatnonzero(np.bincount(key, minlength=size))
        place = np.empty(size, dtype=np.int64)
        place[distinct] = np.arange(len(distinct))
        cell = place[key]
    else:
        distinct, cell = np.unique(key, return_inverse=True)
    some_row = np.empty(len(distinct), dtype=np.int64)
    some_row[cell] = np.arange(len(cell))
    return [values[some_row] for values in columns], cell


@dataclass(frozen=True, eq=False)
class Counted:
    """Distinct histories (x, t_x, T), with the distinct (x, t_x) and (x, T) apart, which are far fewer.

    ``x`` and ``t`` hold those pairs; ``last`` and ``end`` tell for each history which of them is its (x, t_x) and which
    its (x, T); ``weight`` is the number of its customers.
    """

    x: np.ndarray
    t: np.ndarray
    last: np.ndarray
    end: np.ndarray
    weight: np.ndarray

    def __repr__(self):
        return f"<{len(self.weight):,} histories of {self.weight.sum():,.15g} customers>"

    def in_unit(self, unit: float) -> Counted:
        """The same with times in another unit."""
        return replace(self, t=self.t / unit)

    def slices(self):
        """Parts of the histories that fit into the cache of a processor, so that no sum needs much memory."""
        return [slice(at, at + 16384) for at in range(0, len(self.weight), 16384)]

    def merged(self, width: float) -> Counted | None:
        """Fewer histories with nearly the same likelihood: x and, within ``width``, t_x and T agree; means of them.

        None where there are few already or merging would not save much.
        """
        if len(self.weight) < 4000:
            return None
        x, t_x, T = self.x[self.last], self.t[self.last], self.t[self.end]
        (x2, *_), cell = cells(x, np.floor(t_x / width), np.floor(T / width))
        if len(x2) > len(x) / 3:
            return None
        total = np.bincount(cell, self.weight)
        return _pairs([x2, *(np.bincount(cell, self.weight * t) / total for t in (t_x, T))], total)


def _pairs(columns, weight):
    x, t_x, T = columns
    (both_x, t), place = cells(np.concatenate([x, x]), np.concatenate([t_x, T]))
    return Counted(both_x, t, *np.split(place.astype(np.int32), 2), weight)


def tally(known: Histories) -> Counted:
    """The distinct histories and how many customers have each, which is all that a likelihood needs."""
    columns, weight = known.columns, known.weight
    if not (weight > 0).all():
        columns, weight = [values[weight > 0] for values in columns], weight[weight > 0]
    most = [values.max() if len(values) else 0.0 for values in columns]
    width = int(min(max(most[1:]), 2**40)) + 1
    size = (most[0] + 1) * width**2
    whole = len(weight) > 0 and size < 2**62 and all((values == np.floor(values)).all() for values in columns[1:])
    if not whole or not (weight == 1).all():
        distinct, cell = cells(*columns)
        return _pairs(distinct, np.bincount(cell, weight, len(distinct[0])))
    # sorted keys are counted and unpacked in a third of the time and memory of leading every row to its cell
    kind = np.int32 if size < 2**31 else np.int64
    key = columns[0].astype(kind)
    for values in columns[1:]:
        key *= width
        key += values.astype(kind)
    key.sort()
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    count = np.diff(first, append=len(key)).astype(float)
    last, T = np.divmod(key[first], width)
    del key, first
    end = last - last % width + T
    (pairs,), place = cells(np.concatenate([last, end]))
    x, t = np.divmod(pairs, width)
    return Counted(x.astype(float), t.astype(float), *np.split(place.astype(np.int32), 2), count)


def _codes(values):
    """Whole numbers from 0 up that are equal exactly where the values are, and a bound above them."""
    if len(values) == 0:
        return np.zeros(0, dtype=np.int64), 1
    low, high = values.min(), values.max()
    if high - low < 2**31 and (values == np.floor(values)).all():
        return (values - low).astype(np.int64), int(high - low) + 1
    distinct, code = np.unique(values, return_inverse=True)
    return code, len(distinct)


def check_parameters(model) -> None:
    """Raise DataError unless every field of a frozen model is a positive number."""
    for name in model.__dataclass_fields__:
        value = getattr(model, name)
        try:
            good = 0 < value < np.inf
        except (TypeError, ValueError):
            good = False
        if not good:
            raise DataError(f"{type(model).__name__} needs a positive number for {name}, not {value!r}.")


def starting_point(start, kind) -> np.ndarray:
    """The parameters from which a user wants the search to begin, checked by the model class ``kind``."""
    try:
        return np.array([*vars(kind(*start)).values()], dtype=float)
    except TypeError:
        names = ", ".join(kind.__dataclass_fields__)
        raise DataError(f"start is {start!r}; it must give one number for each of {names}.") from None


def one_thread():
    """A context in which BLAS uses one thread: on a busy machine they wait for each other longer than small sums take."""
    return _threads().limit(limits=1, user_api="blas")


@functools.cache
def _threads():
    import scipy.linalg  # noqa: F401 - loads its BLAS, so that it is found with numpy's
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()  # to look for libraries takes as long as a small fit


def maximise(log_likelihood, starts, *, customers: float, why, rough=None) -> np.ndarray:
    """The positive parameters with the greatest likelihood, searched from each start in turn until one search settles.

    ``log_likelihood(parameters)`` returns the value and the gradient for parameters of order 1, and also the second
    derivatives where they are cheap; ``customers`` is the total weight. The search is a trust-region Newton method on the logarithms, so parameters stay positive. ``rough`` is
    a function of the same kind that costs less and has its top nearby; it is climbed first.
    Raises FitError with the sentence that ``why(parameters)`` gives when there is no maximum: a parameter runs away,
    or the likelihood is flat there.
    """
    with one_thread():
        if rough is not None:
            settled, theta, information = _climb(_loss(rough, customers), starts, customers)
            if settled:
                starts = [np.exp(theta), *starts]
                theta = _polish(_loss(log_likelihood, customers), theta, information)
                if theta is not None:
                    return np.exp(theta)
        settled, theta, _ = _climb(_loss(log_likelihood, customers), starts, customers)
    if not settled:
        raise FitError(why(np.exp(theta)))
    return np.exp(theta)


def in_logarithms(log_likelihood):
    """A log-likelihood as a function of its parameters' logarithms: value, gradient, second derivatives or None."""

    def at(theta):
        parameters = np.exp(theta)
        value, gradient, *second = log_likelihood(parameters)
        gradient = gradient * parameters
        return value, gradient, second[0] * np.outer(parameters, parameters) + np.diag(gradient) if second else None

    return at


def second_derivatives(function, theta, found):
    """Those in what ``function`` has ``found`` at theta; where it gave none, by differences of its gradient."""
    _, gradient, second = found
    if second is None:
        rows = np.array([(function(theta + _STEP * unit)[1] - gradient) / _STEP for unit in np.eye(len(theta))])
        second = (rows + rows.T) / 2
    return second


def _loss(log_likelihood, customers):
    """Minus the mean log-likelihood, `in_logarithms` of the parameters."""
    function = in_logarithms(log_likelihood)

    def loss(theta):
        if np.abs(theta).max() > 25:  # exp would soon overflow; the search turns back from inf
            return np.inf, np.zeros_like(theta), None
        value, gradient, second = function(theta)
        return -value / customers, -gradient / customers, None if second is None else -second / customers

    return loss


def _climb(loss, starts, customers):
    """Whether a search settled, where it ended, and the second derivatives there."""
    from scipy.optimize import minimize

    last = found_last = None

    def noted(theta):
        nonlocal last, found_last
        last, found_last = theta.copy(), loss(theta)
        return found_last[:2]

    def curvature(theta):
        return second_derivatives(loss, theta, found_last if np.array_equal(theta, last) else loss(theta))

    def stop_runaway(theta):
        if np.abs(theta).max() > _RUNAWAY + 1:
            raise StopIteration

    options = {"gtol": 1e-6, "maxiter": 100, "max_trust_radius": 4.0}
    for start in starts:
        found = minimize(
            noted, np.log(start), jac=True, hess=curvature, method="trust-exact", callback=stop_runaway, options=options
        )
        if np.abs(found.x).max() > _RUNAWAY:
            continue
        information = curvature(found.x)
        # flat is where the logarithm of a parameter would have a standard error above 30
        if customers * np.linalg.eigvalsh(information).min() > 1e-3:
            theta = _polish(loss, found.x, information)
            if theta is not None:
                return True, theta, information
    return False, found.x, None


def _polish(loss, theta, information):
    """The top near theta, by Newton's steps; None if not near.

    Where second derivatives are not given, those from nearby are corrected on the way (BFGS). On the way to a border
    the gradient vanishes as well, but the steps stay long.
    """
    longest, (_, gradient, second) = 0.3, loss(theta)
    for _ in range(15):
        exact = second is not None and np.linalg.eigvalsh(second).min() > 0
        if exact:
            information = second
        step = np.linalg.solve(information, gradient)
        length = np.abs(step).max()
        if not length < longest:
            return None
        theta = theta - step
        if length < (5e-5 if exact else 1e-9):  # an exact step leaves about half the square of its length
            return theta
        before, (_, gradient, second) = gradient, loss(theta)
        change = before - gradient
        if second is None and np.dot(change, step) > 0:
            along = information @ step
            information = information + np.outer(change, change) / np.dot(change, step)
            information -= np.outer(along, along) / np.dot(along, step)
        longest = max(length / 2, 1e-7)
    return None


_STEP = 1e-5  # of the logarithm of a parameter, for differences of a gradient
# A parameter this far from 1, after scaling, means that the likelihood has no maximum: it still rises towards a border.
_RUNAWAY = np.log(1e4)
