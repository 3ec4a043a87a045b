"""Lens 1: how different customers are within one period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import narwhals as nw

from crmlib import plots
from crmlib.conclusions import carried, few
from crmlib.exhibits.distributions import bins_table, joined
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
from crmlib.groups_shown import drawn
from crmlib.inert import Section
from crmlib.one_period import NO_ORDER
from crmlib.opened import Opened
from crmlib.small_groups import LEAST, is_small, merged
from crmlib.wording import count, number, percent

__all__ = ["CHOSEN", "KEY", "WITHOUT", "Factor", "half_of", "leads", "one_period", "set_apart", "share_once", "tied"]

KEY, HEADING = "one-period", "One period: how different are customers?"
TIE = 1.10  # two leads of the best tenth within 10 % of each other are no order; our convention
WITHOUT = "Profit is amount less cost as the log has the cost: before shipping, service and contacts, unless that cost holds them."
MEASURES = {
    "orders": "orders", "revenue": "revenue", "profit": "profit", "own_order_value": "own revenue an order",
    "own_margin": "own margin",
}  # fmt: skip


def one_period(log: Opened) -> Section:
    """How many and what they bring, how it is spread, who brings most, how few bring half."""
    lens = log.lenses.one_period
    if not carried(lens):
        return refusal(KEY, HEADING, lens)
    view = f"{lens.start} to {lens.end}: {log.lenses.carried['one period'].view}."
    view += f" {WITHOUT}" if lens.money == "profit" else ""
    found = [_factors(log, lens), _spread(log, lens), *([_deciles(log, lens)] if lens.factors[lens.money] > 0 else [])]
    shown = section(KEY, HEADING, view, [*found, *([_slices(log, lens)] if carried(lens.slices) else [])])
    return replace(shown, sheets=tuple(_bins_of(lens, name) for name in lens.distributions if name not in ("orders", lens.money)))


def _bins_of(lens, measure):
    """The bins of a distribution; of those that are not drawn in the workbook only."""
    name = MEASURES[measure]
    return bins_table(lens.distributions[measure], measure=name, caption=f"Customers by {name}")


def _factors(log, lens):
    """Customers x orders x value (x margin), beside the mean of customers' own averages."""
    own = lens.factors
    bought_once = share_once(lens)
    multiplied = (
        f"{number(own['customers'])} customers × {ratio(own['orders_each'])} orders × {log.money(own['order_value'])}"
    )
    title = f"{multiplied} an order make {log.round_money(own['revenue'])}"
    averages = {row["measure"]: row for row in rows_of(lens.averages)}
    mean = averages["own_order_value"]["mean"]
    said = f"{percent(bought_once)} of them ordered once in the period. "
    if mean:
        said += (
            f"The value of an order is all revenue over all orders, {log.money(own['order_value'])}; the mean of customers’ own "
            f"averages is {log.money(mean)}, another number, which counts a single order as much as fifty."
        )
    columns = [Column("what", "what", text), Column("value", "value", written)]
    rows = [
        ("customers who bought", number(own["customers"])), ("orders", number(own["orders"])),
        ("orders a customer", ratio(own["orders_each"])), ("revenue an order", log.money(own["order_value"])),
        ("revenue", log.money(own["revenue"])), ("revenue a customer", log.money(own["revenue_each"])),
    ]  # fmt: skip
    if "profit" in own:
        rows += [("margin (profit / revenue)", percent(own["margin"])), ("profit", log.money(own["profit"])),
                 ("profit a customer", log.money(own["profit_each"]))]  # fmt: skip
    factors = tabled([{"what": what, "value": value} for what, value in rows], columns, caption="Ratios of totals")
    bins = joined(lens.distributions["orders"])
    chart = plots.distribution_bars(bins, measure="orders in the period", ax=plots.canvas(height=3.0))
    return exhibit(
        "factors", title, chart=chart, shows=f"Share of the customers by number of orders: {_bins(bins)}.", so_what=said,
        tables=[factors, _bins_of(lens, "orders")],
    )  # fmt: skip


def share_once(lens) -> float:
    """Of the customers of the period, those with one order in it."""
    rows = rows_of(lens.distributions["orders"])
    return sum(
        row["share_of_customers"] for row in rows if row["low"] is not None and row["low"] <= 1 < (row["high"] or 0)
    )


def _bins(bins, most=6):
    """The largest bins in words, for those who do not see the chart."""
    rows = sorted(rows_of(bins), key=lambda row: -row["share_of_customers"])[:most]
    return ", ".join(f"{row['bin']} {percent(row['share_of_customers'])}" for row in rows)


def _spread(log, lens):
    """The distribution of money: how many are below the mean, how many lose money."""
    averages = {row["measure"]: row for row in rows_of(lens.averages)}
    found, bins = averages[lens.money], joined(lens.distributions[lens.money])
    title = (
        f"{percent(found['share_below_mean'])} of customers bring less {lens.money} than the mean of {log.money(found['mean'])}; "
        f"half bring less than {log.money(found['median'])}"
    )
    said = "Plan with the groups and not with the mean: nearly nobody is the average customer."
    if abs(found["mean"] - found["median"]) <= 0.05 * abs(found["mean"]):
        said = "Mean and median lie close together, which is unusual: check whether the log was filtered or capped."
    chart = plots.distribution_bars(
        bins, measure=f"{lens.money} of a customer{f', {log.currency}' if log.currency else ''}", mean=found["mean"],
        ax=plots.canvas(height=3.2),
    )  # fmt: skip
    measured = [row | {"measure": MEASURES[row["measure"]]} for row in averages.values()]
    each = lens.factors[f"{lens.money}_each"]
    if log.money(each) != log.money(found["mean"]):
        said += (
            f" The mean here, {log.money(found['mean'])}, is of those who bought; the {log.money(each)} a customer above is all "
            f"{lens.money} over the same customers, and counts the refunds of people who bought nothing in the period too."
        )
    columns = [Column("measure", "measure of a customer", text), Column("customers", "customers"),
               Column("mean", "mean", ratio), Column("median", "median", ratio),
               Column("share_below_mean", "below the mean", percent)]  # fmt: skip
    return exhibit(
        "spread", title, chart=chart, shows=f"Share of the customers by {lens.money}: {_bins(bins)}.", so_what=said,
        tables=[tabled(measured, columns, caption="Each customer counts once"), _bins_of(lens, lens.money)],
    )  # fmt: skip


def _deciles(log, lens):
    """Ten equal groups of customers, best first."""
    rows = rows_of(lens.deciles)
    best, share = rows[0], f"share_of_{lens.money}"
    factors = leads(rows)
    title = f"The best tenth of customers bring {percent(best[share])} of {lens.money}"
    said = f"They are ahead of the others {set_apart(log, factors)}. {CHOSEN} " if factors else ""
    said += f"Protect what brings these {number(best['customers'])} back."
    last = rows[9]
    if last[lens.money] < 0:
        said += f" The last tenth cost {log.round_money(-last[lens.money])} more than they bring: look at what was sold to them."
    if rows[-1]["decile"] == NO_ORDER:
        people = nw.from_native(lens.people)
        said += (
            f" “{NO_ORDER}” is no tenth: it holds the refunds of {few(len(people.filter(~nw.col('bought'))), 'person', start=False)} "
            "who bought before the period and nothing in it, and so count as no customers of it."
        )
    summed = ["orders", "revenue", *(["profit"] if lens.money == "profit" else [])]
    rows = merged(rows, label="decile", sums=[*summed, *(f"share_of_{name}" for name in summed)])
    columns = [Column("decile", "decile", text), Column("customers", "customers"),
               Column("share_of_orders", "of orders", percent), Column("share_of_revenue", "of revenue", percent)]  # fmt: skip
    if lens.money == "profit":
        columns += [Column("share_of_profit", "of profit", percent), Column("profit_each", "profit each", log.money)]
    else:
        columns += [Column("revenue_each", "revenue each", log.money)]
    columns += [Column("orders_each", "orders each", ratio), Column("order_value", "revenue an order", log.money)]
    columns += [Column("margin", "margin", percent)] if lens.money == "profit" else []
    tenths = nw.from_native(lens.deciles).filter(nw.col("decile") != NO_ORDER).to_native()
    chart = plots.decile_bars(tenths, value=lens.money, ax=plots.canvas(height=3.2))
    shares = ", ".join(f"{row['decile']}: {percent(row[share])}" for row in rows if row[share] is not None)
    return exhibit(
        "deciles", title, chart=chart, shows=f"Share of {lens.money} by tenth of the customers, best first: {shares}.",
        so_what=said, tables=[tabled(rows, columns, caption=f"Customers in ten equal groups by {lens.money}")],
    )  # fmt: skip


CHOSEN = (
    "The tenth is chosen by what it brought, so this describes it and does not show what to teach the others: look first whether they "
    "are another kind of customer."
)


class Factor(NamedTuple):
    """What one group of customers does more than another: the factor in words, both values, how they are written."""

    words: str
    best: float
    others: float
    write: Callable

    @property
    def lead(self) -> float:
        return self.best / self.others


def leads(rows) -> list[Factor]:
    """Orders a customer, revenue an order and margin of the best decile against all others, the largest lead first.

    The factors multiply to the money of a customer, so the largest ratio explains most of the gap. Those that one of both
    has not, or not above zero, are left out.
    """
    best = rows[0]
    others = {name: sum(row[name] for row in rows[1:] if row["customers"]) for name in _SUMMED if name in best}
    factors = [Factor("how often they order", best["orders_each"], _over(others, "orders", "customers"), lambda _: ratio),
               Factor("the value of an order", best["order_value"], _over(others, "revenue", "orders"), lambda log: log.money)]  # fmt: skip
    if "profit" in best:
        factors.append(Factor("their margin", best["margin"], _over(others, "profit", "revenue"), lambda _: percent))
    known = [factor for factor in factors if factor.best and factor.others and factor.others > 0]
    return sorted(known, key=lambda factor: -factor.lead)


def tied(factors) -> bool:
    """Whether the largest two leads are so near to each other that neither is the first."""
    return len(factors) > 1 and factors[0].lead <= TIE * factors[1].lead


def set_apart(log, factors) -> str:
    """The largest two leads in words, or that they are a tie."""
    shown = [
        f"in {one.words}, {ratio(one.lead)} times ({one.write(log)(one.best)} against {one.write(log)(one.others)})" for one in factors[:2]
    ]
    if tied(factors):
        return f"{shown[0]}, and {shown[1]}: within {percent(TIE - 1, 0)} of each other, which we call a tie"
    return f"most {', then '.join(shown)}"


_SUMMED = ("customers", "orders", "revenue", "profit")


def _over(sums, above, below):
    return sums[above] / sums[below] if sums.get(below) else None


def half_of(lens) -> tuple[int, float]:
    """How many customers bring the first half of the money, and which share of all they are."""
    rows = rows_of(lens.slices)[: len(rows_of(lens.slices)) // 2]
    return sum(row["customers"] for row in rows), sum(row["share_of_customers"] for row in rows)


def _slices(log, lens):
    """Ten equal slices of the money: in how few hands it is."""
    rows = rows_of(lens.slices)
    n, share = half_of(lens)
    who = f"fewer than {LEAST} customers" if is_small(n) else f"{count(n, 'customer')} ({percent(share)})"
    title = f"Half of the {lens.money} comes from {who}"
    said = (
        "Know them by name and see that each has somebody who notices when they go quiet."
        if share < 0.05
        else "That is a group to serve in its own way: too many to know by name, too valuable to treat like all."
        if share < 0.25
        else "The money is spread widely: what serves most customers well matters more than care for a few."
    )
    steps = merged(rows, label="slice", sums=["share_of_customers", lens.money, f"share_of_{lens.money}"])
    columns = [Column("slice", "slice", text), Column("customers", "customers"),
               Column("share_of_customers", "of customers", percent), Column(lens.money, lens.money, log.whole)]  # fmt: skip
    caption = f"Ten equal slices of {lens.money}, the best customers first"
    chart = plots.value_bars(
        _drawn(steps), label="slice", value="customers", x=f"slice of a tenth of the {lens.money}, the best customers first",
        ax=plots.canvas(height=2.4),
    )  # fmt: skip
    bars = ", ".join(f"{row['slice']}: {number(row['customers'])}" for row in steps)
    return exhibit(
        "half", title, chart=chart, shows=f"Customers in each tenth of the {lens.money}, the best first: {bars}.", so_what=said,
        tables=[tabled(steps, columns, caption=caption)],
    )  # fmt: skip


def _drawn(steps):
    """The slices as a table, with short names for those that are merged."""
    return drawn([{"slice": str(row["slice"]).split(" (")[0], "customers": row["customers"]} for row in steps])
