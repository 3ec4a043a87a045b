"""What is in each order: products, quantities, prices, discounts, costs; and what came back."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.company.people import days, ids, years
from crmlib.company.purchasing import History

__all__ = ["baskets", "catalogue"]


def catalogue(parameters: dict) -> pd.DataFrame:
    """The table products."""
    table = pd.DataFrame(parameters["catalogue"]["products"], columns=["name", "category", "price", "cost", "launched"])
    table.insert(0, "product", ids("P", len(table), 2))
    return table.assign(launched=pd.to_datetime(table["launched"]))


def baskets(parameters, rng, customers, products, history: History) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables orders and transactions; orders keep the order of the history."""
    first, last = days(parameters)
    orders = history.orders
    who = orders["customer"].to_numpy()
    order = ids("O", len(orders), 6)
    business = (customers["kind"] == "business").to_numpy()[who]
    discount = _discounts(parameters, rng, customers, who, business)
    lines = _lines(parameters, rng, customers, products, history, business, first)
    lines = lines.sort_values(["at", "product"], kind="stable", ignore_index=True)
    at = lines["at"].to_numpy()
    price, cost = (products[name].to_numpy()[lines["product"]] for name in ("price", "cost"))
    lines["amount"] = np.round(price * lines["quantity"] * (1 - discount[at]), 2)
    lines["day"] = orders["day"].to_numpy()[at]
    rise = (1 + parameters["circumstances"]["costs"]) ** years(parameters, lines["day"])
    lines["cost"] = np.round(cost * lines["quantity"] * rise, 2)
    back = _returns(parameters, rng, lines, (last - first).days)
    both = pd.concat([lines, back], ignore_index=True).sort_values(["day", "at"], kind="stable", ignore_index=True)
    at, customer = both["at"].to_numpy(), customers["customer"].to_numpy()
    transactions = pd.DataFrame(
        {
            "order": order[at],
            "customer": customer[who[at]],
            "date": first + pd.to_timedelta(both["day"], unit="D"),
            "product": products["product"].to_numpy()[both["product"]],
            "quantity": both["quantity"].astype("int64"),
            "amount": both["amount"],
            "cost": both["cost"],
        }
    )
    pieces = np.bincount(lines["at"], lines["quantity"], len(orders))
    table = pd.DataFrame(
        {
            "order": order,
            "customer": customer[who],
            "date": first + pd.to_timedelta(orders["day"], unit="D"),
            "channel": np.where(business, _channel(rng, len(who), _BUSINESS), _channel(rng, len(who), _CONSUMER)),
            "discount": discount,
            "shipping": np.round(2.9 + 0.35 * pieces, 2),
            "delivered": orders["delivered"].astype("int64"),
        }
    )
    return table, transactions


_CONSUMER = {"web": 0.70, "store": 0.24, "phone": 0.06}
_BUSINESS = {"web": 0.40, "phone": 0.25, "field": 0.35}


def _channel(rng, n, shares):
    return rng.choice(np.array([*shares], dtype=object), n, p=[*shares.values()])


def _discounts(parameters, rng, customers, who, business):
    """Consumers: promotions, for those who look at prices; businesses: what their size presses out."""
    p, press = parameters["buying"], parameters["claims"]["middle_most_profitable"]
    attitude = customers["price_attitude"].astype("float").fillna(3).to_numpy()[who]
    on_promotion = rng.random(len(who)) < p["promotion"] * (attitude - 1) / 2
    promoted = np.where(on_promotion, rng.choice([0.1, 0.15, 0.2], len(who)), 0.0)
    size = customers["size"].map(p["business_discount"]).astype("float").to_numpy()[who]
    even = np.mean([*p["business_discount"].values()])  # where size presses nothing, all get the same
    return np.where(business, np.round(press * size + (1 - press) * even, 3), promoted)


def _lines(parameters, rng, customers, products, history, business, first):
    """Lines of all orders: the coffee, sometimes more coffee, something for it, or a machine."""
    p, n = parameters["buying"], len(history.orders)
    who, day = history.orders["customer"].to_numpy(), history.orders["day"].to_numpy()
    capsules = (rng.random(len(customers)) < p["capsules"])[who]
    basket = history.traits["basket"].to_numpy()[who]
    kind, launched = products["category"].to_numpy(), (products["launched"] - first).dt.days.to_numpy()
    taste = rng.dirichlet(np.ones(len(products)), len(customers))  # everybody has favourites
    usual = customers["size"].map(p["business_quantity"]).astype("float").fillna(0).to_numpy()[who]
    usual = np.where(usual, 1.6 + parameters["claims"]["few_bring_most"] * (usual - 1.6), 0.0)
    coffee = np.where(capsules & ~business, "capsules", "beans")
    basket = basket * (1 + parameters["circumstances"]["baskets"]) ** years(parameters, day)
    parts = [
        (np.arange(n), coffee, np.where(business, usual, 1.6) * basket),
        (np.flatnonzero(rng.random(n) < 0.25), coffee, np.where(business, usual / 2, 1.2) * basket),
        (np.flatnonzero(rng.random(n) < 0.14), np.full(n, "accessories"), np.ones(n)),
        (np.flatnonzero(rng.random(n) < 0.10), np.full(n, "care"), np.ones(n)),
        (np.flatnonzero(rng.random(n) < 0.025), np.full(n, "machines"), np.full(n, 0.01)),
    ]
    made = []
    for at, category, quantity in parts:
        chance = taste[who[at]] * (kind == category[at][:, np.newaxis]) * (launched <= day[at][:, np.newaxis])
        chance = chance + 1e-12 * (kind == category[at][:, np.newaxis]) * (launched <= day[at][:, np.newaxis])
        reach = np.cumsum(chance, axis=1)
        product = (rng.random(len(at)) * reach[:, -1])[:, np.newaxis] > reach
        made.append(
            pd.DataFrame({"at": at, "product": product.sum(axis=1), "quantity": 1 + rng.poisson(np.maximum(quantity[at] - 1, 0.05))})
        )
    made[0] = _opened(parameters, rng.spawn(1)[0], products, history, business, made[0])
    lines = pd.concat(made, ignore_index=True)
    return lines.groupby(["at", "product"], as_index=False)["quantity"].sum()


def _opened(parameters, rng, products, history, business, coffee):
    """The coffee of all orders, but for some first ones of those who will order most: these begin with the opener.

    Who joins later may order oftener as a whole; "most" is among those of the same time.
    """
    dealt = parameters["circumstances"]
    if not dealt["opener"]:
        return coffee
    first = (~history.orders["customer"].duplicated()).to_numpy()
    who, joined = history.orders["customer"].to_numpy(), history.traits["joined"].to_numpy()
    rate = history.traits["rate"].to_numpy() / dealt["newer_rate"] ** years(parameters, joined)
    many = np.zeros(len(rate), dtype=bool)
    for kind in (business, ~business):
        many[who[kind]] = rate[who[kind]] > np.quantile(rate[np.unique(who[kind])], 5 / 6)
    begins = first & many[who] & (rng.random(len(who)) < dealt["opener_share"])
    product = products.index[products["name"] == dealt["opener"]][0]
    return coffee.assign(product=np.where(begins, product, coffee["product"]))


def _returns(parameters, rng, lines, last_day):
    """Some lines come back, whole, within four weeks; their goods are not sold again."""
    late = years(parameters, lines["day"]) >= 0
    share = parameters["buying"]["returns"] * np.where(late, parameters["circumstances"]["returns"], 1.0)
    back = lines[rng.random(len(lines)) < share].copy()
    back["day"] += rng.integers(3, 29, len(back))
    back = back[back["day"] <= last_day]
    back[["quantity", "amount"]] *= -1
    return back.assign(cost=0.0)
