"""Lens 4: cohorts against each other, at the same age, in the same calendar period, within equal windows."""

from __future__ import annotations

import math
from typing import NamedTuple

from crmlib import plots
from crmlib.conclusions import STEADY, carried
from crmlib.exhibits.cohort_gaps import gap_sentence, pair_rows, widest
from crmlib.exhibits.parts import Column, bounds_said, exhibit, ratio, refusal, section, tabled, text
from crmlib.exhibits.triangles import triangle
from crmlib.frames import rows_of
from crmlib.groups_shown import drawn, or_hidden, share_shown
from crmlib.inert import Section
from crmlib.opened import Opened
from crmlib.response import wilson
from crmlib.small_groups import LEAST, is_small
from crmlib.two_rates import newcombe
from crmlib.wording import number, percent, signed

__all__ = ["BETTER", "KEY", "UNTOLD", "WORSE", "Seconds", "cohorts_compared", "seconds", "worth_apart"]

KEY, HEADING = "cohorts-compared", "Cohorts compared: are newer customers worse?"
STABLE = "Cohorts compared: do they behave alike?"  # of a log that has no two of one season
BETTER, WORSE, UNTOLD = "better", "worse", "cannot be told"


def cohorts_compared(log: Opened) -> Section:
    """The newest pair by age and by calendar, the second purchase within equal windows, all cohorts at one age."""
    lens = log.lenses.cohorts_compared
    if not carried(lens):
        return refusal(KEY, HEADING, lens)
    found = log.lenses.carried["cohorts compared"]
    view = (
        f"Cohorts by {lens.unit}, at ages that they have wholly reached; the pair is the newest of one season that can be "
        f"compared, {lens.pair[0]} and {lens.pair[1]}. Cohorts of the log’s first year may hold customers who had bought before it began."
        if lens.same_season
        else f"A check of stability, and not of quality: the log lacks {found.missing}. What would mend it: {found.mends}."
    )
    makers = [_pair, _seconds, _at_one_age]
    heading = HEADING if lens.same_season else STABLE
    return section(KEY, heading, view, [made for make in makers if (made := make(log, lens)) is not None])


# ---- the pair by age and by calendar


def _pair(log, lens):
    """What a member had brought by the last common age, and whether the gap behind it is the cohort's own."""
    first, second = lens.pair
    rows, money = pair_rows(lens, "age"), lens.money
    if not rows:
        return None
    age = max(rows)
    before, after = rows[age][f"{money}_to_date"]
    change = after / before - 1 if before > 0 else None
    low, high = worth_apart(lens, age)
    told = low > 0 or high < 0
    ends = f"{log.money(after)} of {money} by age {age}, one of {first} {log.money(before)}"
    title = f"A member of {second} had brought {ends}" + (f" ({signed(change)})" if change is not None else "")
    title += ": beyond chance" if told else ": within chance"
    money_apart = lambda amount: signed(amount, log.money)  # noqa: E731
    said = f"The difference is {money_apart(after - before)} a member (95 % interval {money_apart(low)} to {money_apart(high)}): "
    near = change is not None and abs(change) < 2 * STEADY
    if not told:
        said += "no difference in value can be told"
    else:
        said += f"more than chance makes{f', but less than {percent(2 * STEADY, 0)} of the value' if near else ''}"
    said += f". {_share_sentence(lens, age)}"
    gap = widest(lens)
    if lens.same_season:
        said += f" {gap_sentence(lens, told)}"
    elif not told or near:
        said += " What one has brought may be used to plan for the other."
    else:
        said += " Season or the moment of joining may be why: neither is a yardstick for the other."
    by_age, by_period = ([{across: place, "measure": name, "first": one, "second": other}
                          for place, values in pair_rows(lens, across).items() for name, (one, other) in values.items()]
                         for across in ("age", "period"))  # fmt: skip
    to_date, each = f"{money}_to_date", f"{money}_per_member"
    if by_period:
        chart = plots.two_cohorts_lines(
            drawn(by_age), drawn(by_period), measure=to_date, by_calendar=each, names=lens.pair, currency=log.currency,
            ax=plots.canvas(height=3.6),
        )  # fmt: skip
    else:
        lines = [{"cohort": label, "age": at, to_date: values[to_date][place]}
                 for place, label in enumerate(lens.pair) for at, values in rows.items()]  # fmt: skip
        chart = plots.cohort_curves(
            drawn(lines), value=to_date, from_age=0, currency=log.currency, ax=plots.canvas(height=2.8)
        )
    points = "; ".join(
        f"age {at} {log.money(values[to_date][0])} and {log.money(values[to_date][1])}"
        for at, values in [*rows.items()][-8:]
    )
    beside = f"; beside it the {money} per member by calendar {lens.unit}, where both are seen" if by_period else ""
    return exhibit(
        "cohorts-pair", title, chart=chart,
        shows=f"{money.capitalize()} to date per member of {first} and {second}: {points}{beside}.", so_what=said,
        tables=[_side_by_side(log, lens, "age", ["share_active", gap.measure, to_date]),
                *([_side_by_side(log, lens, "period", [gap.measure, each])] if by_period else [])],
    )  # fmt: skip


def worth_apart(lens, age) -> tuple[float, float]:
    """The 95 % interval of what a member of the second cohort had brought by that age less what one of the first had:
    by the spread between members (Welch), as if they were a sample of all who could have come."""
    at = {row["cohort"]: row for row in rows_of(lens.by_age) if row["age"] == age and row["cohort"] in lens.pair}
    one, other = (at[label] for label in lens.pair)
    apart = other[f"{lens.money}_to_date"] - one[f"{lens.money}_to_date"]
    half = 1.96 * math.sqrt(sum(lens.spread[row["cohort"]][age] ** 2 / row["size"] for row in (one, other)))
    return apart - half, apart + half


def _side_by_side(log, lens, across, measures):
    """A row an age or period, two columns a measure."""
    writers = {"share_active": percent, "orders_each": ratio, "margin": percent}
    short = {"share_active": "share active", "orders_each": "orders each", "order_value": "revenue an order"}
    columns = [Column(across, lens.unit if across == "period" else across, text if across == "period" else number)]
    columns += [Column((measure, place), f"{short.get(measure, measure.replace('_', ' '))}, {label}",
                       writers.get(measure, log.money)) for measure in measures for place, label in enumerate(lens.pair)]  # fmt: skip
    rows = [{across: at} | {(measure, place): values[measure][place] for measure in measures for place in (0, 1)}
            for at, values in pair_rows(lens, across).items()]  # fmt: skip
    where = "At the same age" if across == "age" else "In the same calendar periods"
    return tabled(rows, columns, caption=f"{where}, where both had {LEAST} or more active members")


def _share_sentence(lens, age):
    """Whether the share active differs at that age."""
    first, second = lens.pair
    at = {row["cohort"]: row for row in rows_of(lens.by_age) if row["age"] == age and row["cohort"] in lens.pair}
    if age == 0 or len(at) < 2:
        return "Both have only been seen in their first period, which says little of their quality."
    one, other = at[first], at[second]
    low, high = (float(end) for end in newcombe(other["active"], other["size"], one["active"], one["size"]))
    shares = f"At age {age}, {percent(other['share_active'])} of {second} were active and {percent(one['share_active'])} of {first}"
    between = f"95 % interval of the difference {100 * low:+.1f} to {100 * high:+.1f} points"
    verdict = (
        "more of them come back" if low > 0 else "fewer of them come back" if high < 0 else "no difference can be told"
    )
    return f"{shares} ({between}): {verdict}."


# ---- the second purchase


class Seconds(NamedTuple):
    """Two cohorts within the same window of weeks: (repeated, size) of each, the 95 % interval of second - first, and
    the verdict on the second: `BETTER`, `WORSE` or `UNTOLD`."""

    weeks: int
    first: str
    second: str
    before: tuple[int, int]
    after: tuple[int, int]
    low: float
    high: float
    verdict: str


def seconds(lens) -> Seconds | None:
    """The pair of the lens, in the longest window that both were watched for; None if there is none."""
    rows = {(row["cohort"], row["weeks"]): row for row in rows_of(lens.second_purchase) if row["repeated"] is not None}
    first, second = lens.pair
    weeks = max((weeks for label, weeks in rows if label == second and (first, weeks) in rows), default=None)
    if weeks is None:
        return None
    before, after = ((int(rows[label, weeks]["repeated"]), rows[label, weeks]["size"]) for label in lens.pair)
    low, high = (float(end) for end in newcombe(*after, *before))
    return Seconds(weeks, first, second, before, after, low, high, BETTER if low > 0 else WORSE if high < 0 else UNTOLD)


def _seconds(log, lens):
    """The second purchase within equal windows of cohorts of one season."""
    found = seconds(lens)
    if found is None:
        return None
    (one, of_one), (other, of_other) = found.before, found.after
    if is_small(one) or is_small(other):
        return None
    verdict = {BETTER: "better", WORSE: "worse", UNTOLD: "a difference cannot be told"}[found.verdict]
    title = (
        f"Within {found.weeks} weeks {percent(other / of_other)} of {found.second} bought a second time, "
        f"{percent(one / of_one)} of {found.first}: {verdict}"
    )
    between = f"between {100 * found.low:+.1f} and {100 * found.high:+.1f} points (95 % interval)"
    said = f"Each member has the same {found.weeks} weeks. The difference lies {between}. "
    if not lens.same_season:
        title = title.rpartition(":")[0]
        said += (
            "They began in different seasons, so this checks how stable the rate is and says nothing of their quality. "
        )
        # the whole interval, not the point: a difference that cannot be told may still be a large one
        near = max(abs(found.low), abs(found.high)) < STEADY * one / of_one
        told = "No difference can be told" if found.verdict == UNTOLD else "That is more than chance"
        but = "and" if found.verdict == UNTOLD else "but"
        said += (
            f"{told}, {but} all of the interval is less than {percent(STEADY, 0)} of the rate: one rate will do for both."
            if near
            else f"{told}, and the interval reaches {percent(STEADY, 0)} of the rate or more: plan with a range."
        )
    elif found.verdict == BETTER:
        said += f"Whatever was done in another way to win or welcome {found.second}, keep it."
    elif found.verdict == WORSE:
        said += (
            f"Before more is spent on winning customers, find out which channels and offers changed for {found.second}."
        )
    else:
        half = 100 * (found.high - found.low) / 2
        said += (
            f"With cohorts of this size less than about {half:.0f} points cannot be seen: change nothing because of it."
        )
    season = found.second[4:] if lens.same_season else None
    rows, table = [], {}
    for row in rows_of(lens.second_purchase):
        if (season is not None and row["cohort"][4:] != season) or row["size"] < LEAST:
            continue
        share = share_shown(row["repeated"], row["size"])
        own = table.setdefault(row["cohort"], {"cohort": row["cohort"], "size": row["size"]})
        own[row["weeks"]] = share
        if share is not None and not isinstance(share, str):
            low, high = (float(end) for end in wilson(row["repeated"], row["size"]))
            rows.append(
                {"cohort": row["cohort"], "weeks": row["weeks"], "share_repeated": share, "low": low, "high": high}
            )
    weeks = sorted({row["weeks"] for row in rows_of(lens.second_purchase)})
    table = [row for row in table.values() if any(row[window] is not None for window in weeks)]
    columns = [Column("cohort", "cohort", text), Column("size", "customers")]
    columns += [Column(window, f"within {window} weeks", or_hidden(percent)) for window in weeks]
    chart = plots.second_purchase_windows(drawn(rows), ax=plots.canvas(height=3.4)) if rows else None
    points = "; ".join(
        f"{row['cohort']} {percent(row['share_repeated'])}" for row in rows if row["weeks"] == found.weeks
    )
    caption = f"{'Cohorts of one season; a' if season else 'A'} dash where not all members were watched so long"
    caption += bounds_said(row[window] for row in table for window in weeks)
    return exhibit(
        "cohorts-second", title, chart=chart,
        shows=f"Share with a second purchase by cohort and window, with 95 % intervals; within {found.weeks} weeks: {points}.",
        so_what=said,
        tables=[
            tabled(table, columns, caption=caption),
            triangle(rows_of(lens.second_by_age), "repeated", "size", caption=f"Bought a second time by the end of each age in {lens.unit}s"),
        ],
    )  # fmt: skip


# ---- all cohorts at one age


def _at_one_age(log, lens):
    """The value to date of every cohort at one age: boring is good, a steady slide is the alarm."""
    money = lens.money
    rows = [row for row in rows_of(lens.by_age) if row["complete"] and row["size"] >= LEAST]
    reached = {}
    for row in rows:
        reached.setdefault(row["age"], []).append(row)
    age = max((age for age, some in reached.items() if age >= 1 and len(some) >= 3), default=None)
    if age is None:
        return None
    age = min(age, 3)
    at = sorted(reached[age], key=lambda row: row["cohort"])
    value = f"{money}_to_date"
    least, most = min(at, key=lambda row: row[value]), max(at, key=lambda row: row[value])
    title = (
        f"By age {age} a member had brought between {log.money(least[value])} ({least['cohort']}) and {log.money(most[value])} "
        f"({most['cohort']})"
    )
    steps = [newer[value] < older[value] for older, newer in zip(at, at[1:])]
    slide = next((n for n, fell in enumerate(reversed(steps)) if not fell), len(steps))
    if slide >= 3:
        said = (
            f"The last {slide} cohorts each brought less than the one before: a steady slide. Find out what changed in whom you "
            "win before the totals show it."
        )
    elif least[value] > 0 and most[value] < 1.25 * least[value]:
        said = "They lie close together, and that is good: one value will do to plan with."
    else:
        said = (
            f"They differ by {log.money(most[value] - least[value])} without a steady slide, partly by season: plan with the range, "
            f"and see what was special about {most['cohort']}."
        )
    old_enough = {row["cohort"] for row in at}
    lines = [row for row in rows if row["cohort"] in old_enough]
    chart = plots.cohort_curves(
        drawn(lines), value=value, from_age=0, stand_out=(least["cohort"], most["cohort"]), currency=log.currency,
        ax=plots.canvas(height=3.4),
    )  # fmt: skip
    first = {row["cohort"]: row for row in reached[0]}
    columns = [Column("cohort", "cohort", text), Column("size", "customers"), Column("first", "by age 0", log.money),
               Column(value, f"by age {age}", log.money)]  # fmt: skip
    table = [row | {"first": first[row["cohort"]][value]} for row in at]
    points = ", ".join(f"{row['cohort']} {log.money(row[value])}" for row in at[-8:])
    return exhibit(
        "cohorts-age", title, chart=chart, shows=f"{money.capitalize()} to date per member by age, a line a cohort; by age {age}: "
        f"{points}.", so_what=said, tables=[tabled(table, columns, caption=f"{money.capitalize()} to date per member")],
    )  # fmt: skip
