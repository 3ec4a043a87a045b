"""What each cell of the customer-base report shows, in the order of the report.

`open_log` reads and computes everything once; each of the others takes its result and gives one thing to show:
sentences, a table or a chart. Where the log cannot carry a part, its first `meaning` says why and the rest is None,
which shows nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import narwhals as nw

from crmlib import captions, conclusions, datasets, lifecycle, pareto, plots, pyramid, rfm
from crmlib.audit import Audit, audit
from crmlib.conclusions import carried, rows_of
from crmlib.errors import DataError
from crmlib.frames import as_day
from crmlib.inert import Facts, Findings, Picture, Prose, Table, picture
from crmlib.lifecycle import INACTIVE_AFTER, LOYAL_ORDERS
from crmlib.overview import Refused, value_by
from crmlib.transactions import Note
from crmlib.wording import day, lines, money, number, percent

__all__ = [
    "IDS", "VIEWS", "Opened", "View", "abc_classes", "chart", "data_notes", "definitions", "first_page", "header",
    "holdout", "limits", "meaning", "one_year", "open_log", "periods", "prepare", "pyramid_tiers", "segment_actions",
    "states", "top_customers", "top_shares",
]  # fmt: skip

IDS = ("none", "pseudonym", "real")
TOP_CUSTOMERS = 20
NO_IDS = (
    "This report shows no customer ids. With --ids pseudonym or --ids real, crm report adds a table of the best "
    "customers; crm score writes one row a customer."
)
_NOTES = "notes.json"
_LOG = "transactions.parquet"


@dataclass(frozen=True)
class Opened:
    """A log with everything that was computed on it, and how it is to be shown."""

    name: str
    audit: Audit
    notes: tuple[Note, ...]
    currency: str
    ids: str

    def money(self, amount) -> str:
        """To the cent."""
        return money(amount, self.currency)

    def round_money(self, amount) -> str:
        """In a sentence: without cents where they are noise."""
        return money(amount, self.currency, 0 if amount is not None and abs(amount) >= 1000 else 2)

    def whole(self, amount) -> str:
        """In a column: with cents only where the whole log is small."""
        return money(amount, self.currency, 0 if self.audit.facts.revenue >= 10_000 else 2)


def prepare(folder, transactions, notes) -> None:
    """Put a log that passed the door, and its notes, into ``folder``, for `open_log` in another process."""
    transactions.to_parquet(Path(folder, _LOG), index=False)
    Path(folder, _NOTES).write_text(json.dumps([list(note) for note in notes]), encoding="utf-8")


def open_log(data, *, as_of="", currency="", ids="none", prepared="", options=None) -> Opened:
    """Read ``data`` through the door (or what `prepare` left in ``prepared``) and compute all that the report shows.

    An empty ``as_of`` is the log's last date; lines after it are left out and counted in the notes.
    Raises `DataError` for data or options that cannot be used.
    """
    if ids not in IDS:
        raise DataError(f"ids is {ids!r}; it can be {' or '.join(map(repr, IDS))}.")
    if prepared:
        import pandas as pd

        tx = pd.read_parquet(Path(prepared, _LOG))
        notes = [Note(*note) for note in json.loads(Path(prepared, _NOTES).read_text(encoding="utf-8"))]
    else:
        tx, notes = datasets.admit_log(data, **(options or {}))
        notes = list(notes)
    last = tx["date"].max()
    as_of = as_day(as_of) if as_of else last.date()
    if later := int((tx["date"] > str(as_of)).sum()):
        verb = "lies" if later == 1 else "lie"
        notes.append(
            Note(
                "after_as_of",
                later,
                f"{lines(later)} {verb} after {as_of} and {'is' if later == 1 else 'are'} left out.",
            )
        )
    return Opened(Path(data).name if not prepared else data, audit(tx, as_of=as_of), tuple(notes), currency, ids)


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


def _held(log):
    return log.audit.value.holdout if carried(log.audit.value) else log.audit.value


def _tenths(log):
    if not carried(log.audit.value):
        return log.audit.value
    return value_by(log.audit.value.customers)


def _orders(log):
    buyers = log.audit.facts.customers - log.audit.facts.never
    return log.audit.orders if buyers > 1 else Refused("Only one customer bought.")


def _summary(part, summarise):
    return summarise(part) if carried(part) else part


def _states(log):
    return _summary(log.audit.stated, lifecycle.summary)


def _share_bars(label, height):
    return lambda log, part, title: plots.share_bars(part, label=label, title=title, ax=plots.canvas(height=height))


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
        lambda log, part: captions.lorenz(log.audit.top, log.audit.half, log.audit.facts, log.audit.gini),
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
        lambda log: _summary(log.audit.segmented, rfm.segment_summary),
        lambda log, part: captions.segments(part),
        _share_bars("segment", 5.2),
        leads=True,
    ),
    "pyramid": View(
        lambda log: _summary(log.audit.tiered, pyramid.summary),
        lambda log, part: captions.pyramid(log.audit.facts, part),
        lambda log, part, title: plots.pyramid_bars(part, title=title, ax=plots.canvas(height=3.0)),
        leads=True,
    ),
    "states": View(
        _states,
        lambda log, part: captions.states(log.audit.facts, part, INACTIVE_AFTER, LOYAL_ORDERS),
        _share_bars("state", 3.0),
        leads=True,
    ),
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
        _held,
        lambda log, part: captions.holdout(part),
        lambda log, part, title: plots.holdout_by_x(part.by_x, title=title, ax=plots.canvas(height=3.3)),
    ),
}


# ---- tables and lists


def periods(log: Opened) -> Table | None:
    """The numbers behind the charts over time; refunds only where there are any."""
    if not carried(log.audit.periods):
        return None
    names = ["first_revenue", "repeat_revenue", *(["refunds"] if log.audit.facts.refunds < 0 else []), "revenue"]
    rows = [
        (row["period"] + ("" if row["complete"] else " (part)"), number(row["customers"]), number(row["first_time"]),
         number(row["orders"]), *(log.whole(row[name]) for name in names))
        for row in rows_of(log.audit.periods)
    ]  # fmt: skip
    headings = {"first_revenue": "first purchases", "repeat_revenue": "later purchases"}
    return Table(
        ("period", "customers", "of them new", "orders", *(headings.get(name, name) for name in names)), tuple(rows)
    )


def top_shares(log: Opened) -> Table | None:
    """What the best 1, 5, 10, 20 and 50 % bring."""
    if carried(log.audit.top):
        rows = (
            (f"top {percent(row['top'], 0)}", number(row["customers"]), percent(row["share_of_revenue"]))
            for row in rows_of(log.audit.top)
        )
        return Table(("by revenue", "customers", "share of revenue"), tuple(rows))


def abc_classes(log: Opened) -> Table | None:
    """The ABC classes."""
    return _sized(log, "class", _summary(log.audit.abc, pareto.abc_summary))


def segment_actions(log: Opened) -> Table | None:
    """Each segment with its expected value and what to do about it; empty segments are left out."""
    if not carried(log.audit.segmented):
        return None
    expected = conclusions.value_by_segment(log.audit)
    rows = [
        (row["segment"], number(row["customers"]), log.whole(row["revenue"]), number(row["median_days_since_last"]),
         *([log.whole(expected[row["segment"]])] if expected else []), rfm.ACTIONS[row["segment"]])
        for row in rows_of(rfm.segment_summary(log.audit.segmented)) if row["customers"]
    ]  # fmt: skip
    worth = ["expected next year"] if expected else []
    headings = ("segment", "customers", "revenue", "median days since last", *worth, "what to do")
    return Table(headings, tuple(rows), words=(0, len(headings) - 1))


def pyramid_tiers(log: Opened) -> Table | None:
    """The tiers in numbers."""
    return _sized(
        log,
        "tier",
        _summary(log.audit.tiered, pyramid.summary),
        money_is="revenue in 365 days" if log.audit.facts.days > 365 else "revenue",
    )


def states(log: Opened) -> Table | None:
    """The states in numbers."""
    return _sized(log, "state", _states(log))


def one_year(log: Opened) -> Prose:
    """The value of the next year and the verdict of the holdout, or why there is none."""
    if not carried(log.audit.value):
        return Prose((log.audit.value.why,), "refused")
    found = conclusions.one_year(log.audit.value, log.audit.facts.customers, log.round_money)
    return Prose((found.sentence, found.detail))


def holdout(log: Opened) -> Table | None:
    """Expected and actual sums of the holdout."""
    held = _held(log)
    if carried(held):
        rows = (
            (
                "purchases",
                number(held.predicted_purchases),
                number(held.actual_purchases),
                _error(held.purchases_error),
            ),
            ("revenue", log.whole(held.predicted_revenue), log.whole(held.actual_revenue), _error(held.revenue_error)),
        )
        return Table((f"{held.split} to {held.as_of}", "expected", "came", "error"), rows)


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
    shown = [
        (f"C-{place:04d}" if log.ids == "pseudonym" else row["customer"], number(row["orders"]), day(row["last"]),
         log.money(row["revenue"]), *((percent(row["p_alive"], 0), log.money(row["value"])) if worth else ()))
        for place, row in enumerate(rows.head(TOP_CUSTOMERS).iter_rows(named=True), 1)
    ]  # fmt: skip
    headings = (
        "customer",
        "orders",
        "last purchase",
        "revenue",
        *(("P(alive)", "expected next year") if worth else ()),
    )
    by = "expected value" if worth else "revenue"
    return Table(headings, tuple(shown), caption=f"The best {len(shown)} by {by}")


def definitions(log: Opened) -> Prose:
    """Words and thresholds of this report."""
    return Prose(tuple(captions.definitions(INACTIVE_AFTER, LOYAL_ORDERS)), "list")


def _sized(log, name, summary, money_is="revenue"):
    if not carried(summary):
        return None
    rows = (
        (row[name].replace("_", " "), number(row["customers"]), percent(row["share_of_customers"]),
        log.whole(row["revenue"]), percent(row["share_of_revenue"])) for row in rows_of(summary)
    )  # fmt: skip
    return Table((name, "customers", "share of customers", money_is, f"share of {money_is}"), tuple(rows))


def _error(per_cent):
    return ("+" if per_cent > 0 else "") + percent(per_cent / 100)
