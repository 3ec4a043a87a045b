"""The five stages of a customer's life cycle, from their own gaps between purchases and the trend of what they spend.

Shao Bingjia's textbook has the potential acquisition (潜在获取期), first as a potential customer (潜在客户期) and then under
development (客户开发期), growth (客户成长期), maturity (客户成熟期), decline (客户衰退期) and termination (客户终止期). It gives
no numbers; `stages` says which rules stand for its words, and whose they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw
import numpy as np

from crmlib.classes import by_class
from crmlib.customer_periods import checked_log, log_table
from crmlib.customers import check_log
from crmlib.errors import DataError
from crmlib.frames import alike, as_day, collect, like, same_kind, table, with_names
from crmlib.gaps import is_pair, purchase_days, usual_gaps
from crmlib.prospects import RELATIONS, relations

__all__ = ["CHINESE", "NO_PURCHASE", "PHASES", "STAGES", "Rules", "category_trend", "snapshots", "stages", "summary"]

STAGES = ("acquisition", "growth", "maturity", "decline", "termination")
PHASES = ("potential", "development", *STAGES[1:])  # the acquisition in its two sub-phases
NO_PURCHASE = "no purchase"  # refunds only
CHINESE = {
    "acquisition": "潜在获取期", "potential": "潜在客户期", "development": "客户开发期", "growth": "客户成长期",
    "maturity": "客户成熟期", "decline": "客户衰退期", "termination": "客户终止期", NO_PURCHASE: "无购买记录",
}  # fmt: skip

_PHASES, _STAGES = (*PHASES, NO_PURCHASE), (*STAGES, NO_PURCHASE)
_STAGE_OF = [STAGES[0], *STAGES, NO_PURCHASE]  # of each phase
_POTENTIAL, _DEVELOPMENT, _GROWTH, _MATURITY, _DECLINE, _TERMINATION, _REFUNDS = range(len(_PHASES))
_ABSENT = -1


@dataclass(frozen=True)
class Rules:
    """The numbers in the rules of `stages`, with what they rest on.

    =====================  ============================================================================================
    mature_days            purchase days from which on a relation can be mature: 4, our convention
    quantiles              of the gaps, for u and e: 0.90 of a customer's *own* gaps is an idea of vendors
                           (exploratory.io; statlas.dev takes 0.40 and 0.80), 0.99 our convention
    own_gaps               completed gaps from which on a customer's own quantiles count: 3, our convention
    population             u and e in days of those with fewer gaps, e.g. from `crmlib.survival`; None: the quantiles of
                           all completed gaps (see `crmlib.gaps.usual_gaps` on why these are short)
    medians                e is at least this many times the median gap: 3, our convention
    floor                  e is at least this many days: 90, our convention
    flat                   a trend is flat while \\|t\\| is below: 2, about the usual 5 % of many observations
    category_falls         True or False if you know whether the market falls; None: see `category_trend`
    =====================  ============================================================================================

    Raises `DataError` for numbers that make no sense.

    >>> Rules(floor=60).mature_days
    4
    """

    mature_days: int = 4
    quantiles: tuple[float, float] = (0.90, 0.99)
    own_gaps: int = 3
    population: tuple[float, float] | None = None
    medians: float = 3
    floor: float = 90
    flat: float = 2.0
    category_falls: bool | None = None

    def __post_init__(self):
        for name in ("quantiles", "population"):
            pair = getattr(self, name)
            if not ((pair is None and name == "population") or (is_pair(pair) and 0 < pair[0] <= pair[1])):
                raise DataError(f"{name} is {pair}; give two numbers above 0, the smaller first, e.g. "
                                f"{name}={(0.90, 0.99) if name == 'quantiles' else (60, 180)}.")  # fmt: skip
        for name, least in (("mature_days", 2), ("own_gaps", 1), ("medians", 0), ("floor", 0), ("flat", 0)):
            if not getattr(self, name) >= least:
                raise DataError(f"{name} is {getattr(self, name)}; give a number of at least {least}.")
        if self.quantiles[1] > 1:
            raise DataError(f"quantiles is {self.quantiles}; they are shares up to 1, e.g. quantiles=(0.90, 0.99).")


@same_kind
def stages(tx, *, as_of, prospects=None, rules=Rules()):
    """One row a customer, by their ids, as the log stood on ``as_of``; later lines are left out and counted.

    ===============  ==================================================================================================
    customer         as in ``tx``
    stage            "acquisition", "growth", "maturity", "decline", "termination"; "no purchase" has refunds only
    phase            the same, the acquisition as "potential" or "development"
    purchase_days    n: days with a purchase; refunds do not count
    days_since_last  g: as_of - last purchase, days
    usual_gap        u: the days by which 90 % of the gaps between purchases had ended
    end_gap          e: the silence that ends a relation: the longest of the days by which 99 % had ended, 3 times the
                     median gap, and 90 days
    slope            of the spend of a purchase day over 1, 2 ... n (least squares), money a purchase; null below 3
    t                slope / its standard error. |t| < 2 is a flat trend; infinite where the spend is on one line that
                     is not flat; null below 3 purchase days
    ===============  ==================================================================================================

    The first line that fits decides, so everybody has exactly one stage. All its numbers are in `Rules`:

    =================================  ===================================  ===========================
    purchase days                      silence and trend                    stage
    =================================  ===================================  ===========================
    none, but a prospect with a need                                        acquisition: potential
    1 or more                          g > e                                termination
    1 or more                          u < g <= e                           decline
    1                                  g <= u                               acquisition: development
    2 or more                          t <= -2, and the category holds up   decline
    4 or more                          t < 2                                maturity
    2 or more                          anything else                        growth
    =================================  ===================================  ===========================

    So growth holds whoever is active without a proven decline and is not mature: those whose spend rises, and all with
    two or three purchase days, also if their few orders shrink. With two there is no slope, with three |t| >= 2 is rare.
    The sign of ``slope`` says how many of them spend more each time. Maturity with t <= -2 happens only while the
    category falls: a fall that all share is none of the customer's. Where nobody bought twice, u and e are 90 days.

    Customers with fewer than three gaps are judged by the completed gaps of all customers, pooled. Those are too short
    where many never come back: a gap still open is not among them (it is censored), and frequent buyers have most of
    them. So such customers are in decline and termination too early. ``Rules(population=(u, e))`` puts days of your
    own in their place, e.g. from `crmlib.survival`, which counts open gaps; it moves those customers only.

    In the textbook decline is a fall "while the customer's own total business does not fall", and maturity shows in our
    share of that business. No log holds it; all customers' spend stands for it, see `category_trend`.

    ``prospects`` are as in `crmlib.prospects`. Raises `DataError` if ``as_of`` is before the first purchase, or if a
    table is not as it should be.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01", "2024-03-20"])
    >>> log = pd.DataFrame({"customer": list("aaaab"), "date": days, "amount": [9.0, 11.0, 9.0, 11.0, 5.0]})
    >>> found = stages(log, as_of="2024-04-10")
    >>> found[["customer", "stage", "phase", "days_since_last", "usual_gap", "end_gap"]]
      customer        stage        phase  days_since_last  usual_gap  end_gap
    0        a     maturity     maturity              9.0       31.0     93.0
    1        b  acquisition  development             21.0       31.0     93.0
    """
    lines, as_of = checked_log(tx, as_of)
    days, prospect = _days(lines, prospects)
    found = _measured(days, as_of.toordinal(), prospect, rules)
    there = np.flatnonzero(found["phase"] != _ABSENT)
    columns = {name: values[there] for name, values in found.items()}
    stage = {"stage": columns["phase"], "phase": columns.pop("phase")}
    return _table(lines, days, there, {"stage": _STAGE_OF, "phase": _PHASES}, stage | columns)


@same_kind
def snapshots(tx, *, dates, prospects=None, rules=Rules()):
    """The stage of each customer at each of ``dates`` (or one), steadied: customer, as_of, raw, stage; by date, then customer.

    ``raw`` is the stage by the rules of `stages` at that date, from no line after it. ``stage`` changes only when two
    snapshots in a row agree on the new one; at a customer's first snapshot it is ``raw``. So a customer who goes back
    and forth keeps their stage, and a real change is seen one snapshot late. What that delay is in days, the distance
    of the dates says: the ends of months are the usual ones.

    Who has not bought by a date has no row there, unless they are a prospect with a need: prospects have no date, they
    are there from the first snapshot on. Raises `DataError` as `stages`, and for dates that are none.

    >>> import pandas as pd
    >>> days = pd.to_datetime(["2024-01-01", "2024-01-11", "2024-01-21", "2024-02-24"])
    >>> log = pd.DataFrame({"customer": list("aaaa"), "date": days, "amount": 10.0})
    >>> snapshots(log, dates=["2024-01-31", "2024-02-04", "2024-02-25", "2024-03-05"])
      customer      as_of       raw     stage
    0        a 2024-01-31    growth    growth
    1        a 2024-02-04   decline    growth
    2        a 2024-02-25  maturity    growth
    3        a 2024-03-05  maturity  maturity
    """
    several = np.iterable(dates) and not isinstance(dates, str)
    dates = sorted({as_day(one, name="date") for one in (dates if several else [dates])})
    if not dates:
        raise DataError("There are no dates; give some, e.g. dates=['2024-01-31', '2024-02-29'].")
    frame = _log(tx)
    first = check_log(frame, dates[-1])
    if dates[0] < first:
        raise DataError(f"The date {dates[0]} is before the first purchase ({first}); choose that day or a later one.")
    days, prospect = _days(frame, prospects)
    stage_of = np.array([_STAGES.index(name) for name in _STAGE_OF])
    before = stage = np.full(len(days.customers), _ABSENT)
    found = []
    for last in (one.toordinal() for one in dates):
        phase = _measured(days, last, prospect, rules)["phase"]
        raw = np.where((phase == _ABSENT) | (phase == _REFUNDS), _ABSENT, stage_of[phase])
        stage = np.where((stage == _ABSENT) | (raw == before), raw, stage)
        before = raw
        there = np.flatnonzero(raw != _ABSENT)
        found.append((there, np.full(len(there), last), raw[there], stage[there]))
    there, last, raw, stage = (np.concatenate(parts) for parts in zip(*found, strict=True))
    as_of = np.datetime64("0001-01-01", "us") + (last - 1).astype("timedelta64[D]")
    return _table(frame, days, there, {"raw": _STAGES, "stage": _STAGES}, {"as_of": as_of, "raw": raw, "stage": stage})


@same_kind
def category_trend(tx, *, as_of, period=30, periods=12):
    """The t statistic of the trend in all customers' spend up to ``as_of``: -2 or less is a market that falls.

    Least squares over the last 12 whole periods of 30 days that the log covers, counted back from ``as_of``; refunds do
    not count. About a year, so that a season comes once; a season can still look like a trend, and so can a log that
    holds one cohort without the customers who came later. NaN below 3 periods: then nothing is known to fall.

    >>> import pandas as pd
    >>> days = pd.date_range("2024-01-01", periods=120)
    >>> log = pd.DataFrame({"customer": "a", "date": days, "amount": 120.0 - pd.RangeIndex(120)})
    >>> category_trend(log, as_of=days[-1]) < -2
    True
    """
    as_of = as_day(as_of)
    check_log(_log(tx), as_of)
    if not (period >= 1 and periods >= 3):
        raise DataError(f"period is {period} and periods {periods}; give at least 1 day and 3 periods, e.g. 30 and 12.")
    return _category_trend(purchase_days(tx), as_of.toordinal(), period, periods)


@same_kind
def summary(staged, *, by="purchase_days"):
    """A row a phase of `stages`: phase, customers, share_of_customers, ``by`` and its share.

    ``by`` is any column to add up; join the customer table for "revenue". Every phase has a row, "no purchase" only if
    there are such customers.

    >>> import pandas as pd
    >>> summary(pd.DataFrame({"phase": ["growth", "decline", "growth"], "purchase_days": [2, 3, 5]})).iloc[:, :4]
             phase  customers  share_of_customers  purchase_days
    0    potential          0            0.000000            0.0
    1  development          0            0.000000            0.0
    2       growth          2            0.666667            7.0
    3     maturity          0            0.000000            0.0
    4      decline          1            0.333333            3.0
    5  termination          0            0.000000            0.0
    """
    frame = table(staged, ["phase", by], what="table of stages", eager=False)
    return by_class(frame, "phase", order=_PHASES, by=by, optional=(NO_PURCHASE,)).to_native()


def _log(tx):
    return table(tx, ["customer", "date", "amount"], what="table of transactions", eager=False)


def _days(frame, prospects):
    """The purchase days of a log, and who of these customers is a prospect with a need."""
    days = purchase_days(frame)
    if prospects is None:
        return days, np.zeros(len(days.customers), dtype=bool)
    others = table(relations(prospects), eager=False)
    alike(log_table(frame), others, "the table of transactions", "the table of prospects", key="customer")
    in_need = collect(others.filter(nw.col("relation") != RELATIONS[0]), "customer")["customer"].to_list()
    days = days.joined_by(in_need)
    in_need = set(in_need)
    return days, np.array([customer in in_need for customer in days.customers])


def _measured(days, last, prospect, rules):
    """The phase of each customer and what decides it, from nothing after the day number ``last``."""
    known = days.seen <= last
    days = days.until(last)
    n, silence = days.count, days.silence(last)
    usual, end = _limits(days, rules)
    slope, t = _trends(days.spent, days.start)
    falls = rules.category_falls
    if falls is None:
        falls = _category_trend(days, last) <= -rules.flat
    falling = (t <= -rules.flat) & (not falls)
    phase = np.select(
        [n == 0, silence > end, silence > usual, n == 1, falling, (n >= rules.mature_days) & ~(t >= rules.flat)],
        [np.where(known, _REFUNDS, _ABSENT), _TERMINATION, _DECLINE, _DEVELOPMENT, _DECLINE, _MATURITY],
        default=_GROWTH,
    )
    phase[prospect & (phase == _ABSENT)] = _POTENTIAL
    return {
        "phase": phase, "purchase_days": n, "days_since_last": silence, "usual_gap": np.where(n > 0, usual, np.nan),
        "end_gap": np.where(n > 0, end, np.nan), "slope": slope, "t": t,
    }  # fmt: skip


def _limits(days, rules):
    """The silence beyond which a relation declines, and that beyond which it has ended."""
    population = None if rules.population is None else (*rules.population, np.nan)
    usual, most, median = usual_gaps(
        days, (*rules.quantiles, 0.5), own_gaps=rules.own_gaps, population=population
    )  # fmt: skip
    # fmax: where nobody bought twice there is no quantile, and the floor stands for it
    end = np.fmax(np.fmax(most, rules.medians * median), rules.floor)
    return np.where(np.isnan(usual), rules.floor, usual), end


def _trends(values, start):
    """Slope and t statistic of the least-squares line through the values of each group over 1, 2 ... n."""
    n = np.diff(start)
    group = np.repeat(np.arange(len(n)), n)

    def total(numbers):
        return np.bincount(group, numbers, minlength=len(n))

    with np.errstate(divide="ignore", invalid="ignore"):  # 0/0 -> NaN on purpose: fewer than 3 values have no trend
        mean = np.repeat(total(values) / n, n)
        place = np.arange(len(values)) - np.repeat(start[:-1] + (n - 1) / 2, n)
        off = values - mean
        # what is left of equal values after rounding is no trend
        off[np.abs(off) <= 1e-9 * np.abs(mean)] = 0
        width, height, both = n * (n**2 - 1.0) / 12, total(off**2), total(place * off)
        slope = np.where(n >= 3, both / width, np.nan)
        rest = height - both**2 / width
        rest[rest <= 1e-12 * height] = 0
        t = slope / np.sqrt(rest / (n - 2) / width)
    t[(n >= 3) & (slope == 0)] = 0
    return slope, t


def _category_trend(days, last, period=30, periods=12):
    whole = min(int(last - days.day.min() + 1) // period, periods)
    if whole < 3:
        return np.nan
    age = (last - days.day) // period
    recent = (age >= 0) & (age < whole)
    spent = np.bincount(whole - 1 - age[recent], days.spent[recent], minlength=whole)
    return float(_trends(spent, np.array([0, whole]))[1][0])


def _table(frame, days, there, names, columns):
    """A table of the kind of ``frame``: customer and ``columns``, those in ``names`` as text for their codes."""
    schema = log_table(frame).collect_schema()
    kinds = {"f": nw.Float64, "i": nw.Int64, "M": schema["date"]}
    types = {"customer": schema["customer"]} | {name: kinds[values.dtype.kind] for name, values in columns.items()}
    customers = np.array(days.customers, dtype=object)[there].tolist()
    made = like(frame, {"customer": customers} | columns, types)
    for name, texts in names.items():
        made = with_names(made, name, nw.col(name), texts)
    return made.to_native()
