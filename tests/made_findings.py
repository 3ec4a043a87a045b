"""Made-up numbers of a report, for the tests of its sentences."""

import dataclasses
import datetime as dt
from types import SimpleNamespace

import numpy as np
import pandas as pd

from crmlib.audit import Facts
from crmlib.bgnbd import BGNBD
from crmlib.gamma_gamma import GammaGamma

FACTS = Facts(
    as_of=dt.date(2024, 12, 31), first_day=dt.date(2024, 1, 1), last_day=dt.date(2024, 12, 30), lines=300,
    customers=100, orders=250, never=0, once=50, once_revenue=1000.0, revenue=5000.0, refunds=0.0, negative=0,
    panel=0.5, last_first=dt.date(2024, 11, 5),
)  # fmt: skip


def facts(**changed):
    return dataclasses.replace(FACTS, **changed)


def held(error=0.0, purchases_error=0.0):
    return SimpleNamespace(
        split=dt.date(2024, 6, 30), as_of=dt.date(2024, 12, 31), revenue_error=error, purchases_error=purchases_error,
        predicted_revenue=1000 * (1 + error / 100), actual_revenue=1000.0,
    )  # fmt: skip


def methods(model=(0.7, 0.47), rule=(0.9, 0.48)):
    """(mean absolute error, found) of the model and of one rule of thumb."""
    rows = [("BGNBD", *model), ("own rate", *rule), ("mean", 1.4, 0.1)]
    return pd.DataFrame([(name, "purchases", mae, found) for name, mae, found in rows],
                        columns=["method", "measure", "mae", "found"])  # fmt: skip


def value(holdout, worth=(10.0, 30.0), correlation=0.0, free=0, interval=(35.0, 46.0)):
    customers = pd.DataFrame({"customer": ["a", "b"], "value": worth})
    return SimpleNamespace(
        purchases=BGNBD(r=1, alpha=1, a=1, b=1), spend=GammaGamma(p=1, q=2, gamma=1), customers=customers,
        holdout=holdout, correlation=correlation, free=free, total=float(np.nansum(worth)),
        interval=interval,
    )  # fmt: skip
