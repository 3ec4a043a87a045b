"""The fitting method: the profit of comparable customers by period of their life, a curve through it, extended.

Comparable customers are those who came long enough ago, or have left, so that their life can be seen. The curve may be a
straight line, a parabola, an exponential or an S. A curve that fits the past need not hold beyond it: the shapes agree
where there is data and part where there is none, which `compare_shapes` shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw
import numpy as np

from crmlib.arguments import check_discount, number_of_periods, sequence
from crmlib.errors import DataError, FitError, quote
from crmlib.fitting import numbers, weights
from crmlib.frames import collect, like, same_kind, table

__all__ = ["SHAPES", "ProfitCurve", "compare_shapes", "fit_profit_curve"]

# shape -> its parameters and formula in t, the period
SHAPES = {
    "linear": (("a", "b"), "a + b t"),
    "quadratic": (("a", "b", "c"), "a + b t + c t**2"),
    "exponential": (("a", "b"), "a exp(b t)"),
    "s-shaped": (("top", "middle", "width"), "top / (1 + exp(-(t - middle) / width))"),
}


@dataclass(frozen=True)
class ProfitCurve:
    """A curve of profit a customer by period; made by `fit_profit_curve`, or by hand from the formulas in `SHAPES`.

    >>> curve = ProfitCurve("linear", (10.0, 2.0))
    >>> curve.profit([0, 5]).tolist(), round(curve.value(6, 7, discount=0.1), 2)     # 22 / 1.1 + 24 / 1.21
    ([10.0, 20.0], 39.83)
    """

    shape: str
    parameters: tuple[float, ...]

    def __post_init__(self):
        if self.shape not in SHAPES:
            raise DataError(f"shape {quote(self.shape)} is not known; choose one of {', '.join(SHAPES)}.")
        names = SHAPES[self.shape][0]
        found = sequence("parameters", self.parameters)
        if len(found) != len(names):
            raise DataError(f"The {self.shape} curve has the parameters {', '.join(names)}; {len(found)} are given.")
        if self.shape == "s-shaped" and not found[2] > 0:
            raise DataError(f"width is {found[2]:g}; an s-shaped curve needs one above 0.")

    def profit(self, period):
        """Profit a customer in ``period``, a number or a sequence of them; periods need not be whole."""
        t = sequence("period", np.atleast_1d(period))
        found = _profit(self.shape, self.parameters, t)
        return found if np.ndim(period) else float(found[0])

    def value(self, first, last, *, discount, survival=None) -> float:
        """Profit of the periods ``first`` to ``last``, both inclusive, discounted to the period before ``first``.

        ``survival`` may give the chance to be there still in each of them, e.g. from `crmlib.sbg`; without it the
        curve stands for all who began, leavers with a profit of 0 among them. Raises `DataError` if the curve exceeds
        every number on the way, as an exponential can.
        """
        check_discount(discount=discount)
        first, last = (number_of_periods(one, name, endless=False) for one, name in ((first, "first"), (last, "last")))
        if last < first:
            raise DataError(f"last is {last} and first is {first}; the value is of the periods first to last.")
        there = np.ones(last - first + 1) if survival is None else sequence("survival", survival)
        if len(there) != last - first + 1:
            raise DataError(f"There are {last - first + 1:,} periods and {len(there):,} values of survival; give as many.")
        t = np.arange(first, last + 1.0)
        with np.errstate(over="ignore"):
            value = np.sum(_profit(self.shape, self.parameters, t) * there * (1 + discount) ** -(t - first + 1))
        if not np.isfinite(value):
            raise DataError(f"The {self.shape} curve exceeds every number by period {last}; choose an earlier last one.")
        return float(value)


def _profit(shape, parameters, t):
    if shape in ("linear", "quadratic"):
        return np.polynomial.polynomial.polyval(t, parameters)
    if shape == "exponential":
        with np.errstate(over="ignore"):
            return parameters[0] * np.exp(parameters[1] * t)
    return parameters[0] * _s(t, parameters[1], parameters[2])


def _s(t, middle, width):
    from scipy.special import expit

    return expit((t - middle) / width)


def fit_profit_curve(history, *, shape=None) -> ProfitCurve:
    """The curve through a profit history that `compare_shapes` marks as chosen, or that of a given ``shape``.

    ``history``: ``period`` and ``profit`` (mean profit a customer in it), and ``weight``, if there: customers behind
    each. Fitted by least squares. Raises FitError for fewer periods than parameters, and if profit is always the same.

    >>> import pandas as pd
    >>> history = pd.DataFrame({"period": range(6), "profit": [5.0, 15.2, 24.8, 35.1, 44.9, 55.0]})
    >>> curve = fit_profit_curve(history)
    >>> curve.shape, round(curve.profit(6), 1)
    ('linear', 64.9)
    """
    if shape is not None and shape not in SHAPES:
        raise DataError(f"shape {quote(shape)} is not known; choose one of {', '.join(SHAPES)}.")
    _, fits = _fits(history)
    if shape is not None:
        if shape not in fits:
            least = len(SHAPES[shape][0])
            raise FitError(f"The {shape} curve has {least} parameters and needs a profit history of as many periods.")
        return fits[shape][0]
    return fits[_chosen(fits)][0]


@same_kind
def compare_shapes(history, *, ahead=5):
    """Every shape that the history can carry: shape, parameters, rmse, aicc, next_profit, ahead_profit, chosen.

    ``rmse`` is the error over the history in money. ``aicc`` is Akaike's criterion with the correction for few points
    (Burnham & Anderson 2002), the smaller the better: n log(rmse**2) + 2 k + 2 k (k + 1) / (n - k - 1) with k one more
    than the parameters; null if n <= k + 1. ``chosen`` is the shape with the smallest, or the smallest rmse where no
    shape has one. ``next_profit`` and ``ahead_profit`` are what each says 1 and ``ahead`` periods after the last one:
    where they part, the data does not decide. The same kind of table as ``history``, which is as in `fit_profit_curve`.

    >>> import pandas as pd
    >>> history = pd.DataFrame({"period": range(8), "profit": [2.0, 5, 12, 24, 38, 48, 54, 57]})
    >>> compare_shapes(history)[["shape", "rmse", "ahead_profit", "chosen"]].round(1)
             shape  rmse  ahead_profit  chosen
    0       linear   3.5         106.1   False
    1    quadratic   3.4          98.9   False
    2  exponential   7.2         242.7   False
    3     s-shaped   0.2          58.3    True
    """
    ahead = number_of_periods(ahead, "ahead", endless=False)
    last, fits = _fits(history)
    chosen = _chosen(fits)
    rows = {
        "shape": list(fits),
        "parameters": [
            ", ".join(f"{name} {value:.4g}" for name, value in zip(SHAPES[shape][0], curve.parameters, strict=True))
            for shape, (curve, _, _) in fits.items()
        ],
        "rmse": [rmse for _, rmse, _ in fits.values()],
        "aicc": [aicc for _, _, aicc in fits.values()],
        "next_profit": [curve.profit(last + 1) for curve, _, _ in fits.values()],
        "ahead_profit": [curve.profit(last + ahead) for curve, _, _ in fits.values()],
        "chosen": [shape == chosen for shape in fits],
    }
    schema = dict.fromkeys(rows, nw.Float64) | {"shape": nw.String, "parameters": nw.String, "chosen": nw.Boolean}
    return like(table(history, eager=False), rows, schema).to_native()


def _fits(history):
    """The last period, and for each shape its curve, its rmse and its AICc."""
    t, y, w = _history(history)
    n, size = len(t), float(np.abs(y).max())
    if y.min() == y.max():
        raise FitError(f"The profit is {y[0]:g} in every period; there is no curve to fit, extend that.")
    fits = {}
    for shape, (names, _) in SHAPES.items():
        if n < len(names):
            continue
        found = _SEARCHES[shape](t, y / size, w)
        found[: n if shape in ("linear", "quadratic") else 1] *= size
        rmse = size * float(np.sqrt(np.average(((y - _profit(shape, found, t)) / size) ** 2, weights=w)))
        k = len(names) + 1
        # an exact fit has log(0): below a millionth of the profits the errors count as equal, the fewer parameters win
        log_error = 2 * (np.log(max(rmse / size, 1e-6)) + np.log(size))
        aicc = n * log_error + 2 * k + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else np.nan
        fits[shape] = (ProfitCurve(shape, tuple(found.tolist())), rmse, float(aicc))
    return float(t.max()), fits


def _chosen(fits):
    by_aicc = [shape for shape in fits if fits[shape][2] == fits[shape][2]]
    return min(by_aicc, key=lambda shape: fits[shape][2]) if by_aicc else min(fits, key=lambda shape: fits[shape][1])


def _history(history):
    frame = collect(table(history, ["period", "profit"], what="profit history", eager=False))
    t, y = (numbers(frame, name) for name in ("period", "profit"))
    for name, values in (("period", t), ("profit", y)):
        if not np.isfinite(values).all():
            row = int(np.argmin(np.isfinite(values)))
            raise FitError(f"Row {row} (from 0) of the profit history has no {name}.")
    w = weights(frame, np.ones(len(t), dtype=bool), error=FitError)
    t, y, w = t[w > 0], y[w > 0], w[w > 0]
    if len(np.unique(t)) < len(t):
        raise FitError("The profit history has a period twice; it needs one row a period, with the mean profit in it.")
    if len(t) < 2:
        raise FitError(f"A curve needs a profit history of at least 2 periods; this one has {len(t)}.")
    order = np.argsort(t)
    return t[order], y[order], w[order]


# -- least squares --------------------------------------------------------------------------------------------------


def _polynomial(degree):
    def fit(t, y, w):
        found = np.polynomial.polynomial.Polynomial.fit(t, y, degree, w=np.sqrt(w)).convert().coef
        return np.pad(found, (0, degree + 1 - len(found)))  # numpy leaves zeros at the end out

    return fit


def _height(basis, y, w):
    """The factor before a basis that fits best, and the error that it leaves."""
    whole = np.sum(w * basis**2)
    factor = np.sum(w * basis * y) / whole if whole > 0 else 0.0
    return factor, np.sum(w * (y - factor * basis) ** 2)


def _exponential(t, y, w):
    """For a given rate the height is linear, so that one number is searched: on a grid first, then by bisection."""
    from scipy.optimize import minimize_scalar

    span, last = t[-1] - t[0], t[-1]

    def error(rate):
        at = t - (last if rate > 0 else t[0])  # exponents at most 0
        return _height(np.exp(rate * at), y, w)[1]

    grid = np.linspace(-8, 8, 161) / span
    best = int(np.argmin([error(rate) for rate in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    rate = minimize_scalar(error, bounds=(low, high), method="bounded", options={"xatol": 1e-12 / span}).x
    at = last if rate > 0 else t[0]
    height = _height(np.exp(rate * (t - at)), y, w)[0]
    return np.array([height * np.exp(-rate * at), rate])


def _s_shaped(t, y, w):
    """Height as above; middle and width are searched on a grid first. An S has its middle within or near the history."""
    from scipy.optimize import minimize

    span = t[-1] - t[0]

    def error(place):
        return _height(_s(t, place[0], np.exp(place[1])), y, w)[1]

    middles = np.linspace(t[0] - span / 2, t[-1] + span / 2, 41)
    widths = np.log(span * np.geomspace(0.02, 1.0, 25))
    start = min(((middle, width) for middle in middles for width in widths), key=error)
    bounds = [(t[0] - span, t[-1] + span), (np.log(span / 100), np.log(2 * span))]
    options = {"xatol": 1e-10 * span, "fatol": 1e-14 * np.sum(w * y**2), "maxiter": 2000}
    found = minimize(error, start, method="Nelder-Mead", bounds=bounds, options=options).x
    width = float(np.exp(found[1]))
    return np.array([_height(_s(t, found[0], width), y, w)[0], found[0], width])


_SEARCHES = {"linear": _polynomial(1), "quadratic": _polynomial(2), "exponential": _exponential, "s-shaped": _s_shaped}
