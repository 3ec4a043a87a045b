"""How far BG/NBD strays from what is planted, over the seeds 100 to 119: the figures of bgnbd_* under [recovery].

    uv run python tests/measure_recovery.py

The tests hold other seeds to these bands. It takes two minutes.
"""

import numpy as np
import pandas as pd
from companies import company

import crmlib

LAST = "2025-12-31"


def errors(seed):
    """The errors of one seed, by the name of their band."""
    pure, world = company(seed, without=("offers",), complaints_drive_away=0.0), company(seed)
    planted = pure.parameters["buying"]["consumer"]
    model, found = fitted(pure), {}
    for name in ("r", "alpha", "a", "b"):
        found[f"bgnbd_{name}"] = getattr(model, name) / planted[name] - 1
    found["bgnbd_stop"] = model.a / (model.a + model.b) - planted["a"] / (planted["a"] + planted["b"])
    customers, model = consumers(world), fitted(world)
    truth = world.truth["customers"].set_index("customer").reindex(customers["customer"])
    expected = model.expected_purchases(customers, horizon=365)
    found["bgnbd_orders"] = expected.sum() / truth["orders_next_year"].sum() - 1
    found["bgnbd_alive"] = model.p_alive(customers).mean() - truth["alive"].mean()
    company.cache_clear()
    return found


def consumers(world):
    kind = world.clean["customers"].set_index("customer")["kind"]
    lines = world.clean["transactions"]
    return crmlib.customer_table(lines[lines["customer"].map(kind) == "consumer"], as_of=LAST)


def fitted(world):
    return crmlib.fit_bgnbd(consumers(world))


if __name__ == "__main__":
    table = pd.DataFrame([errors(seed) for seed in range(100, 120)])
    shown = pd.DataFrame({"mean": table.mean(), "sd": table.std()})
    print(shown.assign(allowed=np.abs(shown["mean"]) + 3 * shown["sd"]).round(4).to_string())
