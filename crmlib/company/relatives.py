"""Near-twins among the customers: people of one family at one address, and branches of one business. They are not the same."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["relatives"]

_HOME = ["phone", "street", "postcode", "city", "region"]
_FIRM = ["company", "industry"]


def relatives(p: dict, rng: np.random.Generator, customers: pd.DataFrame) -> pd.DataFrame:
    """The customers, some of whom are relatives of an earlier one: parent and child, couples, brothers and sisters.

    A relative has the family name, address and telephone of the other; name and e-mail address stay their own. A further
    branch has the name, industry and legal form of the earlier business; address and people stay its own.
    """
    names = customers["name"].to_numpy(dtype=object).copy()
    given, family = (np.array([name.split(" ", 1)[part] for name in names]) for part in (0, 1))
    email, home = customers["email"].to_numpy(dtype=object).copy(), np.arange(len(customers))
    gender, initial, taken = customers["gender"].fillna("d").to_numpy(), given.astype("U1"), set(email)
    consumers, businesses = (np.flatnonzero(customers["kind"] == kind) for kind in ("consumer", "business"))
    later, earlier = _pairs(consumers, p["families"], rng)
    alike = rng.random(len(later)) < p["namesakes"]
    for one, other, namesake in zip(later, earlier, alike, strict=True):
        first, also = given[one], (initial == initial[other]) & (given != given[other]) & (gender == gender[one])
        if namesake and also.any():  # Jan and Jakob: one initial
            first = rng.choice(np.unique(given[also]))
        elif first == given[other]:
            continue  # the same name at the same address would be the same person
        names[one], home[one] = f"{first} {family[other]}", other
        email[one] = _address(names[one], email[one].partition("@")[2], taken)
    table = customers.assign(name=names, email=email)
    table[_HOME] = customers[_HOME].iloc[home].to_numpy()
    firm = np.arange(len(customers))
    later, earlier = _pairs(businesses, p["branches"], rng)
    firm[later] = earlier
    table[_FIRM] = customers[_FIRM].iloc[firm].to_numpy()
    return table


def _address(name, domain, taken):
    plain = name.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "."}))
    number = next(n for n in range(1, 1000) if f"{plain}{n if n > 1 else ''}@{domain}" not in taken)
    taken.add(address := f"{plain}{number if number > 1 else ''}@{domain}")
    return address


def _pairs(places, share, rng):
    """Disjoint pairs of a later and an earlier customer."""
    n = int(round(share * len(places)))
    drawn = rng.choice(places, 2 * n, replace=False).reshape(n, 2)
    return drawn.max(axis=1), drawn.min(axis=1)
