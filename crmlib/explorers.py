"""Concentration over time: the Pareto lesson's explorer, its windows, its test of who stays on top, their sentences.

A lesson must say true things about any log, so what it says about time is computed here, verdict included, and tested.
A window of m months ends with ``as_of`` and holds the calendar months up to it: 3 months to 30 June begin on 1 April.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from crmlib import pareto
from crmlib.classes import whole_customers
from crmlib.customers import customer_table
from crmlib.errors import DataError
from crmlib.frames import as_day, day_number, table
from crmlib.wording import count, days, money, number, percent, several

__all__ = [
    "StillOnTop", "View", "buyers", "concentration", "halfway", "later_by_class", "longer_is_steeper",
    "months_to_cover", "pareto_law", "shares_by_window", "still_on_top", "window_start",
]  # fmt: skip

ABOUT_HALF = (0.40, 0.60)  # what counts as "about half" in a verdict: our convention, printed with it
FEW = 20  # of fewer customers the top 20 % are single persons, and a verdict on them says nothing: our convention


class View(NamedTuple):
    """A figure of its own and one sentence on it; a notebook shows both."""

    figure: Any
    sentence: str

    def png(self) -> bytes:
        """The figure as a picture."""
        from io import BytesIO

        picture = BytesIO()
        self.figure.savefig(picture, format="png", dpi=90)
        return picture.getvalue()

    def _ipython_display_(self):
        from textwrap import fill

        from IPython.display import Image, display

        display(Image(self.png(), format="png", alt=self.sentence))
        print(fill(self.sentence, 88))


def window_start(as_of, months) -> dt.date:
    """The first day of the ``months`` calendar months that end with the day ``as_of``.

    >>> str(window_start("1998-06-30", 3)), str(window_start("2024-12-30", 3))
    ('1998-04-01', '2024-09-30')
    """
    if months != int(months) or months < 1:
        raise DataError(f"months is {months}; give a whole number from 1 on.")
    after = as_day(as_of) + dt.timedelta(days=1)
    year, month = divmod(after.year * 12 + after.month - 1 - int(months), 12)
    return dt.date(year, month + 1, min(after.day, calendar.monthrange(year, month + 1)[1]))


def months_to_cover(tx, *, as_of) -> int:
    """The length of the shortest window up to ``as_of`` that holds the whole log, in months; at least 1.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": "a", "date": pd.to_datetime(["2024-01-15", "2024-03-02"]), "amount": 1.0})
    >>> months_to_cover(log, as_of="2024-03-14"), months_to_cover(log, as_of="2024-03-31")
    (2, 3)
    """
    first, months = _first_day(tx), 1
    while window_start(as_of, months) > first:
        months += 1
    return months


def halfway(tx, *, as_of) -> dt.date:
    """The first day of the second half of the days from the log's first one to ``as_of``.

    Of an odd number of days the second half has one more.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"customer": "a", "date": pd.to_datetime(["2024-01-01"]), "amount": 1.0})
    >>> str(halfway(log, as_of="2024-01-10"))
    '2024-01-06'
    """
    first = _first_day(tx)
    return first + dt.timedelta(days=((as_day(as_of) - first).days + 1) // 2)


def buyers(customers):
    """The customers who can stand on a Lorenz curve: those with a purchase whose revenue is not negative.

    The same kind of table. Whoever paid nothing for a purchase counts, with zero.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"customer": list("abc"), "orders": [1, 2, 0], "revenue": [0.0, -5.0, -1.0]})
    >>> buyers(table)["customer"].tolist()
    ['a']
    """
    frame = table(customers, ["orders", "revenue"])
    return frame.filter((nw.col("orders") > 0) & (nw.col("revenue") >= 0)).to_native()


def shares_by_window(tx, *, as_of, months=(3, 6, 12, 18), q=0.20):
    """How concentrated the money is in windows of several lengths, each counting only those who bought in it.

    Columns: months, start, customers, revenue, top_share, gini, and orders_top and orders_rest: orders a customer among
    the best ceil(q * n) and among the others (null where there are none). A window that begins before the log, or in
    which nobody paid, has no row. The same kind of table.

    >>> from crmlib import datasets
    >>> windows = shares_by_window(datasets.load("cdnow_sample"), as_of="1998-06-30", months=(3, 18, 24))
    >>> windows[["months", "customers", "top_share"]].round(3)
       months  customers  top_share
    0       3        300      0.508
    1      18       2357      0.674
    """
    kind = table(tx, ["customer", "date", "amount"], what="table of transactions").implementation
    day = nw.Datetime("us") if kind.is_pandas() else nw.Date  # pandas has no type for dates
    schema = {"months": nw.Int64, "start": day, "customers": nw.Int64}
    schema |= dict.fromkeys(["revenue", "top_share", "gini", "orders_top", "orders_rest"], nw.Float64)
    rows = []
    for length in sorted(set(months)):
        start = window_start(as_of, length)
        inside = _window(tx, start, as_of)
        revenue = inside["revenue"].sum()
        if start < _first_day(tx) or not revenue > 0:
            continue
        orders = inside.sort("revenue", descending=True)["orders"].to_numpy()
        top, native = whole_customers(q, len(orders)), inside.to_native()
        shares = pareto.top_share(native, q), pareto.gini(native)
        if kind.is_pandas():
            start = dt.datetime.combine(start, dt.time())
        rows.append((int(length), start, len(orders), revenue, *shares, _mean(orders[:top]), _mean(orders[top:])))
    columns = {name: [row[place] for row in rows] for place, name in enumerate(schema)}
    return nw.from_dict(columns, schema, backend=kind).to_native()


def longer_is_steeper(windows) -> str:
    """Whether the top share rises with the window, one sentence on a table of `shares_by_window`.

    "Held" asks for a rise at every step.
    """
    frame = table(windows, ["months", "top_share"], what="table of windows")
    months, shares = frame["months"].to_list(), frame["top_share"].to_list()
    if len(months) < 2:
        carried = f"it carries only the one of {count(months[0], 'month')}" if months else "it carries none of them"
        return f"The log is too short to compare windows: {carried}."
    held = all(shorter < longer for shorter, longer in zip(shares, shares[1:], strict=False))
    steps = [f"{percent(share)} in {count(length, 'month')}" for length, share in zip(months, shares, strict=True)]
    return f"'The longer the window, the more the top brings' {_verdict(held)} here: {several(steps)}."


def pareto_law(customers, *, q=0.20, few=0.01) -> str:
    """What the Pareto law of 80/20, and the one through this log's own top share, say of Gini and the top ``few``."""
    share = pareto.top_share(customers, q)
    textbook = pareto.pareto_exponent(0.80, 0.20)
    law = f"In the Pareto law of 80/20 (alpha {textbook:.4f}) the Gini index is {1 / (2 * textbook - 1):.3f}. "
    law += f"Measured here: the top {percent(q, 0)} bring {percent(share)}, Gini {pareto.gini(customers):.3f}"
    try:
        alpha = pareto.pareto_exponent(share, q)
    except DataError:
        return f"{law}; no Pareto law goes through that."
    return (
        f"{law}. The law through this top share (alpha {alpha:.4f}) has Gini {1 / (2 * alpha - 1):.3f} and lets the "
        f"top {percent(few, 0)} bring {percent(few ** (1 - 1 / alpha))}; here they bring "
        f"{percent(pareto.top_share(customers, few))}."
    )


def concentration(tx, *, months, q, as_of, currency="") -> View:
    """The explorer's callback: the Lorenz curve of the last ``months`` months, its top ``q`` marked, and a sentence.

    The thin line is the whole log, to compare with. Only customers who bought in the window count. A window longer than
    the log is the whole log, and the sentence says so. The figure is outside pyplot, so that two moves of a slider that
    overlap share nothing.
    """
    from crmlib import plots

    first, start, last = _first_day(tx), window_start(as_of, months), as_day(as_of)
    wanted = count(months, "month")
    when, name = f"the last {wanted} ({start} to {last})", wanted
    if start < first:
        when, name = f"the whole log ({first} to {last}, less than {wanted})", "Whole log"
    inside = _window(tx, max(first, start), last)
    ax = plots.canvas(5.6, 4.6)
    if not inside["revenue"].sum() > 0:
        ax.axis("off")
        return View(ax.figure, f"In {when} nobody paid anything, so there is nothing to share out.")

    share, top = pareto.top_share(inside.to_native(), q), percent(q, 0)
    title = f"{name}: the top {top} bring {percent(share)}"
    plots.lorenz_curve(pareto.lorenz(inside.to_native()), top=(q, share), title=title, ax=ax)
    everyone = _window(tx, first, last)
    whole = table(pareto.lorenz(everyone.to_native()))
    x, y = whole["share_of_customers"].to_numpy(), whole["share_of_value"].to_numpy()
    ax.plot(x, y, color=plots.MUTED, linewidth=1, label="whole log")
    ax.legend(loc="upper left", frameon=False, fontsize=9)
    revenue = money(inside["revenue"].sum(), currency, 0)
    sentence = f"In {when} the top {top} of {count(len(inside), 'buyer')} brought {percent(share)} of {revenue}"
    if start > first:
        sentence += f"; in the whole log it is {percent(pareto.top_share(everyone.to_native(), q))}"
    return View(ax.figure, f"{sentence}.")


@dataclass(frozen=True)
class StillOnTop:
    """What became of the best customers of one period in the next; the methods say it in sentences.

    ``customers`` bought in the first period, and only they are ranked in the second, silence being zero. ``missing``
    says why a log cannot carry the comparison; then there are no numbers.
    """

    missing: str = ""
    q: float = 0.20
    first: dt.date | None = None
    split: dt.date | None = None  # first day of the second period
    last: dt.date | None = None
    customers: int = 0
    top: int = 0
    stayed: int = 0  # in the top of both periods
    came_up: int = 0  # in the top of the second period only
    silent: int = 0  # in the first top, no purchase after it
    share_before: float | None = None  # what the top brings of the money of its own period
    share_after: float | None = None  # what the same top brings of the money of the second period
    share_hindsight: float | None = None  # what the top of the second period brings of it
    rest_after: float | None = None  # money of the second period from customers not in the first top
    newcomers: float | None = None  # share of all later money from customers who did not count in the first period

    def turnover(self) -> str:
        """How many of the top are still in it, with a verdict on 'about half of them are not'."""
        if self.missing:
            return self.missing
        left, (low, high), top = 1 - self.stayed / self.top, ABOUT_HALF, percent(self.q, 0)
        before = f"{self.first} to {self.split - dt.timedelta(days=1)}"
        drawn = 1 - (self.stayed + self.came_up) / self.customers
        verdict = self._judged("About half are not", low <= left <= high, f"{percent(low, 0)} to {percent(high, 0)}")
        return (
            f"Top {top} (by count) from {before}: {count(self.top, 'customer')}. Again in the top {top} from "
            f"{self.split} to {self.last}: {number(self.stayed)}. {percent(left)} of this group are not; "
            f"{percent(self.silent / self.top)} of this group bought nothing. Of names drawn at random "
            f"{percent(drawn)} would not be. {verdict}"
        )

    def fallback(self) -> str:
        """Whether the group chosen by one period brings a smaller share of the next."""
        if self.missing:
            return self.missing
        return (
            f"The top {percent(self.q, 0)} (by count) brought {percent(self.share_before)} of the money in the period "
            f"that chose them and {percent(self.share_after)} of what the same customers paid in the next; chosen with "
            f"hindsight, a group of that size would have brought {percent(self.share_hindsight)}. "
            f"{self._judged('The chosen fall back', self.share_after < self.share_before)}"
        )

    def rest(self, currency="") -> str:
        """What it would have cost to serve nobody but the top of the first period."""
        if self.missing:
            return self.missing
        return (
            f"Serving only the top {percent(self.q, 0)} of the first period would have given up "
            f"{money(self.rest_after, currency, 0)} in the second, {percent(1 - self.share_after)} of what these "
            f"customers paid, and {number(self.came_up)} of the {number(self.stayed + self.came_up)} on top by then. "
            f"Whoever did not count in the first period brought {percent(self.newcomers)} of all money of the second."
        )

    def _judged(self, claim, held, taken=""):
        if self.customers < FEW:
            return f"With {count(self.customers, 'customer')} (we ask for {FEW}) there is no verdict on '{claim}'."
        return f"'{claim}'{f' (we take {taken})' if taken else ''} {_verdict(held)} here."


def still_on_top(tx, *, as_of, months=None, q=0.20) -> StillOnTop:
    """Who of the best ``q`` of one period is among the best of the next: halves of the log, or windows of ``months``.

    The top is the best ceil(q * n) by revenue; equal customers are taken in the order of their ids. A customer whose
    refunds exceed the purchases of the second period counts as zero there, and zero is never on top.
    """
    pair = _two_periods(tx, as_of, months)
    if pair.missing:
        return StillOnTop(pair.missing)
    paid, paid_after = pair.both["before"].to_numpy(), pair.both["after"].to_numpy()
    size = whole_customers(q, len(paid))
    chosen, hindsight = _best(paid, size), _best(paid_after, size)
    on_top, total = hindsight & (paid_after > 0), paid_after.sum()
    return StillOnTop(
        q=q, first=pair.first, split=pair.split, last=pair.last, customers=len(paid), top=size,
        stayed=int((chosen & on_top).sum()),
        came_up=int((~chosen & on_top).sum()),
        silent=int((chosen & ~pair.both["bought"].to_numpy()).sum()),
        share_before=float(paid[chosen].sum() / paid.sum()),
        share_after=float(paid_after[chosen].sum() / total),
        share_hindsight=float(paid_after[hindsight].sum() / total),
        rest_after=float(paid_after[~chosen].sum()),
        newcomers=float(1 - total / pair.everybody_after),
    )  # fmt: skip


def later_by_class(tx, *, as_of, months=None, cuts=(0.80, 0.95)):
    """What the ABC classes of one period brought in the next; periods as in `still_on_top`.

    Columns: class (by the first period), customers, bought_again, before, after, share_after (of what they all paid).
    The same kind of table; no rows where the log cannot carry it, which ``still_on_top(...).missing`` explains.

    >>> from crmlib import datasets
    >>> later_by_class(datasets.load("cdnow_sample"), as_of="1998-06-30")[["class", "customers", "bought_again"]]
      class  customers  bought_again
    0     A        900           426
    1     B        800           179
    2     C        649            79
    3     N          8             0
    """
    pair = _two_periods(tx, as_of, months)
    schema = {"class": nw.String, "customers": nw.Int64, "bought_again": nw.Int64}
    schema |= dict.fromkeys(["before", "after", "share_after"], nw.Float64)
    if pair.missing:
        return nw.from_dict({name: [] for name in schema}, schema, backend=table(tx).implementation).to_native()
    classes = table(pareto.abc_classes(pair.both.to_native(), by="before", cuts=cuts)).select("customer", "class")
    both = pair.both.join(classes, on="customer", how="left").with_columns(nw.col("bought").cast(nw.Int64))
    summed = both.group_by("class").agg(
        nw.len().alias("customers"), nw.col("bought").sum().alias("bought_again"), nw.col("before", "after").sum()
    )
    summed = summed.sort("class").with_columns(share_after=nw.col("after") / nw.col("after").sum())
    return nw.maybe_reset_index(summed.select(nw.col(name).cast(kind) for name, kind in schema.items())).to_native()


class _TwoPeriods(NamedTuple):
    """Those who bought in the first period: ``both`` has customer, before, after (money, >= 0), bought (after)."""

    missing: str = ""
    first: dt.date | None = None
    split: dt.date | None = None
    last: dt.date | None = None
    both: Any = None
    everybody_after: float = 0.0


def _two_periods(tx, as_of, months) -> _TwoPeriods:
    first, split, last = _first_day(tx), halfway(tx, as_of=as_of), as_day(as_of)
    if months is not None:
        begin, split = window_start(as_of, 2 * months), window_start(as_of, months)
        if begin < first:
            covered = days((last - first).days + 1)
            return _TwoPeriods(f"The log covers {covered}, too few for two periods of {count(months, 'month')} each.")
        first = begin
    if first == split:
        return _TwoPeriods("The log covers one day, so it has no halves to compare.")
    before = _window(tx, first, split - dt.timedelta(days=1)).select("customer", before="revenue")
    lines = _between(tx, split, last)
    spent = lines.group_by("customer").agg(nw.col("amount").sum().alias("after"))
    later = nw.col("after").round(6)  # as customer_table does: what is paid back leaves no dust
    spent = spent.with_columns(after=nw.when(later > 0).then(later).otherwise(0.0))
    both = before.join(spent, on="customer", how="left").sort("customer").with_columns(nw.col("after").fill_null(0.0))
    if not (both["before"].sum() > 0 and both["after"].sum() > 0):
        return _TwoPeriods(f"No customer paid both before {split} and from then on, so there is nothing to compare.")
    again = lines.filter(nw.col("amount") >= 0)["customer"].unique().to_list()
    both = both.with_columns(bought=nw.col("customer").is_in(again))
    return _TwoPeriods("", first, split, last, both, float(spent["after"].sum()))


def _best(values, size):
    """Which values are among the ``size`` largest; of equal ones the first."""
    best = np.zeros(len(values), dtype=bool)
    best[np.argsort(-values, kind="stable")[:size]] = True
    return best


def _first_day(tx) -> dt.date:
    frame = table(tx, ["customer", "date", "amount"], what="table of transactions")
    return as_day(frame["date"].min(), name="the first date")


def _between(tx, start, end):
    """The lines from the day ``start`` to the day ``end``, wrapped."""
    day = day_number(nw.col("date"))
    return table(tx).filter((day >= start.toordinal()) & (day <= as_day(end).toordinal()))


def _window(tx, start, end):
    """The buyers of the days from ``start`` to ``end`` with what they did there, wrapped; no rows if nobody bought."""
    lines = _between(tx, start, end)
    if not len(lines):
        schema = {"customer": nw.String, "orders": nw.Int64, "revenue": nw.Float64}
        return nw.from_dict({name: [] for name in schema}, schema, backend=lines.implementation)
    return table(buyers(customer_table(lines.to_native(), as_of=end))).select("customer", "orders", "revenue")


def _mean(values):
    return float(values.mean()) if len(values) else None


def _verdict(held) -> str:
    return "held" if held else "did not hold"
