"""What customers want, made for tests: the tables of a small company, and a tiny set that is worked out by hand."""

from copy import deepcopy
from functools import cache

import numpy as np
import pandas as pd

from crmlib.company import parameters
from crmlib.company.people import people
from crmlib.company.wants import wants

TX = pd.DataFrame(
    [(name, "2024-05-01", amount, f"T{place}") for place, (name, amount) in enumerate(
        {"ann": 10.0, "bob": 10.0, "cy": 30.0, "di": 20.0, "eve": 10.0, "fay": 10.0, "gus": 10.0, "zoe": 999.0}.items())],
    columns=["customer", "date", "amount", "order"],
).astype({"date": "datetime64[us]"})  # fmt: skip

# bag: A O R Q A I M, and all but ann say must-be of the date
_PAIRS = dict(zip(["ann", "bob", "cy", "di", "eve", "fay", "gus"], ["LN", "LD", "DL", "LL", "LW", "NN", "MD"], strict=True))
_TINY = {
    "kano": pd.DataFrame(
        [(name, feature, *pair) for name, bag in _PAIRS.items() for feature, pair in (("bag", bag), ("date", "LD" if name == "ann" else "MD"))],
        columns=["customer", "feature", "functional", "dysfunctional"],
    ),
    "needs": pd.DataFrame(
        [
            ("ann", "beans", "soon", "home", "taste", 1.0, 21.0, "card", 1.0),
            ("bob", "beans", "later", "home", "price", 2.0, 12.0, "cash", 2.0),
            ("cy", "beans", "soon", "shop", "taste", 4.0, 14.0, "card", 1.0),
            ("di", "tea", "soon", "home", "taste", 1.0, 30.0, "card", 3.0),
            ("eve", "tea", "later", "shop", "price", 5.0, 10.0, "cash", 1.0),
            ("fay", "beans", "soon", "home", "guests", 2.0, 18.0, "card", 2.0),
            ("gus", "tea", "later", "home", "taste", 1.0, 14.0, "cash", 1.0),
        ],
        columns=["customer", "what", "when", "where", "why", "how_many", "price", "pay", "frequency"],
    ),
    "laddering": pd.DataFrame(
        [(f"L{n}", "ann", ladder, step, element) for n in range(1, 4) for ladder in (1, 2) for step, element in enumerate("abc"[: 3 - (n == 2)], start=1)],
        columns=["interview", "customer", "ladder", "step", "element"],
    ),
}  # fmt: skip


def tiny(name):
    """A table of the tiny set, anew."""
    return _TINY[name].copy()


@cache
def company(seed, differ=1.0):
    """Tables, log and truth of a company of 900 customers; a smaller ``differ`` makes more of them want the same."""
    given = deepcopy(parameters.draw(np.random.default_rng(seed)))
    given["people"] |= {"consumers": 700, "businesses": 200}
    given["claims"]["needs_differ"] = differ
    customers = people(given, np.random.default_rng(seed))
    tables, truth = wants(given, np.random.default_rng(seed), customers)
    rng = np.random.default_rng(seed + 1)
    tx = pd.DataFrame(
        {
            "customer": customers["customer"],
            "date": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, len(customers)), unit="D"),
            "amount": np.round(rng.lognormal(4, 0.5, len(customers)), 2),
            "order": customers["customer"],
        }
    ).astype({"date": "datetime64[us]"})
    return tables, tx, truth
