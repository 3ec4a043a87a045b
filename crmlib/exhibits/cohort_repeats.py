"""Who comes back: the parts of the lens on one cohort about the next order, about silence and about the rate of repeat."""

from __future__ import annotations

from typing import NamedTuple

from crmlib import plots
from crmlib.conclusions import STEADY, carried
from crmlib.exhibits.parts import Column, exhibit, sampled, tabled, text
from crmlib.frames import rows_of
from crmlib.groups_shown import drawn, or_hidden, share_shown
from crmlib.small_groups import HIDDEN, LEAST, is_small, shown
from crmlib.wording import count, number, percent

__all__ = [
    "Silence",
    "next_orders",
    "patterns",
    "repeat_buying",
    "repeat_rates",
    "second_within",
    "silence",
    "week_of_half",
]

_MOST_PATTERNS = 12


# ---- the next order


def second_within(lens) -> dict[int, tuple[int, int]]:
    """(bought a second time, members) by weeks since each one's own first purchase; empty if nobody was watched so long."""
    rows = [row for row in rows_of(lens.next_orders) if row["order"] == 1 and row["customers"]]
    return {row["weeks"]: (row["repeated"], row["customers"]) for row in rows}


def week_of_half(second) -> int | None:
    """The week by which half of those who bought a second time had done so, in what `second_within` gives; None if nobody
    did.

    >>> week_of_half({1: (2, 9), 2: (3, 9), 3: (6, 9)}), week_of_half({1: (0, 9)})
    (2, None)
    """
    repeated, _ = second[max(second)]
    return next(weeks for weeks in sorted(second) if 2 * second[weeks][0] >= repeated) if repeated else None


def next_orders(log, lens):
    """The second order and those after it, each by the weeks since the order before."""
    second = second_within(lens)
    if not second:
        return None
    last = max(second)
    repeated, members = second[last]
    if is_small(members):
        return None
    early = 13 if last > 13 else 4
    title = (
        f"{percent(repeated / members)} bought a second time within {count(last, 'week')} of their first purchase, "
        f"{percent(second[early][0] / members)} within {early}"
    )
    said = f"That is {sampled(repeated, members)} of {count(members, 'member')} watched that long. "
    if half := week_of_half(second):
        said += (
            f"Half of those who came back did so by week {half}, so that an offer that is to bring a second purchase comes "
            "before it; whether it brings any, a part left out by lot tells. "
        )
    later = _share_at(lens, order=2, weeks=last)
    if later is not None:
        share, n = later
        seen = f"Of the {number(n)} whose second purchase lies {last} weeks or more before the end, {percent(share)} made a third"
        if share > repeated / members + 0.05:
            said += (
                f"{seen}. That later curves lie higher is mostly sorting, as who buys often and soon is who is left to be "
                "counted; it does not show that a second purchase makes a third likelier."
            )
        else:
            said += f"{seen}: after the second purchase the next one is no surer, so do not stop there."
    rows = _next_rows(lens, [weeks for weeks in (4, 13, 26, 52) if weeks <= last])
    weeks = [name for name in rows[0] if isinstance(name, int)]
    columns = [Column("after", "after purchase", text), Column("customers", "customers", or_hidden(number))]
    columns += [Column(one, f"again within {one} weeks", or_hidden(percent)) for one in weeks]
    small = {row["order"] for row in rows if is_small(row["n"])}
    curves = [row | {"share_repeated": share_shown(row["repeated"], row["customers"])}
              for row in rows_of(lens.next_orders) if row["order"] not in small]  # fmt: skip
    chart = plots.next_order_curves(drawn(curves, "share_repeated"), ax=plots.canvas(height=3.6))
    ends = ", ".join(f"after {row['after']} {or_hidden(percent)(row[weeks[-1]])}" for row in rows)
    return exhibit(
        "next-orders", title, chart=chart,
        shows=f"Share who bought again by weeks since the purchase before; within {weeks[-1]} weeks: {ends}.", so_what=said,
        tables=[tabled(rows, columns, caption=f"Each on their own clock; counted are those who made the purchase {last} weeks or more before the end")],
    )  # fmt: skip


def _share_at(lens, *, order, weeks):
    for row in rows_of(lens.next_orders):
        if row["order"] == order and row["weeks"] == weeks and row["customers"] >= LEAST:
            return row["share_repeated"], row["customers"]
    return None


def _next_rows(lens, weeks):
    found = {}
    for row in rows_of(lens.next_orders):
        if row["customers"] and row["weeks"] in weeks:
            n = row["customers"]
            own = found.setdefault(row["order"], {"order": row["order"], "after": _nth(row["order"]), "n": n})
            own["customers"] = shown(n)
            own[row["weeks"]] = HIDDEN if is_small(n) else share_shown(row["repeated"], n)
    return list(found.values())


def _nth(n):
    return {1: "1st", 2: "2nd", 3: "3rd"}.get(n, f"{n}th")


# ---- silence and return


class Silence(NamedTuple):
    """Of the members: active at age 0 alone, back after a silent period, silent at age 1, and of these back later."""

    members: int
    first_only: int
    returned: int
    silent: int
    back: int


def silence(lens) -> Silence:
    """Counted in the patterns, which have a letter a complete period."""
    rows = rows_of(lens.patterns)
    silent = [row for row in rows if row["pattern"][1:2] == "n"]
    return Silence(
        sum(row["customers"] for row in rows),
        sum(row["customers"] for row in rows if row["periods_active"] == 1),
        sum(row["customers"] for row in rows if row["returned"]),
        sum(row["customers"] for row in silent),
        sum(row["customers"] for row in silent if "Y" in row["pattern"][2:]),
    )


def patterns(log, lens):
    """Who came back after a silent period, who never did."""
    if not carried(lens.patterns):
        return None
    found, unit, rows = silence(lens), lens.unit, rows_of(lens.patterns)
    ages = len(rows[0]["pattern"])
    if ages < 3 or is_small(found.returned) or is_small(found.silent):
        return None
    title = (
        f"{percent(found.returned / found.members)} were silent for a {unit} or longer and came back; "
        f"{percent(found.first_only / found.members)} bought in their first {unit} only"
    )
    back = found.back / found.silent if found.silent else 0
    said = (
        f"Of the {number(found.silent)} who were silent in the {unit} after their first, {percent(back)} bought later. "
    )
    if back >= 0.5:
        said += f"More often than not a silent {unit} is a pause: give nobody up for one."
    elif back >= 0.2:
        said += "Most stay silent, and yet that is too many to give up: test a cheap reminder against a group left out."
    else:
        said += f"Few come back once they are silent: what is spent belongs into the first {unit}, before the silence."
    said += f" The log watches {count(ages, unit)}; who is silent at its end may still come back."
    many = [row for row in rows if row["customers"] >= LEAST][:_MOST_PATTERNS]
    rest = _without(rows, many)
    if is_small(sum(row["customers"] for row in rest)) and many:
        rest.append(many.pop())
    if rest:
        other = {"pattern": f"all others ({count(len(rest), 'pattern')})", "periods_active": None, "returned": None}
        many.append(other | {name: sum(row[name] for row in rest) for name in ("customers", "share_of_cohort")})
    columns = [Column("pattern", "pattern (Y active, n silent)", text), Column("customers", "customers"),
               Column("share_of_cohort", "of the cohort", percent), Column("came_back", "came back", text)]  # fmt: skip
    written = [row | {"came_back": {True: "yes", False: "no"}.get(row["returned"], "–")} for row in many]
    chart = plots.pattern_bars(drawn(many), unit=unit, ax=plots.canvas(height=1.2 + 0.27 * len(many)))
    first = "; ".join(f"{row['pattern']} {percent(row['share_of_cohort'])}" for row in many[:5])
    return exhibit(
        "cohort-patterns", title, chart=chart,
        shows=f"The most frequent patterns, a letter a {unit}, Y for active and n for silent: {first}.", so_what=said,
        tables=[tabled(written, columns, caption="Patterns of fewer than 5 members stand among all others")],
    )  # fmt: skip


def _without(rows, some) -> list[dict]:
    """The rows of a table whose pattern is not among ``some``."""
    taken = {row["pattern"] for row in some}
    return [row for row in rows if row["pattern"] not in taken]


# ---- the repeat-buying rate


def repeat_rates(lens) -> list[dict]:
    """The ages with enough active members to tell a rate."""
    return [row for row in rows_of(lens.repeat_buying) if row["active"] >= LEAST]


def repeat_buying(log, lens):
    """The repeat-buying rate by age, and why it rises."""
    rows, unit = repeat_rates(lens), lens.unit
    if len(rows) < 2:
        return None
    first, last = rows[0], rows[-1]
    ends = f"{percent(first['repeat_buying_rate'])} at age {first['age']}, {percent(last['repeat_buying_rate'])} at age {last['age']}"
    title = f"Of those active in one {unit}, so many bought in the next one too: {ends}"
    later, active = (sum(row[name] for row in rows[1:]) for name in ("again", "active"))
    change = later / active - first["repeat_buying_rate"]
    if change > STEADY:
        said = (
            f"After age {first['age']} it is {percent(later / active)}. That it rises is sorting: who buys seldom is silent sooner, "
            "and the rate is of those still active. It does not show that anybody buys more steadily than before, so "
            "judge a programme against a group left out and not against this rise."
        )
    elif change < -STEADY:
        said = (
            f"After age {first['age']} it is {percent(later / active)}. Sorting alone would raise it, as who buys seldom is silent "
            "sooner; that it falls says that the steady ones buy less steadily. Find out what changed for them."
        )
    else:
        said = (
            f"After age {first['age']} it is {percent(later / active)}, about the same. Sorting would raise it, so compare it with "
            "another cohort at the same age before calling it good."
        )
    written = []
    for row in rows_of(lens.repeat_buying):
        rate = share_shown(row["again"], row["active"])
        written.append(row | {"active": shown(row["active"]), "again": shown(row["again"]) if rate != HIDDEN else HIDDEN,
                              "repeat_buying_rate": rate})  # fmt: skip
    chart = plots.cohort_curves(
        drawn(written, "repeat_buying_rate"), value="repeat_buying_rate", from_age=0, ax=plots.canvas(height=3.0)
    )
    points = ", ".join(f"age {row['age']} {or_hidden(percent)(row['repeat_buying_rate'])}" for row in written[:8])
    columns = [Column("age", "age"), Column("period", unit, text), Column("active", "active", or_hidden(number)),
               Column("again", f"also in the next {unit}", or_hidden(number)),
               Column("repeat_buying_rate", "repeat-buying rate", or_hidden(percent))]  # fmt: skip
    return exhibit(
        "cohort-rates", title, chart=chart, shows=f"Repeat-buying rate by age: {points}.", so_what=said,
        tables=[tabled(written, columns, caption=f"{lens.cohort}: of those active in a {unit}, who bought in the next one too")],
    )  # fmt: skip
