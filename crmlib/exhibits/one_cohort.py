"""Lens 3: how the customers who began in one period evolve with age."""

from __future__ import annotations

from typing import NamedTuple

from crmlib import plots
from crmlib.calendar_periods import periods_a_year
from crmlib.conclusions import STEADY, carried
from crmlib.exhibits import cohort_repeats
from crmlib.exhibits.parts import Column, bounds_said, exhibit, ratio, refusal, section, tabled, text
from crmlib.factors import split
from crmlib.frames import rows_of
from crmlib.groups_shown import drawn, hide, or_hidden, share_shown
from crmlib.inert import Section
from crmlib.opened import Opened
from crmlib.small_groups import HIDDEN, LEAST, is_small, merged
from crmlib.wording import count, number, percent

__all__ = ["KEY", "Decay", "decay", "one_cohort", "value_in_first_year"]

KEY, HEADING = "one-cohort", "One cohort: how do customers evolve?"
_FELL = {
    "share_active": "fewer active members", "orders_each": "fewer orders each", "order_value": "smaller orders",
    "margin": "lower margins",
}  # fmt: skip
_ROSE = {
    "share_active": "more active members", "orders_each": "more orders each", "order_value": "larger orders",
    "margin": "higher margins",
}  # fmt: skip
_DECISION = {
    "share_active": "The work is to bring members back, and not to sell more to those who come.",
    "orders_each": "Those who come order less often: give them a reason for the next order while they are there.",
    "order_value": "Those who come spend less an order: look at range, prices and discounts before reach.",
    "margin": "What they buy earns less: look at costs and discounts before reach.",
}


def one_cohort(log: Opened) -> Section:
    """The factors by age, the next order, patterns of silence, value to date, and what the rates of repeat mean."""
    lens = log.lenses.one_cohort
    if not carried(lens):
        return refusal(KEY, HEADING, lens)
    unit = lens.unit
    view = (
        f"The {count(lens.size, 'customer')} with a first purchase in {lens.cohort}, by age in calendar {unit}s (the {unit} of "
        f"the first purchase is age 0). Silent {unit}s count, and every share is of all {number(lens.size)} members."
    )
    makers = [
        _factors, cohort_repeats.next_orders, cohort_repeats.patterns, _value, _deciles, cohort_repeats.repeat_buying
    ]  # fmt: skip
    return section(KEY, HEADING, view, [made for make in makers if (made := make(log, lens)) is not None])


# ---- the factors


class Decay(NamedTuple):
    """Money per member at two ages, ``end`` in the season of ``start`` where the log reaches so far, and the factor that
    changed it most (None where it holds, or where a factor does not exist) with its share of the change."""

    start: int
    end: int
    before: float
    after: float
    same_season: bool
    main: str | None
    share: float | None


def decay(lens) -> Decay | None:
    """From age 1 on, as at age 0 all are active by definition; None with fewer than two complete ages after it."""
    rows = {row["age"]: row for row in rows_of(lens.by_age) if row["complete"] and row["age"] >= 1}
    if len(rows) < 2:
        return None
    year, last = periods_a_year(lens.unit), max(rows)
    end = max((age for age in rows if age > 1 and (age - 1) % year == 0), default=last)
    before, after = (rows[age][f"{lens.money}_per_member"] for age in (1, end))
    found = Decay(1, end, before, after, (end - 1) % year == 0, None, None)
    names = ["share_active", "orders_each", "order_value", *(["margin"] if lens.money == "profit" else [])]
    factors = [{name: rows[age][name] for name in names} for age in (1, end)]
    if any(value is None for one in factors for value in one.values()) or abs(after - before) <= STEADY * abs(before):
        return found
    positive = all(value > 0 for one in factors for value in one.values())
    changes = split(*factors, method="log" if positive else "shapley").changes
    total = sum(changes.values())
    main = max(changes, key=lambda name: changes[name] / total)
    return found._replace(main=main, share=changes[main] / total)


def _factors(log, lens):
    """Share active x orders each x value of an order (x margin) = money per member, by age."""
    found = decay(lens)
    if found is None:
        return None
    money, unit = lens.money.capitalize(), lens.unit
    ends = f"{log.money(found.before)} at age {found.start} to {log.money(found.after)} at age {found.end}"
    if found.main is None:
        title = (
            f"{money} per member holds: {ends}"
            if found.before and found.after
            else f"{money} per member goes from {ends}"
        )
        said = "What they bring does not decay at this age: new members add to the base instead of replacing others."
        if not (found.before and found.after):
            said = f"In one of these {unit}s nobody bought, so that no factor can be named."
    else:
        falls = found.after < found.before
        words = (_FELL if falls else _ROSE)[found.main]
        change = "fall" if falls else "rise"
        part = "more than all" if found.share > 1.005 else "all" if found.share > 0.995 else percent(found.share, 0)
        title = f"{money} per member {change}s from {ends}; {words} make up {part} of the {change}"
        said = _DECISION[found.main] if falls else f"See what brought {words}, and whether it was meant to."
    if not found.same_season:
        said += " The two ages lie in different seasons, which is part of the difference."
    said += _plateau(lens)
    rows = [row for row in rows_of(lens.by_age) if row["complete"]]
    factors = ["share_active", "orders_each", "order_value", *(["margin"] if lens.money == "profit" else [])]
    rows = _hidden_ages(rows, [*factors, f"{lens.money}_per_member"], lens.money)
    columns = [Column("age", "age"), Column("period", unit, text), Column("active", "active", or_hidden(number)),
               Column("share_active", "share active", or_hidden(percent)),
               Column("orders_each", "orders each", or_hidden(ratio)),
               Column("order_value", "revenue an order", or_hidden(log.money))]  # fmt: skip
    columns += [Column("margin", "margin", or_hidden(percent))] if lens.money == "profit" else []
    columns += [Column(f"{lens.money}_per_member", f"{lens.money} per member", or_hidden(log.money))]
    names = [*factors, f"{lens.money}_per_member"]
    chart = plots.cohort_factors(
        drawn(rows, *names), money=lens.money, currency=log.currency, ax=plots.canvas(height=4.6)
    )
    active = ", ".join(f"age {row['age']} {or_hidden(percent)(row['share_active'])}" for row in rows[:8])
    return exhibit(
        "cohort-factors", title, chart=chart,
        shows=f"Share active, orders each, value of an order and {lens.money} per member by age. Share active: {active}.",
        so_what=said,
        tables=[tabled(rows, columns, caption=f"{lens.cohort}: share active × orders each × revenue an order"
                       f"{' × margin' if lens.money == 'profit' else ''} = {lens.money} per member")],
    )  # fmt: skip


def _plateau(lens) -> str:
    """Whether the share active still falls, compared with a year before."""
    shares = {row["age"]: row["share_active"] for row in rows_of(lens.by_age) if row["complete"]}
    last = max(shares)
    before = shares.get(last - periods_a_year(lens.unit)) if last - periods_a_year(lens.unit) >= 1 else None
    if not before or is_small(shares[last] * lens.size):
        return ""
    ends = f"{percent(before)} at age {last - periods_a_year(lens.unit)}, {percent(shares[last])} a year later"
    if shares[last] >= 0.9 * before:
        return f" The share active has levelled off ({ends}): that is a level to plan with."
    return f" The share active still falls ({ends}): it is not yet a level to plan with."


def _hidden_ages(rows, names, money):
    """`hide`, and the money to date hidden from the first hidden age up to the last one, or its steps would tell."""
    rows = hide(rows, names, count="active")
    ages = [place for place, row in enumerate(rows) if row[names[-1]] == HIDDEN]
    for place in range(ages[0], ages[-1]) if ages else ():
        rows[place][f"{money}_to_date"] = HIDDEN
    return rows


# ---- value


def value_in_first_year(lens) -> tuple[int, float]:
    """(age, money per member to date) at the end of the first year of calendar periods, or as far as the log is."""
    rows = {row["age"]: row[f"{lens.money}_to_date"] for row in rows_of(lens.by_age) if row["complete"]}
    age = min(periods_a_year(lens.unit) - 1, max(rows))
    return age, rows[age]


def _value(log, lens):
    """Money to date per member, which is what winning one may cost."""
    money, unit = lens.money, lens.unit
    rows = [row for row in rows_of(lens.by_age) if row["complete"]]
    age, value = value_in_first_year(lens)
    last = rows[-1]
    spans = {"year": "its first year", "quarter": "its first four quarters", "month": "its first twelve months"}
    when = spans[unit] if age == periods_a_year(unit) - 1 else f"age {age}"
    title = f"By the end of {when} a member of {lens.cohort} had brought {log.money(value)} of {money}"
    said = (
        f"That is revenue and no profit: what winning a member may cost is its margin, a part of {log.money(value)}. "
        if money == "revenue"
        else "A member has cost more than it brought, so winning one is not earned back by then. "
        if value <= 0
        else f"To win such a member may cost less than {log.money(value)} if it is to be earned back by then: shipping, service "
        "and contacts come off too, unless the log's costs hold them. "
    )
    if 0 < lens.on_first_day <= value:
        said += f"{log.money(lens.on_first_day)} of it ({percent(lens.on_first_day / value)}) came on the day of the first purchase. "
    if last["age"] > age and value > 0:
        later = last[f"{money}_to_date"] - value
        said += f"By age {last['age']} it is {log.money(later)} more: "
        said += (
            "who can wait longer for the payback may win dearer customers."
            if later >= 0.25 * value
            else "little is added later, so that winning a member has to pay back early."
        )
    rows = _hidden_ages(rows, [f"{money}_per_member"], money)
    chart = plots.cohort_curves(
        drawn([row | {"cohort": lens.cohort} for row in rows], f"{money}_to_date"), value=f"{money}_to_date", from_age=0, currency=log.currency,
        ax=plots.canvas(height=3.2),
    )  # fmt: skip
    columns = [Column("age", "age"), Column(f"{money}_per_member", f"{money} per member", or_hidden(log.money)),
               Column(f"{money}_to_date", "to date", or_hidden(log.money))]  # fmt: skip
    points = ", ".join(f"age {row['age']} {or_hidden(log.money)(row[f'{money}_to_date'])}" for row in rows[:8])
    return exhibit(
        "value-to-date", title, chart=chart, shows=f"{money.capitalize()} to date per member by age: {points}.", so_what=said,
        tables=[tabled(rows, columns, caption=f"{lens.cohort}: running sum over all {number(lens.size)} members")],
    )  # fmt: skip


def _deciles(log, lens):
    """Who of the cohort brought it, and whether they are still active."""
    rows = rows_of(lens.deciles)
    share, best = f"share_of_{lens.money}", rows[0]
    if lens.size < 10 * LEAST or best["share_active"] is None or best[share] is None:
        return None
    title = f"The best tenth of the cohort brought {percent(best[share])} of its {lens.money}"
    said = f"They brought {log.money(best['value_per_member'])} each. "
    active = round(best["customers"] * best["share_active"])
    quiet = best["customers"] - active
    if not isinstance(share_shown(active, best["customers"]), str):
        title += f"; {percent(quiet / best['customers'])} of them did not buy in the last {lens.unit}"
        said += (
            f"They were chosen by what they brought so far, so that some fall back is to be expected, and one silent {lens.unit} may "
            f"be a pause: ask some of the {number(quiet)} why they are silent before anything is spent on them."
            if quiet
            else f"All of them bought in the last complete {lens.unit}: what they get is worth protecting as it is."
        )
    for row in rows:
        active = round((row["share_active"] or 0) * row["customers"])
        row["share_active"] = None if row["share_active"] is None else share_shown(active, row["customers"])
    rows = merged(rows, label="decile", sums=["revenue", lens.money, share, "share_of_customers", "orders"])
    columns = [Column("decile", "decile", text), Column("customers", "customers"), Column(share, f"of {lens.money}", percent),
               Column("value_per_member", f"{lens.money} per member", log.money),
               Column("share_active", f"active in the last {lens.unit}", or_hidden(percent))]  # fmt: skip
    chart = plots.decile_bars(
        drawn([row for row in rows if row["customers"]]), value=lens.money, ax=plots.canvas(height=3.2)
    )
    shares = ", ".join(f"{row['decile']}: {percent(row[share])}" for row in rows)
    caption = f"Members by their value up to the end of the log, best first{bounds_said(row['share_active'] for row in rows)}"
    return exhibit(
        "cohort-deciles", title, chart=chart, shows=f"Share of the cohort’s {lens.money} by tenth of its members: {shares}.",
        so_what=said, tables=[tabled(rows, columns, caption=caption)],
    )  # fmt: skip
