"""What each cell of the customer-base audit shows, in the order of the report.

`open_log` (of `crmlib.opened`) reads and computes everything once; each of the others takes its result and gives one
section to show. The lenses are in `crmlib.exhibits`; the charts of the sections after them are here, their tables in
`crmlib.section_tables`. Where the log cannot carry a part, the section says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from crmlib import captions, conclusions, lifecycle, plots, pyramid, rfm
from crmlib.carries import ALL_COHORTS, COHORTS_COMPARED, ONE_COHORT, ONE_PERIOD, PRODUCTS, TWO_PERIODS
from crmlib.conclusions import carried
from crmlib.exhibits import all_cohorts, cohorts_compared, one_cohort, one_period, products, questions, two_periods
from crmlib.exhibits.parts import Column, reason, tabled, text
from crmlib.exhibits.reconciliation import reconciliation
from crmlib.frames import rows_of
from crmlib.groups_shown import in_order, periods_shown, summary_shown, top_shown
from crmlib.inert import Exhibit, Facts, Findings, Picture, Prose, Section, picture
from crmlib.lifecycle import INACTIVE_AFTER, LOYAL_ORDERS
from crmlib.moves_shown import NOT_YET, moves_shown
from crmlib.opened import IDS, Opened, open_log, prepare
from crmlib.overview import Refused, value_by
from crmlib.periods import ABSENT
from crmlib.section_tables import (
    abc_classes, act_first, definitions, forecasts, forecasts_meaning, grading, held, holdout, limits, moves, one_year, periods, phases,
    pyramid_tiers, rates, segment_actions, silence, stages, states, summarised, top_customers, top_shares, windows,
)  # fmt: skip
from crmlib.small_groups import HIDDEN, LEAST
from crmlib.wording import count, number, percent

__all__ = [
    "IDS", "LENSES", "SECTIONS", "VIEWS", "Opened", "View", "can_carry", "chart", "data_notes", "first_page", "header", "lens",
    "open_log", "prepare", "reconciliation", "section",
]  # fmt: skip

# ---- the first page


def header(log: Opened) -> Facts:
    """Title, data, date, customers, revenue."""
    facts = log.audit.facts
    pairs = (
        ("Data", log.name),
        ("As of", str(facts.as_of)),
        ("Days covered", f"{facts.first_day} to {facts.as_of}"),
        ("Customers", number(facts.customers)),
        ("Orders", number(facts.orders)),
        ("Revenue", log.money(facts.revenue)),
    )
    return Facts("Customer-base audit", pairs)


def first_page(log: Opened) -> Section:
    """Of a log that follows one group a word on that; then the questions that the log can answer, and why it cannot the
    others."""
    facts = log.audit.facts
    found = questions.first_page(log) if facts.orders else Findings(tuple(conclusions.nothing(facts)))
    panel = (Prose(conclusions.panel(facts)),) if facts.is_panel else ()
    silent = max(log.lenses.silent.values(), key=len, default="")
    silence = (Prose((_silence(silent),)),) if silent else ()
    return Section("questions", "What this customer base says", (*panel, *silence, found))


def _silence(days) -> str:
    return (
        f"The log holds no line {days}: lines are missing, or nothing could be bought. A fall into these days and a rise "
        "after them follow from that, and say nothing of customers."
    )


def data_notes(log: Opened) -> Section:
    """What was read and what the door did, every note of it."""
    said = (conclusions.read(log.audit.facts, log.money), *(note.sentence for note in log.notes))
    return Section("data", "What was read and done to the data", (Prose(said, "list"),))


def can_carry(log: Opened) -> Section:
    """For each lens whether this log carries it, what is missing and what would mend it."""
    rows = [
        {"lens": name, "verdict": row.verdict, "missing": row.missing, "mends": row.mends, "view": row.view}
        for name, row in log.lenses.carried.items()
    ]
    columns = [Column("lens", "lens", text), Column("verdict", "carried", text), Column("missing", "what is missing", text),
               Column("mends", "what would mend it", text), Column("view", "the view that is valid", text)]  # fmt: skip
    return Section("carries", "What this log can carry", (tabled(rows, columns, caption="The lenses and what this log has for them"),))


def lens(log: Opened, place: int) -> Section:
    """The lens at a place, from 1 on, in the order in which this log tells them best."""
    name = questions.lens_order(log)[place - 1]
    found, silent = LENSES[name](log), log.lenses.silent.get(name)
    return replace(found, parts=(Prose((_silence(silent),)), *found.parts)) if silent else found


LENSES = {
    ONE_PERIOD: one_period.one_period, TWO_PERIODS: two_periods.two_periods, ONE_COHORT: one_cohort.one_cohort,
    COHORTS_COMPARED: cohorts_compared.cohorts_compared, ALL_COHORTS: all_cohorts.all_cohorts, PRODUCTS: products.products,
}  # fmt: skip


def section(log: Opened, name: str) -> Section:
    """A section of `SECTIONS`: each of its charts as an exhibit with the tables behind it."""
    heading, blocks = SECTIONS[name]
    parts = [part for block in blocks for part in _block(log, *block)]
    return Section(name, heading, tuple(parts))


def _block(log, view, *tables):
    """A chart with its tables as an exhibit; without a chart, or where the log has none, what is left of it."""
    behind = [found for table in tables if (found := table(log)) is not None]
    if view is None:
        return behind
    part = VIEWS[view].part(log)
    if not carried(part):
        return [*([reason(part)] if VIEWS[view].leads else []), *behind]
    said = VIEWS[view].say(log, part)
    return [Exhibit(f"chart-{view}", said.title, (chart(log, view), Prose((said.meaning,), "meaning"), *behind))]


# ---- charts


class View(NamedTuple):
    """A chart: what it needs of the log (or `Refused`), its words, its drawing, what it ``shows`` in a few numbers for those
    who do not see it; ``leads`` a section or follows."""

    part: Callable
    say: Callable
    draw: Callable
    shows: Callable
    leads: bool = False


def chart(log: Opened, name: str) -> Picture:
    """The chart called ``name`` in `VIEWS`, of a log that carries it."""
    view = VIEWS[name]
    part = view.part(log)
    return picture(view.draw(log, part), words=view.shows(log, part))


def _tenths(log):
    if not carried(log.audit.value):
        return log.audit.value
    if log.audit.facts.customers < 10 * LEAST:
        why = f"A tenth of the customers is fewer than {LEAST}, so their tenths are not shown."
        return Refused(why, f"{10 * LEAST} or more customers", "the expected value of all customers", "next-year")
    return value_by(log.audit.value.customers)


def _periods(log):
    """For the chart, with a gap where few bought."""
    gaps = lambda row: {name: 0 if value == HIDDEN else value for name, value in row.items()}  # noqa: E731
    return pd.DataFrame(map(gaps, periods_shown(log.audit.periods)))


def _share_bars(label, height):
    return lambda log, part: plots.share_bars(part, label=label, ax=plots.canvas(height=height))


def _groups(part, summarise, label):
    """A part of the audit by group, the small ones as one."""
    return summary_shown(summarise(part), label) if carried(part) else part


# ---- what charts show, in words


def _largest(rows, size, say, most=3) -> str:
    """The few largest rows in words, in their order; those without a size are left out."""
    rows = [row for row in rows if row[size] is not None and row[size] == row[size] and not isinstance(row[size], str)]
    kept = sorted(range(len(rows)), key=lambda place: -rows[place][size])[:most]
    return ", ".join(say(rows[place]) for place in sorted(kept))


def _periods_in_words(log, part):
    rows = periods_shown(part)
    said = _largest(rows, "revenue", lambda row: f"{row['period']} {log.round_money(row['revenue'])}")
    whole = rows_of(part)
    first, later = (sum(row[name] for row in whole) for name in ("first_revenue", "repeat_revenue"))
    return (
        f"Bars of revenue by period. First purchases bring {log.round_money(first)} in all before refunds, later ones "
        f"{log.round_money(later)}. "
        f"The highest of {len(rows)}: {said}."
    )


def _lorenz_in_words(log, part):
    tops = [row for row in top_shown(log.audit.top) if row["share_of_revenue"] != HIDDEN]
    said = ", ".join(f"the best {percent(row['top'], 0)} bring {percent(row['share_of_revenue'])}" for row in tops)
    return f"The cumulative share of revenue against that of customers: {said}; Gini index {log.audit.gini:.2f}."


def _shares_in_words(label):
    def words(log, part):
        rows = [row for row in rows_of(summary_shown(part, label)) if row["customers"]]
        say = lambda row: (  # noqa: E731
            f"{str(row[label]).replace('_', ' ')} {percent(row['share_of_customers'])} and {percent(row['share_of_revenue'])}"
        )
        return f"Share of customers and of revenue by {label}: {_largest(rows, 'share_of_customers', say, 6)}."

    return words


def _moves_in_words(log, part):
    square = moves_shown(part.pairs)
    rows = [{"from": one, "to": other, "customers": n} for (one, other), n in square.counts.items() if square.open(one, other)]
    plain = lambda name: NOT_YET if name == ABSENT else str(name).replace("_", " ")  # noqa: E731
    say = lambda row: f"from {plain(row['from'])} to {plain(row['to'])} {number(row['customers'])}"  # noqa: E731
    said = _largest(rows, "customers", say, 4)
    hidden = f" {count(len(square.hides), 'cell')} with customers are hidden." if len(square.hides) > 1 else ""
    return (
        "A square of tiers before by tiers after." + (f" The largest cells: {said} customers." if said else " All cells are hidden.") + hidden
    )


def _moves_drawn(log, part):
    square = moves_shown(part.pairs)
    plain = lambda name: NOT_YET if name == ABSENT else name  # noqa: E731
    return plots.transition_heatmap(
        pd.DataFrame(square.drawn()), value="customers", hides={(plain(one), plain(other)) for one, other in square.hides},
        sizes={plain(name): text for name, text in square.sizes.items()}, order=TIERS, start="before", end="after",
        ax=plots.canvas(height=3.8),
    )  # fmt: skip


def _tenths_in_words(log, part):
    rows = rows_of(part)
    best, last = (log.round_money(row["value"]) for row in (rows[0], rows[-1]))
    return (
        f"Mean expected value of the next year, before refunds, by tenth of the customers: {best} in the best, {last} in the last; the best holds "
        f"{percent(rows[0]['share_of_value'])} of all."
    )


def _holdout_in_words(log, part):
    rows = rows_of(_by_x(part))
    said = ", ".join(f"{row['x']} before {number(row['expected'], 2)} and {number(row['actual'], 2)}" for row in (rows[0], *rows[1:][-1:]))
    return f"Mean purchase days in the test by those after the first before it, expected and actual: {said}."


def _by_x(part):
    return in_order(part.by_x, "x", means=["actual", "expected"])


TIERS = [*(name for name, _ in pyramid.TIERS), pyramid.NON_POSITIVE, pyramid.INACTIVE]


VIEWS = {
    "revenue": View(
        lambda log: log.audit.periods,
        lambda log, part: captions.revenue(log.audit.facts, part),
        lambda log, part: plots.revenue_by_period(_periods(log), currency=log.currency, ax=plots.canvas()),
        _periods_in_words,
        leads=True,
    ),
    "lorenz": View(
        lambda log: log.audit.lorenz,
        lambda log, part: captions.lorenz(
            log.audit.top, log.audit.half, log.audit.facts, log.audit.gini, log.audit.interval
        ),
        lambda log, part: plots.lorenz_curve(
            part, top=(0.20, conclusions.share_of_top(log.audit.top, 0.20)), ax=plots.canvas(5.2, 3.9)
        ),
        _lorenz_in_words,
        leads=True,
    ),
    "segments": View(
        lambda log: _groups(log.audit.segmented, rfm.segment_summary, "segment"),
        lambda log, part: captions.segments(part, conclusions.value_by_segment(log.audit)),
        _share_bars("segment", 4.6),
        _shares_in_words("segment"),
        leads=True,
    ),
    "pyramid": View(
        lambda log: summarised(log.audit.tiered, pyramid.summary),
        lambda log, part: captions.pyramid(log.audit.facts, part),
        lambda log, part: plots.pyramid_bars(summary_shown(part, "tier"), ax=plots.canvas(height=3.0)),
        _shares_in_words("tier"),
        leads=True,
    ),
    "moves": View(
        lambda log: log.audit.moved,
        lambda log, part: captions.moves(part, log.audit.facts.all_enter_active),
        _moves_drawn,
        _moves_in_words,
    ),
    "states": View(
        lambda log: _groups(log.audit.stated, lifecycle.summary, "state"),
        lambda log, part: captions.states(log.audit.facts, part, INACTIVE_AFTER, LOYAL_ORDERS),
        _share_bars("state", 3.0),
        _shares_in_words("state"),
        leads=True,
    ),
    "stages": View(
        phases,
        lambda log, part: captions.stages(part),
        lambda log, part: _share_bars("phase", 3.6)(log, summary_shown(part, "phase")),
        _shares_in_words("phase"),
        leads=True,
    ),
    "value": View(
        _tenths,
        lambda log, part: captions.tenths(part),
        lambda log, part: plots.value_bars(
            part,
            label="group",
            value="value",
            what="mean expected value, before refunds",
            currency=log.currency,
            x="tenths of the customers by expected value, best first",
            ax=plots.canvas(height=3.0),
        ),  # fmt: skip
        _tenths_in_words,
    ),
    "holdout": View(
        held,
        lambda log, part: captions.holdout(part),
        lambda log, part: plots.holdout_by_x(_by_x(part), ax=plots.canvas(height=3.3)),
        _holdout_in_words,
    ),
}


# ---- the sections after the lenses: each a heading, and its charts with the tables behind them

SECTIONS = {
    "months": ("Revenue over time", [("revenue", periods)]),
    "concentration": ("Who brings the money", [("lorenz", top_shares), (None, abc_classes)]),
    "segments": ("Segments and what to do about each", [(None, act_first), ("segments", segment_actions)]),
    "pyramid": ("The customer pyramid", [("pyramid", pyramid_tiers, grading), ("moves", moves)]),
    "standing": ("Where customers stand", [(None, silence), ("states", states, windows)]),
    "life-cycle": ("The life cycle", [("stages", stages), (None, rates)]),
    "next-year": (
        "What the next year may bring",
        [(None, one_year), ("value",), ("holdout", holdout, forecasts, forecasts_meaning), (None, limits, top_customers)],
    ),
    "definitions": ("Definitions and limits", [(None, definitions)]),
}  # fmt: skip
