"""Businesses that might become customers, with what is known of their money, authority and need."""

from __future__ import annotations

import itertools
import tomllib
from importlib.resources import files

import numpy as np
import pandas as pd

from crmlib.company.people import days, ids, pick

__all__ = ["lead_chances", "leads"]

_MAN = ("money", "authority", "need")


def lead_chances(parameters: dict) -> pd.DataFrame:
    """A row a MAN cell: the share of leads that are in it, and the chance that one becomes a customer."""
    p = parameters["selling"]
    cells = pd.DataFrame(list(itertools.product([True, False], repeat=3)), columns=list(_MAN))
    share, chance = np.ones(len(cells)), np.full(len(cells), float(p["lead_best"]))
    for name in _MAN:
        has = cells[name].to_numpy()
        share *= np.where(has, p["man"][name], 1 - p["man"][name])
        chance *= np.where(has, 1.0, p["lead_without"][name])
    letters = ["".join(np.where(has, list("MAN"), list("man"))) for has in cells.to_numpy()]
    cells.insert(0, "cell", letters)
    return cells.assign(share=share, chance=chance)


def leads(parameters: dict, rng: np.random.Generator, customers: pd.DataFrame):
    """The table leads, and its truth lead_chances.

    Most businesses that joined were a lead before. There are as many others as make the planted chance true in each
    cell; those of the last weeks that will still become customers look like those that will not.
    """
    p, (first, last) = parameters["selling"], days(parameters)
    cells = lead_chances(parameters)
    share, chance = cells["share"].to_numpy(), cells["chance"].to_numpy()
    business = customers[customers["kind"] == "business"]
    waited = _waits(p, rng, len(business))
    came = business["joined"] - pd.to_timedelta(waited, unit="D")
    was = (came >= first).to_numpy() & (rng.random(len(business)) < p["from_leads"])
    won = _rows(rng, cells, came[was], share * chance).assign(
        company=business["company"][was].to_numpy(),
        channel=business["channel"][was].to_numpy(),
        customer=business["customer"][was].to_numpy(),
        waited=waited[was],
    )
    # businesses go on joining after the last day at the rate of the last half-year; their leads are here already
    rate = (business["joined"] > last - pd.Timedelta(days=182)).sum() / 182 * p["from_leads"]
    still = rng.poisson(rate * p["lead_days"])
    soon = last - pd.to_timedelta(np.minimum(np.floor(rng.exponential(p["lead_days"], still)), 200), unit="D")
    coming = _rows(rng, cells, soon, share * chance).assign(waited=_waits(p, rng, still))
    mean = (share * chance).sum()
    ever = pd.concat([won["date"], coming["date"]])
    lost = round(len(ever) * (1 - mean) / mean)
    when = ever.iloc[rng.integers(0, len(ever), lost)] + pd.to_timedelta(rng.integers(-15, 16, lost), unit="D")
    never = _rows(rng, cells, when.clip(first, last), share * (1 - chance)).assign(waited=rng.integers(0, 400, lost))
    others = pd.concat([coming, never], ignore_index=True)
    others["company"] = _companies(rng, len(others), set(business["company"]))
    others["channel"] = pick(parameters["people"]["business_channels"], len(others), rng)
    others["customer"] = None
    table = pd.concat([won, others], ignore_index=True).sort_values(["date", "company"], kind="stable")
    months = np.clip(np.round(table["waited"] / 30.4 + rng.normal(0, 0.8, len(table))), 0, 12)
    table["timeline"] = months.where(rng.random(len(table)) < p["timeline_stated"]).astype("Int64")
    table = table.reset_index(drop=True).assign(lead=ids("D", len(table), 4))
    return table[["lead", "company", "channel", "date", *_MAN, "timeline", "customer"]], cells


def _waits(p, rng, n):
    return np.minimum(1 + np.floor(rng.exponential(p["lead_days"], n)), 200).astype(int)


def _rows(rng, cells, date, weight):
    cell = rng.choice(len(cells), len(date), p=weight / weight.sum())
    return cells[list(_MAN)].iloc[cell].reset_index(drop=True).assign(date=np.asarray(date, dtype="M8[ns]"))


def _companies(rng, n, taken):
    """Names of businesses, none of which a customer or another lead has."""
    words = tomllib.loads(files("crmlib.company").joinpath("names.toml").read_text(encoding="utf-8"))
    kinds, made, taken = [*words["business_end"]], [], set(taken)
    while len(made) < n:
        kind = kinds[rng.integers(len(kinds))]
        end, form = rng.choice(words["business_end"][kind]), rng.choice(words["form"][kind])
        family = rng.random() < 0.4
        head = f"{rng.choice(words['last'])} {end}" if family else f"{rng.choice(words['business_start'])}-{end}"
        name = f"{head} {form}".strip()
        if name not in taken:
            taken.add(name)
            made.append(name)
    return made
