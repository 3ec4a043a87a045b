"""What a log can carry: for each lens of the customer-base audit yes, or what is missing, and the view that is valid.

What a lens needs follows Fader, Hardie & Ross, The Customer-Base Audit (2022), through its public companion; the sizes
are our convention.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import NamedTuple

import narwhals as nw
import numpy as np

from crmlib.audit import FEW, SLACK, is_panel
from crmlib.calendar_periods import complete, period_of, periods_a_year
from crmlib.cohorts import made_like
from crmlib.concentration import window_start
from crmlib.customer_periods import checked_log, first_day, knows_cost, log_table, purchase_days
from crmlib.frames import same_kind
from crmlib.numbering import changes
from crmlib.overview import YEAR
from crmlib.wording import count, days

__all__ = [
    "AGES", "ALL_COHORTS", "COHORTS_COMPARED", "ONE_COHORT", "ONE_PERIOD", "PRODUCTS", "PROFIT", "TWO_PERIODS", "Carried", "carries",
]  # fmt: skip

ONE_PERIOD, TWO_PERIODS, ONE_COHORT = "one period", "two periods", "one cohort"
COHORTS_COMPARED, ALL_COHORTS, PRODUCTS, PROFIT = "cohorts compared", "all cohorts", "products", "profit"

_UNITS = ("quarter", "month", "year")  # in the order in which they are tried
AGES = 4  # complete periods of a cohort, below which its course cannot be told from a step
_COHORTS = 3  # stacked, below which there is nothing to compare a layer with
_MONTHS = (12, 6, 3, 1)  # of each of two periods, in the order in which they are tried


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
    ============================  =====================================================================================

    One period: 12 months; at least 28 days. Two: the longest of 12, 6, 3 and 1 months that the log holds twice, in a panel
    after its last first purchase; for "yes" 12. One cohort: 20 customers with four complete
    periods. Cohorts compared: two of 20 that share two complete periods and a season; without a season, limited. All:
    three cohorts of 20, customers who still join, and a year before the chart in which older customers show up. A
    cohort panel (`audit.Facts.is_panel`) has nobody new by design: all cohorts is refused. The same kind of table as
    ``tx``.

    Raises `DataError` if ``as_of`` is before the first purchase.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": ["a"], "date": pd.to_datetime(["2024-01-05"]), "amount": [10.0]})
    >>> carries(log, as_of="2024-01-31")[["lens", "verdict", "missing"]].head(2)
              lens verdict              missing
    0   one period      no  20 or more customers
    1  two periods      no  20 or more customers
    """
    lines, as_of = checked_log(tx, as_of)
    log = _Log(lines, as_of)
    rows = [_few(log, lens) or decide(log) for lens, decide in _LENSES.items()]
    columns = {"lens": [*_LENSES]} | dict(zip(Carried._fields, map(list, zip(*rows, strict=True)), strict=True))
    columns["months"] = [math.nan if months is None else float(months) for months in columns["months"]]
    return made_like(lines, columns, dict.fromkeys(columns, nw.String) | {"months": nw.Float64}, ["months"])


class Carried(NamedTuple):
    """A row of `carries` without the name of its lens."""

    verdict: str
    unit: str | None
    months: int | None
    missing: str | None
    mends: str | None
    view: str


class _Log:
    """The facts that the lenses ask for."""

    def __init__(self, lines, as_of):
        names = log_table(lines).collect_schema().names()
        self.as_of = as_of
        self.first = first_day(lines)
        self.days = (as_of - self.first).days + 1
        self.has_product, self.has_cost = "product" in names, "cost" in names
        self.knows_cost = knows_cost(lines)
        self.cohorts = {}
        customer, day, born = purchase_days(lines, "month")
        begins = np.flatnonzero(changes(customer))
        for unit in _UNITS:
            found, sizes = np.unique(born // (12 // periods_a_year(unit)), return_counts=True)
            last = period_of(as_of, unit)
            end = last if complete(last, unit, as_of=as_of) else last - 1
            # cohorts of enough customers, and how many periods of each are complete
            self.cohorts[unit] = {int(one): end - int(one) + 1 for one, n in zip(found, sizes, strict=True) if n >= FEW}
        self.customers = len(begins)
        self.last_first = dt.date.fromordinal(int(day[begins].max()))
        opening = self.first.toordinal() + -(-self.days // 4) - 1
        self.panel = is_panel((day[begins] <= opening).mean(), self.days, self.customers)

    def first_unit(self, carried):
        return next((unit for unit in _UNITS if carried(self.cohorts[unit], unit)), None)

    def months_twice(self):
        """The longest period that the log holds twice; it begins with its first line, which is rarely the first day."""
        start = (self.last_first if self.panel else self.first) - dt.timedelta(days=SLACK)
        return next((months for months in _MONTHS if window_start(self.as_of, 2 * months) >= start), None)


def _yes(view, unit=None, months=None):
    return Carried("yes", unit, months, None, None, view)


def _limited(missing, mends, view, unit=None, months=None):
    return Carried("limited", unit, months, missing, mends, view)


def _no(missing, mends, view):
    return Carried("no", None, None, missing, mends, view)


def _few(log, lens):
    if log.customers >= FEW or lens == PROFIT:
        return None
    return _no(f"{FEW} or more customers", "more customers", "the lines of each customer, read one by one")


def _one_period(log):
    if log.days >= YEAR:
        of_panel = "; it is the year of one cohort, and not of the firm" if log.panel else ""
        return _yes(f"the 12 months to {log.as_of}{of_panel}", months=12)
    missing, mends = f"a whole year: the log covers {days(log.days)}", "a log of 12 months or more"
    if log.days >= 28:
        return _limited(missing, mends, f"all {log.days} days, read as a part of a year with its season", months=12)
    return _no(missing, mends, "orders by day")


def _two_periods(log):
    months = log.months_twice()
    if months is None:
        missing, mends = f"two periods to compare: the log covers {days(log.days)}", "a log of 24 months or more"
        return _no(missing, mends, "one period")
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
    missing = f"a cohort of {FEW} or more customers with {AGES} complete periods"
    return _no(missing, "a longer log", "how many bought again within so many weeks")


def _compared(log):
    def one_season(cohorts, unit):
        year = periods_a_year(unit)
        return any(ages >= 2 and (born - year) in cohorts for born, ages in cohorts.items())

    def any_two(cohorts, _):
        return sum(ages >= 2 for ages in cohorts.values()) >= 2

    if not log.panel and (unit := log.first_unit(one_season)):
        return _yes(f"cohorts of one season by {unit}, at the ages that all of them have reached", unit)
    mends = "a log in which cohorts of the same season in two years have two complete periods"
    if unit := log.first_unit(any_two):
        missing = "two cohorts of the same season: a difference may be that of the season"
        return _limited(missing, mends, f"cohorts by {unit} as a check of stability, and not of quality", unit)
    missing = f"two cohorts of {FEW} or more customers that share two complete periods"
    return _no(missing, mends, "one cohort")


def _all_cohorts(log):
    def joined(cohorts, _):
        whole = [ages for ages in cohorts.values() if ages >= 1]
        return len(whole) >= _COHORTS and min(whole) == 1  # the last complete period has a cohort of its own

    if log.panel:
        missing = "customers who join after the beginning: the log follows one group"
        view = "one cohort; its chart shrinks by construction and shows no growth, no new share and no health"
        return _no(missing, "the log of all customers", view)
    if not (unit := log.first_unit(joined)):
        missing = f"{_COHORTS} cohorts of {FEW} or more customers, up to the last complete period"
        return _no(missing, "a longer log, or one with all who joined", "one cohort")
    since = log.first + dt.timedelta(days=YEAR)
    # after the year in which older customers show up there must be cohorts left to stack
    if sum(born > period_of(since, unit) and ages >= 1 for born, ages in log.cohorts[unit].items()) < _COHORTS:
        missing = "birth dates: who is first seen in the first year may have bought before the log began"
        view = f"the chart by {unit}, whose first cohorts hold older customers too"
        return _limited(missing, f"lines of {YEAR} days before the chart", view, unit)
    return _yes(f"the chart by {unit} since {since}; who was first seen earlier stands in the band before", unit)


def _products(log):
    if log.has_product:
        return _yes("customers, orders and money by product")
    return _no("a column 'product'", "lines by product", "orders as a whole")


def _profit(log):
    if log.knows_cost:
        return _yes("profit: amount less cost")
    missing = "the cost of some lines" if log.has_cost else "a column 'cost'"
    return _no(missing, "the cost of every line", "revenue, and named so")


_LENSES = {
    ONE_PERIOD: _one_period, TWO_PERIODS: _two_periods, ONE_COHORT: _one_cohort, COHORTS_COMPARED: _compared,
    ALL_COHORTS: _all_cohorts, PRODUCTS: _products, PROFIT: _profit,
}  # fmt: skip
