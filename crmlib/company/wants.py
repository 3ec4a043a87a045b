"""What customers want: needs by group, Kano pairs on features, laddering interviews; and the truth behind all three."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmlib.kano import TABLE

__all__ = ["wants"]

_NUMBERS = ("how_many", "price", "frequency")
_ATTITUDES = {"discovery": "novelty", "bargain": "price_attitude"}


def wants(parameters: dict, rng: np.random.Generator, customers: pd.DataFrame) -> tuple[dict, dict]:
    """The tables kano, needs and laddering; and the truth: need_groups, kano_classes and chains.

    Every customer is of one need group. Where the claim ``needs_differ`` is below 1, that share of them keeps it, and the
    others are of the first group; at 0 all want the same.
    """
    p, rngs = parameters["wants"], rng.spawn(5)
    group = _groups(p, parameters["claims"]["needs_differ"], customers, rngs[0])
    asked = _asked(p, customers, rngs[1])
    consumers = asked[customers["kind"].to_numpy()[asked] == "consumer"]
    tables = {
        "kano": _kano(p, customers["customer"].to_numpy()[consumers], group[consumers], rngs[2]),
        "needs": _needs(p, customers.iloc[asked], group[asked], rngs[3]),
        "laddering": _laddering(p, customers["customer"].to_numpy()[asked], rngs[4]),
    }
    truth = {
        "need_groups": pd.DataFrame({"customer": customers["customer"].to_numpy(), "need_group": group}),
        "kano_classes": pd.DataFrame(
            [(name, feature, classes[name]) for name in p["shares"] for feature, classes in p["kano"].items()],
            columns=["need_group", "feature", "category"],
        ),
        "chains": pd.DataFrame(
            [
                (number, step, _level(step, chain["path"]), element, chain["share"])
                for number, chain in enumerate(p["chains"], start=1)
                for step, element in enumerate(chain["path"], start=1)
            ],
            columns=["chain", "step", "level", "element", "share"],
        ),
    }
    return tables, truth


def _groups(p, differ, customers, rng):
    """Draw a group for everybody by the shares of their kind, tilted by what they said of themselves."""
    names = list(p["shares"])
    business = customers["kind"].to_numpy() == "business"
    weight = np.where(business[:, None], [[p["business_shares"][name] for name in names]], [[p["shares"][name] for name in names]])
    for name, column in _ATTITUDES.items():
        points = customers[column].astype("Float64").fillna(3.0).to_numpy(dtype=float) - 3.0
        weight[:, names.index(name)] *= np.exp(p["tilt"] * points)
    bounds = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
    drawn = (rng.random((len(customers), 1)) > bounds[:, :-1]).sum(axis=1)
    drawn[rng.random(len(customers)) >= differ] = 0
    return np.array(names, dtype=object)[drawn]


def _asked(p, customers, rng):
    """The places of those who were asked, in the order of the customers."""
    chosen = []
    for kind, size in (("consumer", p["consumers"]), ("business", p["businesses"])):
        places = np.flatnonzero(customers["kind"].to_numpy() == kind)
        chosen.append(rng.choice(places, min(size, len(places)), replace=False))
    return np.sort(np.concatenate(chosen))


def _kano(p, customer, group, rng):
    features = list(p["kano"])
    own = np.array([[classes[name] for classes in p["kano"].values()] for name in p["shares"]], dtype=object)
    own = own[[list(p["shares"]).index(name) for name in group]].reshape(-1)
    other = rng.choice(np.array([*p["other_class"]], dtype=object), own.size, p=[*p["other_class"].values()])
    category = np.where(rng.random(own.size) < p["own_class"], own, other)
    functional, dysfunctional = np.empty(own.size, dtype=object), np.empty(own.size, dtype=object)
    for one in p["other_class"]:
        here = np.flatnonzero(category == one)
        pairs = np.array([pair for pair, found in TABLE.items() if found == one], dtype=object)
        drawn = pairs[rng.integers(0, len(pairs), len(here))]
        functional[here], dysfunctional[here] = drawn[:, 0], drawn[:, 1]
    return pd.DataFrame(
        {
            "customer": np.repeat(customer, len(features)),
            "feature": np.tile(np.array(features, dtype=object), len(customer)),
            "functional": functional,
            "dysfunctional": dysfunctional,
        }
    )


def _needs(p, customers, group, rng):
    table = {"customer": customers["customer"].to_numpy()}
    business = customers["kind"].to_numpy() == "business"
    for name in next(iter(p["prototypes"].values())):
        own = np.array([p["prototypes"][one][name] for one in group], dtype=float if name in _NUMBERS else object)
        if name in _NUMBERS:
            times = np.where(business, p["business_use"], 1.0) if name == "how_many" else 1.0
            table[name] = np.round(own * times * np.exp(rng.normal(0, p["spread"][name], len(own))), 1)
        else:
            answers = list(dict.fromkeys(prototype[name] for prototype in p["prototypes"].values()))
            away = rng.integers(1, len(answers), len(own)) * (rng.random(len(own)) >= p["own_answer"])
            places = np.array([answers.index(one) for one in own])
            table[name] = np.array(answers, dtype=object)[(places + away) % len(answers)]
    return pd.DataFrame(table)


def _laddering(p, customer, rng):
    shares = np.array([chain["share"] for chain in p["chains"]])
    size = min(p["interviews"], len(customer))
    known = {level: sorted({e for c in p["chains"] for s, e in enumerate(c["path"], 1) if _level(s, c["path"]) == level})
             for level in ("attribute", "consequence", "value")}  # fmt: skip
    rows = []
    for number, place in enumerate(np.sort(rng.choice(len(customer), size, replace=False)), start=1):
        for ladder, chain in enumerate(rng.choice(len(shares), p["ladders"], replace=False, p=shares / shares.sum()), start=1):
            path = p["chains"][chain]["path"]
            told = []
            for step, element in enumerate(path, start=1):
                level = _level(step, path)
                left_out, strays = rng.random(2) < (p["skip"], p["stray"])
                if level == "consequence" and left_out:
                    continue
                element = rng.choice(known[level]) if strays else element
                if element not in [one for _, one in told]:
                    told.append((level, str(element)))
            rows += [(f"L{number:02d}", customer[place], ladder, step, *one) for step, one in enumerate(told, start=1)]
    return pd.DataFrame(rows, columns=["interview", "customer", "ladder", "step", "level", "element"])


def _level(step, path):
    return "attribute" if step == 1 else "value" if step == len(path) else "consequence"
