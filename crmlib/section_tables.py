"""The tables and lists of the report: what stands between and under its charts; see `crmlib.sections`."""

from __future__ import annotations

import narwhals as nw

from crmlib import captions, clv, conclusions, lifecycle, pareto, pyramid, rfm
from crmlib.conclusions import carried
from crmlib.frames import rows_of
from crmlib.groups_shown import of_rates, periods_shown, summary_shown, top_shown
from crmlib.exhibits.parts import reason
from crmlib.inert import Prose, Refusal, Table
from crmlib.lifecycle import INACTIVE_AFTER, LOYAL_ORDERS
from crmlib.moves_shown import NOT_YET, moves_shown
from crmlib.opened import Opened
from crmlib.overview import YEAR
from crmlib.periods import ABSENT
from crmlib.small_groups import HIDDEN, cells, is_small, shown
from crmlib.wording import MODELS, day, number, percent, signed

__all__ = [
    "abc_classes", "act_first", "definitions", "forecasts", "forecasts_meaning", "grading", "held", "holdout", "limits", "moves", "one_year", "periods", "phases",
    "pyramid_tiers", "rates", "segment_actions", "silence", "stages", "states", "summarised", "top_customers", "top_shares", "windows",
]  # fmt: skip

TOP_CUSTOMERS = 20
KEPT = "pseudonyms; the key that made them gives the same ones in another report"
FRESH = "pseudonyms; their key was drawn for this report and not kept, so they are found in no other"
NO_IDS = (
    "This report shows no customer ids. With --ids pseudonym or --ids real, crm report adds a table of the best "
    "customers; crm score writes one row a customer."
)


def summarised(part, summarise):
    """A part of the audit, summarised where the log can carry it."""
    return summarise(part) if carried(part) else part


def held(log: Opened):
    """The holdout, or why there is none."""
    return log.audit.value.holdout if carried(log.audit.value) else log.audit.value


def periods(log: Opened) -> Table | None:
    """The numbers behind the charts over time; refunds only where there are any."""
    if not carried(log.audit.periods):
        return None
    names = ["first_revenue", "repeat_revenue", *(["refunds"] if log.audit.facts.refunds < 0 else []), "revenue"]
    rows = [
        (row["period"] + ("" if row["complete"] else " (part)"),
         *(_or_hidden(row[name]) for name in ("customers", "first_time", "orders")),
         *(_or_hidden(row[name], log.whole) for name in names))
        for row in periods_shown(log.audit.periods)
    ]  # fmt: skip
    headings = {"first_revenue": "first purchases", "repeat_revenue": "later purchases"}
    return Table(
        ("period", "customers", "of them new", "orders", *(headings.get(name, name) for name in names)), tuple(rows),
        caption="Customers, orders and revenue by period",
    )  # fmt: skip


def _or_hidden(value, write=number):
    return value if isinstance(value, str) else write(value)


def top_shares(log: Opened) -> Table | None:
    """What the best 1, 5, 10, 20 and 50 % bring."""
    if carried(log.audit.top):
        rows = (
            (f"top {percent(row['top'], 0)}", shown(row["customers"]), _or_hidden(row["share_of_revenue"], percent))
            for row in top_shown(log.audit.top)
        )
        return Table(("by revenue", "customers", "share of revenue"), tuple(rows), caption="What the best customers bring")


def abc_classes(log: Opened) -> Table | None:
    """The ABC classes."""
    return _sized(log, "class", summarised(log.audit.abc, pareto.abc_summary), caption="The ABC classes; customers who brought the same share a class")


def _rule(segment) -> str:
    """The scores of a segment: those of each of its rules, "any" left out."""
    axes = lambda rule: [(axis, getattr(rule, axis.lower())) for axis in "RFM"]  # noqa: E731
    scores = lambda low, high: str(low) if low == high else f"{low} to {high}"  # noqa: E731
    return "; or ".join(
        ", ".join(f"{axis} {scores(*ends)}" for axis, ends in axes(rule) if ends != (1, 5))
        for rule in rfm.TEN_SEGMENTS.rules if rule.segment == segment
    )  # fmt: skip


def act_first(log: Opened) -> Prose | None:
    """The segment to act on first."""
    if carried(log.audit.segmented):
        expected = conclusions.value_by_segment(log.audit)
        facts = log.audit.facts
        order = (facts.revenue - facts.refunds) / facts.orders
        found = conclusions.to_act_on(rfm.segment_summary(log.audit.segmented), expected, log.round_money, order)
        return found and Prose((f"{found.sentence} {found.detail}",))


def silence(log: Opened) -> Prose | None:
    """How many have been silent, and what they are still expected to bring."""
    if carried(log.audit.stated) and log.audit.facts.days > conclusions.SHORT:
        found = conclusions.activity(log.audit.stated, INACTIVE_AFTER, log.audit.value, log.round_money)
        return Prose((f"{found.sentence} {found.detail}",))


def segment_actions(log: Opened) -> Table | None:
    """Each segment with its expected value and what to do about it; empty segments are left out."""
    if not carried(log.audit.segmented):
        return None
    expected = conclusions.value_by_segment(log.audit)
    summary = nw.from_native(rfm.segment_summary(log.audit.segmented))
    if expected:
        worth = nw.new_series("expected", [expected.get(name, 0.0) for name in summary["segment"].to_list()], backend=summary.implementation)
        summary = summary.with_columns(worth)
    rows = [
        (row["segment"], _rule(row["segment"]), shown(row["customers"]), log.whole(row["revenue"]), number(row["median_days_since_last"]),
         *([log.whole(row["expected"])] if expected else []), rfm.ACTIONS.get(row["segment"], ""))
        for row in rows_of(summary_shown(summary.to_native(), "segment")) if row["customers"]
    ]  # fmt: skip
    worth = ["expected next year, before refunds"] if expected else []
    headings = ("segment", "scores", "customers", "revenue", "median days since last", *worth, "what to do")
    caption = "The segments by scores of 1 to 5 (R 5: bought last, F 5: most often, M 5: brought most), and what to do about each"
    caption += "; what is expected carries on what past contacts did" if expected else ""
    return Table(headings, tuple(rows), words=(0, 1, len(headings) - 1), caption=caption)


def pyramid_tiers(log: Opened) -> Table | None:
    """The tiers in numbers."""
    return _sized(
        log,
        "tier",
        summarised(log.audit.tiered, pyramid.summary),
        money_is="revenue in 365 days" if log.audit.facts.days > 365 else "revenue",
        caption="The tiers of the pyramid",
    )


def grading(log: Opened) -> Prose | None:
    """Whether tiers are worth their effort here: the verdict and what was measured."""
    if carried(log.audit.graded):
        return Prose((" ".join((log.audit.graded.verdict, *log.audit.graded.sentences)),))


def moves(log: Opened) -> Table | None:
    """How many of each tier moved up, stayed, moved down, fell silent, came."""
    if carried(log.audit.moved):
        found, square = log.audit.moved, moves_shown(log.audit.moved.pairs)
        rows = (
            (NOT_YET if name == ABSENT else name.replace("_", " "), square.sizes[name], *square.answers(name)) for name in square.before
        )
        headings = ("tier", "customers", "moved up", "stayed", "moved down", "fell silent", "came")
        return Table(headings, tuple(rows), caption=f"Tiers {found.before}, and who moved where {found.after}")


def stages(log: Opened) -> Table | None:
    """The stages of the life cycle in numbers."""
    return _sized(log, "phase", phases(log), caption="The stages of the life cycle")


def phases(log: Opened):
    """The stages as the report calls them, or why there are none."""
    if not carried(log.audit.staged):
        return log.audit.staged
    frame = nw.from_native(log.audit.staged)
    phase = nw.col("phase")
    return frame.with_columns(phase=nw.when(phase == "termination").then(nw.lit(captions.SILENT)).otherwise(phase)).to_native()


def windows(log: Opened) -> Table | None:
    """How the count of active customers depends on the window."""
    if carried(log.audit.windows):
        rows = (
            (number(row["window_days"]), *two, HIDDEN if HIDDEN in two else percent(row["share_active"]))
            for row, two in ((row, cells([[row["active"], row["inactive"]]])[0]) for row in rows_of(log.audit.windows))
        )
        caption = "Active is a purchase within the window; the longer it is, the more are active"
        return Table(("window, days", "active", "inactive", "share active"), tuple(rows), words=(), caption=caption)


def rates(log: Opened) -> Table | None:
    """The rates of the last period, each with what it is a share of."""
    if carried(log.audit.rates):
        since, table = log.audit.rates
        found = {row["rate"]: row for row in rows_of(table) if row["value"] is not None}
        n = {name: row["numerator"] for name, row in found.items()}
        growth = ("gross growth rate", "net growth rate")
        # who came back is net growth less new customers plus those who fell silent
        hides = growth if all(name in n for name in growth) and is_small(n[growth[1]] - n[growth[0]] + n["inactive rate"]) else ()
        written = {name: (HIDDEN, HIDDEN, of_rates(row)[2]) if name in hides else of_rates(row) for name, row in found.items()}
        rows = (
            (name, value, f"{part} {found[name]['numerator_is']}", f"{whole} {found[name]['denominator_is']}")
            for name, (value, part, whole) in written.items()
        )  # fmt: skip
        caption = f"Rates from {since} to {log.audit.facts.as_of}"
        return Table(("rate", "value", "so many", "of so many"), tuple(rows), words=(0, 2, 3), caption=caption)


def states(log: Opened) -> Table | None:
    """The states in numbers."""
    return _sized(log, "state", summarised(log.audit.stated, lifecycle.summary), caption="The states of the life cycle")


def one_year(log: Opened) -> Prose | Refusal:
    """The value of the next year and the verdict of the holdout, or why there is none."""
    if not carried(log.audit.value):
        return reason(log.audit.value)
    found = conclusions.one_year(log.audit.value, log.audit.facts, log.round_money)
    return Prose((found.sentence, found.detail))


def holdout(log: Opened) -> Table | None:
    """Expected and actual sums of the holdout."""
    found = held(log)
    if carried(found):
        rows = (
            (
                "purchase days",
                number(found.predicted_purchases),
                number(found.actual_purchases),
                signed(found.purchases_error / 100),
            ),
            ("money before refunds", log.whole(found.predicted_revenue), log.whole(found.actual_revenue), signed(found.revenue_error / 100)),
        )
        days = f"Expected from the days up to {found.split}, and what came after them up to {found.as_of}"
        return Table(("sum", "expected", "came", "error"), rows, caption=days)


def forecasts(log: Opened) -> Table | None:
    """The model and the rules of thumb in the holdout."""
    found = held(log)
    if carried(found):
        by_measure = {name: [row for row in rows_of(found.methods) if row["measure"] == name] for name in ("purchases", "revenue")}
        rows = (
            (f"model ({MODELS[row['method']]})" if row["method"] in MODELS else row["method"], number(row["predicted"]), signed(row["error"]),
             number(row["mae"], 2), percent(row["found"], 0), *((signed(money["error"]),) if money["actual"] else ("",)))
            for row, money in zip(by_measure["purchases"], by_measure["revenue"], strict=True)
        )  # fmt: skip
        headings = ("forecast", "purchase days", "error", "missed a customer by", "of the best tenth found", "error in money before refunds")
        return Table(headings, tuple(rows), caption="Models and rules of thumb on the days of the test")


def forecasts_meaning(log: Opened) -> Prose | None:
    """Whether the model did better than the rules of thumb."""
    if carried(held(log)):
        return Prose((captions.forecasts(held(log)),), "meaning")


def limits(log: Opened) -> Prose | None:
    """Who should not trust the value, and when."""
    if carried(log.audit.value):
        return Prose(tuple(captions.limits(log.audit.value, log.audit.facts)), "list")


def top_customers(log: Opened) -> Prose | Table:
    """The best customers by expected value (by revenue, where there is none), with ids or without the table."""
    if log.ids == "none":
        return Prose((NO_IDS,))
    worth = carried(log.audit.value)
    rows = nw.from_native(log.audit.value.customers if worth else log.audit.customers)
    rows = rows.filter(nw.col("orders") > 0).sort("value" if worth else "revenue", "customer", descending=[True, False])
    rows = rows.head(TOP_CUSTOMERS)
    ends = _ends(log.audit.value, rows.to_native()) if worth and carried(log.audit.value.sure) else [None] * len(rows)
    names = rows["customer"].to_list()
    names = log.pseudonyms(names) if log.ids == "pseudonym" else names
    shown = [
        (name, number(row["orders"]), day(row["last"]),
         log.money(row["revenue"]), *((percent(row["p_alive"], 0), log.money(row["value"])) if worth else ()),
         *([f"{log.money(end[0])} to {log.money(end[1])}"] if end else []))
        for name, row, end in zip(names, rows.iter_rows(named=True), ends, strict=True)
    ]  # fmt: skip
    headings = (
        "customer",
        "orders",
        "last purchase",
        "revenue",
        *(("P(alive)", "expected next year, before refunds") if worth else ()),
        *(("95 % interval",) if any(ends) else ()),
    )
    caption = f"The best {len(shown)} by {'expected value' if worth else 'revenue'}"
    if log.ids == "pseudonym":
        caption += f", under {KEPT if log.key_is_kept else FRESH}"
    return Table(headings, tuple(shown), caption=caption)


def _ends(value, customers):
    """The interval of what each of a few customers is expected to bring."""
    found = value.sure.interval_of(lambda *models: clv.clv(customers, *models, horizon=YEAR))
    return list(zip(found["low"].tolist(), found["high"].tolist(), strict=True))


def definitions(log: Opened) -> Prose:
    """Words and thresholds of this report."""
    return Prose(tuple(captions.definitions(INACTIVE_AFTER, LOYAL_ORDERS, log.lenses.money)), "list")


def _sized(log, name, summary, money_is="revenue", caption=""):
    if not carried(summary):
        return None
    rows = (
        (row[name].replace("_", " "), shown(row["customers"]), percent(row["share_of_customers"]),
         log.whole(row["revenue"]), percent(row["share_of_revenue"])) for row in rows_of(summary_shown(summary, name))
    )  # fmt: skip
    headings = (name, "customers", "share of customers", money_is, f"share of {money_is}")
    return Table(headings, tuple(rows), caption=caption)
