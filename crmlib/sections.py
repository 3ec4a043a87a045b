"""What each cell of the customer-base report shows, in the order of the report.

`open_log` (of `crmlib.opened`) reads and computes everything once; each of the others takes its result and gives one
thing to show: sentences or a chart here, a table in `crmlib.section_tables`. Where the log cannot carry a part, its first `meaning` says why and the rest is None,
which shows nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from crmlib import captions, conclusions, lifecycle, pareto, plots, pyramid, rfm
from crmlib.conclusions import carried
from crmlib.inert import Facts, Findings, Picture, Prose, picture
from crmlib.lifecycle import INACTIVE_AFTER, LOYAL_ORDERS
from crmlib.opened import IDS, Opened, open_log, prepare
from crmlib.overview import Refused, value_by
from crmlib.section_tables import (
    abc_classes, cohorts, definitions, forecasts, forecasts_meaning, grading, held, holdout, limits, moves, one_year, periods, pyramid_tiers, rates,
    segment_actions, stages, states, summarised, top_customers, top_shares, windows,
)  # fmt: skip
from crmlib.wording import number

__all__ = [
    "IDS", "VIEWS", "Opened", "View", "abc_classes", "chart", "cohorts", "data_notes", "definitions", "first_page",
    "forecasts", "forecasts_meaning", "grading", "header", "holdout", "limits", "meaning", "moves", "one_year", "open_log", "periods", "prepare",
    "pyramid_tiers", "rates", "segment_actions", "stages", "states", "top_customers", "top_shares", "windows",
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
    return Facts("Customer-base report", pairs)


def first_page(log: Opened) -> Findings:
    """The conclusions."""
    return Findings(tuple(conclusions.first_page(log.audit, log.round_money)), tuple(conclusions.unsaid(log.audit)))


def data_notes(log: Opened) -> Prose:
    """What was read and what the door did, every note of it."""
    return Prose((conclusions.read(log.audit.facts, log.money), *(note.sentence for note in log.notes)), "list")


# ---- charts


class View(NamedTuple):
    """A chart: what it needs of the log (or `Refused`), its words, its drawing; ``leads`` a section or follows."""

    part: Callable
    say: Callable
    draw: Callable
    leads: bool = False


def chart(log: Opened, name: str) -> Picture | None:
    """The chart called ``name`` in `VIEWS`; None where the log cannot carry it."""
    view = VIEWS[name]
    part = view.part(log)
    if carried(part):
        return picture(view.draw(log, part, view.say(log, part).title))


def meaning(log: Opened, name: str) -> Prose | None:
    """What the chart means; where the log cannot carry it, the reason why, once a section."""
    view = VIEWS[name]
    part = view.part(log)
    if carried(part):
        return Prose((view.say(log, part).meaning,), "meaning")
    return Prose((part.why,), "refused") if view.leads else None


def _tenths(log):
    if not carried(log.audit.value):
        return log.audit.value
    return value_by(log.audit.value.customers)


def _orders(log):
    buyers = log.audit.facts.customers - log.audit.facts.never
    return log.audit.orders if buyers > 1 else Refused("Only one customer bought.")


def _share_bars(label, height):
    return lambda log, part, title: plots.share_bars(part, label=label, title=title, ax=plots.canvas(height=height))


TIERS = [*(name for name, _ in pyramid.TIERS), pyramid.NON_POSITIVE, pyramid.INACTIVE]


def _ages(log):
    """The cohorts where at least one is wholly seen after its first period."""
    found = log.audit.cohorts
    if carried(found) and not found.shares.iloc[:, 1:].notna().any(axis=None):
        return Refused(f"No cohort is wholly seen in a {found.unit} after that of its first purchase.")
    return found


def _cohorts(log, found, title):
    """Lines while each cohort can have one of its own, else a shade a cell."""
    rows = found.shares.stack().rename_axis(["cohort", "age"]).rename("share_active").reset_index()
    rows["size"] = rows["cohort"].map(found.sizes)
    if len(found.sizes) <= 3:
        return plots.cohort_curves(rows, title=title, ax=plots.canvas(height=3.0))
    return plots.cohort_heatmap(rows, title=title, ax=plots.canvas(height=1.4 + 0.3 * len(found.sizes)))


VIEWS = {
    "revenue": View(
        lambda log: log.audit.periods,
        lambda log, part: captions.revenue(log.audit.facts, part),
        lambda log, part, title: plots.revenue_by_period(part, currency=log.currency, title=title, ax=plots.canvas()),
        leads=True,
    ),
    "buyers": View(
        lambda log: log.audit.periods,
        lambda log, part: captions.buyers(log.audit.facts, part),
        lambda log, part, title: plots.customers_by_period(part, title=title, ax=plots.canvas(height=3.2)),
    ),
    "orders": View(
        _orders,
        lambda log, part: captions.orders(log.audit.facts),
        lambda log, part, title: plots.order_histogram(part, title=title, ax=plots.canvas(height=3.0)),
    ),
    "lorenz": View(
        lambda log: log.audit.lorenz,
        lambda log, part: captions.lorenz(
            log.audit.top, log.audit.half, log.audit.facts, log.audit.gini, log.audit.interval
        ),
        lambda log, part, title: plots.lorenz_curve(
            part, top=(0.20, conclusions.share_of_top(log.audit.top, 0.20)), title=title, ax=plots.canvas(6.0, 4.5)
        ),
        leads=True,
    ),
    "abc": View(
        lambda log: log.audit.abc,
        lambda log, part: captions.abc(pareto.abc_summary(part)),
        lambda log, part, title: plots.abc_curve(part, title=title, ax=plots.canvas(height=3.2)),
    ),
    "segments": View(
        lambda log: summarised(log.audit.segmented, rfm.segment_summary),
        lambda log, part: captions.segments(part),
        _share_bars("segment", 5.2),
        leads=True,
    ),
    "pyramid": View(
        lambda log: summarised(log.audit.tiered, pyramid.summary),
        lambda log, part: captions.pyramid(log.audit.facts, part),
        lambda log, part, title: plots.pyramid_bars(part, title=title, ax=plots.canvas(height=3.0)),
        leads=True,
    ),
    "moves": View(
        lambda log: log.audit.moved,
        lambda log, part: captions.moves(part),
        lambda log, part, title: plots.transition_heatmap(
            part.pairs, value="customers", order=TIERS, start="before", end="after", title=title,
            ax=plots.canvas(height=4.2),
        ),  # fmt: skip
    ),
    "states": View(
        lambda log: summarised(log.audit.stated, lifecycle.summary),
        lambda log, part: captions.states(log.audit.facts, part, INACTIVE_AFTER, LOYAL_ORDERS),
        _share_bars("state", 3.0),
        leads=True,
    ),
    "stages": View(
        lambda log: log.audit.staged,
        lambda log, part: captions.stages(part),
        _share_bars("phase", 3.6),
        leads=True,
    ),
    "cohorts": View(_ages, lambda log, part: captions.cohorts(part), _cohorts, leads=True),
    "value": View(
        _tenths,
        lambda log, part: captions.tenths(part),
        lambda log, part, title: plots.value_bars(
            part,
            label="group",
            value="value",
            what="mean expected value",
            currency=log.currency,
            x="tenths of the customers by expected value, best first",
            title=title,
            ax=plots.canvas(height=3.0),
        ),  # fmt: skip
    ),
    "holdout": View(
        held,
        lambda log, part: captions.holdout(part),
        lambda log, part, title: plots.holdout_by_x(part.by_x, title=title, ax=plots.canvas(height=3.3)),
    ),
}


