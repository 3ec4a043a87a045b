"""Lens 2, the money: what came and went by group of customers, what new and earlier ones brought, and which factor moved it."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from crmlib import plots
from crmlib.concentration import window_start
from crmlib.conclusions import STEADY
from crmlib.exhibits.parts import Column, exhibit, ratio, tabled, text, written
from crmlib.frames import rows_of
from crmlib.groups_shown import drawn
from crmlib.intakes import new_and_earlier
from crmlib.small_groups import is_small, merged
from crmlib.two_periods import BEFORE_ONLY, BOTH, NEW, RETURNING
from crmlib.wording import count, number, percent, signed

__all__ = [
    "FACTORS", "FEWER", "Side", "Sources", "Story", "bridge", "change_of", "drivers", "groups_of", "joined", "largest_driver", "part_of",
    "sources", "story",
]  # fmt: skip

FACTORS = {
    "customers": "the number of customers", "orders_each": "orders a customer", "order_value": "revenue an order",
    "margin": "the margin",
}  # fmt: skip
FEWER = 0.10  # a change of the number of new customers that is told; our convention
YOUNG = 3  # periods before the first one up to which a log's stock of earlier customers builds up by itself; our convention
# what is to be done about a factor that moved the money, by factor and direction
_UP = {
    "customers": "More customers bought: see whether they were new.",
    "orders_each": "Customers order more often: see which of them, before it is called better.",
    "order_value": "Orders are worth more: check how much of that is price.",
    "margin": "More is left of each order: check that it is mix or cost, and not service cut short.",
}
_DOWN = {
    "customers": "Fewer customers bought: see whether too few are won or fewer of the old ones come back.",
    "orders_each": "Customers order less often: give a reason for the next order.",
    "order_value": "Orders are worth less: look at discounts and at what is no longer in the basket.",
    "margin": "Less is left of each order: look at costs, discounts and the mix.",
}


def groups_of(lens) -> dict[str, dict]:
    """The rows of the bridge by group, the absent ones with zeros."""
    return {row["group"]: row for row in rows_of(lens.bridge)}


def change_of(lens) -> tuple[float, float]:
    """The money of both periods."""
    rows = rows_of(lens.bridge)
    return sum(row[f"{lens.money}_before"] for row in rows), sum(row[f"{lens.money}_after"] for row in rows)


def largest_driver(lens) -> dict:
    """The factor that moved the money most, either way."""
    return max(rows_of(lens.drivers)[:-1], key=lambda row: abs(row["change"]))


def part_of(part, whole, write) -> str:
    """A part of a change in words, also where it is larger than the whole or of the other sign; what is written alike is alike.

    >>> part_of(30.0, 50.0, number), part_of(60.0, 50.0, number), part_of(-60.0, 50.0, number)
    ('+30 of +50', '+60, more than the whole change of +50', '-60 against a change of +50 in all')
    >>> part_of(50.1, 50.0, number)
    '+50 of +50'
    """
    one, all_of_it = signed(part, write), signed(whole, write)
    if part * whole < 0:
        return f"{one} against a change of {all_of_it} in all"
    if abs(part) > abs(whole) and one != all_of_it:
        return f"{one}, more than the whole change of {all_of_it}"
    return f"{one} of {all_of_it}"


# ---- new and earlier customers


class Side(NamedTuple):
    """New or earlier customers: how many bought in each of the two periods, and what they brought."""

    customers: tuple[int, int]
    money: tuple[float, float]

    @property
    def change(self) -> float:
        return self.money[1] - self.money[0]

    @property
    def parts(self) -> tuple[float, float]:
        """The change by how many there are and by what each brings, both at the mean of the two periods, so that they sum to it.

        >>> Side((100, 101), (1000.0, 2020.0)).parts, Side((0, 30), (0.0, 300.0)).parts
        ((15.0, 1005.0), (300.0, 0.0))
        """
        before, after = self.customers
        if not (before and after):
            return self.change, 0.0
        each = self.money[0] / before, self.money[1] / after
        return (after - before) * sum(each) / 2, (each[1] - each[0]) * (before + after) / 2


class Sources(NamedTuple):
    """The money of both periods by who was new in each; ``known``: the customers that the log knew when each began."""

    new: Side
    earlier: Side
    known: tuple[int, int]


def sources(log, lens) -> Sources | None:
    """New and earlier customers of both periods; None in a log of one group, and where few stand behind what would be told."""
    facts, money = log.audit.facts, lens.money
    if facts.is_panel:
        return None
    new, earlier = (
        Side((row["customers_before"], row["customers_after"]), (row[f"{money}_before"], row[f"{money}_after"]))
        for row in rows_of(new_and_earlier(lens.people))
    )
    groups, settled = groups_of(lens), lens.same["customers"]
    began = groups[BOTH]["customers"] - settled
    # what the bridge and the same customers tell besides must not give a few away
    apart = [settled, began, new.customers[0] - began, earlier.customers[0] - settled, new.customers[1], groups[RETURNING]["customers"]]
    without = any(not n and amount for n, amount in zip(earlier.customers, earlier.money, strict=True))
    if without or any(map(is_small, apart)):
        return None
    known = facts.customers - facts.never - new.customers[1]
    return Sources(new, earlier, (known - new.customers[0], known))


class Story(NamedTuple):
    """Whether the money moved with new or with earlier customers: for the verdict, as a sentence, and what follows."""

    verdict: str
    sentence: str
    advice: str


_LOSS = "see which products and which customers cost more than they bring before you ask for more of them."


def _turned(money, before) -> str:
    """What to do where the money is above zero after and was not before."""
    what = "The loss has turned into a profit" if money == "profit" and before < 0 else f"The {money} was not above zero before and is after"
    return f"{what}: see which products and which customers turned it."


def story(log, lens) -> Story | None:
    """What new and earlier customers did to the money, and what to do about it; None where `sources` has none."""
    found = sources(log, lens)
    if found is None:
        return None
    new, earlier, known = found
    period = "year" if lens.months == 12 else "period"
    before, after = new.customers
    amount = lambda value: log.round_money(value)  # noqa: E731
    sentence = (
        f"New customers brought {amount(new.money[1])} after {amount(new.money[0])} ({number(after)} of them after {number(before)}), "
        f"customers of earlier {period}s {amount(earlier.money[1])} after {amount(earlier.money[0])} ({number(earlier.customers[1])} bought "
        f"after {number(earlier.customers[0])}): a change of {signed(new.change, amount)} and of {signed(earlier.change, amount)}."
    )
    totals = change_of(lens)
    if totals[0] <= 0:
        loss = f"The {lens.money} before was not above zero: {_LOSS}"
        return Story("", sentence, _turned(lens.money, totals[0]) if totals[1] > 0 else loss)
    if not known[0]:
        return Story(
            "but new and earlier customers cannot be told apart",
            sentence,
            f"The log begins with the first {period}, so that all are new in it and a stock of earlier customers builds up by itself: it takes "
            f"a log that begins a {period} earlier to tell growth by new customers from growth by earlier ones.",
        )
    verdict, advice = _carried_by(found, totals, period)
    return Story(verdict, sentence, " ".join(part for part in (advice, _of_the_stock(log, lens, found, period)) if part))


def _carried_by(found, totals, period):
    """Who carries the change: for the verdict, and what to do."""
    new, earlier, _ = found
    change = totals[1] - totals[0]
    before, after = new.customers
    fewer = after < (1 - FEWER) * before
    steady = totals[0] > 0 and abs(change) < STEADY * totals[0]
    thinner = (
        f"Fewer new customers came ({number(after)} after {number(before)}), and so fewer are there to buy again in the {period}s to come: find "
        "out why."
        if fewer
        else ""
    )
    if steady:
        if new.change * earlier.change >= 0:
            return "by new and earlier customers alike", thinner
        words = ("more", "less") if new.change > 0 else ("less", "more")
        return f"with {words[0]} from new customers and {words[1]} from earlier ones", thinner
    if change > 0 and new.change > change / 2:
        return _more_by_new(new, period, thinner)
    if change < 0 and new.change < change / 2:
        return _less_by_new(new, thinner)
    if fewer and change > 0:
        return "by customers of before, with fewer new ones", thinner
    if change > 0:
        return f"mostly by customers of earlier {period}s", "Customers who were there before carry most of it."
    return f"mostly by customers of earlier {period}s", f"Customers of earlier {period}s bring less: see which of them have gone quiet. {thinner}".strip()


def _more_by_new(new, period, thinner):
    """What new customers did who carry the growth: whether their number or what each brings did more."""
    by_number, by_each = new.parts
    if by_number <= by_each:
        return "mostly by new customers who bring more each", (
            f"New customers bring more each: see whether price, range or where they come from has changed. {thinner}".strip()
        )
    if new.customers[1] > new.customers[0]:
        return "mostly by more new customers", (
            "New customers carry most of the growth, mostly because more of them came, and that has to be won again every "
            f"{period}: see whether they buy again."
        )
    return "mostly by fewer new customers, each at a loss", f"New customers bring a loss: {_LOSS}"


def _less_by_new(new, thinner):
    """What new customers did who carry the fall: whether their number or what each brings did more."""
    by_number, by_each = new.parts
    if by_number >= by_each:
        return "mostly by new customers who bring less each", (
            f"New customers bring less each: look at where they come from and at their first order. {thinner}".strip()
        )
    if new.customers[1] < new.customers[0]:
        return "mostly by fewer new customers", thinner or "Fewer new customers came: find out why."
    return "mostly by more new customers, each at a loss", f"New customers bring a loss: {_LOSS}"


def _of_the_stock(log, lens, found, period):
    """Whether earlier customers bring more because there are more of them, and how much of that is the beginning of the log."""
    _, earlier, known = found
    facts = log.audit.facts
    whole = window_start(lens.start - dt.timedelta(days=1), lens.months)
    if facts.first_day > whole:
        return (
            f"The log begins on {facts.first_day}, less than a {period} before the first of the two: some of the new customers of the first "
            "may have bought before, if the business is older than the log, and then the first seems richer in new ones than it was."
        )
    if earlier.change <= 0 or any(map(is_small, known)):
        return ""
    each = [money / n for money, n in zip(earlier.money, known, strict=True)]
    written_each = [log.money(amount) for amount in each]
    grew, better = known[1] > known[0], each[1] > each[0] and written_each[1] != written_each[0]
    if not (grew or better):
        return ""
    said = (
        f"The log knew {number(known[0])} customers when the first {period} began and {number(known[1])} when the second did, who brought "
        f"{written_each[0]} and {written_each[1]} each: "
    )
    if not grew:
        return f"{said}there are not more of them, and they bring more."
    said += "there are more of them, and they bring more." if better else "there are more of them, and not better ones."
    if facts.first_day > window_start(lens.start - dt.timedelta(days=1), lens.months * YOUNG):
        said += f" As it begins on {facts.first_day} with nobody known, such a stock builds up by itself at first."
    return said


def joined(rows, sums) -> list[dict]:
    """The groups with small ones joined to a like one first: a group of before and one of after in one row would still be
    told apart by what they brought before and after."""
    rows = list(rows)
    likes = [merged(some, label="group", sums=sums) for some in (rows[:2], rows[2:4])]
    return merged([*likes[0], *likes[1], *rows[4:]], label="group", sums=sums)


def _began_inside(lens, rows) -> str:
    """That customers of both periods who began inside the first bring more only because they had a part of it; nothing where
    they do not bring more. How many is told only where it gives no few away: those of both periods stand in the table ``rows``."""
    both, same, name = groups_of(lens)[BOTH], lens.same, f"{lens.money}_change"
    began = both["customers"] - same["customers"]
    more = both[name] - (same["after"] - same["before"])
    if not began or round(both[name], 2) <= 0 or round(more, 2) <= 0:
        return ""
    few_behind = is_small(began) or is_small(same["customers"]) or all(row["group"] != BOTH for row in rows)
    who = "some" if few_behind else count(began, "customer")
    return (
        f"Part of what customers of both periods bring more is no growth: {who} began inside the first period and had only a part of it. "
        "See the same customers below."
    )


def bridge(log, lens):
    """The money by group: what came, what went, what changed with those in both, and what the new brought in each period."""
    first, second = change_of(lens)
    groups, name = groups_of(lens), f"{lens.money}_change"
    title = f"{lens.money.capitalize()} went from {log.round_money(first)} to {log.round_money(second)} ({signed(second - first, log.round_money)})"
    words = {BOTH: "what customers of both periods changed", BEFORE_ONLY: "customers who bought before only",
             NEW: "new customers", RETURNING: "returning customers"}  # fmt: skip
    rows = joined(groups.values(), [f"{lens.money}_before", f"{lens.money}_after", name])
    moved = max(rows, key=lambda row: abs(row[name]))
    step = words.get(
        moved["group"], f"the group “{moved['group']}”" if moved["customers"] else "refunds without an order"
    )
    said = f"The largest step is {step}: {signed(moved[name], log.round_money)}. "
    found, told = sources(log, lens), story(log, lens)
    if moved["group"] == NEW and not log.audit.facts.is_panel:
        said += "It is all that they brought, as nobody is new twice"
        said += f"; the new of the period before had brought {log.round_money(found.new.money[0])} in it. " if found else ". "
    if groups[BOTH][name] < 0 and first > 0:
        said += (
            "That customers of both periods bring less is partly what selection does: they were chosen for having bought, and "
            "fall back towards their mean."
        )
    else:
        said += _began_inside(lens, rows)
    if told:
        said = f"{said.rstrip()} {told.sentence}"
    change = lambda amount: signed(amount, log.money)  # noqa: E731
    of_money = [Column(f"{lens.money}_before", f"{lens.money} before", log.money),
                Column(f"{lens.money}_after", f"{lens.money} after", log.money), Column(name, "change", change)]  # fmt: skip
    columns = [Column("group", "group", text), Column("customers", "customers"), *of_money]
    tables = [tabled(rows, columns, caption=f"{lens.money.capitalize()} by group")]
    if found:
        sides = [{"who": who, "before": side.customers[0], "after": side.customers[1], name: side.change,
                  f"{lens.money}_before": side.money[0], f"{lens.money}_after": side.money[1]}
                 for who, side in (("new in the period", found.new), ("of earlier days", found.earlier))]  # fmt: skip
        columns = [Column("who", "customers", text), Column("before", "bought before"), Column("after", "bought after"), *of_money]
        tables.append(tabled(sides, columns, caption="New and earlier customers, each counted in both periods"))
    chart = plots.money_bridge(
        drawn(rows), label="group", change=name, start=first, value=lens.money, currency=log.currency,
        ax=plots.canvas(height=3.2),
    )  # fmt: skip
    steps = ", ".join(f"{row['group']} {log.round_money(row[name])}" for row in rows)
    return exhibit(
        "bridge", title, chart=chart, so_what=said, tables=tables, shows=f"From {lens.money} before to after: {steps}.",
    )  # fmt: skip


def drivers(log, lens):
    """The split of the change into factors."""
    rows = rows_of(lens.drivers)
    *factors, total = rows
    most = largest_driver(lens)
    share = total["after"] / total["before"] - 1 if total["before"] > 0 else None
    title = f"What moved {lens.money} most is {FACTORS[most['factor']]}: {part_of(most['change'], total['change'], log.round_money)}"
    if share is not None and abs(share) < STEADY:
        said = "In all the money is steady, so the parts matter more than the sum: they may work against each other. "
    else:
        said = ""
    told = story(log, lens) if most["factor"] == "customers" else None
    if total["before"] <= 0 < total["after"]:
        said += _turned(lens.money, total["before"])
    elif total["before"] <= 0:
        said += f"Where {lens.money} is below zero a factor that grows makes the loss larger: {_LOSS}"
    else:
        said += told.advice if told and told.advice else (_UP if most["change"] > 0 else _DOWN)[most["factor"]]
    if not lens.same_season:
        said += " The two periods lie in different seasons: part of every step is the season."
    if log.audit.facts.is_panel:
        said = "The log follows one group, so this is ageing and season, and neither growth nor its opposite."
    writes = {"customers": number, "orders_each": ratio, "order_value": log.money, "margin": percent}
    shown = [
        {"factor": FACTORS.get(row["factor"], row["factor"]), "before": writes.get(row["factor"], log.money)(row["before"]),
         "after": writes.get(row["factor"], log.money)(row["after"]), "change": signed(row["change"], log.money),
         "ratio": signed(row["ratio"] - 1) if row["ratio"] is not None and row["before"] > 0 else "–"}
        for row in rows
    ]  # fmt: skip
    columns = [Column("factor", "factor", text), Column("before", "before", written), Column("after", "after", written),
               Column("ratio", "change in the factor", written), Column("change", f"brought, in {lens.money}", written)]  # fmt: skip
    method = (
        "by logarithms, exact"
        if factors[0]["method"] == "log"
        else "by Shapley's mean over all orders, as a factor is not above zero"
    )
    chart = plots.money_bridge(
        drawn([{"factor": FACTORS[row["factor"]], "change": row["change"]} for row in factors]), label="factor", change="change",
        start=total["before"], value=lens.money, currency=log.currency, ax=plots.canvas(height=3.0),
    )  # fmt: skip
    steps = ", ".join(f"{FACTORS[row['factor']]} {log.round_money(row['change'])}" for row in factors)
    return exhibit(
        "drivers", title, chart=chart, so_what=said, shows=f"The change in {lens.money} by factor: {steps}.",
        tables=[tabled(shown, columns, caption=f"The change split {method}; arithmetic and no cause")],
    )  # fmt: skip
