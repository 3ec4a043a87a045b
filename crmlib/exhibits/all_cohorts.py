"""Lens 5: all cohorts on top of each other, and what is new and what is carried over."""

from __future__ import annotations

from typing import NamedTuple

from crmlib import plots
from crmlib.all_cohorts import BEFORE
from crmlib.calendar_periods import periods_a_year
from crmlib.conclusions import STEADY, carried
from crmlib.exhibits.acquisition import acquisition, complete, measures, seen_before
from crmlib.exhibits.growth import FEWER
from crmlib.exhibits.parts import Column, bounds_said, exhibit, refusal, section, tabled, text
from crmlib.exhibits.triangles import triangle
from crmlib.frames import rows_of
from crmlib.groups_shown import drawn, hide, or_hidden, share_shown
from crmlib.inert import Section
from crmlib.opened import Opened
from crmlib.small_groups import HIDDEN, covered, is_small, shown
from crmlib.wording import count, number, percent

__all__ = ["KEY", "Hold", "NewAndCarried", "all_cohorts", "carry_over_of_year", "hold", "new_and_carried", "new_in_year"]

KEY, HEADING = "all-cohorts", "All cohorts: is the customer base healthy?"
_POINTS = 0.02  # change of a share below which we say that it holds: our convention


def all_cohorts(log: Opened) -> Section:
    """The customer cohort chart, new share and carry-over, and the planning line."""
    lens = log.lenses.all_cohorts
    if not carried(lens):
        return refusal(KEY, HEADING, lens)
    found = log.lenses.carried["all cohorts"]
    view = f"{found.view[0].upper()}{found.view[1:]}."
    if lens.since is None:
        view += (
            f" The log lacks {found.missing}: read the new share as an upper limit. What would mend it: {found.mends}."
        )
    makers = [_chart, _new_and_carried, acquisition]
    return section(KEY, HEADING, view, [made for make in makers if (made := make(log, lens)) is not None])


# ---- the chart


class Hold(NamedTuple):
    """What the customers who were there before the last two years of periods brought in the first and in the second of
    these; and what the new ones of each of the two years brought in it."""

    before: float
    after: float
    new_before: float
    new_after: float


def hold(lens) -> Hold | None:
    """The layers of the chart a year apart, in equal seasons; None with less than two years or no older customers."""
    year = periods_a_year(lens.unit)
    periods = [row["period"] for row in complete(lens)]
    if len(periods) < 2 * year:
        return None
    first, second = set(periods[-2 * year : -year]), set(periods[-year:])
    sums = dict.fromkeys(Hold._fields, 0.0)
    for row in rows_of(lens.chart):
        if not row["complete"]:
            continue
        money = row[lens.money]
        old = row["cohort"] == BEFORE or row["cohort"] < min(first)
        if old and row["period"] in first:
            sums["before"] += money
        if old and row["period"] in second:
            sums["after"] += money
        if row["cohort"] in first and row["period"] in first:
            sums["new_before"] += money
        if row["cohort"] in second and row["period"] in second:
            sums["new_after"] += money
    return Hold(**sums) if sums["before"] > 0 else None


def _chart(log, lens):
    """Stacked layers, and whether the old ones hold."""
    money, unit = lens.money, lens.unit
    whole = complete(lens)
    last = whole[-1]["period"]
    found, total = hold(lens), whole[-1][money]
    chart = plots.cohort_chart(lens.chart, value=money, currency=log.currency, ax=plots.canvas(height=4.2))
    bands = _bands(lens)
    names = list(bands)
    at_last = {name: bands[name].get(last, (0, 0.0))[1] for name in names}
    oldest = names[0]
    if found is None:
        title = f"In {last} customers of {_named(oldest, lens)} bring {_part(at_last[oldest], total)} of {money}"
        said = _not_told(lens)
        if total <= 0:
            title = f"In {last} all customers together cost {log.round_money(-total)} more than they bring"
            said += " Look at prices and costs before anything else: each layer that is below zero makes the loss larger the more it buys."
    else:
        kept = found.after / found.before
        start = whole[-2 * periods_a_year(unit)]["period"]
        title = f"Customers from before {start} brought {percent(kept)} of the {money} in the last year that they had a year before"
        if kept >= 0.8:
            said = "The old layers hold: what keeps them is worth more than a new campaign."
        elif kept >= 0.5:
            said = "The old layers thin: watch that the newer ones do not thin faster."
        else:
            said = (
                "The old layers thin fast: more than half of their money is gone within a year, so look at them first."
            )
        thicker = found.new_after / found.new_before - 1 if found.new_before > 0 else None
        if thicker is not None:
            word = "more" if thicker >= 0 else "less"
            said += f" New customers of the last year brought {percent(abs(thicker))} {word} than those of the year before in theirs"
            said += ": it is new layers that hold up the total." if thicker > STEADY and kept < 0.8 else "."
    periods = [row["period"] for row in whole]
    counts = [[bands[name].get(period, (None, None))[0] for name in names] for period in periods]
    hides = covered(counts)
    rows = []
    for row, hidden in zip(whole, hides, strict=True):
        cells = {name: HIDDEN if hide_it else bands[name].get(row["period"], (None, None))[1]
                 for name, hide_it in zip(names, hidden, strict=True)}  # fmt: skip
        rows.append({"period": row["period"], "total": row[money]} | cells)
    write = or_hidden(log.whole)
    columns = [Column("period", unit, text), *(Column(name, _named(name, lens), write) for name in names),
               Column("total", f"all {money}", log.whole)]  # fmt: skip
    layers = ", ".join(f"{_named(name, lens)} {_part(at_last[name], total)}" for name in names)
    return exhibit(
        "all-chart", title, chart=chart,
        shows=f"{money.capitalize()} by {unit}, stacked by cohort, the oldest at the bottom. In {last}: {layers}.", so_what=said,
        tables=[tabled(rows, columns, caption=f"{money.capitalize()} by {unit} and year of the first purchase")],
    )  # fmt: skip


def _not_told(lens) -> str:
    """Why it cannot be said whether old layers hold."""
    whole, two_years = complete(lens), 2 * periods_a_year(lens.unit)
    if len(whole) < two_years:
        return "Two years of periods are needed to see whether old layers hold: until then the chart shows growth alone."
    start = whole[-two_years]["period"]
    if not any(row["cohort"] == BEFORE or row["cohort"] < start for row in rows_of(lens.chart)):
        return f"Whether old layers hold cannot be said yet: nobody is known from before {start}, so that the chart shows growth alone."
    return f"Whether old layers hold cannot be said: they brought no {lens.money} above zero in the year before the last one."


def _bands(lens) -> dict:
    """{"before" or year of the cohort: {period: (active, money)}}, the oldest first."""
    found = {}
    for row in sorted(rows_of(lens.chart), key=lambda row: (row["cohort"] != BEFORE, row["cohort"])):
        if row["complete"]:
            band = found.setdefault(BEFORE if row["cohort"] == BEFORE else row["cohort"][:4], {})
            active, money = band.get(row["period"], (0, 0.0))
            band[row["period"]] = (active + int(row["active"]), money + row[lens.money])
    return found


def _named(band, lens):
    return f"before {complete(lens)[0]['period']}" if band == BEFORE else band


def _part(money, total):
    return percent(money / total) if total > 0 else "–"


# ---- new and carried over


class NewAndCarried(NamedTuple):
    """The last complete period and that of a year before (or the first one): label, new share, carry-over of each; the new
    customers of both, earlier first, where a tenth fewer came (else None), and whether older customers brought more."""

    period: str
    new_share: float | None
    carry_over: float | None
    earlier: str
    earlier_share: float | None
    earlier_carry: float | None
    same_season: bool
    fewer: tuple[int, int] | None
    older_rose: bool


def new_and_carried(lens) -> NewAndCarried:
    """What share of the money new customers bring, and how much of the period before the older ones bring again."""
    rows, year = seen_before(lens), periods_a_year(lens.unit)
    same = len(rows) > year
    last, then = rows[-1], rows[-1 - year] if same else rows[0]
    share, carry = measures(lens)
    new, older = (then["new"], last["new"]), f"carried_{lens.money}"
    fewer = (int(new[0]), int(new[1])) if new[1] < (1 - FEWER) * new[0] and not any(map(is_small, new)) else None
    return NewAndCarried(
        last["period"], last[share], last[carry], then["period"], then[share], then[carry], same, fewer, last[older] > then[older],
    )  # fmt: skip


def new_in_year(lens) -> tuple[float, float | None] | None:
    """The new share of the last year of complete periods, and of the year before (None where that is not there); None
    without a whole year whose money is above zero."""
    rows, year = seen_before(lens), periods_a_year(lens.unit)
    shares = []
    for some in (rows[-year:], rows[-2 * year : -year]):
        total = sum(row[lens.money] for row in some)
        whole = len(some) == year and total > 0
        shares.append(sum(row[f"new_{lens.money}"] for row in some) / total if whole else None)
    return None if shares[0] is None else (shares[0], shares[1])


def carry_over_of_year(lens) -> list[float]:
    """The carry-over of each complete period of the last year that has one."""
    _, carry = measures(lens)
    return [row[carry] for row in complete(lens)[-periods_a_year(lens.unit) :] if row[carry] is not None]


def _new_and_carried(log, lens):
    """How much of the money is new, and how much is carried over from the period before."""
    found, money, unit = new_and_carried(lens), lens.money, lens.unit
    if found.new_share is None:
        return None
    share, carry = measures(lens)
    title = f"New customers bring {percent(found.new_share)} of {money} in {found.period}"
    said = ""
    if found.earlier_share is not None and found.earlier != found.period:
        title += f", {percent(found.earlier_share)} in {found.earlier}"
        change = found.new_share - found.earlier_share
        if change > _POINTS:
            said = "The base leans more on customers who have just come: ask whether those before them stay away. "
        elif change < -_POINTS and found.fewer:
            before, after = found.fewer
            said = (
                f"The share fell as fewer new customers came ({number(after)} after {number(before)}), and not because older ones bring more: find "
                "out why. "
                if not found.older_rose
                else f"The share fell as older customers bring more, and as fewer new ones came ({number(after)} after {number(before)}): find out why. "
            )
        elif change < -_POINTS:
            said = "The base matures: more of it is carried by customers who were there before, so protect them first. "
        else:
            said = "The mix of new and old holds. "
        if not found.same_season:
            said += "The two lie in different seasons, which is part of the difference. "
    if found.carry_over is not None:
        said += f"Older customers brought {percent(found.carry_over)} of what the {unit} before had brought"
        if found.earlier_carry is not None and found.same_season:
            said += f" ({percent(found.earlier_carry)} a year earlier)"
        said += ": the rest has to be won anew. " if found.carry_over < 1 else ": more than all of it. "
    repeat = complete(lens)[-1]["repeat_order_share"]
    if repeat is not None:
        said += f"{percent(repeat)} of the orders of {found.period} were repeat orders. "
    if (years := new_in_year(lens)) is not None:
        before = "" if years[1] is None else f", {percent(years[1])} in the year before"
        said += (
            f"Over the last {count(periods_a_year(unit), unit)} together the new share is {percent(years[0])}{before}."
        )
    whole = [row | {"repeat_buying_rate": share_shown(row["again"], row["customers"])} for row in complete(lens)]
    rows = hide(
        whole, ["new", "repeat_order_share", "repeat_buying_rate", share, carry, money, f"{money}_per_new"],
        count="customers",
    )  # fmt: skip
    rows = [row | dict.fromkeys([share, carry, "repeat_order_share", f"{money}_per_new"], HIDDEN) | {"new": shown(row["new"])}
            if not isinstance(row["new"], str) and is_small(row["new"]) else row for row in rows]  # fmt: skip
    # what a few older customers brought is the rest of the money beside that of the new ones
    few_older = {row["period"] for row in whole if is_small(row["customers"] - row["new"])}
    rows = [row | dict.fromkeys(["new", share, carry, "repeat_order_share", f"{money}_per_new"], HIDDEN)
            if row["period"] in few_older else row for row in rows]  # fmt: skip
    columns = [
        Column("period", unit, text), Column("customers", "customers", or_hidden(number)), Column("new", "new", or_hidden(number)),
        Column(share, "new share", or_hidden(percent)), Column(carry, "carry-over", or_hidden(percent)),
        Column("repeat_order_share", "repeat orders", or_hidden(percent)),
        Column("repeat_buying_rate", "repeat-buying rate", or_hidden(percent)),
        Column(money, money, or_hidden(log.whole)), Column(f"{money}_per_new", f"{money} per new customer", or_hidden(log.money)),
    ]  # fmt: skip
    chart = plots.new_and_carried(drawn(rows, share, carry), money=money, ax=plots.canvas(height=3.4))
    points = ", ".join(f"{row['period']} {or_hidden(percent)(row[share])}" for row in rows[-8:])
    return exhibit(
        "all-new", title, chart=chart, shows=f"New share and carry-over by {unit}. New share: {points}.", so_what=said.strip(),
        tables=[
            tabled(rows, columns, caption="New share is of the period’s own money, carry-over of that of the period before"
                   + bounds_said(row["repeat_buying_rate"] for row in rows)),
            triangle(rows_of(lens.repeat_buying), "again", "active", total=True,
                     caption=f"Repeat-buying rate by age in {unit}s: of those active, who bought in the next {unit} too"),
        ],
    )  # fmt: skip
