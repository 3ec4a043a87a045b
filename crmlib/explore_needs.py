"""Needs and offers turned and tested: the tables of the lesson, the explorer's callback, verdicts, the score.

A log of purchases says what people bought, and not what they want; so the lesson needs tables that were asked for. Where
a data set has the truth that was planted in it, what was found is scored against it; elsewhere one sentence says why not.
Tables are pandas, because lessons read them with pandas.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from crmlib import datasets, needs_value
from crmlib.errors import DataError
from crmlib.explorers import View
from crmlib.frames import as_day
from crmlib.need_groups import need_groups
from crmlib.wording import count, money, number, percent, several

__all__ = [
    "Wanted", "adjusted_rand", "classes_scored", "group_prices", "groups_say", "groups_scored", "hidden_say", "links_scored",
    "modes_by_knobs", "prices_say", "two_thirds_say", "wanted",
]  # fmt: skip

TABLES = ("kano", "needs", "laddering")
INSTEAD = "lighthouse"


class Wanted(NamedTuple):
    """The tables of the lesson: ``said`` is empty, or why another data set is read; ``unscored`` the same for the truth.

    ``values`` has customer and revenue (net, up to ``as_of``, those below 0 left out); ``planted`` the tables need_groups,
    kano_classes and chains, or is empty.
    """

    said: str
    data: str
    as_of: str
    currency: str
    kano: Any
    needs: Any
    laddering: Any
    values: Any
    planted: dict
    unscored: str


def wanted(data, *, as_of="", currency="", **options) -> Wanted:
    """The tables of a data set on what customers want; of `INSTEAD` where it has none, and ``said`` says so.

    ``options`` are those of `datasets.admit_log`. Raises `DataError` for data that cannot be read at all.
    """
    log = datasets.admit_log(data, **options).transactions
    said = ""
    try:
        kano_pairs, needs, ladders = (datasets.load(data, name) for name in TABLES)
    except DataError:
        said = (
            f"A log of purchases says what people bought, not what they want: this one has no tables {several(TABLES)}. "
            f"From here on {INSTEAD} is read."
        )
        data, as_of, currency = INSTEAD, "", "€"
        log = datasets.admit_log(data).transactions
        kano_pairs, needs, ladders = (datasets.load(data, name) for name in TABLES)
    as_of = as_of or f"{log['date'].max():%Y-%m-%d}"
    inside = log[log["date"].dt.date <= as_day(as_of)]
    values = inside.groupby("customer")["amount"].sum().round(2).reset_index(name="revenue")
    values = values[values["revenue"] >= 0].reset_index(drop=True)
    planted, unscored = {}, ""
    try:
        folder = datasets.truth(data)
        planted = {name: datasets.load(folder, name) for name in ("need_groups", "kano_classes", "chains")}
    except DataError as error:
        unscored = f"What is found cannot be scored here. {error}"
    return Wanted(said, str(data), as_of, currency, kano_pairs, needs, ladders, values, planted, unscored)


# the explorer


def modes_by_knobs(needs, values, *, groups, skew_cut, diversity_cut) -> View:
    """The explorer's callback: all customers and ``groups`` groups in the matrix of marketing modes, and a sentence.

    The figure is outside pyplot, so that two moves of a slider that overlap share nothing.
    """
    from crmlib import plots

    found = need_groups(needs, groups=groups)
    cuts = {"skew_cut": skew_cut, "diversity_cut": diversity_cut}
    ax = plots.canvas(6.6, 4.4)
    try:
        modes = needs_value.modes(found, values, **cuts)
    except DataError as error:
        ax.axis("off")
        return View(ax.figure, f"With {count(groups, 'group')} nothing can be placed. {error}")
    whole, inside = modes.iloc[0], modes.iloc[1:]
    title = f"{count(groups, 'group')}, cuts {diversity_cut:.2f} and {skew_cut:.2f}: {whole['mode']}"
    plots.mode_matrix(modes, **cuts, title=title, ax=ax)
    names = [mode.name for mode in needs_value.MODES if mode.name in set(inside["mode"])]
    how_many = [f"{number((inside['mode'] == name).sum())} {name}" for name in names]
    fit = dict(found.silhouettes).get(groups)
    sentence = (
        f"All customers together call for {whole['mode']}: needs differ by {whole['diversity']:.2f} (cut "
        f"{diversity_cut:.2f}), values by {whole['skew']:.2f} (cut {skew_cut:.2f}). Of {count(groups, 'group')}: "
        f"{several(how_many)}"
    )
    return View(ax.figure, f"{sentence}{f'; silhouette {fit:.2f}' if fit is not None else ''}.")


# verdicts


def groups_say(found, chance) -> str:
    """Whether needs differ: one sentence on `need_groups` and the silhouettes of shuffled answers."""
    best, shuffled = max(one for _, one in found.silhouettes), max(chance)
    held = best > shuffled and found.number > 1
    return (
        f"'Customers want different things' {'held' if held else 'did not hold'} here: the best silhouette is {best:.2f}, "
        f"that of {number(len(chance))} tables of shuffled answers {shuffled:.2f} at most. {found.said}"
    )


def hidden_say(overall, by_group) -> str:
    """What the mean over all hides: in how many features a group has a category that all together do not have."""
    of_all = overall.set_index("feature")["category"]
    differ = by_group[by_group["category"].to_numpy() != of_all.loc[by_group["feature"]].to_numpy()]
    features = by_group["feature"].nunique()
    same = features - differ["feature"].nunique()
    groups = by_group["group"].nunique()
    verdict = "held" if same == features else "did not hold"
    return (
        f"'A feature is must-be, one-dimensional or attractive' for everybody {verdict}: {number(same)} of "
        f"{count(features, 'feature')} have one category in all of {count(groups, 'group')}, and {percent(len(differ) / len(by_group))} "
        f"of the cells have another category than all customers together."
    )


def two_thirds_say(drawn, every, planted) -> str:
    """Whether the map that leaves two thirds of the mentions has all links that ``planted`` chains have."""
    if not planted:
        return "Whether links are missing from it, nobody can say who does not know the truth."
    links, found = _chain_links(planted["chains"]), _pairs(drawn)
    missing, could = links - found, links & _pairs(every)
    verdict = "did not hold" if missing else "held"
    return (
        f"'The cut-off that leaves two thirds of the mentions leaves the chains' {verdict}: {number(len(links - missing))} of "
        f"{number(len(links))} planted links are drawn, and {count(len(found - links), 'link')} that nobody planted. The interviews have "
        f"{number(len(could))} of them at least once."
    )


class GroupPrices(NamedTuple):
    """By name ("all", then each group) the table of `needs_value.demand`, and the best prices: group, price, profit, buyers."""

    tables: dict
    best: Any
    one_price: float  # profit at the best price for all
    own_prices: float  # profit if each group has its own best price, and nobody can take that of another group


def group_prices(grouped, *, cost) -> GroupPrices:
    """Demand at each price of all customers and of each group of a table with ``group``, ``price`` and ``how_many``."""
    import pandas as pd

    tables = {"all": needs_value.demand(grouped, cost=cost)}
    for name, members in grouped.groupby("group", sort=True):
        tables[f"group {name}"] = needs_value.demand(members, cost=cost)
    rows = [(name, *table.loc[table["best"], ["price", "profit", "buyers"]].iloc[0]) for name, table in tables.items()]
    best = pd.DataFrame(rows, columns=["group", "price", "profit", "buyers"]).astype({"buyers": int})
    return GroupPrices(tables, best, float(best["profit"][0]), float(np.maximum(best["profit"][1:], 0).sum()))


def prices_say(prices, currency="") -> str:
    """What own prices add to one price for all, in one sentence on `group_prices`."""
    low, high = prices.best["price"][1:].min(), prices.best["price"][1:].max()
    more = prices.own_prices / prices.one_price - 1 if prices.one_price > 0 else float("nan")
    gain = f"{percent(more)} more" if np.isfinite(more) else "more"
    return (
        f"One price of {money(prices.best['price'][0], currency)} would bring {money(prices.one_price, currency, 0)} a month from "
        f"those who were asked; prices from {money(low, currency)} to {money(high, currency)}, one a group, {gain}, if nobody took "
        f"the price of another group."
    )


# the score


def adjusted_rand(one, other) -> float:
    """How far two groupings of the same customers agree beyond chance: 1 the same, 0 as by chance (Hubert & Arabie 1985)."""
    import pandas as pd

    both = pd.crosstab(np.asarray(one), np.asarray(other)).to_numpy()
    cells, rows, columns, whole = (
        float((counts * (counts - 1) / 2).sum()) for counts in (both, both.sum(axis=1), both.sum(axis=0), both.sum())
    )
    expected = rows * columns / whole if whole else 0.0
    largest = (rows + columns) / 2
    return 1.0 if largest == expected else (cells - expected) / (largest - expected)


def named_groups(grouped, planted):
    """The planted group that most customers of each group found are of: a Series by group."""
    both = grouped[["customer", "group"]].merge(planted["need_groups"], on="customer")
    return both.groupby("group")["need_group"].agg(lambda names: names.mode().iloc[0])


def groups_scored(wanted, grouped) -> str:
    """How well the groups are those that were planted, or why that cannot be said."""
    if not wanted.planted:
        return wanted.unscored
    both = grouped[["customer", "group"]].merge(wanted.planted["need_groups"], on="customer")
    names = named_groups(grouped, wanted.planted)
    right = (both["group"].map(names) == both["need_group"]).mean()
    planted = both["need_group"].nunique()
    return (
        f"Planted are {count(planted, 'group')}, found {number(grouped['group'].nunique())}; {percent(right)} of the customers are with "
        f"most of their planted group (adjusted Rand index {adjusted_rand(both['group'], both['need_group']):.2f}, 1 is perfect)."
    )


def classes_scored(wanted, grouped, by_group) -> str:
    """How many Kano classes by group are those that were planted, clear or not, or why that cannot be said."""
    if not wanted.planted:
        return wanted.unscored
    named = by_group.assign(need_group=by_group["group"].map(named_groups(grouped, wanted.planted)))
    both = named.merge(wanted.planted["kano_classes"], on=["need_group", "feature"], suffixes=("", "_planted"))
    right = both["category"] == both["category_planted"]
    clear = both["clear"]
    return (
        f"{number(right.sum())} of {count(len(right), 'class', 'classes')} are those that were planted: {number((right & clear).sum())} of "
        f"{number(clear.sum())} with a clear mode, {number((right & ~clear).sum())} of {number((~clear).sum())} without one."
    )


def links_scored(wanted, drawn) -> str:
    """How many planted links a map has, and how many others, or why that cannot be said."""
    if not wanted.planted:
        return wanted.unscored
    links, found = _chain_links(wanted.planted["chains"]), _pairs(drawn)
    return f"{number(len(links & found))} of {number(len(links))} planted links are drawn, and {number(len(found - links))} others."


def _chain_links(chains):
    ordered = chains.sort_values(["chain", "step"])
    after = ordered.groupby("chain")["element"].shift(-1)
    return set(zip(ordered["element"][after.notna()], after[after.notna()], strict=True))


def _pairs(links):
    return set(zip(links["from"], links["to"], strict=True))
