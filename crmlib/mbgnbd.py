"""MBG/NBD: as BG/NBD, but a customer may stop right after the very first purchase as well.

So a customer who bought once is not taken to be alive for ever, which BG/NBD does.

Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for customer base analysis,
International Journal of Research in Marketing 24(3), 201-209.
"""

from __future__ import annotations

from dataclasses import dataclass

from crmlib.dropout import MERGED, Dropout, likelihood, starts, why
from crmlib.fitting import check_parameters
from crmlib.purchase_model import fit_purchases

__all__ = ["MBGNBD", "fit_mbgnbd"]


@dataclass(frozen=True)
class MBGNBD(Dropout):
    """The MBG/NBD model; its methods read the columns x, t_x and T of a customer table: see `PurchaseModel`.

    The parameters mean what they mean in `BGNBD`: r / alpha purchases on average, and a chance a / (a + b) to stop
    after each purchase, the first one included. So `p_alive` is below 1 at x = 0, and b / (a + b) right after the first
    purchase.

    >>> import pandas as pd
    >>> cdnow = MBGNBD(r=0.525, alpha=6.183, a=0.891, b=1.614)      # weeks; BTYDplus
    >>> once = pd.DataFrame({"x": [0, 0], "t_x": [0, 0], "T": [0, 38.86]})
    >>> cdnow.score(once, horizon=39).round(3)
       x  t_x      T  p_alive  expected_purchases
    0  0    0   0.00    0.644               1.183
    1  0    0  38.86    0.390               0.154
    """

    r: float
    alpha: float
    a: float
    b: float
    _first = 1  # occasions to stop before the first repeat purchase

    def __post_init__(self):
        check_parameters(self)


def fit_mbgnbd(customers, *, start=None) -> MBGNBD:
    """Fit an MBG/NBD by maximum likelihood; what it reads and raises is as in `crmlib.bgnbd.fit_bgnbd`.

    >>> import pandas as pd
    >>> fit_mbgnbd(pd.DataFrame({"x": [1, 0], "t_x": [3, 0], "T": [9, 8]}))
    Traceback (most recent call last):
        ...
    crmlib.errors.FitError: MBG/NBD has 4 parameters and needs more customers with a purchase than 2; take in more.
    """
    return fit_purchases(
        MBGNBD, "MBG/NBD", customers, start=start, starts=starts, likelihood=likelihood(1), why=why, merged=MERGED
    )
