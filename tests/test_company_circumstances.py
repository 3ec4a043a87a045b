"""Circumstances of class sets: each is dealt, is written down, and is seen by the lens of the audit that should see it."""

import functools

import numpy as np
import pandas as pd
import pytest

from crmlib import all_cohorts, cohort_comparison, one_cohort, one_period, products, two_periods
from crmlib.company.generate import _bought, _streams
from crmlib.company.package import _parameters
from crmlib.company.parameters import _document, draw, load

LAST = "2025-12-31"
SEEDS = (1901, 11, 12)
NEUTRAL = load()["circumstances"]
DEALT = {name: leaf["dealt"] for name, leaf in _document()["circumstances"].items() if isinstance(leaf, dict)}


@functools.cache
def log(seed, name="", value=None):
    """The log of a company with one circumstance, or with none."""
    parameters = load()
    if name:
        parameters["circumstances"][name] = value
    return _bought(parameters, _streams(seed))[0]["transactions"]


# what each lens says of the circumstance that it should show


def acquisition(tx):
    """All cohorts: new customers of the last year, times those of the year before, against the growth until then."""
    new = all_cohorts.base_by_period(tx, as_of=LAST, unit="year")["new"].to_numpy(float)
    return new[2] / new[1] / (new[1] / new[0])


def last_year(tx):
    """Two periods: orders a customer, after over before."""
    return drivers(tx)["ratio"]["orders_each"]


def rate(tx):
    """Cohorts compared: how often customers order, as their second purchase within a quarter says, times what is planted."""
    planted = load()["buying"]["consumer"]
    return second_purchases(tx).mean() * planted["alpha"] / 91


def newer_rate(tx):
    """Cohorts compared: how much sooner the second purchase of those comes who joined a year later.

    Within w days 1 - (alpha / (alpha + w x rate)) ** r of a cohort order again, so that the rate follows from their share.
    """
    of_year = second_purchases(tx)
    return (of_year.iloc[2] / of_year.iloc[0]) ** 0.5


def second_purchases(tx):
    """What 91 days x rate / alpha is by year, from the share of those who joined in it and bought again within 91 days."""
    found = cohort_comparison.second_purchase(tx, as_of=LAST, weeks=13).dropna()
    found = found[found["cohort"].str[-2:] != "Q4"]  # those of the last year were not watched for so long
    of_year = found.groupby(found["cohort"].str[:4])[["size", "repeated"]].sum().astype(float)
    return (1 - of_year["repeated"] / of_year["size"]) ** (-1 / load()["buying"]["consumer"]["r"]) - 1


def newer_stop(tx):
    """One cohort: the share of the cohorts of the first half-years that is active two quarters later, a year on."""
    found = one_cohort.by_age(tx, as_of=LAST)
    found = found[(found["age"] == 2) & found["cohort"].str[-2:].isin(["Q1", "Q2"])]
    of_year = found.groupby(found["cohort"].str[:4])[["size", "active"]].sum().astype(float)
    active = of_year["active"] / of_year["size"]
    return (active.iloc[2] / active.iloc[0]) ** 0.5


def baskets(tx):
    """Products: pieces of a product in an order, a year on."""
    now, then = (products.basket(tx[tx["date"] <= day], as_of=day)["units_each"][0] for day in (LAST, "2024-12-31"))
    return now / then - 1


def costs(tx):
    """Two periods: the rise of costs a unit of revenue."""
    margin = drivers(tx).loc["margin"]
    return (1 - margin["after"]) / (1 - margin["before"]) - 1


def returns(tx):
    """One period: the share of customers who cost more than they brought."""
    return (one_period.by_customer(tx, as_of=LAST).query("bought")["profit"] < 0).mean()


def businesses(tx):
    """One period: the share of customers who bring half of the profit."""
    profit = one_period.by_customer(tx, as_of=LAST).query("bought")["profit"].sort_values(ascending=False).cumsum()
    return (profit < profit.iloc[-1] / 2).mean()


def drivers(tx):
    return two_periods.drivers(two_periods.changes(tx, as_of=LAST)).set_index("factor")


# the range of the mean over the seeds, for what is dealt; the middle one, of the neutral value, excludes the others
SHOWN = {
    acquisition: {0.35: (0.3, 0.43), 0.55: (0.46, 0.65), 0.75: (0.67, 0.87), 1.0: (0.9, 1.15), 1.3: (1.17, 1.6)},
    last_year: {0.65: (0.75, 0.9), 1.0: (0.94, 1.08), 1.5: (1.15, 1.35)},
    rate: {0.8: (0.8, 1.0), 1.0: (1.02, 1.2), 1.15: (1.21, 1.4), 1.45: (1.45, 1.75)},
    newer_rate: {0.55: (0.48, 0.7), 1.0: (0.92, 1.12), 1.7: (1.45, 1.95)},
    newer_stop: {0.5: (1.1, 1.35), 1.0: (0.92, 1.05), 1.7: (0.75, 0.91)},
    baskets: {-0.25: (-0.27, -0.15), 0.0: (-0.06, 0.06), 0.25: (0.14, 0.27)},
    costs: {-0.06: (-0.06, -0.01), 0.0: (0.0, 0.05), 0.08: (0.08, 0.14)},
    returns: {0.3: (0.0, 0.013), 1.0: (0.015, 0.028), 1.7: (0.029, 0.048), 3.5: (0.05, 0.1)},
    businesses: {0.35: (0.113, 0.15), 1.0: (0.091, 0.108), 1.3: (0.075, 0.09)},
}  # fmt: skip


class TestShown:
    @pytest.mark.parametrize("lens", SHOWN, ids=lambda lens: lens.__name__)
    def test_its_lens_shows_each_circumstance_with_sign_and_size(self, lens):
        name = lens.__name__
        assert set(SHOWN[lens]) == set(DEALT[name]) | {NEUTRAL[name]}
        neutral = np.array([lens(log(seed)) for seed in SEEDS])
        for value, (low, high) in SHOWN[lens].items():
            found = neutral if value == NEUTRAL[name] else np.array([lens(log(seed, name, value)) for seed in SEEDS])
            assert low < found.mean() < high, value
            if value != NEUTRAL[name]:  # and for each seed it lies on its side of what that seed says otherwise
                expected = np.mean(SHOWN[lens][value]) - np.mean(SHOWN[lens][NEUTRAL[name]])
                assert (np.sign(found - neutral) == np.sign(expected)).all(), value

    def test_the_ranges_of_a_circumstance_do_not_meet(self):
        for ranges in SHOWN.values():
            ordered = sorted(ranges.values())
            assert all(below[1] <= above[0] for below, above in zip(ordered, ordered[1:], strict=False))

    @pytest.mark.parametrize("opener", DEALT["opener"])
    def test_customers_who_began_with_the_opener_are_worth_most(self, opener):
        names = pd.DataFrame(load()["catalogue"]["products"])[0]
        product = f"P{names[names == opener].index[0] + 1:02d}"
        for seed in SEEDS:
            dealt, neutral = (self.entries(log(seed, *one)) for one in (("opener", opener), ()))
            assert dealt[dealt["customers"] >= 50]["index"].idxmax() == product
            assert dealt["index"][product] > neutral["index"][product] + 0.15

    def entries(self, tx):
        return products.entry_products(tx, as_of=LAST).set_index("product")

    def test_a_slow_year_is_common_to_all_cohorts_and_a_bad_cohort_is_not(self):
        def older(name, value):
            """Orders of the last year against the year before, of those who joined in the first."""
            found = [one_cohort.by_age(log(seed, name, value), as_of=LAST, unit="year", cohort="2023") for seed in SEEDS]
            return np.mean([one["orders"].iloc[2] / one["orders"].iloc[1] for one in found])

        neutral = older("", None)
        assert older("last_year", 0.65) < 0.75 * neutral
        assert older("newer_rate", 0.55) > 0.8 * neutral


class TestDealt:
    def test_the_public_company_has_none(self):
        assert not any(row.startswith("circumstances") for row in _parameters(load())["parameter"])

    def test_what_was_dealt_stands_in_the_truth(self):
        dealt = draw(np.random.default_rng(3))["circumstances"]
        rows = _parameters(load() | {"circumstances": dealt}).set_index("parameter")["value"]
        moved = {name for name, value in dealt.items() if value != NEUTRAL[name]}
        assert moved and {row for row in rows.index if row.startswith("circumstances.")} == {f"circumstances.{name}" for name in moved}
        assert all(rows[f"circumstances.{name}"].strip('"') == str(dealt[name]) for name in moved)

    def test_each_alternative_is_dealt(self):
        many = [draw(np.random.default_rng(seed))["circumstances"] for seed in range(80)]
        for name, alternatives in DEALT.items():
            assert {one[name] for one in many} == set(alternatives)

    def test_dealing_leaves_what_else_is_drawn_alone(self, monkeypatch):
        from crmlib.company import parameters

        drawn = draw(np.random.default_rng(5))
        document = {name: leaves for name, leaves in _document().items() if name != "circumstances"}
        monkeypatch.setattr(parameters, "_document", lambda: document)
        assert draw(np.random.default_rng(5)) == {name: drawn[name] for name in document}
