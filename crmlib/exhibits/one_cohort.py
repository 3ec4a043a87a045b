"""Lens 3: how the customers who began in one period evolve with age."""

from __future__ import annotations

from typing import NamedTuple

from crmlib import plots
from crmlib.conclusions import carried
from crmlib.exhibits.hidden import drawn, hide, or_hidden, share_shown
from crmlib.exhibits.parts import Column, exhibit, ratio, refusal, sampled, section, tabled, text
from crmlib.factors import split
from crmlib.frames import rows_of
from crmlib.inert import Section
from crmlib.opened import Opened
from crmlib.small_groups import HIDDEN, LEAST, is_small, merged, shown
from crmlib.wording import count, number, percent

__all__ = [
    "AGES_A_YEAR", "FLAT", "KEY", "Decay", "decay", "one_cohort", "repeat_rates", "second_within",
    "silence", "value_in_first_year",
]  # fmt: skip

KEY, HEADING = "one-cohort", "One cohort: how do customers evolve?"
AGES_A_YEAR = {"year": 1, "quarter": 4, "month": 12}
FLAT = 0.05  # relative change below which we say that something holds: our convention
_MOST_PATTERNS = 12
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
    makers = [_factors, _next_orders, _patterns, _value, _deciles, _repeat_rates]
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
    year, last = AGES_A_YEAR[lens.unit], max(rows)
    end = max((age for age in rows if age > 1 and (age - 1) % year == 0), default=last)
    before, after = (rows[age][f"{lens.money}_per_member"] for age in (1, end))
    found = Decay(1, end, before, after, (end - 1) % year == 0, None, None)
    names = ["share_active", "orders_each", "order_value", *(["margin"] if lens.money == "profit" else [])]
    factors = [{name: rows[age][name] for name in names} for age in (1, end)]
    if any(value is None for one in factors for value in one.values()) or abs(after - before) < FLAT * abs(before):
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
        part = "more than all" if found.share > 1 else percent(found.share, 0)
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
    chart = plots.cohort_factors(drawn(rows, *names), money=lens.money, currency=log.currency, ax=plots.canvas(height=4.6))
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
    before = shares.get(last - AGES_A_YEAR[lens.unit]) if last - AGES_A_YEAR[lens.unit] >= 1 else None
    if not before or is_small(shares[last] * lens.size):
        return ""
    ends = f"{percent(before)} at age {last - AGES_A_YEAR[lens.unit]}, {percent(shares[last])} a year later"
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


# ---- the next order


def second_within(lens) -> dict[int, tuple[int, int]]:
    """(bought a second time, members) by weeks since each one's own first purchase; empty if nobody was watched so long."""
    rows = [row for row in rows_of(lens.next_orders) if row["order"] == 1 and row["customers"]]
    return {row["weeks"]: (row["repeated"], row["customers"]) for row in rows}


def _next_orders(log, lens):
    """The second order and those after it, each by the weeks since the order before."""
    second = second_within(lens)
    if not second:
        return None
    last = max(second)
    repeated, members = second[last]
    early = min(13, last)
    title = (
        f"{percent(repeated / members)} bought a second time within {count(last, 'week')} of their first purchase, "
        f"{percent(second[early][0] / members)} within {early}"
    )
    said = f"That is {sampled(repeated, members)} of {count(members, 'member')} watched that long. "
    if repeated:
        half = next(weeks for weeks in sorted(second) if 2 * second[weeks][0] >= repeated)
        said += f"Half of those who came back did so by week {half}: a second offer belongs before that week. "
    later = _share_at(lens, order=2, weeks=last)
    if later is not None:
        share, n = later
        if share > repeated / members + 0.05:
            said += (
                f"Of those with a second purchase {percent(share)} made a third: the second one is the step to pay for. That "
                "later curves lie higher is mostly sorting, as who buys often is who is left to be counted."
            )
        else:
            said += f"After the second purchase the next one is no surer ({percent(share)} of {number(n)}): do not stop there."
    rows = _next_rows(lens, [weeks for weeks in (4, 13, 26, 52) if weeks <= last])
    weeks = [name for name in rows[0] if isinstance(name, int)]
    columns = [Column("after", "after purchase", text), Column("customers", "customers", or_hidden(number))]
    columns += [Column(one, f"again within {one} weeks", or_hidden(percent)) for one in weeks]
    small = {row["order"] for row in rows if is_small(row["n"])}
    curves = [row for row in rows_of(lens.next_orders) if row["order"] not in small]
    chart = plots.next_order_curves(drawn(curves), ax=plots.canvas(height=3.6))
    ends = ", ".join(f"after {row['after']} {or_hidden(percent)(row[weeks[-1]])}" for row in rows)
    return exhibit(
        "next-orders", title, chart=chart,
        shows=f"Share who bought again by weeks since the purchase before; within {weeks[-1]} weeks: {ends}.", so_what=said,
        tables=[tabled(rows, columns, caption="Each on their own clock; only who was watched for all the weeks is counted")],
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


def _patterns(log, lens):
    """Who came back after a silent period, who never did."""
    found, unit = silence(lens), lens.unit
    rows = rows_of(lens.patterns)
    ages = len(rows[0]["pattern"])
    if ages < 3 or is_small(found.returned) or is_small(found.silent):
        return None
    title = (
        f"{percent(found.returned / found.members)} were silent for a {unit} or longer and came back; "
        f"{percent(found.first_only / found.members)} bought in their first {unit} only"
    )
    back = found.back / found.silent if found.silent else 0
    said = f"Of the {number(found.silent)} who were silent in the {unit} after their first, {percent(back)} bought later. "
    if back >= 0.5:
        said += f"More often than not a silent {unit} is a pause: give nobody up for one."
    elif back >= 0.2:
        said += "Most stay silent, and yet that is too many to give up: test a cheap reminder against a group left out."
    else:
        said += f"Few come back once they are silent: what is spent belongs into the first {unit}, before the silence."
    said += f" The log watches {count(ages, unit)}; who is silent at its end may still come back."
    many = [row for row in rows if row["customers"] >= LEAST][:_MOST_PATTERNS]
    rest = rows_without(rows, many)
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


def rows_without(rows, some) -> list[dict]:
    """The rows of a table whose pattern is not among ``some``."""
    taken = {row["pattern"] for row in some}
    return [row for row in rows if row["pattern"] not in taken]


# ---- value


def value_in_first_year(lens) -> tuple[int, float]:
    """(age, money per member to date) at the end of the first year of calendar periods, or as far as the log is."""
    rows = {row["age"]: row[f"{lens.money}_to_date"] for row in rows_of(lens.by_age) if row["complete"]}
    age = min(AGES_A_YEAR[lens.unit] - 1, max(rows))
    return age, rows[age]


def _value(log, lens):
    """Money to date per member, which is what winning one may cost."""
    money, unit = lens.money, lens.unit
    rows = [row for row in rows_of(lens.by_age) if row["complete"]]
    age, value = value_in_first_year(lens)
    last = rows[-1]
    spans = {"year": "its first year", "quarter": "its first four quarters", "month": "its first twelve months"}
    when = spans[unit] if age == AGES_A_YEAR[unit] - 1 else f"age {age}"
    title = f"By the end of {when} a member of {lens.cohort} had brought {log.money(value)} of {money}"
    said = (
        f"To win such a member may cost at most {log.money(value)} if it is to be earned back by then. "
        if money == "profit"
        else f"That is revenue and no profit: what winning a member may cost is its margin, a part of {log.money(value)}. "
    )
    if last["age"] > age:
        later = last[f"{money}_to_date"] - value
        said += f"By age {last['age']} it is {log.money(later)} more: "
        said += (
            "who can wait longer for the payback may win dearer customers."
            if later >= 0.25 * abs(value)
            else "most of the value comes early, so that an early payback is the right test."
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
    quiet = round(best["customers"] * (1 - best["share_active"]))
    if is_small(quiet) or not quiet:
        said = "Nearly all of them bought in the last complete period: what they get is worth protecting as it is."
    else:
        title += f"; {percent(1 - best['share_active'])} of them did not buy in the last {lens.unit}"
        said = (
            f"They brought {log.money(best['value_per_member'])} each. Ask these {number(quiet)} why they are silent before "
            "anything is spent on the other tenths."
        )
    for row in rows:
        active = round((row["share_active"] or 0) * row["customers"])
        row["share_active"] = None if row["share_active"] is None else share_shown(active, row["customers"])
    rows = merged(rows, label="decile", sums=["revenue", lens.money, share, "share_of_customers", "orders"])
    columns = [Column("decile", "decile", text), Column("customers", "customers"), Column(share, f"of {lens.money}", percent),
               Column("value_per_member", f"{lens.money} per member", log.money),
               Column("share_active", f"active in the last {lens.unit}", or_hidden(percent))]  # fmt: skip
    chart = plots.decile_bars(drawn([row for row in rows if row["customers"]]), value=lens.money, ax=plots.canvas(height=3.2))
    shares = ", ".join(f"{row['decile']}: {percent(row[share])}" for row in rows)
    return exhibit(
        "cohort-deciles", title, chart=chart, shows=f"Share of the cohort’s {lens.money} by tenth of its members: {shares}.",
        so_what=said, tables=[tabled(rows, columns, caption="Members by their value up to the end of the log, best first")],
    )  # fmt: skip


# ---- the repeat-buying rate


def repeat_rates(lens) -> list[dict]:
    """The ages with enough active members to tell a rate."""
    return [row for row in rows_of(lens.repeat_buying) if row["active"] >= LEAST]


def _repeat_rates(log, lens):
    """The repeat-buying rate by age, and why it rises."""
    rows, unit = repeat_rates(lens), lens.unit
    if len(rows) < 2:
        return None
    first, last = rows[0], rows[-1]
    ends = f"{percent(first['repeat_buying_rate'])} at age {first['age']}, {percent(last['repeat_buying_rate'])} at age {last['age']}"
    title = f"Of those active in one {unit}, so many bought in the next one too: {ends}"
    later, active = (sum(row[name] for row in rows[1:]) for name in ("again", "active"))
    change = later / active - first["repeat_buying_rate"]
    if change > FLAT:
        said = (
            f"After age {first['age']} it is {percent(later / active)}. That it rises is sorting: who buys seldom is silent sooner, "
            "and the rate is of those still active. It does not show that anybody buys more steadily than before, so "
            "judge a programme against a group left out and not against this rise."
        )
    elif change < -FLAT:
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
    chart = plots.cohort_curves(drawn(written, "repeat_buying_rate"), value="repeat_buying_rate", from_age=0, ax=plots.canvas(height=3.0))
    points = ", ".join(f"age {row['age']} {or_hidden(percent)(row['repeat_buying_rate'])}" for row in written[:8])
    columns = [Column("age", "age"), Column("period", unit, text), Column("active", "active", or_hidden(number)),
               Column("again", f"also in the next {unit}", or_hidden(number)),
               Column("repeat_buying_rate", "repeat-buying rate", or_hidden(percent))]  # fmt: skip
    return exhibit(
        "cohort-rates", title, chart=chart, shows=f"Repeat-buying rate by age: {points}.", so_what=said,
        tables=[tabled(written, columns, caption=f"{lens.cohort}: of those active in a {unit}, who bought in the next one too")],
    )  # fmt: skip
