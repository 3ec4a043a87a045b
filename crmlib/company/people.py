"""The customers of the company: who they are, where they live, and when and how they came."""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files

import numpy as np
import pandas as pd

from crmlib.company.relatives import relatives

__all__ = ["days", "ids", "people", "pick", "years"]


def people(parameters: dict, rng: np.random.Generator) -> pd.DataFrame:
    """The table customers, by the day they joined, which is that of their first order."""
    p, n = parameters["people"], parameters["people"]["consumers"] + parameters["people"]["businesses"]
    _, last = days(parameters)
    joined = _joined(parameters, n, rng)
    business = np.zeros(n, dtype=bool)
    business[rng.choice(n, p["businesses"], replace=False)] = True
    region = pick(p["regions"], n, rng)
    city, postcode = _places(region, rng)
    gender = rng.choice(["f", "m", "d"], n, p=[0.50, 0.49, 0.01])
    name = _names(gender, rng)
    street = _draw("street", n, rng)
    channel = np.where(business, pick(p["business_channels"], n, rng), pick(p["channels"], n, rng))
    channel[0] = "shop"  # nobody was there to refer the first
    firms = _firms(p, business, rng)
    customer = ids("C", n, 5)
    table = pd.DataFrame(
        {
            "customer": customer,
            "kind": np.where(business, "business", "consumer"),
            "name": name,
            "company": firms.pop("company"),
            "street": np.char.add(np.char.add(street, " "), rng.integers(1, 140, n).astype(str)),
            "postcode": postcode,
            "city": city,
            "region": region,
            "email": _emails(name, rng),
            "phone": [f"0{a} 555 {b:04d}" for a, b in zip(np.char.array(postcode).astype("U3"), rng.integers(0, 10000, n), strict=True)],
            "channel": channel,
            "referred_by": np.where(channel == "referral", customer[(rng.random(n) * np.arange(n)).astype(int)], None),
            "joined": joined,
            "updated": joined + pd.to_timedelta((rng.beta(1.0, 1.6, n) * (last - joined).days).astype(int), unit="D"),
            "consent": rng.random(n) < p["consent"],
            **_persons(p, business, gender, rng),
            **firms,
        }
    )
    return relatives(p, rng.spawn(1)[0], table)


def days(parameters: dict) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The first and the last day of the company's three years."""
    return pd.Timestamp(parameters["calendar"]["first"]), pd.Timestamp(parameters["calendar"]["last"])


def years(parameters: dict, day) -> np.ndarray:
    """How many years each day, counted from 0, lies after the beginning of the last year; negative before it."""
    first, last = days(parameters)
    return (np.asarray(day) - ((last - first).days - 364)) / 365


def ids(letter: str, n: int, width: int) -> np.ndarray:
    """
    >>> ids("C", 2, 5).tolist()
    ['C00001', 'C00002']
    """
    return np.array([f"{letter}{number:0{width}d}" for number in range(1, n + 1)], dtype=object)


def pick(shares: dict, n: int, rng) -> np.ndarray:
    """Draw n names with these shares."""
    share = np.array([*shares.values()], dtype=float)
    return rng.choice(np.array([*shares], dtype=object), n, p=share / share.sum())


@functools.cache
def _words():
    return tomllib.loads(files("crmlib.company").joinpath("names.toml").read_text(encoding="utf-8"))


def _draw(kind, n, rng):
    return rng.choice(np.array(_words()[kind]), n)


def _joined(parameters, n, rng):
    """Days on which customers came: more from year to year, and more in December; the last year may differ."""
    p, calendar = parameters["people"], pd.date_range(*days(parameters))
    number = np.arange(len(calendar))
    rate = (1 + p["growth"]) ** (number / 365.25) * np.where(calendar.month == 12, p["december"], 1.0)
    rate = rate * np.where(years(parameters, number) >= 0, parameters["circumstances"]["acquisition"], 1.0)
    return calendar[np.sort(rng.choice(len(calendar), n, p=rate / rate.sum()))]


def _places(region, rng):
    cities = _words()["city"]
    number = rng.integers(0, 100, len(region))
    share = 0.5 ** np.arange(1, 5)  # each city of a region has half the people of the one before it
    city, postcode = np.empty(len(region), dtype=object), np.empty(len(region), dtype=object)
    for at, (name, known) in enumerate(cities.items()):
        here = np.flatnonzero(region == name)
        which = rng.choice(len(known), len(here), p=share[: len(known)] / share[: len(known)].sum())
        city[here] = np.array(known, dtype=object)[which]
        postcode[here] = [f"2{at}{w}{q:02d}" for w, q in zip(which, number[here], strict=True)]
    return city, postcode


def _names(gender, rng):
    n = len(gender)
    given = np.where(gender == "f", _draw("first_f", n, rng), _draw("first_m", n, rng))
    return np.char.add(np.char.add(given, " "), _draw("last", n, rng)).astype(object)


def _emails(name, rng):
    """Addresses out of names; a number makes each of them unique."""
    plain = [n.lower().translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "."})) for n in name]
    domain, seen, made = _draw("domain", len(plain), rng), {}, []
    for address, at in zip(plain, domain, strict=True):
        count = seen[address, at] = seen.get((address, at), 0) + 1
        made.append(f"{address}{count if count > 1 else ''}@{at}")
    return made


def _persons(p, business, gender, rng):
    """What consumers said of themselves; businesses were not asked, and some leave a field empty."""
    n = len(business)
    education = rng.choice(["school", "vocational", "university"], n, p=[0.25, 0.45, 0.30])
    rank = rng.normal(size=n) + 0.5 * (education == "university") - 0.3 * (education == "school")
    income = np.select([rank < -0.5, rank < 0.8], ["low", "middle"], "high")
    price = np.clip(np.round(3.1 - 0.6 * rank + rng.normal(0, 0.9, n)), 1, 5)
    novelty = np.clip(np.round(3 + 0.2 * rank + rng.normal(0, 1.1, n)), 1, 5)
    said = {
        "birth_year": np.clip(np.round(rng.normal(1979, 14, n)), 1935, 2004),
        "gender": gender,
        "household": 1 + rng.binomial(4, 0.33, n),
        "income": income,
        "education": education,
        "novelty": novelty,
        "price_attitude": price,
    }
    return {
        name: _where(~business & (rng.random(n) >= (p["unstated"] if name not in _ASKED else 0.0)), values)
        for name, values in said.items()
    }


_ASKED = ("novelty", "price_attitude")  # asked at the first order, not on the form


def _firms(p, business, rng):
    n, words = len(business), _words()
    industry, size = pick(p["industries"], n, rng), pick(p["sizes"], n, rng)
    low, high = {"small": 2, "middle": 20, "big": 200}, {"small": 20, "middle": 200, "big": 2000}
    bounds = np.array([[low[s], high[s]] for s in size], dtype=float)
    start, family = _draw("business_start", n, rng), _draw("last", n, rng)
    company = []
    for at in range(n):
        what, form = rng.choice(words["business_end"][industry[at]]), rng.choice(words["form"][industry[at]])
        head = f"{family[at]} {what}" if rng.random() < 0.4 else f"{start[at]}-{what}"
        company.append(f"{head} {form}".strip())
    return {
        "company": np.where(business, np.array(company, dtype=object), None),
        "industry": np.where(business, industry, None),
        "size": np.where(business, size, None),
        "employees": _where(business, np.floor(bounds[:, 0] * (bounds[:, 1] / bounds[:, 0]) ** rng.random(n))),
        "founded": _where(business, 2022 - np.floor(rng.exponential(22, n))),
        "role": np.where(business, rng.choice(["owner", "purchasing", "office manager", "kitchen"], n), None),
        "terms": _where(business, np.select([size == "small", size == "middle"], [14, 30], 60)),
        "credit_limit": pd.Series(np.where(business, np.select([size == "small", size == "middle"], [500.0, 2500.0], 10000.0), np.nan)),
        "representative": np.where(business, np.char.add("S", rng.integers(1, p["representatives"] + 1, n).astype(str)), None),
    }


def _where(known, values):
    """Values where they are known, else nothing; whole numbers stay whole."""
    if np.asarray(values).dtype.kind in "if":
        return pd.array(np.where(known, values, np.nan), dtype="Float64").astype("Int64")
    return np.where(known, np.asarray(values, dtype=object), None)
