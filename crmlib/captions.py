"""What stands around the charts of the report: a title that states the finding, what it means, definitions and limits.

Pure functions from finished tables to sentences, like `crmlib.conclusions`; every verdict changes with the data.
"""

from __future__ import annotations

from typing import NamedTuple

from crmlib.audit import FEW
from crmlib.clv import ANNUAL_DISCOUNT
from crmlib.conclusions import (
    CLOSE, STEADY, carried, concentration, few, share_of_top,
)  # fmt: skip
from crmlib.frames import rows_of
from crmlib.holdout import QUIET
from crmlib.moves_shown import moves_shown
from crmlib.periods import ABSENT
from crmlib.pyramid import INACTIVE, NON_POSITIVE
from crmlib.small_groups import LEAST, is_small
from crmlib.wording import count, day, days, number, percent, several

__all__ = [
    "Said", "chance", "definitions", "forecasts", "gini", "holdout", "limits", "lorenz", "moves",
    "pyramid", "revenue",
    "segments", "stages", "states", "tenths",
]  # fmt: skip


SAME = 0.02  # two forecasts that differ by less in what they find of the best do as well; our convention


class Said(NamedTuple):
    """What stands over a chart, and the one or two sentences under it."""

    title: str
    meaning: str


def revenue(facts, table) -> Said:
    """Revenue over time."""
    rows = rows_of(table)
    total, again = (sum(row[name] for row in rows) for name in ("revenue", "repeat_revenue"))
    partial = [row["period"] for row in rows if not row["complete"]]
    apart = (
        f" {several(partial)} {'is' if len(partial) == 1 else 'are'} not wholly in the log: do not compare."
        if partial
        else ""
    )
    if facts.is_panel:
        title = f"Nobody is new after {day(facts.last_first)}: all later revenue comes from the same customers"
        return Said(
            title, "Read this as one group of customers growing older, and not as the course of a firm." + apart
        )
    if total <= 0:
        return Said("The log brings no revenue in all", "Purchases and refunds sum to zero or less." + apart)
    share = again / total
    won = (
        "The money is in customers who come back."
        if share > 0.5
        else "The money is in first purchases: each new customer has to be won."
    )
    return Said(f"Later purchases bring {percent(share)} of revenue, first purchases the rest", won + apart)


def lorenz(top, half, facts, index, interval) -> Said:
    """The Lorenz curve."""
    share = share_of_top(top, 0.20)
    found = concentration(share, half, facts.customers)
    said = [
        found.sentence,
        found.detail,
        *([chance(interval)] if carried(interval) else []),
        gini(index),
        f"All this holds for the {days(facts.days)} covered; it moves with the length of the log.",
    ]
    if facts.negative:
        said.append(
            f"{few(facts.negative, 'customer')} with more refunds than purchases cannot be ranked by share and are "
            "left out here."
        )
    return Said(f"The top 20 % bring {percent(share)} of revenue", " ".join(said))


def chance(interval) -> str:
    """How far chance could have moved the share of the top."""
    return (
        f"Another {count(interval.customers, 'customer')} of the same kind would bring between {percent(interval.low)} "
        f"and {percent(interval.high)} from their top 20 % ({percent(interval.level, 0)} interval, "
        f"{number(interval.resamples)} resamples)."
    )


def gini(index) -> str:
    """The Gini index in words."""
    if index < 0.2:
        word = "customers are much alike"
    elif index < 0.5:
        word = "customers differ, and many of them bring the money"
    else:
        word = "customers differ widely, and a minority brings most of the money"
    return f"Gini index {index:.2f} (0: all bring the same, near 1: one brings everything): {word}."


def segments(summary) -> Said:
    """Shares of customers and revenue by RFM segment."""
    rows = [row for row in rows_of(summary) if row["customers"]]
    best = max(rows, key=lambda row: row["revenue"])
    large = max(rows, key=lambda row: row["customers"])
    title = (
        f"“{best['segment']}” bring {percent(best['share_of_revenue'])} of revenue with "
        f"{percent(best['share_of_customers'])} of customers"
    )
    if best["segment"] == large["segment"]:
        return Said(title, "They are also the largest group.")
    return Said(
        title,
        f"The largest group, “{large['segment']}”, is {percent(large['share_of_customers'])} of customers and brings "
        f"{percent(large['share_of_revenue'])}.",
    )


def pyramid(facts, summary) -> Said:
    """The pyramid of the last year."""
    rows = {row["tier"]: row for row in rows_of(summary)}
    top, small = rows["top"], rows["small"]
    if not top["customers"]:
        return Said("Nobody brought revenue in the last 365 days", "So there is nobody to put in a tier.")
    verb = "brings" if top["customers"] == 1 else "bring"
    revenue = "the last year's revenue" if facts.days > 365 else "revenue"
    title = f"{count(top['customers'], 'customer')} at the top {verb} {percent(top['share_of_revenue'])} of {revenue}"
    if is_small(top["customers"]):
        title = f"Fewer than {LEAST} customers are at the top; what they bring stands with the tier below them"
    elif top["share_of_revenue"] > (small["share_of_revenue"] or 0):
        return Said(title, "The top alone brings more than the small tier: one of them who leaves is felt.")
    below, above = small["share_of_revenue"] or 0.0, 1 - (small["share_of_revenue"] or 0.0)
    if above > 0.5:
        return Said(
            title,
            f"The tiers above the small one bring {percent(above)}: they can carry a service of their own. The small tier "
            f"brings the other {percent(below)}.",
        )
    return Said(title, f"The small tier brings {percent(below)}: it is many hands that carry the business.")


def moves(found) -> Said:
    """Who moved between the tiers."""
    square = moves_shown(found.pairs)
    active = [name for name in square.before if name not in (INACTIVE, ABSENT)]
    tiers = [name for name in active if name != NON_POSITIVE]
    if not tiers:
        return Said(f"Nobody was in a tier {found.before}", "So nobody could move out of one.")
    enough = [name for name in tiers if square.size(name) >= FEW] or [max(tiers, key=square.size)]
    # the title must not say what the square hides: the best tier of which it hides neither who stayed nor who fell silent
    first = next((name for name in enough if square.sizes[name] == number(square.size(name))
                  and square.open(name, name) and square.open(name, INACTIVE)), None)  # fmt: skip
    title = f"Who was in which tier {found.before}, and where they went"
    if first:
        n = square.size(first)
        stayed, left = (square.counts.get((first, to), 0) for to in (first, INACTIVE))
        title = (
            f"Of {count(n, 'customer')} in the {first} tier {percent(stayed / n, 0)} stayed in it, "
            f"{percent(left / n, 0)} fell silent"
        )
    all_of_them = sum(map(square.size, active))
    silent = sum(square.counts.get((name, INACTIVE), 0) for name in active)
    fell = (
        f"under {percent(LEAST / all_of_them)}"
        if is_small(silent) and all_of_them > LEAST
        else percent(silent / all_of_them)
    )
    hidden = " Hatched cells hold customers whose number is hidden." if square.hides else ""
    return Said(
        title,
        f"A row is a tier {found.before}, a column where its customers stood {found.after}; who stayed is framed.{hidden} "
        f"{fell} of those who were active fell silent. Part of every move is chance: whoever "
        "was at the top once by luck comes down.",
    )


def states(facts, summary, inactive_after, loyal_orders) -> Said:
    """Customers by life-cycle state."""
    rows = [row for row in rows_of(summary) if row["customers"]]
    large = max(rows, key=lambda row: row["customers"])
    title = f"The largest state is “{large['state']}” with {percent(large['share_of_customers'])} of customers"
    meaning = (
        f"Inactive means no purchase for {inactive_after} days, loyal {loyal_orders} orders or more; both limits are "
        "conventions."
    )
    loyal = next((row for row in rows if row["state"] == "loyal"), None)
    if loyal and loyal["share_of_revenue"] is not None:
        meaning += f" Loyal customers bring {percent(loyal['share_of_revenue'])} of revenue."
    if facts.days <= inactive_after:
        meaning += f" The log covers {days(facts.days)}, so nobody can be inactive yet."
    return Said(title, meaning)


def stages(summary) -> Said:
    """Customers by stage of the life cycle."""
    rows = {row["phase"]: row for row in rows_of(summary)}
    large = max(rows.values(), key=lambda row: row["customers"])
    over = rows["decline"]["share_of_customers"] + rows["termination"]["share_of_customers"]
    alive = 1 - over - sum(row["share_of_customers"] for name, row in rows.items() if name == "no purchase")
    title = f"The largest stage is “{large['phase']}” with {percent(large['share_of_customers'])} of customers"
    meaning = (
        f"{percent(alive)} buy in a rhythm that they have shown before; {percent(over)} have been silent for longer than "
        "is usual for them, or spend less and less. The limits are each customer's own where there are three gaps "
        "between purchases, else those of all gaps that have ended, which are too short where many never come back; so "
        "these counts differ from the states above, which have one limit for all. Growth holds all who are in their "
        "rhythm, not yet mature and not proven to decline, also those whose few orders shrink. Termination is a silence "
        "longer than nearly all gaps so far, and no goodbye: some will come back."
    )
    if rows["decline"]["customers"] and rows["decline"]["share_of_revenue"] is not None:
        n, share = rows["decline"]["customers"], percent(rows["decline"]["share_of_revenue"])
        with_share = "" if is_small(n) else f" with {share} of the revenue so far"
        meaning += (
            f" Decline is where an effort can still change something: {few(n, 'customer', start=False)}{with_share}."
        )
    return Said(title, meaning)


def tenths(groups) -> Said:
    """Expected value by tenths of the customers."""
    best = rows_of(groups)[0]
    title = (
        f"The best tenth ({count(best['customers'], 'customer')}) holds {percent(best['share_of_value'])} of the "
        "expected value"
    )
    if best["share_of_value"] > 0.5:
        return Said(
            title,
            "More than half of the next year hangs on them: what you spend on a customer should follow this order.",
        )
    return Said(title, "The next year is spread over many: no small group can be singled out and served alone.")


def holdout(held) -> Said:
    """Expected and actual purchases of the holdout."""
    error = held.purchases_error
    if abs(error) < STEADY * 100:
        return Said(
            f"Expected purchases agree with those that came ({number(error, 1)} %)",
            _corrects(held.revenue_error),
        )
    title = f"Expected purchases were {number(abs(error), 1)} % {'above' if error > 0 else 'below'} those that came"
    return Said(title, _corrects(held.revenue_error))


def _corrects(error) -> str:
    """What the test says of the value, which is revenue: an error in purchases may be made good by what one is worth."""
    if error == float("inf"):
        return "No revenue came in the days of the test: if the next year goes like it, the value above is too high."
    if abs(error) < STEADY * 100:
        return f"Expected revenue agrees with what came ({number(error, 1)} %): no correction of the value above is called for."
    word, read_as = ("above", "high") if error > 0 else ("below", "low")
    return (
        f"Expected revenue was {number(abs(error), 1)} % {word} what came: if the next year goes like the test, the value above "
        f"is too {read_as}."
    )


def forecasts(held) -> str:
    """The model against rules of thumb that need none: in sums, customer by customer, and in finding the best."""
    model, *rules = [row for row in rows_of(held.methods) if row["measure"] == "purchases"]
    nearest = min(rules, key=lambda row: row["mae"])
    finder = max(rules, key=lambda row: row["found"])
    wins = model["mae"] < nearest["mae"]
    said = (
        f"A customer's purchases were missed by {number(model['mae'], 2)} on average by the model and by "
        f"{number(nearest['mae'], 2)} by the best rule of thumb (“{nearest['method']}”): the model "
        f"{'earns its keep' if wins else 'does not earn its keep'} as a forecast. "
    )
    lead = model["found"] - finder["found"]
    found = f"Of the best tenth by what came it found {percent(model['found'], 0)}, “{finder['method']}” {percent(finder['found'], 0)}"
    if lead > SAME:
        return f"{said}{found}: it also finds the best customers more often."
    if lead < -SAME:
        return f"{said}{found}: to find the best customers, take the rule."
    return f"{said}{found}: to find the best customers, the rule does as well."


def definitions(inactive_after, loyal_orders, money="revenue") -> list[str]:
    """The words of the report and their limits; ``money`` is "profit" in a report that knows the costs."""
    profit = (
        "profit is that minus the costs. The periods, cohorts and products are told in profit, the pyramid, the segments "
        "and the expected value in revenue."
        if money == "profit"
        else "it is not profit, because the report knows no costs."
    )
    return [
        "A purchase is a line with an amount of zero or more, a refund one below zero. Without an order column one "
        "customer-day is one order. Revenue is the sum of all amounts, net of refunds; " + profit,
        "As of: the last day observed, included. Everything is counted as it stood at the end of that day.",
        "New in a period: bought on the day of their first purchase in this log. Whoever bought before the log "
        "begins counts as new too.",
        "Class A: the customers before whom less than 80 % of the revenue is reached; B: less than 95 %; C: the "
        "rest; N: zero or less. The cuts are customary and no law.",
        "RFM scores compare a customer with all others: 1 + (customers strictly worse) * 5 // customers, so that "
        "equal customers score alike. The ten segments cover all 125 combinations of scores.",
        "Pyramid: customers with a purchase in the last 365 days, ranked by what they brought in these days; 1, 4, "
        "15 and 80 % of them by number (Curry). Equal customers move up together.",
        f"States: inactive after {inactive_after} days without a purchase; loyal from {loyal_orders} orders; repeat "
        "from 2; first-time with 1.",
        "Expected value: purchases by BG/NBD, spend a purchase by Gamma-Gamma, 365 days, discounted day by day "
        f"at {percent(ANNUAL_DISCOUNT, 0)} a year. The test fits the same models on the first half of the days and compares with the second, "
        "undiscounted.",
        "Its interval (95 %, delta method) is of what so many customers can tell of the models' parameters. It knows "
        "nothing of next year's luck, nor of what the models leave out; for that, look at the test.",
        "Rules of thumb in the test: same again (what was bought in as many days before), own rate (repeat purchases a day "
        f"so far), the same with nothing from customers silent for {QUIET} days, and the mean of all.",
    ]


def limits(value, facts) -> list[str]:
    """Who should not trust the one-year value, and when."""
    said = [
        "Trust sums and rankings, not the number of one person: a single customer's future is mostly chance.",
        "P(alive) is 1 for whoever bought once, by the way the model is built; do not read it as loyalty.",
        "The forecast carries on with the prices, the offer and the advertising of the past, and counts only "
        "customers who are in the log already.",
    ]
    if facts.days < 365:
        said.append(f"The log covers {days(facts.days)}: less than a year cannot show a season.")
    if facts.is_panel:
        said.append("The customers were won at one time of the year; those won at another may behave otherwise.")
    if value.correlation == value.correlation and abs(value.correlation) > 0.2:
        said.append(
            f"How often and how much go together here (correlation {value.correlation:.2f}), which the model of spend "
            "takes to be 0."
        )
    held = value.holdout
    if carried(held) and not CLOSE >= held.purchases_error >= -CLOSE:
        word = "above" if held.purchases_error > 0 else "below"
        said.append(
            f"Expected purchases were {number(abs(held.purchases_error), 1)} % {word} those that came in the test."
        )
    if value.free:
        said.append(
            f"{few(value.free, 'customer')} whose later purchases were all free of charge "
            "are left out of the model of spend."
        )
    return said
