"""A small made-up company's campaigns with known uplift, for tests: one by lot, one for which marketing chose."""

import numpy as np
import pandas as pd

# what the contact adds to the chance to respond, by attitude to prices and by contacts in the weeks before
UPLIFT = {("cheap", "rested"): 0.20, ("cheap", "pressed"): -0.10, ("other", "rested"): 0.04, ("other", "pressed"): -0.10}
BASE = {"often": 0.50, "seldom": 0.12}
CAMPAIGNS = pd.DataFrame(
    {"campaign": ["M1", "M2"], "chosen": ["at random", "by marketing"], "contact_cost": [0.5, 1.5]}
)


def company(seed, customers=2000):
    """(outcomes with attitude, pressure, buyer and the true uplift) of both campaigns; marketing takes frequent buyers."""
    rng = np.random.default_rng(seed)
    parts = []
    for campaign in ("M1", "M2"):
        frame = pd.DataFrame({"campaign": campaign, "customer": [f"c{one:05d}" for one in range(customers)]})
        frame["attitude"] = rng.choice(["cheap", "other"], customers)
        frame["pressure"] = rng.choice(["rested", "pressed"], customers, p=[0.8, 0.2])
        frame["buyer"] = rng.choice(["often", "seldom"], customers, p=[0.3, 0.7])
        frame["uplift"] = [UPLIFT[one] for one in zip(frame["attitude"], frame["pressure"], strict=True)]
        often = (frame["buyer"] == "often").to_numpy()
        contacted = rng.random(customers) < (0.5 if campaign == "M1" else np.where(often, 0.85, 0.15))
        chance = frame["buyer"].map(BASE) + contacted * frame["uplift"]
        frame["contacted"], frame["responded"] = contacted, rng.random(customers) < chance
        frame["orders"] = frame["responded"] * (1 + (rng.random(customers) < 0.1))
        frame["margin"] = np.round(frame["orders"] * rng.gamma(4, 5, customers), 2)
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def by_lot(seed, customers=2000):
    """The campaign by lot alone."""
    both = company(seed, customers)
    return both[both["campaign"] == "M1"].reset_index(drop=True)
