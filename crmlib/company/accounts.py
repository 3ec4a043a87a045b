"""What customers buy elsewhere, and how businesses score as key accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.company.people import days

__all__ = ["key_accounts", "wallet", "wallet_rule"]


def wallet_rule(rank, suppliers):
    """The share that the Wallet Allocation Rule gives to a rank: (1 - rank / (suppliers + 1)) * 2 / suppliers.

    >>> [round(wallet_rule(rank, 4), 3) for rank in (1, 2, 3, 4)]
    [0.4, 0.3, 0.2, 0.1]
    """
    return (1 - rank / (suppliers + 1)) * 2 / suppliers


def wallet(parameters: dict, rng: np.random.Generator, customers: pd.DataFrame, transactions: pd.DataFrame):
    """The table wallet and its truth: what a sample of customers spends in the last year, with us and elsewhere.

    Asked are customers who were there before that year, bought in it, and use at least one competitor. True shares
    stray around the Wallet Allocation Rule; our share and our sales give the wallet. What is stated strays from it.
    """
    p, (_, last) = parameters["selling"], days(parameters)
    start = pd.Timestamp(last.year, 1, 1)
    ours = transactions[transactions["date"] >= start].groupby("customer")["amount"].sum().round(2)
    ours = ours.reindex(customers.loc[customers["joined"] < start, "customer"])
    ours = ours[ours > 0]
    n = min(p["asked"], len(ours))
    ours = ours.iloc[np.sort(rng.choice(len(ours), n, replace=False))]
    kind = ours.index.map(customers.set_index("customer")["kind"])
    count = np.array([1, 2, 3, 4])
    used = np.array([p["rivals"][name] for name in ("one", "two", "three", "four")], dtype=float)
    used = rng.choice(count, n, p=used / used.sum())
    names = np.array([*p["rival_weights"]["consumer"]], dtype=object)
    weight = np.array([[p["rival_weights"][one][name] for name in names] for one in kind], dtype=float)
    # suppliers in the order of a race: who has a greater weight is likelier to come first (Gumbel); column 0 is us
    start_at = np.log(np.column_stack([np.full(n, p["first_choice"]), np.ones((n, 4))]))
    pull = np.log(weight) + rng.gumbel(size=weight.shape)
    uses = np.argsort(np.argsort(-pull, axis=1), axis=1) < used[:, None]
    there = np.column_stack([np.ones(n, dtype=bool), uses])
    liking = np.where(there, start_at + rng.gumbel(size=start_at.shape), -np.inf)
    rank = np.argsort(np.argsort(-liking, axis=1), axis=1) + 1
    rule = np.where(there, wallet_rule(rank, (used + 1)[:, None]), 0.0)
    share = rng.gamma(np.maximum(rule * p["loyal_to_rule"], 1e-9)) * there
    share /= share.sum(axis=1, keepdims=True)
    share = np.maximum(share, 0.02 * there)
    share = np.round(share / share.sum(axis=1, keepdims=True), 4)
    total = ours.to_numpy() / share[:, 0]
    stated = share[:, 1:] * total[:, None] * np.exp(rng.normal(0, p["stated_noise"], weight.shape))
    who, rival = np.nonzero(uses)
    table = pd.DataFrame(
        {
            "customer": ours.index.to_numpy()[who],
            "year": last.year,
            "competitor": names[rival],
            "spend": np.maximum(np.round(stated[who, rival] / 5) * 5, 5.0),
            "rank": rank[:, 1:][who, rival],
        }
    )
    truth = {"customer": ours.index, "year": last.year, "wallet": np.round(total, 2), "share": share[:, 0]}
    return table, pd.DataFrame(truth | {"rank": rank[:, 0]})


def key_accounts(parameters: dict, rng: np.random.Generator, customers, transactions, payers):
    """The table key_accounts and its truth, account_cells, for the businesses that bought most.

    A true score is on a scale from 0 to 10 without steps; the written one strays from it and is a whole number. The
    true cell is that of the true scores: attractive from 5 up, strong where we are as good as the best rival or better.
    """
    p = parameters["selling"]
    business = customers.loc[customers["kind"] == "business", "customer"]
    revenue = transactions.groupby("customer")["amount"].sum().reindex(business).fillna(0.0)
    chosen = revenue.sort_values(ascending=False, kind="stable").iloc[: p["key_accounts"]]
    n = len(chosen)
    customer = np.array(chosen.index, dtype=object)
    budget = 9.0 - 6.0 * np.arange(n) / max(n - 1, 1)
    pays = payers.set_index("customer")["class"].str.replace(" ", "_").map(p["pays_on_time"]).reindex(customer)
    known = {"budget": budget + rng.normal(0, 0.7, n), "pays on time": pays.to_numpy() + rng.normal(0, 0.7, n)}
    # what is good about a business goes together, and so does what is good about a supplier
    promising, liked, rival = rng.normal(4.4, 1.8, n), rng.normal(6.0, 1.3, n), rng.normal(5.8, 1.1, n)
    sides = {
        "attractiveness": (p["attractiveness"], lambda name: known.get(name, promising + rng.normal(0, 1.2, n))),
        "strength": (p["strength"], lambda name: liked + rng.normal(0, 1.2, n)),
        "rival": (p["strength"], lambda name: rival + rng.normal(0, 1.2, n)),
    }
    parts, totals = [], {}
    for side, (weights, score) in sides.items():
        true = np.column_stack([np.clip(score(name), 0, 10) for name in weights])
        totals[side] = true @ np.array([*weights.values()], dtype=float) / 100
        totals[side] = np.round(totals[side], 3)
        written = np.clip(np.round(true + rng.normal(0, p["score_noise"], true.shape)), 0, 10).astype(int)
        parts += [
            pd.DataFrame({"customer": customer, "side": side, "criterion": name, "weight": float(weight), "score": one})
            for (name, weight), one in zip(weights.items(), written.T, strict=True)
        ]
    table = pd.concat(parts, ignore_index=True)
    place = pd.Series(np.arange(n), customer)
    table = table.sort_values("customer", key=lambda c: c.map(place), kind="stable").reset_index(drop=True)
    attractive, strong = totals["attractiveness"] >= 5, totals["strength"] >= totals["rival"]
    cell = np.select(
        [attractive & strong, attractive, strong], ["key account", "key development", "maintenance"], "opportunistic"
    )
    return table, pd.DataFrame({"customer": customer} | totals | {"cell": cell.astype(object)})
