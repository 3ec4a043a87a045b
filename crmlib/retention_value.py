"""The retention model on paper: a margin a period, a rate of retention, a discount; and how much five points are worth.

A customer who leaves is lost for good (Dwyer 1989). Margin m, retention r and discount d are constant, so that the
value is a geometric sum. Textbooks differ in when the first margin comes and whether it is certain, which moves the
value by up to a margin and more; `TIMINGS` names the three conventions, and no function has a silent default for it.

Fader & Hardie (2012), Reconciling and Clarifying CLV Formulas, note 024, compares the formulas of the literature.
"""

from __future__ import annotations

import math

import narwhals as nw
import numpy as np

from crmlib.arguments import check_discount, check_numbers, check_share, number_of_periods, sequence
from crmlib.customers import check_log
from crmlib.errors import DataError, quote
from crmlib.frames import as_day, day_number, same_kind, table

__all__ = [
    "SCOPES", "TIMINGS", "conventions", "lift", "lifts", "lifetime_value", "margins_value", "past_values",
    "retention_for_lift", "retention_value",
]  # fmt: skip

# timing -> when and from whom the first margin comes, and the value over an infinite horizon
TIMINGS = {
    "now": ("today, from everybody", "m (1 + d) / (1 + d - r)"),
    "renewal": ("after one period, from those who stayed", "m r / (1 + d - r)"),
    "arrears": ("after one period, from everybody", "m / (1 + d - r)"),
}
SCOPES = ("broad", "narrow")


def retention_value(margin, *, retention, discount, timing, periods=None, growth=0.0, acquisition=0.0) -> float:
    """What a customer is worth who brings ``margin`` a period and stays with chance ``retention`` from one to the next.

    The sum of margin * (1 + growth)**t * retention**t / (1 + discount)**t, less ``acquisition``, over ``periods``
    margins (None: without end). ``timing`` says which (`TIMINGS`): "now" counts t = 0, 1, 2 ..., "renewal" t = 1, 2 ...,
    and "arrears" pays the margins of "now" a period later. ``discount`` is a rate a period.

    Raises `DataError` for a retention outside 0 to 1, and if a sum without end has none:
    (1 + growth) * retention >= 1 + discount.

    >>> [round(retention_value(100, retention=0.8, discount=0.1, timing=timing), 2) for timing in TIMINGS]
    [366.67, 266.67, 333.33]
    >>> round(retention_value(100, retention=0.8, discount=0.1, timing="now", periods=5), 2)
    292.06
    """
    _check_timing(timing)
    check_numbers(margin=margin, acquisition=acquisition)
    check_numbers(above=-1, growth=growth)
    check_share(retention=retention)
    check_discount(discount=discount)
    periods = number_of_periods(periods)
    factor = (1 + growth) * retention / (1 + discount)
    if timing == "arrears":
        first = 1 / (1 + discount)
    else:
        first = 1.0 if timing == "now" else factor
    return float(margin * first * _geometric(factor, periods) - acquisition)


def _geometric(factor, periods):
    """1 + factor + factor**2 ...: ``periods`` terms, or without end."""
    if periods is None:
        if factor >= 1:
            raise DataError(
                "The sum has no end: (1 + growth) * retention is not below 1 + discount; give a number of periods, "
                "or a larger discount."
            )
        return 1 / (1 - factor)
    if factor == 1:
        return float(periods)
    if factor == 0:
        return float(periods > 0)
    log = math.log(factor)
    if periods * log > 700:
        raise DataError(f"A margin that grows {factor:g}-fold over {periods:,} periods has no finite value.")
    return math.expm1(periods * log) / math.expm1(log)  # exact for factors near 1 as well


def margins_value(margins, *, discount, retention=None, survival=None, acquisition=0.0) -> float:
    """The general form: the sum over t = 0, 1, 2 ... of margins[t] * S(t) / (1 + discount)**t, less ``acquisition``.

    S(t), the chance to be there at t, is retention**t, or the sequence ``survival``, e.g. from `crmlib.sbg`: give one of
    the two. Margins may differ and may be negative.

    >>> round(margins_value([100] * 5, retention=0.8, discount=0.1), 2)
    292.06
    >>> round(margins_value([50, 60, 80], survival=[1, 0.6, 0.5], discount=0.1, acquisition=40), 2)
    75.79
    """
    if (retention is None) == (survival is None):
        raise DataError("Give either retention, one rate for all periods, or survival, the share still there at each t.")
    margins = sequence("margins", margins)
    check_numbers(acquisition=acquisition)
    check_discount(discount=discount)
    t = np.arange(len(margins))
    if survival is None:
        check_share(retention=retention)
        there = np.power(float(retention), t)
    else:
        there = sequence("survival", survival)
        if len(there) != len(margins):
            raise DataError(f"There are {len(margins):,} margins and {len(there):,} values of survival; give as many.")
        if not ((there >= 0) & (there <= 1)).all() or (np.diff(there) > 0).any():
            raise DataError("survival is a share of 0 to 1 that never rises.")
    return float(np.sum(margins * there * (1 + discount) ** -t.astype(float)) - acquisition)


def conventions(margin, *, retention, discount, periods=None, growth=0.0):
    """The timing conventions side by side: a pandas table with retention, timing, first_margin, formula, value.

    ``retention`` is a rate or a sequence of rates; see `retention_value` for the rest.

    >>> conventions(100, retention=0.8, discount=0.1)[["timing", "first_margin", "value"]].round(2)
        timing                             first_margin   value
    0      now                    today, from everybody  366.67
    1  renewal  after one period, from those who stayed  266.67
    2  arrears         after one period, from everybody  333.33
    """
    import pandas as pd

    rates = [retention] if np.ndim(retention) == 0 else sequence("retention", retention).tolist()
    rows = [
        (rate, timing, when, formula if periods is None and growth == 0 else None,
         retention_value(margin, retention=rate, discount=discount, timing=timing, periods=periods, growth=growth))
        for rate in rates
        for timing, (when, formula) in TIMINGS.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["retention", "timing", "first_margin", "formula", "value"])


# -- history and future -------------------------------------------------------------------------------------------


def lifetime_value(past, future, *, scope="broad"):
    """Broad value is ``past`` + ``future``, narrow value is ``future`` alone; numbers, or arrays with a value a customer.

    What was earned is earned: only the narrow value can be changed. The broad one ranks who has been good to us.

    >>> lifetime_value(120.0, 80.0), lifetime_value(120.0, 80.0, scope="narrow")
    (200.0, 80.0)
    """
    if scope not in SCOPES:
        raise DataError(f"scope {scope!r} is not known; choose 'broad' (history and future) or 'narrow' (future only).")
    return past + future if scope == "broad" else future + 0 * past


@same_kind
def past_values(tx, *, as_of, annual_discount=0.10, compounded=True, margin=1.0):
    """What each customer has brought up to ``as_of``, refunds taken off: customer, past_value. The same kind of table.

    ``compounded``: an amount of n days ago counts (1 + annual_discount)**(n / 365) times, as if it had been invested
    since; otherwise as it was paid. ``margin`` turns revenue into profit. 10 % a year is our convention, as in `clv`.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a", "a"], "date": pd.to_datetime(["2023-12-31", "2024-12-30"]), "amount": 100.0})
    >>> past_values(log, as_of="2024-12-30")["past_value"].tolist(), past_values(
    ...     log, as_of="2024-12-30", compounded=False)["past_value"].tolist()
    ([210.0], [200.0])
    """
    end = as_day(as_of)
    check_numbers(margin=margin)
    check_discount(annual_discount=annual_discount)
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)
    check_log(frame, end)
    ago = (nw.lit(end.toordinal()) - day_number(nw.col("date"))).alias("__ago")
    lines = frame.select("customer", nw.col("amount").cast(nw.Float64), ago).filter(nw.col("__ago") >= 0)
    worth = nw.col("amount") * margin
    if compounded:
        worth = worth * (nw.col("__ago").cast(nw.Float64) * (math.log1p(annual_discount) / 365)).exp()
    summed = lines.select("customer", worth.alias("past_value")).group_by("customer").agg(nw.col("past_value").sum())
    return summed.sort("customer").to_native()


# -- five points of retention ---------------------------------------------------------------------------------------


def lift(retention, *, points=0.05, discount=0.10, growth=0.0, periods=None, timing="now") -> float:
    """By which share the value of a customer rises when ``retention`` rises by ``points`` (0.05: five percentage points).

    Reichheld & Sasser (1990) have 25 % to 85 % by industry. It is the value of a customer's profit stream and not the
    profit of the firm, and five *points* of retention are half of all defections at a retention of 90 %. Their discount,
    margins and horizon differ by industry; 10 % and a constant margin without end are ours.

    >>> [round(lift(base), 2) for base in (0.60, 0.70, 0.80, 0.90)]
    [0.11, 0.14, 0.2, 0.33]
    >>> round(lift(0.90, growth=0.09), 2), round(lift(0.80, periods=5), 2)
    (0.84, 0.09)
    """
    check_share(retention=retention)
    check_numbers(points=points)
    raised = retention + points
    if not 0 <= raised <= 1 + 1e-12:  # 0.7 + 0.2 + 0.1 is above 1 in floating point
        raise DataError(f"retention {retention:g} and points {points:g} make {raised:g}; that is no share of 0 to 1.")
    options = {"discount": discount, "growth": growth, "periods": periods, "timing": timing}
    before = retention_value(1.0, retention=retention, **options)
    if before == 0:
        raise DataError("The value before is 0, so that it cannot rise by a share of it; take a retention above 0.")
    return retention_value(1.0, retention=min(raised, 1.0), **options) / before - 1


def lifts(retention, *, points=0.05, discount=(0.10,), growth=(0.0,), periods=(None,), timing="now"):
    """`lift` for every combination: a pandas table with retention, discount, growth, periods (null: without end), lift.

    A number may stand for a sequence of one. ``lift`` is null where retention + points exceeds 1 or the sum has no end.

    >>> lifts([0.80, 0.90], growth=[0.0, 0.09])[["retention", "growth", "lift"]].round(2)
       retention  growth  lift
    0        0.8    0.00  0.20
    1        0.8    0.09  0.31
    2        0.9    0.00  0.33
    3        0.9    0.09  0.84
    """
    import pandas as pd

    def several(one):
        return [one] if one is None or np.ndim(one) == 0 else list(one)

    rows = []
    for base in several(retention):
        for rate in several(discount):
            for more in several(growth):
                for length in several(periods):
                    check_numbers(retention=base, points=points, discount=rate, growth=more)
                    endless = length is None and (1 + more) * (base + points) >= 1 + rate
                    known = 0 <= base + points <= 1 + 1e-12 and not endless
                    options = {"points": points, "discount": rate, "growth": more, "periods": length, "timing": timing}
                    rows.append((base, rate, more, length, lift(base, **options) if known else math.nan))
    return pd.DataFrame(rows, columns=["retention", "discount", "growth", "periods", "lift"], dtype=float)


def retention_for_lift(wanted, *, points=0.05, discount=0.10, growth=0.0) -> float:
    """The retention from which ``points`` more raise a value without end by the share ``wanted``, timing "now".

    Raises `DataError` if there is none between 0 and 1 - points: it says from where to where the lift can be.

    >>> round(retention_for_lift(0.25), 2), round(retention_for_lift(0.85, growth=0.10), 3)
    (0.85, 0.891)
    >>> retention_for_lift(0.85)
    Traceback (most recent call last):
        ...
    crmlib.errors.DataError: No retention gives a lift of 85 %: with these margins and this discount it lies between 4.8 % (from 0 %) and 50 % (from 95 %).
    """
    check_numbers(above=0, wanted=wanted, points=points)
    check_share(points=points)
    check_numbers(above=-1, growth=growth)
    check_discount(discount=discount)
    factor = (1 + growth) / (1 + discount)
    base = 1 / factor - points - points / wanted  # from lift = points factor / (1 - (retention + points) factor)
    if not -1e-12 <= base <= 1 - points + 1e-12:
        low, most = points * factor / (1 - points * factor), 1 - points
        high = f"{points * factor / (1 - factor):.0%}" if factor < 1 else "no limit"
        found = f"{low:.1%} (from 0 %) and {high} (from {most:.0%})" if points * factor < 1 else "bounds that do not exist"
        text = f"No retention gives a lift of {wanted:.0%}: with these margins and this discount it lies between {found}."
        raise DataError(text.replace("%", " %").replace("  %", " %"))
    return float(np.clip(base, 0.0, 1 - points))


def _check_timing(timing):
    if timing not in TIMINGS:
        raise DataError(f"timing {quote(timing)} is not known; choose 'now', 'renewal' or 'arrears' (see TIMINGS).")
