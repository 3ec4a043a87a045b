"""What the lesson on the customer-base audit says about the log at hand, in words that change with the numbers.

Every sentence is true of any log that `crmlib.explore_audit.audited` lets pass; a claim of a textbook has held or has
not. ``by`` is "profit" or "revenue". Lessons wrap the text.
"""

from __future__ import annotations

import math
import numpy as np

from crmlib import one_period, two_periods
from crmlib.concentration import first_day
from crmlib.wording import count, money, number, percent, several, signed, signed_money

__all__ = [
    "bridge", "claim", "drivers", "limits", "mean_of_means", "memo", "newcomers", "own_cuts", "refusal", "regression",
    "textbook_of_a_period",
]  # fmt: skip

BELOW_MEAN = (0.60, 0.80)  # about 69 % of the customers, says the companion of Fader, Hardie & Ross (2022)
TOP_TENTH = (0.30, 0.50)  # of profit, the same


def limits(carried) -> list[str]:
    """What a log cannot carry, lens by lens, and what would mend it; one sentence if it carries all."""
    found = [refusal(carried, lens, limited=True) for lens in carried["lens"]]
    return [one for one in found if one] or ["This log carries all lenses, products and profit."]


def refusal(carried, lens, *, limited=False) -> str:
    """Why a log cannot carry a lens, what would mend it and the nearest valid view; empty where it can.

    ``limited`` also says what holds a lens back that can be read with care.
    """
    row = carried.set_index("lens").loc[lens]
    if row["verdict"] == "yes" or (row["verdict"] == "limited" and not limited):
        return ""
    what = "carries in part" if row["verdict"] == "limited" else "cannot carry"
    return (
        f"This log {what} '{lens}': it lacks {row['missing']}. What would mend it: {row['mends']}. The nearest view "
        "that is "
        f"valid: {row['view']}."
    )


# one period


def mean_of_means(people, currency="") -> str:
    """What the mean of customers' own averages makes of the order value, on a table of `one_period.by_customer`."""
    whole = one_period.factors(people).iloc[0]
    mean = one_period.averages(people).set_index("measure").loc["own_order_value", "mean"]
    right = whole["order_value"]
    side = "below" if mean < right else "above"
    said = f"Revenue an order is {money(right, currency)}; "
    said += f"the mean of the customers' own averages is {money(mean, currency)}"
    if abs(mean - right) < 0.005:
        return f"{said}: the same here."
    wrong = mean * whole["orders"]
    return (
        f"{said}, {percent(abs(mean / right - 1))} {side} it. Multiplied back it would make "
        f"{money(wrong, currency, 0)} of a "
        f"revenue of {money(whole['revenue'], currency, 0)}."
    )


def textbook_of_a_period(people, by) -> list[str]:
    """Three usual findings, each held or not, on a table of `one_period.by_customer`."""
    averages = one_period.averages(people).set_index("measure")
    below = averages.loc[by, "share_below_mean"]
    top = one_period.customer_deciles(people, by=by)[f"share_of_{by}"].iloc[0]
    found = [
        claim(
            f"About two customers in three lie below the mean {by}",
            BELOW_MEAN[0] <= below <= BELOW_MEAN[1],
            percent(below),
            rule=" to ".join(percent(one, 0) for one in BELOW_MEAN),
        ),
        claim(f"The best tenth brings 30 % to 50 % of the {by}", TOP_TENTH[0] <= top <= TOP_TENTH[1], percent(top)),
    ]
    measured = one_period.measures({name: people[name][people["bought"]] for name in ("orders", "revenue")})
    spread = {name: np.nanstd(measured[name]) / np.nanmean(measured[name]) for name in ("orders", "own_order_value")}
    often, value = spread["orders"], spread["own_order_value"]
    spreads = (
        f"the standard deviation of the orders of a customer is {often:.2f} times their mean, that of the value of "
    )
    spreads += f"an order of theirs {value:.2f} times"
    return [*found, claim("Customers differ more in how often they come than in what an order of theirs is worth",
                           often > value, spreads, rule="the first number above the second")]  # fmt: skip


# two periods


def bridge(steps, by, currency="", *, limited=None) -> str:
    """Who moved the money, on a table of `two_periods.bridge`; ``limited`` is a table of `carries.carries`."""
    moved = steps.set_index("group")[f"{by}_change"]
    most = moved.abs().idxmax()
    people = steps.set_index("group").loc[most, "customers"]
    words = "rose" if moved.sum() > 0 else "fell"
    said = (
        f"{by.capitalize()} {words} by {money(abs(moved.sum()), currency, 0)}. The group '{most}' moved it most: "
        f"{count(people, 'customer')}, {signed_money(moved[most], currency)}."
    )
    if limited is None:
        return said
    row = limited.set_index("lens").loc["two periods"]
    return said if row["verdict"] == "yes" else f"{said} Read it with care: the log lacks {row['missing']}."


def drivers(parts, currency="") -> str:
    """Which factor moved the money, on a table of `two_periods.drivers`."""
    factors, whole = parts.iloc[:-1], parts.iloc[-1]
    most = factors.loc[factors["change"].abs().idxmax()]
    with_it = [row for row in factors.itertuples() if row.change * whole["change"] > 0]
    against = [row for row in factors.itertuples() if row.change * whole["change"] < 0]
    said = (
        f"The parts sum to {signed_money(whole['change'], currency)}. The largest is that of {_words(most['factor'])}, "
    )
    said += f"{signed_money(most['change'], currency)}; "
    said += (
        f"with the change go {several([_words(row.factor) for row in with_it])}"
        if with_it
        else "nothing goes with the change"
    )
    return f"{said}, against it {several([_words(row.factor) for row in against]) if against else 'nothing'}."


def regression(ways, by) -> str:
    """Whether the best of one period fall back in the other, in both directions of time; `explore_audit.both_ways`."""
    rows = ways.set_index("chosen_by")
    ahead, back, everybody = rows.loc["before"], rows.loc["after"], rows.loc["both"]
    forth = ahead["after"] / ahead["before"] - 1, everybody["after"] / everybody["before"] - 1
    other = back["before"] / back["after"] - 1, everybody["before"] / everybody["after"] - 1
    held = forth[0] < forth[1] and other[0] < other[1]
    return claim(
        "The best of one period fall back in the other, whichever comes first", held,
        f"chosen by the period before, their mean {by} changed by {signed(forth[0])} ({signed(forth[1])} for all of "
        "both "
        f"periods); chosen by the period after, it had been {signed(other[0])} the period before ({signed(other[1])} "
        "for all)", rule="a change below that of all, both times",
    )  # fmt: skip


def newcomers(split, by) -> str:
    """Whether customers of both periods grew only because some came within the first; `explore_audit.both_by_birth`."""
    old, young = (split.set_index("born").loc[name] for name in ("before period 1", "in period 1"))
    if not (old["customers"] and young["customers"]):
        return "All customers of both periods were first seen on the same side of its beginning: nothing to take apart."
    return (
        f"Wrong: customers of both periods bring {signed(split['change'].iloc[-1])} {by}. Right: the "
        f"{number(old['customers'])} who had bought before the first period had all of it, and changed by "
        f"{signed(old['change'])}; the {number(young['customers'])} who came within it had a part of it, and changed by "
        f"{signed(young['change'])}."
    )


def own_cuts(people, by, currency="") -> str:
    """What deciles of each period's own hide, on a table of `two_periods.changes`."""
    sides = {
        "before": [two_periods.BOTH, two_periods.BEFORE_ONLY],
        "after": [two_periods.BOTH, two_periods.NEW, two_periods.RETURNING],
    }
    were, n = (int(people["group"].isin(groups).sum()) for groups in sides.values())
    cut = two_periods.decile_cuts(people, by=by)["least"].iloc[0]
    moved = two_periods.decile_change(people, by=by)
    had, reached = (int(moved.loc[moved[side] == "1", "customers"].sum()) for side in ("from", "to"))
    chance = 1.96 * math.sqrt(0.09 * n)  # of a binomial count with a chance of one tenth
    wider = (
        "wider"
        if reached > n / 10 + chance
        else "thinner"
        if reached < n / 10 - chance
        else "neither wider nor thinner"
    )
    return (
        f"Wrong: by tenths of their own {number(math.ceil(were / 10))} of {number(were)} customers were on top and "
        f"{number(math.ceil(n / 10))} of {number(n)} are, a tenth each time, by construction. Right: the best tenth "
        "of the period "
        f"before began at {money(cut, currency)}; {number(had)} reached that then and {number(reached)} do now, "
        f"{percent(reached / n)} of the customers: the top is {wider} than before, as far as chance lets us say."
    )


# the memo


def memo(people, parts, ages, *, audit) -> list[str]:
    """The skeleton of a memo to the manager: what was asked, the number, the caveat, and two lines left to fill."""
    whole = parts.iloc[-1]
    factors = parts.iloc[:-1]
    most = factors.loc[factors["change"].abs().idxmax()]
    rate = two_periods.repeat_buying_rate(people)
    known = int(people["group"].isin([two_periods.BOTH, two_periods.BEFORE_ONLY]).sum())
    wide = 1.96 * math.sqrt(rate * (1 - rate) / known)
    seen = ages[ages["complete"]]
    held_back = [
        lens for lens, verdict in zip(audit.carried["lens"], audit.carried["verdict"], strict=True) if verdict != "yes"
    ]
    caveat = "The log does not know what winning a customer costs."
    if (people["group"] == two_periods.NEW).any():
        caveat = f"The log begins on {first_day(audit.tx)}, so who had bought only before counts as new. {caveat}"
    if held_back:
        caveat += f" It carries only in part, or not at all: {several(held_back)}."
    return [
        f"Asked: {whole['factor']} moved; with more or fewer customers, or with better or worse ones?",
        f"Number: {signed_money(whole['change'], audit.currency)} in {count(audit.months, 'month')}; the "
        f"largest part is that of {_words(most['factor'])}, {signed_money(most['change'], audit.currency)}. Of those who bought in the period before, {percent(rate)} did "
        f"again (chance leaves that uncertain between {percent(rate - wide)} and {percent(rate + wide)}). A member of cohort "
        f"{seen['cohort'].iloc[0]} has "
        f"brought {money(seen['revenue_to_date'].iloc[-1], audit.currency)} of revenue by age "
        f"{seen['age'].iloc[-1]}.",
        f"Caveat: {caveat} A split is arithmetic and names no cause.",
        "Decision: ...",
        "What would change my mind: ...",
    ]


def claim(words, held, told, *, rule="") -> str:
    """A claim, what is taken for held where its words do not say it, whether it held here, and what was found."""
    taken = f" (we take {rule})" if rule else ""
    return f"'{words}'{taken} {'held' if held else 'did not hold'} here: {told}."


def _words(factor) -> str:
    return str(factor).replace("_", " ")
