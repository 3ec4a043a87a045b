"""BG/NBD: how often customers will buy again, when nobody says goodbye.

A living customer buys at random, at a rate of their own, and after each repeat purchase stops for good with a chance of
their own. Rates differ between customers as a gamma(r, alpha), chances as a beta(a, b).

Fader, Hardie & Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2), 275-284.
"""

from __future__ import annotations

from dataclasses import dataclass

from crmlib.dropout import MERGED, Dropout, likelihood, starts, why
from crmlib.fitting import check_parameters
from crmlib.purchase_model import fit_purchases

__all__ = ["BGNBD", "fit_bgnbd"]


@dataclass(frozen=True)
class BGNBD(Dropout):
    """The BG/NBD model; its methods read the columns x, t_x and T of a customer table: see `PurchaseModel`.

    r and alpha tell how often customers buy: r / alpha on average. a and b tell how readily they stop after a
    purchase: with chance a / (a + b) on average. ``alpha`` carries the unit of time: 4.414 in weeks is 30.9 in days.

    `p_alive` is 1 at x = 0: nobody stops before a repeat purchase (Fader, Hardie & Lee 2008, note 021).
    `log_likelihood` is worked as in Fader & Hardie (2013), note 027. `expected_purchases` and `expected_purchases_new`
    are equations 10 and 9 of the paper in a form that is exact for every a, b and x: the printed ones have no value at
    a = 1, and near it and for a + b + x < 1 they lose digits. `pmf` is equation 8. `dert` was derived for crmlib: P(alive) times the mean
    of rate / (rate * p + log(1 + discount)) over what is known of the customer; without discounting it ends for a > 1.

    >>> paper = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)      # CDNOW, weeks; Table 2 of the paper
    >>> import pandas as pd
    >>> one = pd.DataFrame({"x": [2.0], "t_x": [30.43], "T": [38.86]})
    >>> round(float(paper.expected_purchases(one, horizon=39)[0]), 3)
    1.226
    >>> paper.expected_purchases_new([1, 78]).round(3).tolist()
    [0.053, 1.861]
    >>> paper.score(one, horizon=39, discount=1.10 ** (1 / 52) - 1).round(3)
         x    t_x      T  p_alive  expected_purchases  dert
    0  2.0  30.43  38.86    0.727               1.226  6.36
    """

    r: float
    alpha: float
    a: float
    b: float
    _first = 0  # occasions to stop before the first repeat purchase

    def __post_init__(self):
        check_parameters(self)


def fit_bgnbd(customers, *, start=None) -> BGNBD:
    """Fit a BG/NBD by maximum likelihood to the columns x, t_x, T (and ``weight``, if there) of a customer table.

    Any unit of time will do; ``alpha`` comes out in it. Equal rows are merged, so the cost grows with the distinct
    histories; a lazy table is counted to them by its engine. What `crmlib.count_histories` returns is taken in place of
    a table, which saves counting again. Customers without a purchase (x, t_x and T null) are left out. ``start`` may
    give (r, alpha, a, b) to search from first.

    Raises FitError, saying what the data lacks: nobody bought twice, fewer customers than parameters, an impossible
    row, or a likelihood without a maximum, as when customers are all alike or only repeat buyers are in the table.

    >>> import pandas as pd
    >>> fit_bgnbd(pd.DataFrame({"x": [0.0] * 5, "t_x": [0.0] * 5, "T": [9.0, 8, 7, 6, 5]}))
    Traceback (most recent call last):
        ...
    crmlib.errors.FitError: Nobody bought twice, so these customers say nothing about when they come back; take in a
    longer time.
    """
    return fit_purchases(
        BGNBD, "BG/NBD", customers, start=start, starts=starts, likelihood=likelihood(0), why=why, merged=MERGED
    )
