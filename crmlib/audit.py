"""The numbers of a customer-base audit: every table that the report shows, or the reason why the log cannot carry it.

What each view needs of a log follows Fader, Hardie & Ross, The Customer-Base Audit (2022), through its public
companion.
"""

from __future__ import annotations

import datetime as dt
import math
import warnings
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from crmlib import activity, clv, holdout, lifecycle, pareto, periods, pyramid, rates, rfm, stages, wording
from crmlib.bgnbd import BGNBD, fit_bgnbd
from crmlib.concentration import window_start
from crmlib.counted import Counted, count
from crmlib.errors import DataError, DataNotice, FitError
from crmlib.frames import as_day, table
from crmlib.gamma_gamma import GammaGamma, fit_gamma_gamma, spend_correlation
from crmlib.overview import YEAR, Refused, as_it_stood, best_for, by_period, last_year, top_shares
from crmlib.small_groups import LEAST
from crmlib.uncertainty import uncertainty

__all__ = ["Audit", "Facts", "Moved", "Refused", "Value", "audit", "is_panel"]

FEW = 20  # below that, scores, tiers and a top 20 % describe single customers and no base; our convention
SLACK = 7  # days by which the first purchase may come after the first day of the period
BRIEF = 30  # days; in less, nobody can be said to have gone quiet; our convention
PANEL = 0.95  # of first purchases in the first quarter of the period: a group is followed and nobody is added


@dataclass(frozen=True)
class Facts:
    """What the log holds up to ``as_of``.

    ``never``: customers with refunds only; ``once``: customers with one order, and their revenue; ``negative``:
    customers whose refunds exceed their purchases; ``panel``: the share of buyers whose first purchase lies in the
    first quarter of the days covered; ``last_first``: the day of the latest first purchase.
    """

    as_of: dt.date
    first_day: dt.date
    last_day: dt.date
    lines: int
    customers: int
    orders: int
    never: int
    once: int
    once_revenue: float
    revenue: float
    refunds: float
    negative: int
    panel: float
    last_first: dt.date | None

    @property
    def days(self) -> int:
        """Days that the log covers, both ends included."""
        return (self.as_of - self.first_day).days + 1

    @property
    def all_enter_active(self) -> bool:
        """Whether it is such a group, and all of it is in the first of the two periods that tiers and rates compare: then
        "active before" says nothing of a customer but that they are one."""
        begin, start = _two_periods(self)
        return self.is_panel and begin <= self.first_day + dt.timedelta(days=1) and self.last_first < start

    @property
    def is_panel(self) -> bool:
        """Whether the log follows one group that was formed early; needs some customers and a season to tell."""
        return is_panel(self.panel, self.days, self.customers)


def is_panel(share, days, customers) -> bool:
    """Whether a log follows one group: ``share`` of its first purchases lie in the first quarter of its ``days``.

    It needs some customers and a season to tell.
    """
    return bool(share >= PANEL and days >= 90 and customers >= FEW)


@dataclass(frozen=True)
class Value:
    """What the customers are expected to bring in the year after ``as_of``, discounted, and how a holdout went.

    ``customers`` is the customer table plus p_alive, expected_purchases and value; ``correlation`` is that of how
    often with how much; ``free`` counts customers whose repeat purchases were all worth nothing; ``holdout`` is from
    `crmlib.holdout`; ``sure`` is the `crmlib.uncertainty.Uncertainty` of both models, and ``interval`` the two ends of
    the total of all customers, at 95 %.
    """

    purchases: BGNBD
    spend: GammaGamma
    customers: Any
    correlation: float
    free: int
    holdout: Any
    sure: Any
    interval: Any

    @property
    def total(self) -> float:
        return float(np.nansum(table(self.customers, ["value"])["value"].to_numpy()))


@dataclass(frozen=True)
class Moved:
    """Who moved between the tiers of two adjacent periods, years or halves of the log: ``table`` from `pyramid.migration`.

    ``pairs`` from `periods.moves`, best tiers first, has each pair of tiers.
    """

    before: str
    after: str
    table: Any
    pairs: Any


@dataclass(frozen=True)
class Audit:
    """Every part is its table or value, or `Refused`."""

    facts: Facts
    customers: Any
    periods: Any
    lorenz: Any
    top: Any
    half: Any
    gini: Any
    abc: Any
    segmented: Any
    interval: Any
    tiered: Any
    graded: Any
    moved: Any
    stated: Any
    windows: Any
    staged: Any
    rates: Any
    value: Any


def audit(tx, *, as_of) -> Audit:
    """All numbers of the report on the log as it stood at the end of ``as_of``. ``tx`` comes from the door.

    Lines after ``as_of`` are left out without a word. ``tx`` may be `counted.count` of the log. Raises `DataError` for
    an ``as_of`` before the first purchase; whatever else a log cannot carry becomes `Refused`.
    """
    as_of = as_day(as_of)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        log, customers = as_it_stood(tx if isinstance(tx, Counted) else count(tx, as_of=as_of), as_of=as_of)
    facts = _facts(log, customers, as_of)
    shared_out = facts.customers >= 5 * LEAST and facts.revenue > 0
    read = ("what was read, as a whole", "data")
    whole = ("who brings the money, over the whole log", "concentration") if shared_out else read
    over_time = _periods(log, facts, whole)
    course = read if isinstance(over_time, Refused) else ("the revenue over time", "months")
    few = facts.customers < FEW and Refused(
        f"The log has {wording.count(facts.customers, 'customer')}; with fewer than {FEW} a share or a score describes "
        "single people and no base; read their lines one by one.",
        f"{FEW} or more customers", *course,
    )  # fmt: skip
    lone = few or facts.customers < 5 * LEAST and Refused(
        f"The log has {wording.count(facts.customers, 'customer')}; the top 20 % of them are fewer than {LEAST}, and what "
        "single customers bring is not shown.",
        f"{5 * LEAST} or more customers", *course,
    )  # fmt: skip
    no_money = facts.revenue <= 0 and Refused(
        "The customers brought no revenue in all, so there is nothing to share out.",
        "lines of purchases that are worth more than the refunds", *course,
    )  # fmt: skip
    brief = facts.days < BRIEF and Refused(
        f"The log covers {wording.days(facts.days)}; who bought lately and who has gone quiet cannot be told apart in "
        f"fewer than {BRIEF}.",
        f"a log of {BRIEF} days or more", *whole,
    )  # fmt: skip
    stated = few or brief or _or_refused(lambda: lifecycle.states(customers), *whole)
    silence = whole if isinstance(stated, Refused) else ("where customers stand", "standing")
    spenders = nw.from_native(customers).select("revenue").filter(nw.col("revenue") >= 0).to_native()
    year = last_year(log, customers, as_of=as_of)
    tiered = few or no_money or _or_refused(lambda: pyramid.tiers(year, active_within=YEAR), *whole)
    return Audit(
        facts=facts,
        customers=customers,
        periods=over_time,
        lorenz=lone or no_money or _or_refused(lambda: pareto.lorenz(spenders), *course),
        top=lone or no_money or _or_refused(lambda: top_shares(spenders), *course),
        half=lone or no_money or best_for(spenders, 0.5),
        gini=few or no_money or _or_refused(lambda: pareto.gini(spenders), *course),
        abc=few or no_money or _or_refused(lambda: pareto.abc_classes(customers), *course),
        segmented=few or no_money or brief or _or_refused(lambda: rfm.segments(rfm.scores(customers)), *silence),
        interval=lone or no_money or _or_refused(lambda: _interval(spenders), *whole),
        tiered=tiered,
        graded=few or no_money or _or_refused(lambda: pyramid.worth_grading(year, active_within=YEAR), *whole),
        moved=few or no_money or brief or _or_refused(lambda: _moved(log, customers, facts, tiered), *whole),
        stated=stated,
        windows=few or brief or _or_refused(lambda: activity.sensitivity(customers, windows=WINDOWS), *silence),
        staged=few or brief or _or_refused(lambda: _staged(log, customers, as_of), *silence),
        rates=few or brief or _or_refused(lambda: _rates(log, facts), *silence),
        value=few or no_money or _or_refused(lambda: _value(log, customers, facts), *silence),
    )


EXPECTED = ("the expected value, untested", "next-year")
WINDOWS = (30, 60, 90, 180, 270, 365)  # days after which a customer may be called inactive
RESAMPLES = 500  # of the bootstrap interval: its ends move by a few tenths of a point from seed to seed


def _interval(spenders):
    return pareto.top_share_interval(spenders, 0.20, rng=np.random.default_rng(1), method="count", resamples=RESAMPLES)


def _tiers(log, customers, as_of, days):
    """The pyramid of the last ``days`` days."""
    return pyramid.tiers(last_year(log, customers, as_of=as_of, days=days), active_within=days)


def _two_periods(facts):
    """The first days of two adjacent periods up to ``as_of``: years of the calendar, as where two periods are compared, or
    equal halves of a log that has not two of them."""
    years = tuple(window_start(facts.as_of, months) for months in (24, 12))
    if years[0] >= facts.first_day - dt.timedelta(days=SLACK):
        return years
    return tuple(facts.as_of - dt.timedelta(days=halves * (facts.days // 2) - 1) for halves in (2, 1))


def _moved(log, customers, facts, of_a_year):
    if isinstance(of_a_year, Refused):
        return of_a_year
    begin, start = _two_periods(facts)
    split = start - dt.timedelta(days=1)
    days, days_before = (facts.as_of - split).days, (start - begin).days
    earlier = log.up_to(split)
    then = nw.from_native(earlier.customer_table(split, ["orders", "days_since_last"]))
    revenue = earlier.of_customers(np.where(earlier.day >= begin.toordinal(), earlier.amount, 0.0))
    numbers, backend = earlier.places_in(log), log.implementation
    then = then.with_columns(
        nw.new_series("customer", numbers, nw.Int64, backend=backend),
        nw.new_series("revenue", revenue, nw.Float64, backend=backend),
    )
    now = of_a_year if days == YEAR else _tiers(log, customers, facts.as_of, days)
    now = nw.from_native(now).with_columns(nw.new_series("customer", np.arange(log.size), nw.Int64, backend=backend))
    tiers = pyramid.tiers(then.to_native(), active_within=days_before), now.to_native()
    order = [*(name for name, _ in pyramid.TIERS), pyramid.NON_POSITIVE, pyramid.INACTIVE]
    pairs = periods.moves(*tiers, column="tier", order=order)
    return Moved(f"from {begin} to {split}", f"from {start} to {facts.as_of}", pyramid.answers(pairs), pairs)


def _staged(log, customers, as_of):
    """The phases of the life cycle, with what the customers in each have brought."""
    staged = nw.from_native(stages.stages(log, as_of=as_of)).select("phase")
    revenue = nw.from_native(customers)["revenue"]  # of the same customers, in the order of their ids too
    summary = nw.from_native(stages.summary(staged.with_columns(revenue).to_native(), by="revenue"))
    return summary.filter(nw.col("phase") != "potential").to_native()  # they are in no log of purchases


def _rates(log, facts):
    begin, since = _two_periods(facts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)
        found = nw.from_native(rates.rates(log, as_of=facts.as_of, since=since, active_within=((since - begin).days, (facts.as_of - since).days + 1)))
    if facts.is_panel:  # nobody is added to it, so that it cannot grow, and no order is anybody's first
        empty = ["gross growth rate", "net growth rate", *(["repurchase rate"] if facts.last_first < since else [])]
        empty += ["inactive rate"] if facts.all_enter_active else []
        found = found.filter(~nw.col("rate").is_in(empty))
    return since, found.to_native()


def _or_refused(compute, view, link):
    """What a function of tables cannot say of this log a longer one mends; ``view`` is the nearest that it carries."""
    try:
        return compute()
    except (DataError, FitError) as error:
        return Refused(str(error), "a longer log, or one of more customers", view, link)


def _facts(log, customers, as_of):
    orders, revenue = (nw.from_native(customers)[name].to_numpy() for name in ("orders", "revenue"))
    first, begun = log.first_day, log.first[~np.isnan(log.first)]
    opening = first.toordinal() + math.ceil(((as_of - first).days + 1) / 4) - 1
    return Facts(
        as_of=as_of,
        first_day=first,
        last_day=dt.date.fromordinal(int(log.day.max())),
        lines=int(log.lines.sum()),
        customers=len(orders),
        orders=int(orders.sum()),
        never=int((orders == 0).sum()),
        once=int((orders == 1).sum()),
        once_revenue=float(revenue[orders == 1].sum()),
        # fsum: the total must be the same to the cent in whatever order it is summed
        revenue=math.fsum(log.of_customers(log.amount).tolist()),
        refunds=math.fsum(log.refunded[log.refunded < 0].tolist()),
        negative=int((revenue < 0).sum()),
        panel=float((begun <= opening).mean()) if len(begun) else 0.0,
        last_first=dt.date.fromordinal(int(begun.max())) if len(begun) else None,
    )


def _periods(log, facts, whole):
    months = facts.days / 30.4
    unit = "month" if months <= 36 else "quarter" if months <= 108 else "year"
    periods = by_period(log, as_of=facts.as_of, unit=unit)
    if nw.from_native(periods)["complete"].sum() < 2:
        return Refused(
            f"The log covers {wording.days(facts.days)}, {facts.first_day} to {facts.as_of}; a view by month needs "
            "two whole calendar months or more.",
            "a log of two whole calendar months or more", *whole,
        )  # fmt: skip
    return periods


def _value(log, customers, facts):
    """Both models on the whole log, and on its first half to see how well they foretell the second."""
    split = facts.first_day + dt.timedelta(days=facts.days // 2 - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataNotice)  # on those who are counted as free
        purchases, spend = fit_bgnbd(customers), fit_gamma_gamma(customers)
        held = _or_refused(lambda: holdout.holdout(log, split=split, as_of=facts.as_of), *EXPECTED)
    worth = clv.clv(customers, purchases, spend, horizon=YEAR)
    rows = nw.from_native(customers)
    scored = rows.with_columns(
        nw.new_series(name, values, nw.Float64, backend=rows.implementation)
        for name, values in (
            ("p_alive", purchases.p_alive(customers)),
            ("expected_purchases", purchases.expected_purchases(customers, horizon=YEAR)),
            ("value", worth),
        )
    )
    free = len(rows.filter((nw.col("x") > 0) & ~(nw.col("mean_repeat_value") > 0)))
    sure = _or_refused(lambda: uncertainty(customers, purchases, spend), *EXPECTED)
    interval = sure
    if not isinstance(sure, Refused):
        total = sure.interval_of(lambda *models: np.nansum(clv.clv(customers, *models, horizon=YEAR)))
        interval = float(total["low"].iloc[0]), float(total["high"].iloc[0])
    return Value(purchases, spend, scored.to_native(), spend_correlation(customers), free, held, sure, interval)
