"""What a log can carry: for each lens of the customer-base audit yes, or what is missing, and the view that is valid.

What a lens needs follows Fader, Hardie & Ross, The Customer-Base Audit (2022), through its public companion; the sizes
are our convention.
"""

from __future__ import annotations

import calendar
import datetime as dt
import math
from typing import NamedTuple

import narwhals as nw
import numpy as np

from crmlib.audit import FEW, SLACK, is_panel
from crmlib.calendar_periods import complete, period_of, periods_a_year
from crmlib.cohorts import made_like
from crmlib.concentration import window_start
from crmlib.counted import Counted
from crmlib.customer_periods import checked_log, first_day, knows_cost, log_table, purchase_days
from crmlib.errors import DataError
from crmlib.frames import collect, same_kind
from crmlib.numbering import changes, distinct
from crmlib.overview import YEAR
from crmlib.small_groups import LEAST
from crmlib.wording import count, days, several

__all__ = [
    "AGES", "ALL_COHORTS", "COHORTS_COMPARED", "CONCENTRATION", "DATA", "ONE_COHORT", "ONE_PERIOD", "PRODUCTS", "PROFIT", "TWO_PERIODS",
    "Carried", "Held", "carries", "silent_stretches",
]  # fmt: skip

ONE_PERIOD, TWO_PERIODS, ONE_COHORT = "one period", "two periods", "one cohort"
COHORTS_COMPARED, ALL_COHORTS, PRODUCTS, PROFIT = "cohorts compared", "all cohorts", "products", "profit"

CONCENTRATION, DATA = "concentration", "data"  # what is shown of a log as a whole, where no lens is near

_UNITS = ("quarter", "month", "year")  # in the order in which they are tried
AGES = 4  # complete periods of a cohort, below which its course cannot be told from a step
_COHORTS = 3  # stacked, below which there is nothing to compare a layer with
_MONTHS = (12, 6, 3, 1)  # of each of two periods, in the order in which they are tried
_STOPPED = 92  # days, a quarter: nobody joined for longer than that and than ever before
SILENT_DAYS, SILENT_TIMES, _USUAL = 31, 10, 0.95  # see `silent_stretches`


@same_kind
def carries(tx, *, as_of):
    """What of the audit a log can carry: a row a lens.

    ============================  =====================================================================================
    lens                          one period, two periods, one cohort, cohorts compared, all cohorts, products, profit
    verdict                       "yes", "limited" (read it as ``view`` says) or "no"
    unit                          the first of quarter, month and year that carries a lens of cohorts; else null
    months                        of the period, or of each of the two; null for other lenses and for "no"
    missing                       what the log lacks; null for "yes"
    mends                         what would mend it; null for "yes"
    view                          the view that is valid, or the nearest one
    nearest                       for "no" the lens of that view, which the log carries; or "concentration" (who brings the
                                  money) or "data" (what was read) of the whole log; else null
    ============================  =====================================================================================

    One period: 12 months with 20 buyers; at least 28 days. Of a cohort panel (`audit.Facts.is_panel`) they are its first
    12 months. Two: the longest of 12, 6, 3 and 1 months that the log holds twice, with 20 buyers each, in a panel
    after its last first purchase; for "yes" 12. One cohort: 20 customers with four complete
    periods. Cohorts compared: two of 20 that share two complete periods and a season; without a season, limited. All:
    three cohorts of 20, customers who still join, and a year before the chart in which older customers show up; a
    panel has nobody new by design, and is refused. Products: 20 buyers in the last 12 months.

    Customers still join if 20 did so in the last 365 days and the last of them no longer ago than 92 days or, where
    joining has its seasons, than the longest pause between two joinings before: our convention. Days within a lens on
    which the log holds no line (`silent_stretches`) make it limited. The same kind of table as ``tx``.

    Raises `DataError` if ``as_of`` is before the first purchase.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-05"]), "amount": [10.0]})
    >>> carries(log, as_of="2024-01-31")[["lens", "verdict", "missing", "nearest"]].head(2)
              lens verdict              missing nearest
    0   one period      no  20 or more customers    data
    1  two periods      no  20 or more customers    data
    """
    lines, as_of = checked_log(tx, as_of)
    found = Held(lines, as_of).rows()
    columns = {"lens": [*found]} | dict(zip(Carried._fields, map(list, zip(*found.values(), strict=True)), strict=True))
    columns["months"] = [math.nan if months is None else float(months) for months in columns["months"]]
    return made_like(lines, columns, dict.fromkeys(columns, nw.String) | {"months": nw.Float64}, ["months"])


def silent_stretches(days, as_of) -> list[tuple[dt.date, dt.date]]:
    """The first and the last day of each stretch up to ``as_of`` on which a log holds no line, though it should.

    ``days``: the days with a line, as numbers. A stretch is silent if it is longer than a calendar month (31 days) and
    than ten times the usual longest gap, which is the 95th percentile of all gaps from one day with a line to the next (the
    lower of two): our convention. So a log of a sale every other month has none, and one that is written daily has one after a month.

    >>> days = [dt.date(2024, 1, day).toordinal() for day in range(1, 32)]
    >>> [[str(day) for day in stretch] for stretch in silent_stretches(days, dt.date(2024, 3, 3))]
    [['2024-02-01', '2024-03-03']]
    >>> silent_stretches(days, dt.date(2024, 3, 2))
    []
    """
    days = distinct(np.asarray(days))
    if len(days) < 2:
        return []
    usual = np.quantile(np.diff(days), _USUAL, method="lower")  # one of the gaps, so that the longest of a few is no part of it
    ends = np.append(days[1:], as_of.toordinal() + 1)
    long = ends - days - 1 > max(SILENT_DAYS, SILENT_TIMES * usual)
    return [(dt.date.fromordinal(int(day) + 1), dt.date.fromordinal(int(end) - 1)) for day, end in zip(days[long], ends[long], strict=True)]


class Carried(NamedTuple):
    """A row of `carries` without the name of its lens."""

    verdict: str
    unit: str | None
    months: int | None
    missing: str | None
    mends: str | None
    view: str
    nearest: str | None = None


class Held:
    """What a log holds, as far as the lenses ask for it; ``lines`` from `customer_periods.checked_log`."""

    def __init__(self, lines, as_of):
        names = log_table(lines).collect_schema().names()
        self.as_of, self.first = as_of, first_day(lines)
        self.days = (as_of - self.first).days + 1
        self.has_product, self.has_cost = "product" in names, "cost" in names
        self.knows_cost = knows_cost(lines)
        self.silent = silent_stretches(_days_with_lines(lines), as_of)
        self.revenue = _revenue(lines)
        self.customers, self.panel, self.cohorts = 0, False, {unit: {} for unit in _UNITS}
        try:
            self._customer, self._day, born = purchase_days(lines, "month")
        except DataError:  # refunds only
            return
        begins = np.flatnonzero(changes(self._customer))
        for unit in _UNITS:
            found, sizes = np.unique(born // (12 // periods_a_year(unit)), return_counts=True)
            last = period_of(as_of, unit)
            end = last if complete(last, unit, as_of=as_of) else last - 1
            # cohorts of enough customers, and how many periods of each are complete
            self.cohorts[unit] = {int(one): end - int(one) + 1 for one, n in zip(found, sizes, strict=True) if n >= FEW}
        self.customers = len(begins)
        self._joined = np.sort(self._day[begins])
        self.last_first = dt.date.fromordinal(int(self._joined[-1]))
        opening = self.first.toordinal() + -(-self.days // 4) - 1
        self.panel = is_panel((self._joined <= opening).mean(), self.days, self.customers)

    def rows(self) -> dict[str, Carried]:
        """A row of `carries` by the name of its lens."""
        found = {lens: self._few(lens) or decide(self) for lens, decide in _LENSES.items()}
        carried = {lens for lens, row in found.items() if row.verdict != "no"}
        return {lens: self._nearest(lens, row, carried) if row.verdict == "no" else self._unless_silent(lens, row) for lens, row in found.items()}

    def _few(self, lens):
        if lens == PROFIT or self.customers >= FEW:
            return None
        if not self.customers:
            return _no("purchases: the log holds refunds only", "lines of purchases")
        return _no(f"{FEW} or more customers", "more customers")

    def _nearest(self, lens, row, carried):
        whole = CONCENTRATION if self.customers >= 5 * LEAST and self.revenue > 0 else DATA
        nearest = next((one for one in _NEAREST[lens] if one in carried), whole)
        return row._replace(view=_INSTEAD.get((lens, nearest), _WHAT[nearest]) + (row.view or ""), nearest=nearest)

    def _unless_silent(self, lens, row):
        said = self.silence(lens, row)
        if not said:
            return row
        missing = "; ".join(filter(None, (row.missing, f"lines of some days: the log holds no line {said}")))
        mends = "; ".join(filter(None, (row.mends, "the lines of these days, or the word that nothing could be bought on them")))
        return row._replace(verdict="limited", missing=missing, mends=mends)

    def silence(self, lens, row) -> str:
        """The silent stretches within the days that a lens looks at, in words."""
        start, end = self.first, self.as_of
        if lens == ONE_PERIOD:
            start, end = window_start(self.year_end, 12), self.year_end
        if lens == TWO_PERIODS:
            start = window_start(end, 2 * row.months)
        if lens == PRODUCTS:
            start = window_start(end, 12)
        return "" if lens == PROFIT else in_words([one for one in self.silent if one[0] <= end and one[1] >= start])

    @property
    def year_end(self):
        """The last day of one period: of a panel that of its first 12 calendar months, else that of the log."""
        year, month, day = self.first.year + 1, self.first.month, self.first.day
        end = dt.date(year, month, min(day, calendar.monthrange(year, month)[1])) - dt.timedelta(days=1)
        return min(end, self.as_of) if self.panel else self.as_of

    def first_unit(self, carried):
        return next((unit for unit in _UNITS if carried(self.cohorts[unit], unit)), None)

    def season_unit(self):
        """The unit in which two cohorts of one season can be compared."""
        return None if self.panel else self.first_unit(
            lambda cohorts, unit: any(ages >= 2 and born - periods_a_year(unit) in cohorts for born, ages in cohorts.items())
        )

    def chart_since(self, unit):
        """The day from which the cohort chart tells new customers from older ones: after the first year, if that leaves
        cohorts to stack; else None."""
        since = self.first + dt.timedelta(days=YEAR)
        left = sum(born > period_of(since, unit) and ages >= 1 for born, ages in self.cohorts[unit].items())
        return since if left >= _COHORTS else None

    def months_twice(self):
        """The longest period that the log holds twice; it begins with its first line, which is rarely the first day."""
        start = self.last_first if self.panel else self.first - dt.timedelta(days=SLACK)
        return next((months for months in _MONTHS if window_start(self.as_of, 2 * months) >= start), None)

    def buyers(self, start, end):
        """How many customers bought from one day to another, both included."""
        inside = (self._day >= start.toordinal()) & (self._day <= end.toordinal())
        return int(np.count_nonzero(changes(self._customer[inside]))) if inside.any() else 0

    def joined_lately(self):
        """How many joined in the last year."""
        return int((self._joined > self.as_of.toordinal() - YEAR).sum())

    def has_stopped(self):
        """Whether nobody has joined for longer than a quarter, and than ever before."""
        pause = self.as_of.toordinal() - self._joined[-1]
        return pause > max(_STOPPED, np.diff(self._joined).max(initial=0)) or pause >= YEAR


def in_words(stretches, most=3) -> str:
    """Stretches of days in words, the longest of them.

    >>> in_words([(dt.date(2024, 3, 1), dt.date(2024, 9, 30))])
    'from 2024-03-01 to 2024-09-30'
    """
    longest = sorted(sorted(stretches, key=lambda one: one[0] - one[1])[:most])
    more = [f"in {count(len(stretches) - most, 'shorter stretch', 'shorter stretches')}"] if len(stretches) > most else []
    return several([*(f"from {start} to {end}" for start, end in longest), *more]) if stretches else ""


def _days_with_lines(lines):
    if isinstance(lines, Counted):
        return lines.day
    return collect(lines.select("__day").unique())["__day"].to_numpy()


def _revenue(lines):
    if isinstance(lines, Counted):
        return float(lines.amount.sum())
    return float(collect(lines, nw.col("amount").cast(nw.Float64).sum())["amount"][0])


def _yes(view, unit=None, months=None):
    return Carried("yes", unit, months, None, None, view)


def _limited(missing, mends, view, unit=None, months=None):
    return Carried("limited", unit, months, missing, mends, view)


def _no(missing, mends, more=""):
    """``more`` stands after the words on the nearest view."""
    return Carried("no", None, None, missing, mends, more)


def _one_period(log):
    start = max(window_start(log.year_end, 12), log.first)
    if log.buyers(start, log.year_end) < FEW:
        return _no(f"{FEW} or more customers who bought from {start} to {log.year_end}", "a log in which more customers bought in these days")
    if log.days >= YEAR:
        if log.panel:
            return _yes("the first 12 months of the group that the log follows; it is the year of one cohort, and not of the firm", months=12)
        return _yes(f"the 12 months to {log.as_of}", months=12)
    missing, mends = f"a whole year: the log covers {days(log.days)}", "a log of 12 months or more"
    if log.days >= 28:
        return _limited(missing, mends, f"all {log.days} days, read as a part of a year with its season", months=12)
    return _no(missing, mends)


def _two_periods(log):
    months = log.months_twice()
    if months is None:
        return _no(f"two periods to compare: the log covers {days(log.days)}", "a log of 24 months or more")
    start, middle = window_start(log.as_of, 2 * months), window_start(log.as_of, months)
    if min(log.buyers(start, middle - dt.timedelta(days=1)), log.buyers(middle, log.as_of)) < FEW:
        missing = f"{FEW} or more customers who bought in each of the {count(months, 'month')} before {middle} and from it on"
        return _no(missing, "a log in which more customers bought in these days")
    view = f"the {count(months, 'month')} to {log.as_of} and the {count(months, 'month')} before"
    if log.panel:
        missing = "customers who join later: it follows one group, in which nobody can be new"
        view += "; a change is ageing and season, not growth"
        return _limited(missing, "the log of all customers", view, months=months)
    if months == 12:
        return _yes(view, months=months)
    missing, mends = f"a second year: the log covers {days(log.days)}", "a log of 24 months or more"
    return _limited(missing, mends, f"{view}, of different seasons", months=months)


def _one_cohort(log):
    unit = log.first_unit(lambda cohorts, _: max(cohorts.values(), default=0) >= AGES)
    if unit:
        return _yes("the group that the log follows, by age" if log.panel else f"a cohort by {unit}", unit)
    return _no(f"a cohort of {FEW} or more customers with {AGES} complete periods", "a longer log")


def _compared(log):
    def any_two(cohorts, _):
        return sum(ages >= 2 for ages in cohorts.values()) >= 2

    if unit := log.season_unit():
        return _yes(f"cohorts of one season by {unit}, at the ages that all of them have reached", unit)
    mends = "a log in which cohorts of the same season in two years have two complete periods"
    if unit := log.first_unit(any_two):
        missing = "two cohorts of the same season: a difference may be that of the season"
        return _limited(missing, mends, f"cohorts by {unit} as a check of stability, and not of quality", unit)
    return _no(f"two cohorts of {FEW} or more customers that share two complete periods", mends)


def _all_cohorts(log):
    def joined(cohorts, _):
        whole = [ages for ages in cohorts.values() if ages >= 1]
        return len(whole) >= _COHORTS and min(whole) == 1  # the last complete period has a cohort of its own

    if log.panel:
        missing = "customers who join after the beginning: the log follows one group"
        view = "; the chart of all cohorts shrinks by construction and shows no growth, no new share and no health"
        return _no(missing, "the log of all customers", view)
    if log.has_stopped():
        missing = f"customers who still join: nobody made a first purchase after {log.last_first}"
        return _no(missing, f"a log with those who joined after {log.last_first}, if anybody did")
    if not (unit := log.first_unit(joined)):
        missing = f"{_COHORTS} cohorts of {FEW} or more customers, up to the last complete period"
        return _no(missing, "a longer log, or one with all who joined")
    if log.joined_lately() < FEW:
        missing = f"customers who still join: fewer than {FEW} made a first purchase in the last {YEAR} days"
        return _no(missing, "a log with all who joined")
    if (since := log.chart_since(unit)) is None:
        missing = "birth dates: who is first seen in the first year may have bought before the log began"
        view = f"the chart by {unit}, whose first cohorts hold older customers too"
        return _limited(missing, f"lines of {YEAR} days before the chart", view, unit)
    return _yes(f"the chart by {unit} since {since}; who was first seen earlier stands in the band before", unit)


def _products(log):
    if not log.has_product:
        return _no("a column 'product'", "lines by product")
    start = max(window_start(log.as_of, 12), log.first)
    if log.buyers(start, log.as_of) < FEW:
        return _no(f"{FEW} or more customers who bought from {start} to {log.as_of}", "a log in which more customers bought in these days")
    return _yes("customers, orders and money by product")


def _profit(log):
    if log.knows_cost:
        return _yes("profit: amount less cost")
    return _no("the cost of some lines" if log.has_cost else "a column 'cost'", "the cost of every line")


_LENSES = {
    ONE_PERIOD: _one_period, TWO_PERIODS: _two_periods, ONE_COHORT: _one_cohort, COHORTS_COMPARED: _compared,
    ALL_COHORTS: _all_cohorts, PRODUCTS: _products, PROFIT: _profit,
}  # fmt: skip

# for each lens that is refused those in which the nearest view stands, and how it is called
_NEAREST = {
    ONE_PERIOD: (), TWO_PERIODS: (ONE_PERIOD, ONE_COHORT), ONE_COHORT: (COHORTS_COMPARED, ALL_COHORTS, ONE_PERIOD),
    COHORTS_COMPARED: (ONE_COHORT, TWO_PERIODS, ONE_PERIOD), ALL_COHORTS: (ONE_COHORT, COHORTS_COMPARED, TWO_PERIODS, ONE_PERIOD),
    PRODUCTS: (ONE_PERIOD,), PROFIT: (ONE_PERIOD,),
}  # fmt: skip
_WHAT = {
    ONE_PERIOD: "one period", TWO_PERIODS: "two periods", ONE_COHORT: "one cohort",
    COHORTS_COMPARED: "cohorts compared", ALL_COHORTS: "all cohorts",
    CONCENTRATION: "who brings the money, over the whole log", DATA: "what was read, as a whole",
}  # fmt: skip
_INSTEAD = {
    (ONE_COHORT, COHORTS_COMPARED): "how many bought again within so many weeks, in cohorts compared",
    (PRODUCTS, ONE_PERIOD): "orders as a whole, in one period",
    (PROFIT, ONE_PERIOD): "revenue, and named so, in one period",
}
