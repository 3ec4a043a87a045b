"""What the lesson on the customer-base audit says about cohorts and products, in words that change with the numbers.

Every sentence is true of any log that `crmlib.explore_audit.audited` lets pass; a claim of a textbook has held or has
not. Lessons wrap the text.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from crmlib import all_cohorts, cohort_comparison, one_cohort, products
from crmlib.audit import FEW
from crmlib.calendar_periods import periods_a_year
from crmlib.carries import AGES
from crmlib.errors import DataError
from crmlib.wording import count, money, number, percent, several, signed
from crmlib.workbook.sentences_audit import claim, refusal

__all__ = [
    "Entry", "Season", "chart_title", "decay", "entry", "exposure", "factors_title", "maturing", "next_orders",
    "next_orders_title", "plan", "products_title", "season", "survivors", "windows_title",
]  # fmt: skip

SMALL = 0.05  # a gap between two cohorts that we do not speak of
HELD = 0.02  # by how much carry-over may fall and is still said to hold


# one cohort


def decay(ages) -> str:
    """Which factor falls with age, on a table of `one_cohort.by_age` for one cohort."""
    seen = ages[ages["complete"] & (ages["age"] > 0)].dropna(subset=["orders_each", "order_value"])
    names = {
        "share_active": "the share active",
        "orders_each": "orders a customer",
        "order_value": "the value of an order",
    }
    seen = seen[(seen[[*names]] > 0).all(axis=1)]
    if len(seen) < 2:
        return (
            "The cohort is seen at fewer than two ages after the first with a purchase, so there is no course to read."
        )
    first, last = seen.iloc[0], seen.iloc[-1]
    moved = {name: last[name] / first[name] - 1 for name in names}
    held = min(moved, key=moved.get) == "share_active"
    told = several([f"{names[name]} moved by {signed(moved[name])}" for name in names])
    told = f"from age {first['age']} to {last['age']} {told}"
    return claim("Decay sits in the share that is active", held, told, rule="the largest fall of the three")


def survivors(ages, currency="") -> str:
    """What a customer would be worth per active customer, and is worth per member."""
    seen = ages[ages["complete"]]
    size = seen["size"].iloc[0]
    wrong = (seen["revenue"] / seen["active"].where(seen["active"] > 0)).fillna(0.0).sum()
    right = seen["revenue"].sum() / size
    return (
        f"Wrong: money by active customer, added up over {count(len(seen), 'age')}, makes {money(wrong, currency)}. "
        "Right: "
        f"all {count(size, 'member')} brought {money(right, currency)} each. The first counts as if nobody ever "
        "missed a period."
    )


def factors_title(ages, currency="") -> str:
    """How the share active moved, and what a member has brought: the title of the chart of `one_cohort.by_age`."""
    seen = ages[ages["complete"]]
    last, cohort = seen.iloc[-1], seen["cohort"].iloc[0]
    brought = f"{money(last['revenue_to_date'], currency)} a member so far"
    at = [f"{percent(row['share_active'])} active at age {row['age']}" for _, row in seen.iloc[[1, -1]].iterrows()]
    return f"{cohort}: {at[0]}, {at[1]}; {brought}"


def next_orders_title(curves) -> str:
    """How many came a second and a third time within the weeks of `one_cohort.next_order_curves`."""
    ends = curves[curves["weeks"] == curves["weeks"].max()].set_index("order")["share_repeated"]
    weeks = int(curves["weeks"].max())
    if not ends.loc[1] == ends.loc[1]:
        return f"No customer was watched for {weeks} weeks"
    said = f"Within {weeks} weeks {percent(ends.loc[1])} buy a second time"
    return (
        said
        if not ends.loc[2] == ends.loc[2]
        else f"{said}; of all with a second order, {percent(ends.loc[2])} a third"
    )


def next_orders(curves) -> str:
    """Whether each next order is more likely than the one before, on a table of `one_cohort.next_order_curves`."""
    ends = curves[curves["weeks"] == curves["weeks"].max()].dropna(subset=["share_repeated"])
    ends = ends[ends["customers"] >= FEW]
    if len(ends) < 2:
        return "Too few customers were watched after a second purchase to compare."
    shares = ends["share_repeated"].tolist()
    held = all(earlier < later for earlier, later in zip(shares, shares[1:], strict=False))
    told = several([percent(share) for share in shares])
    first, last = ends["order"].iloc[[0, -1]]
    after = f"after order {first} to {last} it was {told} within {ends['weeks'].iloc[0]} weeks"
    return claim("Each order makes the next one more likely", held, after, rule="each share above the one before")


# cohorts compared


def exposure(births, *, weeks) -> str:
    """Unequal against equal exposure, first month of birth against the last; `explore_audit.by_birth`."""
    if births is None:
        return "So this log cannot show what unequal exposure does; the example by hand has to do."
    first, last = births.iloc[0], births.iloc[-1]
    p, n = births["in_weeks"].iloc[[0, -1]], births["customers"].iloc[[0, -1]]
    chance = 1.96 * math.sqrt(float((p * (1 - p) / n).sum()))
    apart = last["in_weeks"] - first["in_weeks"]
    verdict = "more than" if abs(apart) > chance else "no more than"
    return (
        f"Wrong, within the calendar year: {percent(first['by_year_end'])} of those born in {first['born']}, "
        f"{percent(last['by_year_end'])} of {last['born']}. Right, within {weeks} weeks of the own first: "
        f"{percent(first['in_weeks'])} and {percent(last['in_weeks'])}, a difference of {_points(apart)}, {verdict} "
        "chance "
        f"makes ({100 * chance:.1f} points either way, 19 times out of 20)."
    )


class Season(NamedTuple):
    """Two cohorts side by side by age and by calendar period, from `two_cohorts`, or no tables; and what they say."""

    said: str
    names: tuple[str, str] | None = None
    by_age: Any = None
    by_period: Any = None


def season(tx, *, as_of, unit, carried) -> Season:
    """A cohort and that of the same season a year earlier, by age and by calendar period.

    The pair of `cohort_comparison.newest_pair`: where a log has no two of one season it is a check of stability.
    """
    row = carried.set_index("lens").loc["cohorts compared"]
    if row["verdict"] == "no":
        return Season(refusal(carried, "cohorts compared"))
    ages = one_cohort.by_age(tx, as_of=as_of, unit=unit)
    same_season = row["verdict"] == "yes"
    one, other = cohort_comparison.newest_pair(ages, same_season=same_season, ages=AGES, least=FEW)
    by_age = cohort_comparison.two_cohorts(ages, first=one, second=other)
    by_period = cohort_comparison.two_cohorts(ages, first=one, second=other, across="period")
    by_period = by_period[by_period["period"] != other]  # age 0 of the newer one, which has no like
    worth = by_age[by_age["measure"] == "revenue_to_date"].iloc[-1]
    said = [f"By age {worth['age']} a member of {other} had brought {_than(worth['ratio'])} one of {one}."]
    members = {label: one_cohort.by_member(tx, as_of=as_of, unit=unit, cohort=label) for label in (one, other)}
    aged = _order_value_gap(members, ages, by_age[by_age["age"] > 0], "age")
    dated = _order_value_gap(members, ages, by_period, "period")
    if aged is None:
        said.append("Too few ages can be compared to tell a gap in the value of an order from chance.")
    else:
        there = "" if dated is None else f", and {_than(1 + dated[0])} it in the same calendar periods{_ends(dated)}"
        said.append(
            f"All orders after age 0 together: one of {other} was worth {_than(1 + aged[0])} one of {one} at equal age{_ends(aged)}{there}: "
            f"{_season_verdict(aged, dated)}"
        )
    if row["verdict"] != "yes":
        said.append(f"It is a check of stability only: the log lacks {row['missing']}.")
    return Season(" ".join(said), (one, other), by_age, by_period)


def _order_value_gap(members, ages, compared, by):
    """`cohort_comparison.pooled_gap` of revenue over orders, where both cohorts have an order."""
    seen = compared.loc[compared["measure"] == "order_value"].dropna(subset=["first", "second"])[by]
    sides = []
    for label, own in members.items():
        at = ages[(ages["cohort"] == label) & ages[by].isin(seen)]["age"].astype(int).tolist()
        sides.append(np.column_stack([own[name][:, at].sum(axis=1) for name in ("revenue", "orders")]))
    return cohort_comparison.pooled_gap(*sides)


def _season_verdict(aged, dated) -> str:
    """What a gap at equal age and in the same periods, each (change, low, high), says of two cohorts."""
    if aged[1] <= 0 <= aged[2]:
        return "no gap can be told from chance."
    if dated is None:
        return "too few periods to see whether the calendar explains the gap."
    if max(abs(aged[0]), abs(dated[0])) < SMALL:
        return "more than chance makes, and hardly a gap in either view."
    if dated[1] * dated[2] > 0 and dated[0] * aged[0] > 0:
        return "the calendar does not explain the gap."
    if dated[1] <= 0 <= dated[2] and dated[0] / aged[0] < 0.5:
        return "most of the gap is gone there, so it hit both at once."
    return "whether the calendar explains the gap cannot be told."


def _ends(gap) -> str:
    """The 95 % interval of a gap (change, low, high), to stand behind it."""
    return f" (95 % interval {100 * gap[1]:+.1f} to {100 * gap[2]:+.1f} %)"


def windows_title(windows) -> str:
    """The lowest and highest share of the shortest window, on a table of `cohort_comparison.second_purchase`."""
    seen = windows.dropna(subset=["share_repeated"])
    weeks = seen["weeks"].min()
    shares = seen.loc[seen["weeks"] == weeks, "share_repeated"]
    low, high = percent(shares.min()), percent(shares.max())
    return f"A second purchase within {count(weeks, 'week')}: {low} to {high} of a cohort"


# all cohorts


def chart_title(chart) -> str:
    """Who brought the revenue of the last complete period: the title of the chart of `all_cohorts.cohort_chart`."""
    seen = chart[chart["complete"]]
    last = seen["period"].iloc[-1]
    now = seen[seen["period"] == last].set_index("cohort")
    new = now["share_of_revenue"].get(last, 0.0)
    if all_cohorts.BEFORE not in now.index:
        return f"In {last} new customers brought {percent(new)} of the revenue"
    old = now.loc[all_cohorts.BEFORE, "share_of_revenue"]
    return f"In {last} new customers brought {percent(new)} of the revenue, those from before the chart {percent(old)}"


def maturing(base, *, unit) -> str:
    """Whether the new share drifts down and carry-over holds: two years of `base_by_period` compared."""
    rows = base[base["complete"]]
    year = periods_a_year(unit)
    if len(rows) < 2 * year + 1:
        return (
            f"The log has {count(len(rows), 'complete period')}; two years and one period more are needed to compare."
        )
    late, early = rows.iloc[-year:], rows.iloc[-2 * year : -year]
    new = [part["new_revenue"].sum() / part["revenue"].sum() for part in (early, late)]
    carried = [
        rows["carried_revenue"].iloc[start:end].sum() / rows["revenue"].iloc[start - 1 : end - 1].sum()
        for start, end in ((len(rows) - 2 * year, len(rows) - year), (len(rows) - year, len(rows)))
    ]
    held = new[1] <= new[0] and carried[1] >= carried[0] - HELD
    return claim(
        "As a base matures the new share drifts down and carry-over holds", held,
        f"from one year to the next the new share went from {percent(new[0])} to {percent(new[1])}, carry-over from "
        f"{percent(carried[0])} to {percent(carried[1])}",
        rule=f"a new share no higher, and a carry-over at most {100 * HELD:.0f} points lower",
    )  # fmt: skip


def plan(base, *, unit, growth, currency="") -> str:
    """How many new customers the next period needs to bring ``growth`` more than the last complete one did."""
    rows, year = base[base["complete"]], periods_a_year(unit)
    if len(rows) <= year:
        return f"The log has {count(len(rows), 'complete period')}; a plan needs a year of them and one before."
    target = (1 + growth) * rows["revenue"].iloc[-1]
    found = all_cohorts.new_customers_needed(base, target=target, over=year).iloc[0]
    won, needed = rows["new"].iloc[-1], math.ceil(found["new_needed"] - 1e-9)
    more = "more than" if needed > won else "fewer than" if needed < won else "as many as"
    return (
        f"Target {money(target, currency, 0)}, {percent(growth, 0)} more than {found['last_period']}. Of that "
        "period's revenue "
        f"{percent(found['carry_over'])} is carried over, which is the rate of the last {count(year, unit)} together: "
        f"{money(found['carried'], currency, 0)}; the gap is "
        f"{money(max(found['gap'], 0), currency, 0)}. A new customer brings {money(found['per_new'], currency)} at "
        "first: "
        f"{count(needed, 'new customer')} needed, {more} the {number(won)} of {found['last_period']}."
        f"{_as_a_year_ago(rows, year, target, currency)}"
    )


def _as_a_year_ago(rows, year, target, currency):
    """The same plan with carry-over and money of a new customer of the next period's own season; none by years."""
    if year == 1:
        return ""
    try:
        own = all_cohorts.new_customers_needed(rows, target=target, over=year, season=True).iloc[0]
    except DataError:
        return ""
    needed = math.ceil(own["new_needed"] - 1e-9)
    return (
        f" With both as in {rows['period'].iloc[-year]}, the same season a year ago ({percent(own['carry_over'])} and "
        f"{money(own['per_new'], currency)}), it takes {number(needed)}."
    )


# products


def products_title(sold) -> str:
    """What a table of `products.by_product` finds, as the title of its chart."""
    most, richest = sold.loc[sold["customers"].idxmax(), "product"], sold.loc[sold["revenue"].idxmax(), "product"]
    row = sold.set_index("product")
    if most == richest:
        return f"{most} has most buyers ({percent(row.loc[most, 'penetration'])}) and most revenue"
    shares = [percent(row.loc[name, of]) for name, of in ((most, "penetration"), (richest, "share_of_revenue"))]
    return f"{most} has most buyers ({shares[0]}), {richest} most revenue ({shares[1]})"


class Entry(NamedTuple):
    """What entry products say, and the best five of those that enough customers began with, or no table."""

    said: str
    rows: Any = None


def entry(tx, *, as_of, days=365, least=100) -> Entry:
    """Which entry product of ``least`` or more customers has the most valuable ones at ``days`` days of age."""
    try:
        found = products.entry_products(tx, as_of=as_of, days=days)
    except DataError as error:
        return Entry(str(error))
    enough = found[(found["customers"] >= least) & found["index"].notna()]  # no index of a mean below zero
    if len(enough) < 2:
        return Entry(f"No two products opened the relation with {number(least)} or more customers: nothing to compare.")
    each = [name for name in ("orders_each", "revenue_each", "profit_each") if name in enough]
    rows = enough.sort_values("index", ascending=False, kind="stable")[["product", "customers", *each, "index"]].head()
    best, most = enough.loc[enough["index"].idxmax()], enough.iloc[0]
    said = (
        f"Of products that {number(least)} or more customers bought first, {best['product']} has the highest value: "
        f"{best['index']:.2f} times the mean customer in the first {days} days "
        f"({count(best['customers'], 'customer')}{_reach(best)})."
    )
    if best["product"] == most["product"]:
        return Entry(f"{said} Most also began with it.", rows)
    said += f" Most began with {most['product']} ({number(most['customers'])}), {most['index']:.2f} times."
    return Entry(said, rows)


def _reach(row) -> str:
    if not row["index_se"] >= 0:  # one customer shows no spread
        return ""
    low, high = products.index_interval(row)
    return f"; 95 % interval {low:.2f} to {high:.2f}"


def _than(ratio) -> str:
    """3.7 % less than."""
    if abs(ratio - 1) < 0.0005:
        return "as much as"
    return f"{percent(abs(ratio - 1))} {'more' if ratio > 1 else 'less'} than"


def _points(share) -> str:
    return f"{100 * share:+.1f} points"
