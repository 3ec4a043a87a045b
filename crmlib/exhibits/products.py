"""The lens of products: which are bought by many, which together, which open good relationships."""

from __future__ import annotations

from typing import NamedTuple

from crmlib import plots
from crmlib.conclusions import carried
from crmlib.exhibits.parts import Column, exhibit, ratio, refusal, section, tabled, text, written
from crmlib.frames import rows_of
from crmlib.groups_shown import drawn, or_hidden, share_shown
from crmlib.inert import Section
from crmlib.lenses import ENTRY_DAYS
from crmlib.opened import Opened
from crmlib.products import index_interval
from crmlib.small_groups import HIDDEN, LEAST, is_small, merged
from crmlib.wording import count, number, percent

__all__ = ["ENOUGH", "KEY", "Door", "best_entry", "products", "quoted"]

KEY, HEADING = "products", "Products: what opens good relationships?"
ENOUGH = 30  # customers who began with a product, below which its index says little; our convention
WEEKS_SHOWN = (0, 13, 26, 52)
MOST = 20  # products in a table; the others are summed


def products(log: Opened) -> Section:
    """What most customers buy, what goes together, what good customers began with."""
    lens = log.lenses.products
    if not carried(lens):
        return refusal(KEY, HEADING, lens)
    found = [_penetration(log, lens), _together(log, lens)]
    found += [_entry(log, lens)] if carried(lens.entry) else []
    return section(KEY, HEADING, f"{lens.start} to {lens.end}; money is {lens.money}.", found)


class Door(NamedTuple):
    """The product that the best customers began with: its row of `products.entry_products`, the 95 % interval of its index
    as the best of ``among`` products, and whether that lies above the mean."""

    row: dict
    low: float
    high: float
    among: int
    stands_out: bool


def best_entry(lens) -> Door | None:
    """The best of the products that enough customers began with; None without two such products.

    The best of many seems better than it is, so its interval has the level of 5 % / products (Bonferroni).
    """
    rows = [row for row in rows_of(lens.entry) if row["customers"] >= ENOUGH and row["index_se"] is not None]
    if len(rows) < 2:
        return None
    best = max(rows, key=lambda row: row["index"])
    low, high = index_interval(best, among=len(rows))
    return Door(best, low, high, len(rows), low > 1)


def first_basket(door) -> str:
    """What to say of a best opener whose lead is gone after the first day, or of which nothing came later; else nothing."""
    return ", so that its lead is the first basket" if door.row["index"] > 1 >= (door.row["later_index"] or 0) else ""


def of_hundred(door) -> str:
    """The interval of a door, all customers at 100."""
    return f"95 % interval as the best of {door.among}: {number(100 * door.low)} to {number(100 * door.high)}"


def _penetration(log, lens):
    rows = rows_of(lens.by_product)
    summed = ["revenue", "share_of_revenue", *(["profit"] if lens.money == "profit" else []), "orders"]
    apart = merged(rows, label="product", sums=summed)
    plain = [row for row in apart if row["penetration"] is not None]  # the others are of a few buyers each
    title = f"No product stands alone with {LEAST} buyers"
    if plain:
        widest, richest = max(plain, key=lambda row: row["customers"]), plain[0]
        among = "" if richest["product"] == rows[0]["product"] else f" of those with {LEAST} buyers or more"
        title = f"{percent(widest['penetration'])} of customers buy {quoted(widest)}; {quoted(richest)} brings most revenue{among} ({percent(richest['share_of_revenue'])})"
    alone = [row for row in plain if row["customers"] >= ENOUGH and not is_small(row["sole_customers"])]
    sole = max(alone, key=lambda row: row["sole_share"] or 0, default=None)
    said = (
        "A product that many buy is a door for others; one that brings much from few is a risk if those few go quiet."
    )
    if sole and sole["sole_share"]:
        share = or_hidden(percent)(share_shown(sole["sole_customers"], sole["customers"]))
        said += f" Most on their own stand the buyers of {quoted(sole)}: {share} of them buy nothing else."
    if carried(lens.basket):
        one = rows_of(lens.basket)[0]
        said += (
            f" An order of {log.money(one['order_value'])} holds {ratio(one['products_each_order'])} different products and of each "
            f"{ratio(one['units_each'])} units, at {log.money(one['price'])} a unit."
        )
    shown = [row | {"sole_share": share_shown(row["sole_customers"], row["customers"])} for row in _cut(apart, summed)]
    columns = [Column("product", "product", text), Column("customers", "customers"), Column("penetration", "penetration", percent),
               Column("sole_share", "buy only this", or_hidden(percent)), Column("orders_each", "orders each", ratio),
               Column("order_value", "revenue an order", log.money), Column("revenue", "revenue", log.whole),
               Column("share_of_revenue", "of revenue", percent)]  # fmt: skip
    columns += [Column("margin", "margin", percent)] if lens.money == "profit" else []
    caption = "A customer and an order can have several products, so only money adds up"
    chart = plots.product_points(
        drawn([row for row in shown if row["customers"]]), currency=log.currency, ax=plots.canvas(height=4.0)
    )
    return exhibit(
        "penetration", title, chart=chart, so_what=said,
        tables=[tabled(shown, columns, caption=caption), *([_ever_bought(lens)] if carried(lens.ever_bought) else [])],
        shows="Each product by the share of customers who buy it and the revenue an order: "
        + ", ".join(f"{row['product']} {percent(row['penetration'])} and {log.money(row['order_value'])}" for row in plain[:5]) + ".",
    )  # fmt: skip


def _ever_bought(lens):
    """Of customers watched for a year, who had ever bought the products with most buyers, by weeks since the first purchase."""
    rows = {}
    for row in rows_of(lens.ever_bought):
        if row["weeks"] in WEEKS_SHOWN:
            own = rows.setdefault(row["product"], {"product": row["product"]})
            own[row["weeks"]] = share_shown(row["bought"], row["customers"])
    columns = [Column("product", "ever bought", text)]
    columns += [
        Column(weeks, f"within {weeks} weeks" if weeks else "on the first day", or_hidden(percent))
        for weeks in WEEKS_SHOWN
    ]
    return tabled(
        rows.values(), columns, caption="Products with most buyers, by weeks since each one’s own first purchase"
    )


def quoted(row):
    """The name of a product, which may be anything, in a sentence."""
    return f"“{row['product']}”"


def _cut(rows, summed):
    """The first products, and the others, two or more that are not small any longer, as one row."""
    if len(rows) <= MOST + 1:
        return rows
    rest = dict.fromkeys(rows[0]) | {name: sum(row[name] or 0 for row in rows[MOST:]) for name in summed}
    return [*rows[:MOST], rest | {"product": "all others", "customers": None}]


def _together(log, lens):
    """Duplication of purchase: who buys one also buys another."""
    rows = [row for row in rows_of(lens.duplication) if row["both"] >= LEAST]
    if not rows:
        return exhibit(
            "together", "No two products have five buyers in common", so_what="There is no pair to offer together."
        )
    buyers = {row["product"]: row["customers"] for row in rows_of(lens.by_product)}
    rows = sorted(rows, key=lambda row: (-row["times"], -row["share"]))
    rows = list({frozenset((row["product"], row["also"])): row for row in reversed(rows)}.values())[::-1]  # a pair once
    tells = lambda row: any(is_small(buyers[row[name]] - row["both"]) for name in ("product", "also"))  # noqa: E731
    known = [
        row for row in rows if not tells(row)
    ]  # who of the buyers of one did not buy the other are some, and not few
    if not known:
        said = "Where they have, fewer than five buyers of the one did not buy the other, so the pairs are not told."
        return exhibit(
            "together", "No two products can be compared by the buyers that they have in common", so_what=said
        )
    most = known[0]
    title = (
        f"Buyers of “{most['product']}” buy “{most['also']}” {ratio(most['times'])} times as often as all customers do "
        f"({percent(most['share'])})"
    )
    typical = sorted(row["times"] for row in known)[len(known) // 2]
    rows = [row | {"both": HIDDEN, "share": HIDDEN, "times": HIDDEN} if tells(row) else row for row in rows[:10]]
    said = (
        f"The typical pair stands at {ratio(typical)} times. If all pairs stood near one number, sharing of buyers would follow from "
        "how many each product has; the pairs far above it go together and are the first to offer to the buyers of one."
    )
    columns = [Column("product", "buyers of", text), Column("also", "also buy", text), Column("customers", "buyers"),
               Column("both", "of them, both", or_hidden(number)), Column("share", "share", or_hidden(percent)),
               Column("penetration", "of all customers", percent), Column("times", "times", or_hidden(ratio))]  # fmt: skip
    short = lambda name: name if len(name := str(name)) <= 22 else f"{name[:21]}…"  # noqa: E731  two of them stand in a row
    bars = [
        {"pair": f"{short(row['product'])} + {short(row['also'])}", "customers": row["both"], "index": row["times"]}
        for row in known[:6]
    ]
    chart = plots.entry_index(
        drawn(bars),
        label="pair",
        x="buyers in common, by chance = 100",
        what="pair (buyers of both)",
        ax=plots.canvas(height=2.8),
    )
    points = "; ".join(f"{row['pair']} {number(100 * row['index'])}" for row in bars)
    return exhibit(
        "together", title, chart=chart, so_what=said,
        shows=f"The pairs farthest above chance, which is 100: {points}.",
        tables=[tabled(rows, columns, caption="The ten pairs farthest above chance")],
    )  # fmt: skip


def _reach(row):
    """The 95 % interval of an index by itself: its ends, and in words."""
    if row["index"] is None or row["index_se"] is None or row["customers"] < ENOUGH:
        return {"low": None, "high": None, "interval": "–"}
    low, high = index_interval(row)
    return {"low": low, "high": high, "interval": f"{number(100 * low)} to {number(100 * high)}"}


def no_index(lens) -> tuple[str, str]:
    """Why no product can be said to open better relationships than another, and what would mend it."""
    if sum(row["customers"] >= ENOUGH for row in rows_of(lens.entry)) >= 2:
        return (
            f"All customers together brought no {lens.money} above zero in their first year, so that there is nothing to measure products by.",
            f"a log in which {lens.money} is above zero",
        )
    return (
        f"No two products opened the relationship of {ENOUGH} customers each who were watched for {ENTRY_DAYS} days.",
        "more customers or a longer log",
    )


def _entry(log, lens):
    """The first product against the value of the first year."""
    best = best_entry(lens)
    rows = rows_of(lens.entry)
    everybody = sum(row["customers"] for row in rows)
    if best is None:
        why, mends = no_index(lens)
        title, said = why.rstrip("."), f"To compare what they began with takes {mends}."
    else:
        title = f"Customers who began with {quoted(best.row)} bring {number(100 * best.row['index'])} in their first year where all bring 100"
        later = best.row["later_index"]
        worst = min((row for row in rows if row["customers"] >= ENOUGH), key=lambda row: row["index"])
        said = f"{of_hundred(best)}. Those who began with {quoted(worst)} bring {number(100 * worst['index'])}. "
        if later is not None:
            said += f"After the first day they bring {number(100 * later)} where all bring 100{first_basket(best)}. "
        said += (
            "Who begins with what differs in more than the product, so it is no cause: offer the one to half of the next new "
            "customers by lot before you count on it."
            if best.stands_out
            else "The best is not told apart from chance, so steer nobody towards it for what they bring later."
        )
    money = f"{lens.money}_each"
    shown = _cut(merged(rows, label="product", sums=["share_of_customers"]), ["share_of_customers"])
    shown = [row | _reach(row) for row in shown]
    columns = [Column("product", "first product", text), Column("customers", "customers"),
               Column("share_of_customers", "share", percent), Column("orders_each", "orders in the year", ratio),
               Column(money, f"{lens.money} in the year", log.money),
               Column("index", "index", lambda value: number(None if value is None else 100 * value)),
               Column("interval", "95 % interval", written),
               Column("later_index", "index after day 1", lambda value: number(None if value is None else 100 * value))]  # fmt: skip
    chart = None
    known = [row for row in shown if row["index"] is not None and row["customers"] >= ENOUGH]
    if best is not None:
        chart = plots.entry_index(
            drawn(known),
            x="value a customer at equal age, mean of all = 100; line: 95 % interval",
            ax=plots.canvas(height=1.2 + 0.32 * len(known)),
        )
    return exhibit(
        "entry", title, chart=chart, so_what=said,
        shows="Index of the first year's value by first product, all customers at 100: "
        + ", ".join(f"{row['product']} {number(100 * row['index'])}" for row in known[:6]) + ".",
        tables=[tabled(shown, columns, caption=f"{count(everybody, 'customer')} watched for {ENTRY_DAYS} days, by the product with the most money on their first day")],
    )  # fmt: skip
