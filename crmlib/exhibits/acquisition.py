"""Lens 5, the plan: how many new customers the next period needs, with the carry-over of its own season."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from crmlib import plots
from crmlib.audit import FEW
from crmlib.all_cohorts import new_customers_needed
from crmlib.calendar_periods import period_label, period_of, periods_a_year
from crmlib.conclusions import STEADY, carried
from crmlib.errors import DataError
from crmlib.exhibits.growth import FEWER
from crmlib.exhibits.parts import Column, exhibit, tabled, text, written
from crmlib.frames import rows_of
from crmlib.groups_shown import drawn
from crmlib.lenses import finding
from crmlib.overview import Refused
from crmlib.small_groups import is_small
from crmlib.wording import count, number, percent, several, signed

__all__ = ["Plan", "acquisition", "against_last", "complete", "each_more", "intake", "intake_said", "measures", "plan", "range_said", "seen_before", "turn_said"]

ABOUT, MORE, LESS = "about as many as", "more than", "fewer than"


def complete(lens) -> list[dict]:
    """The whole periods of the base."""
    return [row for row in rows_of(lens.base) if row["complete"]]


def seen_before(lens) -> list[dict]:
    """The complete periods in which somebody can be told from new: in the first one of a log everybody counts as new, if it
    is shown at all. Of a single period that one."""
    rows = complete(lens)
    return rows if lens.since or len(rows) < 2 else rows[1:]


def measures(lens) -> tuple[str, str]:
    """The columns of the new share and of carry-over in the money of the lens."""
    return ("new_share", "carry_over") if lens.money == "revenue" else ("new_profit_share", "profit_carry_over")


class Plan(NamedTuple):
    """How many new customers the next period needs: its label, that of a year before with its money and new customers,
    the pace, that is the change of ``paced`` (the last year, or as many of its periods as the log has a year earlier too) as a
    ratio, the target, and the row of
    `new_customers_needed` for the season of a year ago; ``seasons``: (label, carry-over) of each year's like period that the
    log has, the oldest first, and ``ends`` what the least and the most need of these would be (None with one of them);
    ``intake``: new customers of the year before the last and of the last (None where the first of them is not wholly known)."""

    period: str
    year_before: str
    won_then: int
    money_then: float
    pace: float
    paced: str
    target: float
    needed: dict
    seasons: list[tuple[str, float]]
    ends: tuple[float, float] | None
    intake: tuple[int, int] | None


def plan(lens) -> Plan | Refused:
    """The next period shall bring what it did a year before, times the pace of the last year.

    Refused where nothing can be supposed of the next period: without a period that lies a year after another, none of which may be
    the first of the log, in which all are new and of which some days may lack; without money above zero in all that it rests on;
    and with fewer than `FEW` new or older customers in the season of a year ago, who tell nothing and could be found.
    """
    rows, year, unit, money = seen_before(lens), periods_a_year(lens.unit), lens.unit, lens.money
    refused = lambda why, mends: Refused(why, mends, "the cohort chart", "all-cohorts")  # noqa: E731
    if len(rows) <= year:
        since = f"since {lens.since}" if lens.since else f"after its first {unit}, in which all are new"
        return refused(f"The log has {count(len(rows), f'whole {unit}')} {since}, and a plan takes {year + 1}.", "a longer log")
    then, last, both = rows[-year], rows[-1][money], min(len(rows) - year, year)
    years = [sum(row[money] for row in some) for some in (rows[-year - both : len(rows) - year], rows[-both:])]
    carry = measures(lens)[1]
    if min(last, then[money], rows[-year - 1][money], *years) <= 0 or then[carry] < 0:
        return refused(f"A plan takes {money} above zero in the last year and the one before, and in each {unit} that it rests on.",
                       f"a log with {money} above zero in its last two years")  # fmt: skip
    if then["new"] < FEW or then["customers"] - then["new"] < FEW:
        return refused(f"In {then['period']} fewer than {FEW} customers were new, or fewer than {FEW} older ones bought.",
                       f"a log with more customers in each {unit}")  # fmt: skip
    pace = years[1] / years[0]
    target = then[money] * pace
    try:
        needed = rows_of(new_customers_needed(lens.base, target=target, over=year, by=money, season=True))[0]
    except DataError as error:
        return refused(finding(error), f"a log with {money} of new customers above zero")
    like = reversed(rows[len(rows) - year :: -year])
    unknown = None if lens.since else rows[0]["period"]  # carried over from the first period of the log, which may lack days
    seasons = [(row["period"], row[carry]) for row in like if row[carry] is not None and row["period"] != unknown]
    need = [max(target - own * last, 0) / needed["per_new"] for _, own in seasons]
    return Plan(
        _after(rows[-1]["period"], lens.unit), then["period"], int(then["new"]), then[money], pace,
        f"the last {'year' if both == year else count(both, unit) if both > 1 else unit}", target, needed, seasons,
        (min(need), max(need)) if len(need) > 1 else None, intake(lens),
    )  # fmt: skip


def against_last(found: Plan) -> str:
    """Whether the plan asks for more or fewer new customers than came a year before; within 5 % it is about as many."""
    needed, won = found.needed["new_needed"], found.won_then
    return LESS if needed < (1 - STEADY) * won else MORE if needed > (1 + STEADY) * won else ABOUT


def range_said(found: Plan) -> str:
    """How far the carry-over of the same season in other years would move it."""
    if found.ends is None:
        return f"The log has the carry-over of one such season alone ({found.year_before}), so that no range is known."
    labels, shares = several([label for label, _ in found.seasons]), several([percent(own) for _, own in found.seasons])
    low, high = (number(end) for end in found.ends)
    return f"With the carry-over of this season in the years that the log has ({labels}: {shares}) it would be {low} to {high}."


def intake(lens) -> tuple[int, int] | None:
    """The new customers of the year before the last and of the last; None where the first of them is not wholly known, and where
    they are so few that they could be found."""
    rows, year = complete(lens), periods_a_year(lens.unit)
    if lens.since is None or len(rows) < 2 * year:  # in the first year of a log older customers seem new
        return None
    before, after = (int(sum(row["new"] for row in some)) for some in (rows[-2 * year : -year], rows[-year:]))
    return None if is_small(before) or is_small(after) else (before, after)


def intake_said(pair) -> str:
    """What the last year's intake did, where it fell or rose by more than a tenth, without a full stop; else empty.

    >>> intake_said((1000, 700)), intake_said((100, 110)), intake_said(None)
    ('The last year won 700 new customers, 30.0 % fewer than the year before (1,000)', '', '')
    """
    if pair is None or not pair[0] or abs(pair[1] - pair[0]) <= FEWER * pair[0]:
        return ""
    before, after = pair
    word = "more" if after > before else "fewer"
    return f"The last year won {number(after)} new customers, {percent(abs(after / before - 1))} {word} than the year before ({number(before)})"


def turn_said(found: Plan) -> str:
    """`intake_said` for a plan, which may have to turn it round, with a space after it."""
    said, turn = intake_said(found.intake), against_last(found)
    if not said:
        return ""
    if found.intake[1] < found.intake[0] and turn != LESS:
        said += f": a plan for {'more' if turn == MORE else 'as many'} has to turn that round"
    return f"{said}. "


def _after(label, unit):
    """The label of the next period."""
    year, rest = int(label[:4]), label[5:]
    month = 1 if not rest else 3 * int(rest[1]) - 2 if rest[0] == "Q" else int(rest)
    return period_label(period_of(dt.date(year, month, 1), unit) + 1, unit)


def each_more(log, found, unit) -> str:
    """What another target would ask for."""
    per_new = found.needed["per_new"]
    return f"Another target moves it by one new customer for each {log.money(per_new)}, which is what one brings in the first {unit}."


def acquisition(log, lens):
    """How many to acquire so that the next period equals a year ago plus the change."""
    found, money, unit = plan(lens), lens.money, lens.unit
    if not carried(found):
        return None
    needed = round(found.needed["new_needed"])
    aim = f"{log.round_money(found.target)} of {money} in {found.period}"
    if needed == 0:
        title = f"To bring {aim} takes no new customers: what older ones bring again reaches it"
        said = "Acquisition is free to be choosy: spend it on customers who buy again and not on many."
    else:
        title = f"To bring {aim} takes about {count(needed, 'new customer')}; {found.year_before} won {number(found.won_then)}"
        point = 0.01 * found.needed[f"last_{money}"] / found.needed["per_new"]
        apart = number(abs(needed - found.won_then))
        said = {
            MORE: f"That is {apart} more than a year ago: fund them, carry more over, or lower the plan.",
            LESS: f"That is {apart} fewer than a year ago, so that the plan leaves room.",
            ABOUT: "That is about as many as a year ago.",
        }[against_last(found)]
        said += f" {turn_said(found)}One point more carry-over spares about {number(point)} of them."
    said += (
        f" It is supposed that {found.period} changes by {signed(found.pace - 1)}, as {found.paced} did, on {found.year_before}, and that carry-over and {money} per new customer are "
        f"those of that season. {range_said(found)} {each_more(log, found, unit)}"
    )
    columns = [Column("what", "what", text), Column("value", "value", written)]
    rows = [
        (f"{money} in {found.year_before}", log.money(found.money_then)),
        (f"change of {found.paced} on the year before", signed(found.pace - 1)),
        ("target", log.money(found.target)),
        (f"{money} in {found.needed['last_period']}", log.money(found.needed[f"last_{money}"])),
        (f"carry-over into {found.year_before}", percent(found.needed["carry_over"])),
        ("carried over", log.money(found.needed["carried"])),
        ("gap to the target", log.money(found.needed["gap"])),
        (f"{money} per new customer in {found.year_before}", log.money(found.needed["per_new"])),
        *((f"carry-over into {label}", percent(own)) for label, own in found.seasons[:-1]),
        *([("new customers needed with the carry-over of these seasons", " to ".join(map(number, found.ends)))] if found.ends else []),
        ("new customers needed", number(needed)),
    ]
    caption = "New customers needed = (target - carry-over × last) / first money per new customer"
    last, gap = found.needed[f"last_{money}"], found.needed["gap"]
    thins = found.needed["carried"] - last
    steps = [{"step": "not carried over" if thins < 0 else "carried over on top", "change": thins},
             {"step": "to be won anew" if gap > 0 else "more than needed", "change": gap}]  # fmt: skip
    chart = plots.money_bridge(
        drawn(steps), label="step", change="change", start=last, value=money, currency=log.currency, names=(found.needed["last_period"], "target"),
        ax=plots.canvas(height=2.8),
    )  # fmt: skip
    shows = f"From {log.round_money(last)} in {found.needed['last_period']} to the target of {log.round_money(found.target)}: "
    shows += ", ".join(f"{step['step']} {signed(step['change'], log.round_money)}" for step in steps) + "."
    return exhibit(
        "all-plan", title, chart=chart, shows=shows, so_what=said.strip(),
        tables=[tabled([{"what": what, "value": value} for what, value in rows], columns, caption=caption)],
    )  # fmt: skip
