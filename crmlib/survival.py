"""How long the gaps between purchases are, counted with the gaps that are still open.

At any date every customer's last gap is open: nobody knows yet how long it gets. Completed gaps alone are therefore too
short: of two gaps that began on the same day, the shorter one is completed first. Kaplan and Meier's estimate (1958),
here by lifelines, takes an open gap as what it is, a gap of at least so many days: right-censored.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from crmlib.customers import check_log
from crmlib.errors import DataError, FitError
from crmlib.frames import as_day, same_kind, table
from crmlib.gaps import PurchaseDays, purchase_days

__all__ = ["GapSurvival", "gap_survival", "survival_of"]


@dataclass(frozen=True, eq=False)
class GapSurvival:
    """What `gap_survival` found; ``table`` (pandas) has a row a day, from 0 to the longest gap, open ones included.

    =====================  ============================================================================================
    day                    length of a gap in days
    at_risk                gaps, completed or open, of at least this length
    ended                  share of all gaps that end by this day (Kaplan-Meier)
    ended_low, ended_high  its 95 % interval; too narrow where the gaps of one customer resemble each other
    ended_completed        the same from the completed gaps alone: too high, see above
    =====================  ============================================================================================

    ``completed`` and ``open`` are the numbers of gaps.
    """

    table: object
    completed: int
    open: int
    _ended: np.ndarray = field(repr=False)

    def ended(self, day) -> float:
        """The share of gaps that end by ``day``; NaN beyond the longest gap, of which the log shows nothing."""
        return float(self._ended[math.floor(day)]) if 0 <= day < len(self._ended) else math.nan

    def quantile(self, share):
        """The first day by which at least ``share`` of all gaps have ended; None if the log does not show it.

        Where many never come back it does not, however long it is.
        """
        reached = np.flatnonzero(self._ended >= share - 1e-12)
        return int(reached[0]) if len(reached) else None

    def comes_back(self, silence, within=180) -> float:
        """Of customers who have been silent for ``silence`` days, the share who buy in the ``within`` days after.

        NaN if that is beyond the longest gap.
        """
        still, later = 1 - self.ended(silence), 1 - self.ended(silence + within)
        return 1 - later / still if still > 0 else math.nan

    def silence(self, comes_back=0.10, *, within=180, at_risk=30):
        """The days of silence from which on at most ``comes_back`` of the customers buy in the ``within`` days after.

        From there on it must hold for all longer silences too, so that a product bought once a year does not look dead
        in the months between. Judged as far as at least ``at_risk`` gaps are that long (30, our convention). None if
        even then more come back, or if the log is shorter than ``within``. A tenth and half a year are conventions; the
        costs of the two mistakes, to give up too early and too late, should set them (that is the idea of Indeed's
        "D-curve").
        """
        if not (0 < comes_back < 1 and within >= 1):
            said = f"comes_back is {comes_back} and within {within}; give a share and days, e.g. 0.10 and 180."
            raise DataError(said)
        enough = np.flatnonzero(self.table["at_risk"].to_numpy() >= at_risk)
        still = 1 - self._ended[: enough[-1] + 1] if len(enough) else np.empty(0)
        now, later = still[:-within], still[within:]
        now, later = now[now > 0], later[now > 0]
        if not len(now):
            return None
        more = np.flatnonzero(1 - later / now > comes_back)
        day = int(more[-1]) + 1 if len(more) else 0
        return day if day < len(now) else None


@same_kind
def gap_survival(tx, *, as_of):
    """The `GapSurvival` of a log of any engine as it stood on ``as_of``; later lines are left out and counted.

    Each completed gap between two purchase days of a customer is an event, each silence since a last purchase is open.
    A gap counts once, so frequent buyers have most of them: where customers differ, gaps come out shorter than those of
    a typical customer, though not as short as from completed gaps alone. The open gaps also hold customers who never
    come back, so the curve may never reach 1.

    Raises `FitError` if nobody bought on two days, `DataError` as `crmlib.customers.check_log`.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-03", "2024-01-01", "2024-01-05"])
    >>> log = pd.DataFrame({"customer": list("aabb"), "date": days, "amount": 1.0})
    >>> found = gap_survival(log, as_of="2024-01-06")  # gaps of 2 and 4 days; open since 3 and 1 days
    >>> found.table[["day", "at_risk", "ended", "ended_completed"]].round(3)
       day  at_risk  ended  ended_completed
    0    0        4  0.000              0.0
    1    1        4  0.000              0.0
    2    2        3  0.333              0.5
    3    3        2  0.333              0.5
    4    4        1  1.000              1.0
    >>> found.quantile(0.5), found.comes_back(3, within=1)
    (4, 1.0)
    """
    as_of = as_day(as_of)
    check_log(table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False), as_of)
    return survival_of(purchase_days(tx).until(as_of.toordinal()), as_of.toordinal())


def survival_of(days: PurchaseDays, last) -> GapSurvival:
    """The same from `PurchaseDays` up to the day number ``last``.

    >>> import pandas as pd
    >>> dates = pd.to_datetime(["2024-01-01", "2024-01-03"])
    >>> days = purchase_days(pd.DataFrame({"customer": "a", "date": dates, "amount": 1.0}))
    >>> survival_of(days, int(days.day[-1])).quantile(0.9)
    2
    """
    import pandas as pd
    from lifelines import KaplanMeierFitter

    gaps, _ = days.gaps()
    if not len(gaps):
        raise FitError("Nobody bought on two days by then, so there is no gap between purchases to learn from.")
    silence = days.silence(last)
    silence = silence[~np.isnan(silence)].astype(np.int64)
    length = int(max(gaps.max(), silence.max())) + 1
    completed, still_open = (np.bincount(part, minlength=length) for part in (gaps, silence))
    counts = np.r_[completed, still_open]
    some = counts > 0
    day = np.arange(length)
    fitter = KaplanMeierFitter().fit(
        np.r_[day, day][some], np.repeat([True, False], length)[some], timeline=day, weights=counts[some]
    )  # fmt: skip
    ended = 1 - fitter.survival_function_.iloc[:, 0].to_numpy()
    interval = 1 - fitter.confidence_interval_survival_function_.to_numpy()
    table = pd.DataFrame(
        {
            "day": day,
            "at_risk": np.cumsum((completed + still_open)[::-1])[::-1],
            "ended": ended,
            "ended_low": interval.min(axis=1),
            "ended_high": interval.max(axis=1),
            "ended_completed": np.cumsum(completed) / completed.sum(),
        }
    )
    return GapSurvival(table, int(completed.sum()), int(still_open.sum()), ended)
