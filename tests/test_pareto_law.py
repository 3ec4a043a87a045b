"""The Pareto law: its exponent from a share and by likelihood, what follows from it, and when there is none."""

import math

import numpy as np
import pandas as pd
import pytest
from engines import EVERY_ENGINE, build
from hypothesis import given, settings
from hypothesis import strategies as st
from made_customers import made

from crmlib.errors import DataError, FitError
from crmlib.pareto import gini, lorenz, top_share
from crmlib.pareto_law import ParetoLaw, fit_pareto_law, pareto_exponent


def message(error, function, *arguments, **options):
    with pytest.raises(error) as caught:
        function(*arguments, **options)
    return str(caught.value)


def customers_of(alpha, n=100_000, minimum=1.0):
    """n customers at the middles of n equal parts of the law."""
    return pd.DataFrame({"revenue": minimum * ((np.arange(n) + 0.5) / n) ** (-1 / alpha)})


# ---- the law


@pytest.mark.parametrize(
    ("share", "alpha", "index"),
    [(0.8, 1.160964, 0.756471), (0.6, 1.464974, 0.518149), (0.7, 1.284711, 0.637178), (0.9, 1.070050, 0.877116)],
)
def test_exponent_of_a_share_and_its_gini(share, alpha, index):
    law = ParetoLaw(pareto_exponent(share, 0.20))
    assert law.alpha == pytest.approx(alpha, abs=5e-7)
    assert law.gini() == pytest.approx(index, abs=5e-7)
    assert law.top_share(0.20) == pytest.approx(share, abs=1e-12)


def test_80_20_is_ln_5_over_ln_4():
    assert pareto_exponent(0.80, 0.20) == pytest.approx(math.log(5) / math.log(4), abs=1e-12)


def test_the_tiers_of_curry_under_the_law_of_80_20():
    law = ParetoLaw(pareto_exponent(0.80, 0.20))
    reached = [law.top_share(q) for q in (0, 0.01, 0.05, 0.20, 1)]
    assert np.diff(reached) == pytest.approx([0.528, 0.132, 0.140, 0.200], abs=5e-4)


@settings(max_examples=50)
@given(st.floats(1.01, 20), st.integers(0, 1000).map(lambda q: q / 1000))
def test_top_share_is_what_the_lorenz_curve_still_has_to_climb(alpha, q):
    law = ParetoLaw(alpha)
    assert law.top_share(q) == pytest.approx(1 - float(law.lorenz(1 - q)), abs=1e-9)
    assert law.lorenz([0, 1]).tolist() == [0, 1]
    grid = np.linspace(0, 1, 20_001)
    if alpha > 2:  # nearer to 1 the curve is too steep at its end for the trapezoids
        assert law.gini() == pytest.approx(1 - 2 * np.trapezoid(law.lorenz(grid), grid), abs=1e-3)


def test_many_customers_of_a_law_have_its_shares():
    customers, law = customers_of(2.5), ParetoLaw(2.5)
    assert top_share(customers, 0.2) == pytest.approx(law.top_share(0.2), abs=1e-3)
    assert gini(customers) == pytest.approx(law.gini(), abs=1e-3)
    curve = lorenz(customers)
    assert np.abs(curve["share_of_value"] - law.lorenz(curve["share_of_customers"])).max() < 2e-3


@pytest.mark.parametrize("share_and_q", [(0.2, 0.2), (0.2 + 1e-16, 0.2), (0.1, 0.2), (1.0, 0.2), (0.8, 0.0), (80, 20)])
def test_an_exponent_needs_a_top_that_brings_more_than_its_number(share_and_q):
    share, q = share_and_q
    assert message(DataError, pareto_exponent, share, q) == (
        f"A Pareto law needs 0 < q < share < 1; q is {q} and share is {share}."
    )


@pytest.mark.parametrize(
    ("alpha", "minimum"), [(1, 1.0), (0.5, 1.0), (math.nan, 1.0), (math.inf, 1.0), (2, 0), (2, -1.0)]
)
def test_a_law_without_a_mean_or_a_beginning_is_refused(alpha, minimum):
    assert message(DataError, ParetoLaw, alpha, minimum) == (
        f"A Pareto law needs alpha above 1 (else it has no mean) and a minimum above 0, not {alpha!r} and {minimum!r}."
    )


def test_what_is_no_share_is_refused():
    law = ParetoLaw(2.0)
    assert message(DataError, law.top_share, 20) == "q is 20, but a share lies between 0 and 1; for 20 % write 0.20."
    said = "A share of customers lies between 0 and 1; for 20 % write 0.20."
    assert message(DataError, law.lorenz, [0.1, 20]) == said
    assert message(DataError, law.lorenz, np.nan) == said


def test_a_law_is_a_frozen_value():
    with pytest.raises(AttributeError):
        ParetoLaw(2.0).alpha = 3.0
    assert ParetoLaw(2.0) == ParetoLaw(2.0)


# ---- the fit


def test_fit_by_hand():
    """The logarithms of four customers are 0, 1, 2, 3: alpha is 4 / 6. Of the roots they are half of that: 4 / 3."""
    customers = pd.DataFrame({"revenue": [1.0, math.e, math.e**2, math.e**3, 0.0, -5.0]})
    assert message(FitError, fit_pareto_law, customers, minimum=1.0, at_least=2).startswith(
        "From 1 up the likelihood is greatest at alpha 0.667, and a Pareto law with 1 or less has no mean and no shares"
    )
    roots = customers.assign(revenue=customers["revenue"].clip(lower=0) ** 0.5)
    law = fit_pareto_law(roots, minimum=1.0, at_least=2)  # logarithms 0, 1/2, 1, 3/2
    assert (law.alpha, law.customers, law.below, law.minimum) == (pytest.approx(4 / 3, abs=1e-12), 4, 2, 1.0)
    assert law.standard_error == pytest.approx(4 / 3 / 2, abs=1e-12)
    # the law has 0, 0.487, 0.736, 0.865 at them; the customers step from 0, .25, .5, .75 to .25, .5, .75, 1
    assert law.distance == pytest.approx(0.25, abs=1e-12)


def test_fit_of_cdnow_is_that_of_scipy(cdnow):
    from scipy import stats

    law = fit_pareto_law(cdnow)
    assert law.minimum == np.sort(cdnow["revenue"])[-4714]  # 20 % of 23,570
    value = cdnow["revenue"][cdnow["revenue"] >= law.minimum]
    alpha, _, _ = stats.pareto.fit(value, floc=0, fscale=law.minimum)
    assert (law.customers, law.below) == (len(value), len(cdnow) - len(value))
    assert law.alpha == pytest.approx(alpha, rel=1e-9) and round(law.alpha, 2) == 1.36
    gap = stats.kstest(value, "pareto", args=(law.alpha, 0, law.minimum)).statistic
    assert law.distance == pytest.approx(gap, abs=1e-12)
    assert law.distance > law.distance_by_chance()  # these customers follow no Pareto law


def test_alpha_of_cdnow_moves_with_the_minimum_as_under_no_pareto_law(cdnow):
    alphas = [fit_pareto_law(cdnow, top=top).alpha for top in (0.4, 0.2, 0.1, 0.05)]
    assert alphas == sorted(alphas) and alphas[-1] > alphas[0] + 0.5
    assert "greatest at alpha 0.395" in message(FitError, fit_pareto_law, cdnow, minimum=3.99)


@pytest.mark.parametrize("alpha", [1.3, 2.0, 5.0])
@pytest.mark.parametrize("minimum", [0.01, 1.0, 250.0])
def test_fit_recovers_the_exponent(alpha, minimum):
    law = fit_pareto_law(customers_of(alpha, minimum=minimum), minimum=minimum)
    assert law.alpha == pytest.approx(alpha, rel=1e-3)
    assert law.distance < 1e-3
    above = fit_pareto_law(customers_of(alpha, minimum=minimum), top=0.10)  # the same law from a higher minimum
    assert above.alpha == pytest.approx(alpha, rel=1e-2) and above.customers == 10_000


def test_error_and_distance_are_what_chance_gives():
    """500 samples of one law: how alpha scatters, and how often the distance stays below the one by chance."""
    rng = np.random.default_rng(4)
    laws = [fit_pareto_law(pd.DataFrame({"revenue": 9 * (1 + rng.pareto(1.8, 400))}), minimum=9) for _ in range(500)]
    alphas = np.array([law.alpha for law in laws])
    assert alphas.std() == pytest.approx(np.mean([law.standard_error for law in laws]), rel=0.1)
    assert np.mean([abs(law.alpha - 1.8) < 1.96 * law.standard_error for law in laws]) == pytest.approx(0.95, abs=0.03)
    assert np.mean([law.distance < law.distance_by_chance() for law in laws]) == pytest.approx(0.95, abs=0.03)
    assert laws[0].distance_by_chance() == pytest.approx(1.09 / math.sqrt(400), rel=0.02)


def test_a_bad_fit_is_seen():
    rng = np.random.default_rng(4)
    law = fit_pareto_law(pd.DataFrame({"revenue": 100 + rng.gamma(3, 20, 2000)}), minimum=100)
    assert law.distance > 5 * law.distance_by_chance()


@settings(max_examples=50)
@given(
    st.lists(st.integers(100, 10**6), min_size=20, max_size=60, unique=True),
    st.randoms(),
    st.sampled_from([0.01, 1 / 3, 1e6]),
)
def test_fit_does_not_depend_on_the_order_of_rows_or_the_unit_of_money(values, random, unit):
    shuffled = random.sample(values, len(values))
    try:
        law = fit_pareto_law(pd.DataFrame({"revenue": values}), top=1)
    except FitError:
        return
    assert fit_pareto_law(pd.DataFrame({"revenue": shuffled}), top=1) == law
    scaled = fit_pareto_law(pd.DataFrame({"revenue": shuffled}).astype(float) * unit, top=1)
    assert (scaled.alpha, scaled.distance) == pytest.approx((law.alpha, law.distance), rel=1e-9)
    assert scaled.minimum == pytest.approx(law.minimum * unit, rel=1e-12)


@EVERY_ENGINE
def test_fit_on_every_engine(engine):
    customers = customers_of(2.0, n=60)
    law = fit_pareto_law(build(engine, customers), top=0.5)
    assert law == fit_pareto_law(customers, top=0.5) and law.customers == 30


# ---- refusals


def test_what_the_data_cannot_support_ends_in_a_sentence():
    def said(revenue, **options):
        return message(FitError, fit_pareto_law, made(pd.DataFrame, revenue=revenue), **options)

    some = [float(i) for i in range(1, 41)]
    assert said(some, minimum=30) == (
        "A Pareto law needs at least 20 customers with a 'revenue' of 30 or more; of 40 customers there are 11."
    )
    assert said([5.0] * 30, minimum=5) == (
        "All 30 customers with a 'revenue' of 5 or more have the same, so they follow no Pareto law."
    )
    assert said([5.0] * 30, minimum=2).startswith("All 30 customers")
    assert said([0.0] * 90 + some[:10]) == (
        "Fewer than 20 % of the customers have a 'revenue' above 0, so the law has nowhere to begin; pass a minimum "
        "above 0 or a smaller top."
    )
    assert said([2.0**i for i in range(30)], minimum=1) == (
        "From 1 up the likelihood is greatest at alpha 0.099, and a Pareto law with 1 or less has no mean and no "
        "shares; pass a larger minimum."
    )


def test_wrong_options_end_in_a_sentence():
    def said(**options):
        return message(DataError, fit_pareto_law, customers_of(2.0, n=100), **options)

    assert said(minimum=0) == "minimum is 0; a Pareto law begins at a number above 0."
    assert said(minimum=-2.5) == "minimum is -2.5; a Pareto law begins at a number above 0."
    assert said(top=20) == "top is 20, but a share lies between 0 and 1; for 20 % write 0.20."
    assert said(by="profit") == "The customer table has no column 'profit'; it has ['revenue']."
    assert message(DataError, ParetoLaw(2.0).distance_by_chance) == (
        "Only a law that fit_pareto_law gave knows how many customers it was fitted to."
    )
