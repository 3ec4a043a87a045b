import numpy as np
import pandas as pd
import pytest

from crmlib import BGNBD, MBGNBD, GammaGamma, ParetoNBD, fit_bgnbd
from crmlib.errors import DataError
from crmlib.fitting import histories
from crmlib.simulate import simulate

TRUTH = BGNBD(r=0.6, alpha=6.0, a=0.8, b=2.5)
TRUTHS = [TRUTH, MBGNBD(r=0.6, alpha=6.0, a=0.8, b=2.5), ParetoNBD(r=0.6, alpha=6.0, s=0.6, beta=12.0)]
EVERY = pytest.mark.parametrize("truth", TRUTHS, ids=lambda model: type(model).__name__)


def base(n, T=39.0):
    return pd.DataFrame({"T": np.linspace(T / 2, T, n)})


def test_the_same_seed_gives_the_same_customers():
    one, other = (simulate(TRUTH, base(200), np.random.default_rng(7)) for _ in range(2))
    pd.testing.assert_frame_equal(one, other)
    assert not one.equals(simulate(TRUTH, base(200), np.random.default_rng(8)))


@EVERY
def test_histories_can_be(truth):
    histories(simulate(truth, base(5000), np.random.default_rng(1)))  # raises at an impossible row


def test_rates_that_are_nearly_nothing_can_be_drawn():
    extreme = BGNBD(r=0.01, alpha=1e-3, a=0.01, b=50.0)
    assert len(histories(simulate(extreme, base(300), np.random.default_rng(1))).weight) == 300


@EVERY
def test_purchases_are_as_many_as_the_model_expects(truth):
    customers = pd.DataFrame({"T": [39.0] * 100_000})
    drawn = simulate(truth, customers, np.random.default_rng(2))
    x = drawn["x"].to_numpy()
    assert x.mean() == pytest.approx(truth.expected_purchases_new(39), abs=4 * x.std() / np.sqrt(len(x)))
    chances = truth.pmf([0, 1, 2, 3], 39)
    for n, chance in enumerate(chances):
        assert np.mean(x == n) == pytest.approx(chance, abs=4 * np.sqrt(chance * (1 - chance) / len(x)))


@EVERY
def test_the_past_foretells_the_future(truth):
    # one long history, looked at half-way: the conditional expectation must hold group by group
    rng, n, split, end = np.random.default_rng(6), 60_000, 20.0, 40.0
    whole = simulate(truth, pd.DataFrame({"T": [end] * n}), rng)
    half = simulate(truth, pd.DataFrame({"T": [split] * n}), rng)
    expected = truth.expected_purchases(half, horizon=end - split).sum() + half["x"].sum()
    spread = whole["x"].std() * np.sqrt(2 * n)
    assert whole["x"].sum() == pytest.approx(expected, abs=4 * spread)


def test_spend_is_as_much_as_the_model_expects():
    model = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    x = np.tile([0.0, 1.0, 5.0], 50_000)
    drawn = simulate(model, pd.DataFrame({"x": x}), np.random.default_rng(3))
    assert drawn["mean_repeat_value"].isna().tolist() == (x == 0).tolist()
    for times in (1.0, 5.0):
        spent = drawn.loc[x == times, "mean_repeat_value"].to_numpy()
        assert spent.mean() == pytest.approx(model.expected_value_new(), abs=4 * spent.std() / np.sqrt(len(spent)))


def test_a_weight_is_so_many_customers_and_a_gap_is_nobody():
    customers = pd.DataFrame({"T": [10.0, np.nan, 20.0], "weight": [3, 5, 0]})
    assert simulate(TRUTH, customers, np.random.default_rng(1))["T"].tolist() == [10.0, 10.0, 10.0]


def test_a_fit_finds_the_truth_again():
    drawn = simulate(TRUTH, pd.DataFrame({"T": [39.0] * 50_000}), np.random.default_rng(4))
    found = fit_bgnbd(drawn)
    # a third of the relative deviations that 8,000 customers have in clv.md, times 3
    for name, deviation in {"r": 0.02, "alpha": 0.03, "a": 0.04, "b": 0.07}.items():
        assert getattr(found, name) == pytest.approx(getattr(TRUTH, name), rel=3 * deviation * 0.4)


@pytest.mark.parametrize(
    ("model", "customers", "rng", "message"),
    [
        ("a model", {"T": [1.0]}, 1, "There is no simulation of a str; choose a model of BGNBD, MBGNBD, ParetoNBD, BGBB, "
                                     "BetaBinomial, GammaGamma, SBG."),
        (TRUTH, {"T": [1.0]}, 1, "rng is 1; pass a generator, e.g. numpy.random.default_rng(1)."),
        (TRUTH, {"T": [1.0, -2.0]}, None, "Row 1 (from 0) of the customer table has T = -2; it must be 0 or more."),
        (TRUTH, {"T": [1.0], "weight": [0.5]}, None, "Row 0 (from 0) of the customer table has weight 0.5; only whole "
                                                     "numbers can be drawn."),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_says_why(model, customers, rng, message):
    with pytest.raises(DataError) as error:
        simulate(model, pd.DataFrame(customers), rng or np.random.default_rng(1))
    assert str(error.value) == message
