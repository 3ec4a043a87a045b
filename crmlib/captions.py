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
from crmlib.segment_maps import TEN_SEGMENTS
from crmlib.small_groups import LEAST, is_small
from crmlib.wording import count, day, days, number, percent, several

__all__ = [
    "SILENT", "Said", "chance", "definitions", "forecasts", "gini", "holdout", "limits", "lorenz", "moves",
    "pyramid", "revenue",
    "segments", "stages", "states", "tenths",
]  # fmt: skip


SILENT = "silent for long"  # how the report calls the stage "termination": a log without contracts shows no end
SAME = 0.02  # two forecasts that differ by less in what they find of the best do as well; our convention


class Said(NamedTuple):
    """What stands over a chart, and the one or two sentences under it."""

    title: str
    meaning: str


def revenue(facts, table) -> Said:
    """Revenue over time."""
    rows = rows_of(table)
    first, again = (sum(row[name] for row in rows) for name in ("first_revenue", "repeat_revenue"))
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
    if sum(row["revenue"] for row in rows) <= 0:
        return Said("The log brings no revenue in all", "Purchases and refunds sum to zero or less." + apart)
    share = again / (first + again)
    won = (
        "The money is in customers who come back."
        if share > 0.5
        else "The money is in first purchases: each new customer has to be won."
    )
    return Said(f"Later purchases bring {percent(share)} of the money of purchases before refunds, first purchases the rest", won + apart)


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
    """Between which ends the share of the top lies among all customers of this kind."""
    return (
        f"Among all customers of the kind of these {number(interval.customers)}, the share of the top 20 % lies between "
        f"{percent(interval.low)} and {percent(interval.high)} ({percent(interval.level, 0)} interval, bootstrap percentiles of "
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


def segments(summary, expected=()) -> Said:
    """Shares of customers and revenue by RFM segment; ``expected``: money of the next year by segment, if there is any."""
    rows = [row for row in rows_of(summary) if row["customers"]]
    best = max(rows, key=lambda row: row["revenue"])
    large = max(rows, key=lambda row: row["customers"])
    title = (
        f"“{best['segment']}” bring {percent(best['share_of_revenue'])} of revenue with "
        f"{percent(best['share_of_customers'])} of customers"
    )
    said = (
        "They are also the largest group."
        if best["segment"] == large["segment"]
        else f"The largest group, “{large['segment']}”, is {percent(large['share_of_customers'])} of customers and brings "
        f"{percent(large['share_of_revenue'])}."
    )
    if any(rule.segment == best["segment"] and rule.m[0] > 1 for rule in TEN_SEGMENTS.rules):
        said += f" That “{best['segment']}” bring much is so by definition: they are chosen by what they brought."
        total = sum(expected.values()) if expected else 0
        if total > 0:
            share = percent(expected[best["segment"]] / total)
            said += f" It is no definition that they are expected to spend {share} of the next year's money (before refunds)."
    return Said(title, said)


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


def moves(found, panel=False) -> Said:
    """Who moved between the tiers; of a ``panel`` nobody was silent before, so that the share who fell silent says little."""
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
    fell = (
        f"All customers were won in the first period, so all enter it active; {fell} of them did not buy in the second."
        if panel
        else f"{fell} of those who were active fell silent."
    )
    hidden = " Hatched cells hold customers whose number is hidden." if square.hides else ""
    return Said(
        title,
        f"A row is a tier {found.before}, a column where its customers stood {found.after}; who stayed is framed.{hidden} "
        f"{fell} Part of every move is chance: whoever "
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
    part = lambda *names: sum(rows[name]["share_of_customers"] for name in names)  # noqa: E731
    new = rows["development"]["customers"]
    title = f"The largest stage is “{large['phase']}” with {percent(large['share_of_customers'])} of customers"
    meaning = (
        f"{percent(part('growth', 'maturity'))} bought on two days or more, the last of them no longer ago than is usual (growth and "
        f"maturity){_developing(new, part('development'))}; {percent(part('decline', SILENT))} have been silent for longer than is usual, "
        f"or spend less and less (decline and {SILENT}). What is usual is a customer's own only where there are three gaps between "
        "purchases; all others are judged by the pooled gaps of all customers that have ended, which are too short where many never "
        "come back. So these counts differ from the states above, which have one limit for all. Growth holds all whose silence is usual, "
        f"not yet mature and without a proven decline, also those whose few orders shrink. “{SILENT.capitalize()}” is a silence longer than "
        "nearly all gaps so far, and no goodbye: some will come back."
    )
    if rows["decline"]["customers"] and rows["decline"]["share_of_revenue"] is not None:
        n, share = rows["decline"]["customers"], percent(rows["decline"]["share_of_revenue"])
        with_share = "" if is_small(n) else f" with {share} of the revenue so far"
        meaning += (
            f" Decline is where an effort can still change something: {few(n, 'customer', start=False)}{with_share}."
        )
    return Said(title, meaning)


def _developing(n, share):
    """Those with one purchase day, so long as these are not so few that nobody may count them."""
    return "" if not n or is_small(n) else f", {percent(share)} on one day so far, not long ago (development)"


def tenths(groups) -> Said:
    """Expected value by tenths of the customers."""
    best = rows_of(groups)[0]
    title = (
        f"The best tenth ({count(best['customers'], 'customer')}) holds {percent(best['share_of_value'])} of the "
        "expected value, before refunds"
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
            f"Expected purchase days agree with those that came ({number(error, 1)} %)",
            _corrects(held.revenue_error),
        )
    title = f"Expected purchase days were {number(abs(error), 1)} % {'above' if error > 0 else 'below'} those that came"
    return Said(title, _corrects(held.revenue_error))


def _corrects(error) -> str:
    """What the test says of the value, which is money: an error in purchase days may be made good by what one is worth."""
    if error == float("inf"):
        return "No money came in the days of the test: if the next year goes like it, the value above is too high."
    if abs(error) < STEADY * 100:
        return f"Expected money agrees with what came, both before refunds ({number(error, 1)} %): no correction of the value above is called for."
    word, read_as = ("above", "high") if error > 0 else ("below", "low")
    return (
        f"Expected money was {number(abs(error), 1)} % {word} what came, both before refunds: if the next year goes like the test, the value above "
        f"is too {read_as}."
    )


def forecasts(held) -> str:
    """The model against rules of thumb that need none: in sums, customer by customer, and in finding the best."""
    model, *rules = [row for row in rows_of(held.methods) if row["measure"] == "purchases"]
    nearest = min(rules, key=lambda row: row["mae"])
    finder = max(rules, key=lambda row: row["found"])
    wins = model["mae"] < nearest["mae"]
    said = (
        f"A customer's purchase days were missed by {number(model['mae'], 2)} on average by the model and by "
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
        "rest; N: zero or less. Customers who brought the same share a class. The cuts are customary and no law.",
        "Gini index: how unequally the money is spread, from 0 (all bring the same) to near 1 (one brings everything).",
        "RFM scores compare a customer with all others: 1 + (customers strictly worse) * 5 // customers, so that "
        "equal customers score alike; R is by the days since the last purchase, F by orders, M by revenue. The ten segments cover all 125 "
        "combinations of scores.",
        "Pyramid: customers with a purchase in the last 365 days, ranked by what they brought in these days; 1, 4, "
        "15 and 80 % of them by number (Curry). Equal customers move up together. Who moved between tiers, and the rates, compare the last "
        "two years of the calendar, of 365 or 366 days, as where two periods are compared; of a shorter log its two halves.",
        f"States: inactive after {inactive_after} days without a purchase; loyal from {loyal_orders} orders; repeat "
        "from 2; first-time with 1.",
        "Stages: a customer's silence is usual until it is longer than 90 % of the gaps between purchases, and the customer is "
        f"“{SILENT}” once it is longer than 99 % of them, than 3 median gaps and than 90 days; the gaps are a customer's own from three on, "
        "else those of all customers. Development: one purchase day, silence usual. Growth and maturity: more days, silence usual; maturity "
        "is from four purchase days on, without a clear rise in spend. Decline: silence in between, or a proven decline, which is spend that falls from "
        "purchase day to purchase day on a least-squares line by 2 standard errors or more while all customers' spend does not.",
        "Expected value: what customers spend in the next 365 days, purchases before refunds, discounted day by day "
        f"at {percent(ANNUAL_DISCOUNT, 0)} a year. BG/NBD foretells purchase days, Gamma-Gamma the money of one. Both carry on what past "
        "contacts did. P(alive) is the chance by BG/NBD that a customer still buys at all. The test fits the same models on the first half "
        "of the days and compares with the second, undiscounted; a purchase in it is a purchase day.",
        "Rules of thumb in the test: same again (what was bought in as many days before), own rate (repeat purchase days a day "
        f"so far), the same with nothing from customers silent for {QUIET} days, and the mean of all.",
        "Intervals are to hold the true number 95 times in 100, so far as chance in who came is all that is unknown: Wilson's of one share, Newcombe's "
        "of a difference of two shares, Welch's of a difference of two means, bootstrap percentiles (customers drawn again and again from "
        "these) of the share of the top, the delta method of ratios and of the expected value. That of the expected value is of what so "
        "many customers can tell of the models' parameters; it knows nothing of next year's luck, nor of what the models leave out; for "
        "that, look at the test.",
        f"Groups under {LEAST} customers are not shown, because they could be found: “<{LEAST}” stands for 1 to {LEAST - 1}, “hidden” (in a "
        f"chart hatched) for these and for other numbers from which they would follow. A share behind which so few stand is "
        f"“under” that of {LEAST}: “under {percent(LEAST / 50, 0)}” of 50 customers. One that leaves out so few is “over” the rest.",
    ]


def limits(value, facts) -> list[str]:
    """Who should not trust the one-year value, and when."""
    said = [
        "Trust sums and rankings, not the number of one person: a single customer's future is mostly chance.",
        "P(alive), the chance by the model that a customer still buys at all, is 1 for whoever bought on one day only, by the way the "
        "model is built; do not read it as loyalty, and take what it expects of them for too much.",
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
            f"Expected purchase days were {number(abs(held.purchases_error), 1)} % {word} those that came in the test."
        )
    if value.free:
        said.append(
            f"{few(value.free, 'customer')} whose later purchases were all free of charge "
            "are left out of the model of spend."
        )
    return said
