"""The five lenses of a customer-base audit, and that of products, on one log: every table that the report shows of them.

A lens is a frozen value of finished tables, or `Refused` with what is missing, what mends it and the nearest view that
is valid. What each needs of a log is in `crmlib.carries`; what each table holds in the module of its lens.

Source: Fader, Hardie and Ross, The Customer-Base Audit (2022), through its public companion.
"""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np

from crmlib import all_cohorts, cohort_comparison, one_cohort, one_period, products, two_periods
from crmlib.calendar_periods import period_label, period_of, periods_of
from crmlib.audit import FEW
from crmlib.carries import (
    AGES, ALL_COHORTS, COHORTS_COMPARED, ONE_COHORT, ONE_PERIOD, PRODUCTS, PROFIT, TWO_PERIODS, Carried, Held,
)  # fmt: skip
from crmlib.concentration import window_start
from crmlib.counted import Counted, count
from crmlib.errors import DataError, DataNotice
from crmlib.frames import as_day, rows_of
from crmlib.overview import YEAR, Refused

__all__ = [
    "AllCohorts", "CohortsCompared", "Lenses", "OneCohort", "OnePeriod", "Products", "TwoPeriods", "finding", "first_year_ends_in", "lenses",
]  # fmt: skip

WEEKS = (13, 26, 52)  # windows for the second purchase: a quarter, half a year, a year
WATCHED = (52, 39, 26, 12, 4)  # weeks in which the members of a cohort may come back, the first that all were watched for
ENTRY_DAYS = 365  # of a customer's own first year, in which entry products are compared


@dataclass(frozen=True)
class OnePeriod:
    """Lens 1, from ``start`` to ``end``: tables of `crmlib.one_period`, ``distributions`` by measure.

    ``in_log`` is the money of the period summed straight over the lines, to hold the tables against.
    """

    start: dt.date
    end: dt.date
    money: str
    people: Any
    in_log: dict[str, float]
    factors: dict[str, float]
    averages: Any
    deciles: Any
    slices: Any
    distributions: dict[str, Any]


@dataclass(frozen=True)
class TwoPeriods:
    """Lens 2: two adjacent periods of ``months`` months up to ``end``, the later from ``middle`` on.

    ``in_log`` is the money of the two, before and after, summed straight over the lines. ``same`` (the row of
    `two_periods.same_customers`) and ``ups_and_downs`` are of settled customers, whose both periods were seen whole.
    """

    start: dt.date
    middle: dt.date
    end: dt.date
    months: int
    money: str
    in_log: tuple[float, float]
    people: Any
    bridge: Any
    repeat_buying_rate: float
    drivers: Any
    decile_change: Any
    same: dict[str, Any]
    ups_and_downs: Any

    @property
    def same_season(self) -> bool:
        return self.months % 12 == 0


@dataclass(frozen=True)
class OneCohort:
    """Lens 3 on the cohort called ``cohort``: tables of `crmlib.one_cohort`.

    ``next_orders`` goes as far as all members were watched, at most a year. ``on_first_day`` is the money per member of the
    day of the first purchase.
    """

    cohort: str
    unit: str
    money: str
    size: int
    on_first_day: float
    by_age: Any
    next_orders: Any
    repeat_buying: Any
    patterns: Any
    deciles: Any


@dataclass(frozen=True)
class CohortsCompared:
    """Lens 4: all cohorts by age; the newest pair of one season, if there is one, by age and by calendar period.

    ``members``: by the label of each of the pair, what each member did at each age (`one_cohort.by_member`).
    ``spread``: by the label of each of the pair, the standard deviation between members of the money to date by age.
    """

    unit: str
    money: str
    by_age: Any
    pair: tuple[str, str]
    same_season: bool
    by_own_age: Any
    by_period: Any
    second_purchase: Any
    second_by_age: Any
    members: dict[str, dict[str, np.ndarray]]
    spread: dict[str, list[float]]


@dataclass(frozen=True)
class AllCohorts:
    """Lens 5: `all_cohorts.cohort_chart` and `base_by_period` since ``since`` (None: since the log began), and
    `one_cohort.repeat_buying` of every cohort."""

    unit: str
    money: str
    since: dt.date | None
    chart: Any
    base: Any
    repeat_buying: Any


@dataclass(frozen=True)
class Products:
    """The lens of products: tables of `crmlib.products`; ``basket`` and ``entry`` may be `Refused`."""

    start: dt.date
    end: dt.date
    money: str
    by_product: Any
    basket: Any
    duplication: Any
    entry: Any
    ever_bought: Any


@dataclass(frozen=True)
class Lenses:
    """Every lens on one log, each its value or `Refused`; ``carried`` has the row of `carries` by the lens's name.

    ``silent`` says on which days within a lens the log holds no line, by the lens's name; of none it has no entry.
    """

    as_of: dt.date
    carried: dict[str, Carried]
    money: str
    one_period: Any
    two_periods: Any
    one_cohort: Any
    cohorts_compared: Any
    all_cohorts: Any
    products: Any
    silent: dict[str, str] = field(default_factory=dict)


def lenses(tx, *, as_of) -> Lenses:
    """All lenses on the log ``tx``, which comes from the door, up to ``as_of``.

    Money is profit where every line has a cost, else revenue; ``money`` says which. Raises `DataError` for an ``as_of``
    before the first purchase; whatever else a log cannot carry becomes `Refused`. ``tx`` may be `counted.count` of it.
    """
    as_of = as_day(as_of)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)  # on refunds and gaps in costs, which the report counts and says
        tx = tx.until(as_of) if isinstance(tx, Counted) else count(tx, as_of=as_of)
        held = Held(tx, as_of)
        carried = held.rows()
        money = "profit" if carried[PROFIT].verdict == "yes" else "revenue"
        made = {
            name: _refused(carried[name]) if carried[name].verdict == "no" else make(tx, held, carried[name], money)
            for name, make in _MAKERS.items()
        }
    tx.forget()
    silent = {name: said for name, row in carried.items() if row.verdict != "no" and (said := held.silence(name, row))}
    return Lenses(as_of, carried, money, *(made[name] for name in _MAKERS), silent=silent)


def _refused(carried):
    """``nearest`` with hyphens is the key of its section in the report."""
    return Refused(f"The log lacks {carried.missing}.", carried.mends, carried.view, carried.nearest.replace(" ", "-"))


def finding(error) -> str:
    """What an error of a table function found, for somebody who reads and does not program: without what to type.

    >>> finding(DataError("Nobody bought up to as_of 2024-01-31; choose a later as_of."))
    'Nobody bought up to 2024-01-31.'
    """
    return str(error).split(";")[0].rstrip(".").replace("as_of ", "") + "."


def _or_refused(make, *arguments, mends, view, link):
    try:
        return make(*arguments)
    except DataError as error:
        return Refused(finding(error), mends, view, link)


def _one_period(tx, held, carried, money):
    end = held.year_end
    people = one_period.by_customer(tx, as_of=end, months=carried.months)
    averages = one_period.averages(people)
    measures = [row["measure"] for row in rows_of(averages)]
    start = max(window_start(end, carried.months), tx.first_day)
    return OnePeriod(
        start=start,
        end=end,
        money=money,
        in_log={name: _in_log(tx, name, start, end) for name in dict.fromkeys(("revenue", money))},
        people=people,
        factors=rows_of(one_period.factors(people))[0],
        averages=averages,
        deciles=one_period.customer_deciles(people),
        slices=_or_refused(one_period.equal_slices, people, mends=f"a log in which {money} is above zero",
                           view="the distribution of customers", link="spread"),
        distributions={measure: one_period.distribution(people, by=measure) for measure in measures},
    )


def _two_periods(tx, held, carried, money):
    as_of, months = held.as_of, carried.months
    people = two_periods.changes(tx, as_of=as_of, months=months)
    start, middle = window_start(as_of, 2 * months), window_start(as_of, months)
    return TwoPeriods(
        start=start,
        middle=middle,
        end=as_of,
        months=months,
        money=money,
        in_log=(_in_log(tx, money, start, middle - dt.timedelta(days=1)), _in_log(tx, money, middle, as_of)),
        people=people,
        bridge=two_periods.bridge(people),
        repeat_buying_rate=two_periods.repeat_buying_rate(people),
        drivers=_or_refused(two_periods.drivers, people, mends=f"a log in which {money} is above zero in both periods",
                            view="the bridge by group of customers", link="bridge"),
        decile_change=two_periods.decile_change(people),
        same=rows_of(two_periods.same_customers(people))[0],
        ups_and_downs=two_periods.ups_and_downs(nw.from_native(people).filter(nw.col("settled")).to_native()),
    )


def _one_cohort(tx, held, carried, money):
    as_of, unit = held.as_of, carried.unit
    everyone = one_cohort.by_age(tx, as_of=as_of, unit=unit)
    cohort = one_cohort.cohort_to_follow(everyone, since=first_year_ends_in(tx.first_day, unit), ages=AGES, least=FEW)
    own = nw.from_native(everyone).filter(nw.col("cohort") == cohort)
    return OneCohort(
        cohort=cohort,
        unit=unit,
        money=money,
        size=(size := int(own["size"][0])),
        on_first_day=_on_first_day(tx, unit, cohort, money) / size,
        by_age=own.to_native(),
        next_orders=_next_orders(tx, as_of, unit, cohort, size),
        repeat_buying=one_cohort.repeat_buying(tx, as_of=as_of, unit=unit, cohort=cohort),
        # a cohort of more periods than a pattern can have is followed without them
        patterns=_or_refused(lambda: one_cohort.patterns(tx, as_of=as_of, unit=unit, cohort=cohort), mends="a longer unit",
                             view="the cohort by age", link="one-cohort"),
        deciles=one_cohort.value_deciles(tx, as_of=as_of, unit=unit, cohort=cohort),
    )


def _next_orders(tx, as_of, unit, cohort, size):
    """`one_cohort.next_order_curves` over the longest of `WATCHED` for which all members were watched, or the shortest."""
    for weeks in WATCHED:
        found = one_cohort.next_order_curves(tx, as_of=as_of, cohort=cohort, unit=unit, weeks=weeks)
        if rows_of(found)[0]["customers"] == size:
            break
    return found


def _on_first_day(tx, unit, cohort, money):
    """What the members of a cohort brought on the days of their first purchases, all together."""
    first = tx.first_rows
    own = first[periods_of(tx.day[first], unit) == _number(cohort, tx, unit)]
    return float((tx.profit if money == "profit" else tx.amount)[own].sum())


def _number(label, tx, unit):
    """The number of the period of a log that is called ``label``."""
    periods = range(period_of(tx.first_day, unit), period_of(tx.as_of, unit) + 1)
    return next(one for one in periods if period_label(one, unit) == label)


def _cohorts_compared(tx, held, carried, money):
    as_of, unit = held.as_of, carried.unit
    everyone = one_cohort.by_age(tx, as_of=as_of, unit=unit)
    same_season = held.season_unit() is not None
    first, second = cohort_comparison.newest_pair(everyone, same_season=same_season, ages=AGES, least=FEW)
    members = {label: one_cohort.by_member(tx, as_of=as_of, unit=unit, cohort=label) for label in (first, second)}
    compare = lambda across: cohort_comparison.two_cohorts(everyone, first=first, second=second, across=across)  # noqa: E731
    return CohortsCompared(
        unit=unit,
        money=money,
        by_age=everyone,
        pair=(first, second),
        same_season=same_season,
        by_own_age=compare("age"),
        by_period=_or_refused(compare, "period", mends="a longer log", view="the pair by age", link="cohorts-compared"),
        second_purchase=cohort_comparison.second_purchase(tx, as_of=as_of, unit=unit, weeks=WEEKS),
        second_by_age=cohort_comparison.second_purchase_by_age(tx, as_of=as_of, unit=unit),
        members=members,
        spread={label: np.cumsum(one[money], axis=1).std(axis=0, ddof=1).tolist() for label, one in members.items()},
    )


def _all_cohorts(tx, held, carried, money):
    as_of, unit, since = held.as_of, carried.unit, held.chart_since(carried.unit)
    chart = all_cohorts.cohort_chart(tx, as_of=as_of, unit=unit, since=since)
    base = all_cohorts.base_by_period(tx, as_of=as_of, unit=unit, since=since)
    return AllCohorts(unit, money, since, chart, base, one_cohort.repeat_buying(tx, as_of=as_of, unit=unit))


def _products(tx, held, _, money):
    as_of = held.as_of
    instead = {"mends": "a longer log, or one of more customers", "view": "the products by penetration", "link": "penetration"}
    return Products(
        start=max(window_start(as_of, 12), tx.first_day),
        end=as_of,
        money=money,
        by_product=products.by_product(tx, as_of=as_of),
        basket=_or_refused(lambda: products.basket(tx, as_of=as_of), **instead),
        duplication=products.duplication(tx, as_of=as_of),
        entry=_or_refused(lambda: products.entry_products(tx, as_of=as_of, days=ENTRY_DAYS), **instead),
        ever_bought=_or_refused(lambda: products.ever_bought(tx, as_of=as_of), **instead),
    )


_MAKERS = {
    ONE_PERIOD: _one_period, TWO_PERIODS: _two_periods, ONE_COHORT: _one_cohort, COHORTS_COMPARED: _cohorts_compared, ALL_COHORTS: _all_cohorts,
    PRODUCTS: _products,
}  # fmt: skip


def _in_log(tx, money, start, end):
    """The sum over the lines from ``start`` to ``end``, both included; of none of the sums that the lenses are made of."""
    inside = tx.inside(start.toordinal(), end.toordinal())
    values = tx.log.floats("amount")[inside]
    if money == "profit":
        values = values - tx.log.floats("cost")[inside]
    return float(values.sum(dtype=np.longdouble))


def first_year_ends_in(first_day, unit) -> str:
    """The label of the period with the last day of a log's first year: by then older customers have shown up.

    >>> first_year_ends_in(dt.date(2023, 1, 1), "quarter")
    '2023 Q4'
    """
    return period_label(period_of(first_day + dt.timedelta(days=YEAR - 1), unit), unit)
