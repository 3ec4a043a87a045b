"""Lens 2: what changed between two adjacent periods of equal length."""

from __future__ import annotations

import datetime as dt

from crmlib import plots
from crmlib.conclusions import carried, few
from crmlib.exhibits.growth import bridge, drivers, groups_of, joined
from crmlib.exhibits.parts import (
    Column,
    exhibit,
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
from crmlib.small_groups import LEAST, cells, covered, is_small
from crmlib.two_periods import BEFORE_ONLY, BOTH, INACTIVE, NEW, RETURNING
from crmlib.wording import count, number, percent, several, signed

__all__ = ["KEY", "began_few", "same_in_words", "too_few_to_tell", "two_periods"]

KEY, HEADING = "two-periods", "Two periods: what changed?"


def two_periods(log: Opened) -> Section:
    """Who bought in which, where the money came from, which factor moved it, who rose and fell."""
    lens = log.lenses.two_periods
    if not carried(lens):
        return refusal(KEY, HEADING, lens)
    row = log.lenses.carried["two periods"]
    view = f"Before: {before(lens)}. After: {after(lens)}."
    if row.verdict == "limited":
        view += f" Read it with care: the log lacks {row.missing}."
    moved = [drivers(log, lens)] if carried(lens.drivers) else []
    return section(
        KEY, HEADING, view, [_overlap(log, lens), bridge(log, lens), *moved, _deciles(log, lens), _same(log, lens)]
    )


def before(lens) -> str:
    """The first of the two periods, from its first day to its last."""
    return f"{lens.start} to {lens.middle - dt.timedelta(days=1)}"


def after(lens) -> str:
    return f"{lens.middle} to {lens.end}"


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


def began_few(lens) -> bool:
    """Whether so few customers of both periods began inside the first that the number of the others would give them away."""
    return is_small(groups_of(lens)[BOTH]["customers"] - lens.same["customers"])


def too_few_to_tell(lens) -> str:
    """That an interval with both ends on either side of no change tells nothing; empty for one that tells."""
    same = lens.same
    if same["low"] is None or not same["low"] <= 1 <= same["high"] or began_few(lens):
        return ""
    low, high = (percent(abs(same[end] - 1), 0) for end in ("low", "high"))
    return f"{count(same['customers'], 'customer')} are too few to tell a fall of {low} from a rise of {high}. "


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
    rows = joined(rows, ["share"])
    return exhibit(
        "overlap", title, so_what=said, tables=[tabled(rows, columns, caption="Who bought when")],
        chart=plots.value_bars(
            drawn(rows), label="group", value="customers", what="customers", x="", ax=plots.canvas(height=2.6)
        ), shows="Customers by group: " + ", ".join(f"{row['group']} {number(row['customers'])}" for row in rows) + ".",
    )  # fmt: skip


def _share(part, whole) -> str:
    """A share of customers in a sentence, which gives no few of them away."""
    return or_hidden(percent)(share_shown(part, whole))


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
    caption = f"Customers by tenth of {lens.money} before (rows) and after (columns)"
    if any(map(any, hides)):
        caption += f". <{LEAST}: fewer than {LEAST}, but not 0; hidden: it would give such a cell away; both are hatched in the chart"
    return exhibit(
        "decile-change", title, chart=chart, so_what=said, shows=_square(names, counts, hides),
        tables=[tabled(shown, columns, caption=caption)],
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
        f" {count(hidden, 'cell')} of {len(names) ** 2} {'is' if hidden == 1 else 'are'} marked as fewer than {LEAST} or hidden." if hidden else ""
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
    if began_few(lens):
        title = f"The customers of both periods who had bought before them bring {same_in_words(lens)}"
        said = f"How many they are is not said, as it would tell of fewer than {LEAST} who began inside the first period."
        return exhibit("same-customers", title, so_what=said)
    up = lambda name: sum(row["customers"] for row in rows if row[name] == "up")  # noqa: E731
    names = [name for name in rows[0] if name not in ("customers", f"{lens.money}_change")]
    title = f"The {number(everybody)} customers of both periods who had bought before them bring {same_in_words(lens)}"
    factors = [name for name in names if name != lens.money]
    weakest = min(factors, key=up)
    said = (
        f"{too_few_to_tell(lens)}Of {several([_OWN[name] for name in factors])}, {_OWN[weakest]} held up least often "
        f"({_share(up(weakest), everybody)} had as much or more); {_OWN[lens.money]} did for {_share(up(lens.money), everybody)}. Customers who began "
        "inside the first period are left out: they had only a part of it and seem to grow. Who is seen in both was a frequent buyer in the "
        "first and falls back on average."
    )
    down = lambda name: sum(row["customers"] for row in rows if row[name] == "down")  # noqa: E731
    table = [{"what": _OWN[name], "up": share_shown(up(name), everybody), "down": share_shown(down(name), everybody)}
             for name in names]  # fmt: skip
    columns = [Column("what", "of a customer of both periods", text), Column("up", "as much or more", or_hidden(percent)),
               Column("down", "less", or_hidden(percent))]  # fmt: skip
    bars = [{"what": _OWN[name], "customers": n} for name in names
            if not is_small(n := up(name)) and not is_small(everybody - n)]  # fmt: skip
    chart = plots.value_bars(
        drawn(bars), label="what", value="customers", what="with as much or more", x=f"of each of these {number(everybody)} customers",
        line=(everybody / 2, "half of them"), ax=plots.canvas(height=2.4),
    ) if bars else None  # fmt: skip
    held = ", ".join(f"{row['what']} {number(row['customers'])}" for row in bars)
    return exhibit(
        "same-customers", title, chart=chart, so_what=said,
        shows=f"Of these {number(everybody)} customers, those with as much as before or more: {held}; half of them are {number(everybody / 2, everybody % 2)}.",
        tables=[tabled(table, columns, caption="The same customers, before and after")],
    )  # fmt: skip


_OWN = {"orders": "orders", "order_value": "revenue an order", "revenue": "revenue", "profit": "profit", "margin": "margin"}
