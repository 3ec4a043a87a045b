"""Lens 2: what changed between two adjacent periods of equal length."""

from __future__ import annotations

import datetime as dt

from crmlib import plots
from crmlib.conclusions import STEADY, carried, few
from crmlib.exhibits.parts import (
    Column,
    exhibit,
    ratio,
    refusal,
    section,
    tabled,
    text,
    written,
)
from crmlib.frames import rows_of
from crmlib.groups_shown import drawn, or_hidden, share_shown
from crmlib.inert import Section
from crmlib.opened import Opened
from crmlib.small_groups import LEAST, cells, covered, is_small, merged
from crmlib.two_periods import BEFORE_ONLY, BOTH, INACTIVE, NEW, RETURNING
from crmlib.wording import count, number, percent, signed

__all__ = ["FACTORS", "KEY", "change_of", "groups_of", "largest_driver", "same_in_words", "two_periods"]

KEY, HEADING = "two-periods", "Two periods: what changed?"
FACTORS = {
    "customers": "the number of customers", "orders_each": "orders a customer", "order_value": "revenue an order",
    "margin": "the margin",
}  # fmt: skip
# what is to be done about a factor that moved the money, by factor and direction
_UP = {
    "customers": "The growth is bought with new customers: see below whether they stay active.",
    "orders_each": "Customers order more often, the soundest way to grow.",
    "order_value": "Orders are worth more: check how much of that is price.",
    "margin": "More is left of each order: check that it is mix or cost, and not service cut short.",
}
_DOWN = {
    "customers": "Fewer customers bought: see whether too few are won or fewer of the old ones come back.",
    "orders_each": "Customers order less often: give a reason for the next order.",
    "order_value": "Orders are worth less: look at discounts and at what is no longer in the basket.",
    "margin": "Less is left of each order: look at costs, discounts and the mix.",
}


def two_periods(log: Opened) -> Section:
    """Who bought in which, where the money came from, which factor moved it, who rose and fell."""
    lens = log.lenses.two_periods
    if not carried(lens):
        return refusal(KEY, HEADING, lens)
    row = log.lenses.carried["two periods"]
    view = f"Before: {before(lens)}. After: {after(lens)}."
    if row.verdict == "limited":
        view += f" Read it with care: the log lacks {row.missing}."
    drivers = [_drivers(log, lens)] if carried(lens.drivers) else []
    return section(
        KEY, HEADING, view, [_overlap(log, lens), _bridge(log, lens), *drivers, _deciles(log, lens), _same(log, lens)]
    )


def before(lens) -> str:
    """The first of the two periods, from its first day to its last."""
    return f"{lens.start} to {lens.middle - dt.timedelta(days=1)}"


def after(lens) -> str:
    return f"{lens.middle} to {lens.end}"


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


def same_in_words(lens) -> str:
    """How the money of the same customers changed, and whether chance alone may have done it."""
    same = lens.same
    if same["ratio"] is None or same["low"] is None:
        return f"an amount of {lens.money} that cannot be compared"
    change, low, high = (same[name] - 1 for name in ("ratio", "low", "high"))
    word = (
        "more than before"
        if low > 0
        else "less than before"
        if high < 0
        else "about as much as before, as far as can be told"
    )
    return f"{word} ({signed(change)}; 95 % interval {signed(low)} to {signed(high)})"


def _overlap(log, lens):
    groups = groups_of(lens)
    both, gone, new, back = (groups[name]["customers"] for name in (BOTH, BEFORE_ONLY, NEW, RETURNING))
    title = (
        f"{_share(both, both + gone)} of the {number(both + gone)} customers before bought again after: the repeat-buying "
        f"rate of {count(lens.months, 'month')}"
    )
    said = (
        f"{few(gone, 'customer')} did not buy in the second period; without a contract that is silence, and "
        f"{few(back, 'such customer', start=False)} of earlier days came back. "
    )
    if new and is_small(back):  # the share of the new alone would give the others away
        said += (
            f"{_share(new + back, both + new + back)} of the customers after are new or came back from earlier days."
        )
    elif new:
        said += f"{_share(new, both + new + back)} of the customers after are new, as far as the log reaches back."
    elif log.audit.facts.is_panel:
        said += "Nobody is new, because the log follows one group."
    columns = [
        Column("group", "group", text),
        Column("customers", "customers"),
        Column("share", "of all in either", percent),
    ]
    everybody = both + gone + new + back
    names = {BOTH: "bought in both", BEFORE_ONLY: "bought before only", NEW: "new", RETURNING: "returning"}
    rows = [{"group": names[name], "customers": groups[name]["customers"], "share": groups[name]["customers"] / everybody}
            for name in names]  # fmt: skip
    rows = _merged(rows, ["share"])
    return exhibit(
        "overlap", title, so_what=said, tables=[tabled(rows, columns, caption="Who bought when")],
        chart=plots.value_bars(
            drawn(rows), label="group", value="customers", what="customers", x="", ax=plots.canvas(height=2.6)
        ), shows="Customers by group: " + ", ".join(f"{row['group']} {number(row['customers'])}" for row in rows) + ".",
    )  # fmt: skip


def _merged(rows, sums) -> list[dict]:
    """The groups with small ones joined to a like one first: a group of before and one of after in one row would still be
    told apart by what they brought before and after."""
    rows = list(rows)
    likes = [merged(some, label="group", sums=sums) for some in (rows[:2], rows[2:4])]
    return merged([*likes[0], *likes[1], *rows[4:]], label="group", sums=sums)


def _share(part, whole) -> str:
    """A share of customers in a sentence, which gives no few of them away."""
    return or_hidden(percent)(share_shown(part, whole))


def _bridge(log, lens):
    """The money by group: what came, what went, what changed with those in both."""
    first, second = change_of(lens)
    groups, name = groups_of(lens), f"{lens.money}_change"
    title = f"{lens.money.capitalize()} went from {log.round_money(first)} to {log.round_money(second)} ({signed(second - first, log.round_money)})"
    words = {BOTH: "what customers of both periods changed", BEFORE_ONLY: "customers who bought before only",
             NEW: "new customers", RETURNING: "returning customers"}  # fmt: skip
    rows = _merged(groups.values(), [f"{lens.money}_before", f"{lens.money}_after", name])
    moved = max(rows, key=lambda row: abs(row[name]))
    step = words.get(
        moved["group"], f"the group “{moved['group']}”" if moved["customers"] else "refunds without an order"
    )
    said = f"The largest step is {step}: {signed(moved[name], log.round_money)}. "
    if groups[BOTH][name] < 0:
        said += (
            "That customers of both periods bring less is partly what selection does: they were chosen for having bought, and "
            "fall back towards their mean."
        )
    elif groups[BOTH]["customers"] > lens.same["customers"]:
        began = groups[BOTH]["customers"] - lens.same["customers"]
        said += (
            f"Part of what customers of both periods bring more is no growth: {few(began, 'customer', start=False)} began inside the first "
            "period and had only a part of it. See the same customers below."
        )
    change = lambda amount: signed(amount, log.money)  # noqa: E731
    columns = [Column("group", "group", text), Column("customers", "customers"),
               Column(f"{lens.money}_before", f"{lens.money} before", log.money),
               Column(f"{lens.money}_after", f"{lens.money} after", log.money), Column(name, "change", change)]  # fmt: skip
    chart = plots.money_bridge(
        drawn(rows), label="group", change=name, start=first, value=lens.money, currency=log.currency,
        ax=plots.canvas(height=3.2),
    )  # fmt: skip
    steps = ", ".join(f"{row['group']} {log.round_money(row[name])}" for row in rows)
    return exhibit(
        "bridge", title, chart=chart, so_what=said, tables=[tabled(rows, columns, caption=f"{lens.money.capitalize()} by group")],
        shows=f"From {lens.money} before to after: {steps}.",
    )  # fmt: skip


def _drivers(log, lens):
    """The split of the change into factors."""
    rows = rows_of(lens.drivers)
    *factors, total = rows
    most = largest_driver(lens)
    share = total["after"] / total["before"] - 1 if total["before"] > 0 else None
    title = f"What moved {lens.money} most is {FACTORS[most['factor']]}: {signed(most['change'], log.round_money)} of {signed(total['change'], log.round_money)}"
    if share is not None and abs(share) < STEADY:
        said = "In all the money is steady, so the parts matter more than the sum: they may work against each other. "
    else:
        said = ""
    said += (_UP if most["change"] > 0 else _DOWN)[most["factor"]]
    if not lens.same_season:
        said += " The two periods lie in different seasons: part of every step is the season."
    if log.audit.facts.is_panel:
        said = "The log follows one group, so this is ageing and season, and neither growth nor its opposite."
    writes = {"customers": number, "orders_each": ratio, "order_value": log.money, "margin": percent}
    shown = [
        {"factor": FACTORS.get(row["factor"], row["factor"]), "before": writes.get(row["factor"], log.money)(row["before"]),
         "after": writes.get(row["factor"], log.money)(row["after"]), "change": signed(row["change"], log.money),
         "ratio": signed(row["ratio"] - 1) if row["ratio"] is not None else "–"}
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


def _deciles(log, lens):
    """Who moved between deciles of one and the same scale."""
    rows = rows_of(lens.decile_change)
    top = [row for row in rows if row["from"] == "1"]
    size = sum(row["customers"] for row in top)
    stayed = sum(row["customers"] for row in top if row["to"] == "1")
    silent = sum(row["customers"] for row in top if row["to"] == INACTIVE)
    rose = sum(row["customers"] for row in rows if row["from"] not in ("1", INACTIVE) and row["to"] == "1")
    names = [*map(str, range(1, 11)), INACTIVE]
    counts = [
        [sum(row["customers"] for row in rows if (row["from"], row["to"]) == (one, other)) for other in names]
        for one in names
    ]
    hides = covered(counts)
    parts = [*([] if hides[0][0] else [f"{percent(stayed / size)} are there again"]),
             *([] if hides[0][-1] else [f"{percent(silent / size)} bought nothing after"])]  # fmt: skip
    title = (
        f"Of the best tenth before, {', '.join(parts)}"
        if parts
        else "Few of the best tenth before are there again or bought nothing"
    )
    if not parts and (stayed + silent) / size > 0.5:
        title = "Most of the best tenth before are there again or bought nothing after"
    unseen = [counts[y][0] for y in range(1, 10) if hides[y][0]]  # which their sum must not give away
    said = ""
    if not unseen or is_small(rose) or (len(unseen) > 1 and sum(unseen) >= LEAST):
        said = f"{few(rose, 'customer')} rose into it from other tenths. "
    said += (
        "Both periods are measured by the cuts of the first, so that a tenth means "
        "the same money in both; a program for the best has to be joined and left every period."
    )
    pairs = [{"from": one, "to": other, "customers": n, "shown": None if hides[y][x] else n}
             for y, one in enumerate(names) for x, (other, n) in enumerate(zip(names, counts[y], strict=True))]  # fmt: skip
    hatched = {(row["from"], row["to"]) for row in pairs if row["shown"] is None}
    chart = plots.transition_heatmap(
        drawn(pairs), value="shown", hides=hatched, order=names, start="tenth before", end="tenth after", ax=plots.canvas(height=4.6)
    )
    columns = [Column("from", "before", text), *(Column(name, name, written) for name in names)]
    shown = [
        {"from": one} | dict(zip(names, line, strict=True)) for one, line in zip(names, cells(counts), strict=True)
    ]
    return exhibit(
        "decile-change", title, chart=chart, so_what=said,
        shows=_square(names, counts, hides),
        tables=[tabled(shown, columns, caption=f"Customers by tenth of {lens.money} before (rows) and after (columns)")],
    )  # fmt: skip


def _square(names, counts, hides) -> str:
    """The square of tenths in words: how full its diagonal is and which cells hold most, of those that are not hidden."""
    seen = [
        (counts[y][x], names[y], names[x]) for y in range(10) for x in range(11) if not hides[y][x] and counts[y][x]
    ]
    said = "A square of tenths before by tenths after and inactive."
    if seen:
        most = sorted(seen, key=lambda cell: -cell[0])[:3]
        to = lambda name: "inactive" if name == INACTIVE else f"tenth {name}"  # noqa: E731
        said += (
            " Most customers went "
            + ", ".join(f"from tenth {one} to {to(other)} ({number(n)})" for n, one, other in most)
            + "."
        )
    hidden = sum(map(sum, hides))
    return said + (
        f" {count(hidden, 'cell')} of {len(names) ** 2} {'is' if hidden == 1 else 'are'} hidden." if hidden else ""
    )


def _same(log, lens):
    """Customers of both periods who had bought before them: how their money changed, how many rose and fell, in what."""
    rows = rows_of(lens.ups_and_downs)
    everybody = sum(row["customers"] for row in rows)
    if is_small(everybody) or not everybody:
        said = (
            "Whoever began inside the first period had only a part of it, so no trend can be read from these customers."
        )
        return exhibit("same-customers", "No customers were seen whole in both periods" if not everybody else
                       f"Fewer than {LEAST} customers were seen whole in both periods", so_what=said)  # fmt: skip
    up = lambda name: sum(row["customers"] for row in rows if row[name] == "up")  # noqa: E731
    names = [name for name in rows[0] if name not in ("customers", f"{lens.money}_change")]
    title = f"The {number(everybody)} customers of both periods who had bought before them bring {same_in_words(lens)}"
    weakest = min((name for name in names if name != lens.money), key=up)
    said = (
        f"Least often rose or held {_OWN[weakest]} ({_share(up(weakest), everybody)}). Customers who began inside the first period are left "
        "out: they had only a part of it and seem to grow. Who is seen in both was a frequent buyer in the first and falls back on average."
    )
    down = lambda name: sum(row["customers"] for row in rows if row[name] == "down")  # noqa: E731
    table = [{"what": _OWN[name], "up": share_shown(up(name), everybody), "down": share_shown(down(name), everybody)}
             for name in names]  # fmt: skip
    columns = [Column("what", "of a customer of both periods", text), Column("up", "as much or more", or_hidden(percent)),
               Column("down", "less", or_hidden(percent))]  # fmt: skip
    bars = [{"what": _OWN[name].removeprefix("their "), "customers": n} for name in names
            if not is_small(n := up(name)) and not is_small(everybody - n)]  # fmt: skip
    chart = plots.value_bars(
        drawn(bars), label="what", value="customers", what="with as much or more", x="of a customer of both periods", ax=plots.canvas(height=2.4)
    ) if bars else None  # fmt: skip
    held = ", ".join(f"{row['what']} {number(row['customers'])}" for row in bars)
    return exhibit(
        "same-customers", title, chart=chart, so_what=said,
        shows=f"Of these {number(everybody)} customers, those with as much as before or more: {held}.",
        tables=[tabled(table, columns, caption="The same customers, before and after")],
    )  # fmt: skip


_OWN = {"orders": "their orders", "order_value": "their revenue an order", "revenue": "their revenue", "profit": "their profit",
        "margin": "their margin"}  # fmt: skip
