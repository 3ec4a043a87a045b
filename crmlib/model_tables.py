"""What a model of purchases says of any history: one customer day by day, and all that can be at one moment.

`crmlib.plots` draws these tables. The histories need not be in any log. Everything is in days, or in whatever unit the
model has.
"""

from __future__ import annotations

import operator

import numpy as np

from crmlib.clv import ANNUAL_DISCOUNT, clv
from crmlib.errors import DataError

__all__ = ["alive_over_time", "frequency_recency", "iso_values"]


def alive_over_time(days, model, *, until):
    """P(alive) of one customer at the end of each day, as it would have been told on that day.

    ``days`` are the days with a purchase, counted from the first one: 0, 12, 30. Equal days are one purchase. A pandas
    row for each day from 0 to ``until``: day, bought, x, t_x, T, p_alive. ``model`` is any with ``p_alive``.

    Raises `DataError` for days that are no whole numbers from 0 up, do not begin with 0, or lie after ``until``.

    >>> from crmlib import BGNBD
    >>> paper = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)  # CDNOW, in days
    >>> alive_over_time([0, 2], paper, until=3).round(3)
       day  bought  x  t_x  T  p_alive
    0    0    True  0    0  0    1.000
    1    1   False  0    0  1    1.000
    2    2    True  1    2  2    0.754
    3    3   False  1    2  3    0.747
    """
    import pandas as pd

    try:
        bought, last = np.unique([operator.index(one) for one in days]), operator.index(until)
    except TypeError:
        bought, last = np.array([], dtype=int), 0
    if not len(bought) or bought[0] != 0 or bought[-1] > last:
        raise DataError(
            f"days is {list(days)!r} and until {until!r}; days are whole numbers counted from the first purchase, so they "
            "begin with 0 and end by until."
        )
    day = np.arange(last + 1)
    seen = np.searchsorted(bought, day, side="right") - 1
    history = pd.DataFrame({"day": day, "bought": np.isin(day, bought), "x": seen, "t_x": bought[seen], "T": day})
    return history.assign(p_alive=model.p_alive(history[["x", "t_x", "T"]].astype(float)))


def frequency_recency(model, *, T, horizon, most=10, steps=8):
    """P(alive) and the purchases expected in ``horizon``, for every x and t_x of customers who were seen for ``T``.

    A pandas row a pair: x, t_x, T, p_alive, expected_purchases. t_x goes from 0 to T in so many equal ``steps``. x = 0
    stands at t_x = 0 only, and only x = 0: others cannot be.

    Raises `DataError` unless ``T`` is above 0 and ``most`` and ``steps`` are whole numbers above 0.

    >>> from crmlib import BGNBD
    >>> paper = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426)  # CDNOW, in days
    >>> frequency_recency(paper, T=200, horizon=100, most=1, steps=2).round(3)
       x    t_x      T  p_alive  expected_purchases
    0  0    0.0  200.0    1.000               0.099
    1  1  100.0  200.0    0.602               0.298
    2  1  200.0  200.0    0.754               0.374
    """
    import pandas as pd

    times, counts = np.linspace(0, _length(T), _whole(steps, "steps") + 1)[1:], np.arange(1, _whole(most, "most") + 1)
    x, t_x = (each.ravel() for each in np.meshgrid(counts, times, indexing="ij"))
    table = pd.DataFrame({"x": np.r_[0, x], "t_x": np.r_[0.0, t_x], "T": float(T)})
    read = table[["x", "t_x", "T"]].astype(float)
    alive, expected = model.p_alive(read), model.expected_purchases(read, horizon=horizon)
    return table.assign(p_alive=alive, expected_purchases=expected)


def iso_values(purchases, spend, *, T, horizon=365, annual_discount=ANNUAL_DISCOUNT, most=20, steps=40):
    """The value of customers who were seen for ``T`` days, on a grid of x and t_x: for curves of equal value.

    A pandas row a pair: x (from 1 to ``most``), t_x (``steps`` up to T), T, value. The value is `crmlib.clv.clv`. Spend a
    purchase is that of the population for everybody, so that the curves show recency and frequency alone, as in Fader,
    Hardie & Lee (2005), RFM and CLV: Using Iso-Value Curves, JMR 42(4), 415-430.

    Raises `DataError` as `frequency_recency` and `clv` do, and `FitError` if ``spend`` has no mean.

    >>> from crmlib import BGNBD, GammaGamma
    >>> purchases, spend = BGNBD(r=0.243, alpha=30.9, a=0.793, b=2.426), GammaGamma(p=6.25, q=3.74, gamma=15.44)
    >>> iso_values(purchases, spend, T=200, most=1, steps=2).round(2)
       x    t_x      T  value
    0  1  100.0  200.0  31.16
    1  1  200.0  200.0  39.03
    """
    import pandas as pd

    times, counts = np.linspace(0, _length(T), _whole(steps, "steps") + 1)[1:], np.arange(1, _whole(most, "most") + 1)
    x, t_x = (each.ravel() for each in np.meshgrid(counts, times, indexing="ij"))
    table = pd.DataFrame({"x": x, "t_x": t_x, "T": float(T)})
    # the population's mean for everybody: a customer who spent just that is expected to go on so
    known = table.astype(float).assign(mean_repeat_value=spend.expected_value_new())
    return table.assign(value=clv(known, purchases, spend, horizon=horizon, annual_discount=annual_discount))


def _length(T):
    if not (isinstance(T, (int, float, np.number)) and 0 < T < np.inf):
        raise DataError(f"T is {T!r}; it is a length of time above 0, e.g. 365.")
    return float(T)


def _whole(number, name):
    try:
        found = operator.index(number)
    except TypeError:
        found = 0
    if found < 1:
        raise DataError(f"{name} is {number!r}; it is a whole number above 0, e.g. 10.")
    return found
